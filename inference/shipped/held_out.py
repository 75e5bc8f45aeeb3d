"""What the network that ships is tested on: images that neither its weights nor its calibration have seen."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common.media.images import StillImages
from common.samples import duplicate_search
from common.samples.duplicate_search import Images
from common.training.spec import Training
from datasets import ckplus48, ferplus
from datasets.labelled import compared
from inference.formats import Predictor
from inference.shipped import measured
from inference.shipped.measured import Tested
from inference.shipped.use import inputs


@dataclass(frozen=True)
class HeldOut:
    """Images and what they show.

    Attributes:
        on: the images and whose word counts, in words.
        inputs: (n, 48, 48, 1) float32, pixels divided by 255.
        truth: (n,) int, positions in the classes of the network.
        subjects: (n,) str, who is shown, where several images show the same person.
    """

    on: str
    inputs: np.ndarray
    truth: np.ndarray
    subjects: np.ndarray | None = None

    def answered(self, network: Predictor, classes: tuple[str, ...]) -> Tested:
        """The figures of a network."""
        return measured.tested(self.on, self.truth, network(self.inputs), classes, self.subjects)


def of(job: Training, images: StillImages, data: Path, cache: Path) -> list[HeldOut]:
    """The labels of PrivateTest, the majority of FER+ on it, CK+48 where it lies in the folder too, and the labels of
    PrivateTest once more, without copies of training images.

    Args:
        job: the training, whose fold tests on PrivateTest.
        images: FER2013 with the votes of FER+.
        data, cache: where CK+48 may lie, and where its images are kept.
    """
    windows = inputs(job.samples.read(job.fold.test))
    votes = positions_of_majority(job, images, job.fold.test)
    known = votes >= 0
    sets = [
        HeldOut("PrivateTest of FER2013, its labels", windows, job.labels[job.fold.test]),
        HeldOut(
            f"PrivateTest of FER2013, the majority of FER+ ({int((~known).sum()):,} images without one of the seven "
            "left out)",
            windows[known],
            votes[known],
        ),
    ]
    if ckplus48.locate(data):
        sets.append(_ckplus(ckplus48.read(data, cache / "images"), job.classes))
    sets.append(_without_copies(job, sets[0]))
    return sets


def _without_copies(job: Training, private: HeldOut) -> HeldOut:
    """PrivateTest without the images that Training has too, the same or changed, as `make audit-split` finds them."""
    train, test = (_searchable(job.samples.read(rows)) for rows in (job.fold.train, job.fold.test))
    alone = np.setdiff1d(np.arange(len(test)), duplicate_search.find(train, test).test)
    without = f"without the {len(test) - len(alone):,} images that have a copy in Training"
    return HeldOut(f"{private.on}, {without}", private.inputs[alone], private.truth[alone])


def _searchable(windows: np.ndarray) -> Images:
    """Windows (n, 1, 48, 48, 1) uint8 as `duplicate_search` takes them."""
    thumbnails, hashes = zip(*(compared(image) for image in windows[:, 0, :, :, 0]), strict=True)
    return Images(np.stack(thumbnails), np.array(hashes, np.uint64))


def positions_of_majority(job: Training, images: StillImages, rows: np.ndarray) -> np.ndarray:
    """What most annotators of FER+ said of some images: (n,) int, -1 where they gave none of the seven emotions."""
    names = ferplus.majority(images.votes[rows])
    return np.array([job.classes.index(name) if name in job.classes else -1 for name in names])


def _ckplus(images: StillImages, classes: tuple[str, ...]) -> HeldOut:
    """The six emotions that CK+ shares with the network, on faces that it was never trained on."""
    images = images.take(np.isin(images.emotions, classes))
    return HeldOut(
        "CK+48, its six common emotions (three images a sequence; the interval is one over subjects)",
        inputs(images.pixels[:, None, :, :, None]),
        np.array([classes.index(name) for name in images.emotions]),
        images.subjects,
    )
