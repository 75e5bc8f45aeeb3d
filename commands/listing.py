"""`list` and `verify-data`: what there is to run, what is on this disk, and how complete it is."""

import os
from pathlib import Path

import datasets
from common.media.clips import provenance
from common.paper import load as papers
from common.results.config import results_from_environment
from common.results.tables import Table
from common.support.console import console
from common.support.errors import UserError
from datasets import tree
from datasets.summary import summarise
from reproductions import registry


def show(data: Path | None) -> None:
    """Print papers with their experiments, and data sets with what lies below `data` (or FER_DATA)."""
    data = _data(data)
    given = {name: registry.reproduction(name).experiments for name in registry.runnable()}
    rows = []
    for name in papers.names():
        one = papers.load(name)
        experiments = given[name].EXPERIMENTS if name in given else {"–": "claims only, so far"}
        runs = sum(1 for _ in (results_from_environment() / "runs" / name).glob("*/*/*/*/run.json"))
        for position, (key, title) in enumerate(experiments.items()):
            first = {"paper": name, "year": str(one.year), "claims": len(one.claims), "runs": runs}
            rows.append((dict.fromkeys(first, "") if position else first) | {"experiment": key, "title": title})
    columns = {"paper": "Paper", "year": "Year", "claims": "Printed results", "runs": "Finished runs"}
    columns |= {"experiment": "Experiment", "title": "What it gives"}
    Table("papers", "Papers", columns, rows).show(console)

    rows = []
    for key in datasets.names():
        dataset = datasets.load(key)
        place = dataset.locate(data) if data and data.is_dir() else None
        readers = ", ".join(name for name, experiments in given.items() if key in experiments.CORPORA)
        row = {"key": key, "name": dataset.NAME, "papers": readers, "place": _describe(place)}
        rows.append(row | {"obtain": dataset.OBTAIN})
    columns = {"key": "Key", "name": "Data set", "papers": "Read by", "place": f"Below {data or 'DATA=<folder>'}"}
    columns |= {"obtain": "How to get it"}
    Table("datasets", "Data sets", columns, rows).show(console)
    console.print("Without DATA= everything runs on synthetic faces, which are written as these data sets lie on disk.")


def _data(given: Path | None) -> Path | None:
    if given is None and "FER_DATA" in os.environ:
        return Path(os.environ["FER_DATA"])
    return given


def _describe(place: Path | None) -> str | None:
    if place is None:
        return "not there"
    return f"{place} ({provenance(place).word})"


def verify(data: Path | None) -> None:
    """Print for every data set what was found, what was expected and who says so, and what is odd.

    Raises:
        UserError: if no folder was named, it is missing or empty, or none of the data sets is in it.
        SystemExit: with status 1 if one of them is only half there, after the others were counted.
    """
    data = _data(data)
    if data is None:
        raise UserError("Which folder?", "Name the one that holds the data sets: make verify-data DATA=<folder>.")
    tree.require_root(data)
    found = {key: datasets.load(key).locate(data) for key in datasets.names()}
    if not any(found.values()):
        known = " ".join(f"{datasets.load(key).NAME}: {datasets.load(key).OBTAIN}" for key in found)
        raise UserError(f"None of the data sets is at or below {data}.", known)
    usable = True
    for key, place in found.items():
        dataset = datasets.load(key)
        if place is None:
            console.print(f"{dataset.NAME}: not at or below {data}. {dataset.OBTAIN}\n", markup=False)
            continue
        usable &= _verify_one(dataset, place, summarise)
    if not usable:
        raise SystemExit(1)


def _verify_one(dataset, place: Path, summarise) -> bool:
    """Print the summary of one data set; False if it cannot be read."""
    try:
        counted = summarise(dataset.index(place), dataset.EXPECTED)
    except UserError as error:
        console.print(f"{dataset.NAME}: {error.problem} {error.remedy}\n", markup=False)
        return False
    columns = {"what": "Count", "expected": "Expected", "found": "Found", "status": "Status", "source": "Source"}
    rows = [vars(row) for row in counted.rows]
    notes = []
    for group in counted.findings:
        examples = "; ".join(f"{f.path} {f.detail}".strip() for f in group.examples)
        notes.append(f"{group.kind} ({group.count}): {examples}{' ...' if group.count > len(group.examples) else ''}")
    if provenance(place).synthetic:
        notes.insert(0, "A synthetic corpus: its sizes are its own, so counts differ from those of the real set.")
    Table(dataset.KEY, f"{dataset.NAME} at {place}", columns, rows, notes).show(console)
    return True
