"""What finished runs give for the printed times and sizes of this paper."""

from collections.abc import Sequence
from dataclasses import replace

from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results.evidence import Evidence
from common.results.plan_schema import NetworkTimes
from reproductions.timeconvnet import experiments
from reproductions.timeconvnet.models import NETWORKS

# Statements of section V that compare two networks: the longer time, or the greater number of parameters, by the other.
SLOWER = {
    "text5-twice-as-fast": ("tcn_resnet20", "tcn_mini_xception"),
    "text5-folds-below-3d": ("resnet20_3d", "tcn_resnet20"),
    "text5-folds-below-2plus1d": ("resnet20_2plus1d", "tcn_resnet20"),
    "text5-similar-time": ("tcn_mini_xception", "mini_xception_2d"),
    "text5-fastest": ("tcn_mini_xception", "mini_xception_2d"),
}
LARGER = {"text5-most-parameters": ("tcn_mobilenetv2", "resnet20_3d")}


def measure(evidence: Evidence, claim: Claim) -> Measured | None:
    """What was measured for a time, a size, or a statement about either."""
    if claim.id in SLOWER:
        return time_ratio(evidence, claim)
    if claim.id in LARGER:
        return size_ratio(evidence, claim)
    if claim.experiment == "speed":
        return pipeline(evidence, claim)
    return (parameters if claim.metric == "parameters" else inference_time)(evidence, claim.network)


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


def trained_size(evidence: Evidence, key: str) -> int | None:
    """Parameters of a network as the plan's runs trained it; None where none did."""
    runs = [run for protocol in evidence.plan.protocols for run in evidence.of("table2", key, protocol)]
    return next((run.record["parameters"] for run in runs), None)


def parameters(evidence: Evidence, key: str) -> Measured | None:
    """Parameters of one network of Table II: of the trained one, or of the timed one where none was trained."""
    count, times = trained_size(evidence, key), timed(evidence, key)
    if count is None and times is None:
        return None
    place = evidence.speed_place if count is None else evidence.plan_place
    return Measured(count or times.parameters, "none", note=_built_otherwise(evidence, [key]), run=place)


def inference_time(evidence: Evidence, key: str) -> Measured | None:
    """Mean time of a prediction of one network of Table II."""
    times = timed(evidence, key)
    if times is None:
        return None
    return Measured(times.mean, "none", note=_built_otherwise(evidence, [key]), run=evidence.speed_place)


def time_ratio(evidence: Evidence, claim: Claim) -> Measured | None:
    """Quotient of the mean times of two networks, which were timed in turns on one machine."""
    slow, fast = (timed(evidence, key) for key in SLOWER[claim.id])
    if slow is None or fast is None:
        return None
    differs = [
        f"{times.parameters:,} parameters instead of {NETWORKS[key].parameters:,}"
        for key, times in zip(SLOWER[claim.id], (slow, fast), strict=True)
        if times.parameters != NETWORKS[key].parameters
    ]
    gpus, runs = evidence.speed.machine.gpus, evidence.speed.runs
    stated_runs = evidence.paper.hyperparameters["timing_runs"]
    if runs < stated_runs:
        differs.append(f"{runs:,} timed runs instead of {stated_runs:,}")
    note = [f"timed on {gpus[0] if gpus else 'a processor without GPU'}"]
    note += filter(None, [_built_otherwise(evidence, SLOWER[claim.id])])
    ratio = slow.mean / fast.mean
    return Measured(ratio, "none", differs="; ".join(differs), note="; ".join(note), run=evidence.speed_place)


def size_ratio(evidence: Evidence, claim: Claim) -> Measured | None:
    """Quotient of the parameters of two networks."""
    large, small = (parameters(evidence, key) for key in LARGER[claim.id])
    return small and large and replace(large, value=large.value / small.value)


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
