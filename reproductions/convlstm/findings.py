"""Figures of finished runs for what the paper says of its accuracies, as a whole and of single emotions (section IV.C).

The figures that the text describes (5 to 8) are lost, so its words are what can be held against a run: which emotions
are recognised less or better than the others, and which two are taken for each other.
"""

from collections.abc import Sequence

from common.paper.load import Claim, Paper
from common.runs import scores
from common.runs.intervals import clustered
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
    """Share of an emotion's tested samples that are recognised, less the share of all others; None without such."""
    table = scores.predictions(runs)
    shown = table.emotion == emotion
    if shown.all() or not shown.any():
        return None
    return scores.difference(table[shown], table[~shown])


def confused_with_each_other(runs: Sequence[Run], pair: tuple[str, str]) -> Figures | None:
    """Of the wrong answers to two emotions, the share that is the other of the two, less that of an even spread.

    A wrong answer is even where it falls on each of the other classes alike: a sixth of seven classes. None where both
    are always recognised.
    """
    table = scores.predictions(runs)
    even = 1 / (table.emotion.nunique() - 1)
    wrong = table[table.emotion.isin(pair) & (table.predicted != table.emotion)]
    if wrong.empty:
        return None
    the_other = wrong.predicted.isin(pair).to_numpy()
    low, high = clustered(the_other, wrong.subject.to_numpy(), wrong.seed.to_numpy())
    return float(the_other.mean()) - even, low - even, high - even
