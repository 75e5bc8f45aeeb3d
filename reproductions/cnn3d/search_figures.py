"""Fig. 2 as the paper draws it: one red cross for each configuration that was not pruned."""

from pathlib import Path

import matplotlib
from matplotlib import pyplot

from common.media.clips import WATERMARK
from common.paper.load import Paper
from reproductions.cnn3d import search_record
from reproductions.cnn3d.data import KEYS
from reproductions.cnn3d.search_tables import title_suffix


def draw(paper: Paper, profile: str, data: str, results: Path) -> list[Path]:
    """An image for each corpus that was searched as the authors did; those of synthetic data say so.

    Returns:
        the files; of a search whose trials were all pruned there is none.

    Raises:
        UserError: if what a search has written down is damaged.
    """
    made = []
    for name, key in KEYS.items():
        record = search_record.read(search_record.place(paper, profile, data, results, key))
        for study in record.content["studies"].get("published", {}).values() if record else ():
            points = crosses(study)
            if points:
                path = results / "figures" / paper.name / f"{profile}-{data}" / f"fig2-{key}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                note = f"\n{WATERMARK}" if data == "synthetic" else ""
                title = f"Fig. 2: {len(points)} of {len(study['trials'])} configurations on {name}"
                _scatter(points, study["prune_below"], f"{title}{title_suffix(record.content)}{note}", path)
                made.append(path)
    return made


def crosses(study: dict) -> list[tuple[int, float]]:
    """(which trial it was, accuracy in %) of every completed trial, in the order of the trials."""
    completed = [trial for trial in study["trials"] if not trial["pruned"]]
    return sorted((trial["number"], 100 * trial["correct"] / study["samples"]) for trial in completed)


def _scatter(points: list[tuple[int, float]], threshold: float, title: str, path: Path) -> None:
    matplotlib.use("Agg")
    figure, axis = pyplot.subplots(figsize=(7, 4), layout="constrained")
    axis.plot(*zip(*points, strict=True), "x", color="tab:red", markersize=5)
    if threshold:
        axis.axhline(100 * threshold, color="grey", linewidth=0.6, linestyle=":")
    axis.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axis.set_xlabel("trial")
    axis.set_ylabel("accuracy of all folds in %")
    axis.set_title(title, fontsize=9)
    axis.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
