"""What a paper prints of a run, and how the run stands against it."""

from common.paper.load import Claim, Paper
from common.paper.verdicts import Measured, Verdict
from common.results.differences import differences, statement
from common.results.evidence import verdict
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
    """A run's accuracy in the unit of a claim, and the verdict on it."""
    differs = differences(paper, claim, [run], registry.reproduction(paper.name).measured.stated)
    low, high = (bound * claim.scale for bound in score.interval)
    data = "synthetic" if run.synthetic else "real"
    ours = Measured(score.accuracy * claim.scale, data, (low, high), differs="; ".join(differs))
    return ours, verdict(paper, claim, ours)
