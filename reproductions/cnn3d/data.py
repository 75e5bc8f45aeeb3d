"""CK+ and Oulu-CASIA as the paper uses them: one sample a sequence, its last ten faces, and ten folds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from common.media.clips import Clip, Provenance
from common.media.emotions import SIX, Emotion
from common.protocols import splitters
from common.protocols.splitters import Fold
from common.results.config import Request
from common.samples.build import Samples
from common.support.errors import UserError
from datasets import ckplus, oulu
from reproductions.cnn3d import preprocessing
from reproductions.data_root import labelled_clips
from reproductions.prepared import prepared

CKPLUS, OULU = ckplus.NAME, oulu.NAME
KEYS = {CKPLUS: ckplus.KEY, OULU: oulu.KEY}

# In the order of Figures 5 and 6.
CLASSES = {CKPLUS: (*SIX, Emotion.CONTEMPT), OULU: SIX}

# How a corpus can be divided into ten: the setting `ckplus_folds`.
FOLDS = {
    "subjects_step_10": splitters.step_folds,
    "subjects_blocks": splitters.subject_blocks,
    "sequences_step_10": splitters.clip_folds,
    "sequences_blocks": lambda table, folds: splitters.clip_folds(table, folds, blocks=True),
}


# What stays whole where a part is taken off the training to choose the epoch: what the protocol tests unseen.
HELD_OUT = {"published": "subject", "strict": "subject", "clip-disjoint": "sequence"}


@dataclass
class Corpus:
    """The labelled sequences of one corpus.

    Attributes:
        name: "CK+" or "Oulu-CASIA".
        origin: whether they are synthetic or real.
        instead: "CK+48" where that stands for CK+.
    """

    name: str
    clips: list[Clip]
    origin: Provenance
    instead: str = ""
    _samples: dict[bool, Samples] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[Emotion, ...]:
        return CLASSES[self.name]

    def samples(self, request: Request, clahe: bool) -> Samples:
        """Its faces with or without CLAHE, which is an option of Table 1; from the cache or computed on all cores.

        Without it they are also where CLAHE comes after the augmentation: `trainings.recipe` sees to that.

        Raises:
            UserError: if clips cannot be read, or the model files of the detector are damaged.
        """
        clahe = clahe and not _after_augmentation(request.settings)
        if clahe not in self._samples:
            settings = preprocessing.settings(request, self.name, clahe, cropped=bool(self.instead))
            title = f"Finding faces in {self.instead or self.name}"
            self._samples[clahe] = prepared(request, self.clips, preprocessing.prepare, settings, title)
        return self._samples[clahe]


def clahe_after_augmentation(
    settings: Mapping[str, Any], corpus: str
) -> Literal["none", "grey", "lab_lightness", "each_rgb_channel"]:
    """The channel on which CLAHE works where it comes after the augmentation; "none" where it comes before."""
    if not _after_augmentation(settings):
        return "none"
    return "grey" if preprocessing.is_grey(corpus, settings["oulu_colour"]) else settings["clahe_channel"]


def _after_augmentation(settings: Mapping[str, Any]) -> bool:
    """Whether CLAHE sees augmented sequences, instead of the augmentation seeing what CLAHE gave.

    Raises:
        UserError: if it is to see the whole frame as well, which no augmented sequence has any more.
    """
    after = settings["clahe_when"] == "after_copies"
    if after and settings["preprocessing_order"] == "clahe_crop_resize_scale":
        raise UserError(
            "CLAHE cannot come before the face is cut out and after the offline augmentation.",
            "Leave out clahe_when=after_copies or preprocessing_order=clahe_crop_resize_scale.",
        )
    return after


def load(request: Request, names: tuple[str, ...], copies: bool = True) -> tuple[dict[str, Corpus], Provenance]:
    """The corpora by name, and the provenance that they share.

    Args:
        copies: whether CK+48 may stand for CK+ where only that is there.

    Raises:
        UserError: if a corpus is missing or only half there, if one of its classes has no sequence, if drawn and
            real corpora are mixed, or if two settings contradict each other.
    """
    _after_augmentation(request.settings)  # refuses contradictory settings before anything is computed
    keys = {name: KEYS[name] for name in names}
    options = {oulu.KEY: {"camera": request.settings["oulu_camera"], "light": "Strong"}}
    labelled, origin = labelled_clips(request, keys, CLASSES, options, copies)
    return {name: Corpus(name, found.clips, found.origin, found.instead) for name, found in labelled.items()}, origin


def ten_folds(request: Request, corpus: str, table, protocol: str) -> list[Fold]:
    """The folds of Tables 4 and 5.

    `published` are those of the authors as far as they say, and the epoch is chosen on the tested fold. `strict` are
    always folds of whole subjects in steps, and every tenth training subject chooses the epoch; `clip-disjoint` are
    such with sequences in steps, so that a subject is trained on and tested; every tenth training sequence chooses.
    """
    count = request.paper.hyperparameters["folds"]
    if protocol == "published":
        chosen = request.settings["ckplus_folds"] if corpus == CKPLUS else "subjects_step_10"
        part = request.settings["best_epoch_on"]
        return [_with_validation(part, table, fold) for fold in FOLDS[chosen](table, count)]
    if protocol == "clip-disjoint":
        return [splitters.with_validation_clips(table, fold) for fold in splitters.clip_folds(table, count)]
    return [splitters.with_validation(table, fold) for fold in splitters.step_folds(table, count)]


def one_subject_out(request: Request, table, protocol: str) -> list[Fold]:
    """A fold for each subject (Table 6); there is nothing between `published` and `strict`."""
    if protocol == "clip-disjoint":
        return []
    folds = splitters.leave_one_subject_out(table)
    if protocol == "published":
        return [_with_validation(request.settings["best_epoch_on"], table, fold) for fold in folds]
    return [splitters.with_validation(table, fold) for fold in folds]


def _with_validation(best_epoch_on: str, table, fold: Fold) -> Fold:
    """With the part that chooses the epoch."""
    if best_epoch_on == "test_fold":
        return splitters.selected_on_test(fold)
    return splitters.with_validation(table, fold)
