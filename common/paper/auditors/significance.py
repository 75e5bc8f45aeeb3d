"""Printed p-values recomputed from the printed folds."""

from collections.abc import Sequence

import numpy as np

from common.paper.auditors.attainable import attainable
from common.paper.auditors.result import AuditResult, result
from common.paper.printed import printed


def paired_t(a: Sequence[float], b: Sequence[float]) -> dict[str, float]:
    """p-values of the paired t-test for "a is better than b", seen from one side and from both.

    Written out on scipy.special, because importing scipy.stats takes longer than every audit of the suite.

    Args:
        a, b: (folds,) accuracies in any one unit, with some difference between the folds.

    Raises:
        ValueError: if the folds do not pair, or all differ by the same amount.
    """
    from scipy.special import stdtr

    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError("paired tests need two rows with equally many folds, at least two")
    difference = a - b
    spread = difference.std(ddof=1)
    # Equal amounts of fractions differ in their last bits.
    if spread <= 1e-9 * np.abs([a, b]).max():
        raise ValueError("the difference is the same in every fold, so no paired test is defined")
    t = difference.mean() / (spread / np.sqrt(len(a)))
    upper = float(stdtr(len(a) - 1, -t))
    return {"one-sided paired t-test": upper, "two-sided paired t-test": 2 * min(upper, 1 - upper)}


def paired_p_values(a: Sequence[float], b: Sequence[float]) -> dict[str, float]:
    """p-values for "a is better than b" from paired fold accuracies, by the tests that papers use.

    Args:
        a, b: (folds,) accuracies in any one unit.

    Returns:
        name of the test -> p-value: paired t-test and Wilcoxon's signed rank test, one-sided and two-sided.

    Raises:
        ValueError: if the folds do not pair, or all differ by the same amount.
    """
    from scipy.stats import wilcoxon

    return paired_t(a, b) | {
        "one-sided Wilcoxon test": float(wilcoxon(a, b, alternative="greater").pvalue),
        "two-sided Wilcoxon test": float(wilcoxon(a, b).pvalue),
    }


def corrected_resampled_t(a: Sequence[float], b: Sequence[float], test_share: float) -> float:
    """Two-sided p-value of paired folds whose training parts overlap (Nadeau and Bengio 2003, corrected resampled t).

    The paired t-test takes the folds for independent. Here the variance of their differences counts (1/k + test_share)
    times instead of 1/k, k being the number of folds.

    Args:
        a, b: (folds,) accuracies in any one unit.
        test_share: tested samples of a fold as part of its training samples, 1/9 for ten folds.

    Raises:
        ValueError: if the folds do not pair, or all differ by the same amount.
    """
    from scipy.stats import t

    paired_t(a, b)  # refuses what cannot be tested
    difference = np.asarray(a, float) - np.asarray(b, float)
    folds = len(difference)
    error = np.sqrt((1 / folds + test_share) * difference.var(ddof=1))
    return float(2 * t.sf(abs(difference.mean()) / error, folds - 1))


def fold_fractions(folds: Sequence[str], sizes: Sequence[int], digits: int | None = None) -> list[float]:
    """The exact percentages k/n behind printed folds, n being the first of `sizes` that can print them.

    A fold that none of the sizes can print keeps its printed value.
    """
    fractions = []
    for value in folds:
        fits = ((k, n) for n in sizes for k in attainable(value, n, digits))
        k, n = next(fits, (printed(value).value, 100))
        fractions.append(float(100 * k / n))
    return fractions


def p_value(
    a: Sequence[str],
    b: Sequence[str],
    value: str,
    sizes_a: Sequence[int],
    sizes_b: Sequence[int],
    digits: int = 1,
    decimals: int | None = None,
) -> AuditResult:
    """Audit: which paired t-test on which interpretation of the printed folds gives the printed p-value.

    The folds are read as printed, and as the exact fractions that print so, the latter also rounded or
    truncated to `digits` and to two decimals, because the p-value may have been computed before printing.

    Args:
        a, b: printed percentages of the folds.
        value: printed p-value of "a is better than b".
        sizes_a, sizes_b: numbers of samples that a fold can have.
        digits: decimals of the printed folds.
        decimals: how many decimals of the p-value to compare, where a trailing zero is taken for padding.
    """
    exact = [np.array(fold_fractions(x, sizes, digits)) for x, sizes in ((a, sizes_a), (b, sizes_b))]
    interpretations = {
        "the printed folds": [np.array([float(printed(v).value) for v in x]) for x in (a, b)],
        "the exact fractions": exact,
        f"fractions rounded to {digits} decimal": [np.round(x, digits) for x in exact],
        "fractions truncated to 2 decimals": [np.floor(x * 100 + 1e-9) / 100 for x in exact],
    }
    wanted = printed(value, decimals).bounds()
    hits, told = [], {}
    for interpretation, rows in interpretations.items():
        for test, p in paired_t(*rows).items():
            told[test, interpretation] = p
            if float(wanted[0]) <= p <= float(wanted[1]):
                hits.append(f"{test} on {interpretation} gives {p:.7f}")
    two_sided = told["two-sided paired t-test", "the exact fractions"]
    text = "; ".join(hits[:2]) if hits else "no test on any interpretation of the folds gives it"
    if decimals is not None:
        text += f" (compared to {decimals} decimals)"
    return result(bool(hits), f"{text}; the two-sided t-test gives {two_sided:.4f}", settles=True)


def significance(a: Sequence[str], b: Sequence[str], level: float = 0.05) -> AuditResult:
    """Audit: whether "a is better than b" stays significant when the paired t-test looks at both sides.

    A one-sided test is no error, so a difference that is significant in it alone is "not shown", not refuted.
    """
    values = paired_t(*([float(printed(v).value) for v in row] for row in (a, b)))
    one, two = values["one-sided paired t-test"], values["two-sided paired t-test"]
    text = f"paired t-test on the printed folds: one-sided {one:.4f}, two-sided {two:.4f}"
    if one < level <= two:
        return AuditResult("not shown", text)
    return result(two < level, text)
