"""Auditors: checks of a paper against itself that need no data and no training.

Each is a function of printed numbers that returns an `AuditResult`; the calculators behind them
(`attainable`, `reconstruct`, `paired_p_values`, `report_consistency`, ...) serve any table of any paper.
A paper.yaml names an auditor and its arguments under `check`; in these, "claim:<id or pattern>" stands for
printed values, "matrix:<source>" for the cells of a matrix, "diagonal:<source>" for its diagonal, and
"layers:<source>" for a layer table.
"""

from collections.abc import Callable
from typing import Any

from common.paper.auditors.arithmetic import agreement, classes, mean, product, ratio, total
from common.paper.auditors.attainable import attainability, attainable, counts, fold_accuracies
from common.paper.auditors.augmentation import multiplicity
from common.paper.auditors.comparisons import balance, difference
from common.paper.auditors.confusion import cell_steps, orientation, reconstruct, row_sums
from common.paper.auditors.layers import layer_parameters, layer_table
from common.paper.auditors.report import report, report_consistency
from common.paper.auditors.result import AuditResult
from common.paper.auditors.significance import corrected_resampled_t, p_value, paired_p_values, significance
from common.paper.auditors.splits import recover_seed
from common.paper.auditors.subjects import mean_over_subjects, same_samples
from common.paper.load import Check, Paper
from common.support.errors import unknown

__all__ = [
    "AUDITORS",
    "AuditResult",
    "attainable",
    "corrected_resampled_t",
    "layer_parameters",
    "paired_p_values",
    "reconstruct",
    "recover_seed",
    "report_consistency",
    "run",
]

AUDITORS: dict[str, Callable[..., AuditResult]] = {
    auditor.__name__: auditor
    for auditor in (
        agreement,
        attainability,
        cell_steps,
        counts,
        balance,
        classes,
        difference,
        fold_accuracies,
        layer_table,
        mean,
        mean_over_subjects,
        multiplicity,
        orientation,
        p_value,
        product,
        ratio,
        report,
        row_sums,
        same_samples,
        significance,
        total,
    )
}


def run(paper: Paper, check: Check) -> AuditResult:
    """Carry out a check of a paper.yaml.

    Raises:
        UserError: if no auditor or no claim has the name that the check gives.
    """
    if check.auditor not in AUDITORS:
        raise unknown("auditor", check.auditor, AUDITORS)
    arguments = {name: _resolve(paper, value) for name, value in check.arguments.items()}
    if "layers" in arguments:
        arguments |= arguments.pop("layers")
    return AUDITORS[check.auditor](**arguments)


def _resolve(paper: Paper, value: Any) -> Any:
    """Replace references to claims, matrices and layer tables by what is printed there."""
    if isinstance(value, dict):
        return {key: _resolve(paper, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(paper, item) for item in value]
    if not isinstance(value, str):
        return value
    kind, _, name = value.partition(":")
    if kind == "claim":
        return [c.value for c in paper.select(name)] if "*" in name else paper.claim(name).value
    if kind in ("matrix", "diagonal"):
        matrix = _by_source(paper.matrices, "matrix", name)
        return matrix.values if kind == "matrix" else matrix.diagonal
    if kind == "layers":
        return _by_source(paper.layers, "layer table", name).model_dump(exclude={"source", "network"})
    return value


def _by_source(items: list, kind: str, source: str) -> Any:
    found = {item.source: item for item in items}
    if source not in found:
        raise unknown(kind, source, found)
    return found[source]
