"""`audit-split`: which test images stand in training, whatever the data set and however they were changed."""

import csv
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np

from commands.audit_split import page
from commands.audit_split.overlap import Audit, comparable, overlap, summary
from common.results.config import results_from_environment
from common.samples.duplicate_search import Images, find, of_clips
from common.support import files
from common.support.console import bar, console
from common.support.errors import UserError
from common.support.names import fitting, shown
from datasets import labelled, labelled_csv
from datasets.labelled import Labelled

TRAINING = ("training", "train")
ALL = "all"
NAMED = 3  # of what could not be read


@dataclass(frozen=True)
class Split:
    """Training, and the test parts by name."""

    train: Labelled
    tests: dict[str, Labelled]


def show(
    train: Path | None, test: Path | None, table: Path | None, train_part: str, subject: str, output: Path | None
) -> None:
    """Print what was found, and write a page, the pairs and the counts.

    Raises:
        UserError: if it is not said what to compare, or there is nothing to compare.
    """
    if table and not (train or test):
        split, name = from_csv(table, train_part, subject), _name(table)
    elif train and test and not table:
        split, name = from_folders(train, test, subject), _name(test)
    else:
        raise UserError("What should be compared?", "Give --train and --test (folders), or --csv with a part column.")
    place = output or results_from_environment() / "audit-split" / f"{fitting(name)}.html"
    _check_place(place, table)
    with bar("Comparing", "test images") as update:
        found = audit(split, update)
    found.table.show(console)
    write(found, place)
    for path in (place, place.with_suffix(".csv")):
        console.print(f"Wrote {shown(path)}", markup=False, soft_wrap=True)


def _name(path: Path) -> str:
    """What the page is called: most data sets have a folder called test or a file called train.csv."""
    whole = path.resolve()
    return f"{whole.parent.name}-{whole.name.partition('.')[0]}"


def _check_place(place: Path, table: Path | None) -> None:
    """Refuse what cannot be written, or would replace what is read, before anything is compared."""
    if place.is_dir():
        raise UserError(f"{shown(place)} is a folder, not a page.", f"Name a file: OUT={shown(place / 'audit.html')}.")
    if place.suffix.lower() not in (".html", ".htm"):
        problem = f"{shown(place)} is no name of a page."
        raise UserError(problem, "Let it end in .html; a .csv and a .json are put beside it.")
    for path in (place.with_suffix(".csv"), place.with_suffix(".json")):
        if table and path.resolve() == table.resolve():
            raise UserError(f"{shown(path)}, which is read, would be replaced.", "Choose another name with OUT.")


def from_folders(train: Path, test: Path, subject: str = "") -> Split:
    """Two folders.

    Raises:
        UserError: if one lies within the other, or cannot be read.
    """
    inside = [a.resolve() for a in (train, test)]
    if inside[0] == inside[1] or inside[0] in inside[1].parents or inside[1] in inside[0].parents:
        raise UserError(
            f"{shown(train)} and {shown(test)} are the same folder, or one lies within the other.",
            "Name two folders that lie side by side.",
        )
    sides = []
    for folder in (train, test):
        with bar(f"Reading {shown(folder.name)}", "files") as update:
            sides.append(labelled.folder(folder, subject, update))
    return Split(sides[0], {"test": sides[1]})


def from_csv(path: Path, train_part: str = "", subject: str = "") -> Split:
    """One file with a column for the part.

    Raises:
        UserError: if it cannot be read, has no training part, or no other one.
    """
    with bar(f"Reading {shown(path.name)}", "rows") as update:
        parts = labelled_csv.read(path, subject, update)
    wanted = (train_part.lower(),) if train_part else TRAINING
    training = [name for name in parts if name.lower() in wanted]
    if len(training) != 1 or len(parts) < 2:
        raise UserError(
            f"{shown(path)} has the parts {', '.join(parts)}.", "One should be training (--train-part), another test."
        )
    train = parts.pop(training[0])
    return Split(train, parts)


def audit(split: Split, progress=lambda done, total: None) -> Audit:
    """Search for copies and count them, in each test part and in all."""
    train, test = split.train, reduce(_joined, split.tests.values())
    pairs = of_clips(find(train.images, test.images, progress), train.owners, test.owners)
    part = np.repeat(list(split.tests), [len(one) for one in split.tests.values()])
    chosen = {name: part == name for name in split.tests}
    if len(chosen) > 1:
        chosen[ALL] = np.ones(len(test), bool)
    parts = {name: overlap(train, test, pairs, which) for name, which in chosen.items()}
    table = summary(parts, "clips" if test.clips else "images")
    table.notes += _notes(train, test, list(parts.values())[-1].subjects)
    return Audit(train, test, pairs, table)


def _joined(first: Labelled, second: Labelled) -> Labelled:
    images, more = first.images, second.images
    return Labelled(
        first.names + second.names,
        first.labels + second.labels,
        first.subjects + second.subjects,
        Images(np.concatenate([images.thumbnails, more.thumbnails]), np.concatenate([images.hashes, more.hashes])),
        np.concatenate([first.owners, second.owners + len(first)]),
        first.left_out + second.left_out,
        first.ignored + second.ignored,
    )


def _notes(train: Labelled, test: Labelled, subjects: tuple[str, ...]) -> list[str]:
    notes = [f"{len(train):,} in training, {len(test):,} in test."]
    classes = [sorted({*side.labels} - {""}) for side in (train, test)]
    if not comparable(train, test):
        if all(classes):
            few = " and ".join(", ".join(side[:3]) for side in classes)
            notes.append(f"The two sides have no label in common ({few}), so labels are not compared.")
        else:
            notes.append("Files that lie in no folder below the one given have no label, so labels are not compared.")
    elif len({*classes[0], *classes[1]}) == 1:
        notes.append(
            f"There is one label only ({classes[0][0]}): nothing can contradict it, and no accuracy says much."
        )
    if subjects:
        more = f" and {len(subjects) - NAMED} more" if len(subjects) > NAMED else ""
        notes.append(f"On both sides: {', '.join(subjects[:NAMED])}{more}.")
    for name, side in (("training", train), ("test", test)):
        unknown = side.subjects.count("")
        if any(side.subjects) and unknown:
            notes.append(f"{unknown:,} names in {name} tell no subject.")
        if side.left_out:
            more = f" and {len(side.left_out) - NAMED} more" if len(side.left_out) > NAMED else ""
            notes.append(f"Left out of {name}, {len(side.left_out):,}: {' '.join(side.left_out[:NAMED])}{more}")
        if side.ignored:
            notes.append(f"{side.ignored:,} files in {name} are neither images nor videos.")
    return notes


def write(audit: Audit, place: Path) -> None:
    """Write the page, and beside it the pairs as .csv and the counts as .json."""
    texts = {place: page.render(audit), place.with_suffix(".json"): audit.table.json()}
    for path, text in texts.items():
        with files.atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="replace")
    with (
        files.atomic(place.with_suffix(".csv")) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, page.COLUMNS)
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in page.rows(audit))


def _cell(value: str) -> str:
    # Spreadsheets take what begins with one of these for a formula.
    return f"'{value}" if value[:1] in tuple("=+-@") else value
