"""Facts about single images and runs, kept beside the runs so that tables need no data.

Three files a profile and kind of data, below results/runs/thesis/:

- images-<profile>-<data>.csv: one row an image of FER2013 with FER+ votes: sample, emotion, majority, votes
- near-duplicates-<profile>-<data>.csv: one row a tested image that has a near-duplicate in training: split (as in
  `Identity.split`), sample
- trained-<profile>-<data>.csv: one row a run: key (as in `Identity.key`), accuracy on the images it was trained on
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.media.images import StillImages
from common.paper.load import Paper
from common.protocols.splitters import Fold
from common.runs.record import PACKED
from common.samples import near_duplicates
from common.support import files
from reproductions.thesis import votes

if TYPE_CHECKING:
    import pandas

    from common.samples.build import Samples


def path(kind: str, paper: Paper, profile: str, data: str, results: Path) -> Path:
    """The file of one kind, "images", "near-duplicates" or "trained"."""
    return results / "runs" / paper.name / f"{kind}-{profile}-{data}.csv"


def write_votes(images: StillImages, file: Path) -> None:
    """Keep what the annotators of FER+ said; nothing where the images have no votes."""
    import pandas as pd

    if images.votes is None:
        for place in _places(file):
            place.unlink(missing_ok=True)
        return
    table = {"sample": np.arange(len(images)), "emotion": images.emotions} | votes.columns(images)
    _write(pd.DataFrame(table), file)


def near_duplicate_pairs(samples: "Samples", cache: Path) -> np.ndarray:
    """The pairs of near-duplicates among all samples (`common.samples.near_duplicates`), from the cache if there.

    Args:
        cache: folder of what can be computed again.

    Raises:
        UserError: if the disk is full or the folder not writable.
    """
    file = cache / "near-duplicates" / f"{samples.key}.npy"
    if not files.sealed(file):
        images = samples.read(np.arange(len(samples)))[:, 0, :, :, 0]
        with files.atomic(file) as temporary, temporary.open("wb") as opened:
            np.save(opened, near_duplicates.pairs_among(images))
        files.seal(file)
    return np.load(file)


def write_near_duplicates(pairs_by_split: Mapping[str, tuple[np.ndarray, Fold]], file: Path) -> None:
    """Keep which tested images have a near-duplicate in training, beside what is kept of other splits.

    Args:
        pairs_by_split: the digest of a split -> the pairs of near-duplicates of its samples, and its fold.
    """
    import pandas as pd

    found = []
    for split, (pairs, fold) in pairs_by_split.items():
        duplicated = near_duplicates.has_near_duplicate(pairs, fold.test, fold.train)
        found.append(pd.DataFrame({"split": split, "sample": fold.test[duplicated]}))
    empty = pd.DataFrame({"split": pd.Series(dtype=str), "sample": pd.Series(dtype=int)})
    _replace(file, "split", list(pairs_by_split), pd.concat([empty, *found], ignore_index=True))


def add_trained(key: str, accuracy: float, file: Path) -> None:
    """Keep how the run of this key does on the images that it was trained on, beside what is kept of others."""
    import pandas as pd

    _replace(file, "key", [key], pd.DataFrame({"key": [key], "accuracy": [accuracy]}))


def _replace(file: Path, column: str, names: Sequence[str], rows: "pandas.DataFrame") -> None:
    """Put rows in the place of those that have one of these names; what other commands write meanwhile stays."""
    import pandas as pd

    with files.lock(file.parents[1] / ".locks" / file.stem):
        before = read(file)
        kept = [] if before is None else [before[~before[column].isin(names)]]
        _write(pd.concat([*kept, rows], ignore_index=True), file)


def read(file: Path) -> "pandas.DataFrame | None":
    """One of these tables, or None where there is none; records keep them packed."""
    import pandas as pd

    found = next((place for place in _places(file) if place.exists()), None)
    return None if found is None else pd.read_csv(found, keep_default_na=False, dtype={"split": str, "key": str})


def _places(file: Path) -> list[Path]:
    """Where a table may lie: as it was written, or packed in a record."""
    return [file, file.with_name(file.name + PACKED)]


def _write(table: "pandas.DataFrame", file: Path) -> None:
    with files.atomic(file) as temporary:
        table.to_csv(temporary, index=False)
