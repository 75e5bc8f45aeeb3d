"""What finished runs give for the printed numbers of this paper: one `Measured` a claim and protocol."""

from collections.abc import Sequence

from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results.config import Request
from common.results.differences import Stated
from common.results.evidence import Evidence
from common.results.plan_schema import NetworkTimes
from common.runs import scores
from common.runs.store import Run
from reproductions.timeconvnet import experiments
from reproductions.timeconvnet.data import CLASSES
from reproductions.timeconvnet.models import NETWORKS

OTHER_PROTOCOL = {
    "clip-disjoint": "no clip on both sides instead of windows at random",
    "strict": "no subject on both sides instead of windows at random",
}

# Statements of section V that compare two networks: the greater accuracy less the other, the longer time by the other.
LESS = {
    "text5-higher-than-2d": ("tcn_mini_xception", "mini_xception_2d"),
    "text5-higher-than-3d": ("tcn_mini_xception", "resnet20_3d"),
    "text5-higher-than-2plus1d": ("tcn_mini_xception", "resnet20_2plus1d"),
}
OVER = {
    "text5-twice-as-fast": ("tcn_resnet20", "tcn_mini_xception"),
    "text5-folds-below-3d": ("resnet20_3d", "tcn_resnet20"),
    "text5-folds-below-2plus1d": ("resnet20_2plus1d", "tcn_resnet20"),
    "text5-similar-time": ("tcn_mini_xception", "mini_xception_2d"),
}


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the paper states of the runs behind an accuracy of Table II, or behind a comparison; None for others.

    Which input channels the (2+1)D network counts is open in the text alone: its printed parameters settle it.
    """
    ours = run.identity.network
    about = LESS.get(claim.id, (claim.network,))
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
    if claim.id in OVER:
        return [time_ratio(evidence, claim)]
    if claim.experiment == "speed":
        return [pipeline(evidence, claim)]
    if claim.id in LESS:
        return [gap(evidence, claim, protocol) for protocol in evidence.plan.protocols]
    if claim.metric == "accuracy":
        return [accuracy(evidence, claim, protocol) for protocol in evidence.plan.protocols]
    return [parameters(evidence, claim) if claim.metric == "parameters" else inference_time(evidence, claim)]


def windows(evidence: Evidence, claim: Claim) -> Measured | None:
    """Windows of one emotion, or of all (Table I)."""
    if "table1" not in evidence.plan.experiments:
        return None
    counted = [row["windows"] for row in evidence.plan.summary.windows if claim.emotion in (None, row["emotion"])]
    return evidence.counted(sum(counted))


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
    groups = [("table2", key, protocol) for key in LESS[claim.id]]
    both = [evidence.score(*group) for group in groups]
    if None in both:
        return None
    first, second = (evidence.of(*group) for group in groups)
    if {run.identity.seed for run in first} != {run.identity.seed for run in second}:
        return None  # half of a plan: what is compared must be trained with the same seeds
    value, *interval = scores.paired_difference(first, second)
    learnt = all(score.learnt for score in both)
    return evidence.measurement(claim, [*first, *second], value, tuple(interval), stated, learnt=learnt)


def trained_size(evidence: Evidence, key: str) -> int | None:
    """Parameters of a network as the plan's runs trained it; None where none did."""
    runs = [run for protocol in evidence.plan.protocols for run in evidence.of("table2", key, protocol)]
    return next((run.record["parameters"] for run in runs), None)


def timed(evidence: Evidence, key: str) -> NetworkTimes | None:
    """Times and size of a network, as it was trained; None where it was not timed, or with other settings.

    One file holds the times of a profile, whichever plan was the last, and plans may differ in settings.
    """
    speed, timing = evidence.speed, (evidence.setting("timing_batch"), evidence.setting("timing_warm_up"))
    if speed is None or (speed.asked.batch, speed.asked.warm_up) != timing:
        return None
    times = speed.networks.get(key)
    default, asked = _builders(evidence, key)
    # Files of before do not tell the settings: they are of the default networks.
    return times if times is not None and (default if times.settings is None else times.settings) == asked else None


def parameters(evidence: Evidence, claim: Claim) -> Measured | None:
    """Parameters of one network of Table II: of the trained one, or of the timed one where none was trained."""
    count, times = trained_size(evidence, claim.network), timed(evidence, claim.network)
    if count is None and times is None:
        return None
    place = evidence.speed_place if count is None else evidence.plan_place
    return Measured(count or times.parameters, "none", note=_built_otherwise(evidence, [claim.network]), run=place)


def inference_time(evidence: Evidence, claim: Claim) -> Measured | None:
    """Mean time of a prediction of one network of Table II."""
    times = timed(evidence, claim.network)
    if times is None:
        return None
    return Measured(times.mean, "none", note=_built_otherwise(evidence, [claim.network]), run=evidence.speed_place)


def time_ratio(evidence: Evidence, claim: Claim) -> Measured | None:
    """Quotient of the mean times of two networks, which were timed in turns on one machine."""
    slow, fast = (timed(evidence, key) for key in OVER[claim.id])
    if slow is None or fast is None:
        return None
    differs = [
        f"{times.parameters:,} parameters instead of {NETWORKS[key].parameters:,}"
        for key, times in zip(OVER[claim.id], (slow, fast), strict=True)
        if times.parameters != NETWORKS[key].parameters
    ]
    gpus, runs = evidence.speed.machine.gpus, evidence.speed.runs
    stated_runs = evidence.paper.hyperparameters["timing_runs"]
    if runs < stated_runs:
        differs.append(f"{runs:,} timed runs instead of {stated_runs:,}")
    note = [f"timed on {gpus[0] if gpus else 'a processor without GPU'}"]
    note += filter(None, [_built_otherwise(evidence, OVER[claim.id])])
    ratio = slow.mean / fast.mean
    return Measured(ratio, "none", differs="; ".join(differs), note="; ".join(note), run=evidence.speed_place)


def _built_otherwise(evidence: Evidence, networks: Sequence[str]) -> str:
    """The choices of this plan that shape these networks, where they are not the defaults."""
    pairs = [_builders(evidence, key) for key in networks]
    changed = [f"{name}={value}" for default, asked in pairs for name, value in asked.items() if value != default[name]]
    return "; ".join(dict.fromkeys(changed))


def _builders(evidence: Evidence, key: str) -> tuple[dict, dict]:
    """Settings of a network's builder by default, and as the plan has them."""
    defaults = evidence.paper.settings
    return tuple(
        experiments.network_settings(settings, NETWORKS[key])
        for settings in (defaults, defaults | evidence.plan.settings)
    )


def pipeline(evidence: Evidence, claim: Claim) -> Measured | None:
    """One of the times of section VI, which are not of a single network."""
    networks = [timed(evidence, key) for key in NETWORKS if key.startswith("tcn")]
    if None in networks:
        return None
    steps = evidence.speed.pipeline
    ours = [times.mean for times in networks]
    value = {
        "text6-inference_time-fastest": min(ours),
        "text6-inference_time-slowest": max(ours),
        "text6-overhead-time": sum(steps[step].mean for step in ("decode", "detect", "crop")),
        "text6-pipeline-time": steps["frame"].mean,
        "text6-frame_rate": 1000 / steps["frame"].mean,
    }[claim.id]
    return Measured(value, "none", run=evidence.speed_place)
