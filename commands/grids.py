"""Small tables of printed numbers from CSV files, with a sentence for everything that can be wrong with one."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from common.support.errors import UserError

_NUMBER = re.compile(r"(\d[\d,]*(\.\d*)?|\.\d+)\s*%?")


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
    for number, row in lines:
        if len(row) != width:
            problem = f"{path}:{number} has {len(row)} cells, the first row of numbers {width}."
            raise UserError(problem, "Give every row the same number of cells, separated by commas.")
        for cell in row[named:]:
            if not is_number(cell):
                raise UserError(f"{path}:{number} has {cell!r} where a number should be.", "Mend that cell.")
    if width - named < 1:
        raise UserError(f"{path} has no numbers.", "Separate the cells of a row by commas.")
    cells = [row[named:] for _, row in lines]
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
            reader = csv.reader(file)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.", "Name a CSV file.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV text.", "Save the table as CSV in UTF-8.") from error
    if not rows:
        raise UserError(f"{path} is empty.", "Write one row for each class or method.")
    return rows


def is_number(cell: str) -> bool:
    """Whether a cell is written as papers write numbers: digits, a point, commas for thousands, a percent sign."""
    return _NUMBER.fullmatch(cell) is not None
