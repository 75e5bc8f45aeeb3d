"""What run.json holds, checked once when a run is read, and what it knows of the files beside it."""

import csv
import gzip
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError, model_validator

from common.protocols.leakage import Sizes
from common.support import files

PREDICTIONS, CURVES, WEIGHTS = "predictions.csv", "curves.csv", "model.keras"
# Ends the names of a record's tables, which are packed.
PACKED = ".gz"
# What a trained network leaves beside its record.
CONTENTS = (PREDICTIONS, CURVES, WEIGHTS)


class Stored(BaseModel):
    """A part of a JSON file of ours: known entries are what they should be, others are left as they are."""

    model_config = ConfigDict(strict=True, extra="allow")


class Content(Stored):
    """What a file was when the run ended: its size in bytes, SHA-256, and rows where it is a table."""

    size: NonNegativeInt = Field(alias="bytes")
    sha256: str
    rows: NonNegativeInt | None = None


class Provenance(Stored):
    synthetic: bool


class Selection(Stored):
    """How well a configuration did on what it may be chosen by."""

    by: str
    accuracy: float


class Hardware(Stored):
    cpu: str


class Record(Stored):
    """run.json. Weights that were only tested are of kind "evaluate"."""

    kind: Literal["train", "evaluate"] = "train"

    key: str
    finished: Literal[True]
    identity: dict[str, Any]
    contents: list[Annotated[str, Field(pattern=r"^[\w.-]+$")]] = list(CONTENTS)
    files: dict[str, Content]
    provenance: Provenance
    classes: Annotated[list[str], Field(min_length=1)]
    samples: Sizes
    split: dict[str, Any] = {}
    decisions: dict[str, Any] | None = None
    parameters: PositiveInt | None = None
    chosen_epoch: int | None = None
    confusion: list[list[NonNegativeInt]] | None = None
    selection: Selection | None = None
    hardware: Hardware | None = None
    versions: dict[str, str] = {}
    ended: str = ""
    train_seconds: float = 0.0

    @model_validator(mode="after")
    def _whole(self) -> "Record":
        epochs = CURVES in self.contents or CURVES + PACKED in self.contents
        trained = ("parameters", "chosen_epoch") if epochs else ("confusion", "selection", "hardware")
        trained = ("parameters", "hardware") if self.kind == "evaluate" else trained
        lacking = [name for name in trained if getattr(self, name) is None]
        if lacking:
            raise ValueError(f"{lacking[0]} is missing")
        if not set(self.contents) <= set(self.files):
            raise ValueError("files does not name all contents")
        return self


def mistake(error: ValidationError) -> str:
    """The first mistake that a schema has found, in words.

    >>> try: Sizes.model_validate({"train": 3, "validation": "many", "test": 1})
    ... except ValidationError as error: print(mistake(error))
    validation: Input should be a valid integer
    """
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def described(folder: Path, names: Iterable[str]) -> dict[str, dict]:
    """What the record keeps of the files of a run that has just ended, by their names."""
    return {name: _content(folder / name) for name in names}


def _content(path: Path) -> dict:
    content = {"bytes": path.stat().st_size, "sha256": files.digest(path)}
    return content | {"rows": rows(path)} if ".csv" in path.suffixes else content


def rows(path: Path) -> int | None:
    """Rows of a table below its heading; None where the file is no table."""
    try:
        opener = gzip.open if path.suffix == PACKED else open
        with opener(path, "rt", encoding="utf-8", newline="") as file:
            return max(sum(1 for _ in csv.reader(file)) - 1, 0)
    except (UnicodeDecodeError, csv.Error, OSError, EOFError, zlib.error):
        return None


def fault(folder: Path, record: Record) -> str:
    """What is wrong with the files of a run, as "predictions.csv is missing", or "" for nothing.

    Tables are read whole. Weights are compared by their size alone, for a thousand runs may hold gigabytes of them:
    whoever loads them compares the rest (`common.runs.store.Run.weights`).
    """
    for name in record.contents:
        path, kept = folder / name, record.files[name]
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != kept.size or (name != WEIGHTS and files.digest(path) != kept.sha256):
            counted = rows(path) if kept.rows is not None else None
            counts = f" ({counted} rows instead of {kept.rows})" if counted not in (None, kept.rows) else ""
            return f"{name} is not what the run wrote{counts}"
    return ""
