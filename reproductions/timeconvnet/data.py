"""BigFaceX: the clips of three corpora with seven emotions, as windows of five faces, and how they are divided."""

from pathlib import Path

import datasets
from common import splits
from common.clips import Clip, Provenance, common_origin, provenance
from common.emotions import Emotion
from common.request import Request
from common.samples import Samples
from datasets import baum1, ckplus, enterface
from reproductions.data_root import need_classes
from reproductions.prepared import prepared
from reproductions.timeconvnet.preprocessing import DECISIONS, Settings, prepare

CORPORA = ("ckplus", "baum1", "enterface")

# The order of Table I, which is that of FER2013.
CLASSES = (
    Emotion.ANGRY,
    Emotion.DISGUST,
    Emotion.FEAR,
    Emotion.HAPPY,
    Emotion.SAD,
    Emotion.SURPRISE,
    Emotion.NEUTRAL,
)

SPLITTERS = {
    "published": splits.random_windows,
    "clip-disjoint": splits.clip_disjoint,
    "honest": splits.subject_disjoint,
}

_PARTS = {"spontaneous_and_acted": ("1a", "1s"), "spontaneous": ("1s",), "acted": ("1a",)}


def clips(request: Request, folder: Path) -> tuple[list[Clip], Provenance]:
    """The clips of the seven classes in all three corpora.

    Raises:
        UserError: if a corpus is missing or only half there, if one of the classes has no clip anywhere, or if
            drawn and recorded corpora are mixed.
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
    chosen = [clip for index in indexes for clip in index.clips if clip.emotion in CLASSES]
    need_classes([clip.emotion for clip in chosen], CLASSES, f"No clip in {folder} shows")
    return chosen, origin


def samples(request: Request, chosen: list[Clip]) -> Samples:
    """The windows of the clips, from the cache or computed on all cores."""
    settings = Settings(**{name: request.settings[name] for name in DECISIONS})
    return prepared(request, chosen, prepare, settings, "Finding faces")


def fold(request: Request, table, protocol: str) -> splits.Fold:
    """Training, validation and test windows of a protocol, 70/10/20 (IV.D, V)."""
    options = {"stratify": request.settings["stratified"]} if protocol == "published" else {}
    fractions = tuple(request.paper.hyperparameters["split"][side] for side in splits.SIDES)
    return SPLITTERS[protocol](table, request.settings["split_seed"], fractions, **options)
