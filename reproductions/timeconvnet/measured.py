"""What finished runs give for the printed numbers of this paper: one `Measured` a claim and protocol."""

from common.differences import Stated
from common.evidence import Evidence
from common.paper import Claim
from common.request import Request
from common.runs import Run
from common.verdicts import TOO_SMALL, Measured
from reproductions.timeconvnet import experiments
from reproductions.timeconvnet.data import CLASSES
from reproductions.timeconvnet.models import NETWORKS

OTHER_PROTOCOL = {
    "clip-disjoint": "no clip on both sides instead of windows at random",
    "honest": "no subject on both sides instead of windows at random",
}


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the paper states of the runs behind a row of Table II; None for others."""
    if run.identity.experiment != "table2" or (claim.experiment, claim.network) != ("table2", run.identity.network):
        return None
    network = NETWORKS[claim.network]
    return Stated(
        network.key,
        experiments.network_settings(request, network),
        experiments.recipe(request, network),
        CLASSES,
        protocols=OTHER_PROTOCOL,
    )


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    return evidence.measured(lambda claim: _measure(evidence, claim))


def _measure(evidence: Evidence, claim: Claim) -> list[Measured | None]:
    if claim.experiment == "table1":
        return [windows(evidence, claim)]
    if claim.experiment == "speed":
        return [pipeline(evidence, claim)]
    if claim.metric == "accuracy":
        return [accuracy(evidence, claim, protocol) for protocol in evidence.plan["protocols"]]
    return [network_figure(evidence, claim)]


def windows(evidence: Evidence, claim: Claim) -> Measured | None:
    """Windows of one emotion, or of all (Table I)."""
    if "table1" not in evidence.plan["experiments"]:
        return None
    counted = [row["windows"] for row in evidence.plan["census"]["windows"] if claim.emotion in (None, row["emotion"])]
    return Measured(sum(counted), evidence.data, run=evidence.plan_place)


def accuracy(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """Accuracy of one network of Table II over all seeds."""
    group = ("table2", claim.network, protocol)
    score = evidence.score(*group)
    if score is None:
        return None
    members = evidence.of(*group)
    note = [] if score.learnt else [TOO_SMALL]
    return evidence.measurement(claim, members, score.accuracy, score.interval, stated, note=note)


def network_figure(evidence: Evidence, claim: Claim) -> Measured | None:
    """Inference time or parameters of one network of Table II."""
    timed = evidence.speed.get("networks", {}).get(claim.network)
    if timed is None:
        return None
    value = timed["parameters"] if claim.metric == "parameters" else timed["mean"]
    return Measured(value, "none", run=evidence.speed_place)


def pipeline(evidence: Evidence, claim: Claim) -> Measured | None:
    """One of the times of section VI, which are not of a single network."""
    if not evidence.speed:
        return None
    steps = evidence.speed["pipeline"]
    ours = [evidence.speed["networks"][key]["mean"] for key in NETWORKS if key.startswith("tcn")]
    value = {
        "text6-inference_time-fastest": min(ours),
        "text6-inference_time-slowest": max(ours),
        "text6-overhead-time": sum(steps[step]["mean"] for step in ("decode", "detect", "crop")),
        "text6-pipeline-time": steps["frame"]["mean"],
        "text6-frame_rate": 1000 / steps["frame"]["mean"],
    }[claim.id]
    return Measured(value, "none", run=evidence.speed_place)
