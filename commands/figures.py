"""Confusion matrices and learning curves of finished runs, as PNG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

import matplotlib
import numpy as np
from matplotlib import pyplot

from common.media.clips import WATERMARK
from common.paper.load import Paper
from common.results import comparison
from common.results.loading import load_complete
from common.results.plan_schema import Plan
from common.runs import scores
from common.runs.identity import labels
from common.runs.store import Run
from reproductions import registry

LINE = 36  # characters of a title that fit above a panel


def draw(paper: Paper, name: str, data: str, results: Path, plan: Plan | None = None) -> Path:
    """Draw the runs of the last `reproduce` of this name (`Request.plan_name`) and data; returns their folder.

    One figure per protocol with a confusion matrix for every network (rows true, columns predicted, counts over all
    seeds), and one with all learning curves, where there are any. Figures of synthetic data say so.
    """
    folder = results / "figures" / paper.name / f"{name}-{data}"
    made = load_complete(paper, name, data, results, plan=plan)
    if not made.runs:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    note = WATERMARK if data == "synthetic" else ""
    names = labels((run.identity for run in made.runs), registry.reproduction(paper.name).experiments.CONTROLS)
    for protocol in made.plan.protocols:
        groups = _by_network([run for run in made.runs if run.identity.protocol == protocol], names)
        if not groups:
            continue
        _confusions(groups, folder / f"confusion-{protocol}.png", f"{paper.name}, {protocol}", note)
        learnt = {name: members for name, members in groups.items() if members[0].has_curves}
        if learnt:
            _curves(learnt, folder / f"curves-{protocol}.png", f"{paper.name}, {protocol}", note)
    return folder


def _by_network(runs: Sequence[Run], names: Mapping[tuple[str, str], str]) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(names[run.identity.experiment, run.identity.network], []).append(run)
    return groups


def _figure(count: int, size: float):
    matplotlib.use("Agg")
    columns = min(4, count)
    rows = -(-count // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(columns * size, rows * size * 0.98), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[count:]:
        axis.set_visible(False)
    return figure, axes.flat


def _finish(figure, path: Path, title: str, note: str) -> None:
    figure.suptitle(f"{title}\n{note}" if note else title)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _confusions(groups: dict[str, list[Run]], path: Path, title: str, note: str) -> None:
    figure, axes = _figure(len(groups), 3.6)
    for axis, (name, members) in zip(axes, groups.items(), strict=False):
        classes = members[0].record["classes"]
        answered = scores.predictions(members)
        counts = scores.confusion(answered, classes)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.55 else "black"
                axis.text(column, row, str(count), ha="center", va="center", fontsize=7, color=colour)
        ticks = range(len(classes))
        axis.set_xticks(ticks, classes, rotation=90, fontsize=7)
        axis.set_yticks(ticks, classes, fontsize=7)
        axis.set_title(f"{fill(name, LINE)}\n{comparison.accuracy_line(answered)}", fontsize=8)
        axis.set_xlabel("predicted", fontsize=7)
        axis.set_ylabel("true", fontsize=7)
    _finish(figure, path, f"Confusion matrices: {title}", note)


def _curves(groups: dict[str, list[Run]], path: Path, title: str, note: str) -> None:
    figure, axes = _figure(len(groups), 3.2)
    for axis, (name, members) in zip(axes, groups.items(), strict=False):
        for run in members:
            curves = run.curves()
            epochs = curves.epoch + 1
            axis.plot(epochs, curves.accuracy, "o-", markersize=2, color="tab:blue", label="training")
            if curves.val_accuracy.notna().any():
                axis.plot(epochs, curves.val_accuracy, "o-", markersize=2, color="tab:orange", label="validation")
            axis.axvline(run.record["chosen_epoch"] + 1, color="grey", linewidth=0.6, linestyle=":", label="tested")
        axis.set_ylim(0, 1.02)
        axis.set_xlim(0.5, max(len(run.curves()) for run in members) + 0.5)
        axis.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axis.set_title(fill(name, LINE), fontsize=8)
        axis.set_xlabel("epoch", fontsize=7)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
        handles, labels = axis.get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        axis.legend(unique.values(), unique.keys(), fontsize=6, loc="best")
    _finish(figure, path, f"Accuracy by epoch: {title}", note)
