"""What finished runs give for the printed numbers of this paper: one `Measured` a claim and protocol."""

from collections import Counter

from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results.config import Request
from common.results.differences import Stated
from common.results.evidence import Evidence
from common.runs.store import Run
from reproductions.timeconvnet import experiments, speed_measured
from reproductions.timeconvnet.data import CLASSES
from reproductions.timeconvnet.models import NETWORKS

OTHER_PROTOCOL = {
    "clip-disjoint": "no clip on both sides instead of windows at random",
    "strict": "no subject on both sides instead of windows at random",
}

IMBALANCE = "text6_2-imbalance"


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the paper states of the runs behind an accuracy of Table II, or behind a comparison; None for others.

    Which input channels the (2+1)D network counts is open in the text alone: its printed parameters settle it.
    """
    ours = run.identity.network
    about = claim.pair or (claim.network,)
    if run.identity.experiment != "table2" or claim.experiment != "table2" or ours not in about:
        return None
    network = NETWORKS[ours]
    settled = request.settings | {"nin": request.paper.settings["nin"]}
    return Stated(
        network.key,
        experiments.network_settings(settled, network),
        experiments.recipe(request, network),
        CLASSES,
        protocols=OTHER_PROTOCOL,
    )


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    return evidence.measured(lambda claim: _measure(evidence, claim))


def _measure(evidence: Evidence, claim: Claim) -> list[Measured | None]:
    if claim.id.startswith("text4-"):
        return [corpus(evidence, claim)]
    if claim.experiment == "table1":
        return [windows(evidence, claim)]
    if claim.pair and claim.unit != "ratio":
        return [gap(evidence, claim, protocol) for protocol in evidence.plan.protocols]
    if claim.metric == "accuracy":
        return [accuracy(evidence, claim, protocol) for protocol in evidence.plan.protocols]
    return [speed_measured.measure(evidence, claim)]


def windows(evidence: Evidence, claim: Claim) -> Measured | None:
    """Windows of one emotion, or of all (Table I); or how many times as many the frequent ones of section VI have."""
    if "table1" not in evidence.plan.experiments:
        return None
    counted = Counter()
    for row in evidence.plan.summary.windows:
        counted[row["emotion"]] += row["windows"]
    if claim.id == IMBALANCE:
        frequent, rare = min(counted["Happy"], counted["Sad"]), max(counted["Fear"], counted["Surprise"])
        return evidence.counted(frequent / rare) if rare else None
    return evidence.counted(counted[claim.emotion] if claim.emotion else counted.total())


def corpus(evidence: Evidence, claim: Claim) -> Measured | None:
    """What a corpus holds of which section IV prints a count; None where the plan does not tell."""
    counted = getattr(evidence.plan.summary, "corpora", {}).get(claim.id)  # not in plans of earlier versions
    return None if counted is None else evidence.counted(counted)


def accuracy(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """Accuracy of one network of Table II over all seeds."""
    group = ("table2", claim.network, protocol)
    score = evidence.score(*group)
    if score is None:
        return None
    members = evidence.of(*group)
    return evidence.measurement(claim, members, score.accuracy, score.interval, stated, learnt=score.learnt)


def gap(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """How much more accurate one network is than another on the same test samples."""
    return evidence.gap(claim, [("table2", key, protocol) for key in claim.pair], stated)
