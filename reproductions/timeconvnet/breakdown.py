"""Accuracy by clip and by emotion beside that of the windows, in which long clips and frequent emotions dominate."""

from typing import TYPE_CHECKING

from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from common.runs.intervals import clustered
from reproductions.timeconvnet.data import CLASSES
from reproductions.timeconvnet.models import NETWORKS

if TYPE_CHECKING:
    import pandas


def clips(predictions: "pandas.DataFrame") -> "pandas.DataFrame":
    """The tested clips of each seed, with what was made of their windows.

    Args:
        predictions: as `common.runs.scores.predictions` gives them, with the probability of every class.

    Returns:
        one row a clip and seed: subject, emotion, windows, share (of its windows that were recognised, 0 to 1), and
            correct (whether the mean of its windows' probabilities is greatest for its emotion).
    """
    names = [name for name in predictions.columns if name.startswith("p_")]
    table = predictions.assign(hit=predictions.emotion == predictions.predicted)
    groups = table.groupby(["seed", "fold", "corpus", "clip"], sort=False)
    found = groups.agg(
        subject=("subject", "first"), emotion=("emotion", "first"), windows=("hit", "size"), share=("hit", "mean")
    )
    predicted = groups[names].mean().idxmax(axis=1).str.removeprefix("p_")
    return found.assign(correct=predicted == found.emotion).reset_index()


def tables(evidence: Evidence) -> list[Table]:
    """Accuracy of windows and clips, and of every emotion; one row a network and protocol in each."""
    rows = []
    for key, network in NETWORKS.items():
        for protocol in evidence.plan.protocols:
            members = evidence.of("table2", key, protocol)
            score = evidence.score("table2", key, protocol)
            if score is not None:
                rows.append({"network": network.title, "protocol": protocol, **_row(scores.predictions(members))})
    names = {"network": "Network", "protocol": "Protocol"}
    columns = {
        "windows": "Windows",
        "share": "Clips, by windows",
        "clips": "Clips, by probabilities",
        "clips_interval": "95 % interval",
        "longest": "In longest tenth",
    }
    emotions = {str(name): str(name) for name in CLASSES} | {"emotions": "Mean"}
    notes = [
        "Windows: as in Table II, where a clip counts as often as it has tested windows; in the columns of the clips "
        "it counts once: with the share of its windows that were recognised, or as recognised where the mean of their "
        "probabilities is. The interval is that of the latter.",
        "In longest tenth: the share of all windows that the longest tenth of the clips has.",
        "Under published the windows of a clip stand on both sides, so its tested windows are a fifth of it.",
    ]
    recognised = ["The share of an emotion's windows that were recognised."]
    return [
        _part("breakdown", "Accuracy by window and by clip", names | columns, rows, notes),
        _part("breakdown-emotions", "Accuracy by emotion", names | emotions, rows, recognised),
    ]


def _part(name: str, title: str, columns: dict[str, str], rows: list[dict[str, str]], notes: list[str]) -> Table:
    of_these = [{key: row[key] for key in columns if key in row} for row in rows]
    return Table(name, title, columns, of_these, notes)


def _row(predictions: "pandas.DataFrame") -> dict[str, str]:
    of_clips = clips(predictions)
    low, high = clustered(of_clips.correct.to_numpy(), of_clips.subject.to_numpy(), of_clips.seed.to_numpy())
    recalls = (predictions.emotion == predictions.predicted).groupby(predictions.emotion).mean()
    sizes = of_clips.windows.sort_values(ascending=False)
    return {
        "windows": f"{(predictions.emotion == predictions.predicted).mean():.3f}",
        "share": f"{of_clips.share.mean():.3f}",
        "clips": f"{of_clips.correct.mean():.3f}",
        "clips_interval": f"{low:.3f} to {high:.3f}",
        "longest": f"{sizes.head(-(-len(sizes) // 10)).sum() / sizes.sum():.0%}",
        "emotions": f"{recalls.mean():.3f}",
        **{str(name): f"{recalls[name]:.3f}" for name in CLASSES if name in recalls},
    }
