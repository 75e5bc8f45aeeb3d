"""Numbers for the drawings of the report: the template draws them as HTML and SVG."""

from collections.abc import Sequence

from common.paper.load import Matrix
from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.evidence import Evidence
from common.runs import scores
from common.runs.identity import labels
from common.runs.store import Run
from common.support.errors import UserError
from reproductions import registry

WIDTH, HEIGHT = 240, 110
DRAWN_SEEDS = 5  # more lines than these hide each other


def printed(matrix: Matrix) -> dict:
    """A printed confusion matrix with the share behind every cell, 0 to 1; None where the text lost it."""
    cells = None
    if matrix.values:
        scale = {"%": 100.0, "fraction": 1.0}.get(matrix.unit) or max(
            float(c) for row in matrix.values for c in row if c
        )
        cells = [
            [(value, float(value) / scale if value is not None else None) for value in row] for row in matrix.values
        ]
    return {
        "title": matrix.source,
        "about": f"{matrix.dataset}, {matrix.protocol}",
        "labels": matrix.labels,
        "cells": cells,
        "rows": {"actual": "rows: actual", "predicted": "rows: predicted", "unknown": "rows: not stated"}[matrix.rows],
        "counts": matrix.counts,
        "note": matrix.note,
    }


def groups(evidence: Evidence) -> list[tuple[str, str, list[Run]]]:
    """(label, protocol, runs) of all trainings but the controls, in the order of the plan."""
    controls = registry.reproduction(evidence.paper.name).experiments.CONTROLS
    runs = [run for run in evidence.runs if run.identity.experiment not in controls]
    names = labels(run.identity for run in runs)
    found: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        name = names[run.identity.experiment, run.identity.network]
        found.setdefault((name, run.identity.protocol), []).append(run)
    return [(label, protocol, members) for (label, protocol), members in found.items()]


def reproduced(evidence: Evidence) -> list[dict]:
    """Confusion matrices of finished runs, counts over all seeds: rows actual, columns predicted."""
    drawn = []
    for label, protocol, members in groups(evidence):
        try:
            labels = members[0].record["classes"]
            answered = scores.predictions(members)
            counts = scores.confusion(answered, labels)
        except UserError as error:
            evidence.warn(str(error))
            continue
        totals = counts.sum(axis=1)
        cells = [
            [(str(n), n / total if total else 0.0) for n in row]
            for row, total in zip(counts.tolist(), totals.tolist(), strict=True)
        ]
        about = f"{protocol}: {comparison.accuracy_line(answered)}"
        row = {"title": label, "about": about, "labels": labels, "cells": cells}
        drawn.append(row | {"rows": "rows: actual", "note": ""})
    return drawn


def curves(evidence: Evidence) -> list[dict]:
    """Accuracy by epoch, one drawing a network and protocol, as points of SVG polylines; of trainings in epochs."""
    drawn = []
    for label, protocol, members in groups(evidence):
        if not members[0].has_curves:
            continue
        lines, epochs = [], 1
        for run in members[:DRAWN_SEEDS]:
            try:
                table = run.curves()
            except UserError as error:
                evidence.warn(str(error))
                continue
            epochs = max(epochs, len(table))
            for column, kind in (("accuracy", "training"), ("val_accuracy", "validation")):
                if column in table and table[column].notna().any():
                    lines.append((kind, table[column].tolist()))
        more = len(members) - DRAWN_SEEDS
        seeds = f"{len(members)} training{'s' * (len(members) > 1)}" + (f", {DRAWN_SEEDS} drawn" if more > 0 else "")
        drawn.append(
            {
                "title": label,
                "about": f"{protocol}, {epochs} epoch{'s' * (epochs > 1)}, {seeds}",
                "lines": [(kind, _points(values, epochs)) for kind, values in lines],
                "epochs": epochs,
            }
        )
    return drawn


def _points(values: Sequence[float], epochs: int) -> str:
    step = WIDTH / max(epochs - 1, 1)
    shown = [(i * step, HEIGHT * (1 - value)) for i, value in enumerate(values) if value == value]
    if len(shown) == 1:  # a line needs two points
        shown.append((WIDTH, shown[0][1]))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in shown)


def intervals(leaks: Sequence[LeakEffect]) -> dict | None:
    """Differences in points with their intervals, and the axis that holds them all; None where there are none."""
    if not leaks:
        return None
    low, high = min(0.0, *(leak.low for leak in leaks)), max(0.0, *(leak.high for leak in leaks))
    room = 0.06 * ((high - low) or 1)
    low, high = low - room, high + room

    def place(value: float) -> float:
        return 100 * (value - low) / (high - low)

    rows = [
        {
            "title": leak.name,
            "text": f"{leak.points:+.1f} points ({leak.low:+.1f} to {leak.high:+.1f})",
            "at": place(leak.points),
            "from": place(leak.low),
            "to": place(leak.high),
        }
        for leak in leaks
    ]
    return {"zero": place(0), "rows": rows}
