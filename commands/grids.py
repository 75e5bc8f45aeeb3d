"""Small tables of printed numbers from CSV files, with a sentence for everything that can be wrong with one."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from common.support.errors import UserError

# What can only be a decimal comma, what can only be thousands, and what can be both.
_COMMA = re.compile(r"(0|0\d+|\d{4,}|\d{1,3}(\.\d{3})+)?,\d+|\d+,(\d{1,2}|\d{4,})")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+\.\d*|[1-9]\d{0,2}(,\d{3}){2,}")
_EITHER = re.compile(r"[1-9]\d{0,2},\d{3}")
_PLAIN = re.compile(r"\d+(\.\d*)?|\.\d+")


@dataclass(frozen=True)
class Grid:
    """Printed numbers with the name of each row."""

    names: list[str]
    cells: list[list[str]]


def read_matrix(path: Path) -> Grid:
    """A square table; class names may stand in the first row, in the first column, or in both.

    Raises:
        UserError: naming file and line of what is no square table of numbers.
    """
    grid = _read(path, square=True)
    if len(grid.cells) != len(grid.cells[0]):
        problem = f"{path} has {len(grid.cells)} rows and {len(grid.cells[0])} columns of numbers."
        raise UserError(problem, "A confusion matrix is square: one row and one column for each class.")
    return grid


def read_folds(path: Path) -> Grid:
    """One method a row with its name first, one fold a column; a heading is allowed.

    Raises:
        UserError: naming file and line of what is no table of numbers.
    """
    grid = _read(path, square=False)
    if len(grid.cells[0]) < 2:
        raise UserError(f"{path} has one fold only.", "Give a column for each fold.")
    return grid


def _read(path: Path, square: bool) -> Grid:
    lines = _lines(path)
    header = []
    if _is_heading(lines[0][1], len(lines) - 1, square):
        header = lines.pop(0)[1]
        if not lines:
            raise UserError(f"{path} has a heading and no numbers.", "Add a row for each class or method.")
    named = not all(is_number(row[0]) for _, row in lines)
    width = len(lines[0][1])
    if header and len(header) not in (width, width - named):
        problem = f"{path} has {len(header)} names in its first row and {width} cells in the next."
        raise UserError(problem, "Give every row as many cells; numbers with decimal commas need quotes or semicolons.")
    for number, row in lines:
        if len(row) != width:
            problem = f"{path}:{number} has {len(row)} cells, the first row of numbers {width}."
            raise UserError(problem, "Give every row the same number of cells, separated by commas.")
        for cell in row[named:]:
            if not is_number(cell):
                raise UserError(f"{path}:{number} has {cell!r} where a number should be.", "Mend that cell.")
    if width - named < 1:
        raise UserError(f"{path} has no numbers.", "Separate the cells of a row by commas.")
    cells = plain([row[named:] for _, row in lines], str(path))
    names = [row[0] for _, row in lines] if named else header[-len(cells) :] if len(header) >= len(cells) else []
    return Grid(names or [str(i + 1) for i in range(len(cells))], cells)


def _is_heading(row: list[str], rows_below: int, square: bool) -> bool:
    """Whether a first row holds names, or the numbers 1, 2, ... of classes or folds behind a name."""
    if not any(is_number(cell) for cell in row[1:]):
        return True
    numbered = row[1:] == [str(i) for i in range(1, len(row))] and not is_number(row[0])
    return numbered and (rows_below == len(row) - 1 or not square)


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Rows that are not empty, with their line numbers."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            first = next(filter(str.strip, file), "")
            file.seek(0)
            # Where the comma is the decimal sign, spreadsheets write semicolons between cells; some write tabs.
            reader = csv.reader(file, delimiter=next((sign for sign in ";\t" if sign in first), ","))
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.", "Name a CSV file.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV text.", "Save the table as CSV in UTF-8.") from error
    if not rows:
        raise UserError(f"{path} is empty.", "Write one row for each class or method.")
    return rows


def is_number(cell: str) -> bool:
    """Whether a cell is written as papers write numbers: digits, a point or a comma, a percent sign."""
    return any(form.fullmatch(_bare(cell)) for form in (_PLAIN, _EITHER, _COMMA, _THOUSANDS))


def plain(rows: list[list[str]], place: str) -> list[list[str]]:
    """Cells with a decimal point and without thousands; what a comma means is decided by all of them together.

    Raises:
        UserError: if a comma can be both, or means the one in one cell and the other in another.
    """
    cells = [_bare(cell) for row in rows for cell in row]
    either = next(filter(_EITHER.fullmatch, cells), None)
    decimal = next(filter(_COMMA.fullmatch, cells), None)
    pointed = next(
        (cell for cell in cells if _THOUSANDS.fullmatch(cell) or (_PLAIN.fullmatch(cell) and "." in cell)), None
    )
    if decimal and pointed:
        problem = f"{place} has {decimal!r} with a decimal comma and {pointed!r} with a point."
        raise UserError(problem, "Write all numbers in one way.")
    if either and not decimal and not pointed:
        whole = either.replace(",", "")
        problem = f"{place} has {either!r}, which can be {whole} or {either.replace(',', '.')}."
        raise UserError(problem, f"Write {whole}, or a decimal point.")
    return [[_plain(cell, bool(decimal)) for cell in row] for row in rows]


def _plain(cell: str, decimal: bool) -> str:
    sign = "%" if cell.rstrip().endswith("%") else ""
    bare = _bare(cell)
    return (bare.replace(".", "").replace(",", ".") if decimal else bare.replace(",", "")) + sign


def _bare(cell: str) -> str:
    return cell.strip().removesuffix("%").rstrip()
