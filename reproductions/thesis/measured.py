"""What finished runs give for the printed numbers of this thesis: one `Measured` a claim and protocol."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results.config import Request
from common.results.differences import NARROW, Stated, network_name
from common.results.evidence import Evidence
from common.runs import scores
from common.runs.store import Run
from datasets import ckplus48, fer2013
from reproductions.thesis import data, svm_measured, trainings
from reproductions.thesis.svm_measured import OTHER_PROTOCOL

# Which of the attempts a claim is about; all others are about their mean.
EXTREMES = {"lowest accuracy": min, "highest accuracy": max}
OF_ATTEMPTS = ("accuracy", *EXTREMES)
# Experiment -> its data set and the classes of it.
NETWORKS = {"cnn_fer2013": ("FER2013", data.FER2013), "cnn_ckplus": ("CK+", data.CKPLUS)}
# Section 2.1; which images were picked is not published.
NOT_PICKED = "all images of FER2013 instead of those that were picked by hand"
# The thesis describes images of 48×48 pixels and names no version of CK+.
COPY = "measured on CK+48, the copy of CK+ that the description fits best"
# Experiment of claims that compare the two data sets -> those of their runs.
BOTH = {"cnn": tuple(NETWORKS)}
MACHINES = ("svm_fer2013", "svm_ckplus", *svm_measured.BOTH)


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the thesis states of the runs behind a number; None for runs of another experiment."""
    identity = run.identity
    if claim.experiment in MACHINES:
        return svm_measured.stated(request, claim, run)
    of = BOTH.get(claim.experiment, (claim.experiment,))
    network = identity.network.removesuffix(NARROW)
    if identity.experiment not in of or network not in NETWORKS or claim.network not in (None, network):
        return None
    name, classes = NETWORKS[identity.experiment]
    return Stated(
        identity.experiment,
        {"dropout": request.settings["dropout"]},
        trainings.recipe(request, identity.protocol, name),
        classes,
        protocols=OTHER_PROTOCOL,
        instead={fer2013.NAME: NOT_PICKED} if request.settings["fer2013_pictures"] == "all" else {},
    )


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    return evidence.measured(lambda claim: _of(evidence, claim))


def _of(evidence: Evidence, claim: Claim) -> Iterator[Measured | None]:
    if claim.id == "text2_1-all-images":
        yield images(evidence)
    elif claim.metric == "parameters":
        yield parameters(evidence, claim)
    else:
        yield from (measure(evidence, claim, protocol) for protocol in evidence.plan.protocols)


def measure(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """What one protocol gives for a claim, in the claim's unit; None where nothing was run for it."""
    if claim.experiment in MACHINES:
        found = svm_measured.measure(evidence, claim, protocol)
    elif claim.experiment in BOTH:
        found = _difference(evidence, claim, protocol)
    else:
        of_attempts = claim.experiment in NETWORKS and claim.metric in OF_ATTEMPTS
        found = _network(evidence, claim, protocol) if of_attempts else None
    copy = COPY if found and _of_copy(evidence, claim) else ""
    return replace(found, note="; ".join(filter(None, [found.note, copy]))) if found else None


def _of_copy(evidence: Evidence, claim: Claim) -> bool:
    """Whether the images of CK+ behind a claim are those of CK+48."""
    experiments = (BOTH | svm_measured.BOTH).get(claim.experiment, (claim.experiment,))
    of_ckplus = {"cnn_ckplus", "svm_ckplus"}.intersection(experiments)
    run = next((run for run in evidence.runs if run.identity.experiment in of_ckplus), None)
    return run is not None and ckplus48.NAME in set(scores.predictions([run]).corpus)


def images(evidence: Evidence) -> Measured | None:
    """How many images FER2013 has; None where it was not read."""
    summary = evidence.plan.summary.get("FER2013")
    if summary is None:
        return None
    return evidence.counted(sum(row["pictures"] for row in summary.pictures))


def parameters(evidence: Evidence, claim: Claim) -> Measured | None:
    """What the trained networks of this kind have, as their runs counted it; None where none but narrow ones was."""
    members = [run for run in evidence.runs if run.identity.experiment == run.identity.network == claim.network]
    counted = sorted({run.record["parameters"] for run in members})
    if not counted:
        return None
    others = f"others have {', '.join(f'{count:,}' for count in counted[1:])}" if counted[1:] else ""
    return Measured(counted[0], "none", differs=others, run=evidence.place(members))


def _difference(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """How much more accurate the first of two networks is than the second, each on its own data set.

    The second may stand in another plan, for each data set can be asked for with seeds of its own.
    """
    first, second = BOTH[claim.experiment]
    several = (evidence, *evidence.beside)
    other = next((one for one in several if trainings.attempts(one, second, second, protocol)), None)
    attempts = trainings.attempts(evidence, first, first, protocol)
    if other is None or not attempts:
        return None
    against = trainings.attempts(other, second, second, protocol)
    value, *interval = scores.difference(attempts, against)
    lacking = [other.missing_runs(second, network_name(second, other.plan.narrow), protocol)]
    return evidence.measurement(claim, [*attempts, *against], value, tuple(interval), stated, differs=lacking)


def _network(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    group = (claim.experiment, network_name(claim.network, evidence.plan.narrow), protocol)
    attempts = evidence.of(*group)
    whole = evidence.score(*group)
    if whole is None:
        return None
    ours = whole if claim.metric == "accuracy" else extreme(attempts, claim.metric)
    wanted = evidence.paper.hyperparameters["attempts"]
    others = claim.metric in EXTREMES and len(attempts) != wanted
    differs = [f"attempts: {len(attempts)} instead of {wanted}"] if others else []
    return evidence.measurement(
        claim, attempts, ours.accuracy, ours.interval, stated, learnt=whole.learnt, differs=differs
    )


def extreme(attempts: Sequence[Run], metric: str) -> scores.Score:
    """The score of the best or of the worst attempt."""
    table = scores.predictions(attempts)
    accuracies = (table.emotion == table.predicted).groupby(table.seed).mean()
    seed = EXTREMES[metric](accuracies.index, key=accuracies.get)
    return scores.score([run for run in attempts if run.identity.seed == seed])
