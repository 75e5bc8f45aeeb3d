"""CK+, SAVEE and AFEW as the paper uses them, one sample of eight faces a clip; and FER2013 for the second branch."""

from dataclasses import dataclass, field, replace

from common.media.clips import Clip, Provenance, provenance
from common.media.emotions import SIX, Emotion
from common.results.config import Request
from common.samples.augmented_samples import AugmentedSamples
from common.samples.build import Samples
from common.samples.offline_augmentation import Moves, OfflineAugmentation
from common.training.batches import class_labels
from datasets import afew, ckplus, ckplus48, fer2013, savee
from reproductions.convlstm import preprocessing
from reproductions.data_root import data_root, labelled_clips, need_classes
from reproductions.prepared import prepared, read_stills

CKPLUS, SAVEE, AFEW = ckplus.NAME, savee.NAME, afew.NAME
KEYS = {CKPLUS: ckplus.KEY, SAVEE: savee.KEY, AFEW: afew.KEY}


@dataclass
class Corpus:
    """The labelled clips of one corpus.

    Attributes:
        name: "CK+", "SAVEE" or "AFEW".
        classes: emotions in the order of the network's outputs.
        clips: those that show one of the classes.
        origin: whether they are synthetic or real.
        in_both_parts: names that AFEW has in Train and in Val, for two different clips.
        instead: "CK+48" where that stands for CK+.
    """

    name: str
    classes: tuple[Emotion, ...]
    clips: list[Clip]
    origin: Provenance
    in_both_parts: tuple[str, ...] = ()
    instead: str = ""
    _samples: dict[bool, Samples | AugmentedSamples] = field(default_factory=dict)

    def samples(self, request: Request, augmented: bool = False) -> Samples | AugmentedSamples:
        """Its aligned faces, from the cache or computed on all cores.

        Args:
            augmented: each augmented sample is one of its own, to be divided like the others.

        Raises:
            UserError: if clips cannot be read, no clip of a class shows a face, or the landmark predictor is missing.
        """
        if augmented not in self._samples:
            self._samples[augmented] = self._augmented(request) if augmented else self._built(request)
        return self._samples[augmented]

    def lost(self, request: Request):
        """The clips that could be read and show no face: corpus, clip, subject, emotion and partition of each."""
        ledger = self.samples(request).ledger
        without = (ledger.rows == 0) & (ledger.problem == "")
        return ledger[without][["corpus", "clip", "subject", "emotion", "partition"]].reset_index(drop=True)

    def augmentation(self, request: Request) -> OfflineAugmentation:
        """The augmentation of section IV.B: fixed angles, and all of them mirrored."""
        stated, chosen = request.paper.hyperparameters, request.settings
        of_ckplus = self.name == CKPLUS
        return OfflineAugmentation(
            (Moves(),),
            angles=tuple(stated["rotations_ckplus" if of_ckplus else "rotations_savee_afew"]),
            mirrored=stated["horizontal_flip"],
            originals=of_ckplus or chosen["aug_factor"] == 10,
            fill=chosen["border_fill"],
        )

    def _built(self, request: Request) -> Samples:
        aligned_afew = self.name == AFEW and request.settings["afew_input"] == "aligned_faces"
        aligned = aligned_afew or self.instead == ckplus48.NAME
        settings = preprocessing.settings(request, self.name, aligned)
        title = f"Aligning {self.instead or self.name}"
        samples = prepared(request, self.clips, preprocessing.prepare, settings, title)
        need_classes(samples.table.emotion, self.classes, f"{self.name} has no clip with a face that shows")
        return samples

    def _augmented(self, request: Request) -> AugmentedSamples:
        samples = self.samples(request)
        return AugmentedSamples(samples, class_labels(samples.table.emotion, self.classes), self.augmentation(request))


@dataclass(frozen=True)
class Fer2013:
    """FER2013, on which the second branch is trained: samples of one image of 48×48."""

    samples: Samples
    origin: Provenance
    classes: tuple[Emotion, ...] = fer2013.CODES


def load(request: Request, names: tuple[str, ...]) -> tuple[dict[str, Corpus], Provenance]:
    """The corpora by name, and the provenance that they share; CK+48 stands for CK+ where only that is there.

    Raises:
        UserError: if a corpus is missing or only half there, if one of its classes has no clip, or if drawn and
            real corpora are mixed.
    """
    keys, shown = {name: KEYS[name] for name in names}, {name: classes(request, name) for name in names}
    labelled, origin = labelled_clips(request, keys, shown, {afew.KEY: {"form": request.settings["afew_input"]}})
    corpora = {}
    for name, found in labelled.items():
        both = tuple(finding.path for finding in found.index.findings if finding.kind == afew.IN_BOTH_PARTS)
        corpora[name] = Corpus(name, shown[name], found.clips, found.origin, both, found.instead)
    return corpora, origin


def load_fer2013(request: Request) -> Fer2013:
    """FER2013 from the user's data, or synthetic images where it is not among them.

    Raises:
        UserError: if it is broken, or one of the seven classes has no image.
    """
    there = request.data is not None and fer2013.locate(request.data) is not None
    folder = data_root(request if there else replace(request, data=None), [fer2013.KEY])
    _, samples = read_stills(fer2013, folder, request.cache)
    return Fer2013(samples, provenance(fer2013.locate(folder)))


def classes(request: Request, name: str) -> tuple[Emotion, ...]:
    """The emotions of a corpus, in the order of the network's outputs."""
    if name != CKPLUS:
        return savee.CLASSES if name == SAVEE else afew.CLASSES
    return (*SIX, Emotion.CONTEMPT) if request.settings["ckplus_seventh_class"] == "Contempt" else SIX
