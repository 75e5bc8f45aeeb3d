"""What an auditor says."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class AuditResult:
    """The outcome of one check of a paper against itself.

    Attributes:
        finding: "holds", "contradicted", or "not shown": the printed figures do not refute it, but do not show it.
        arithmetic: the calculation in words and figures, for people.
        settles: whether "holds" means that the printed number was recomputed from the paper's other figures;
            otherwise it is only not refuted.
    """

    finding: Literal["holds", "contradicted", "not shown"]
    arithmetic: str
    settles: bool = False


def result(holds: bool, arithmetic: str, settles: bool = False) -> AuditResult:
    return AuditResult("holds" if holds else "contradicted", arithmetic, settles and holds)
