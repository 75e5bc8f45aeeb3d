"""BigFaceX: the clips of three corpora with seven emotions, as windows of five faces, and how they are divided."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import datasets
from common.media.clips import Clip, Provenance, common_origin, provenance
from common.media.emotions import SEVEN
from common.protocols import splitters
from common.results.config import Request
from common.samples.build import Samples
from datasets import baum1, ckplus, enterface
from reproductions.data_root import need_classes
from reproductions.prepared import prepared
from reproductions.standard import SPLITTERS
from reproductions.timeconvnet.preprocessing import chosen, prepare

CORPORA = ("ckplus", "baum1", "enterface")

# The order of Table I, which is that of FER2013.
CLASSES = SEVEN

_PARTS = {"spontaneous_and_acted": ("1a", "1s"), "spontaneous": ("1s",), "acted": ("1a",)}


def clips(request: Request, folder: Path) -> tuple[list[Clip], Provenance]:
    """The clips of the seven classes in all three corpora.

    Raises:
        UserError: if a corpus is missing or only half there, if one of the classes has no clip anywhere, or if
            drawn and real corpora are mixed.
    """
    places = datasets.locate_all(folder, CORPORA)
    settings = request.settings
    indexes = (
        ckplus.index(places["ckplus"]),
        baum1.index(
            places["baum1"],
            parts=_PARTS[settings["baum1_selection"]],
            label_conflict=settings["baum1_label_conflict"],
        ),
        enterface.index(places["enterface"], subject6=settings["enterface_subject_6"]),
    )
    origin = common_origin(folder, {index.corpus: provenance(index.root) for index in indexes})
    selected = select(indexes[-1].clips, settings["enterface_clips"], request)
    labelled = [clip for clip in (*indexes[0].clips, *indexes[1].clips, *selected) if clip.emotion in CLASSES]
    need_classes([clip.emotion for clip in labelled], CLASSES, f"No clip in {folder} shows")
    return labelled, origin


def select(clips: Sequence[Clip], which: str, request: Request) -> list[Clip]:
    """The clips of eNTERFACE'05 of which windows are made, in their order.

    Args:
        which: "all"; "complete_subjects", those of whom as many clips are there as of any subject (42 people in a
            complete copy); "printed_share", of a complete copy as many as the paper prints, drawn by the split's
            seed, and of a smaller one as large a share.
    """
    if which == "complete_subjects":
        count = Counter(clip.subject for clip in clips)
        return [clip for clip in clips if count[clip.subject] == max(count.values())]
    if which == "printed_share":
        expected = {one.what: one.count for one in reversed(enterface.EXPECTED)}
        cut = expected["clips"] - expected["findings uncut recording"]
        size = min(round(len(clips) * request.paper.claim("text4-enterface-clips").number / cut), len(clips))
        drawn = np.random.default_rng(request.settings["split_seed"]).permutation(len(clips))[:size]
        return [clips[number] for number in sorted(drawn)]
    return list(clips)


def corpora(folder: Path, baum1_selection: str) -> dict[str, int]:
    """What the corpora hold of which section IV prints a count, before any selection; by the id of its claim.

    BAUM-1 is counted where both of its parts are asked for: the other need not be on disk.
    """
    places = datasets.locate_all(folder, CORPORA)
    labelled = ckplus.index(places["ckplus"]).labelled
    spoken = enterface.index(places["enterface"], subject6="keep").clips
    found = {
        "text4-ckplus-sequences": len(labelled),
        "text4-ckplus-subjects": len({clip.subject for clip in labelled}),
        "text4-enterface-clips": len(spoken),
        "text4-enterface-subjects": len({clip.subject for clip in spoken}),
    }
    if baum1_selection == "spontaneous_and_acted":
        both = baum1.index(places["baum1"]).clips
        found |= {"text4-baum1-clips": len(both), "text4-baum1-subjects": len({clip.subject for clip in both})}
    return found


def samples(request: Request, of_clips: list[Clip]) -> Samples:
    """The windows of the clips, from the cache or computed on all cores."""
    return prepared(request, of_clips, prepare, chosen(request.settings), "Finding faces")


def fold(request: Request, table, protocol: str) -> splitters.Fold:
    """Training, validation and test windows of a protocol, 70/10/20 (III)."""
    options = {"stratify": request.settings["stratified"]} if protocol == "published" else {}
    fractions = tuple(request.paper.hyperparameters["split"][side] for side in splitters.SIDES)
    return SPLITTERS[protocol](table, request.settings["split_seed"], fractions, **options)
