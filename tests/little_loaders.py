"""What the tests of the loaders share: small trees, findings by kind, and folders that list their entries otherwise."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.media.clips import Index
from datasets import tree


def touch(home: Path, *names: str) -> None:
    """Empty files of these names below a folder, or the one at the path itself: an index opens none."""
    for path in [home / name for name in names] or [home]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def kinds(index: Index) -> Counter:
    return Counter(finding.kind for finding in index.findings)


def found(index: Index) -> dict[str, list[tuple[str, str]]]:
    """Path and detail of each finding, by kind."""
    return {kind: [(one.path, one.detail) for one in index.findings if one.kind == kind] for kind in kinds(index)}


class _Listing(list):
    __enter__ = list.__iter__

    def __exit__(self, *exception):
        return False


@contextmanager
def shuffled(seed: int) -> Iterator[None]:
    """In the block, directories list their entries in an order that depends on `seed` only."""
    listed = tree.os.scandir

    def scandir(folder):
        entries = list(listed(folder))
        random.Random(f"{seed} {folder}").shuffle(entries)
        return _Listing(entries)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(tree.os, "scandir", scandir)
        yield
