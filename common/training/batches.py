"""Batches of samples for any Keras backend: which samples, in which order, laid out how.

A batch is a function of the seed and its number alone. So a run can be continued at any batch, and tf.data and
the plain generator for other backends give the same numbers to the last bit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from common.media import clahe
from common.samples.augmentation import Augmentation, warp
from common.samples.offline_augmentation import OfflineAugmentation
from common.support.errors import UserError, unknown

if TYPE_CHECKING:
    from common.samples.build import Samples

Layout = Literal["last", "channels", "volume", "sequence", "vectors"]
PixelScaling = Literal["unit", "symmetric", "none"]
# Images float32 as laid out, one-hot labels float32 and, where classes are weighted, a float32 weight a sample.
Batch = tuple[np.ndarray, ...]

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
        samples: where the images are read from, one batch at a time.
        labels: (all samples,) int, position of each sample's class.
        classes: how many classes there are.
        rows: positions of this side's samples.
        layout: "last" (H, W, C) the last frame; "channels" (H, W, T·C) frames one after the other; "volume"
            (H, W, T, C); "sequence" (T, H, W, C); "vectors" (T, D) of samples that are features instead of images and
            enter as they are.
        batch_size: samples in a batch. All batches are full, a pass runs on into the next one (or drops its rest): so
            every device gets its share, nothing is compiled twice, and no gradient hangs on a few left-over samples.
        seed: seed of order and augmentation; None keeps the order of `rows`, which evaluation needs.
        augmentation: how training samples are moved, which augmented ones a pass has besides, or None.
        pixel_scaling: "unit" divides pixels by 255, "symmetric" takes them on to -1 to 1, "none" leaves them 0 to 255.
        class_weights: samples have a weight, N / (classes · n) where n of N samples are of their class.
        weights_of: what n and N count: "copies", all samples of a pass; "originals", those before offline augmentation.
        rest: "runs_on", or "dropped" where a pass ends with its last full batch; of the next pass others are dropped.
        equalise: the channel for CLAHE of all images after offline augmentation, or "none".
        targets: (all samples, classes) float32, given in place of one-hot labels; None for these.
    """

    samples: "Samples"
    labels: np.ndarray
    classes: int
    rows: np.ndarray
    layout: Layout
    batch_size: int
    seed: int | None = None
    augmentation: Augmentation | OfflineAugmentation | None = None
    pixel_scaling: PixelScaling = "unit"
    class_weights: bool = False
    weights_of: Literal["copies", "originals"] = "copies"
    rest: Literal["runs_on", "dropped"] = "runs_on"
    equalise: Literal["none"] | clahe.Channel = "none"
    targets: np.ndarray | None = None

    @property
    def per_pass(self) -> int:
        """Batches after which every sample has come, or all that fill a batch.

        Raises:
            UserError: if the rest is dropped and no batch is left.
        """
        count = len(self._members[0])
        if self.rest == "dropped" and count < self.batch_size:
            raise UserError(
                f"{count} training samples fill no batch of {self.batch_size}, and the rest is to be dropped.",
                "Use more data, or let batches run on.",
            )
        return count // self.batch_size if self.rest == "dropped" else -(-count // self.batch_size)

    @cached_property
    def _members(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the originals of one pass, and which of its augmented samples each is."""
        if isinstance(self.augmentation, OfflineAugmentation):
            return self.augmentation.enlarged(self.rows, self.labels)
        return self.rows, np.zeros(len(self.rows), int)

    @cached_property
    def _weights(self) -> np.ndarray:
        """What a sample of each class counts, (classes,) float32."""
        counted = self.rows if self.weights_of == "originals" else self._members[0]
        counts = np.bincount(self.labels[counted], minlength=self.classes)
        return (counts.sum() / (self.classes * np.maximum(counts, 1))).astype(np.float32)

    def positions(self, number: int) -> np.ndarray:
        """Positions of the samples in batch `number`; each pass over the side has an order of its own."""
        return self._members[0][self._places(number)]

    def _places(self, number: int) -> np.ndarray:
        count = len(self._members[0])
        places = np.arange(number * self.batch_size, (number + 1) * self.batch_size)
        passes, places = np.divmod(places, self.per_pass * self.batch_size if self.rest == "dropped" else count)
        if self.seed is not None:
            for one in np.unique(passes):
                places[passes == one] = _order(count, self.seed, int(one))[places[passes == one]]
        return places

    def plain(self, number: int) -> Batch:
        """Batch `number` before augmentation; in place of an augmented sample, its original."""
        return self._batch(number, None)

    def __getitem__(self, number: int) -> Batch:
        """Batch `number` as the network sees it."""
        return self._batch(number, self.augmentation)

    def _batch(self, number: int, augmentation: Augmentation | OfflineAugmentation | None) -> Batch:
        positions = self.positions(number)
        frames = self.samples.read(positions)
        inputs = frames if self.layout == "vectors" else self._images(frames, positions, number, augmentation)
        labels = self.labels[positions]
        one_hot = np.eye(self.classes, dtype=np.float32)
        batch = inputs, one_hot[labels] if self.targets is None else self.targets[positions]
        return (*batch, self._weights[labels]) if self.class_weights else batch

    def _images(self, frames: np.ndarray, positions: np.ndarray, number: int, augmentation) -> np.ndarray:
        """Frames (n, T, H, W, C) uint8 as a network takes them, augmented."""
        if isinstance(augmentation, OfflineAugmentation):
            numbers = self._members[1][self._places(number)]
            frames = augmentation.augmented(frames, positions, numbers, self.labels, self.seed or 0)
        if self.equalise != "none":
            frames = clahe.equalised(frames, self.equalise)
        moves = None
        if isinstance(augmentation, Augmentation):
            rng = np.random.default_rng([self.seed or 0, MOVEMENT, number])
            moves = augmentation.draw(len(frames), *frames.shape[2:4], rng)
        return inputs(frames, self.layout, self.pixel_scaling, moves)

    def stream(self, start: int = 0) -> Iterator[Batch]:
        """Batches from number `start` on, without end."""
        while True:
            yield self[start]
            start += 1


@lru_cache(maxsize=2)
def _order(count: int, seed: int, number: int) -> np.ndarray:
    return np.random.default_rng([seed, ORDER, number]).permutation(count)


def inputs(
    frames: np.ndarray, layout: Layout, pixel_scaling: PixelScaling, moves: np.ndarray | None = None
) -> np.ndarray:
    """Frames (n, T, H, W, C) uint8 as a network takes them, float32.

    Args:
        layout, pixel_scaling: as in `Batches`.
        moves: how each sample is moved (`Augmentation.draw`), or None.
    """
    if layout == "last":
        frames = frames[:, -1:]
    count, length, height, width, channels = frames.shape
    # Where nothing moves, a sequence is laid out as it was stored.
    stored = layout == "sequence" and moves is None
    # Else frames become channels, so that one transform moves them all.
    depth = length * channels
    images = _aligned(frames.shape if stored else (count, height, width, depth))
    if moves is not None and depth > 1:
        from common.samples import window_warp

        values = np.arange(256, dtype=np.float32)
        values /= 1 if pixel_scaling == "none" else 255
        window_warp.warp(np.ascontiguousarray(frames), moves, values, images)
    else:
        np.copyto(images, frames if stored else frames.transpose(0, 2, 3, 1, 4).reshape(images.shape))
        if pixel_scaling != "none":
            images /= 255
        images = images if moves is None else warp(images, moves)
    if pixel_scaling == "symmetric":
        images *= 2
        images -= 1
    return images if stored else _lay_out(images, layout, length)


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """An empty float32 array that begins at a multiple of 64 bytes: TensorFlow takes it without copying it."""
    size = 4 * int(np.prod(shape))
    memory = np.empty(size + 64, np.uint8)
    begin = -memory.ctypes.data % 64
    return memory[begin : begin + size].view(np.float32).reshape(shape)


def _lay_out(images: np.ndarray, layout: Layout, length: int) -> np.ndarray:
    count, height, width, channels = images.shape
    if layout in ("last", "channels"):
        return images
    volume = images.reshape(count, height, width, length, channels // length)
    if layout == "volume":
        return volume
    if layout == "sequence":
        return np.ascontiguousarray(volume.transpose(0, 3, 1, 2, 4))
    raise unknown("layout", layout, ("last", "channels", "volume", "sequence"))
