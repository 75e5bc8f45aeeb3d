"""Table 1 beside ours, made from finished runs alone."""

from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from reproductions.sixth_paper import measured
from reproductions.sixth_paper.models import NETWORKS

COLUMNS = {
    "network": "Network",
    "protocol": "Protocol",
    "published": "Published",
    "reproduced": "Reproduced",
    "interval": "95 % interval",
    "verdict": "Verdict",
}

TIMED = ()


def tables(evidence: Evidence) -> list[Table]:
    """The tables of the experiments that were run."""
    claim = evidence.paper.claim("table1-one_frame-accuracy")
    rows = []
    for protocol in evidence.plan["protocols"]:
        ours = measured.accuracy(evidence, claim, protocol)
        if ours:
            row = {"network": NETWORKS[claim.network].title, "protocol": protocol, "published": claim.value}
            row |= {"reproduced": f"{ours.value:.1f}", "interval": f"{ours.interval[0]:.1f} to {ours.interval[1]:.1f}"}
            rows.append(row | {"verdict": evidence.verdict_label(claim, ours)})
    notes = [f"{protocol}: {split['said']}" for protocol, split in evidence.plan["splits"].items()]
    return [Table("table1", "Table 1: accuracy on SAVEE in %", COLUMNS, rows, notes, evidence.meta)]


def leaks(evidence: Evidence) -> list[tuple[str, float, float, float]]:
    """What the published protocol's accuracy owes to known subjects, in points: (network, difference, low, high)."""
    published, strict = (evidence.of("table1", "one_frame", protocol) for protocol in ("published", "strict"))
    if not (published and strict):
        return []
    return [("One-Frame Net", *(100 * value for value in scores.difference(published, strict)))]
