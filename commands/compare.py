"""`compare`: two finished runs against each other, or a run against the number that the paper prints."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.paper import load as papers
from common.paper.auditors.subjects import mcnemar
from common.results.tables import Table
from common.runs import scores, store
from common.runs.intervals import clustered_gain
from common.runs.store import Run
from common.support.console import console
from common.support.errors import UserError
from reproductions import published

if TYPE_CHECKING:
    import pandas

PUBLISHED = "published"
SAMPLE = ["corpus", "clip", "first_frame"]


@dataclass(frozen=True)
class Comparison:
    """Two runs on test samples.

    Attributes:
        accuracies: of both, 0 to 1.
        difference: first minus second, with its 95 % interval over subjects.
        pairs: (both right, only the first, only the second, neither) of the common test samples; None where the
            test parts differ.
        p_value: of McNemar's exact test on these pairs, or None.
        classes: rows of emotion, samples and recall in both.
    """

    accuracies: tuple[float, float]
    difference: tuple[float, float, float]
    pairs: tuple[int, int, int, int] | None
    p_value: float | None
    classes: list[dict]


def compare(first: Run, second: Run) -> Comparison:
    """Compare what two runs predicted: pair by pair where their test samples are the same."""
    tables = [run.predictions() for run in (first, second)]
    right = [(table.emotion == table.predicted) for table in tables]
    accuracies = float(right[0].mean()), float(right[1].mean())
    classes = _classes(tables)
    paired = _paired(*tables)
    if paired is None:
        return Comparison(accuracies, scores.difference([first], [second]), None, None, classes)
    a, b = paired.right_first.to_numpy(bool), paired.right_second.to_numpy(bool)
    low, high = clustered_gain(a.astype(float) - b, paired.subject.to_numpy())
    pairs = int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum()), int((~a & ~b).sum())
    difference = float(a.mean() - b.mean()), low, high
    return Comparison(accuracies, difference, pairs, mcnemar(pairs[1], pairs[2]), classes)


def _paired(first: "pandas.DataFrame", second: "pandas.DataFrame") -> "pandas.DataFrame | None":
    """Both runs' answers to the same samples, or None where the test parts are not the same samples."""
    sides = [
        t.assign(right=t.emotion == t.predicted)[[*SAMPLE, "subject", "emotion", "right"]] for t in (first, second)
    ]
    if any(side.duplicated(SAMPLE).any() for side in sides) or len(first) != len(second):
        return None
    both = sides[0].merge(sides[1], on=[*SAMPLE, "subject", "emotion"], suffixes=("_first", "_second"))
    return both if len(both) == len(first) else None


def _classes(tables: list["pandas.DataFrame"]) -> list[dict]:
    recalls = [(table.emotion == table.predicted).groupby(table.emotion).agg(["mean", "size"]) for table in tables]
    names = list(dict.fromkeys([*recalls[0].index, *recalls[1].index]))
    rows = []
    for name in names:
        cells = [table.loc[name] if name in table.index else None for table in recalls]
        row = {"emotion": name}
        for side, cell in zip(("a", "b"), cells, strict=True):
            row |= {f"n_{side}": int(cell["size"]), f"recall_{side}": float(cell["mean"])} if cell is not None else {}
        if None not in (row.get("recall_a"), row.get("recall_b")):
            row["change"] = row["recall_a"] - row["recall_b"]
        rows.append(row)
    return rows


def show(first: str, second: str) -> None:
    """Print the comparison of two run folders, or of one with the word "published".

    Raises:
        UserError: if neither is a run, a folder is no finished run, or the paper prints no accuracy for it.
    """
    if first == PUBLISHED:
        first, second = second, first
    if first == PUBLISHED:
        raise UserError("Both sides are 'published'.", "Name at least one run folder.")
    one = store.read(Path(first).resolve())
    if second == PUBLISHED:
        against_published(one).show(console)
        return
    other = store.read(Path(second).resolve())
    for table in tables(one, other, compare(one, other)):
        table.show(console)


def tables(first: Run, second: Run, comparison: Comparison) -> list[Table]:
    """The comparison for people: overall, then by emotion."""
    gain, low, high = comparison.difference
    rows = [
        {"what": "accuracy of A", "value": f"{comparison.accuracies[0]:.4f}", "remark": str(first.identity)},
        {"what": "accuracy of B", "value": f"{comparison.accuracies[1]:.4f}", "remark": str(second.identity)},
        {"what": "A − B", "value": f"{gain:+.4f}", "remark": f"95 % interval {low:+.4f} to {high:+.4f}, over subjects"},
    ]
    if comparison.pairs:
        both, only_first, only_second, neither = comparison.pairs
        told = f"only A right {only_first}, only B right {only_second}, both {both}, neither {neither}"
        rows.append({"what": "McNemar, exact p", "value": f"{comparison.p_value:.4g}", "remark": told})
        notes = [
            "Same test samples. McNemar takes them for independent, which windows of one clip are not: "
            "trust the interval over subjects where the two disagree."
        ]
    else:
        notes = ["The test samples differ, so nothing can be paired: the interval joins those of both accuracies."]
    if first.synthetic or second.synthetic:
        notes.append("Synthetic data: the difference says something about the programs, nothing about people.")
    columns = {"what": "Quantity", "value": "Value", "remark": "Remark"}
    return [Table("compare", "A against B", columns, rows, notes), _by_emotion(comparison)]


def _by_emotion(comparison: Comparison) -> Table:
    rows = [
        row
        | {key: f"{row[key]:.3f}" for key in ("recall_a", "recall_b") if key in row}
        | ({"change": f"{row['change']:+.3f}"} if "change" in row else {})
        for row in comparison.classes
    ]
    columns = {"emotion": "Emotion", "n_a": "n of A", "n_b": "n of B", "recall_a": "Recall A", "recall_b": "Recall B"}
    return Table("classes", "Recall by emotion", columns | {"change": "A − B"}, rows)


def against_published(run: Run) -> Table:
    """A run beside the accuracy that its paper prints for this network.

    Raises:
        UserError: if the paper prints none.
    """
    paper = papers.load(run.identity.paper)
    claims = published.about(paper, run)
    if not claims:
        what = f"{run.identity.network} in {run.identity.experiment}"
        raise UserError(f"{paper.name} prints no accuracy of {what}.", "Compare two runs instead.")
    score, rows = scores.score([run]), []
    for claim in claims:
        ours, verdict = published.judged(paper, claim, run, score)
        digits = claim.digits + 1
        rows.append(
            {
                "source": claim.source,
                "published": claim.value,
                "run": f"{ours.value:.{digits}f}",
                "difference": f"{verdict.difference:+.{digits}f}",
                "interval": f"{ours.interval[0]:.{digits}f} to {ours.interval[1]:.{digits}f}",
                "verdict": verdict.name,
                "why": verdict.why,
            }
        )
    columns = {"source": "Printed in", "published": "Published", "run": "This run", "difference": "Difference"}
    columns |= {"interval": "95 % interval", "verdict": "Verdict", "why": "Because"}
    return Table("compare", f"{run.identity} against the paper", columns, rows)
