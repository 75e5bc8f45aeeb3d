"""Differences of two sets of runs: the value is that of their accuracies, the interval that of drawing people anew."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from common.runs import intervals, scores


@dataclass
class Told:
    """A run that tells its predictions from memory."""

    table: pd.DataFrame
    identity: SimpleNamespace
    folder = None

    def stamp(self, name):
        raise FileNotFoundError(name)


def a_run(shares: dict[str, float], each: int = 100, seed: int = 0) -> list[Told]:
    """One run in which so large a share of each subject's samples is recognised."""
    rows = [(subject, "Happy" if n < share * each else "Sad") for subject, share in shares.items() for n in range(each)]
    table = pd.DataFrame(rows, columns=["subject", "predicted"]).assign(emotion="Happy")
    table = table.assign(sample=np.arange(len(table)), seed=seed, fold="")
    return [Told(table, SimpleNamespace(seed=seed, fold=""))]


@pytest.fixture(autouse=True)
def from_memory(monkeypatch):
    monkeypatch.setattr(scores, "predictions", lambda runs: pd.concat([run.table for run in runs]))


def test_people_who_differ_alike_leave_the_doubt_of_what_so_few_may_not_have_shown():
    second = {"a": 0.2, "b": 0.4, "c": 0.5, "d": 0.7}
    first = {name: share + 0.3 for name, share in second.items()}
    value, low, high = scores.difference_by_subject(a_run(first), a_run(second, each=10))
    unseen = intervals.wilson(0, 4)[1]
    assert value == pytest.approx(0.3) and (low, high) == pytest.approx((0.3 - unseen, 0.3 + unseen))


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_runs_that_are_right_alike_differ_by_an_interval_of_some_width(share):
    people = dict.fromkeys("abcdefghij", share)
    for compare in (scores.paired_difference, scores.difference_by_subject):
        value, low, high = compare(a_run(people), a_run(people))
        assert value == pytest.approx(0) and (low, high) == pytest.approx((-high, intervals.wilson(0, 10)[1]))
    assert 0 < high < scores.difference(a_run(people), a_run(people))[2]


def test_few_people_who_differ_otherwise_leave_much():
    first = a_run(dict.fromkeys("abcd", 0.9))
    second = a_run({"a": 0.9, "b": 0.9, "c": 0.9, "d": 0.1})
    value, low, high = scores.difference_by_subject(first, second)
    assert value == pytest.approx(0.2) and low == pytest.approx(0.0, abs=1e-9) and high > 0.5


def test_the_value_is_that_of_the_accuracies_whoever_was_tested():
    first, second = a_run({"a": 0.5, "b": 1.0}), a_run({"a": 0.5, "b": 0.5, "c": 0.0})
    value, low, high = scores.difference_by_subject(first, second)
    assert value == pytest.approx(0.75 - 1 / 3) and low <= value <= high
    assert scores.difference_by_subject(a_run({"a": 1.0}), a_run({"a": 0.4})) == (pytest.approx(0.6), -1.0, 1.0)


@pytest.mark.parametrize("compare", [scores.difference, scores.difference_by_subject])
def test_trainings_that_scatter_leave_more_doubt(compare):
    def trained(*accuracies: float) -> list[Told]:
        """A run a seed, in which half of the people are recognised a little better than the others."""
        people = [(name, 0.05 if name in "aceg" else -0.05) for name in "abcdefgh"]
        runs = [a_run({name: mean + more for name, more in people}, seed=n) for n, mean in enumerate(accuracies)]
        return [run for several in runs for run in several]

    sure, unsure = (compare(trained(*means), trained(0.5)) for means in ((0.7,) * 4, (0.5, 0.6, 0.8, 0.9)))
    assert sure[0] == pytest.approx(0.2, abs=0.01) and unsure[0] == pytest.approx(0.2, abs=0.01)
    assert unsure[2] - unsure[1] > sure[2] - sure[1] + 0.2


def told(rows) -> list[Told]:
    """A run with these (subject, emotion, predicted)."""
    table = pd.DataFrame(rows, columns=["subject", "emotion", "predicted"]).assign(seed=0)
    return [Told(table.assign(sample=np.arange(len(table))), SimpleNamespace(seed=0, fold=""))]


def test_mean_recall_weighs_emotions_alike():
    rows = [(f"s{n % 5}", "Happy", "Happy") for n in range(90)] + [(f"s{n % 5}", "Sad", "Happy") for n in range(10)]
    value, (low, high) = scores.mean_recall(told(rows))
    assert value == pytest.approx(0.5) and (low, high) == pytest.approx(intervals.wilson(2.5, 5))
    assert scores.recall(told(rows), "Happy")[0] == 1 and scores.recall(told(rows), "Sad")[0] == 0
    assert scores.recall(told(rows), "Fear") is None


def test_mean_recall_is_as_sure_as_its_people_are_many_and_alike():
    alike = [(f"s{n}", emotion, "Happy") for n in range(8) for emotion in ("Happy", "Sad")]
    apart = [(f"s{n}", emotion, emotion if n < 4 else "Fear") for n in range(8) for emotion in ("Happy", "Sad")]
    assert scores.mean_recall(told(alike)) == (pytest.approx(0.5), pytest.approx(intervals.wilson(4, 8)))
    perfect = [(f"s{n}", emotion, emotion) for n in range(8) for emotion in ("Happy", "Sad")]
    assert scores.mean_recall(told(perfect)) == (1.0, intervals.wilson(8, 8))
    value, (low, high) = scores.mean_recall(told(apart))
    assert value == pytest.approx(0.5) and low < 0.2 and high > 0.8
    assert scores.mean_recall(told(alike[:2]))[1] == (0.0, 1.0)


def test_an_emotion_of_one_person_leaves_doubt():
    rows = [("a", "Happy", "Happy"), ("b", "Sad", "Happy"), ("c", "Happy", "Happy")]
    value, (low, high) = scores.mean_recall(told(rows))
    assert value == 0.5 and low == 0 and high == 1


def folds(*shares: tuple[str, str, int, float], seed: int = 0) -> list[Told]:
    """Runs with these (fold, subject, samples, share that is recognised)."""
    found = []
    for fold, subject, each, share in shares:
        predicted = ["Happy" if n < share * each else "Sad" for n in range(each)]
        table = pd.DataFrame(
            {"subject": subject, "emotion": "Happy", "predicted": predicted, "seed": seed, "fold": fold}
        )
        found.append(Told(table, SimpleNamespace(seed=seed, fold=fold)))
    return found


def test_every_fold_counts_the_same_however_large_it_is():
    runs = folds(("1", "a", 90, 1.0), ("2", "b", 10, 0.5), ("3", "c", 20, 0.0))
    value, (low, high) = scores.fold_mean(runs)
    assert value == pytest.approx(0.5) and low <= value <= high
    assert scores.score(runs).accuracy == pytest.approx(95 / 120)
    # As if every fold had the same number of samples.
    alike = folds(("1", "a", 20, 1.0), ("2", "b", 20, 0.5), ("3", "c", 20, 0.0))
    assert scores.fold_mean(alike) == (pytest.approx(0.5), scores.score(alike).interval)
    assert (low, high) == pytest.approx(scores.score(alike).interval)


def test_folds_of_several_seeds_count_the_same():
    runs = [*folds(("1", "a", 10, 1.0), ("2", "b", 30, 0.2)), *folds(("1", "a", 10, 0.6), ("2", "b", 30, 0.2), seed=1)]
    assert scores.fold_mean(runs)[0] == pytest.approx((1.0 + 0.2 + 0.6 + 0.2) / 4)
    single = scores.fold_mean(folds(("", "a", 10, 0.3)))
    assert single == (pytest.approx(0.3), (0.0, 1.0))
