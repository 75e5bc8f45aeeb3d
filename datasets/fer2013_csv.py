"""Reads fer2013.csv, plain or packed, a few megabytes at a time: as text it is four times as large as its images.

A row is a label, 2,304 numbers separated by blanks, and the part it belongs to. Columns are found by their names,
because icml_face_data.csv has them in another order and with blanks before the names.
"""

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from common.media.emotions import Emotion
from common.media.images import StillImages
from common.support.errors import UserError

CODES = (
    Emotion.ANGRY,
    Emotion.DISGUST,
    Emotion.FEAR,
    Emotion.HAPPY,
    Emotion.SAD,
    Emotion.SURPRISE,
    Emotion.NEUTRAL,
)
PARTITIONS = ("Training", "PublicTest", "PrivateTest")
COLUMNS = ("emotion", "pixels", "Usage")
SIDE = 48

_PIXELS = SIDE * SIDE
_PIECE = 4 * 2**20  # bytes of text
_AGAIN = "Restore the row from a fresh copy of the file."


@dataclass(frozen=True)
class Rows:
    """Rows in the order of the file: pixels (n, 48, 48) uint8, emotions (n,) str, partitions (n,) str."""

    pixels: np.ndarray
    emotions: np.ndarray
    partitions: np.ndarray

    def images(self, corpus: str, votes: np.ndarray | None = None) -> StillImages:
        """The images of a data set whose rows name nobody: each is a subject and a clip of its own, "row 17"."""
        names = np.array([f"row {row}" for row in range(len(self.pixels))])
        return StillImages(
            corpus,
            self.pixels,
            self.emotions,
            self.partitions,
            subjects=names,
            clips=names,
            frames=np.zeros(len(names), np.int64),
            votes=votes,
        )


def read(path: Path, codes: Sequence[Emotion] = CODES) -> Rows:
    """All rows of a csv, which may be packed as .xz, .gz or .zip.

    Args:
        codes: the emotion of each label.

    Raises:
        UserError: naming the file and the line, if the header lacks a column, a row is not a label, 2,304 numbers
            from 0 to 255 and a partition, there is no row, or the packed file is cut off or damaged.
    """
    parsed = []
    with _opened(path) as file, ThreadPoolExecutor(1) as thread:
        order = _order(path, file)
        for lines in _pieces(file):
            # One piece is parsed while the next one is unpacked, which takes most of the time.
            parsed.append(thread.submit(_parse, path, lines, order, codes))
            if len(parsed) > 1:
                parsed[-2].result()
    if not parsed:
        raise UserError(f"{path} has a header and no rows.", "Download it again.")
    columns = zip(*(piece.result() for piece in parsed), strict=True)
    return Rows(*map(np.concatenate, columns))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(_member(path, archive)) as file:
                yield file
        else:
            opener = {".xz": lzma.open, ".gz": gzip.open}.get(path.suffix.lower(), open)
            with opener(path, "rb") as file:
                yield file
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path} is cut off or damaged.", "Download it again.") from error
    except PermissionError as error:
        raise UserError(f"{path} cannot be read.", "Give yourself the right to read it.") from error


def _member(path: Path, archive: zipfile.ZipFile) -> str:
    tables = [name for name in archive.namelist() if name.lower().endswith(".csv") and "__MACOSX" not in name]
    if len(tables) != 1:
        raise UserError(f"{path} holds {len(tables)} csv files instead of one.", "Unpack it and keep fer2013.csv.")
    return tables[0]


def _order(path: Path, file: BinaryIO) -> dict[str, int]:
    """Where each of COLUMNS stands, from the first line."""
    header = file.readline(1000).decode("utf-8-sig", "replace").strip()
    names = [name.strip(' "').lower() for name in header.split(",")]
    missing = [column for column in COLUMNS if column.lower() not in names]
    if missing:
        raise UserError(
            f"{path} begins with {header[:60]!r}, which names no column {' and no '.join(missing)}.",
            f"Its first line should name {', '.join(COLUMNS)}.",
        )
    return {column: names.index(column.lower()) for column in COLUMNS}


def _pieces(file: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    """Lines with their numbers, without empty ones."""
    number = 2
    while lines := file.readlines(_PIECE):
        if filled := [(number, line) for number, line in enumerate(lines, number) if not line.isspace()]:
            yield filled
        number += len(lines)


def _parse(path: Path, lines: list[tuple[int, bytes]], order: dict[str, int], codes) -> tuple[np.ndarray, ...]:
    emotions, texts, partitions = [], [], []
    for number, line in lines:
        emotion, text, partition = _row(f"{path}, line {number}", line, order, codes)
        emotions.append(emotion)
        texts.append(text)
        partitions.append(partition)
    values = np.fromstring(b" ".join(texts), np.int64, sep=" ").reshape(len(lines), SIDE, SIDE)
    for (number, _), brightest in zip(lines, values.max(axis=(1, 2)).tolist(), strict=True):
        if brightest > 255:
            raise UserError(f"{path}, line {number} has the value {brightest}, which is over 255.", _AGAIN)
    return values.astype(np.uint8), np.array(emotions, "U8"), np.array(partitions, "U11")


def _row(place: str, line: bytes, order: dict[str, int], codes: Sequence[Emotion]) -> tuple[Emotion, bytes, str]:
    """Emotion, pixels as text with one blank between two numbers, partition."""
    cells = line.strip().split(b",")
    if len(cells) <= max(order.values()):
        raise UserError(f"{place} has {len(cells)} columns instead of {max(order.values()) + 1}.", _AGAIN)
    label, pixels, partition = (cells[order[column]].strip(b' "') for column in COLUMNS)
    if strange := pixels.translate(None, b"0123456789 "):
        raise UserError(f"{place} has pixels that are no whole numbers ({_text(strange)}).", _AGAIN)
    if b"  " in pixels:
        pixels = b" ".join(pixels.split())
    if pixels.count(b" ") + 1 != _PIXELS:
        raise UserError(f"{place} has {len(pixels.split()):,} pixels instead of {_PIXELS:,}.", _AGAIN)
    return _emotion(place, _text(label), codes), pixels, _partition(place, _text(partition))


def _emotion(place: str, label: str, codes: Sequence[Emotion]) -> Emotion:
    if not (label.isascii() and label.isdigit()):
        raise UserError(f"{place} has the label {label!r}, which is no number.", _AGAIN)
    if int(label) >= len(codes):
        raise UserError(
            f"{place} has the label {label}, but {'FER2013' if codes is CODES else 'the set'} has only 0 to "
            f"{len(codes) - 1}.",
            "Restore it from a fresh copy; a csv of CK+, which has 7 for contempt, must be called ckextended.csv.",
        )
    return codes[int(label)]


def _partition(place: str, usage: str) -> str:
    if usage not in PARTITIONS:
        problem = f"the unknown Usage {usage!r}" if usage else "an empty Usage"
        raise UserError(f"{place} has {problem}.", f"It should be one of {', '.join(PARTITIONS)}.")
    return usage


def _text(cell: bytes) -> str:
    return cell[:40].decode("utf-8", "replace")
