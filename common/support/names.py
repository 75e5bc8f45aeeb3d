"""Names of files as people have them: bytes that are no UTF-8 (an old ZIP), 240 bytes of them, colons."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Bytes of a name that leave room for endings such as -timeline.png.12345.tmp; most file systems take 255.
ROOM = 200


def shown(path: Path | str) -> str:
    """A path as text that any file and terminal takes: bytes that are no UTF-8 are written as %FC.

    >>> shown(os.fsdecode(b"Gr\\xfcn.jpg"))
    'Gr%FCn.jpg'
    """
    return "".join(f"%{ord(c) - 0xDC00:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in str(path))


def fitting(name: str) -> str:
    """A name for results that fits a file system: one that is too long is cut, and told apart by a hash."""
    name = shown(name)
    data = name.encode("utf-8", "replace")
    if len(data) <= ROOM:
        return name
    return data[: ROOM - 9].decode("utf-8", "ignore") + "-" + hashlib.blake2b(data, digest_size=4).hexdigest()


@contextmanager
def openable(path: Path) -> Iterator[str]:
    """An absolute path of a file for libraries that take UTF-8 only, and end the process over anything else.

    Absolute, because FFmpeg reads `12:30.mp4` as an address. A name that is no UTF-8 is reached by a link, which
    is gone after the block.
    """
    whole = path.absolute()
    if str(whole) == shown(whole):
        yield str(whole)
        return
    with tempfile.TemporaryDirectory(prefix="fer-") as folder:
        if os.path.lexists(whole):
            reached = Path(folder, f"file{shown(path.suffix)}")
            reached.symlink_to(whole)
        else:
            # A file that is to be written: only its folder is there.
            Path(folder, "folder").symlink_to(whole.parent)
            reached = Path(folder, "folder", shown(path.name))
        yield str(reached)
