"""What finished runs give for the printed numbers of this thesis: one `Measured` a claim and protocol."""

from collections.abc import Sequence

from common import scores
from common.differences import Stated
from common.evidence import Evidence
from common.paper import Claim
from common.request import Request
from common.runs import Run
from common.verdicts import TOO_SMALL, Measured
from reproductions.thesis import data, svm_measured, trainings
from reproductions.thesis.svm_measured import OTHER_PROTOCOL

# Which of the attempts a claim is about; all others are about their mean.
EXTREMES = {"lowest accuracy": min, "highest accuracy": max}
# Experiment -> its data set and the classes of it.
NETWORKS = {"cnn_fer2013": ("FER2013", data.FER2013), "cnn_ckplus": ("CK+", data.CKPLUS)}
MACHINES = ("svm_fer2013", "svm_ckplus")


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the thesis states of the runs behind a number; None for runs of another experiment."""
    identity = run.identity
    if claim.experiment != identity.experiment:
        return None
    if claim.experiment in MACHINES:
        return svm_measured.stated(request, claim, run)
    if claim.experiment not in NETWORKS or claim.network != identity.network:
        return None
    name, classes = NETWORKS[claim.experiment]
    return Stated(
        identity.network,
        {"dropout": request.settings["dropout"]},
        trainings.recipe(request, identity.protocol, name),
        classes,
        protocols=OTHER_PROTOCOL,
    )


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    protocols = evidence.plan["protocols"]
    return evidence.measured(lambda claim: (measure(evidence, claim, protocol) for protocol in protocols))


def measure(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """What one protocol gives for a claim, in the claim's unit; None where nothing was run for it."""
    if claim.experiment in MACHINES:
        return svm_measured.measure(evidence, claim, protocol)
    return _network(evidence, claim, protocol) if claim.experiment in NETWORKS else None


def _network(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    group = (claim.experiment, claim.network, protocol)
    attempts = evidence.of(*group)
    whole = evidence.score(*group)
    if whole is None:
        return None
    ours = whole if claim.metric == "accuracy" else extreme(attempts, claim.metric)
    wanted = evidence.paper.hyperparameters["attempts"]
    few = claim.metric in EXTREMES and len(attempts) < wanted
    low, high = ours.interval
    return evidence.measurement(
        claim,
        attempts,
        ours.accuracy * claim.scale,
        (low * claim.scale, high * claim.scale),
        stated,
        differs=[f"{len(attempts)} of {wanted} attempts"] if few else [],
        note=[] if whole.learnt else [TOO_SMALL],
    )


def extreme(attempts: Sequence[Run], metric: str) -> scores.Score:
    """The score of the best or of the worst attempt."""
    return EXTREMES[metric]((scores.score([run]) for run in attempts), key=lambda one: one.accuracy)
