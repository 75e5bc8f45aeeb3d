"""One measured figure beside its goal, and tables of them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common.results.tables import Table
from common.support import files
from common.training import devices


@dataclass(frozen=True)
class Figure:
    """What was measured, and the bound that it has to keep, if there is one: at most one of the two is given.

    Attributes:
        source: where the bound comes from, unless this project has set it.
    """

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    source: str = ""

    @property
    def goal(self) -> str:
        if self.at_least is None and self.at_most is None:
            return "–"
        bound = f"≤ {self.at_most:g}" if self.at_least is None else f"≥ {self.at_least:g}"
        return f"{bound} ({self.source})" if self.source else bound

    @property
    def met(self) -> bool | None:
        """None without a goal."""
        if self.at_least is None:
            return None if self.at_most is None else self.value <= self.at_most
        return self.value >= self.at_least


def table(name: str, title: str, measured: Iterable[Figure]) -> Table:
    """The figures with machine and day, as they are printed and kept."""
    hardware = f"{devices.cpu()}, {os.cpu_count()} cores"
    date = datetime.now(UTC).date().isoformat()
    rows = [
        {
            "name": one.name,
            "value": float(f"{one.value:.4g}"),
            "unit": one.unit,
            "goal": one.goal,
            "met": {True: "yes", False: "missed", None: "–"}[one.met],
            "hardware": hardware,
            "date": date,
        }
        for one in measured
    ]
    columns = {"name": "Figure", "value": "Measured", "unit": "Unit", "goal": "Goal", "met": "Goal met"}
    return Table(name, title, columns | {"hardware": "Machine", "date": "Date"}, rows)


def save(made: Table, folder: Path) -> None:
    """Keep a table as `<name>.json`, from which READMEs take it."""
    with files.atomic(folder / f"{made.name}.json") as path:
        path.write_text(made.json(), encoding="utf-8")
