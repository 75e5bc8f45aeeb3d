"""Table 1 beside ours, made from finished runs alone."""

from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from reproductions.full_paper import measured
from reproductions.full_paper.models import NETWORKS

COLUMNS = {"network": "Network", "protocol": "Protocol"} | comparison.COLUMNS
TIMED = ()


def tables(evidence: Evidence) -> list[Table]:
    """The tables of the experiments that were run."""
    claim = evidence.paper.claim("table1-one_frame-accuracy")
    rows = []
    for protocol in evidence.plan.protocols:
        if ours := measured.accuracy(evidence, claim, protocol):
            title = NETWORKS[claim.network].title
            rows.append(comparison.row(evidence, claim, ours, network=title, protocol=protocol))
    notes = [f"{protocol}: {split.leakage}" for protocol, split in evidence.plan.splits.items()]
    return [Table("table1", "Table 1: accuracy on SAVEE in %", COLUMNS, rows, notes)]


def leaks(evidence: Evidence) -> list[LeakEffect]:
    """How much of the published protocol's accuracy rests on known subjects."""
    return comparison.protocol_leaks(evidence, [("One-Frame Net", "table1", "one_frame")], scores.difference)
