"""Labelled grey images in memory: what the still-image data sets are read as."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from common.media.emotions import Emotion

VERSION = 1  # raise it whenever the same images would give another samples file

# What the annotators of FER+ could vote for, in the order of its columns (Barsoum et al. 2016).
BALLOT = (
    Emotion.NEUTRAL,
    Emotion.HAPPY,
    Emotion.SURPRISE,
    Emotion.SAD,
    Emotion.ANGRY,
    Emotion.DISGUST,
    Emotion.FEAR,
    Emotion.CONTEMPT,
    "Unknown",
    "Not a face",
)


@dataclass(frozen=True, eq=False)
class StillImages:
    """The n images of one data set, in the set's own order.

    Attributes:
        corpus: name of the data set as papers write it, e.g. "FER2013".
        pixels: (n, H, W) uint8, grey.
        emotions: (n,) str, values of `Emotion`.
        partitions: (n,) str, official part ("Training", "PublicTest", "PrivateTest"), "" where the set has none.
        subjects: (n,) str, unique within the corpus; each image its own where the set names nobody.
        clips: (n,) str, sequence that the image was taken from; the image itself where there is none.
        frames: (n,) int, 0-based number of the image within its clip.
        votes: (n, 10) uint8, how many annotators of FER+ voted for each entry of `BALLOT`; None without FER+.
    """

    corpus: str
    pixels: np.ndarray
    emotions: np.ndarray
    partitions: np.ndarray
    subjects: np.ndarray
    clips: np.ndarray
    frames: np.ndarray
    votes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, positions: Sequence[int] | np.ndarray) -> "StillImages":
        """The images at these positions (or where a mask is true), in this order."""
        columns = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "corpus"}
        return replace(self, **{name: c if c is None else c[positions] for name, c in columns.items()})

    def key(self) -> str:
        """Hexadecimal hash of everything that a samples file holds of these images."""
        digest = hashlib.blake2b(f"{VERSION} {self.corpus} {self.pixels.shape}".encode(), digest_size=12)
        digest.update(np.ascontiguousarray(self.pixels))
        for column in (self.emotions, self.partitions, self.subjects, self.clips, self.frames):
            digest.update("\n".join(map(str, column.tolist())).encode())
        return digest.hexdigest()
