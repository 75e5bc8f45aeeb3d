"""Sums, means, products and repeated statements: what a reader can check with a pencil."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod

from common.paper.auditors.result import AuditResult, result
from common.paper.printed import Printed, printed


def total(parts: Sequence[str], value: str) -> AuditResult:
    """Audit: whether whole numbers add up to the printed total."""
    numbers = [printed(part).value for part in parts]
    text = f"{' + '.join(f'{int(x):,}' for x in numbers)} = {int(sum(numbers)):,}, printed {value}"
    return result(sum(numbers) == printed(value).value, text, settles=True)


def mean(parts: Sequence[str], value: str, digits: int | None = None, parts_rounded: bool = False) -> AuditResult:
    """Audit: whether the printed mean follows from the printed parts.

    Args:
        parts: printed numbers.
        value: their printed mean.
        digits: decimals of the parts, where the table drops trailing zeros.
        parts_rounded: whether to grant that the mean was taken before the parts were rounded or truncated;
            otherwise the parts are taken at face value.
    """
    numbers = [printed(part, digits) for part in parts]
    exact = sum(x.value for x in numbers) / len(numbers)
    mean_value = printed(value)
    text = f"the mean of the printed parts is {float(exact):.4f}, printed {value}"
    if mean_value.stands_for(exact):
        return result(True, text, settles=True)
    if not parts_rounded:
        return result(False, text)
    low, high = (sum(ends) / len(numbers) for ends in zip(*(x.bounds() for x in numbers), strict=True))
    text += f"; their own rounding allows {float(low):.3f} to {float(high):.3f}"
    return result(low <= mean_value.bounds()[1] and mean_value.bounds()[0] <= high, text, settles=True)


def product(factors: Sequence[float], value: str) -> AuditResult:
    """Audit: whether printed factors multiply to the printed product."""
    exact = prod(printed(factor).value for factor in factors)
    text = f"{' x '.join(str(factor) for factor in factors)} = {float(exact):,.10g} against {value}"
    return result(printed(value).stands_for(exact), text, settles=True)


def ratio(numerator: float, denominator: float, sizes: Sequence[float]) -> AuditResult:
    """Audit: whether two printed sizes stand in the stated ratio (to half a unit of the smaller size)."""
    wanted, high, low = Fraction(numerator) / Fraction(denominator), Fraction(sizes[0]), Fraction(sizes[1])
    text = (
        f"{sizes[0]} : {sizes[1]} = {float(high / low):.3f}, stated {numerator} : {denominator} = {float(wanted):.3f}"
    )
    return result(abs(high - wanted * low) <= wanted / 2, text)


def agreement(values: Mapping[str, str | Sequence[str]]) -> AuditResult:
    """Audit: whether one quantity that is printed in several places is printed alike.

    Numbers with different digits agree if the most precise one prints like each of the others.

    Args:
        values: place -> the number printed there, or one number for each of several quantities in one order.
    """
    columns = {place: [x] if isinstance(x, str) else list(x) for place, x in values.items()}
    alike = [_alike([printed(x) for x in row]) for row in zip(*columns.values(), strict=True)]
    told = "; ".join(f"{place}: {', '.join(column)}" for place, column in columns.items())
    return result(all(alike), f"{told} ({sum(alike)} of {len(alike)} agree)")


def _alike(row: Sequence[Printed]) -> bool:
    precise = max(row, key=lambda number: number.decimals)
    return all(number.stands_for(precise.value) for number in row)


def classes(stated: Sequence[str], shown: Sequence[str]) -> AuditResult:
    """Audit: whether the classes that a paper lists are those that its results show."""
    lacking = [name for name in stated if name not in shown]
    added = [name for name in shown if name not in stated]
    text = f"stated and not shown: {', '.join(lacking) or 'none'}; shown and not stated: {', '.join(added) or 'none'}"
    return result(not lacking and not added, text)
