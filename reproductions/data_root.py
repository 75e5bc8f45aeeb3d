"""Where a paper reads its data from."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import datasets
from common.results.config import Request
from common.support.console import bar, console
from common.support.errors import UserError


def data_root(request: Request, sets: Iterable[str]) -> Path:
    """The user's data, or the synthetic counterparts of these sets, which are drawn if they are not there yet.

    Raises:
        UserError: if what is drawn cannot be written.
    """
    if request.data is not None:
        return request.data
    from datasets.synthetic import corpora

    with bar("Drawing the corpora", "clips") as progress:
        return corpora.ensure(
            request.cache / "synthetic", request.sizes["synthetic"], progress=progress, sets=tuple(sets)
        )


def or_copies(request: Request, keys: Mapping[str, str]) -> dict[str, str]:
    """The data sets (name -> key) as the user has them: a copy stands for a set of which nothing else is there."""
    if request.data is None:
        return dict(keys)
    return {name: datasets.or_copy(request.data, key) for name, key in keys.items()}


def missing_sets(request: Request, keys: Mapping[str, str]) -> set[str]:
    """The data sets (name -> key) that are left out because they are not there, each of which is named to the user.

    None is where the corpora are synthetic, or where the user named experiments: those are not given up in silence.

    Raises:
        UserError: if none of them is there; says how to obtain each.
    """
    root = request.data
    if root is None or request.experiments:
        return set()
    there = {name: datasets.load(key).locate(root) for name, key in keys.items()}
    if not any(there.values()):
        datasets.locate_all(root, keys.values())  # says what is missing and how to obtain it
    missing = {name for name, place in there.items() if place is None}
    for name in missing:
        console.print(f"{name} is not at or below {root}: what needs it is left out.", markup=False)
    return missing


def need_classes(emotions: Iterable, classes: Iterable, sentence: str) -> None:
    """Nothing, if each of the classes is among the emotions.

    Raises:
        UserError: if not; it begins with the sentence and ends with the classes that are absent.
    """
    absent = sorted(set(map(str, classes)) - set(map(str, emotions)))
    if absent:
        raise UserError(f"{sentence} {' or '.join(absent)}.", "Compare what is there with make verify-data.")
