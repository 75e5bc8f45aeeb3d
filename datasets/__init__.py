"""The data sets: one module each, which knows the official layout, the labels, the expected counts.

Every module has `NAME`, `KEY`, `OBTAIN`, `CITATION`, `EXPECTED`, `locate(root)` and `index(root, ...)`.
A new set is a module and one line in `_MODULES`.
"""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType

from common.support.errors import UserError, unknown
from datasets import tree

_MODULES = (
    "ckplus",
    "baum1",
    "enterface",
    "oulu",
    "savee",
    "afew",
    "rml",
    "mmi",
    "fer2013",
    "ckplus48",
    "ckextended",
)
# Where a set itself is not there, papers that fill short clips can read its copy.
COPIES = {"ckplus": "ckplus48"}


def names() -> list[str]:
    """The keys of all data sets."""
    return list(_MODULES)


def load(key: str) -> ModuleType:
    """The module of one data set.

    Raises:
        UserError: if there is none by that key; names the nearest.
    """
    if key not in _MODULES:
        raise unknown("data set", key, _MODULES)
    return import_module(f"datasets.{key}")


def or_copy(root: Path, key: str) -> str:
    """The key of a data set, or that of its copy where only that lies at or below `root`."""
    copy = COPIES.get(key)
    return copy if copy and load(key).locate(root) is None and load(copy).locate(root) is not None else key


def locate_all(root: Path, keys: Iterable[str]) -> dict[str, Path]:
    """Where each of the data sets `keys` lies at or below `root`.

    Raises:
        UserError: if `root` is missing or empty, or sets are not there; names each one and how to obtain it.
    """
    tree.require_root(root)
    sets = {key: load(key) for key in keys}
    places = {key: dataset.locate(root) for key, dataset in sets.items()}
    missing = [sets[key] for key, place in places.items() if place is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise UserError(
            f"{' and '.join(dataset.NAME for dataset in missing)} {verb} not at or below {root}.",
            " ".join(f"{dataset.NAME}: {dataset.OBTAIN}" for dataset in missing),
        )
    return places
