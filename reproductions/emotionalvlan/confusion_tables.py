"""Tables 2 to 5: the printed percentages as they stand, with the sums that show which rows are broken, and ours."""

from fractions import Fraction

import numpy as np

from common.paper.load import Matrix
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from reproductions.emotionalvlan import measured
from reproductions.emotionalvlan.data import LABELLED

PAPER = "paper"
TOLERANCE = Fraction(1, 2)  # of 100, within which the rounding of six cells may move a sum
STRUCTURES = "DCNN-1 joins the streams before fc7, DCNN-2 averages the images' fc7, DCNN-3 is the paper's layer"


def tables(evidence: Evidence, title: str) -> list[Table]:
    """One table a printed matrix, and one of the averages below them."""
    matrices = [
        _matrix(evidence, printed, title)
        for printed in evidence.paper.matrices
        if _experiment(printed) in evidence.plan.experiments
    ]
    return [*matrices, _averages(evidence, title)] if matrices else []


def _experiment(matrix: Matrix) -> str:
    return matrix.source.lower().replace(" ", "")


def row_sums(matrix: Matrix) -> list[Fraction]:
    """What the printed cells of each row add up to."""
    return [sum(Fraction(cell) for cell in row) for row in matrix.values]


def broken(matrix: Matrix) -> list[str]:
    """The labels of the rows that do not add up to 100."""
    sums = zip(matrix.labels, row_sums(matrix), strict=True)
    return [label for label, total in sums if abs(total - 100) > TOLERANCE]


def _matrix(evidence: Evidence, printed: Matrix, title: str) -> Table:
    rows = []
    for label, cells, total in zip(printed.labels, printed.values, row_sums(printed), strict=True):
        row = {"source": PAPER, "row": label} | dict(zip(printed.labels, cells, strict=True))
        rows.append(row | {"sum": f"{float(total):g}", "broken": "broken" if label in broken(printed) else ""})
    labels = list(printed.labels)
    for protocol in evidence.plan.protocols:
        members = measured.runs_of(evidence, printed.dataset, "emotionalvlan", protocol)
        if members:
            classes = members[0].record["classes"]
            labels += [name for name in classes if name not in labels]
            rows += _ours(protocol, classes, scores.confusion(measured.predictions(evidence, members), classes))
    columns = {"source": "Source", "row": "Row", "clips": "Tested"} | {name: name for name in labels}
    columns |= {"sum": "Sum", "broken": "Adds up"}
    wrong = broken(printed)
    notes = [f"Paper: {len(wrong)} of {len(printed.labels)} rows do not add up to 100: {', '.join(wrong)}."]
    notes.append("The paper does not say whether a row is the true emotion; ours are. Cells are percent of the row.")
    notes += _other_classes(printed, [name for name in labels if name not in printed.labels], rows)
    name = _experiment(printed)
    return Table(name, f"{printed.source}: confusion on {printed.dataset}, in %{title}", columns, rows, notes)


def _other_classes(printed: Matrix, added: list[str], rows: list[dict]) -> list[str]:
    """Which classes our rows have besides the printed ones, and which of these they lack, and why."""
    ours = {row["row"] for row in rows if row["source"] != PAPER}
    lacking = [name for name in printed.labels if ours and name not in ours]
    notes = [f"The printed matrix has no {', '.join(added)}, ours has (setting classes)."] if added else []
    if not lacking:
        return notes
    labelled = {str(emotion) for emotion in LABELLED[printed.dataset]}
    for why, names in (
        (f"which {printed.dataset} does not label", [name for name in lacking if name not in labelled]),
        ("which the setting classes leaves out here", [name for name in lacking if name in labelled]),
    ):
        if names:
            notes.append(f"The printed matrix has {', '.join(names)}, {why}.")
    return notes


def _ours(protocol: str, classes: list[str], counts: np.ndarray) -> list[dict]:
    rows = []
    for label, row in zip(classes, counts, strict=True):
        total = int(row.sum())
        shares = {name: f"{100 * n / total:.1f}" for name, n in zip(classes, row, strict=True) if total}
        rows.append({"source": protocol, "row": label, "clips": total, "sum": "100" if total else None} | shares)
    return rows


def _averages(evidence: Evidence, title: str) -> Table:
    """The average under each matrix beside its own diagonal, ours, and the best row of Table 6."""
    rows = []
    for printed in evidence.paper.matrices:
        if _experiment(printed) not in evidence.plan.experiments:
            continue
        claim = evidence.paper.claim(f"{_experiment(printed)}-average")
        wanted = ("dcnn3", printed.dataset)
        rival = next(other for other in evidence.paper.claims if (other.network, other.dataset) == wanted)
        diagonal = sum(Fraction(cell) for cell in printed.diagonal) / len(printed.labels)
        fixed = {"source": printed.source, "corpus": printed.dataset, "published": claim.value}
        fixed |= {"diagonal": f"{float(diagonal):.3f}", "rival": rival.value}
        for protocol in evidence.plan.protocols:
            ours = measured.measure(evidence, claim, protocol)
            if ours is None:
                continue
            low, high = ours.interval
            row = {"protocol": protocol, "reproduced": f"{ours.value:.2f}", "interval": f"{low:.2f} to {high:.2f}"}
            rows.append(fixed | row | {"verdict": evidence.verdict_label(claim.unchecked, ours)})
    columns = {"source": "Table", "corpus": "Data set", "published": "Average, printed", "diagonal": "Mean of diagonal"}
    columns |= {"rival": "Table 6, DCNN-3", "protocol": "Protocol", "reproduced": "Mean recall, ours"}
    columns |= {"interval": "95 % interval", "verdict": "Verdict"}
    notes = [
        "Two figures stand at the end of the paper: the averages of Tables 2 to 5, and the best row of Table 6. The "
        "text does not say whether DCNN-3 is the proposed network.",
        "A verdict is of our runs; whether the printed average follows from its own diagonal is for make claims.",
    ]
    return Table("averages", f"Averages under Tables 2 to 5, in %{title}", columns, rows, notes)
