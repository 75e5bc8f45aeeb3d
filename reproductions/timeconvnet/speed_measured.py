"""What finished runs give for the printed times and sizes of this paper."""

from collections.abc import Sequence
from dataclasses import replace

from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results.evidence import Evidence
from common.results.plan_schema import NetworkTimes
from reproductions.timeconvnet import experiments
from reproductions.timeconvnet.models import NETWORKS


def measure(evidence: Evidence, claim: Claim) -> Measured | None:
    """What was measured for a time, a size, or a statement about two of either."""
    if claim.pair:
        return (size_ratio if claim.metric.startswith("parameters") else time_ratio)(evidence, claim)
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
    slow, fast = (timed(evidence, key) for key in claim.pair)
    if slow is None or fast is None:
        return None
    differs = [
        f"{times.parameters:,} parameters instead of {NETWORKS[key].parameters:,}"
        for key, times in zip(claim.pair, (slow, fast), strict=True)
        if times.parameters != NETWORKS[key].parameters
    ]
    gpus, runs = evidence.speed.machine.gpus, evidence.speed.runs
    stated_runs = evidence.paper.hyperparameters["timing_runs"]
    if runs < stated_runs:
        differs.append(f"{runs:,} timed runs instead of {stated_runs:,}")
    note = [f"timed on {gpus[0] if gpus else 'a processor without GPU'}"]
    note += filter(None, [_built_otherwise(evidence, claim.pair)])
    ratio = slow.mean / fast.mean
    return Measured(ratio, "none", differs="; ".join(differs), note="; ".join(note), run=evidence.speed_place)


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


def size_ratio(evidence: Evidence, claim: Claim) -> Measured | None:
    """Quotient of the parameters of two networks."""
    large, small = (parameters(evidence, key) for key in claim.pair)
    return small and large and replace(large, value=large.value / small.value)


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
