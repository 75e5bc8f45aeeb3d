"""A printed classification report (scikit-learn's layout): does it agree with itself?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from common.paper.auditors.result import AuditResult, result
from common.paper.printed import printed

AVERAGES = ("precision", "recall", "f1")


@dataclass(frozen=True)
class ReportCell:
    """A cell that follows from others: what is printed, and the range that the others' rounding allows."""

    name: str
    value: str
    low: float
    high: float

    @property
    def consistent(self) -> bool:
        low, high = (float(bound) for bound in printed(self.value).bounds(["round"]))
        return low - 1e-12 <= self.high and self.low <= high + 1e-12


def report_consistency(
    precision: Sequence[str],
    recall: Sequence[str],
    f1: Sequence[str],
    support: Sequence[str],
    accuracy: str | None = None,
    macro: Sequence[str] | None = None,
    weighted: Sequence[str] | None = None,
) -> list[ReportCell]:
    """The cells of a report that follow from its precision, recall and support columns.

    Args:
        precision, recall, f1, support: printed columns, one cell a class.
        accuracy: printed accuracy.
        macro, weighted: printed averages of precision, recall and f1.

    Returns:
        one cell for every class's f1 ("f1 0", ...), then "accuracy", "macro precision", ..., "weighted f1".
    """
    columns = {name: _bounds(column) for name, column in zip(AVERAGES, (precision, recall, f1), strict=True)}
    shares = np.array([float(printed(n).value) for n in support])
    shares = shares / shares.sum()
    return list(_cells(columns, shares, f1, accuracy, macro, weighted))


def _bounds(column: Sequence[str]) -> np.ndarray:
    """(2, classes) lowest and highest values of printed cells."""
    return np.array([[float(x) for x in printed(cell).bounds(["round"])] for cell in column]).T


def _cells(columns, shares, f1, accuracy, macro, weighted) -> Iterator[ReportCell]:
    p, r = np.clip(columns["precision"], 0, 1), np.clip(columns["recall"], 0, 1)
    with np.errstate(invalid="ignore"):
        harmonic = np.where(p + r > 0, 2 * p * r / (p + r), 0)
    for i, cell in enumerate(f1):
        yield ReportCell(f"f1 {i}", cell, *harmonic[:, i])
    if accuracy is not None:
        yield ReportCell("accuracy", accuracy, *(columns["recall"] @ shares))
    for word, averages, weights in (
        ("macro", macro, np.full(len(shares), 1 / len(shares))),
        ("weighted", weighted, shares),
    ):
        for name, cell in zip(AVERAGES, averages or (), strict=False):
            yield ReportCell(f"{word} {name}", cell, *(columns[name] @ weights))


def report(cell: str = "", **printed_columns) -> AuditResult:
    """Audit: whether a report, or one `cell` of it, follows from its other cells (see `report_consistency`)."""
    cells = report_consistency(**printed_columns)
    if cell:
        one = next(c for c in cells if c.name == cell)
        text = f"{cell}: the other cells allow {one.low:.4f} to {one.high:.4f}, printed {one.value}"
        return result(one.consistent, text, settles=True)
    wrong = [c.name for c in cells if not c.consistent]
    return result(not wrong, f"{len(cells) - len(wrong)} of {len(cells)} derived cells agree {wrong or ''}".strip())
