"""Where finished trainings lie, and how they are found again.

A run is the folder `<root>/<paper>/<experiment>/<protocol>/<network>/[<fold>-]seed<k>-<key>`. The key stands for
everything that decides the outcome, so a changed setting is another run and an unchanged one is never repeated.
While a run is computed its folder ends in `.partial`. A finished one holds:

- run.json: identity, data, hardware, versions, times
- predictions.csv: one row a test sample, with the probability of every class where the classifier gives one
- curves.csv: one row an epoch
- model.keras: the chosen weights

A classifier that has no epochs leaves out the last two; its run.json says so under "contents". A test of given weights
(`common.training.evaluate`) has no curves; its record says what they were trained on, and on what they were tested.
What each file was when the run ended stands under "files": a file that was changed since is no part of a finished run.
`common.runs.writer` finishes a run; this module reads it.
"""

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from common.runs import record as records
from common.runs.identity import Identity
from common.runs.record import CONTENTS, CURVES, PACKED, PREDICTIONS, WEIGHTS, Record
from common.support import files
from common.support.errors import UserError

if TYPE_CHECKING:
    import pandas

SCHEMA = 1
RECORD = "run.json"
PARTIAL = ".partial"
# What every predictions.csv has, whatever else.
COLUMNS = ("sample", "corpus", "clip", "subject", "first_frame", "emotion", "predicted")


class Damaged(UserError):
    """No whole run lies in a folder: computing it again loses nothing."""


@dataclass(frozen=True)
class Run:
    """A finished training: its folder, its identity, and the rest of run.json as a dictionary."""

    folder: Path
    identity: Identity
    record: dict

    @property
    def synthetic(self) -> bool:
        return self.record["provenance"]["synthetic"]

    @property
    def given(self) -> str:
        """What given weights were trained on, by others and in words; "" for a network that was trained here."""
        return self.record.get("trained_on", "")

    @property
    def has_curves(self) -> bool:
        """Whether the classifier was trained in epochs."""
        return not {CURVES, CURVES + PACKED}.isdisjoint(self.record.get("contents", CONTENTS))

    @property
    def weights(self) -> Path:
        """The file of the network that the run ended with.

        Raises:
            UserError: if the run kept none, or it was changed since.
        """
        path = self.folder / WEIGHTS
        kept = self.record["files"].get(WEIGHTS)
        try:
            whole = not kept or files.digest(path) == kept["sha256"]
        except OSError as error:
            raise _unusable(path, f"cannot be read ({error.strerror})") from error
        if not whole:
            raise _unusable(path, "is not the network that this run has trained: it was changed or replaced since")
        return path

    def predictions(self) -> "pandas.DataFrame":
        """One row a test sample: sample, corpus, clip, subject, first_frame, emotion, predicted, p_<class>.

        Raises:
            UserError: if the file cannot be read, or holds what cannot be predictions.
        """
        table = self._table(PREDICTIONS, COLUMNS)
        if problem := self.unlikely(table):
            raise _unusable(self.folder / PREDICTIONS, problem)
        return table

    def unlikely(self, table: "pandas.DataFrame") -> str:
        """What shows that a table is not this run's predictions, or "" for nothing.

        A prediction may be "", which is no class, for a clip that gave no sample.
        """
        classes = self.record["classes"]
        shares = [f"p_{name}" for name in classes if f"p_{name}" in table]
        if not table.emotion.isin(classes).all() or not table.predicted.isin([*classes, ""]).all():
            return f"names emotions other than {', '.join(classes)}"
        if table["sample"].duplicated().any():
            return "has a sample twice"
        if any(table[name].dtype.kind not in "fi" or not np.isfinite(table[name]).all() for name in shares):
            return "has probabilities that are no numbers"
        return ""

    def curves(self) -> "pandas.DataFrame":
        """One row an epoch: epoch (from 0), loss, accuracy, val_loss, val_accuracy, learning_rate, seconds.

        Raises:
            UserError: if the file cannot be read.
        """
        return self._table(CURVES, ("epoch", "loss"))

    def text(self, name: str) -> str:
        """What one of the run's tables holds; records keep it packed.

        Raises:
            OSError, ValueError: if it cannot be read.
        """
        return text_of(self._file(name))

    def stamp(self, name: str) -> "Stamp":
        """What tells the file of one of the run's tables, as it is now, from any other.

        Raises:
            OSError: if there is none.
        """
        path = self._file(name)
        status = path.stat()
        return path, status.st_mtime_ns, status.st_size

    def _file(self, name: str) -> Path:
        packed = self.folder / (name + PACKED)
        return packed if packed.is_file() else self.folder / name

    def _table(self, name: str, needed: Sequence[str]) -> "pandas.DataFrame":
        import pandas as pd

        path = self.folder / name
        try:
            if name == CURVES:
                table = _curves(self.stamp(name)).copy()
            else:
                table = pd.read_csv(StringIO(self.text(name)), keep_default_na=False)
        except (OSError, ValueError) as error:
            raise _unusable(path, "cannot be read as a table") from error
        lacking = [column for column in needed if column not in table]
        if lacking:
            raise _unusable(path, f"has no column {', '.join(lacking)}")
        return table


# The file of a table, when it was changed last, and its bytes.
Stamp = tuple[Path, int, int]


def text_of(path: Path) -> str:
    """What a file of a table holds, packed or not."""
    if path.name.endswith(PACKED):
        return gzip.decompress(path.read_bytes()).decode("utf-8")
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=2048)
def _curves(stamp: Stamp) -> "pandas.DataFrame":
    """A table of curves, which is small and asked for again and again."""
    import pandas as pd

    return pd.read_csv(StringIO(text_of(stamp[0])))


@dataclass(frozen=True)
class Skipped:
    """A folder among the runs that is no finished run, and why."""

    folder: Path
    reason: str


def read(folder: Path) -> Run:
    """The finished run in a folder.

    Raises:
        UserError: if the run is unfinished, half-written, damaged, not a run, or written by a newer version.
    """
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        what = f"{folder} is no finished run: it has no {RECORD}." if folder.is_dir() else f"There is no run {folder}."
        raise Damaged(what, f"Name a folder that holds its {RECORD}.") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        raise _unusable(path, "is damaged: it is no JSON text") from error
    if not isinstance(record, dict) or not isinstance(record.get("schema"), int):
        raise _unusable(path, "was not written by this program")
    if record["schema"] > SCHEMA:
        raise UserError(
            f"{path} was written by a newer version (format {record['schema']}, this one knows {SCHEMA}).",
            "Update this program.",
        )
    try:
        checked = Record.model_validate(record)
        identity = Identity(**record.pop("identity"))
    except ValidationError as error:
        raise _unusable(path, f"does not say what was run ({records.mistake(error)})") from error
    except TypeError as error:
        raise _unusable(path, "does not say what was run") from error
    if record["key"] != identity.key or not folder.name.endswith(identity.key[:8]):
        raise _unusable(path, "does not belong to its folder: what it says was run has another key")
    try:
        fault = records.fault(folder, checked)
    except OSError as error:
        raise _unreadable(folder, error) from error
    if fault:
        raise _unusable(folder, f"is no whole run: {fault}")
    return Run(folder, identity, record)


def _unusable(path: Path, what: str) -> Damaged:
    return Damaged(f"{path} {what}.", "Delete its folder and run again: only this run is computed anew.")


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path} cannot be read ({error.strerror}).", "Give yourself permission to read it.")


def find(root: Path, **wanted) -> tuple[list[Run], list[Skipped]]:
    """All finished runs under `root` in the order of their folders, and the folders that hold none.

    Args:
        wanted: values of `Identity` that a run must have, e.g. paper="timeconvnet".
    """
    folders, unreadable = files.folders(root, depth=5)
    found, skipped = [], [Skipped(folder, str(_unreadable(folder, error))) for folder, error in unreadable]
    for folder in folders:
        if folder.name.endswith(PARTIAL):
            skipped.append(Skipped(folder, f"{folder} is not finished: the training runs or was stopped."))
            continue
        try:
            run = read(folder)
        except UserError as error:
            skipped.append(Skipped(folder, str(error)))
            continue
        if all(getattr(run.identity, name) == value for name, value in wanted.items()):
            found.append(run)
    return found, skipped


def finished(identity: Identity, root: Path) -> Run | None:
    """The run with just this identity, or None where it has to be computed (again, if it is damaged).

    Raises UserError if it may well be whole, but cannot be read or was written by a newer version.
    """
    try:
        run = read(identity.folder(root))
    except Damaged:
        return None
    return run if run.identity.key == identity.key else None


def missing(expected: Iterable[Identity], root: Path) -> list[Identity]:
    """Those of the expected runs that have to be computed."""
    return [identity for identity in expected if finished(identity, root) is None]


def complete(expected: Iterable[Identity], root: Path) -> list[Run]:
    """All expected runs in their order, for a summary that must not be made of a part.

    Raises:
        UserError: if runs are missing; it names them.
    """
    expected = list(expected)
    absent = missing(expected, root)
    if absent:
        listed = "\n".join(f"  {identity}{damage(identity.folder(root))}" for identity in absent)
        raise UserError(
            f"{len(absent)} of {len(expected)} runs are missing, so there is nothing to summarise yet:\n{listed}\n",
            "Run again: what is finished is kept and only these are computed.",
        )
    return [read(identity.folder(root)) for identity in expected]


def damage(folder: Path) -> str:
    """What is wrong with a run that is there, for a list of those that are missing."""
    try:
        read(folder)
    except UserError as error:
        return f" ({error.problem.removesuffix('.')})" if folder.exists() else ""
    return ""
