"""The vocabulary between data sets and papers: a clip, what an index holds, what was odd on disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.media.emotions import Emotion
from common.support.errors import UserError
from common.support.names import shown

MARKER = "SYNTHETIC.json"

# Kinds of findings that every data set can have.
WITHOUT_LABEL = "clip without label"
WITHOUT_CLIP = "label without clip"

# Partitions that say how a face is seen: by one camera, which may lie on its side, or from two sides in one frame.
FRONTAL = "frontal"
DUAL = "dual"


@dataclass(frozen=True)
class Clip:
    """One labelled recording of one subject.

    Attributes:
        corpus: name of the data set as papers write it, e.g. "CK+".
        name: path relative to the set's root, with forward slashes; identifies the clip within its corpus.
        subject: identifier, unique within the corpus.
        emotion: label of the whole clip, or None where the set gives none.
        source: video file, or folder of numbered frames.
        partition: official part ("Train", "Val", ...) or view (`FRONTAL`, `DUAL`), or "" where the set has none.
        frames: names of the images in the folder `source` that are the clip's frames, in their order; of a video none.
    """

    corpus: str
    name: str
    subject: str
    emotion: Emotion | None
    source: Path
    partition: str = ""
    frames: tuple[str, ...] = ()

    def __post_init__(self):
        # Both are written into files of samples and predictions, which take no bytes that are no UTF-8.
        object.__setattr__(self, "name", shown(self.name))
        object.__setattr__(self, "subject", shown(self.subject))

    @property
    def person(self) -> str:
        """The subject with its corpus, unique over all corpora."""
        return f"{self.corpus}/{self.subject}"


@dataclass(frozen=True)
class Finding:
    """Something odd on disk that a loader reports instead of hiding: what kind, where, and how it was read."""

    kind: str
    path: str
    detail: str = ""

    def __post_init__(self):
        object.__setattr__(self, "path", shown(self.path))
        object.__setattr__(self, "detail", shown(self.detail))


@dataclass(frozen=True)
class Index:
    """All clips of one data set in a stable order, and what was odd about them.

    Attributes:
        corpus: name of the data set as papers write it.
        root: the set's own root, to which clip names and finding paths are relative.
        clips: what experiments use.
        findings: every irregularity met on the way.
        dropped: clips on disk that a setting leaves out; a summary counts them, experiments never see them.
        unit: what a clip of this set is called in a summary: "clips", or "images" where each is a single one.
    """

    corpus: str
    root: Path
    clips: tuple[Clip, ...]
    findings: tuple[Finding, ...] = ()
    dropped: tuple[Clip, ...] = ()
    unit: str = "clips"

    @property
    def labelled(self) -> tuple[Clip, ...]:
        return tuple(clip for clip in self.clips if clip.emotion is not None)


@dataclass(frozen=True)
class Expectation:
    """How many `what` a complete copy of the set has, and who says so."""

    what: str
    count: int
    source: str


# What images made from synthetic data say.
WATERMARK = "synthetic faces"


@dataclass(frozen=True)
class Provenance:
    """Whether data were drawn by this project or recorded from people; travels into every result."""

    synthetic: bool
    details: dict = field(default_factory=dict)

    @property
    def word(self) -> str:
        return "synthetic" if self.synthetic else "real"


def common_origin(folder: Path, origins: Mapping[str, Provenance]) -> Provenance:
    """The provenance that all data sets of one experiment share, by their names.

    Raises:
        UserError: if some are drawn and others recorded.
    """
    drawn = [name for name, origin in origins.items() if origin.synthetic]
    if 0 < len(drawn) < len(origins):
        raise UserError(
            f"{folder} mixes real corpora with synthetic ones ({', '.join(drawn)}).",
            "Keep the two in different folders.",
        )
    return next(iter(origins.values()))


def provenance(root: Path) -> Provenance:
    """Read the marker that synthetic corpora carry at their root, or at a folder above it."""
    for folder in (root, *root.resolve().parents):
        marker = folder / MARKER
        if marker.is_file():
            return Provenance(True, json.loads(marker.read_text(encoding="utf-8")))
    return Provenance(False)
