"""What finished runs give for the printed numbers of this paper, and what sets each apart from its number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from common import scores
from common.differences import NARROW, Stated
from common.evidence import Evidence
from common.paper import Claim
from common.request import Request
from common.runs import Run
from common.scores import Score
from common.verdicts import TOO_SMALL, Measured
from reproductions.emotionalvlan import groups, trainings
from reproductions.emotionalvlan.data import FER2013, KEYS, PRINTED
from reproductions.emotionalvlan.models import NO_WEIGHTS

PUBLISHED, HONEST = "published", "honest"


@dataclass(frozen=True)
class Leak:
    """What choosing the epoch on the tested part adds, as part of 1; for FER2013 also the split.

    `difference` and `interval` are None where the published row learnt nothing.
    """

    corpus: str
    published: Score
    honest: Score
    difference: float | None
    interval: tuple[float, float] | None


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the paper states of the runs behind a number; None for runs of another network or data set.

    The settings of a network follow from the request in so many places that those of the run itself stand for them;
    what could differ in them, the weights to begin with, is a difference of its own.
    """
    identity = run.identity
    if KEYS.get(claim.dataset) != identity.experiment or identity.network.removesuffix(NARROW) != claim.network:
        return None
    how = "features" if claim.network in trainings.STRUCTURES else request.settings["stages"]
    recipe = trainings.recipe(request, "features" if how == "features" else "end_to_end")
    if identity.recipe["checkpoint"] == "best_validation_accuracy":
        recipe = replace(recipe, checkpoint="best_validation_accuracy")
    official = claim.dataset == FER2013 and identity.protocol != PUBLISHED
    return Stated(
        claim.network,
        identity.settings,
        recipe,
        PRINTED,
        1 if official else groups.GROUPS,
        {HONEST: "no epoch chosen on the tested part"},
    )


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    return evidence.measured(
        lambda claim: (measure(evidence, claim, protocol) for protocol in evidence.plan["protocols"])
    )


def measure(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """What one protocol gives for a number, in percent; None where nothing was run for it."""
    if claim.dataset not in KEYS or claim.experiment not in evidence.plan["experiments"]:
        return None
    group = claim.dataset, claim.network, protocol
    members, found = runs_of(evidence, *group), score(evidence, *group)
    if found is None:
        return None
    value, interval = _value(claim, members, found)
    if value is None:
        return None
    return evidence.measurement(
        claim,
        members,
        100 * value,
        (100 * interval[0], 100 * interval[1]),
        stated,
        differs=_differences(evidence, claim, protocol),
        note=[] if found.learnt else [TOO_SMALL],
    )


def _value(claim: Claim, members: Sequence[Run], found: Score) -> tuple[float | None, tuple[float, float]]:
    if claim.metric == "recall":
        return scores.recall(members, claim.emotion) or (None, (0.0, 1.0))
    return scores.mean_recall(members) if claim.metric == "mean recall" else (found.accuracy, found.interval)


def score(evidence: Evidence, corpus: str, network: str, protocol: str) -> Score | None:
    return evidence.score(*_group(evidence, corpus, network, protocol))


def runs_of(evidence: Evidence, corpus: str, network: str, protocol: str) -> list[Run]:
    """The runs of a network on a corpus, one a fold and seed."""
    return evidence.of(*_group(evidence, corpus, network, protocol))


def _group(evidence: Evidence, corpus: str, network: str, protocol: str) -> tuple[str, str, str]:
    return KEYS[corpus], trainings.network_name(network, evidence.plan["narrow"]), protocol


def leaks(evidence: Evidence) -> list[Leak]:
    """Of the whole network, for every corpus that was run under both protocols."""
    found = []
    for corpus in evidence.plan["census"]:
        rows = [(corpus, "emotionalvlan", protocol) for protocol in (PUBLISHED, HONEST)]
        published, honest = (score(evidence, *row) for row in rows)
        if published is None or honest is None:
            continue
        difference, interval = None, None
        if published.learnt:
            # On FER2013 the two protocols test other pictures.
            compare = scores.difference if corpus == FER2013 else scores.paired_difference
            difference, *interval = compare(*(runs_of(evidence, *row) for row in rows))
        found.append(Leak(corpus, published, honest, difference, tuple(interval) if interval else None))
    return found


def _differences(evidence: Evidence, claim: Claim, protocol: str) -> list[str]:
    """What the records of single runs cannot say: how FER2013 is divided, and the weights to begin with."""
    plan, corpus, found = evidence.plan, claim.dataset, []
    if corpus == FER2013:
        parts = "random parts" if protocol == PUBLISHED else "the official parts"
        found.append(f"{parts} instead of groups of subjects, which FER2013 cannot give")
        census = plan["census"][corpus]
        if census["ledger"]["clips"] < census["of"]:
            found.append(f"{census['ledger']['clips']:,} of {census['of']:,} pictures")
    if not plan["narrow"] and plan["weights"] == NO_WEIGHTS:
        found.append("random weights to begin with")
    return found
