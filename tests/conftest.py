"""Synthetic corpora and finished runs that all tests of one pytest command share, in however many processes it runs."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from little_reproduction import finish, start

from datasets.synthetic import corpora

# Before a test imports TensorFlow by itself: it would round otherwise than the commands that the test compares it with.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder of this pytest command; the processes of xdist all get the same one."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-by-tests"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def once(shared) -> Callable[[str, Callable[[Path], None]], Path]:
    """`once(name, make)`: the folder that `make(folder)` fills, which only the first process that asks calls."""

    def filled(name: str, make: Callable[[Path], None]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return filled


@pytest.fixture(scope="session")
def cache(shared) -> Path:
    """FER_CACHE of the tests: the corpora of size "tiny" are drawn in it, and samples are kept there."""
    corpora.ensure(shared / "cache" / "synthetic", "tiny")
    return shared / "cache"


@pytest.fixture(scope="session")
def tiny(cache) -> Path:
    """The root of the synthetic corpora of size "tiny"; whoever changes files makes a copy."""
    return corpora.ensure(cache / "synthetic", "tiny")


@pytest.fixture(scope="session")
def finished(once, cache) -> Path:
    """The results of one whole little reproduction; whoever changes them makes a copy."""
    return once("finished", lambda folder: finish(start(cache, folder)))


@pytest.fixture
def copy_of_tiny(tiny, tmp_path) -> Path:
    """A copy of `tiny` whose files may be replaced or removed, but not written into: they are the same on disk."""
    return shutil.copytree(tiny, tmp_path / "data", copy_function=os.link)
