"""Folders that list their entries in another order, as other file systems do."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import datasets
from datasets import tree


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


def recognised(folder: Path) -> set[str]:
    """Keys of the data sets that are seen at or below a folder."""
    return {key for key in datasets.names() if datasets.load(key).locate(folder)}
