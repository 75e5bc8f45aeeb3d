"""The classification report of Fig 4.4, and how far another one is from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.paper.load import Claim, Paper

CELLS = ("precision", "recall")


@dataclass(frozen=True)
class Report:
    """What scikit-learn's classification_report prints, from counts (classes, classes): rows true, columns predicted.

    A class that is never predicted has the precision 0, as there. Counts (..., classes, classes) of several results
    give as many numbers (...) at once.
    """

    confusion: np.ndarray

    @property
    def precision(self) -> np.ndarray:
        return _share(self._right, self.confusion.sum(axis=-2))

    @property
    def recall(self) -> np.ndarray:
        return _share(self._right, self.support)

    @property
    def f1(self) -> np.ndarray:
        return _share(2 * self._right, self.support + self.confusion.sum(axis=-2))

    @property
    def support(self) -> np.ndarray:
        return self.confusion.sum(axis=-1)

    @property
    def accuracy(self) -> np.ndarray:
        return self._right.sum(axis=-1) / self.confusion.sum(axis=(-2, -1))

    def macro(self, metric: str) -> np.ndarray:
        """Mean of precision, recall or f1 over the classes."""
        return getattr(self, metric).mean(axis=-1)

    def weighted(self, metric: str) -> np.ndarray:
        """Mean over the classes, weighted with their support."""
        return np.average(getattr(self, metric), weights=self.support, axis=-1)

    @property
    def _right(self) -> np.ndarray:
        return np.diagonal(self.confusion, axis1=-2, axis2=-1)


@dataclass(frozen=True)
class Distance:
    """How far a report is from the printed one.

    Attributes:
        differing: cells among precision and recall of all classes that print differently at two decimals.
        mean: mean absolute difference of those cells.
        accuracy: measured minus printed accuracy.
    """

    differing: int
    mean: float
    accuracy: float


def cells(paper: Paper, classes: Sequence[str]) -> dict[tuple[str, str], Claim]:
    """The claims of the printed precision and recall, by (metric, class)."""
    of = {(claim.metric, claim.emotion): claim for claim in paper.select("fig4_4-class*")}
    return {(metric, name): of[metric, name] for metric in CELLS for name in classes}


def distance(report: Report, paper: Paper, classes: Sequence[str]) -> Distance:
    """Compare a report, whose classes stand in this order, with Fig 4.4."""
    ours = {metric: dict(zip(classes, getattr(report, metric), strict=True)) for metric in CELLS}
    pairs = [(ours[metric][name], claim) for (metric, name), claim in cells(paper, classes).items()]
    printed = paper.claim("fig4_4-accuracy")
    return Distance(
        differing=sum(f"{value:.2f}" != claim.value for value, claim in pairs),
        mean=float(np.mean([abs(value - claim.number) for value, claim in pairs])),
        accuracy=report.accuracy - printed.number,
    )


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
