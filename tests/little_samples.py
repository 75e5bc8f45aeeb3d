"""Samples in memory with the interface of `common.samples.build.Samples`, and a network small enough for seconds."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

CLASSES = ("Angry", "Happy", "Sad")


@dataclass
class LittleSamples:
    """Noise with a bright bar whose place tells the emotion; in every second clip it moves."""

    count: int = 60
    length: int = 5
    size: int = 12
    channels: int = 1

    @property
    def key(self) -> str:
        return f"little-{self.count}-{self.length}-{self.size}-{self.channels}"

    def __len__(self) -> int:
        return self.count

    @cached_property
    def table(self) -> pd.DataFrame:
        number = np.arange(self.count)
        return pd.DataFrame(
            {
                "sample": number,
                "corpus": "Little",
                "clip": [f"clip{n // 3}" for n in number],
                "subject": [f"Little/s{n // 6}" for n in number],
                "emotion": [CLASSES[n % 3] for n in number],
                "partition": "",
                "first_row": number * self.length,
                "first_frame": number,
                "last_frame": number + self.length - 1,
            }
        )

    def read(self, rows) -> np.ndarray:
        return np.stack([self._one(int(row)) for row in rows])

    def _one(self, row: int) -> np.ndarray:
        shape = (self.length, self.size, self.size, self.channels)
        frames = np.random.default_rng(row).integers(0, 120, shape, np.uint8)
        for step, frame in enumerate(frames):
            top = (row % 3) * 4 + (step + row) % 2
            frame[top : top + 2] = 250
        return frames


@dataclass(frozen=True)
class LittleNetwork:
    """Has batch normalisation and dropout, so that its training has every kind of state."""

    key: str = "little"
    layout: str = "channels"

    def build(self, classes: int, *, width: int = 4):
        from keras import Sequential, layers

        return Sequential(
            [
                layers.Input((12, 12, 5)),
                layers.Conv2D(width, 3, strides=2),
                layers.BatchNormalization(momentum=0.8),
                layers.Activation("relu"),
                layers.Dropout(0.2),
                layers.Flatten(),
                layers.Dense(classes, activation="softmax", dtype="float32"),
            ]
        )
