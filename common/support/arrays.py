"""Arrays that are kept to go on with later: whole, or as if they had never been there."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from common.support import files

# What damage anywhere in a ZIP file, or in the header of an array, makes its readers raise.
_DAMAGE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, SyntaxError, OverflowError, MemoryError),
    *(RuntimeError, zipfile.BadZipFile, zlib.error),
)


def save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays (texts and numbers too) as .npz in one step.

    Raises:
        StorageError: if the disk is full or the folder cannot be written to.
    """
    with files.atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load(path: Path) -> dict[str, np.ndarray] | None:
    """What `save` wrote, or None where it is missing or damaged anywhere."""
    try:
        # Checksums first: a changed header may ask for more memory than there is.
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:
                return None
        with np.load(path, allow_pickle=False) as stored:
            return dict(stored)
    except _DAMAGE:
        return None
