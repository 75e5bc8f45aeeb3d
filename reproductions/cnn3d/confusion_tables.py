"""Figures 5 and 6 in both orientations.

The paper does not say what the rows of its matrices are. The only integers behind the printed shares have the class
sizes as sums of the columns: the rows are what the network answered, and the diagonal is precision.
"""

import numpy as np

from common.paper.load import Matrix
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from reproductions.cnn3d import measured

# Figure, the experiment behind it, and the row of its table.
FIGURES = (("Fig. 5", "table6", "c1"), ("Fig. 6", "table8", "c2"))
PAPER = "paper"


def tables(evidence: Evidence, title: str) -> list[Table]:
    """Two tables a figure: as the paper shows it, and with a row for each true emotion."""
    made = []
    for figure, experiment, row in FIGURES:
        if experiment in evidence.plan.experiments:
            printed = next(matrix for matrix in evidence.paper.matrices if matrix.source == figure)
            matrices = _matrices(evidence, printed, experiment, row)
            if len(matrices) > 1:
                made += [_predicted(printed, matrices, title), _true(printed, matrices, title)]
    return made


def _matrices(evidence: Evidence, printed: Matrix, experiment: str, row: str) -> dict[str, np.ndarray]:
    """Counts by source, rows true and columns predicted, emotions in the paper's order."""
    found = {PAPER: np.array(printed.counts).T}
    for protocol in evidence.plan.protocols:
        members = measured.runs_of(evidence, experiment, row, protocol)
        if members:
            found[protocol] = scores.confusion(scores.predictions(members), printed.labels)
    return found


def _predicted(printed: Matrix, matrices: dict[str, np.ndarray], title: str) -> Table:
    figure, labels, rows = printed.source, printed.labels, []
    for source, counts in matrices.items():
        for number, label in enumerate(labels):
            answers = counts[:, number]
            shares = printed.values[number] if source == PAPER else [_share(n, answers.sum()) for n in answers]
            row = {"source": source, "row": label, "answers": int(answers.sum())}
            rows.append(row | dict(zip(labels, shares, strict=True)))
    columns = {"source": "Source", "row": "Predicted", "answers": "Answers"} | {name: name for name in labels}
    notes = [
        "As the paper shows it, with precision in the diagonal: a row is what the network answered, cells are shares "
        "of these answers by true emotion. The paper does not say what its rows are.",
        f"Paper: {printed.note}.",
        "–: lost in the paper's text, or an answer that was never given.",
    ]
    return Table(_name(figure, "predicted"), f"{figure}, rows are predictions{title}", columns, rows, notes)


def _true(printed: Matrix, matrices: dict[str, np.ndarray], title: str) -> Table:
    figure, labels, rows = printed.source, printed.labels, []
    for source, counts in matrices.items():
        for number, label in enumerate(labels):
            row = {"source": source, "row": label, "shown": int(counts[number].sum())}
            row |= {name: int(count) for name, count in zip(labels, counts[number], strict=True)}
            rows.append(row | {"recall": _share(counts[number, number], counts[number].sum())})
    columns = {"source": "Source", "row": "True emotion", "shown": "Sequences"} | {name: name for name in labels}
    return Table(
        _name(figure, "true"),
        f"{figure} turned, rows are true emotions{title}",
        columns | {"recall": "Recall"},
        rows,
        [
            "Counts of sequences over all folds. Recall, which the paper does not show, is the diagonal as part of its "
            "row. The paper's counts are the integers behind its shares."
        ],
    )


def _share(count: int, total: int) -> str | None:
    return f"{count / total:.2f}" if total else None


def _name(figure: str, rows: str) -> str:
    return f"fig{figure[-1]}_{rows}"
