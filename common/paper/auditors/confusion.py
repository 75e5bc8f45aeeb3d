"""Printed confusion matrices: do rows add up, what counts stand behind them, and which way do they run?"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import ceil, floor

import numpy as np

from common.paper.auditors.result import AuditResult, result
from common.paper.printed import significant

Cell = str | float | None
Matrix = Sequence[Sequence[Cell]]


def row_sums(matrices: Sequence[Matrix], whole: float = 100, tolerance: float = 0.5) -> AuditResult:
    """Audit: whether all rows of matrices of shares add up to the whole, or else all columns, as far as none is lost.

    Args:
        tolerance: by how much the rounding of its cells may change a sum.
    """

    def other_sums(lines: Iterable[Sequence[Cell]]) -> tuple[int, list[str]]:
        sums = [float(sum(Fraction(str(cell)) for cell in line)) for line in lines if None not in line]
        return len(sums), [f"{x:g}" for x in sums if abs(x - whole) > tolerance]

    rows, wrong_rows = other_sums(row for matrix in matrices for row in matrix)
    columns, wrong_columns = other_sums(column for matrix in matrices for column in zip(*matrix, strict=True))
    text = f"{len(wrong_rows)} of {rows} rows do not add up to {whole:g}"
    if wrong_rows:
        text += f" ({', '.join(wrong_rows)}), and {len(wrong_columns)} of {columns} columns do not either"
    return result(not wrong_rows or not wrong_columns, text)


def cell_steps(matrices: Sequence[Matrix], step: str) -> AuditResult:
    """Audit: whether the cells off the diagonals are finer than multiples of a step.

    Args:
        step: as one types it, e.g. "2.5"; multiples are taken exactly.
    """
    off, diagonal = [], []
    for matrix in matrices:
        for i, row in enumerate(matrix):
            diagonal += [Fraction(str(row[i]))] if row[i] is not None else []
            off += [Fraction(str(cell)) for j, cell in enumerate(row) if j != i and cell is not None]
    filled = [cell for cell in off if cell]
    coarse, on = ([cell for cell in some if cell % Fraction(step) == 0] for some in (filled, diagonal))
    text = f"{len(coarse)} of {len(filled)} non-zero cells off the diagonal are multiples of {step}"
    text += f", and {len(on)} of {len(diagonal)} on it"
    # That all are coarse is remarkable; no statement of the paper is refuted by it.
    return AuditResult("holds" if not filled or len(coarse) < len(filled) else "not shown", text)


def reconstruct(
    matrix: Matrix,
    digits: int = 2,
    row_totals: Sequence[int] | None = None,
    column_totals: Sequence[int] | None = None,
    normalised: str = "rows",
    limit: int = 1000,
    most: int = 100,
) -> list[np.ndarray]:
    """The integer matrices whose row shares print as `matrix`.

    Args:
        matrix: (classes, classes) printed shares in 0..1; None for a lost cell.
        digits: significant digits of the print (0.083, 0.96 and 1 have two; 0 stands for exactly none).
        row_totals, column_totals: known sums of the counts.
        normalised: "rows" or "columns": along which the shares add up to one.
        limit: largest row total to try where neither totals are known.
        most: stop after so many solutions.

    Returns:
        (classes, classes) int arrays in the orientation of `matrix`, at most `most`.
    """
    if normalised == "columns":
        turned = [list(column) for column in zip(*matrix, strict=True)]
        solutions = reconstruct(turned, digits, column_totals, row_totals, "rows", limit, most)
        return [solution.T for solution in solutions]
    caps = list(column_totals) if column_totals is not None else [limit] * len(matrix[0])
    largest = min(sum(caps), limit) if column_totals is None else sum(caps)
    rows = []
    for i, row in enumerate(matrix):
        totals = [row_totals[i]] if row_totals is not None else range(1, largest + 1)
        bounds = [_bounds(cell, digits) for cell in row]
        rows.append([counts for n in totals for counts in _row_counts(bounds, n, caps)])
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    target = np.array(column_totals) if column_totals is not None else None
    solutions = []
    for choice in _choices([np.array(rows[i]).reshape(-1, len(caps)) for i in order], target):
        solution = np.empty((len(rows), len(caps)), int)
        solution[order] = choice
        solutions.append(solution)
        if len(solutions) == most:
            break
    return solutions


def _bounds(cell: Cell, digits: int) -> tuple[Fraction, Fraction]:
    """The least and the greatest share that prints as a cell; any share where the cell is lost."""
    return (Fraction(0), Fraction(1)) if cell is None else significant(cell, digits).bounds(["round"])


def _row_counts(bounds: Sequence[tuple[Fraction, Fraction]], n: int, caps: Sequence[int]) -> Iterator[list[int]]:
    """All ways to share n samples over a row whose shares lie within bounds."""
    ranges = []
    for (low, high), cap in zip(bounds, caps, strict=True):
        ranges.append((ceil(low * n), min(floor(high * n), cap)))
        if ranges[-1][0] > ranges[-1][1]:
            return
    yield from _shares(ranges, n)


def _shares(ranges: Sequence[tuple[int, int]], n: int) -> Iterator[list[int]]:
    if not ranges:
        if n == 0:
            yield []
        return
    (low, high), rest = ranges[0], ranges[1:]
    least, most = sum(r[0] for r in rest), sum(r[1] for r in rest)
    for count in range(max(low, n - most), min(high, n - least) + 1):
        for tail in _shares(rest, n - count):
            yield [count, *tail]


def _choices(rows: list[np.ndarray], target: np.ndarray | None) -> Iterator[list[np.ndarray]]:
    """One candidate of every row, so that the columns add up to `target` (where it is known)."""
    if not rows:
        if target is None or not target.any():
            yield []
        return
    candidates, rest = rows[0], rows[1:]
    if target is not None and len(candidates):
        reach = sum((later.max(axis=0) for later in rest if len(later)), np.zeros_like(target))
        left = target - candidates
        candidates = candidates[((left >= 0) & (left <= reach)).all(axis=1)]
    for candidate in candidates:
        for tail in _choices(rest, None if target is None else target - candidate):
            yield [candidate, *tail]


def orientation(matrix: Matrix, class_totals: Sequence[int], stated: str, digits: int = 2) -> AuditResult:
    """Audit: whether the rows of a matrix of shares are what they are said to be.

    Rows of actual classes have the class sizes as row totals, rows of predictions have them as column totals.

    Args:
        class_totals: number of samples of every class.
        stated: "actual" or "predicted".
    """
    actual = reconstruct(matrix, digits, row_totals=class_totals)
    predicted = reconstruct(matrix, digits, column_totals=class_totals)
    fits = f"{len(actual)} integer matrices fit with actual classes as rows, {len(predicted)} with predictions as rows"
    if len(predicted) == 1:
        right, n = int(np.trace(predicted[0])), int(predicted[0].sum())
        fits += f"; the latter has {right} of {n} on its diagonal ({100 * right / n:.3f} %)"
    return result(bool(actual if stated == "actual" else predicted), fits)
