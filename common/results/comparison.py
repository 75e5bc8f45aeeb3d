"""What the comparison tables of all papers share: a printed number beside ours, and the notes below a table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from common.paper.load import Claim
from common.paper.verdicts import TOO_SMALL, Measured
from common.results.evidence import Evidence
from common.runs import scores
from common.runs.store import Run

if TYPE_CHECKING:
    import pandas

COLUMNS = {
    "published": "Published",
    "reproduced": "Reproduced",
    "difference": "Difference",
    "interval": "95 % interval",
    "verdict": "Verdict",
}
RELATIONS = {"more": "more than ", "less": "less than ", "about": "about "}
# Decimals of ours where fewer are printed.
DECIMALS = {"%": 2, "fraction": 3, "ratio": 2, "ms": 2, "FPS": 1}

Rows = list[dict[str, Any]]


def row(evidence: Evidence, claim: Claim, ours: Measured, **labels: Any) -> dict[str, Any]:
    """One row of a comparison table, under the keys of `COLUMNS`.

    Args:
        labels: what stands before the figures (protocol, network, ...), by the key of the column.
    """
    why = {"why": evidence.judge(claim, ours).why}
    figures = printed_beside(claim, ours.value, ours.interval)
    return why | labels | figures | {"verdict": evidence.verdict_label(claim, ours)}


def as_printed(claim: Claim) -> str:
    """The printed number as a table shows it, e.g. "about 35,000" or "less than 0"."""
    whole = claim.kind == "count"
    return RELATIONS.get(claim.relation, "") + (f"{claim.number:,.0f}" if whole else claim.value)


def printed_beside(claim: Claim, value: float, interval: tuple[float, float] | None = None) -> dict[str, str]:
    """The printed number, ours (in the claim's unit), the difference, and the interval if there is one."""
    decimals = max(claim.digits, DECIMALS.get(claim.unit, 0))
    shown = {
        "published": as_printed(claim),
        "reproduced": f"{value:,.{decimals}f}",
        "difference": f"{value - claim.number:+,.{decimals}f}",
    }
    if interval is not None:
        shown["interval"] = "{:.{d}f} to {:.{d}f}".format(*interval, d=decimals)
    return shown


@dataclass(frozen=True)
class LeakEffect:
    """How much of an accuracy rests on what the strict protocol excludes.

    Attributes:
        name: whose accuracy, and where it is not all that the protocols differ by, what it rests on.
        points, low, high: the size in percentage points, with its 95 % interval.
    """

    name: str
    points: float
    low: float
    high: float

    @property
    def cell(self) -> str:
        """The size as a table shows it."""
        return f"{self.points:+.1f} ({self.low:+.1f} to {self.high:+.1f})"

    @property
    def sentence(self) -> str:
        return f"{self.name} {self.points:+.1f} points (95 % interval {self.low:+.1f} to {self.high:+.1f})"


def leak(
    name: str, first: Sequence[Run], second: Sequence[Run], compare: Callable = scores.paired_difference
) -> LeakEffect:
    """How far runs with a leak are ahead of runs without it.

    Args:
        compare: of `common.runs.scores`: paired where both test the same samples.
    """
    return LeakEffect(name, *(100 * value for value in compare(first, second)))


def protocol_leaks(
    evidence: Evidence,
    groups: Iterable[tuple[str, str, str]],
    compare: Callable = scores.paired_difference,
    protocol: str = "published",
) -> list[LeakEffect]:
    """How far a protocol is ahead of `strict`, a leak a network that was trained under both and learnt something.

    Args:
        groups: what each leak is called, with experiment and network.
    """
    effects = []
    for name, experiment, network in groups:
        leaky, strict = (evidence.of(experiment, network, one) for one in (protocol, "strict"))
        score = evidence.score(experiment, network, protocol)
        if score and score.learnt and evidence.score(experiment, network, "strict"):
            effects.append(leak(name, leaky, strict, compare))
    return effects


def leak_note(leaks: Iterable[LeakEffect], protocol: str = "published") -> list[str]:
    sizes = "; ".join(leak.sentence for leak in leaks)
    return [f"Difference of the protocols, {protocol} − strict: {sizes}."] if sizes else []


def left_out_notes(problems: Iterable[str]) -> list[str]:
    """One sentence for each file that could not be read."""
    return [f"Left out: {problem}" for problem in problems]


def budget_note(rows: Rows, paper_profile: str) -> list[str]:
    """What the verdict "budget too small" means, where a row has it.

    Args:
        paper_profile: what the paper's own profile trains, e.g. "200 epochs".
    """
    if not any(TOO_SMALL in str(line.get("verdict")) for line in rows):
        return []
    return [
        f"{TOO_SMALL}: this profile trains too little to be better than a constant answer beyond doubt; the paper "
        f"profile trains {paper_profile}."
    ]


def best_epoch_note(members: Mapping[str, Sequence[Run]]) -> list[str]:
    """What testing the epoch that is best on the tested part adds to testing the last one.

    Args:
        members: runs of the published protocol whose epoch was chosen on the tested part, by what they are called.
    """
    gains = [f"{name} {100 * scores.best_epoch_gain(runs):+.1f}" for name, runs in members.items() if runs]
    sentence = "published: testing the epoch that is best on the tested part, instead of the last one, adds"
    return [f"{sentence} {'; '.join(gains)} points."] if gains else []


def learnt_note(members: Mapping[str, Sequence[Run]]) -> list[str]:
    """How well trainings knew their own samples in the end, so that nobody takes them for unfinished, or does.

    Args:
        members: runs of one protocol, by what they are called.
    """
    ranges = []
    for name, runs in members.items():
        shares = [run.curves().accuracy.iloc[-1] for run in runs]
        ranges += [f"{name} {min(shares):.1%} to {max(shares):.1%}"] if shares else []
    sentence = "Share of their own training samples, as they are shown, that trainings recognise in their last epoch"
    return [f"{sentence}: {'; '.join(ranges)}."] if ranges else []


def accuracy_line(table: "pandas.DataFrame") -> str:
    """The accuracy of predictions in words, for a title; without an answer counts as wrong.

    >>> import pandas
    >>> accuracy_line(pandas.DataFrame({"emotion": ["Sad", "Sad"], "predicted": ["Sad", ""]}))
    '50.0% of 2, 1 without an answer'
    """
    lost = int((table.predicted == "").sum())
    lacking = f", {lost:,} without an answer" if lost else ""
    return f"{(table.emotion == table.predicted).mean():.1%} of {len(table):,}{lacking}"
