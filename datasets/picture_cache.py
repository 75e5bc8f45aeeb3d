"""Pictures that were read once, kept as they are in memory: loading them takes a fraction of a second."""

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from common.media.images import Pictures
from common.support import files

VERSION = 1  # raise it whenever a loader would read the same files differently


def through(folder: Path | None, sources: Sequence[Path], make: Callable[[], Pictures]) -> Pictures:
    """What `make` reads from the `sources`, from `folder` if it was read before; without a folder always anew.

    Args:
        sources: files, or folders of files, that decide what is read.

    Raises:
        StorageError: if the disk is full or the folder cannot be written to.
    """
    if folder is None:
        return make()
    path = folder / f"{_key(sources)}.npz"
    if (kept := _load(path)) is not None:
        return kept
    pictures = make()
    with files.atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{name: column for name, column in vars(pictures).items() if column is not None})
    return pictures


def _key(sources: Sequence[Path]) -> str:
    """Of the sources' content and times: a fingerprint alone does not see a digit changed within a large file."""
    known = [(str(path.resolve()), path.stat().st_mtime_ns, files.fingerprint(path)) for path in sources]
    return hashlib.blake2b(repr((VERSION, known)).encode(), digest_size=12).hexdigest()


def _load(path: Path) -> Pictures | None:
    """None for a file that is not there or damaged: it is written again."""
    try:
        with np.load(path) as kept:
            columns = {name: kept[name] for name in kept.files}
        return Pictures(**columns | {"corpus": str(columns["corpus"])})
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile):
        return None
