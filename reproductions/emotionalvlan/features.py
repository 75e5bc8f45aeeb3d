"""What the fine-tuned networks say of every image of a video: step 4 of the paper, kept on disk.

A network sees each image once; the layer and the classifier are then trained on its answers, which takes a small part
of the time that trainings through the network would take. A file of features is named after the weights that gave them
and the images that they describe.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from common.runs import store
from common.runs.identity import Identity
from common.support import files
from common.training.batches import Batches
from common.training.stream import made
from reproductions.emotionalvlan.stills import SingleImages, Videos

AT_ONCE = 64  # images


@dataclass(frozen=True)
class Described:
    """The images of one stream as a trained network describes them.

    Attributes:
        images: all of them, whoever was trained on.
        layer: "fc6" or "fc7", whose answers are kept.
        trained: the network's run.
        root: where runs lie.
        folder: where features are kept.
    """

    images: SingleImages
    layer: str
    trained: Identity
    root: Path
    folder: Path

    @property
    def path(self) -> Path:
        """Where the features are, or will be; the run must be finished."""
        weights = files.fingerprint(self.trained.folder(self.root) / "model.keras")
        text = f"{self.images.key} {self.layer} {weights}"
        return self.folder / f"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}.npy"

    def store(self, extractor: Callable) -> None:
        """Compute the features (images, D) float32 where they are not there yet.

        Args:
            extractor: `extractor(run, layer)` gives the Keras model that describes images as that layer does.

        Raises:
            StorageError: if the disk is full or the folder cannot be written to.
        """
        path = self.path
        with files.lock(self.folder / "locks" / path.stem):
            if files.sealed(path):
                return
            model = extractor(store.finished(self.trained, self.root), self.layer)
            rows, nothing = np.arange(len(self.images)), np.zeros(len(self.images), int)
            scaling = self.trained.recipe["pixel_scaling"]
            batches = Batches(self.images, nothing, 1, rows, "last", AT_ONCE, pixel_scaling=scaling)
            with files.atomic(path) as temporary:
                shape = (len(rows), model.output_shape[-1])
                stored = np.lib.format.open_memmap(temporary, "w+", np.float32, shape)
                for number, (images, *_) in enumerate(made(batches, range(batches.per_pass))):
                    first = number * AT_ONCE
                    described = model.predict_on_batch(images)
                    stored[first : first + AT_ONCE] = described[: len(rows) - first]
                stored.flush()
            files.seal(path)


@dataclass(frozen=True, eq=False)
class Features:
    """Videos as vectors instead of images: what trains and tests takes them for `Samples`.

    Attributes:
        videos: what is described.
        streams: the stills and the flow images, each described by the network of its stream.
    """

    videos: Videos
    streams: Sequence[Described]

    @cached_property
    def key(self) -> str:
        streams = [(stream.images.key, stream.layer, stream.trained.key) for stream in self.streams]
        return key_of(self.videos.key, streams)

    @property
    def table(self):
        return self.videos.table

    def __len__(self) -> int:
        return len(self.videos)

    def read(self, positions) -> np.ndarray:
        """(n, 30, D) float32: the 15 stills, then as many flow images, of the videos at these positions."""
        positions = np.asarray(positions, np.int64)
        return np.concatenate([_rows(stream, positions) for stream in self.streams], axis=1)


def key_of(videos: str, streams: Iterable[tuple[str, str, str]]) -> str:
    """The key of the features of some videos.

    Args:
        videos: their key.
        streams: of each stream the key of its images, the layer, and the key of the run that describes them.
    """
    text = " ".join([videos, *(" ".join(stream) for stream in streams)])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _rows(stream: Described, positions: np.ndarray) -> np.ndarray:
    stored = _mapped(stream)
    rows = stored.reshape(-1, stream.images.each, stored.shape[-1])[positions]
    return np.repeat(rows, stream.images.pairs // stream.images.each, axis=1)


@lru_cache(maxsize=4)
def _mapped(stream: Described) -> np.ndarray:
    return np.load(stream.path, mmap_mode="r")
