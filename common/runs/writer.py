"""The last step of a run: run.json is written, and the folder gets the name under which `store` finds it."""

import gzip
import json
import resource
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.media.clips import Provenance
from common.runs import record as records
from common.runs.identity import Identity
from common.runs.record import CONTENTS, CURVES, PACKED, PREDICTIONS
from common.runs.store import PARTIAL, RECORD, SCHEMA, Run, read
from common.support import files


def about(
    provenance: Provenance,
    decisions: Mapping,
    classes: Sequence[str],
    started: datetime,
    hardware: dict,
    versions: dict,
) -> dict[str, Any]:
    """What run.json says of every run, whatever was fitted: on which kind of data, when, and on what machine."""
    return {
        "provenance": {"synthetic": provenance.synthetic, "details": provenance.details},
        "decisions": dict(decisions),
        "classes": [str(name) for name in classes],
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "hardware": hardware,
        "versions": versions,
        "revision": revision(),
    }


def publish(partial: Path, identity: Identity, record: dict, root: Path, contents: Sequence[str] = CONTENTS) -> Run:
    """Write run.json into a folder that holds everything else, and give the folder its final name.

    Args:
        contents: the files that belong to the run; whatever else lies in the folder is deleted.

    Raises:
        StorageError: if the disk is full or the folder cannot be written to.
    """
    folder = identity.folder(root)
    head = {"schema": SCHEMA, "key": identity.key, "finished": True, "identity": asdict(identity)}
    about = {"contents": list(contents), "files": records.described(partial, contents)}
    _write(partial / RECORD, head | about | record | about)
    with files.storage_errors(folder.parent):
        for left_over in set(partial.iterdir()) - {partial / name for name in (RECORD, *contents)}:
            left_over.unlink()  # states, and what a killed process had half written
        discard(folder)
        partial.rename(folder)
    return read(folder)


def name_decisions(run: Run, decisions: Mapping, root: Path) -> None:
    """Let run.json name the decisions of the command that asks for a finished run, as if that had trained it.

    They differ from those of the command that did in nothing that the run depends on, or it would have another key.

    Args:
        root: the folder of all runs.
    """
    path, plain = run.folder / RECORD, json.loads(json.dumps(dict(decisions)))
    if run.record.get("decisions") == plain:
        return
    with files.lock(root / ".locks" / run.identity.key[:16]):
        _write(path, json.loads(path.read_text(encoding="utf-8")) | {"decisions": plain})


def _write(path: Path, content: Mapping[str, Any]) -> None:
    with files.atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def pack(run: Run, root: Path) -> Run:
    """The record of a run under another root: run.json, predictions and curves, packed; no weights.

    Probabilities keep six digits. The same run gives the same bytes.

    Raises:
        UserError: if the run's tables cannot be read.
        StorageError: if the disk is full or the folder cannot be written to.
    """
    folder = run.identity.folder(root)
    partial = folder.with_name(folder.name + PARTIAL)
    with files.storage_errors(root):
        discard(partial)
        partial.mkdir(parents=True)
    tables = {PREDICTIONS: run.predictions()} | ({CURVES: run.curves()} if run.has_curves else {})
    for name, table in tables.items():
        text = table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        with files.atomic(partial / (name + PACKED)) as path:
            path.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
    return publish(partial, run.identity, run.record, root, [name + PACKED for name in tables])


def discard(folder: Path) -> None:
    """Delete a run, finished or not."""
    if folder.exists():
        shutil.rmtree(folder)


def revision() -> str:
    """Git revision of this program, with "+" if files were changed since; "" outside a repository."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=True).stdout

    try:
        return git("rev-parse", "HEAD").strip() + ("+" if git("status", "--porcelain", "-uno").strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
