"""The annotation spreadsheets of BAUM-1: a clip, an emotion in words, and the same emotion as a code.

The columns are found by what they hold, because the header words of the official files are not documented.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path, PurePath

from common.media.emotions import Emotion, emotion
from common.support.errors import UserError
from common.support.names import shown

CLIP = re.compile(r"S\d{3}_\d{3}", re.IGNORECASE)


@dataclass(frozen=True)
class Annotation:
    """One row of a spreadsheet.

    Attributes:
        number: 1-based row number, as a spreadsheet program shows it.
        clip: clip identifier in upper case, e.g. "S001_010".
        text: the emotion as written there.
        word: the emotion that `text` names, or None if it names none.
        code: the emotion of the numeric code, or None if the cell is empty.
    """

    number: int
    clip: str
    text: str
    word: Emotion | None
    code: Emotion | None

    @property
    def disagrees(self) -> bool:
        return self.word is not None and self.code is not None and self.word is not self.code


def read(path: Path, codes: Mapping[int, Emotion]) -> list[Annotation]:
    """The rows of `path` that name a clip, of all its sheets that have the columns.

    Raises:
        UserError: if the file is no spreadsheet, no sheet has the columns, one holds a code that is not in `codes`, or
            two sheets contradict each other.
    """
    rows, problems = [], []
    for sheet, cells in _sheets(path).items():
        place = f"{shown(path)}, sheet {sheet}," if sheet else shown(path)
        try:
            found = _rows(cells, codes, place)
        except _NoColumn as error:
            problems.append(error)
            continue
        known = {row.clip: row for row in rows}
        for row in found:
            other = known.get(row.clip, row)
            if (other.word, other.code) != (row.word, row.code):
                says = f"{row.word or row.code} of {row.clip}, another of its sheets {other.word or other.code}"
                raise UserError(f"{place} says {says}.", "Delete the sheet that is not the distribution's.")
        rows += [row for row in found if row.clip not in known]
    if not rows:
        raise max(problems, key=lambda error: error.having)
    return rows


class _NoColumn(UserError):
    """A sheet without one of the columns, and how many it has."""

    having: int = 0


def _rows(cells: list[tuple], codes: Mapping[int, Emotion], place: str) -> list[Annotation]:
    columns = list(zip_longest(*cells))
    clips = _column(columns, lambda cell: _clip(cell) is not None, "clip names such as S001_010", place, having=0)
    numbers = [row for row, cell in enumerate(columns[clips]) if _clip(cell)]
    named = [[column[row] for row in numbers] for column in columns]
    words = _column(named, lambda cell: _word(cell, codes) is not None, "emotion words", place, having=1)
    numeric = _code_column(named, words, place)
    return [
        Annotation(
            number=row + 1,
            clip=_clip(columns[clips][row]),
            text=str(columns[words][row] or "").strip(),
            word=_word(columns[words][row], codes),
            code=_code(columns[numeric][row], codes, f"Row {row + 1} of {place.removesuffix(',')}"),
        )
        for row in numbers
    ]


def _sheets(path: Path) -> dict[str, list[tuple]]:
    """The cells of every sheet that has any, by its name; of the only one by ""."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # the stored extent is wrong in files that other programs edited
            found = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
        finally:
            book.close()
    except Exception as error:  # zip, XML and workbook errors share no base class
        raise UserError(
            f"{shown(path)} cannot be read as an Excel workbook.", "Restore it from the BAUM-1 distribution."
        ) from error
    filled = {name: cells for name, cells in found.items() if any(cell is not None for row in cells for cell in row)}
    return filled if len(filled) > 1 else {"": next(iter(filled.values()), [])}


def _column(columns: list, fits: Callable[[object], bool], what: str, place: str, having: int) -> int:
    """The number of the column in which most cells fit."""
    hits = Counter({number: sum(map(fits, column)) for number, column in enumerate(columns)})
    best, count = hits.most_common(1)[0] if hits else (0, 0)
    if not count:
        raise _missing_column(what, place, having)
    return best


def _code_column(columns: list, words: int, place: str) -> int:
    """The column of integers beside the emotion words; the subject's number, another integer, lies elsewhere."""
    for number in (words + 1, words - 1):
        if 0 <= number < len(columns):
            integers = [_integer(cell) for cell in columns[number]]
            if integers.count(None) <= len(integers) / 2:
                return number
    raise _missing_column("numeric codes beside the emotion words", place, having=2)


def _missing_column(what: str, place: str, having: int) -> _NoColumn:
    error = _NoColumn(f"{place.removesuffix(',')} has no column of {what}.", "Restore it from the BAUM-1 distribution.")
    error.having = having
    return error


def _clip(cell: object) -> str | None:
    stem = PurePath(str(cell).strip()).stem
    return stem.upper() if CLIP.fullmatch(stem) else None


def _integer(cell: object) -> int | None:
    try:
        number = float(str(cell))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _code(cell: object, codes: Mapping[int, Emotion], place: str) -> Emotion | None:
    if cell is None or not str(cell).strip():
        return None
    code = _integer(cell)
    if code not in codes:
        raise UserError(
            f"{place} holds the unknown emotion code {cell!r} (known: {min(codes)} to {max(codes)}).",
            "Restore the row from the BAUM-1 distribution.",
        )
    return codes[code]


def _word(cell: object, codes: Mapping[int, Emotion]) -> Emotion | None:
    """The emotion of a word, if need be by its first three letters; "con" could be two emotions and is none."""
    text = str(cell or "").strip().lower()
    if len(text) < 3:
        return None
    try:
        return emotion(text)
    except UserError:
        alike = [e for e in codes.values() if e.value.lower()[:3] == text[:3]]
        return alike[0] if len(alike) == 1 else None
