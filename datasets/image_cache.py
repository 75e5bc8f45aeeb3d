"""Images that were read once, kept as they are in memory: loading them takes a fraction of a second."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from common.media.images import StillImages
from common.support import arrays, files

VERSION = 1  # raise it whenever a loader would read the same files differently


def through(folder: Path | None, sources: Sequence[Path], make: Callable[[], StillImages]) -> StillImages:
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
    images = make()
    columns = {name: column for name, column in vars(images).items() if column is not None}
    arrays.save(path, columns)
    return images


def _key(sources: Sequence[Path]) -> str:
    """Of the sources' content and times: a fingerprint alone does not see a digit changed within a large file."""
    known = [(str(path.resolve()), path.stat().st_mtime_ns, files.fingerprint(path)) for path in sources]
    return hashlib.blake2b(repr((VERSION, known)).encode(), digest_size=12).hexdigest()


def _load(path: Path) -> StillImages | None:
    """None for a file that is not there or damaged: it is written again."""
    columns = arrays.load(path)
    try:
        return StillImages(**columns | {"corpus": str(columns["corpus"])}) if columns else None
    except (KeyError, TypeError, ValueError):
        return None  # of an earlier version
