"""How good a network is and how far its confidence can be trusted: figures from probabilities and labels alone."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from common.runs.intervals import clustered, wilson

BINS = 15  # of confidence, equally wide


class Figures(BaseModel):
    """A part of model.json: every entry is there, and no other."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rate(Figures):
    """So many answers of so many are right, with the 95 % interval of their share."""

    right: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.right / self.of

    def __str__(self) -> str:
        return f"{self.share:.1%} ({self.low:.1%} to {self.high:.1%}; {self.right:,} of {self.of:,})"


class Tested(Figures):
    """Answers on one set of images.

    Attributes:
        on: the images and whose word counts, in words.
        total: over all images; the interval is Wilson's, or one over subjects where an image is not on its own.
        emotions: share recognised by true emotion, of those that were shown.
        confusion: counts, rows the true emotions in the order of the classes, columns the answers.
    """

    on: str
    total: Rate
    emotions: dict[str, Rate]
    confusion: list[list[int]]

    @property
    def mean_recall(self) -> float:
        return float(np.mean([rate.share for rate in self.emotions.values()]))


class Threshold(Figures):
    """What follows from saying "unsure" below a confidence.

    Attributes:
        below: the confidence.
        named: share of the images that get an emotion.
        right: of those; None where no answer is as sure as that.
    """

    below: float
    named: float
    right: Rate | None


def rate(right: np.ndarray, subjects: np.ndarray | None = None) -> Rate:
    """The share that is right, of (n,) bool.

    Args:
        subjects: (n,) str, who is in each image, where several show the same person.
    """
    if subjects is None:
        return counted(int(right.sum()), len(right))
    low, high = clustered(right, subjects)
    return Rate(right=int(right.sum()), of=len(right), low=low, high=high)


def counted(right: int, of: int) -> Rate:
    """The share of images that are each on their own."""
    low, high = wilson(right, of)
    return Rate(right=right, of=of, low=low, high=high)


def tested(
    on: str, truth: np.ndarray, probabilities: np.ndarray, classes: Sequence[str], subjects: np.ndarray | None = None
) -> Tested:
    """The figures of one set of images.

    Args:
        truth: (n,) int, positions in `classes`.
        probabilities: (n, classes) float32.
        subjects: as `rate` takes them.
    """
    said = probabilities.argmax(axis=1)
    confusion = np.zeros((len(classes), len(classes)), int)
    np.add.at(confusion, (truth, said), 1)
    emotions = {
        str(name): rate((said == truth)[mine], None if subjects is None else subjects[mine])
        for number, name in enumerate(classes)
        if (mine := truth == number).any()
    }
    return Tested(on=on, total=rate(said == truth, subjects), emotions=emotions, confusion=confusion.tolist())


def cooled(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities (n, classes) of a network whose logits are divided by a temperature; no answer changes."""
    powers = np.log(np.maximum(probabilities.astype(float), 1e-30)) / temperature
    powers = np.exp(powers - powers.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature under which the labels are likeliest (Guo et al. 2017).

    Args:
        probabilities: (n, classes), at temperature 1.
        truth: (n,) int, the class of each.
    """
    from scipy.optimize import minimize_scalar

    def loss(logarithm: float) -> float:
        of_label = cooled(probabilities, np.exp(logarithm))[np.arange(len(truth)), truth]
        return -float(np.log(np.maximum(of_label, 1e-30)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.1), np.log(10)), method="bounded").x))


def calibration_error(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The expected calibration error: how far confidence and share of right answers differ, over `BINS` bins."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    differences = np.zeros(BINS)
    np.add.at(differences, bins, confidence - right)
    return float(np.abs(differences).sum() / len(truth))


def least_confidence(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The confidence, in hundredths, from which on right answers outnumber wrong ones by most.

    An answer below it is more likely wrong than right: to name it would cost more than it gains, if a wrong answer
    costs what a right one gains.

    >>> least_confidence(np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]]), np.array([0, 0, 1]))
    0.61
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    candidates = np.arange(100) / 100
    gains = [int(np.where(right, 1, -1)[confidence >= below].sum()) for below in candidates]
    return float(candidates[int(np.argmax(gains))])


def threshold(below: float, probabilities: np.ndarray, truth: np.ndarray) -> Threshold:
    """What comes of a threshold on other images than those that it was chosen by."""
    sure = probabilities.max(axis=1) >= below
    right = (probabilities.argmax(axis=1) == truth)[sure]
    return Threshold(below=below, named=float(sure.mean()), right=rate(right) if len(right) else None)
