"""CK+ and Oulu-CASIA as the paper uses them: one sample a sequence, its last ten faces, and ten folds."""

from dataclasses import dataclass, field

import datasets
from common import splits
from common.clips import Clip, Provenance, common_origin, provenance
from common.emotions import Emotion
from common.request import Request
from common.samples import Samples
from common.splits import Fold
from datasets import ckplus, oulu
from reproductions.cnn3d import preprocessing
from reproductions.data_root import data_root, need_classes
from reproductions.prepared import prepared

CKPLUS, OULU = ckplus.NAME, oulu.NAME
KEYS = {CKPLUS: ckplus.KEY, OULU: oulu.KEY}

_SIX = (Emotion.ANGRY, Emotion.DISGUST, Emotion.FEAR, Emotion.HAPPY, Emotion.SAD, Emotion.SURPRISE)
# In the order of Figures 5 and 6.
CLASSES = {CKPLUS: (*_SIX, Emotion.CONTEMPT), OULU: _SIX}

# How a corpus can be divided into ten: the setting `ckplus_folds`.
FOLDS = {
    "subjects_step_10": splits.step_folds,
    "subjects_blocks": splits.subject_blocks,
    "sequences_step_10": splits.clip_folds,
    "sequences_blocks": lambda table, folds: splits.clip_folds(table, folds, blocks=True),
}


@dataclass
class Corpus:
    """The labelled sequences of one corpus.

    Attributes:
        name: "CK+" or "Oulu-CASIA".
        origin: whether they are drawn or recorded.
    """

    name: str
    clips: list[Clip]
    origin: Provenance
    _samples: dict[bool, Samples] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[Emotion, ...]:
        return CLASSES[self.name]

    def samples(self, request: Request, clahe: bool) -> Samples:
        """Its faces with or without CLAHE, which is an option of Table 1; from the cache or computed on all cores.

        Raises:
            UserError: if clips cannot be read, or the model files of the detector are damaged.
        """
        if clahe not in self._samples:
            settings = preprocessing.settings(request, self.name, clahe)
            title = f"Finding faces in {self.name}"
            self._samples[clahe] = prepared(request, self.clips, preprocessing.prepare, settings, title)
        return self._samples[clahe]


def load(request: Request, names: tuple[str, ...]) -> tuple[dict[str, Corpus], Provenance]:
    """The corpora by name, and the provenance that they share.

    Raises:
        UserError: if a corpus is missing or only half there, if one of its classes has no sequence, or if drawn and
            recorded corpora are mixed.
    """
    folder = data_root(request, [KEYS[name] for name in names])
    places = datasets.locate_all(folder, [KEYS[name] for name in names])
    indexes = {
        CKPLUS: ckplus.index,
        OULU: lambda place: oulu.index(place, camera="VL", light="Strong"),
    }
    corpora = {}
    for name in names:
        index = indexes[name](places[KEYS[name]])
        clips = [clip for clip in index.clips if clip.emotion in CLASSES[name]]
        need_classes([clip.emotion for clip in clips], CLASSES[name], f"No sequence of {name} in {index.root} shows")
        corpora[name] = Corpus(name, clips, provenance(index.root))
    return corpora, common_origin(folder, {name: one.origin for name, one in corpora.items()})


def ten_folds(request: Request, corpus: str, table, protocol: str) -> list[Fold]:
    """The folds of Tables 4 and 5.

    `published` are those of the authors as far as they say, and the epoch is chosen on the tested fold. `honest` are
    always folds of whole subjects in steps, and every tenth training subject chooses the epoch; `clip-disjoint` are
    such with sequences in steps, so that a subject is trained on and tested.
    """
    count = request.paper.hyperparameters["folds"]
    if protocol == "published":
        chosen = request.settings["ckplus_folds"] if corpus == CKPLUS else "subjects_step_10"
        return [_watched(request, table, fold) for fold in FOLDS[chosen](table, count)]
    divide = splits.clip_folds if protocol == "clip-disjoint" else splits.step_folds
    return [splits.with_validation(table, fold) for fold in divide(table, count)]


def one_subject_out(request: Request, table, protocol: str) -> list[Fold]:
    """A fold for each subject (Table 6); there is nothing between `published` and `honest`."""
    if protocol == "clip-disjoint":
        return []
    folds = splits.leave_one_subject_out(table)
    if protocol == "published":
        return [_watched(request, table, fold) for fold in folds]
    return [splits.with_validation(table, fold) for fold in folds]


def _watched(request: Request, table, fold: Fold) -> Fold:
    """With the part that chooses the epoch."""
    if request.settings["best_epoch_on"] == "test_fold":
        return splits.selected_on_test(fold)
    return splits.with_validation(table, fold)
