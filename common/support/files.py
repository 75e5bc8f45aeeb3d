"""Files that are either complete or absent, that one process writes at a time, and that are known by content."""

import errno
import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from common.support.errors import UserError
from common.support.names import shown
from common.support.workers import refuse_script_again

BLOCK = 64 * 1024
READ_WHOLE = 1024 * 1024


class StorageError(UserError):
    """A folder cannot take what should be written to it: the disk is full or writing is not allowed."""


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Tell a full disk, a name that is too long and a folder that cannot be written as StorageError.

    Other OSErrors pass through.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise StorageError(
                f"A file below {shown(folder)} is larger than this file system, or the limit of this shell, allows.",
                "Choose a folder on another disk, or lift the limit (ulimit -f), and run again.",
            ) from error
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"The disk is full: nothing more can be written to {folder}.",
                "Free some space or choose another folder and run again: what is finished is kept.",
            ) from error
        if error.errno == errno.EISDIR:
            raise StorageError(
                f"{error.filename2 or error.filename or folder} is a folder, where a file should be written.",
                "Name a file in it instead.",
            ) from error
        not_made = error.errno == errno.ENOENT and not folder.exists()  # a file that is missing inside is no such case
        if not_made or error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise StorageError(
                f"{folder} cannot be written to ({os.strerror(error.errno).lower()}).",
                "Give yourself write permission there or choose another folder.",
            ) from error
        if error.errno == errno.ENAMETOOLONG:
            raise StorageError(
                f"A name below {shown(folder)} is too long for this file system.",
                "Choose a folder with a shorter name.",
            ) from error
        raise


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which replaces `path` in one step if the block succeeds.

    A process that is killed in the block leaves `path` as it was, and a `*.tmp` file beside it.

    Raises:
        StorageError: if the disk is full or the folder cannot be written to.
    """
    # The process in the name keeps two writers of the same file apart: the last one to finish wins whole.
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def lock(folder: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let one process at a time into the block; `waiting` is called once by a process that has to wait.

    The operating system frees the lock of a process that dies, however it dies.

    Raises:
        StorageError: if the folder cannot be written to.
        UserError: as `workers.refuse_script_again`.
    """
    refuse_script_again()
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / ".lock")
        try:
            held.acquire(timeout=0)
        except Timeout:
            waiting()
            held.acquire()
    try:
        yield
    finally:
        held.release()


def folders(root: Path, depth: int) -> tuple[list[Path], list[tuple[Path, OSError]]]:
    """The folders so many levels below `root`, by name, and those on the way that cannot be listed, with the reason."""
    level, unreadable = [root] if root.is_dir() else [], []
    for _ in range(depth):
        children = []
        for folder in level:
            try:
                children += sorted(child for child in folder.iterdir() if child.is_dir())
            except OSError as error:
                unreadable.append((folder, error))
        level = children
    return level, unreadable


def digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(path: Path) -> None:
    """Note beside a finished file what it holds, so that damage shows.

    Raises:
        StorageError: if the disk is full or the folder cannot be written to.
    """
    with atomic(_seal(path)) as temporary:
        temporary.write_text(digest(path), encoding="ascii")


def sealed(path: Path) -> bool:
    """Whether a file holds what it held when it was sealed."""
    try:
        return _seal(path).read_bytes() == digest(path).encode()
    except OSError:
        return False


def _seal(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def fingerprint(source: Path, names: Collection[str] = ()) -> str:
    """Hexadecimal BLAKE2 hash of what a file, or each file in a folder, contains; of nothing if unreadable.

    Files up to 1 MB are read whole, larger ones by their size and 64 kB at start, middle and end, which
    a re-recorded or re-encoded video cannot keep unchanged. In a folder the files called `names` count, or else all
    whose name does not start with a dot.
    """
    digest = hashlib.blake2b(digest_size=16)
    with suppress(OSError):
        if source.is_dir():
            found = [source / name for name in names] or [p for p in source.iterdir() if not p.name.startswith(".")]
            for file in sorted(path for path in found if path.is_file()):
                digest.update(os.fsencode(f"{file.name}\0"))
                _add(digest, file)
        else:
            _add(digest, source)
    return digest.hexdigest()


def _add(digest, path: Path) -> None:
    size = path.stat().st_size
    digest.update(f"{size}\0".encode())
    with path.open("rb") as file:
        if size <= READ_WHOLE:
            digest.update(file.read())
            return
        for position in (0, size // 2, size - BLOCK):
            file.seek(position)
            digest.update(file.read(BLOCK))
