"""What finished runs give for the printed numbers of this paper, and what separates one variant from another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from common.media.clips import Provenance
from common.paper.load import Claim, Paper
from common.paper.verdicts import Measured
from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.config import Request
from common.results.differences import Stated, network_name
from common.results.evidence import Evidence
from common.results.plan_schema import Plan
from common.runs import scores
from common.runs.scores import Score
from common.runs.store import Run
from datasets import ckplus48
from reproductions.convlstm import data, findings, trainings, variants
from reproductions.convlstm.data import AFEW, CKPLUS
from reproductions.convlstm.variants import (
    AFEW_PARTS,
    AFEW_RANDOM,
    CKPLUS_CLIPS,
    CKPLUS_FOLDS,
    RANDOM,
    SAVEE_AUGMENTED,
    SAVEE_BOTH,
    SAVEE_CLIPS,
    SAVEE_SPEAKERS,
    VARIANTS,
)

# A variant, and the protocol under which it is run.
VariantRow = tuple[str, str]


@dataclass(frozen=True)
class Pair:
    """Two rows that differ in what a tested clip has in common with training.

    Attributes:
        corpus, what: what the first row has in common with training, or lets choose the epoch, and the second has not.
        first, second: the rows.
        compare: how their difference gets its interval.
    """

    corpus: str
    what: str
    first: VariantRow
    second: VariantRow
    compare: Callable[[Sequence[Run], Sequence[Run]], tuple[float, float, float]] = scores.difference_by_subject


# Begins the metric of how many clips one part of AFEW has.
_PART = "clips of "
_PUBLISHED, _STRICT = "published", "strict"
_CKPLUS, _STRICT_CKPLUS = (CKPLUS_FOLDS, _PUBLISHED), (CKPLUS_FOLDS, _STRICT)
_AUGMENTED, _BOTH, _CLIPS = ((name, _PUBLISHED) for name in (SAVEE_AUGMENTED, SAVEE_BOTH, SAVEE_CLIPS))
_SPEAKERS, _STRICT_SPEAKERS = (SAVEE_SPEAKERS, _PUBLISHED), (SAVEE_SPEAKERS, _STRICT)
_RANDOM, _PARTS, _STRICT_PARTS = (AFEW_RANDOM, _PUBLISHED), (AFEW_PARTS, _PUBLISHED), (AFEW_PARTS, _STRICT)
PAIRS = (
    Pair(CKPLUS, "epoch chosen on the tested fold", _CKPLUS, _STRICT_CKPLUS, scores.paired_difference),
    Pair(CKPLUS, "tested people trained on", (CKPLUS_CLIPS, "clip-disjoint"), _STRICT_CKPLUS),
    Pair("SAVEE", "augmented samples of tested clips trained on", _AUGMENTED, _BOTH),
    Pair("SAVEE", "augmented samples of tested clips tested as well", _BOTH, _CLIPS),
    Pair("SAVEE", "tested speakers trained on", _CLIPS, _SPEAKERS),
    Pair("SAVEE", "epoch chosen on the tested speaker", _SPEAKERS, _STRICT_SPEAKERS, scores.paired_difference),
    Pair("SAVEE", "all four", _AUGMENTED, _STRICT_SPEAKERS),
    Pair(AFEW, "epoch chosen on Val", _PARTS, _STRICT_PARTS, scores.paired_difference),
    Pair(AFEW, "random split instead of the official parts", _RANDOM, _PARTS, scores.difference),
    Pair(AFEW, "both", _RANDOM, _STRICT_PARTS, scores.difference),
)


@dataclass(frozen=True)
class Step:
    """Two rows that were run, and what separates them.

    Attributes:
        leak: the size; None where the first row learnt nothing, or the two were not trained alike.
        alike: whether both rows were trained for as many epochs of as many steps.
    """

    pair: Pair
    first: Score
    second: Score
    leak: LeakEffect | None
    alike: bool


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the paper states of the runs behind a row; None for runs of another table."""
    variant = VARIANTS.get(run.identity.experiment)
    if variant is None or claim.experiment != variant.experiment:
        return None
    name = variant.corpus
    corpus = data.Corpus(name, data.classes(request, name), [], Provenance(run.synthetic))
    augmented = variants.divides_augmented(run.identity.experiment, request.settings)
    return Stated(
        trainings.key(name),
        trainings.network_settings(request, name),
        trainings.recipe(request, corpus, run.identity.experiment, augmented),
        corpus.classes,
        _folds(request, run.identity.experiment),
        {
            "clip-disjoint": "the epoch chosen on clips that are not tested",
            "strict": "the epoch chosen on clips that are not tested",
        },
        {ckplus48.NAME: ckplus48.INSTEAD},
    )


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    return evidence.measured(lambda claim: _of_claim(evidence, claim))


def accuracy_of(paper: Paper, experiment: str) -> Claim:
    """The accuracy that the paper prints for its own network."""
    wanted = (experiment, "accuracy", "equal")
    claims = (claim for claim in paper.claims if (claim.experiment, claim.metric, claim.relation) == wanted)
    return next(claim for claim in claims if not claim.cited)


def _of_claim(evidence: Evidence, claim: Claim) -> list[Measured | None]:
    if claim.cited or claim.experiment not in evidence.plan.experiments:
        return []
    if claim.kind == "count":
        return [_size(evidence, claim)]
    return [measure(evidence, claim, *row) for row in rows(evidence.plan, claim.experiment)]


def rows(plan: Plan, experiment: str) -> list[VariantRow]:
    """What was asked for of a table: its variants, each with its protocols."""
    return [
        (name, protocol)
        for name in variants.of_table(experiment)
        for protocol in plan.protocols
        if plan.split(name, protocol)
    ]


def measure(evidence: Evidence, claim: Claim, variant: str, protocol: str) -> Measured | None:
    """What one row gives for an accuracy, or for a statement about one; None where nothing was run for it."""
    scored, members = score(evidence, (variant, protocol)), runs_of(evidence, (variant, protocol))
    if scored is None:
        return None
    if claim.experiment == "table1" and evidence.setting("ckplus_accuracy") == "mean_over_folds":
        mean, interval = scores.fold_mean(members)
        scored = replace(scored, accuracy=mean, interval=interval)
    figures = findings.measure(evidence.paper, claim, scored, members)
    if figures is None:
        return None
    value, *interval = figures
    return evidence.measurement(
        claim,
        members,
        value,
        tuple(interval),
        stated,
        learnt=scored.learnt,
        differs=_differences(evidence, claim, (variant, protocol)),
    )


def _size(evidence: Evidence, claim: Claim) -> Measured:
    """How many clips or people a data set has, whether a face was found or not."""
    name = next(variant.corpus for variant in VARIANTS.values() if variant.experiment == claim.experiment)
    summary = evidence.plan.summary[name]
    counts, emotions = summary.found, list(summary.clips)
    if claim.unit == "subjects":
        value = summary.subjects
    elif claim.metric.startswith(_PART):
        value = counts.get(claim.metric.removeprefix(_PART), 0)
    else:
        value = sum(counts.get(key, 0) for key in ([claim.emotion] if claim.emotion else emotions))
    lacking = ["without Contempt"] if name == CKPLUS and "Contempt" not in emotions else []
    return evidence.counted(value, "; ".join([ckplus48.INSTEAD] * bool(summary.instead) + lacking))


def score(evidence: Evidence, row: VariantRow) -> Score | None:
    return evidence.score(*_group(evidence.plan, row))


def runs_of(evidence: Evidence, row: VariantRow) -> list[Run]:
    """The runs of a row, one a fold and seed."""
    return evidence.of(*_group(evidence.plan, row))


def _group(plan: Plan, row: VariantRow) -> tuple[str, str, str]:
    variant, protocol = row
    return variant, network_name(trainings.key(VARIANTS[variant].corpus), plan.narrow), protocol


def steps(evidence: Evidence) -> list[Step]:
    """The pairs of which both rows were run."""
    compared = []
    for pair in PAIRS:
        first, second = (score(evidence, row) for row in (pair.first, pair.second))
        if first is None or second is None:
            continue
        members = runs_of(evidence, pair.first), runs_of(evidence, pair.second)
        alike = _lengths(members[0]) == _lengths(members[1])
        size = comparison.leak(pair.what, *members, pair.compare) if first.learnt and alike else None
        compared.append(Step(pair, first, second, size, alike))
    return compared


def _lengths(members: Sequence[Run]) -> set[tuple[int, int | None]]:
    """Epochs, and steps of each where they are limited, of these trainings."""
    recipes = (run.identity.recipe for run in members)
    return {(recipe["epochs"], recipe["steps_per_epoch"]) for recipe in recipes}


def _differences(evidence: Evidence, claim: Claim, row: VariantRow) -> list[str]:
    """What no record of a single run can say: another variant than the claimed one, lost clips, another branch."""
    plan, (variant, _) = evidence.plan, row
    split = plan.split(*row)
    chosen = variants.claimed(claim.experiment, evidence.settings)
    differing = [] if variant == chosen else [f"{VARIANTS[variant].title} instead of {VARIANTS[chosen].title}"]
    if VARIANTS[variant].corpus == AFEW and evidence.data == "real" and any(plan.branch.values()):
        differing.append("the second branch trained on synthetic images")
    if split.left_out:
        differing.append(f"{split.left_out} clips without a face left out")
    return differing


def _folds(request: Request, variant: str) -> int:
    """How many folds or random splits the paper has."""
    stated = request.paper.hyperparameters
    if variant in RANDOM:
        return stated[RANDOM[variant]]["runs"] if request.settings["five_runs"] == "splits" else 1
    return stated["ckplus"]["folds"] if variant in (CKPLUS_FOLDS, CKPLUS_CLIPS) else 1
