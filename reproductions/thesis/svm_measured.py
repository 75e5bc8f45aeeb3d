"""What the support vector machines give for the printed numbers: one `Measured` a claim and protocol.

On FER2013 they come from the one configuration that the settings name, which is the nearest to the report of Fig 4.4.
Of CK+ no report is printed, and "the structure is selected and trained differently for each dataset" (section 5): there
they come from the machine that the search chooses without the test part, or on it where the setting `svm_selection`
says so, for section 3.2.3 tunes on a validation set and then compares models on a test set. What either would choose
stands below each table of a search.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from common.paper.load import Claim
from common.paper.verdicts import FITTED, Measured
from common.results.config import Request
from common.results.differences import Stated
from common.results.evidence import Evidence
from common.results.plan_schema import Plan
from common.runs import scores
from common.runs.intervals import expanded_tail, wilson
from common.runs.store import Identity, Run
from reproductions.thesis import data, svm
from reproductions.thesis.printed_report import Report

if TYPE_CHECKING:
    import pandas

RESAMPLES = 1000
SAD_AS_FEAR = "share of Sad taken for Fear"
OTHER_PROTOCOL = {
    "clip-disjoint": "no sequence on both sides instead of images at random",
    "strict": "no person on both sides (FER2013: the parts of its makers) instead of images at random",
}
CLASSES = {"svm_fer2013": data.FER2013, "svm_ckplus": data.CKPLUS}
# Experiment of claims that compare the two data sets -> those of their runs.
BOTH = {"svm": tuple(CLASSES)}


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the thesis states of a machine: the data and that all of the training part is used; nothing of its kind.

    None for runs of another experiment.
    """
    identity = run.identity
    if identity.experiment not in BOTH.get(claim.experiment, (claim.experiment,)):
        return None
    limited = run.record["samples"]["train"] == identity.settings["training_rows"]
    return Stated(
        identity.network,
        identity.settings | ({"training_rows": 0} if limited else {}),
        svm.recipe(identity.protocol, run.record["samples"]["validation"] > 0),
        CLASSES[identity.experiment],
        protocols=OTHER_PROTOCOL,
    )


def measure(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """The figure of a claim about support vector machines under one protocol; None if it was not run."""
    experiments = BOTH.get(claim.experiment, (claim.experiment,))
    members = [machine(evidence, experiment, protocol) for experiment in experiments]
    if None in members:
        return None
    run = members[0]
    if claim.experiment in BOTH:
        value, *interval = scores.difference([members[0]], [members[1]])
    elif claim.experiment == "svm_ckplus" and claim.metric == "accuracy":
        score = scores.score([run])
        value, interval = score.accuracy, score.interval
    else:
        value = float(figure(report_of(run), claim.metric, claim.emotion, run.record["classes"]))
        interval = _interval(run, claim) if claim.kind == "proportion" else None
    return evidence.measurement(
        claim,
        members,
        value,
        tuple(interval) if interval else None,
        stated,
        differs=[unfinished(evidence, "svm_ckplus", protocol) if "svm_ckplus" in _experiments(members) else ""],
        note=[choice for member in members if (choice := chosen_by(evidence, member))],
    )


def machine(evidence: Evidence, experiment: str, protocol: str) -> Run | None:
    """The run that stands for the printed numbers of a data set: see above."""
    if experiment == "svm_fer2013":
        return headline(evidence, experiment, protocol)
    on_test = _chosen_on_test(evidence, protocol)

    def accuracy(run: Run) -> float:
        return report_of(run).accuracy if on_test else run.record["selection"]["accuracy"]

    return max(all_runs(evidence, experiment, protocol), key=accuracy, default=None)


def chosen_by(evidence: Evidence, run: Run) -> str:
    """How the machine was chosen that stands for the printed numbers; "" for one on FER2013 that the user chose."""
    if run.identity.experiment != "svm_ckplus":
        return "" if any(name.startswith("svm_") for name in evidence.plan.settings) else FITTED
    on_test = _chosen_on_test(evidence, run.identity.protocol)
    how = "by its accuracy on the test part" if on_test else f"by {run.record['selection']['by']}"
    return f"{run.identity.network}, chosen {how}"


def _chosen_on_test(evidence: Evidence, protocol: str) -> bool:
    return protocol == "published" and evidence.setting("svm_selection") == "test_part"


def headline(evidence: Evidence, experiment: str, protocol: str) -> Run | None:
    """The run of the configuration that the settings name."""
    wanted = (experiment, protocol)
    return next((run for run in evidence.runs if (run.identity.experiment, run.identity.protocol) == wanted), None)


def all_runs(evidence: Evidence, experiment: str, protocol: str) -> list[Run]:
    """The finished runs of every configuration, that of the settings first; a search may still be under way."""
    others = (evidence.finished(identity) for identity in searched(evidence.plan, experiment, protocol))
    return [run for run in (headline(evidence, experiment, protocol), *others) if run is not None]


def searched(plan: Plan, experiment: str, protocol: str) -> list[Identity]:
    """The configurations beside that of the settings, whether they are finished or not."""
    return [run for run in plan.searched if (run.experiment, run.protocol) == (experiment, protocol)]


def unfinished(evidence: Evidence, experiment: str, protocol: str) -> str:
    """How many machines of a search are finished, as "3 of 14 machines", or "" where all are."""
    planned = 1 + len(searched(evidence.plan, experiment, protocol))
    finished = len(all_runs(evidence, experiment, protocol))
    return "" if finished == planned else f"{finished} of {planned} machines"


def report_of(run: Run) -> Report:
    """The classification report of a run."""
    return Report(np.array(run.record["confusion"]))


def figure(report: Report, metric: str, emotion: str | None, classes: Sequence[str]) -> np.ndarray:
    """One number of a report, as part of 1 or as a count; of a report of several results (...,) as many.

    Args:
        metric: as in paper.yaml: "accuracy", "support", "precision", "recall", "f1", "macro average f1" and so on, or
            one of `OF_CLASSES`.
        emotion: the class, for the numbers of one.
    """
    if metric == "accuracy":
        return report.accuracy
    if metric in OF_CLASSES:
        return OF_CLASSES[metric](report, list(classes))
    kind, _, name = metric.rpartition(" average ")
    if kind:
        return getattr(report, kind)(name)
    return getattr(report, metric)[..., classes.index(str(emotion))]


def _first_cell(report: Report, classes: list[str]) -> np.ndarray:
    return report.confusion[..., 0, 0]


def _fear_below_all(report: Report, classes: list[str]) -> np.ndarray:
    fear = classes.index("Fear")
    return report.recall[..., fear] - np.delete(report.recall, fear, axis=-1).min(axis=-1)


def _sad_as_fear(report: Report, classes: list[str]) -> np.ndarray:
    row = report.confusion[..., classes.index("Sad"), :]
    return row[..., classes.index("Fear")] / np.maximum(row.sum(axis=-1), 1)


OF_CLASSES: dict[str, Callable[[Report, list[str]], np.ndarray]] = {
    "images in the first cell of the confusion matrix": _first_cell,
    "recall, Fear less the lowest of all other classes": _fear_below_all,
    SAD_AS_FEAR: _sad_as_fear,
}


def _experiments(members: Sequence[Run]) -> set[str]:
    return {run.identity.experiment for run in members}


def _interval(run: Run, claim: Claim) -> tuple[float, float]:
    """The 95 % percentile interval over persons drawn anew, which holds for averages and F1 as well.

    FER2013 names nobody, so there every image counts as a person of its own.
    """
    classes = tuple(run.record["classes"])
    if run.identity.experiment == "svm_fer2013":
        return _of_images(tuple(map(tuple, run.record["confusion"])), claim.metric, claim.emotion, classes)
    table = run.predictions()
    if table.subject.nunique() == 1:
        return (-1.0 if claim.relation in ("more", "less") else 0.0), 1.0  # one person says nothing about the next
    drawn, outside = _persons_drawn_anew(table, classes)
    values = figure(drawn, claim.metric, claim.emotion, classes)
    low, high = np.quantile(values, [outside, 1 - outside])
    if low == high and claim.metric == SAD_AS_FEAR:
        # None of the persons, or each of them, was ever taken so: they count as trials.
        persons = table.subject[table.emotion == "Sad"].nunique()
        return wilson(low * persons, persons)
    return float(low), float(high)


@lru_cache(maxsize=256)
def _of_images(counts: tuple, metric: str, emotion: str | None, classes: tuple[str, ...]) -> tuple[float, float]:
    low, high = np.quantile(figure(_images_drawn_anew(counts), metric, emotion, classes), [0.025, 0.975])
    return float(low), float(high)


@lru_cache(maxsize=4)
def _images_drawn_anew(counts: tuple) -> Report:
    """The report of `RESAMPLES` results with other images of the same kind."""
    confusion = np.array(counts)
    total = int(confusion.sum())
    drawn = np.random.default_rng(0).multinomial(total, confusion.ravel() / total, RESAMPLES)
    return Report(drawn.reshape(RESAMPLES, *confusion.shape))


def _persons_drawn_anew(table: "pandas.DataFrame", classes: tuple[str, ...]) -> tuple[Report, float]:
    """The report of `RESAMPLES` results with as many persons drawn with replacement, and the share to cut off at each
    end for so few persons.
    """
    size = len(classes)
    cell = table.emotion.map(classes.index) * size + table.predicted.map(classes.index)
    person = table.groupby("subject").ngroup()
    counts = np.zeros((person.max() + 1, size * size), int)
    np.add.at(counts, (person, cell), 1)
    weights = np.random.default_rng(0).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), RESAMPLES)
    return Report((weights @ counts).reshape(RESAMPLES, size, size)), expanded_tail(len(counts), 0.95)
