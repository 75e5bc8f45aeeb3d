"""RML, BAUM-1s, MMI and FER2013 as the paper uses them: one sample of 15 stills and 15 flow images a clip."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field

import numpy as np

import datasets
from common.media.clips import Clip, Index, Provenance, common_origin, provenance
from common.media.emotions import Emotion
from common.results.config import Request
from common.samples.build import Samples
from datasets import baum1, fer2013, mmi, rml
from reproductions.data_root import data_root, need_classes
from reproductions.emotionalvlan import preprocessing
from reproductions.emotionalvlan.stills import StillVideos, Videos
from reproductions.prepared import prepared, read_stills

RML, BAUM1S, MMI, FER2013 = rml.NAME, "BAUM-1s", mmi.NAME, fer2013.NAME
# In the order of the columns of Table 1; the keys are those of the data sets.
KEYS = {RML: rml.KEY, BAUM1S: baum1.KEY, FER2013: fer2013.KEY, MMI: mmi.KEY}

# In the order of the printed matrices.
PRINTED = (Emotion.ANGRY, Emotion.HAPPY, Emotion.SAD, Emotion.SURPRISE, Emotion.NEUTRAL, Emotion.DISGUST)
BASIC = (Emotion.ANGRY, Emotion.HAPPY, Emotion.SAD, Emotion.SURPRISE, Emotion.FEAR, Emotion.DISGUST)
# What section 4.1 lists for each set. RML and MMI have the six basic emotions there, the others more.
LISTED = {
    RML: BASIC,
    BAUM1S: (
        *(Emotion.HAPPY, Emotion.ANGRY, Emotion.SAD, Emotion.DISGUST, Emotion.FEAR, Emotion.SURPRISE),
        *(Emotion.BOREDOM, Emotion.CONTEMPT),
    ),
    FER2013: (
        *(Emotion.ANGRY, Emotion.DISGUST, Emotion.FEAR, Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD),
        Emotion.SURPRISE,
    ),
    MMI: BASIC,
}
# The emotions that each set labels, of those that the paper names anywhere.
LABELLED = {
    RML: frozenset(rml.CODES.values()),
    BAUM1S: frozenset(baum1.CODES["1s"].values()),
    FER2013: frozenset(fer2013.CODES),
    MMI: frozenset(mmi.CLASSES),
}
# The sets with all of the printed classes; the others know no neutral clips.
WITH_NEUTRAL = tuple(name for name in KEYS if LABELLED[name].issuperset(PRINTED))


@dataclass
class Corpus:
    """The labelled clips of one data set, or the images of FER2013.

    Attributes:
        name: as the paper's tables call it.
        classes: emotions in the order of the networks' outputs.
        origin: whether they are synthetic or real.
        clips: those that show one of the classes; none of FER2013.
        images: the images of FER2013.
        left_out: how many clips, or images, show another emotion or none.
        whole: how many clips (or images) and subjects the set has on this disk, whatever they show.
    """

    name: str
    classes: tuple[Emotion, ...]
    origin: Provenance
    clips: list[Clip] = field(default_factory=list)
    images: Samples | None = None
    left_out: int = 0
    whole: dict[str, int] = field(default_factory=dict)
    _videos: Videos | None = None

    def videos(self, request: Request) -> Videos:
        """Its samples, of clips from the cache or computed on all cores.

        Raises:
            UserError: if clips cannot be read, or no clip of a class shows a face.
        """
        if self._videos is None:
            self._videos = self._still(request) if self.images else self._built(request)
        return self._videos

    def renewed(self) -> "Corpus":
        """The same clips without their samples, for a request with other settings."""
        other = copy(self)
        other._videos = None
        return other

    def _built(self, request: Request) -> Samples:
        settings, title = preprocessing.settings(request), f"Faces and flow of {self.name}"
        samples = prepared(request, self.clips, preprocessing.prepare, settings, title)
        need_classes(samples.table.emotion, self.classes, f"{self.name} has no clip with a face that shows")
        return samples

    def _still(self, request: Request) -> StillVideos:
        shown = np.flatnonzero(self.images.table.emotion.isin(list(map(str, self.classes))))
        chosen = spread(len(shown), request.sizes.get("fer2013_pictures"))
        moved = request.settings["fer2013_video"] == "affine_warps"
        return StillVideos(self.images, shown[chosen], preprocessing.settings(request), moved)


def spread(total: int, most: int | None) -> np.ndarray:
    """At most so many of `total` positions, at equal steps; all of them for None."""
    if most is None or most >= total:
        return np.arange(total)
    return np.arange(most) * total // most


def load(request: Request, names: Sequence[str]) -> tuple[dict[str, Corpus], Provenance]:
    """The corpora by name, in this order, and the provenance that they share.

    Raises:
        UserError: if a corpus is missing or only half there, if one of its classes has no clip, or if drawn and
            real corpora are mixed.
    """
    keys = [KEYS[name] for name in names]
    folder = data_root(request, keys)
    places = datasets.locate_all(folder, keys)
    corpora = {name: _corpus(request, name, places[KEYS[name]]) for name in names}
    return corpora, common_origin(folder, {name: one.origin for name, one in corpora.items()})


def classes(request: Request, name: str) -> tuple[Emotion, ...]:
    """The emotions that a corpus is divided into; the printed matrices have Neutral and no Fear, whatever the set.

    RML and MMI know no neutral clips: by default they get the six basic emotions, which section 4.1 lists for them.
    """
    wanted = request.settings["classes"]
    if wanted == "section_4_1":
        return LISTED[name]
    if wanted == "basic" or (wanted == "printed_or_basic" and name not in WITH_NEUTRAL):
        return BASIC
    return tuple(one for one in PRINTED if one != Emotion.NEUTRAL or name in WITH_NEUTRAL)


def _corpus(request: Request, name: str, place) -> Corpus:
    chosen = classes(request, name)
    if name == FER2013:
        read, samples = read_stills(fer2013, place, request.cache)
        left_out = int((~np.isin(read.emotions, list(map(str, chosen)))).sum())
        whole = {"images": len(read)}
        return Corpus(name, chosen, provenance(place), images=samples, left_out=left_out, whole=whole)
    index = _index(request, name, place)
    clips = [clip for clip in index.clips if clip.emotion in chosen]
    need_classes([clip.emotion for clip in clips], chosen, f"No clip of {name} in {index.root} shows")
    whole = {"clips": len(index.clips), "subjects": len({clip.subject for clip in index.clips})}
    return Corpus(name, chosen, provenance(index.root), clips, left_out=len(index.clips) - len(clips), whole=whole)


def _index(request: Request, name: str, place) -> Index:
    if name == BAUM1S:
        return baum1.index(place, parts=("1s",), label_conflict=request.settings["baum1_label_conflict"])
    return (rml if name == RML else mmi).index(place)
