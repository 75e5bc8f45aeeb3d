"""How many windows Table I would have under other interpretations of section IV: stride, clips and lost faces.

The number of windows follows from the number of a clip's frames, so no clip is read again. Which windows were lost to
missed faces is known for the run's own stride; for another, each clip is taken to keep the same share of its windows.
"""

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from common.paper.load import Paper
from common.results.config import Request
from common.results.tables import Table
from datasets import baum1, enterface
from reproductions.timeconvnet.data import select
from reproductions.timeconvnet.preprocessing import Settings, chosen

if TYPE_CHECKING:
    import pandas

# What a stride of 2 can do: frames from one kept frame to the next, kept frames from one window to the next, and kept
# frames from one frame of a window to the next.
STRIDES = {
    "frames thinned": (2, 1, 1),
    "windows thinned": (1, 2, 1),
    "gaps within windows": (1, 1, 2),
}
BAUM1 = {"spontaneous and acted": ("1s", "1a"), "spontaneous": ("1s",), "acted": ("1a",)}
ENTERFACE = ("all", "complete_subjects", "printed_share")


def possible(frames: np.ndarray, settings: Settings, step: int, hop: int, gap: int) -> np.ndarray:
    """Windows (n,) int64 of clips with (n,) frames whose first ones are left out, where every face is found.

    >>> possible(np.array([17, 9, 3]), Settings(), 2, 1, 1)
    array([2, 0, 0])
    """
    kept = np.maximum(-(-(np.asarray(frames, np.int64) - settings.skip_first) // step), 0)
    return np.maximum(-(-(kept - gap * (settings.window - 1)) // hop), 0)


def rows(request: Request, ledger: "pandas.DataFrame") -> list[dict]:
    """Windows by emotion for every stride and every selection from the clips of a ledger that could be read.

    Returns:
        one dictionary a combination: stride, enterface, baum1, and emotion -> windows as `possible` (every face found)
            and as `kept` (as many lost as the run lost).
    """
    settings = chosen(request.settings)
    ledger = ledger[ledger.problem == ""]
    detected = ledger.windows + ledger.windows_without_face
    share = (ledger.windows / detected.where(detected > 0)).fillna(1.0).to_numpy()
    whole = ledger.corpus.isin(settings.whole_corpora).to_numpy()
    every_frame = np.maximum(ledger.frames_read.to_numpy() - settings.window + 1, 0)
    table_rows = []
    for stride, (acted, wanted), (parts, of_parts) in product(STRIDES, _enterface(request, ledger), _baum1(ledger)):
        others = possible(ledger.frames_read.to_numpy(), settings, *STRIDES[stride])
        windows = np.where(whole, every_frame, others)
        clips_taken = wanted & of_parts
        row = {"stride": stride, "enterface": acted, "baum1": parts}
        for name, counts in (("possible", windows), ("kept", windows * share)):
            sums = (ledger.emotion.to_frame().assign(n=counts * clips_taken)).groupby("emotion").n.sum()
            row[name] = {emotion: round(float(count)) for emotion, count in sums.items()}
        table_rows.append(row)
    return table_rows


def _enterface(request: Request, ledger: "pandas.DataFrame") -> list[tuple[str, np.ndarray]]:
    """Selections of eNTERFACE'05 with (clips,) bool each, true for the other corpora; one where the run has a part."""
    mine = (ledger.corpus == enterface.NAME).to_numpy()
    which = request.settings["enterface_clips"]
    if which != "all":
        return [(which, np.ones(len(ledger), bool))]
    clips = list(ledger[mine].itertuples())
    picked = {name: {clip.Index for clip in select(clips, name, request)} for name in ENTERFACE}
    return [(name, ~mine | ledger.index.isin(indices)) for name, indices in picked.items()]


def _baum1(ledger: "pandas.DataFrame") -> list[tuple[str, np.ndarray]]:
    mine = (ledger.corpus == baum1.NAME).to_numpy()
    whole = set(ledger.partition[mine])
    return [
        (name, ~mine | ledger.partition.isin(parts).to_numpy()) for name, parts in BAUM1.items() if set(parts) <= whole
    ]


def table(paper: Paper, variants: list[dict], data: str) -> Table:
    """The rows beside what is printed, those that come nearest first."""
    printed = {claim.emotion: claim.number for claim in paper.select("table1-windows-*")}
    lines = []
    for row in variants:
        line = {"stride": row["stride"], "enterface": row["enterface"].replace("_", " "), "baum1": row["baum1"]}
        for name in ("possible", "kept"):
            emotion, off = farthest(row[name], printed)
            line |= {name: sum(row[name].values()), f"{name}_off": f"{emotion} {off:+.1%}", f"{name}_by": abs(off)}
        lines.append(line)
    lines.sort(key=lambda line: min(line["possible_by"], line["kept_by"]))
    columns = {
        "stride": "Stride of 2",
        "enterface": "eNTERFACE'05",
        "baum1": "BAUM-1",
        "possible": "Windows, every face found",
        "possible_off": "Largest deviation",
        "kept": "Windows, with this run's share of lost ones",
        "kept_off": "Largest deviation of these",
    }
    total = paper.claim("table1-total-windows")
    notes = [
        f"The paper prints {total.number:,.0f} windows. Largest deviation: the emotion whose count is farthest from "
        "its printed one, as a share of the printed one. The order is that of the nearer of the two.",
        "With this run's share of lost ones: each clip keeps the share of windows that it kept in this run; for "
        "another stride an estimate.",
    ]
    if data == "synthetic":
        notes.append("Synthetic corpora: the distances say nothing about BigFaceX.")
    return Table("reconstruction", "Table I under other interpretations of section IV", columns, lines, notes)


def farthest(counts: dict[str, int], printed: dict[str, float]) -> tuple[str, float]:
    """The emotion whose count is farthest from the printed one, and by which share of that."""
    off = {emotion: counts.get(emotion, 0) / number - 1 for emotion, number in printed.items()}
    emotion = max(off, key=lambda name: abs(off[name]))
    return emotion, off[emotion]
