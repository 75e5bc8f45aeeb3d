"""Figures of finished runs for what the paper says of its accuracies, as a whole and of single emotions (section IV.C).

The figures that the text describes (5 to 8) are lost, so its words are what can be held against a run: which emotions
are recognised less or better than the others, and which two are taken for each other.
"""

from collections.abc import Callable, Sequence

import numpy as np

from common.paper.load import Claim, Paper
from common.runs import scores
from common.runs.intervals import expanded_tail
from common.runs.scores import Score
from common.runs.store import Run

Figures = tuple[float, float, float]
CONFUSED = ("Fear", "Sad")
_LESS = "accuracy, less that of "


def measure(paper: Paper, claim: Claim, score: Score, runs: Sequence[Run]) -> Figures | None:
    """A figure with its 95 % interval, as parts of 1; None where the runs do not give it.

    Raises:
        UserError: if predictions cannot be read, or a claim is compared with one that does not exist.
    """
    if claim.metric == "accuracy":
        return score.accuracy, *score.interval
    if claim.metric.startswith(_LESS):
        other = paper.claim(claim.metric.removeprefix(_LESS))
        low, high = score.interval
        return tuple(figure - other.number / other.scale for figure in (score.accuracy, low, high))
    if claim.emotion:
        return recall_beside_the_others(runs, claim.emotion)
    return confused_with_each_other(runs, CONFUSED)


def recall_beside_the_others(runs: Sequence[Run], emotion: str) -> Figures | None:
    """Share of an emotion's tested samples that are recognised, less the share of all others; None without such.

    The interval is a bootstrap over subjects.
    """
    table = scores.predictions(runs)
    right, shown = table.emotion == table.predicted, table.emotion == emotion
    counted = _by_subject(table, right & shown, shown, right & ~shown, ~shown)
    return _bootstrap(counted, lambda sums: sums[..., 0] / sums[..., 1] - sums[..., 2] / sums[..., 3], (1, 3))


def confused_with_each_other(runs: Sequence[Run], pair: tuple[str, str]) -> Figures | None:
    """Of the wrong answers to two emotions, the share that is the other of the two, less that of an even spread.

    A wrong answer is even where it falls on each of the other classes alike: a sixth of seven classes. The interval is
    a bootstrap over subjects; None where both are always recognised.
    """
    table = scores.predictions(runs)
    wrong = table.emotion.isin(pair) & (table.predicted != table.emotion)
    even = 1 / (table.emotion.nunique() - 1)
    counted = _by_subject(table, wrong & table.predicted.isin(pair), wrong)
    return _bootstrap(counted, lambda sums: sums[..., 0] / sums[..., 1] - even, (1,))


def _by_subject(table, *masks) -> np.ndarray:
    """How many rows of each subject a mask takes: (subjects, masks)."""
    named = {str(number): mask.astype(int) for number, mask in enumerate(masks)}
    return table[["subject"]].assign(**named).groupby("subject").sum().to_numpy(float)


def _bootstrap(
    counted: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], divisors: tuple[int, ...], resamples: int = 4000
) -> Figures | None:
    """The statistic of the sums of (subjects, k) with its 95 % interval over subjects, as `scores.mean_recall` draws.

    Args:
        divisors: columns whose sums must not be 0; draws in which one is are left out.
    """
    if not (counted.sum(axis=0)[list(divisors)] > 0).all():
        return None
    value = float(statistic(counted.sum(axis=0)))
    if len(counted) == 1:
        return value, -1.0, 1.0
    kinds, size = np.unique(counted, axis=0, return_counts=True)
    sums = np.random.default_rng(0).multinomial(len(counted), size / len(counted), resamples) @ kinds
    draws = statistic(sums[(sums[:, list(divisors)] > 0).all(axis=1)])
    outside = expanded_tail(len(counted), 0.95)
    low, high = np.quantile(draws, [outside, 1 - outside])
    return value, float(low), float(high)
