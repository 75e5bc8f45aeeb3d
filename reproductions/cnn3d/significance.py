"""Is one row of Tables 4 and 5 better than another? Four tests, on the printed folds and on ours.

The paper names none; all its p-values are those of the one-sided paired t-test. That test takes the folds for
independent although any two share most of their training sequences, and looks at one side only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from common.paper.auditors import corrected_resampled_t, paired_p_values
from common.paper.auditors.significance import fold_fractions
from common.paper.load import Paper
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from reproductions.cnn3d import measured

ONE_SIDED = "one-sided paired t-test"
CORRECTED = "two-sided corrected resampled t-test"
TESTS = (ONE_SIDED, "two-sided paired t-test", "two-sided Wilcoxon test", CORRECTED)
UNDEFINED = "undefined"
NO_TEST = f"{UNDEFINED}: the two rows differ by the same amount in every fold that was run, so there is no test."


@dataclass(frozen=True)
class Pair:
    """ "`better` is better than `worse`", as a table says it."""

    table: str
    better: str
    worse: str

    @property
    def claim(self) -> str:
        """Id of the printed p-value."""
        return f"{self.table}-{self.better}_{self.worse}-p"


PAIRS = (Pair("table4", "c1", "c2"), Pair("table4", "c1", "c3"), Pair("table5", "c2", "c1"), Pair("table5", "c2", "c4"))


def p_values(a: Sequence[float], b: Sequence[float], folds: int) -> dict[str, float] | None:
    """p-value of each of `TESTS` for paired fold accuracies; None where all folds differ by the same amount.

    Args:
        folds: into how many the corpus is divided, of which `a` and `b` may hold a part.
    """
    try:
        return paired_p_values(a, b) | {CORRECTED: corrected_resampled_t(a, b, 1 / (folds - 1))}
    except ValueError:
        return None


def printed(paper: Paper, pair: Pair) -> dict[str, float] | None:
    """From the fractions behind the accuracies that the paper prints, which are cut off after one decimal."""
    sizes = paper.claim(pair.claim).check.arguments
    rows = [
        fold_fractions([claim.value for claim in paper.select(f"{pair.table}-{row}-fold*")], sizes[side], digits=1)
        for row, side in ((pair.better, "sizes_a"), (pair.worse, "sizes_b"))
    ]
    return p_values(*rows, paper.hyperparameters["folds"])


def ours(evidence: Evidence, pair: Pair, protocol: str) -> dict[str, float] | str | None:
    """From the folds that were run; `UNDEFINED` where no test exists, None where a row was not run."""
    members = [measured.runs_of(evidence, pair.table, row, protocol) for row in (pair.better, pair.worse)]
    if not all(members):
        return None
    better, worse = (scores.by_fold(some) for some in members)
    both = better.index.intersection(worse.index)
    found = p_values(better[both], worse[both], evidence.paper.hyperparameters["folds"])
    return found or UNDEFINED


def shown(p: dict[str, float] | str | None, test: str) -> str | None:
    return f"{p[test]:.5f}" if isinstance(p, dict) else p


def table(evidence: Evidence, title: str) -> Table:
    """Four tests a pair, from the printed folds and from ours."""
    plan, rows = evidence.plan, []
    for pair in PAIRS:
        own = {protocol: ours(evidence, pair, protocol) for protocol in plan.protocols}
        if not any(own.values()):
            continue
        from_printed = printed(evidence.paper, pair)
        for test in TESTS:
            row = {
                "pair": f"Table {pair.table[-1]}: {pair.better} better than {pair.worse}",
                "test": test.removesuffix("-test").removesuffix(" test"),
            }
            row |= {"paper": evidence.paper.claim(pair.claim).value} if test == ONE_SIDED else {}
            row |= {"printed": shown(from_printed, test)}
            rows.append(row | {protocol: shown(found, test) for protocol, found in own.items()})
    columns = {"pair": "Claim", "test": "Test", "paper": "Printed p", "printed": "From its folds"}
    columns |= {protocol: f"Ours, {protocol}" for protocol in plan.protocols}
    stated = evidence.paper.hyperparameters["folds"]
    splits = [plan.split(measured.GROUPS[pair.table], protocol) for pair in PAIRS for protocol in plan.protocols]
    run = max((len(split.folds) for split in splits if split), default=0)
    notes = [
        "The paper names no test, but prints the p-values of a one-sided paired t-test; what is left of a difference "
        "comes from when it rounded its folds (`make audit` tries all ways). Its folds are read as the fractions that "
        "print so.",
        f"Training parts of two folds share most of their sequences. The corrected resampled t-test (Nadeau and "
        f"Bengio 2003) takes the variance {1 + stated / (stated - 1):.1f} times for that; Wilcoxon's needs no "
        "normal distribution.",
    ]
    if run < stated:
        notes.append(f"Our folds are {run} of {stated}: too few for any p-value to mean something.")
    if any(UNDEFINED in row.values() for row in rows):
        notes.append(NO_TEST)
    return Table("significance", f"Tables 4 and 5: p-values{title}", columns, rows, notes)
