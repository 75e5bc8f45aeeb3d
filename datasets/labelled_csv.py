"""A csv of labelled images with a column for the part that each belongs to: FER2013, ckextended.csv, a list of files.

The images stand in the rows as grey values (pixels), or as paths of files relative to the csv.
"""

import lzma
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from common.media.emotions import Emotion
from common.support.errors import UserError
from common.support.names import shown
from datasets import labelled, subject_names
from datasets.fer2013_csv import CODES
from datasets.labelled import Labelled

COLUMNS = {
    "pixels": ("pixels",),
    "file": ("path", "file", "filename", "image", "img", "video", "clip"),
    "label": ("label", "emotion", "expression", "class"),
    "part": ("usage", "part", "split", "set", "partition", "subset"),
    "subject": ("subject", "person", "actor", "identity", "subject_id"),
}
_ROWS = 2000  # read at once
_DAMAGE = (EOFError, lzma.LZMAError, zipfile.BadZipFile, zlib.error, UnicodeError, ValueError)


@dataclass
class _Part:
    names: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    read: list = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read(
    path: Path, subject: str = "", progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Labelled]:
    """The parts of a csv, plain or packed (.xz, .gz, .zip), by their names, in the order in which they begin.

    Args:
        subject: regular expression that finds the subject in a file's name, where no column gives it.
        progress: called with the number of rows that are read, and 0.

    Raises:
        UserError: if it cannot be read, lacks a column, or has no row that can be read.
    """
    parts: dict[str, _Part] = {}
    columns, rows = {}, 0
    for chunk in _chunks(path):
        columns = columns or _columns(path, list(chunk.columns))
        for row in chunk[list(columns.values())].itertuples(index=False, name=None):
            rows += 1
            _add(parts, dict(zip(columns, row, strict=True)), path, rows)
        progress(rows, 0)
    if not any(part.names for part in parts.values()):
        why = next((part.left_out[0] for part in parts.values() if part.left_out), "It has a heading and no rows.")
        raise UserError(f"{shown(path)} has no row that can be read. {why}", "Restore the file.")
    readable = {name: part for name, part in parts.items() if part.names}
    for name, part in parts.items():
        if name not in readable:  # told with the others, for it has no column of its own
            next(iter(readable.values())).left_out += part.left_out
    codes = _codes(readable.values()) if "pixels" in columns else {}
    return {name: _finished(part, codes, subject) for name, part in readable.items()}


def _codes(parts: Iterable[_Part]) -> dict[str, str]:
    """The emotions of FER2013's and ckextended.csv's numbers, where all numbers among the labels are such."""
    codes = {str(number): emotion.value for number, emotion in enumerate((*CODES, Emotion.CONTEMPT))}
    numbers = {label for part in parts for label in part.labels if label.isdecimal()}
    return codes if numbers <= set(codes) else {}


def _finished(part: _Part, codes: dict[str, str], subject: str) -> Labelled:
    subjects = part.subjects if any(part.subjects) else subject_names.subjects(part.names, subject)
    labels = [codes.get(label, label) for label in part.labels]
    return labelled.gathered(part.names, labels, subjects, part.read, part.left_out)


def _add(parts: dict[str, _Part], row: dict[str, str], csv: Path, number: int) -> None:
    part = parts.setdefault(row["part"].strip(), _Part())
    name = row.get("file", f"row {number - 1}").strip()
    try:
        if not row["part"].strip():
            raise UserError("it belongs to no part.", "Restore the row.")
        frames = _pixels(row["pixels"]) if "pixels" in row else _file(csv.parent / name)
    except UserError as error:
        part.left_out.append(error.problem if "file" in row else f"{shown(csv)}, line {number + 1}: {error.problem}")
        return
    part.names.append(shown(name))
    part.labels.append(labelled.label(re.sub(r"^(\d)\.0$", r"\1", row["label"].strip())))
    part.subjects.append(row.get("subject", "").strip())
    part.read.append(frames)


def _file(path: Path) -> list[tuple[np.ndarray, int]]:
    frames = labelled.read_file(path)
    if not frames:
        raise UserError(f"{shown(path)} is neither an image nor a video.", "Mend the csv.")
    return frames


def _pixels(text: str) -> list[tuple[np.ndarray, int]]:
    try:
        values = np.array(text.split(), np.int64)
    except (ValueError, OverflowError):
        raise UserError("its pixels are no whole numbers.", "Restore the row.") from None
    side = math.isqrt(len(values))
    if side * side != len(values) or side < 8 or values.min() < 0 or values.max() > 255:
        raise UserError("its pixels are no square of values from 0 to 255.", "Restore the row.")
    return [labelled.compared(values.astype(np.uint8).reshape(side, side))]


def _chunks(path: Path) -> Iterator:
    import pandas as pd

    if not path.is_file():
        raise UserError(f"There is no file {shown(path)}.", "Name a csv file.")
    options = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig", "encoding_errors": "replace"}
    try:
        heading = pd.read_csv(path, nrows=1, header=None, sep="\x1f", **options).iloc[0, 0]  # as one cell
        separator = max(",;\t", key=heading.count)
        with pd.read_csv(path, sep=separator, chunksize=_ROWS, skipinitialspace=True, **options) as chunks:
            yield from chunks
    except (OSError, *_DAMAGE) as error:
        why = str(error).rpartition("error: ")[2].strip()
        raise UserError(f"{shown(path)} cannot be read as a csv ({why}).", "Restore the file.") from error


def _columns(path: Path, heading: list[str]) -> dict[str, str]:
    """Which column holds what."""
    named = {name.strip(' "').lower(): name for name in heading}
    found = {what: named[word] for what, words in COLUMNS.items() for word in reversed(words) if word in named}
    if "pixels" in found:
        found.pop("file", None)
    for what in ("label", "part"):
        if what not in found:
            raise UserError(
                f"{shown(path)} has no column for the {what}: {shown(', '.join(heading))[:80]}.",
                f"Name it {' or '.join(COLUMNS[what])}.",
            )
    if not {"pixels", "file"} & set(found):
        raise UserError(
            f"{shown(path)} has neither pixels nor names of files: {shown(', '.join(heading))[:80]}.",
            f"Name the column pixels, or one of {', '.join(COLUMNS['file'])}.",
        )
    return found
