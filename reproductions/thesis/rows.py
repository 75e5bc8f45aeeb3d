"""The row of a claim: printed beside ours, with the verdict."""

from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results.evidence import Evidence

COLUMNS = {
    "quantity": "Quantity",
    "protocol": "Protocol",
    "published": "Published",
    "reproduced": "Reproduced",
    "difference": "Difference",
    "interval": "95 % interval",
    "verdict": "Verdict",
}
RELATIONS = {"less": "below ", "more": "above ", "about": "about "}


def claimed(evidence: Evidence, claim: Claim, ours: Measured, quantity: str, protocol: str) -> dict:
    """One row of a table with these columns."""
    verdict = evidence.judge(claim, ours)
    digits = {"%": 2, "fraction": 3}.get(claim.unit, 0)
    row = {
        "quantity": quantity,
        "protocol": protocol,
        "published": f"{RELATIONS.get(claim.relation, '')}{claim.value}",
        "reproduced": f"{ours.value:,.{digits}f}",
        "difference": f"{verdict.difference:+,.{digits}f}",
        "verdict": evidence.verdict_label(claim, ours),
    }
    if ours.interval is not None:
        low, high = ours.interval
        row["interval"] = f"{low:.{digits}f} to {high:.{digits}f}"
    return row
