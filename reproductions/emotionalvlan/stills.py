"""Views of the samples: FER2013 as videos that never move, single images of videos, and videos in a network's size.

A sample is a video of 30 images, 15 stills and the 15 flow images that belong to them (another number with the
setting `frames`). Nothing is stored here: each view makes its images when they are read.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Protocol

import cv2
import numpy as np

from common.samples.build import Samples
from reproductions.emotionalvlan import preprocessing
from reproductions.emotionalvlan.preprocessing import PAIRS, SHAPE, Settings

STREAMS = "spatial", "temporal"
# Images in a sample of 16 frames.
LENGTH = 2 * PAIRS


class Videos(Protocol):
    """What `Samples` of clips and `StillVideos` have in common; a sample has `length` images of `SHAPE`."""

    key: str
    length: int

    def __len__(self) -> int: ...

    def read(self, positions) -> np.ndarray: ...

    def read_frames(self, positions, numbers) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class StillVideos:
    """Single grey images as videos.

    Attributes:
        originals: the images, samples of length 1.
        positions: (n,) int, of those that are used.
        settings: what makes flow images.
        moved: each image is moved a little from frame to frame, which gives it a flow; else nothing moves.
    """

    originals: Samples
    positions: np.ndarray
    settings: Settings
    moved: bool = False

    @cached_property
    def key(self) -> str:
        later = self.settings.LATER
        told = {
            name: value for name, value in asdict(self.settings).items() if name not in later or later[name] != value
        }
        made = [self.originals.key, self.positions.tolist(), self.moved, told, self.settings.version]
        return hashlib.blake2b(json.dumps(made, default=str).encode(), digest_size=12).hexdigest()

    @property
    def length(self) -> int:
        return 2 * self.settings.pairs

    @property
    def each(self) -> int:
        """How many different stills a sample has, and flow images."""
        return self.settings.pairs if self.moved else 1

    def __len__(self) -> int:
        return len(self.positions)

    @cached_property
    def table(self):
        """As `Samples.table`; rows of images that are not used are left out."""
        table = self.originals.table.iloc[self.positions].reset_index(drop=True)
        return table.assign(sample=np.arange(len(table)))

    def read(self, positions) -> np.ndarray:
        """The videos at these positions of the table: (n, length, 150, 110, 3) uint8."""
        positions = np.asarray(positions, np.int64)
        return np.stack([self._video(position) for position in positions.tolist()])

    def read_frames(self, positions, numbers) -> np.ndarray:
        """Of each of these videos the image with this number: (n, 150, 110, 3) uint8."""
        pairs = zip(np.asarray(positions).tolist(), np.asarray(numbers).tolist(), strict=True)
        if self.moved:
            return np.stack([self._video(position)[number] for position, number in pairs])
        stills = self.settings.pairs
        return np.stack([self._face(p) if number < stills else self._no_flow for p, number in pairs])

    def _face(self, position: int) -> np.ndarray:
        (grey,) = self.originals.read([self.positions[position]])[0, :, :, :, 0]
        face = cv2.resize(grey, SHAPE[::-1], interpolation=cv2.INTER_LINEAR)
        return np.repeat(face[:, :, None], 3, axis=2)

    @cached_property
    def _no_flow(self) -> np.ndarray:
        return preprocessing.flow(np.zeros((2, *SHAPE, 3), np.uint8), self.settings)[0]

    def _video(self, position: int) -> np.ndarray:
        face = self._face(position)
        if not self.moved:
            pairs = self.settings.pairs
            return np.concatenate([np.repeat(one[None], pairs, axis=0) for one in (face, self._no_flow)])
        rng = np.random.default_rng([int(self.positions[position]), 0])
        steps = np.linspace(0, 1, self.settings.frames)[:, None] * _motion(rng)
        faces = np.stack([_warped(face, step) for step in steps])
        return preprocessing.video(faces, self.settings)


def _motion(rng: np.random.Generator) -> np.ndarray:
    """How far a still moves in all: pixels to the right and down, degrees, and part of its size."""
    return rng.uniform(-1, 1, 4) * (6, 6, 6, 0.06)


def _warped(face: np.ndarray, motion: np.ndarray) -> np.ndarray:
    right, down, degrees, growth = motion.tolist()
    height, width = face.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1 + growth)
    matrix[:, 2] += right, down
    return cv2.warpAffine(face, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


@dataclass(frozen=True, eq=False)
class SingleImages:
    """The stills, or the flow images, of videos as samples of their own, those of one video after those of another.

    Attributes:
        videos: where they come from.
        stream: "spatial" for the stills, "temporal" for the flow images.
        size: side of the square that the network takes.
    """

    videos: Videos
    stream: str
    size: int

    @property
    def key(self) -> str:
        return f"{self.videos.key}-{self.stream}-{self.size}"

    @property
    def each(self) -> int:
        """How many images of a video there are; equal ones count once."""
        return getattr(self.videos, "each", self.pairs)

    @property
    def pairs(self) -> int:
        """How many images of its stream a video has."""
        return self.videos.length // 2

    def __len__(self) -> int:
        return len(self.videos) * self.each

    @cached_property
    def table(self):
        """As `Samples.table`, with a row for each image."""
        table = self.videos.table
        return table.iloc[np.repeat(np.arange(len(table)), self.each)].assign(sample=np.arange(len(self)))

    def read(self, positions) -> np.ndarray:
        """The images at these positions: (n, 1, size, size, 3) uint8."""
        video, number = np.divmod(np.asarray(positions, np.int64), self.each)
        return resized(self.videos.read_frames(video, STREAMS.index(self.stream) * self.pairs + number), self.size)[
            :, None
        ]


@dataclass(frozen=True, eq=False)
class SizedVideos:
    """Whole videos in the size that a network takes, for trainings from end to end."""

    videos: Videos
    size: int

    @property
    def key(self) -> str:
        return f"{self.videos.key}-{self.size}"

    @property
    def table(self):
        return self.videos.table

    def __len__(self) -> int:
        return len(self.videos)

    def read(self, positions) -> np.ndarray:
        """(n, length, size, size, 3) uint8."""
        videos = self.videos.read(positions)
        return resized(videos.reshape(-1, *SHAPE, 3), self.size).reshape(*videos.shape[:2], self.size, self.size, 3)


def resized(images: np.ndarray, size: int) -> np.ndarray:
    """Images (n, H, W, 3) uint8 as squares (n, size, size, 3)."""
    how = cv2.INTER_AREA if size < min(SHAPE) else cv2.INTER_LINEAR
    return np.stack([cv2.resize(image, (size, size), interpolation=how) for image in images])
