"""A number as a paper prints it, and the exact values that it can stand for.

Papers round or truncate, and tables drop trailing zeros. Every comparison in this project that starts from
a printed number asks this module which exact values print like that, in exact arithmetic.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

ROUNDING = ("round", "truncate")


@dataclass(frozen=True)
class Printed:
    """A non-negative printed number.

    Attributes:
        text: the characters, e.g. "58,423" or "0.979".
        value: the number they spell.
        below, above: one unit of the last digit, to the smaller and to the larger side of `value`.
    """

    text: str
    value: Fraction
    below: Fraction
    above: Fraction

    @property
    def decimals(self) -> int:
        """How many digits stand behind the point."""
        return len(self.text.partition(".")[2])

    def bounds(self, rounding: Iterable[str] = ROUNDING) -> tuple[Fraction, Fraction]:
        """Lowest and highest value that prints like this. Truncation excludes its upper end, see `stands_for`."""
        low = self.value - self.below / 2 if "round" in rounding else self.value
        high = self.value + (self.above if "truncate" in rounding else self.above / 2)
        return low, high

    def stands_for(self, exact: Fraction, rounding: Iterable[str] = ROUNDING) -> bool:
        """Whether `exact` prints like this, halves going either way, under one of the `rounding` habits."""
        rounded = self.value - self.below / 2 <= exact <= self.value + self.above / 2
        truncated = self.value <= exact < self.value + self.above
        return ("round" in rounding and rounded) or ("truncate" in rounding and truncated)


def printed(text: str | float, digits: int | None = None) -> Printed:
    """Read a printed number; `digits` is the number of decimals where the table drops trailing zeros.

    >>> [float(x) for x in printed("98.83").bounds(["round"])]
    [98.825, 98.835]
    """
    text = str(text)
    value = Fraction(text.replace(",", "").strip().removesuffix("%"))
    decimals = len(text.strip().removesuffix("%").partition(".")[2]) if digits is None else digits
    step = Fraction(1, 10**decimals)
    return Printed(text, value, step, step)


def significant(text: str | float, digits: int) -> Printed:
    """Read a number printed with so many significant digits and without trailing zeros (C's %g).

    Zero stands for exactly zero. Below a power of ten the last digit counts ten times less than above it.

    >>> [float(x) for x in significant("0.1", 2).bounds(["round"])]
    [0.0995, 0.105]
    """
    text = str(text)
    value = Fraction(text)
    if value == 0:
        return Printed(text, value, Fraction(0), Fraction(0))
    order = 0
    while Fraction(10) ** order > value:
        order -= 1
    while Fraction(10) ** (order + 1) <= value:
        order += 1
    step = Fraction(10) ** (order - digits + 1)
    return Printed(text, value, step / 10 if value == Fraction(10) ** order else step, step)
