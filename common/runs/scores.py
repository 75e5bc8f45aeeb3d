"""What runs scored, from their predictions alone: accuracy with its interval, confusion, comparison of two."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np

from common.runs.intervals import (
    RESAMPLES,
    SAME,
    clustered,
    clustered_gain,
    drawn_sum,
    expanded_tail,
    of_constant,
    of_difference,
    wilson,
)
from common.runs.store import COLUMNS, PREDICTIONS, Run, Stamp, text_of

if TYPE_CHECKING:
    import pandas

# Bytes of files, as they are stored, up to which their table is kept for the next one who asks.
SMALL = 200_000


@dataclass(frozen=True)
class Score:
    """Accuracy over all seeds and folds of one network under one protocol.

    Attributes:
        accuracy: share of the test samples that were recognised, 0 to 1.
        interval: its 95 % interval over subjects (and seeds), because the windows of a subject are no independent
            trials.
        samples, subjects, seeds: how many were tested.
        spread: standard deviation of the seeds' accuracies, None for a single seed.
        chance: accuracy of the constant answer that suits this test part best.
    """

    accuracy: float
    interval: tuple[float, float]
    samples: int
    subjects: int
    seeds: int
    spread: float | None
    chance: float

    @property
    def learnt(self) -> bool:
        """Whether the network is better than a constant answer, beyond doubt."""
        return self.interval[0] > self.chance


def predictions(runs: "Sequence[Run] | pandas.DataFrame") -> "pandas.DataFrame":
    """The predictions of several runs below each other, with their seed and fold; a table of such as it is.

    So whatever is scored here may also be a table that was made of predictions, e.g. by `common.runs.clip_votes`.

    Raises:
        UserError: if the file of a run cannot be read.
    """
    import pandas as pd

    if isinstance(runs, pd.DataFrame):
        return runs
    try:
        return _table(*_files(runs))
    except (OSError, ValueError):
        pass
    # One by one takes ten times as long, but names the file at fault.
    tables = [run.predictions().assign(seed=run.identity.seed, fold=run.identity.fold) for run in runs]
    return pd.concat(tables, ignore_index=True)


def _files(runs: Sequence[Run]) -> tuple[tuple[Stamp, ...], tuple[tuple[int, str], ...]]:
    """The files of predictions, with the seed and the fold of each."""
    stamps = tuple(run.stamp(PREDICTIONS) for run in runs)
    return stamps, tuple((run.identity.seed, run.identity.fold) for run in runs)


def _table(stamps: tuple[Stamp, ...], marks: tuple[tuple[int, str], ...]) -> "pandas.DataFrame":
    """The table of all files; of the same small files it is made once, for a report asks for it again and again."""
    small = sum(size for *_, size in stamps) <= SMALL
    return _kept(stamps, marks).copy(deep=False) if small else _parsed(stamps, marks)


def _parsed(stamps: tuple[Stamp, ...], marks: tuple[tuple[int, str], ...]) -> "pandas.DataFrame":
    """One parse for all files, since each has a price of its own and there may be a thousand.

    Args:
        marks: seed and fold of each file.
    """
    import pandas as pd

    texts = [text_of(path).partition("\n") for path, *_ in stamps]
    heading, counts = texts[0][0], [body.count("\n") for _, _, body in texts]
    joined = StringIO(heading + "\n" + "".join(body for _, _, body in texts))
    table = pd.read_csv(joined, keep_default_na=False)
    alike = all(text[0] == heading for text in texts) and len(table) == sum(counts)
    if not alike or not set(COLUMNS) <= set(table.columns):
        raise ValueError("these files are not alike")
    seeds, folds = zip(*marks, strict=True)
    return table.assign(seed=np.repeat(seeds, counts), fold=np.repeat(folds, counts))


_kept = lru_cache(maxsize=256)(_parsed)


def score(runs: "Sequence[Run] | pandas.DataFrame") -> Score:
    """Score the runs of one network under one protocol, those of the same files once.

    Raises:
        UserError: if the file of a run cannot be read.
    """
    if isinstance(runs, Sequence):
        with suppress(OSError, ValueError):  # `predictions` names the file at fault
            return _scored(*_files(runs))
    return _score(predictions(runs))


@lru_cache(maxsize=512)
def _scored(stamps: tuple[Stamp, ...], marks: tuple[tuple[int, str], ...]) -> Score:
    return _score(_table(stamps, marks))


def _score(table: "pandas.DataFrame") -> Score:
    import pandas as pd

    correct = (table.emotion == table.predicted).to_numpy()
    seed, subject, emotion = (pd.factorize(table[name])[0] for name in ("seed", "subject", "emotion"))
    by_seed = np.bincount(seed, correct) / np.bincount(seed)
    return Score(
        accuracy=float(correct.mean()),
        interval=clustered(correct, table.subject.to_numpy(), table.seed.to_numpy()),
        samples=len(table) // len(by_seed),
        subjects=int(subject.max()) + 1,
        seeds=len(by_seed),
        spread=float(by_seed.std(ddof=1)) if len(by_seed) > 1 else None,
        chance=float(np.bincount(emotion).max() / len(table)),
    )


def confusion(table: "pandas.DataFrame", classes: Sequence[str]) -> np.ndarray:
    """Counts (classes, classes): rows are the true emotions, columns the predicted ones.

    What has no answer (`common.training.train.NO_ANSWER`) stands in no column.
    """
    table = table[table.predicted != ""]
    place = {name: number for number, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (table.emotion.map(place).to_numpy(), table.predicted.map(place).to_numpy()), 1)
    return counts


def recall(runs: Sequence[Run], emotion: str) -> tuple[float, tuple[float, float]] | None:
    """Share of an emotion's test samples that were recognised, with its interval; None where nobody showed it."""
    table = predictions(runs)
    shown = table[table.emotion == emotion]
    if shown.empty:
        return None
    correct = (shown.emotion == shown.predicted).to_numpy()
    return float(correct.mean()), clustered(correct, shown.subject.to_numpy(), shown.seed.to_numpy())


def mean_recall(runs: Sequence[Run]) -> tuple[float, tuple[float, float]]:
    """Mean over the emotions of the share of each that was recognised, with a 95 % interval over subjects.

    Subjects are drawn anew, and the percentiles moved outwards for few of them, as `intervals.clustered` does; seeds
    are not, they add to a subject's samples. A draw without any sample of an emotion is the mean over the others. Where
    all draws are alike the subjects count as trials of `wilson`. The interval is (0, 1) for a single subject.
    """
    table = predictions(runs)
    hits = (table.emotion == table.predicted).groupby([table.subject, table.emotion])
    right, shown = (counts.unstack(fill_value=0).to_numpy(float) for counts in (hits.sum(), hits.size()))
    value = float((right.sum(axis=0) / shown.sum(axis=0)).mean())
    if len(right) == 1:
        return value, (0.0, 1.0)
    # Subjects with the same figures are drawn together: of thousands of single images only a few kinds are left.
    kinds, size = np.unique(np.hstack([right, shown]), axis=0, return_counts=True)
    weights = np.random.default_rng(0).multinomial(len(right), size / len(right), RESAMPLES)
    right, shown = np.hsplit(weights @ kinds, 2)
    recalls = right / np.maximum(shown, 1)
    draws = recalls.sum(axis=1) / (shown > 0).sum(axis=1)
    if np.ptp(draws) < SAME:
        return value, wilson(value * int(size.sum()), int(size.sum()))
    outside = expanded_tail(int(size.sum()), 0.95)
    low, high = np.quantile(draws, [outside, 1 - outside])
    return value, (float(low), float(high))


def by_fold(runs: Sequence[Run]) -> "pandas.Series":
    """Accuracy (0 to 1) by the name of the fold, mean over the seeds, in the order of the names."""
    table = predictions(runs)
    correct = (table.emotion == table.predicted).groupby([table.fold, table.seed]).mean()
    return correct.groupby(level="fold").mean().sort_index()


def fold_mean(runs: Sequence[Run]) -> tuple[float, tuple[float, float]]:
    """Mean over folds (and seeds) of the accuracy of each, with its 95 % interval over subjects and seeds.

    A fold counts the same however many samples it tests. The interval is that of `intervals.clustered` with a sample
    counting less the more its fold has.
    """
    table = predictions(runs)
    correct = (table.emotion == table.predicted).astype(float)
    weights = 1 / correct.groupby([table.seed, table.fold]).transform("size").to_numpy()
    clusters = table.subject.to_numpy(), table.seed.to_numpy()
    value = float(np.average(correct, weights=weights))
    return value, clustered(correct.to_numpy(), *clusters, weights=weights)


def best_epoch_gain(runs: Sequence[Run]) -> float:
    """Accuracy (0 to 1) of the best epoch of each run less that of its last one, each by the size of its test part.

    It is what choosing the epoch adds where the tested part validates.
    """
    counts = [run.record["samples"]["test"] for run in runs]
    accuracies = [run.curves().val_accuracy for run in runs]
    gains = [one.max() - one.iloc[-1] for one in accuracies]
    return float(sum(count * gain for count, gain in zip(counts, gains, strict=True)) / sum(counts))


def difference(
    first: "Sequence[Run] | pandas.DataFrame", second: "Sequence[Run] | pandas.DataFrame"
) -> tuple[float, float, float]:
    """How much more accurate the first runs are, with a 95 % interval, where the test parts differ.

    The interval joins those of the two accuracies, so it is over the subjects and the seeds of either side.

    Returns:
        (difference, low, high), each as part of 1.
    """
    one, other = score(first), score(second)
    return one.accuracy - other.accuracy, *of_difference((one.accuracy, one.interval), (other.accuracy, other.interval))


def difference_by_subject(first: Sequence[Run], second: Sequence[Run]) -> tuple[float, float, float]:
    """How much more accurate the first runs are, with a 95 % interval, where both test the same subjects.

    The samples may differ, as clips and augmented clips do. Subjects are drawn anew, the same for both sides, and the
    percentiles are moved outwards for few of them, as `intervals.clustered` does. Seeds are drawn for each side, for
    its trainings know nothing of the other's.

    Returns:
        (difference, low, high), each as part of 1; the interval is (-1, 1) for a single subject.
    """
    tables = [predictions(runs) for runs in (first, second)]
    subjects = sorted({name for table in tables for name in table.subject})
    counts = [_by_seed_and_subject(table, subjects) for table in tables]
    value = float(np.subtract(*(right.sum() / tested.sum() for right, tested in counts)))
    if len(subjects) == 1:
        return value, -1.0, 1.0
    random = np.random.default_rng(0)
    drawn = random.multinomial(len(subjects), np.full(len(subjects), 1 / len(subjects)), RESAMPLES)
    sides = []
    for right, tested in counts:
        trainings = random.multinomial(len(right), np.full(len(right), 1 / len(right)), RESAMPLES)
        sides.append([drawn_sum(trainings, part, drawn) for part in (right, tested)])
    met = (sides[0][1] > 0) & (sides[1][1] > 0)
    draws = np.subtract(*(right[met] / tested[met] for right, tested in sides))
    if np.ptp(draws) < SAME:
        return value, *of_constant(value, len(subjects))
    outside = expanded_tail(len(subjects), 0.95)
    low, high = np.quantile(draws, [outside, 1 - outside])
    return value, float(low), float(high)


def _by_seed_and_subject(table: "pandas.DataFrame", subjects: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """How many samples were recognised and how many tested, (seeds, subjects) each."""
    hits = (table.emotion == table.predicted).groupby([table.seed, table.subject])
    whole = (part.unstack(fill_value=0).reindex(columns=subjects, fill_value=0) for part in (hits.sum(), hits.size()))
    right, tested = (part.to_numpy(float) for part in whole)
    return right, tested


def paired_difference(first: Sequence[Run], second: Sequence[Run]) -> tuple[float, float, float]:
    """How much more accurate the first runs are on the same test samples and seeds, with a 95 % interval.

    Subjects are drawn anew, and seeds with them; both runs of a pair stay together.

    Returns:
        (difference, low, high), each as part of 1.
    """
    columns = ["seed", "fold", "sample"]
    pair = [predictions(runs).set_index(columns) for runs in (first, second)]
    correct = [(table.emotion == table.predicted) for table in pair]
    gain = (correct[0].astype(float) - correct[1].astype(float)).dropna()
    subject = pair[0].subject.loc[gain.index].to_numpy()
    seed = gain.index.get_level_values("seed").to_numpy()
    return float(gain.mean()), *clustered_gain(gain.to_numpy(), subject, seed)
