"""Where a printed number stands: the rule, written down once.

`judge` looks at these, in this order, and stops at the first that applies.

0. The number is another method's, printed for comparison            -> cited
1. The paper refutes the number itself (an auditor says so)          -> contradicted
2. The paper does not say what was computed                          -> undefined
3. The paper's other figures give it, within their rounding          -> consistent
4. Nothing was measured                                              -> data needed
5. Synthetic data, anything that differs from what the paper states
   (`common.results.differences`), or a time on another machine              -> not comparable
6. Statements ("more accurate than"): the interval lies beyond the
   bound, on the other side of it, or around it                      -> holds, does not hold, undecided
7. Counts (parameters, windows, images) and other deterministic
   figures: the measured value prints as the paper's does            -> exact, else below or above;
   for ratios of times and accuracies                                -> match, else below or above
8. Accuracies and other proportions:
   the interval around the measured value meets the printed one      -> match
   it misses, by no more than `CLOSE_MARGIN`                         -> close
   it misses by more                                                 -> below or above
   Where the paper's own test part is known (`Claim.known_test_part`) no sampling error can explain a difference:
   a match rounds to the paper's number, and the margin is counted from there.

A synthetic figure can therefore never carry match, exact or close. An accuracy above the
printed one is no praise: look for leakage first.

The printed value stands for all values that round or truncate to it. It is taken as the accuracy that the
paper's method has, and our run must be compatible with that: under equality a run misses it with
probability 1 - level. Where the paper drew its test part at random and did not publish the draw
(`Claim.test_size`), the printed value is itself an estimate on that many samples; then the interval of the
difference of both is used (Newcombe 1998, method 10, which joins two Wilson or bootstrap intervals), because
two equal methods on two draws would otherwise be told apart in about one case of six.

What the rule can see at the 327 sequences of CK+ and 95.10 %: under equality it denies a match in 5 % of the
runs; a deficit of 2 points is noticed (no match) in 41 %, of 3 points in 68 %, of 5 points in 95 %.

`CLOSE_MARGIN` is 2 points, because smaller gaps cannot be seen reliably on the suite's most used test set: there
the rule overlooks a deficit of 2 points in more than half of all runs, and a plain "below" would claim a precision
that the test sets do not have.
"""

from dataclasses import dataclass
from math import hypot
from typing import Literal

from common.paper.auditors.result import AuditResult
from common.paper.load import Claim
from common.runs.intervals import wilson

Name = Literal[
    "consistent",
    "exact",
    "match",
    "close",
    "below",
    "above",
    "holds",
    "does not hold",
    "undecided",
    "not comparable",
    "data needed",
    "undefined",
    "contradicted",
    "cited",
]

CLOSE_MARGIN = 0.02
# The remark on a network that its profile trains too briefly to be better than a constant answer.
TOO_SMALL = "budget too small"
# The remark on a method whose settings were chosen because they come closest to the printed results themselves.
FITTED = "with settings that were fitted to the printed results themselves"


@dataclass(frozen=True)
class Measured:
    """What a run gives for a claim.

    Attributes:
        value: in the claim's unit.
        data: "real" or "synthetic", or "none" where the value needs no data (parameters, arithmetic).
        interval: 95 % interval in the claim's unit, for proportions.
        differs: what sets this measurement apart from the claim, e.g. "subject-disjoint split instead of random
            windows", several things with "; " between them; "" where the protocol is the paper's own.
        note: a remark that travels along, e.g. `TOO_SMALL`.
        run: the run it comes from.
        runs: how many runs it comes from.
        protocol: under which it was measured; "" where that has no meaning.
        recorded: whether it comes from the records of the repository instead of runs of this machine.
    """

    value: float
    data: Literal["real", "synthetic", "none"]
    interval: tuple[float, float] | None = None
    differs: str = ""
    note: str = ""
    run: str = ""
    runs: int = 1
    protocol: str = ""
    recorded: bool = False

    @property
    def differences(self) -> int:
        """In how many things it differs from what the claim states."""
        return len(self.differs.split("; ")) if self.differs else 0


@dataclass(frozen=True)
class Verdict:
    """`difference` is measured minus printed and `interval` that of the measured value, both in the claim's unit."""

    name: Name
    difference: float | None
    interval: tuple[float, float] | None
    why: str
    note: str = ""


def judge(claim: Claim, measured: Measured | None = None, audit: AuditResult | None = None) -> Verdict:
    """The verdict on a claim, by the rule in this module's docstring.

    Args:
        claim: the printed number.
        measured: what a run gives for it, or None.
        audit: what the claim's own check found, or None where it has none.

    Raises:
        ValueError: if a comparable proportion comes without an interval.
    """
    interval = measured.interval if measured else None
    difference = measured.value - claim.number if measured else None
    note = measured.note if measured else ""

    def verdict(name: Name, why: str) -> Verdict:
        return Verdict(name, difference, interval, why, note)

    if claim.cited:
        return verdict("cited", f"a number of {claim.cited}, printed for comparison")
    if audit and audit.finding == "contradicted":
        return verdict("contradicted", audit.arithmetic)
    if claim.undefined:
        return verdict("undefined", claim.undefined)
    if audit and audit.settles:
        return verdict("consistent", audit.arithmetic)
    if measured is None:
        return verdict("data needed", "not built yet" if claim.dataset == "none" else f"needs {claim.dataset}")
    if measured.data == "synthetic":
        return verdict("not comparable", "measured on synthetic data")
    if measured.differs:
        return verdict("not comparable", measured.differs)
    if claim.kind == "time":
        return verdict("not comparable", "times depend on the machine; compare the ratios within one run")
    if claim.relation in ("more", "less"):
        return verdict(*_statement(claim, measured, interval))
    if claim.kind == "ratio":
        return verdict(*_ratio(claim, measured))
    if claim.kind == "proportion":
        return verdict(*_proportion(claim, measured, interval))
    return verdict(*_deterministic(claim, measured))


def _statement(claim: Claim, measured: Measured, interval: tuple[float, float] | None) -> tuple[Name, str]:
    low, high = interval or (measured.value, measured.value)
    sign = 1 if claim.relation == "more" else -1
    nearest, farthest = sorted((sign * (low - claim.number), sign * (high - claim.number)))
    figure = f"{measured.value:.4g}" + (f" (95 % interval {low:.4g} to {high:.4g})" if interval else "")
    relation = f"{figure} is to be {claim.relation} than {claim.value}"
    if nearest > 0:
        return "holds", relation
    return ("does not hold" if farthest <= 0 else "undecided"), relation


def _ratio(claim: Claim, measured: Measured) -> tuple[Name, str]:
    low, high = claim.bounds
    least, most = measured.interval or (measured.value, measured.value)
    if least <= high and low <= most:
        return "match", f"{measured.value:.3g} measured, printed as {claim.value}"
    side = "below" if measured.value < claim.number else "above"
    return side, f"{measured.value:.3g} instead of {claim.value}"


def _deterministic(claim: Claim, measured: Measured) -> tuple[Name, str]:
    low, high = claim.bounds
    exactly = claim.kind == "count" and claim.relation == "equal"
    same = measured.value == claim.number if exactly else low <= measured.value <= high
    if same:
        return "exact", f"{measured.value:.10g} computed, printed as {claim.value}"
    side = "below" if measured.value < claim.number else "above"
    return side, f"{measured.value:,.10g} instead of {claim.value}"


def _proportion(claim: Claim, measured: Measured, interval: tuple[float, float] | None) -> tuple[Name, str]:
    if interval is None:
        raise ValueError(f"{claim.id}: a measured proportion needs its interval")
    low, high = claim.bounds
    room = (measured.value - interval[0], interval[1] - measured.value)
    ground = "95 % interval of the measured value"
    if claim.known_test_part:
        room, ground = (0.0, 0.0), "values that print so, on the same test part,"
    elif claim.test_size:
        published = [x * claim.scale for x in wilson(claim.number / claim.scale * claim.test_size, claim.test_size)]
        room = (hypot(room[0], published[1] - claim.number), hypot(room[1], claim.number - published[0]))
        ground = f"95 % interval of the difference, the printed value resting on {claim.test_size:,} samples"
    gap = max(low - (measured.value + room[1]), (measured.value - room[0]) - high, 0.0)
    if gap == 0:
        same = claim.known_test_part
        return "match", "prints alike on the same test part" if same else f"{claim.value} lies within the {ground}"
    points = gap / claim.scale * 100
    why = f"misses the {ground} by {points:.{2 if points >= 0.01 else 4}f} points"
    if gap <= CLOSE_MARGIN * claim.scale:
        return "close", why
    return ("below" if measured.value < claim.number else "above"), why
