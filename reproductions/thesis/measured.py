"""What finished runs give for the printed numbers of this thesis: one `Measured` a claim and protocol."""

from collections.abc import Sequence

from common import scores
from common.evidence import Evidence
from common.paper import Claim
from common.runs import Run
from common.verdicts import TOO_SMALL, Measured
from reproductions.thesis import svm_measured

OTHER_PROTOCOL = {
    "clip-disjoint": "no sequence on both sides instead of pictures at random",
    "honest": "no person on both sides (FER2013: the parts of its makers) instead of pictures at random",
}
# Which of the attempts a claim is about; all others are about their mean.
EXTREMES = {"lowest accuracy": min, "highest accuracy": max}


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    protocols = evidence.plan["protocols"]
    return evidence.measured(lambda claim: (measure(evidence, claim, protocol) for protocol in protocols))


def measure(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """What one protocol gives for a claim, in the claim's unit; None where nothing was run for it."""
    differs = OTHER_PROTOCOL.get(protocol, "")
    if claim.experiment in ("svm_fer2013", "svm_ckplus"):
        return svm_measured.measure(evidence, claim, protocol, differs)
    if claim.experiment in ("cnn_fer2013", "cnn_ckplus"):
        return _network(evidence, claim, protocol, differs)
    return None


def _network(evidence: Evidence, claim: Claim, protocol: str, differs: str) -> Measured | None:
    group = (claim.experiment, claim.network, protocol)
    attempts = evidence.of(*group)
    whole = evidence.score(*group)
    if whole is None:
        return None
    ours = whole if claim.metric == "accuracy" else extreme(attempts, claim.metric)
    remarks = ["" if whole.learnt else TOO_SMALL, evidence.lacking(*group)]
    stated = evidence.paper.hyperparameters
    if claim.metric in EXTREMES and len(attempts) < stated["attempts"]:
        remarks.append(f"{len(attempts)} of {stated['attempts']} attempts")
    return Measured(
        ours.accuracy * claim.scale,
        evidence.data,
        (ours.interval[0] * claim.scale, ours.interval[1] * claim.scale),
        differs=differs or _other_epochs(attempts, stated["epochs"]),
        note="; ".join(remark for remark in remarks if remark),
        run=evidence.place(attempts),
    )


def extreme(attempts: Sequence[Run], metric: str) -> scores.Score:
    """The score of the best or of the worst attempt."""
    return EXTREMES[metric]((scores.score([run]) for run in attempts), key=lambda one: one.accuracy)


def _other_epochs(attempts: Sequence[Run], stated: int) -> str:
    planned = {run.identity.recipe["epochs"] for run in attempts}
    return "" if planned == {stated} else f"{'/'.join(map(str, sorted(planned)))} epochs instead of {stated}"
