"""Batches of samples for any Keras backend: which samples, in which order, laid out how.

A batch is a function of the seed and its number alone. So a run can be continued at any batch, and tf.data and
the plain generator for other backends give the same numbers to the last bit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from common.augmentation import Augmentation, warp
from common.errors import UserError, unknown

if TYPE_CHECKING:
    from common.samples import Samples

Layout = Literal["last", "channels", "volume", "sequence"]
PixelScaling = Literal["unit", "none"]

# Independent random streams of one seed.
ORDER, MOVEMENT = 0, 1


def class_labels(names: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """The position (n,) int64 of each name among the classes.

    Raises:
        UserError: if a name is none of the classes.
    """
    position = {str(name): number for number, name in enumerate(classes)}
    foreign = sorted({str(name) for name in names} - set(position))
    if foreign:
        raise UserError(
            f"The samples have labels that are no class here: {', '.join(foreign)}.",
            "Leave their clips out before samples are made.",
        )
    return np.array([position[str(name)] for name in names], np.int64)


@dataclass(frozen=True)
class Batches:
    """One side of a fold as numbered batches, without end.

    Attributes:
        samples: where the pictures are read from, one batch at a time.
        labels: (all samples,) int, position of each sample's class.
        classes: how many classes there are.
        rows: positions of this side's samples.
        layout: "last" (H, W, C) the last frame; "channels" (H, W, T·C) frames one after the other; "volume"
            (H, W, T, C); "sequence" (T, H, W, C).
        batch_size: samples in a batch. All batches are full, a pass runs on into the next one: so every device
            gets its share, nothing is compiled twice, and no gradient hangs on a few left-over samples.
        seed: seed of order and augmentation; None keeps the order of `rows`, which evaluation needs.
        augmentation: how training samples are moved, or None.
        pixel_scaling: "unit" divides pixels by 255, "none" leaves them 0 to 255.
    """

    samples: "Samples"
    labels: np.ndarray
    classes: int
    rows: np.ndarray
    layout: Layout
    batch_size: int
    seed: int | None = None
    augmentation: Augmentation | None = None
    pixel_scaling: PixelScaling = "unit"

    @property
    def per_pass(self) -> int:
        """Batches after which every sample has come."""
        return -(-len(self.rows) // self.batch_size)

    def positions(self, number: int) -> np.ndarray:
        """Positions of the samples in batch `number`; each pass over the side has an order of its own."""
        places = np.arange(number * self.batch_size, (number + 1) * self.batch_size)
        passes, places = np.divmod(places, len(self.rows))
        if self.seed is not None:
            for one in np.unique(passes):
                places[passes == one] = _order(len(self.rows), self.seed, int(one))[places[passes == one]]
        return self.rows[places]

    def plain(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch `number` before augmentation: pictures float32 as laid out, one-hot labels float32."""
        return self._batch(number, None)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch `number` as the network sees it."""
        return self._batch(number, self.augmentation)

    def _batch(self, number: int, augmentation: Augmentation | None) -> tuple[np.ndarray, np.ndarray]:
        positions = self.positions(number)
        frames = self.samples.read(positions)
        if self.layout == "last":
            frames = frames[:, -1:]
        count, length, height, width, channels = frames.shape
        # Frames become channels, so that one transform moves them all.
        pictures = frames.transpose(0, 2, 3, 1, 4).reshape(count, height, width, length * channels)
        pictures = pictures.astype(np.float32)
        if self.pixel_scaling == "unit":
            pictures /= 255
        if augmentation is not None:
            rng = np.random.default_rng([self.seed or 0, MOVEMENT, number])
            pictures = warp(pictures, augmentation.draw(count, height, width, rng))
        pictures = _lay_out(pictures, self.layout, length)
        return pictures, np.eye(self.classes, dtype=np.float32)[self.labels[positions]]

    def stream(self, start: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Batches from number `start` on, without end."""
        while True:
            yield self[start]
            start += 1


@lru_cache(maxsize=2)
def _order(count: int, seed: int, number: int) -> np.ndarray:
    return np.random.default_rng([seed, ORDER, number]).permutation(count)


def _lay_out(pictures: np.ndarray, layout: Layout, length: int) -> np.ndarray:
    count, height, width, channels = pictures.shape
    if layout in ("last", "channels"):
        return pictures
    volume = pictures.reshape(count, height, width, length, channels // length)
    if layout == "volume":
        return volume
    if layout == "sequence":
        return np.ascontiguousarray(volume.transpose(0, 3, 1, 2, 4))
    raise unknown("layout", layout, ("last", "channels", "volume", "sequence"))


def feed(batches: Batches, start: int = 0):
    """The batches as Keras takes them, from number `start` on: tf.data on TensorFlow, else a generator."""
    import keras

    if keras.config.backend() == "tensorflow":
        from common.tf.pipeline import dataset

        return dataset(batches, start)
    return batches.stream(start)
