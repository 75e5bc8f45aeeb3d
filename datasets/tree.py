"""Looking for files in copies of data sets that differ in case, nesting and litter."""

import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

from common.support.errors import UserError
from common.support.names import shown

# Deep enough for sets/enterface05/project2_database/project2_database/enterface database.
DEPTH = 4
_LITTER = re.compile(r"\._.*|~\$.*|\.ds_store|desktop\.ini|@eadir|__macosx|.*\.(db|srt|wav|zip)", re.IGNORECASE)


def key(path: PurePath) -> list[tuple[list[str | int], str]]:
    """Sort key of a path: folder by folder, without regard to case, and 2 before 10.

    >>> sorted([PurePath("subject 10"), PurePath("Subject 2")], key=key)[0].name
    'Subject 2'
    """
    return [_natural(part) for part in path.parts]


def _natural(name: str) -> tuple[list[str | int], str]:
    pieces = re.split(r"(\d+)", name.casefold())
    return [int(piece) if i % 2 else piece for i, piece in enumerate(pieces)], name


def folders(folder: Path) -> list[Path]:
    """Folders directly inside `folder`, in the order of `key`, without litter."""
    return _children(folder, os.DirEntry.is_dir)


def all_files(folder: Path) -> list[Path]:
    """Files directly inside `folder`, in the order of `key`, without litter."""
    return _children(folder, os.DirEntry.is_file)


def files(folder: Path, suffix: str) -> list[Path]:
    """Those of `all_files` with that lower-case suffix."""
    return [path for path in all_files(folder) if path.suffix.lower() == suffix]


def below(folder: Path, *suffixes: str) -> list[Path]:
    """Files with one of the suffixes at any depth, relative to `folder`, in the order of `key`, without litter.

    Each folder is seen once, by its own path rather than by a link; links that lead back above `folder` are left out.
    """
    pending, found = deque([folder]), []
    seen = {os.path.realpath(parent) for parent in folder.absolute().parents}
    while pending:
        here = pending.popleft()
        if (place := os.path.realpath(here)) in seen:
            continue
        seen.add(place)
        found += [path for path in all_files(here) if path.suffix.lower() in suffixes]
        for child in folders(here):
            (pending.append if child.is_symlink() else pending.appendleft)(child)
    return sorted((path.relative_to(folder) for path in found), key=key)


def search(root: Path, accept: Callable[[Path], object], depth: int = DEPTH) -> Path | None:
    """The first folder that `accept` takes, at or below `root`: the shallowest, then the first by name."""
    level, seen = [root] if _readable(root) else [], {os.path.realpath(root)}
    for _ in range(depth + 1):
        for folder in level:
            if accept(folder):
                return folder
        children = [child for folder in level for child in folders(folder) if _readable(child)]
        # A link may lead back to where it lies.
        level = [child for child in children if not (child.is_symlink() and os.path.realpath(child) in seen)]
        seen |= set(map(os.path.realpath, level))
    return None


def unnest(folder: Path) -> Path:
    """The folder, or the one of the same name inside it that archive tools like to make."""
    return next((child for child in folders(folder) if child.name.lower() == folder.name.lower()), folder)


def ancestor(path: PurePath, pattern: re.Pattern) -> re.Match | None:
    """The innermost folder on the way to `path` whose whole name fits `pattern`."""
    matches = (pattern.fullmatch(name) for name in reversed(path.parts[:-1]))
    return next(filter(None, matches), None)


def require_root(root: Path) -> None:
    """Refuse a root that is missing, no folder, or empty.

    Raises:
        UserError: naming the root.
    """
    remedy = "Give the folder that holds the data sets (DATA=<folder>)."
    with listed(root):
        if not root.exists():
            raise UserError(f"The data folder {shown(root)} does not exist.", remedy)
        if not root.is_dir():
            raise UserError(f"{shown(root)} is a file, not a data folder.", remedy)
        if not any(root.iterdir()):
            raise UserError(f"The data folder {shown(root)} is empty.", remedy)


def require(root: Path, place: Path | None, name: str, obtain: str) -> Path:
    """The `place` that a search for the set `name` at or below `root` came to.

    Raises:
        UserError: if `root` is missing or empty, or the search found nothing; says how to obtain the set.
    """
    require_root(root)
    if place is None:
        raise UserError(f"{name} is not at or below {shown(root)}.", obtain)
    return place


@contextmanager
def listed(folder: Path) -> Iterator[None]:
    """Tell a folder that cannot be listed (no right to, an input/output error, a stale mount) as UserError."""
    try:
        yield
    except PermissionError as error:
        raise UserError(f"{shown(folder)} cannot be listed.", "Give yourself the right to read it.") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        remedy = "Check the disk, or mount it again, or move the folder away."
        raise UserError(f"{shown(folder)} cannot be listed ({reason}).", remedy) from error


def _children(folder: Path, is_kind: Callable[[os.DirEntry], bool]) -> list[Path]:
    with listed(folder), os.scandir(folder) as entries:
        names = [e.name for e in entries if not _LITTER.fullmatch(e.name) and _is(e, is_kind)]
    return sorted((folder / name for name in names), key=lambda path: _natural(path.name))


def _is(entry: os.DirEntry, is_kind: Callable[[os.DirEntry], bool]) -> bool:
    try:
        return is_kind(entry)
    except OSError:  # such as a link to itself
        return False


def _readable(folder: Path) -> bool:
    # A folder such as lost+found at the top of a disk must not stop the search beside it.
    with suppress(OSError):
        return folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
    return False
