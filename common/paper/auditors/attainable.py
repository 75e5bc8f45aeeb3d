"""Can so many test samples give this accuracy at all? (the GRIM idea of Brown & Heathers 2017)"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor

from common.paper.auditors.result import AuditResult, result
from common.paper.printed import ROUNDING, printed


def attainable(
    value: str | float, n: int, digits: int | None = None, rounding: Iterable[str] = ROUNDING, scale: int = 100
) -> list[int]:
    """The counts k for which k of n samples, as `scale` * k / n, prints as `value`.

    Args:
        value: as printed, e.g. "98.83".
        n: number of test samples.
        digits: decimals of the table; by default those of `value`.
        rounding: habits to allow: "round" (halves either way) and "truncate".
        scale: 100 for percentages, 1 for fractions.

    >>> attainable("95.10", 327), attainable("98.83", 480)
    ([311], [])
    """
    number = printed(value, digits)
    low, high = (bound * n / scale for bound in number.bounds(rounding))
    counts = range(max(ceil(low), 0), min(floor(high), n) + 1)
    return [k for k in counts if number.stands_for(Fraction(scale * k, n), rounding)]


def attainability(
    value: str,
    n: int | Sequence[int],
    digits: int | None = None,
    scale: int = 100,
    part: str = "",
    stated: bool = True,
) -> AuditResult:
    """Audit: whether `value` can be an accuracy on n samples; for several n, whether on any of them.

    Args:
        part: what these samples are, for the text, e.g. "fold 3 of the stated folds".
        stated: whether the paper prints how many samples these are. If it does not, a value that is impossible on them
            refutes that number of samples and not the value.
    """
    sizes = [n] if isinstance(n, int) else list(n)
    hits = [(k, size) for size in sizes for k in attainable(value, size, digits, scale=scale)]
    where = f" ({part})" if part else ""
    if hits:
        examples = ", ".join(f"{k}/{size} = {scale * k / size:.3f}" for k, size in hits[:4])
        return result(True, f"{value} is attainable: {examples}{where}")
    size = sizes[0]
    below = floor(printed(value).value * size / scale)
    nearest = " and ".join(f"{k}/{size} = {scale * k / size:.3f}" for k in (below, below + 1) if k <= size)
    text = f"no number of correct answers out of {' or '.join(map(str, sizes))}{where} gives {value}: {nearest}"
    return AuditResult("contradicted" if stated else "not shown", text)


def fold_accuracies(
    values: Sequence[str], sizes: Sequence[int], digits: int | None = None, scale: int = 100, stated: bool = True
) -> AuditResult:
    """Audit: whether the printed accuracies of the folds are possible with folds of these sizes, in whatever order.

    Which column is which fold is hardly ever stated. So each row is matched with the sizes in the order that allows
    most of its values (maximum bipartite matching), and only what then remains is called impossible.

    Args:
        values: printed accuracies, one or several rows of len(sizes) folds one after another.
        sizes: samples of every fold.
        stated: whether the paper, or a work that it follows, prints these sizes; see `attainability`.
    """
    fits = [[len(attainable(value, n, digits, scale=scale)) > 0 for n in sizes] for value in values]
    possible = sum(_matched(fits[first : first + len(sizes)]) for first in range(0, len(fits), len(sizes)))
    lone = [value for value, row in zip(values, fits, strict=True) if not any(row)]
    which = f"the sizes {list(sizes)}" if len(set(sizes)) > 1 else f"{len(sizes)} folds of {sizes[0]}"
    text = f"at most {possible} of {len(values)} printed values can occur with {which}, whatever their order"
    if lone:
        text += f"; {', '.join(dict.fromkeys(lone))} cannot occur at all"
    if possible == len(values):
        return result(True, text)
    return AuditResult("contradicted" if stated else "not shown", text)


def _matched(fits: Sequence[Sequence[bool]]) -> int:
    """How many rows can be given a column of their own that fits them."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    return int((maximum_bipartite_matching(csr_array(fits)) >= 0).sum())


def counts(values: Mapping[str, Sequence], sizes: Mapping[str, str | int], scale: int = 100) -> AuditResult:
    """Audit: whether every printed accuracy of some data sets is a count of the samples that these are said to have.

    Args:
        values: data set -> its accuracies as printed, or lists of such.
        sizes: data set -> number of samples as printed.
    """
    pairs = [(value, int(printed(sizes[name]).value)) for name, several in values.items() for value in _flat(several)]
    hits = [(value, n, attainable(value, n, scale=scale)) for value, n in pairs]
    misses = [f"{value} of {n:,}" for value, n, counts in hits if not counts]
    possible = [f"{value} = {counts[0]:,}/{n:,}" for value, n, counts in hits if counts]
    text = f"{len(misses)} of {len(pairs)} printed accuracies are no count of these samples"
    if misses:
        text += f": {', '.join(misses)}; possible: {', '.join(possible) or 'none'}"
    # A mean over folds is an accuracy too, and need be no count: the sizes do not show it, they do not refute it.
    return AuditResult("not shown" if misses else "holds", text)


def _flat(values: Sequence) -> list[str]:
    return [number for value in values for number in ([value] if isinstance(value, str) else value)]
