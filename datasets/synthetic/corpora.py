"""Writes the synthetic corpora: how many subjects and clips, drawn by all cores, the same from the same seed."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from common import files
from common import workers as pool
from common.clips import MARKER
from datasets.synthetic import media, write_baum1, write_ckplus, write_enterface

VERSION = 1  # raise it whenever the same seed would give other pixels: cached corpora are then drawn anew


@dataclass(frozen=True)
class Size:
    """Subjects and clips of the corpora; `clips` is per subject, and for the video sets per class."""

    ckplus_subjects: int
    ckplus_clips: int
    baum1_subjects: int
    baum1_clips: int
    enterface_subjects: int
    enterface_clips: int


SIZES = {
    "tiny": Size(4, 3, 3, 1, 3, 1),
    "quick": Size(12, 4, 8, 1, 8, 1),
    "study": Size(30, 6, 20, 2, 20, 2),
}

_WRITERS = (
    (write_ckplus, "ckplus_subjects", "ckplus_clips"),
    (write_baum1, "baum1_subjects", "baum1_clips"),
    (write_enterface, "enterface_subjects", "enterface_clips"),
)


def ensure(
    folder: Path,
    size: str | Size = "quick",
    seed: int = 0,
    workers: int | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> Path:
    """Return the root of the corpora of that size and seed below `folder`, drawing them if they are not there.

    Two processes may ask at once: the second waits. A drawing that was killed starts again from nothing, because
    the marker file is written last.

    Args:
        workers: processes; all cores by default.
        progress: called as progress(clips done, clips in all, name of the last one).

    Raises:
        UserError: if a file cannot be written, as on a full disk or in a folder without permission.
    """
    name = size if isinstance(size, str) else "-".join(str(n) for n in asdict(size).values())
    plan = SIZES[size] if isinstance(size, str) else size
    root = folder / f"{name}-seed{seed}-v{VERSION}"
    with files.storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{root}.lock"):
            if not (root / MARKER).exists():
                shutil.rmtree(root, ignore_errors=True)
                _write(root, plan, seed, workers, progress)
    return root


def _write(root: Path, size: Size, seed: int, workers: int | None, progress) -> None:
    everything = []
    for writer, subjects, clips in _WRITERS:
        recordings = writer.plan(root, getattr(size, subjects), getattr(size, clips), seed)
        for recording in recordings:
            recording.path.parent.mkdir(parents=True, exist_ok=True)
        writer.annotate(root, recordings)
        everything += recordings
    for done, (recording, future) in enumerate(pool.run(media.write, everything, workers), start=1):
        future.result()
        progress(done, len(everything), recording.path.name)
    marker = {
        "what": "Faces drawn by a program: figures from them say nothing about people or about a paper.",
        "version": VERSION,
        "seed": seed,
        **asdict(size),
    }
    (root / MARKER).write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")
