"""`reproduce` and `table`: run a paper, show its tables, keep them as files and pictures."""

import time
from collections.abc import Sequence
from pathlib import Path

from common.paper import load as papers
from common.paper.load import Paper
from common.results.config import (
    Request,
    cache_from_environment,
    check,
    models_from_environment,
    results_from_environment,
)
from common.results.tables import Table
from common.support.console import console, errors
from common.support.errors import UserError, unknown
from reproductions import buildable, registry


def reproduce(name: str, **options) -> list[Table]:
    """Run a paper and print its tables; returns them.

    Args:
        options: of `common.results.config.check`.

    Raises:
        UserError: for anything that the user can mend.
    """
    request, paper = checked(name, **options), registry.reproduction(name)
    _require_protocol(request, paper.experiments.PROTOCOLS)
    began = time.monotonic()
    line = describe(request)
    console.rule()
    console.print(f"{request.paper.title} ({request.paper.year})\n{line}", markup=False)
    console.rule()
    buildable.check(request)
    data = paper.experiments.reproduce(request).word

    tables = paper.tables.make(request.paper, request.profile, data, request.results)
    console.print()
    for table in tables:
        table.show(console)
    if data == "synthetic":
        console.print("[yellow]Synthetic data: these figures test the machinery and say nothing about the paper.")
    console.print(_save(tables, request.paper, request.profile, data, request.results), markup=False)
    console.rule()
    console.print(f"{line} · {time.monotonic() - began:.0f} s", markup=False)
    return tables


def checked(name: str, **options) -> Request:
    """What was asked of a paper, with the places that the environment names.

    Raises:
        UserError: as `common.results.config.check` does, or if the paper cannot be run yet or lacks a part.
    """
    given = registry.reproduction(name)
    given.check()  # not after hours of training, when its tables are asked for
    places = {"cache": cache_from_environment(), "results": results_from_environment()}
    options["models"] = options.get("models") or models_from_environment()
    return check(papers.load(name), given.experiments.EXPERIMENTS, **(places | options))


def _require_protocol(request: Request, known: Sequence[str]) -> None:
    """Name the protocols that the paper has not; an error if there is no other."""
    absent = [protocol for protocol in request.protocols if protocol not in known]
    if len(absent) == len(request.protocols):
        raise UserError(f"{request.paper.name} is not run as {' or '.join(absent)}.", f"Known: {', '.join(known)}.")
    if absent:
        console.print(f"{request.paper.name} is not run as {' or '.join(absent)}: left out.", markup=False)


def table(name: str, profile: str, data: str, format: str = "screen", save: bool = False) -> None:
    """Print the tables of finished runs; `save` also writes them and their pictures below results, as a run does."""
    formats = {"screen": None, "markdown": Table.markdown, "csv": Table.csv, "json": Table.json}
    if format not in formats:
        raise unknown("format", format, formats)
    paper = papers.load(name)
    if profile not in paper.profiles:
        raise unknown("profile", profile, paper.profiles)
    results = results_from_environment()
    tables = registry.reproduction(name).tables.make(paper, profile, data, results)
    for one in tables:
        if format == "screen":
            one.show(console)
        else:
            print(formats[format](one))
    if save:
        errors.print(_save(tables, paper, profile, data, results), markup=False)


def describe(request: Request) -> str:
    """What is run, in one line: it stands first and last."""
    from common.training import devices

    changed = "".join(f", {name}={value}" for name, value in request.changed_settings.items())
    return (
        f"profile {request.profile} · data {request.data or 'synthetic (drawn faces)'} · "
        f"protocol {' and '.join(request.protocols)} · seed {', '.join(map(str, request.seeds))} · "
        f"settings default{changed} · Keras on {devices.choose_backend()}"
    )


def _save(tables: list[Table], paper: Paper, profile: str, data: str, results: Path) -> str:
    """Write tables and pictures below results; returns where they lie, in one line."""
    from commands import pictures

    folder = tables_folder(results, paper.name, profile, data)
    for table in tables:
        table.save(folder)
    drawn = pictures.draw(paper, profile, data, results)
    return f"Tables: {_short(folder)}   Pictures: {_short(drawn)}"


def tables_folder(results: Path, name: str, profile: str, data: str) -> Path:
    return results / "tables" / name / f"{profile}-{data}"


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
