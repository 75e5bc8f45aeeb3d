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


def table(evidence: Evidence) -> Table:
    """One row a network and protocol: accuracy of windows, of clips, and of every emotion."""
    rows = []
    for key, network in NETWORKS.items():
        for protocol in evidence.plan["protocols"]:
            members = evidence.of("table2", key, protocol)
            score = evidence.score("table2", key, protocol)
            if score is not None:
                rows.append({"network": network.title, "protocol": protocol, **_row(scores.predictions(members))})
    columns = {
        "network": "Network",
        "protocol": "Protocol",
        "windows": "Windows",
        "share": "Clips, mean of their windows",
        "clips": "Clips, mean of probabilities",
        "clips_interval": "95 % interval",
        "longest": "Windows of the longest tenth of clips",
        "emotions": "Mean of the emotions",
        **{str(name): str(name) for name in CLASSES},
    }
    notes = [
        "Windows: as in Table II, where a clip counts as often as it has tested windows; in the columns of the clips "
        "it counts once. An emotion's column is the share of its windows that were recognised.",
        "Under published the windows of a clip stand on both sides, so its tested windows are a fifth of it.",
    ]
    return Table("breakdown", "Accuracy by window, by clip and by emotion", columns, rows, notes)


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
