"""What the support vector machines give for the printed numbers: one `Measured` a claim and protocol.

They come from the one configuration that the settings name; the other configurations only stand in the tables.
"""

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache

import numpy as np

from common.differences import Stated
from common.evidence import Evidence
from common.paper import Claim
from common.request import Request
from common.runs import Run
from common.verdicts import Measured
from reproductions.thesis import data, svm, svm_search
from reproductions.thesis.printed_report import Report

RESAMPLES = 1000
OTHER_PROTOCOL = {
    "clip-disjoint": "no sequence on both sides instead of pictures at random",
    "honest": "no person on both sides (FER2013: the parts of its makers) instead of pictures at random",
}
CLASSES = {"svm_fer2013": data.FER2013, "svm_ckplus": data.CKPLUS}


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the settings name, where the thesis states nothing; None for runs of another experiment or configuration."""
    configuration = svm_search.chosen(request.settings)
    if (run.identity.experiment, run.identity.network) != (claim.experiment, configuration.name):
        return None
    return Stated(
        configuration.name,
        asdict(configuration),
        svm.recipe(run.identity.protocol, run.record["samples"]["validation"] > 0),
        CLASSES[claim.experiment],
        protocols=OTHER_PROTOCOL,
    )


def measure(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """The figure of a claim about a support vector machine under one protocol; None if it was not run."""
    run = headline(evidence, claim.experiment, protocol)
    if run is None:
        return None
    if claim.dataset == "CK+":
        return _of_people(evidence, run, claim)
    report = report_of(run)
    value = figure(report, claim.metric, claim.emotion, run.record["classes"])
    interval = None
    if claim.kind == "proportion":
        counts = tuple(map(tuple, run.record["confusion"]))
        low, high = _interval(counts, claim.metric, claim.emotion, tuple(run.record["classes"]))
        interval = (low * claim.scale, high * claim.scale)
        value *= claim.scale
    return evidence.measurement(claim, [run], value, interval, stated)


def report_of(run: Run) -> Report:
    """The classification report of a run."""
    return Report(np.array(run.record["confusion"]))


def headline(evidence: Evidence, experiment: str, protocol: str) -> Run | None:
    """The run of the configuration that the settings name."""
    wanted = (experiment, protocol)
    return next((one for one in evidence.runs if (one.identity.experiment, one.identity.protocol) == wanted), None)


def figure(report: Report, metric: str, emotion: str | None, classes: Sequence[str]) -> float:
    """One number of a report, as part of 1 or as a count.

    Args:
        metric: as in paper.yaml: "accuracy", "support", "precision", "recall", "f1", or "macro average f1" and so on.
        emotion: the class, for the numbers of one.
    """
    if metric == "accuracy":
        return report.accuracy
    kind, _, name = metric.rpartition(" average ")
    if kind:
        return getattr(report, kind)(name)
    return float(getattr(report, metric)[classes.index(str(emotion))])


def _of_people(evidence: Evidence, run: Run, claim: Claim) -> Measured | None:
    """Accuracy on CK+, whose pictures of one person are no independent trials."""
    if claim.metric != "accuracy":
        return None
    score = evidence.score(run.identity.experiment, run.identity.network, run.identity.protocol)
    low, high = score.interval
    interval = (low * claim.scale, high * claim.scale)
    return evidence.measurement(claim, [run], score.accuracy * claim.scale, interval, stated)


@lru_cache(maxsize=256)
def _interval(counts: tuple, metric: str, emotion: str | None, classes: tuple[str, ...]) -> tuple[float, float]:
    """The 95 % percentile interval over pictures drawn anew, which holds for averages and F1 as well."""
    values = [figure(report, metric, emotion, classes) for report in _resampled(counts)]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


@lru_cache(maxsize=4)
def _resampled(counts: tuple) -> tuple[Report, ...]:
    confusion = np.array(counts)
    total = int(confusion.sum())
    drawn = np.random.default_rng(0).multinomial(total, confusion.ravel() / total, RESAMPLES)
    return tuple(Report(one.reshape(confusion.shape)) for one in drawn)
