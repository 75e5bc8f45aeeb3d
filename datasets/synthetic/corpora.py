"""Writes the synthetic corpora: how many subjects and clips, drawn by all cores, the same from the same seed."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common.media.clips import MARKER
from common.support import files
from common.support import workers as pool
from datasets.synthetic import (
    media,
    write_afew,
    write_baum1,
    write_ckplus,
    write_enterface,
    write_fer2013,
    write_mmi,
    write_oulu,
    write_rml,
    write_savee,
)

VERSION = 3  # raise it whenever the same seed would give other pixels: cached corpora are then drawn anew


@dataclass(frozen=True)
class Size:
    """Subjects and clips of the corpora, and images.

    `clips` is per subject, and for the video sets per class; `afew_train` and `afew_val` are clips per class.
    """

    ckplus_subjects: int
    ckplus_clips: int
    baum1_subjects: int
    baum1_clips: int
    enterface_subjects: int
    enterface_clips: int
    fer2013_pictures: int = write_fer2013.FEWEST
    oulu_subjects: int = 1
    savee_speakers: int = 4
    savee_clips: int = 1
    afew_train: int = 2
    afew_val: int = 1
    rml_speakers: int = 2
    rml_clips: int = 1
    mmi_subjects: int = 4
    mmi_clips: int = 1


SIZES = {
    "tiny": Size(4, 3, 3, 1, 3, 1, 140, 4),
    "quick": Size(12, 4, 8, 1, 8, 1, 700, 10, savee_clips=2, afew_train=6, afew_val=3, rml_speakers=8, mmi_subjects=10),
    "clips": Size(24, 4, 8, 1, 8, 1, 700, 20, savee_clips=4, afew_train=6, afew_val=3),
    "study": Size(
        *(40, 4, 30, 1, 40, 1, 3500, 40),
        savee_clips=15,
        afew_train=20,
        afew_val=10,
        rml_speakers=8,
        rml_clips=12,
        mmi_subjects=28,
    ),
}


# Who plans and annotates a set, who draws one of its files, and which numbers of a Size it takes.
_WRITERS = {
    "ckplus": (write_ckplus, media.write, ("ckplus_subjects", "ckplus_clips")),
    "baum1": (write_baum1, media.write, ("baum1_subjects", "baum1_clips")),
    "enterface": (write_enterface, media.write, ("enterface_subjects", "enterface_clips")),
    "fer2013": (write_fer2013, write_fer2013.write, ("fer2013_pictures",)),
    "oulu": (write_oulu, write_oulu.write, ("oulu_subjects",)),
    "savee": (write_savee, media.write, ("savee_speakers", "savee_clips")),
    "afew": (write_afew, write_afew.write, ("afew_train", "afew_val")),
    "rml": (write_rml, media.write, ("rml_speakers", "rml_clips")),
    "mmi": (write_mmi, write_mmi.write, ("mmi_subjects", "mmi_clips")),
}
# Drawn unless a caller names other sets: what the tests share. The other sets are drawn when asked for.
CLIPS = ("ckplus", "baum1", "enterface", "oulu")


def ensure(
    folder: Path,
    size: str | Size = "quick",
    seed: int = 0,
    workers: int | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    sets: Iterable[str] = CLIPS,
) -> Path:
    """Return the root of the corpora of that size and seed below `folder`, drawing those that are not there.

    Two processes may ask at once: the second waits. A set whose drawing was killed is drawn again from nothing,
    because a file beside it says until the end that it is unfinished.

    Args:
        workers: processes; all cores by default.
        progress: called as progress(files done, files in all, name of the last one).
        sets: keys of the data sets that are needed; others below the root stay as they are.

    Raises:
        UserError: if a file cannot be written, as on a full disk or in a folder without permission.
    """
    name = size if isinstance(size, str) else "-".join(str(n) for n in asdict(size).values())
    plan = SIZES[size] if isinstance(size, str) else size
    root = folder / f"{name}-seed{seed}-v{VERSION}"
    with files.storage_errors(folder), files.lock(folder / ".locks" / root.name):
        if not (root / MARKER).exists():
            shutil.rmtree(root, ignore_errors=True)
        missing = [key for key in sets if not _is_drawn(root, key)]
        if missing:
            _write(root, missing, plan, seed, workers, progress)
    return root


def _is_drawn(root: Path, key: str) -> bool:
    return _place(root, key).is_dir() and not _unfinished(root, key).exists()


def _place(root: Path, key: str) -> Path:
    return root / _WRITERS[key][0].FOLDER


def _unfinished(root: Path, key: str) -> Path:
    return root / f"{key}.unfinished"


def _write(root: Path, sets: list[str], size: Size, seed: int, workers: int | None, progress) -> None:
    tasks = []
    for key in sets:
        shutil.rmtree(_place(root, key), ignore_errors=True)
        _place(root, key).mkdir(parents=True)
        _unfinished(root, key).touch()
        writer, draw, numbers = _WRITERS[key]
        planned = writer.plan(root, *(getattr(size, number) for number in numbers), seed)
        for one in planned:
            one.path.parent.mkdir(parents=True, exist_ok=True)
        writer.annotate(root, planned)
        tasks += [(draw, one) for one in planned]
    for done, ((_, one), future) in enumerate(pool.run(_draw, tasks, workers), start=1):
        future.result()
        progress(done, len(tasks), one.path.name)
    marker = {
        "what": "Faces drawn by a program: figures from them say nothing about people or about a paper.",
        "version": VERSION,
        "seed": seed,
        **asdict(size),
    }
    (root / MARKER).write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")
    for key in sets:
        _unfinished(root, key).unlink()


def _draw(task: tuple[Callable[[Any], None], Any]) -> None:
    draw, one = task
    draw(one)
