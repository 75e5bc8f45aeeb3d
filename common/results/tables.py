"""Tables as data: the same rows on the screen, as Markdown, as CSV and as JSON."""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.measure import Measurement
from rich.table import Table as Screen
from rich.text import Text

from common.support import files

DASH = "–"


@dataclass
class Table:
    """Rows under named columns.

    Attributes:
        name: for its files, e.g. "table2".
        title: what a reader should know before the first row.
        columns: key of a row -> heading.
        rows: values; None, or no value, is shown as a dash.
        notes: sentences below the table.
        meta: what was run (profile, data, protocols, seeds, backend), kept in the JSON.
    """

    name: str
    title: str
    columns: dict[str, str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)

    def cells(self) -> list[list[str]]:
        return [[_cell(row.get(key)) for key in self.columns] for row in self.rows]

    def markdown(self) -> str:
        """A GitHub table, aligned so that the source can be read too."""
        heading = list(self.columns.values())
        body = [[cell.replace("|", "\\|") for cell in row] for row in self.cells()]
        widths = [max(map(len, column)) for column in zip(heading, *body, strict=True)]
        numeric = [_numeric([row[i] for row in body]) for i in range(len(heading))]
        lines = [_line(heading, widths, numeric)]
        rules = ("-" * (w + 1) + ":" if n else "-" * (w + 2) for w, n in zip(widths, numeric, strict=True))
        lines.append("|" + "|".join(rules) + "|")
        lines += [_line(row, widths, numeric) for row in body]
        notes = [f"- {note}" for note in self.notes]
        return "\n".join([f"**{self.title}**", "", *lines, *([""] if notes else []), *notes]) + "\n"

    def csv(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([[_no_formula(row.get(key, "")) for key in self.columns] for row in self.rows])
        return text.getvalue()

    def json(self) -> str:
        content = {"name": self.name, "title": self.title, "meta": self.meta, "columns": self.columns}
        return json.dumps({**content, "rows": self.rows, "notes": self.notes}, indent=1, ensure_ascii=False) + "\n"

    def save(self, folder: Path) -> None:
        """Write name.md, name.csv and name.json into `folder`, each in one step."""
        for suffix, text in ((".md", self.markdown()), (".csv", self.csv()), (".json", self.json())):
            with files.atomic(folder / f"{self.name}{suffix}") as path:
                path.write_text(text, encoding="utf-8")

    def show(self, console) -> None:
        """Print to a rich console, with verdicts in colour; where it is too narrow for the numbers, row by row."""
        screen = Screen(title=Text(self.title), title_justify="left", title_style="bold", header_style="bold")
        body = self.cells()
        for i, heading in enumerate(self.columns.values()):
            number = _numeric([row[i] for row in body])
            screen.add_column(Text(heading), justify="right" if number else "left", no_wrap=number, overflow="fold")
        for row in body:
            screen.add_row(*[Text(cell, _COLOURS.get(cell, "")) for cell in row])
        if Measurement.get(console, console.options.update(max_width=10_000), screen).minimum <= console.width:
            console.print(screen)
        else:
            self._show_rows(console)
        for note in self.notes:
            console.print(Text(f"  · {note}"))
        console.print()

    def _show_rows(self, console) -> None:
        """Print every row below the other, as "heading: cell"; empty cells are left out."""
        lines = [Text(self.title, "bold")]
        for row in self.cells():
            lines.append(Text())
            for heading, cell in zip(self.columns.values(), row, strict=True):
                if cell != DASH:
                    lines.append(Text.assemble(f"{heading}: ", (cell, _COLOURS.get(cell, ""))))
        # All at once: to print a thousand lines by themselves takes a second.
        console.print(Text("\n").join(lines), overflow="fold")


def read(path: Path) -> Table:
    """A table from the JSON that `Table.save` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Table(**{key: content[key] for key in ("name", "title", "columns", "rows", "notes", "meta")})


_COLOURS = {
    "consistent": "green",
    "exact": "green",
    "match": "green",
    "close": "yellow",
    "below": "red",
    "above": "magenta",
    "holds": "green",
    "does not hold": "red",
    "undecided": "yellow",
    "runs disagree": "yellow",
    "contradicted": "red",
    "not comparable": "dim",
    "data needed": "dim",
    "undefined": "dim",
    "cited": "dim",
    "budget too small": "yellow",
}


def _cell(value: Any) -> str:
    if value is None:
        return DASH
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _no_formula(value: Any) -> Any:
    """A value for a CSV file: a text that a spreadsheet would compute is marked as text; numbers stay as they are.

    >>> _no_formula("=HYPERLINK(1)"), _no_formula("-0.226"), _no_formula("+18.6 points")
    ("'=HYPERLINK(1)", '-0.226', '+18.6 points')
    """
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    return value if re.fullmatch(r"[+-][\d.,]+( [^=+@|]*)?|-", value) else f"'{value}"


def _numeric(cells: Sequence[str]) -> bool:
    """Whether a column holds numbers (and dashes) only."""
    filled = [cell for cell in cells if cell not in (DASH, "")]
    return bool(filled) and all(cell[:1] in "+-−0123456789[(" for cell in filled)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    padded = [c.rjust(w) if n else c.ljust(w) for c, w, n in zip(cells, widths, numeric, strict=True)]
    return "| " + " | ".join(padded) + " |"
