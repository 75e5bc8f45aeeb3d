"""What a paper prints of a run, and how the run stands against it."""

from pathlib import Path

from common.paper.load import Claim, Paper
from common.paper.verdicts import Measured, Verdict
from common.results import loading
from common.results.differences import differences, statement
from common.results.evidence import Evidence, verdict
from common.runs.scores import Score
from common.runs.store import Run
from reproductions import registry


def about(paper: Paper, run: Run) -> list[Claim]:
    """The accuracies that the paper prints of what this run is a part of."""
    stated = registry.reproduction(paper.name).measured.stated
    printed = [
        claim for claim in paper.claims if claim.metric == "accuracy" and claim.relation == "equal" and not claim.cited
    ]
    return [claim for claim in printed if statement(paper, stated, claim, run) is not None]


def judged(paper: Paper, claim: Claim, run: Run, score: Score) -> tuple[Measured, Verdict]:
    """A run's accuracy in the unit of a claim, and the verdict on it.

    What only the paper knows of its differences is taken from the plan that the run belongs to.
    """
    plan = _plan_of(paper, run)
    alone = _measured_alone(plan, claim, run) if plan else None
    if alone:
        differs, note = alone.differs, alone.note
    else:
        several = differences(paper, claim, [run], registry.reproduction(paper.name).measured.stated)
        differs, note = "; ".join([*several, *([] if plan else ["no plan of a command names it"])]), ""
    low, high = (bound * claim.scale for bound in score.interval)
    data = "synthetic" if run.synthetic else "real"
    ours = Measured(score.accuracy * claim.scale, data, (low, high), differs, note)
    return ours, verdict(paper, claim, ours)


def _plan_of(paper: Paper, run: Run) -> Evidence | None:
    """The best plan that a run belongs to, as if nothing else of it were finished."""
    below = run.identity.folder(Path())
    results = run.folder.parents[len(below.parts)]
    available = loading.load_available(paper, [run], results, warn=lambda _: None)
    return next((evidence for evidence in available if evidence.runs), None)


def _measured_alone(plan: Evidence, claim: Claim, run: Run) -> Measured | None:
    several = registry.reproduction(plan.paper.name).measured.measurements(plan).get(claim.id, [])
    return next((one for one in several if one.protocol == run.identity.protocol), None)
