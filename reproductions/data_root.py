"""Where a paper reads its data from."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import datasets
from common.media.clips import Clip, Index, Provenance, common_origin, provenance
from common.media.emotions import Emotion
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

    with bar("Making the synthetic corpora", "clips") as progress:
        return corpora.ensure(
            request.cache / "synthetic", request.sizes["synthetic"], progress=progress, sets=tuple(sets)
        )


class LabelledClips(NamedTuple):
    """The clips of a corpus that show one of some classes; `instead` is the copy that stands for it, or ""."""

    clips: list[Clip]
    index: Index
    origin: Provenance
    instead: str


def labelled_clips(
    request: Request,
    keys: Mapping[str, str],
    classes: Mapping[str, Sequence[Emotion]],
    options: Mapping[str, dict[str, Any]],
    copies: bool = True,
) -> tuple[dict[str, LabelledClips], Provenance]:
    """The clips of the corpora (name -> key), and the provenance that they share.

    Args:
        classes: of each corpus, by name.
        options: arguments of the function that indexes a data set, by key.
        copies: whether CK+48 may stand for CK+ where only that is there.

    Raises:
        UserError: if a corpus is missing or only half there, if one of its classes has no clip, or if drawn and
            real corpora are mixed.
    """
    keys = or_copies(request, keys) if copies else keys
    folder = data_root(request, keys.values())
    places = datasets.locate_all(folder, keys.values())
    corpora = {}
    for name, key in keys.items():
        index = datasets.load(key).index(places[key], **options.get(key, {}))
        clips = [clip for clip in index.clips if clip.emotion in classes[name]]
        need_classes([clip.emotion for clip in clips], classes[name], f"No clip of {name} in {index.root} shows")
        instead = index.corpus if index.corpus != name else ""
        corpora[name] = LabelledClips(clips, index, provenance(index.root), instead)
    return corpora, common_origin(folder, {name: corpus.origin for name, corpus in corpora.items()})


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
