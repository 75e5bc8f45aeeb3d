"""What the paper states of its runs, and what finished runs give for the printed numbers."""

from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results.config import Request
from common.results.differences import Stated
from common.results.evidence import Evidence
from common.runs.store import Run
from datasets import savee
from reproductions.full_paper.experiments import recipe

# What each protocol does that the printed one does not.
PROTOCOLS = {"clip-disjoint": "no clip on both sides", "strict": "no subject on both sides"}


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the paper states of the runs behind a row of Table 1; None for others."""
    if (claim.experiment, claim.network) != (run.identity.experiment, run.identity.network):
        return None
    return Stated(claim.network, {}, recipe(request), savee.CLASSES, protocols=PROTOCOLS)


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim."""
    protocols = evidence.plan.protocols
    return evidence.measured(lambda claim: [accuracy(evidence, claim, protocol) for protocol in protocols])


def accuracy(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """Accuracy over all seeds; None for other figures (parameters are counted without runs) and where no run is."""
    group = (claim.experiment, claim.network, protocol)
    score = evidence.score(*group) if claim.metric == "accuracy" else None
    if score is None:
        return None
    members = evidence.of(*group)
    return evidence.measurement(claim, members, score.accuracy, score.interval, stated, learnt=score.learnt)
