"""Printed comparisons of systems: whether a gap is more than chance, and whether one is the best compromise."""

from collections.abc import Sequence
from math import sqrt

from common.paper.auditors.result import AuditResult
from common.paper.printed import printed


def difference(a: str, b: str, n: int) -> AuditResult:
    """Audit: whether two printed accuracies on n test samples each are told apart by more than chance.

    The two are taken as independent. Paired answers on the same samples could tell less apart, but those are not
    printed: a gap within two standard errors is "not shown" and never "contradicted".

    Args:
        a, b: printed fractions; a is said to be the greater.

    Raises:
        ValueError: if n is not positive, or a value is no fraction.
    """
    high, low = (float(printed(value).value) for value in (a, b))
    if n < 1 or not (0 <= high <= 1 and 0 <= low <= 1):
        raise ValueError(f"{a} and {b} on {n} samples are no two accuracies")
    if high < low:
        return AuditResult("contradicted", f"{a} is less than {b}")
    error = sqrt((high * (1 - high) + low * (1 - low)) / n)
    gap = high - low
    text = f"{a} - {b} = {gap:.4g}, the standard error of the difference on {n:,} samples each is {error:.4f}"
    told = gap > 1.96 * error
    if error:
        text += f": {gap / error:.1f} standard errors"
    return AuditResult("holds" if told else "not shown", text)


def balance(names: Sequence[str], costs: Sequence[str], gains: Sequence[str]) -> AuditResult:
    """Audit: whether the first of some systems is the best compromise of a cost and a gain at some fixed price.

    A system is best at some price of a unit of cost if no other is better in both and no mixture of two others is:
    where it lies below the line between two others, one of these is better whatever the price. What "best" means is
    rarely printed, so such a system is "not shown" to be the best; one that another beats in both is "contradicted".

    Args:
        names: of the systems, the one that is said to be best first.
        costs, gains: printed, less and more being better.
    """
    points = [(float(printed(cost).value), float(printed(gain).value)) for cost, gain in zip(costs, gains, strict=True)]
    (cost, gain), others = points[0], list(zip(names[1:], points[1:], strict=True))
    for name, (x, y) in others:
        if x <= cost and y >= gain and (x, y) != (cost, gain):
            return AuditResult("contradicted", f"{name} has {y:g} at {x:g}, {names[0]} {gain:g} at {cost:g}")
    for left, (x0, y0) in others:
        for right, (x1, y1) in others:
            if x0 < cost < x1:
                line = y0 + (y1 - y0) * (cost - x0) / (x1 - x0)
                if line > gain:
                    text = f"the line through {left} ({x0:g}, {y0:g}) and {right} ({x1:g}, {y1:g})"
                    return AuditResult("not shown", f"{text} gives {line:.3f} at {cost:g}; {names[0]} has {gain:g}")
    return AuditResult("holds", f"no other and no two others beat {names[0]} ({cost:g}, {gain:g}) at every price")
