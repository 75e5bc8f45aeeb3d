"""Errors behind printed accuracies: on which subjects, and whether two protocols can have met the same difficulty."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations_with_replacement
from math import comb

from common.paper.auditors.result import AuditResult, result
from common.paper.printed import printed

LEVEL = 0.05


def subject_means(value: str, errors: int, subjects: int, most: int) -> list[tuple[int, ...]]:
    """Ways in which so many errors give the printed mean over subjects of each one's accuracy.

    An error costs a subject 1/n of its accuracy, n being its samples; so a way is the n of every error, ascending.
    Errors on one subject have the same n.

    Args:
        value: percentage as printed, rounded or truncated.
        errors: on all subjects together.
        subjects: how many are averaged.
        most: samples that a subject has at most.

    >>> subject_means("97.56", 8, 118, 6)
    [(1, 2, 3, 4, 5, 5, 5, 5)]
    """
    number = printed(value)
    ways = combinations_with_replacement(range(1, most + 1), errors)
    return [
        way
        for way in ways
        if number.stands_for(100 * (1 - sum(Fraction(count, n) for n, count in _counts(way)) / subjects))
    ]


def mean_over_subjects(value: str, errors: int, subjects: int, most: int, pooled: int) -> AuditResult:
    """Audit: whether a printed accuracy can be a mean over subjects, although no count of all samples gives it.

    Args:
        errors, subjects, most: as in `subject_means`.
        pooled: samples of all subjects together.
    """
    ways = subject_means(value, errors, subjects, most)
    right = float(100 * Fraction(pooled - errors, pooled))
    text = f"{errors} errors are {right:.3f} % of {pooled} samples; as a mean over {subjects} subjects with at most "
    text += f"{most} samples each they print as {value} in {len(ways)} way{'' if len(ways) == 1 else 's'}"
    if ways:
        first = " + ".join(f"1/{n}" if count == 1 else f"{count}·1/{n}" for n, count in _counts(ways[0]))
        mean = float(100 * (1 - sum(Fraction(count, n) for n, count in _counts(ways[0])) / subjects))
        text += f": 100 % less ({first.replace('1/1', '1')}) / {subjects} = {mean:.4f} %"
    return result(bool(ways), text)


def mcnemar(first: int, second: int) -> float:
    """Exact two-sided p-value of McNemar's test: the discordant pairs fall like a fair coin if both are equal.

    >>> round(mcnemar(1, 9), 5)
    0.02148
    """
    n = first + second
    return min(1.0, 2 * sum(comb(n, k) for k in range(min(first, second) + 1)) / 2**n)


def same_samples(accuracies: Sequence[str], errors: Sequence[int], n: int) -> AuditResult:
    """Audit: whether two accuracies of one network on the same samples can be equal but for chance.

    One of the two makes no error, so that every error of the other is a pair on which they differ, and McNemar's exact
    test needs no more than the numbers of errors. A small p-value is a hint that the protocols differ in more than
    their names, and no proof: it is "not shown", never "contradicted".

    Args:
        accuracies: percentages as printed.
        errors: behind each of them; one of the two is 0.
        n: samples.

    Raises:
        ValueError: if both make errors, or a printed accuracy is farther from its errors than rounding moves it.
    """
    if min(errors) > 0:
        raise ValueError("which samples both miss is not known where both make errors")
    for value, wrong in zip(accuracies, errors, strict=True):
        if abs(float(printed(value).value) - 100 * (n - wrong) / n) >= 0.01:
            raise ValueError(f"{wrong} errors on {n} samples are not {value} %")
    p = mcnemar(*errors)
    text = f"{errors[0]} and {errors[1]} errors on the same {n} samples: McNemar's exact test gives p = {p:.4f}"
    return AuditResult("not shown" if p < LEVEL else "holds", text)


def _counts(way: Sequence[int]) -> list[tuple[int, int]]:
    return sorted(Counter(way).items())
