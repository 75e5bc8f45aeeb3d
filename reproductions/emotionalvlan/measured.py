"""What finished runs give for the printed numbers of this paper, and what sets each apart from its number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.config import Request
from common.results.differences import NARROW, Stated, network_name
from common.results.evidence import Evidence
from common.results.plan_schema import Plan
from common.runs import scores
from common.runs.clip_votes import by_clip
from common.runs.scores import Score
from common.runs.store import Run
from reproductions.emotionalvlan import groups, sweep, trainings
from reproductions.emotionalvlan.data import FER2013, KEYS, LISTED, MMI, PRINTED
from reproductions.emotionalvlan.models import FRAMES, NO_WEIGHTS

PUBLISHED, STRICT = "published", "strict"
CONTROL = "fer2013_control"
MATRICES = ("table2", "table3", "table4", "table5")
# Data sets of which one does not download everything that was published.
READ_IN_PART = {MMI: "only the sessions with an emotion, and of these the frontal views, are read"}
OF_MEASUREMENT = ("accuracy_average", "segments_decide")


@dataclass(frozen=True)
class Pair:
    """The whole network on one corpus under both protocols.

    Attributes:
        leak: what choosing the epoch on the tested part adds, for FER2013 also the split; None where the published
            row learnt nothing.
    """

    corpus: str
    published: Score
    strict: Score
    leak: LeakEffect | None


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the paper states of the runs behind a number; None for runs of another network or data set.

    The paper names two lists of classes for a data set: that of section 4.1, and that of the matrices, which shows the
    printed recalls and their averages. A number of Table 1 or 6 may be of either. Which epoch is tested is not said, so
    `strict`, which tests the last one, is a reading of the paper as `published` is.
    """
    identity = run.identity
    if not _is_about(claim, identity.experiment) or identity.network.removesuffix(NARROW) != claim.network:
        return None
    how = "features" if claim.network in trainings.STRUCTURES else request.settings["stages"]
    stage = "features" if how == "features" else "end_to_end"
    settings = trainings.builder_settings(request, claim.network, stage)
    if "pretrained" in settings:
        # Which file the weights came from is open; that there are some is asked in `_differences`.
        settings["pretrained"] = identity.settings.get("pretrained", settings["pretrained"])
    if "frames" in settings and claim.experiment != sweep.EXPERIMENT:
        settings["frames"] = FRAMES
    recipe = trainings.recipe(request, stage)
    if identity.recipe["checkpoint"] == "best_validation_accuracy":
        recipe = replace(recipe, checkpoint="best_validation_accuracy")
    official = claim.dataset == FER2013 and identity.protocol != PUBLISHED
    return Stated(
        claim.network,
        settings,
        recipe,
        _classes(claim, run),
        1 if official else groups.GROUPS,
        {STRICT: ""},
    )


def _is_about(claim: Claim, experiment: str) -> bool:
    """Whether runs that are kept under this name are of the claim's data set, and of the sweep if the claim is."""
    if claim.experiment == sweep.EXPERIMENT:
        return experiment in {sweep.run_name(claim.dataset, frames) for frames in sweep.SWEPT}
    return KEYS.get(claim.dataset) == experiment


def _classes(claim: Claim, run: Run) -> Sequence[str]:
    """The classes of a claim's data set in the paper, of its two lists that which the run has, if it has one."""
    listed = LISTED[claim.dataset]
    as_listed = claim.experiment not in MATRICES and set(run.record.get("classes", [])) == set(map(str, listed))
    return listed if as_listed else PRINTED


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    return evidence.measured(lambda claim: _of_claim(evidence, claim))


def _of_claim(evidence: Evidence, claim: Claim) -> list[Measured | None]:
    if claim.experiment == "datasets":
        return [_size(evidence, claim)]
    measure_one = _frames if claim.experiment == sweep.EXPERIMENT else measure
    return [measure_one(evidence, claim, protocol) for protocol in evidence.plan.protocols]


def _size(evidence: Evidence, claim: Claim) -> Measured | None:
    """How many clips, images or people a data set on this disk has, those that are not used included."""
    summary = evidence.plan.summary.get(claim.dataset)
    if summary is None or claim.metric not in summary.whole:
        return None
    return evidence.counted(summary.whole[claim.metric], READ_IN_PART.get(claim.dataset, ""))


def _frames(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """By how many points the paper's number of frames is ahead of the best other one."""
    lead = sweep.ahead(evidence, claim, protocol) if claim.experiment in evidence.plan.experiments else None
    if lead is None:
        return None
    value, (low, high) = lead
    several = sweep.members(evidence, claim.dataset, protocol)
    tried, all_of_them = len(several), len(sweep.SWEPT)
    return evidence.measurement(
        claim,
        [run for runs in several.values() for run in runs],
        value,
        (low, high),
        stated,
        differs=[
            f"{tried} of {all_of_them} numbers of frames" if tried < all_of_them else "",
            *_differences(evidence.plan, claim, protocol),
        ],
    )


def measure(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """What one protocol gives for a number, in percent; None where nothing was run for it."""
    if claim.dataset not in KEYS or not _ran(evidence, claim):
        return None
    group = claim.dataset, claim.network, protocol
    members, scored = runs_of(evidence, *group), score(evidence, *group)
    if scored is None:
        return None
    value, interval = _value(claim, predictions(evidence, members), evidence.setting("accuracy_average"))
    if value is None:
        return None
    return evidence.measurement(
        claim,
        members,
        value,
        interval,
        stated,
        learnt=scored.learnt,
        differs=_differences(evidence.plan, claim, protocol),
        note=_read_as(evidence.plan),
    )


def _ran(evidence: Evidence, claim: Claim) -> bool:
    """Whether a command asked for what a claim is about; the control trains both streams on FER2013 as Table 1 does."""
    control = claim.experiment == "table1" and claim.dataset == FER2013
    return not {claim.experiment, *([CONTROL] if control else [])}.isdisjoint(evidence.plan.experiments)


def _value(claim: Claim, table, average: str) -> tuple[float | None, tuple[float, float]]:
    """The figure, as part of 1. The average below a matrix is that of its diagonal, whatever groups there are."""
    if claim.metric == "recall":
        return scores.recall(table, claim.emotion) or (None, (0.0, 1.0))
    return scores.mean_recall(table) if claim.metric == "mean recall" else accuracy(table, average)


def accuracy(table, average: str) -> tuple[float, tuple[float, float]]:
    """The accuracy that predictions give, 0 to 1, with its interval: the mean over groups, or of all samples alike."""
    if average == "over_groups":
        return scores.fold_mean(table)
    pooled = scores.score(table)
    return pooled.accuracy, pooled.interval


def _read_as(plan: Plan) -> list[str]:
    """Changed decisions of the measurement, which the records of runs may not know of."""
    return [f"{name}={plan.settings[name]}" for name in OF_MEASUREMENT if name in plan.settings]


def predictions(evidence: Evidence, members: Sequence[Run]):
    """The predictions of runs, one row a tested sample; a row a video where its segments decide together.

    Raises:
        UserError: if they cannot be read, or are to be joined and have no probabilities.
    """
    table, how = scores.predictions(members), evidence.setting("segments_decide")
    return table if how == "each_alone" else by_clip(table, how)


def score(evidence: Evidence, corpus: str, network: str, protocol: str) -> Score | None:
    """What the runs of a network on a corpus scored, all tested samples or videos alike; None if there are none."""
    group = _group(evidence.plan, corpus, network, protocol)
    if evidence.setting("segments_decide") == "each_alone" or not evidence.of(*group):
        return evidence.score(*group)
    return scores.score(predictions(evidence, evidence.of(*group)))


def runs_of(evidence: Evidence, corpus: str, network: str, protocol: str) -> list[Run]:
    """The runs of a network on a corpus, one a fold and seed."""
    return evidence.of(*_group(evidence.plan, corpus, network, protocol))


def _group(plan: Plan, corpus: str, network: str, protocol: str) -> tuple[str, str, str]:
    return KEYS[corpus], network_name(network, plan.narrow), protocol


def pairs(evidence: Evidence) -> list[Pair]:
    """Of the whole network, for every corpus that was run under both protocols."""
    compared = []
    for corpus in evidence.plan.summary:
        rows = [(corpus, "emotionalvlan", protocol) for protocol in (PUBLISHED, STRICT)]
        published, strict = (score(evidence, *row) for row in rows)
        if published is None or strict is None:
            continue
        # On FER2013 the two protocols test other images.
        compare = scores.difference if corpus == FER2013 else scores.paired_difference
        reason = "random parts and epoch" if corpus == FER2013 else "epoch chosen on the tested part"
        tables = [predictions(evidence, runs_of(evidence, *row)) for row in rows]
        size = comparison.leak(reason, *tables, compare) if published.learnt else None
        compared.append(Pair(corpus, published, strict, size))
    return compared


def _differences(plan: Plan, claim: Claim, protocol: str) -> list[str]:
    """What the records of single runs cannot say: how FER2013 is divided, lost clips, the weights to begin with."""
    corpus, differing = claim.dataset, []
    if corpus == FER2013:
        parts = "random parts" if protocol == PUBLISHED else "the official parts"
        differing.append(f"{parts} instead of groups of subjects, which FER2013 cannot give")
        summary = plan.summary[corpus]
        if summary.ledger["clips"] < summary.of:
            differing.append(f"{summary.ledger['clips']:,} of {summary.of:,} images")
    else:
        lost = plan.summary[corpus].ledger.get("segments_without_face", 0)
        differing += [f"{lost:,} clips or segments without a face left out"] if lost else []
    if not plan.narrow and plan.weights == NO_WEIGHTS:
        differing.append("random weights to begin with")
    return differing
