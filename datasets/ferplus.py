"""FER+: ten people looked at each image of FER2013 again, and its file holds the votes for each row of fer2013.csv.

The README of its makers (github.com/microsoft/FERPlus) omits the column "Image name", so columns are found by name.
"""

import csv
from io import StringIO
from itertools import pairwise
from pathlib import Path

import numpy as np

from common.media.image_file import read_bytes
from common.media.images import BALLOT
from common.support.errors import UserError
from datasets import tree

CITATION = (
    "E. Barsoum, C. Zhang, C. Canton Ferrer, Z. Zhang: Training deep networks for facial expression recognition with "
    "crowd-sourced label distribution. ICMI 2016, pp. 279-283."
)
NAMES = ("ferplus.csv", "fer2013new.csv")

# One column for each entry of BALLOT, in its order.
COLUMNS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")

_REMEDY = "Take fer2013new.csv from github.com/microsoft/FERPlus, or move the file out of the data folder."


def locate(root: Path) -> Path | None:
    """The file of the votes at or below `root`."""
    home = tree.search(root, _file)
    return home and _file(home)


def majority(votes: np.ndarray) -> np.ndarray:
    """The entry of the ballot with the most votes, the first of several: (n, 10) uint8 -> (n,) str."""
    return np.array([str(entry) for entry in BALLOT])[votes.argmax(axis=1)]


def read(path: Path, partitions: np.ndarray) -> np.ndarray:
    """The votes, (n, 10) uint8 in the order of `BALLOT`, for the rows of fer2013.csv that have these `partitions`.

    Raises:
        UserError: if a column is missing, a vote is no small number, or the rows are not those of FER2013.
    """
    with StringIO(read_bytes(path).decode("utf-8-sig", errors="replace"), newline="") as file:
        rows = csv.DictReader(file)
        missing = [column for column in ("Usage", *COLUMNS) if column not in (rows.fieldnames or ())]
        if missing:
            raise UserError(f"{path} has no column {', '.join(missing)}.", _REMEDY)
        usages, names, votes = [], [], []
        for row in rows:
            usages.append(row["Usage"])
            names.append((row.get("Image name") or "").strip())
            votes.append(_votes(f"{path}, line {rows.line_num}", row))
    if usages != partitions.tolist():
        raise UserError(
            f"{path} has {len(usages):,} rows that are not those of a FER2013 with {len(partitions):,}.", _REMEDY
        )
    named = [name for name in names if name]  # an image that nobody called a face has no name
    falling = sum(after < before for before, after in pairwise(named))
    if falling > 0.01 * len(named):  # a handful of names is out of order in the file of its makers
        raise UserError(f"{path} has rows in another order than FER2013, by its column Image name.", _REMEDY)
    return np.array(votes, np.uint8).reshape(-1, len(BALLOT))


def _file(folder: Path) -> Path | None:
    return next((file for file in tree.files(folder, ".csv") if file.name.lower() in NAMES), None)


def _votes(place: str, row: dict[str, str]) -> list[int]:
    words = [row[column] or "" for column in COLUMNS]
    if not all(word.isascii() and word.isdigit() and int(word) < 256 for word in words):
        raise UserError(f"{place} has votes that are no small whole numbers ({', '.join(words)}).", _REMEDY)
    return [int(word) for word in words]
