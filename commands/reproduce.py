"""`reproduce` and `table`: run a paper, show its tables, keep them as files and images."""

import time
from pathlib import Path

from common.paper import load as papers
from common.paper.load import Paper
from common.results import loading, plans
from common.results.config import (
    RECORDS,
    Request,
    cache_from_environment,
    check,
    models_from_environment,
    results_from_environment,
)
from common.results.evidence import DAMAGED
from common.results.plan_schema import Plan
from common.results.tables import Table
from common.support.console import console, errors
from common.support.errors import UserError, unknown
from common.training import devices
from reproductions import buildable, profiles, registry

SYNTHETIC = "Synthetic data: these figures test the machinery and say nothing about the paper."


def reproduce(name: str, **options) -> list[Table]:
    """Run a paper and print its tables; returns them.

    Args:
        options: of `common.results.config.check`.

    Raises:
        UserError: for anything that the user can mend.
    """
    request, paper = checked(name, **options), registry.reproduction(name)
    began = time.monotonic()
    line = describe(request)
    console.rule()
    console.print(f"{request.paper.title} ({request.paper.year})\n{line}")
    console.rule()
    buildable.check(request)
    for note in request.notes:
        console.print(note)
    data = paper.experiments.reproduce(request).word

    plan = plans.own(request.paper, request.plan_name, data, request.results)
    tables = all_tables(request.paper, request.plan_name, data, request.results, plan)
    console.print()
    for table in tables:
        table.show(console)
    if data == "synthetic":
        console.print(SYNTHETIC, style="yellow")
    console.print(_save(tables, request.paper, request.plan_name, data, request.results, plan))
    console.rule()
    console.print(f"{line} · {time.monotonic() - began:.0f} s")
    return tables


def checked(name: str, **options) -> Request:
    """What was asked of a paper, with the places that the environment names.

    Raises:
        UserError: as `common.results.config.check` does, or if the paper cannot be run yet or lacks a part.
    """
    given = registry.reproduction(name)
    given.check()  # not after hours of training, when its tables are asked for
    known = given.experiments
    places = {"cache": cache_from_environment(), "results": results_from_environment()}
    options["models"] = options.get("models") or models_from_environment()
    paper = papers.load(name)
    profiles.check(paper, known.SIZES)
    return check(paper, known.EXPERIMENTS, known.PROTOCOLS_OF, known.NETWORKS_OF, **(places | options))


def all_tables(paper: Paper, name: str, data: str, results: Path, plan: Plan | None = None) -> list[Table]:
    """The tables of what was planned under a name (`Request.plan_name`), each with what sets it apart.

    Those of experiments that were asked for with other answers than the last command's come last; where both have a
    table of one name, the files of these get another. What an interrupted command has left unfinished is named and left
    out.

    Args:
        plan: what this command has kept; without it, what lies on disk.

    Raises:
        UserError: if nothing was run yet, or a run or the times that the tables need are missing.
    """
    module = registry.reproduction(paper.name).tables
    whole = loading.load_complete(paper, name, data, results, module.TIMED, plan)
    made = module.tables(whole)
    for table in made:
        table.notes, table.meta = [*table.notes, *whole.notes], table.meta or whole.meta
    others = loading.aside(paper, name, data, results, plan, lambda told: errors.print(told, markup=False))
    for number, other in enumerate(others, start=1):
        taken = {table.name for table in made}
        for table in module.tables(other):
            table.notes, table.meta = [*table.notes, *other.notes], table.meta or other.meta
            table.name += f"-aside{number}" if table.name in taken else ""
            made.append(table)
    return made


def table(
    name: str,
    profile: str,
    data: str,
    format: str = "text",
    save: bool = False,
    epochs: int | None = None,
    variant: str = "",
) -> None:
    """Print the tables of finished runs.

    Args:
        format: one of `commands.options.FORMATS`.
        save: also write them and their images below results, as a run does.
    """
    formats = {"markdown": Table.markdown, "csv": Table.csv, "json": Table.json}
    paper = papers.load(name)
    if profile not in paper.profiles:
        raise unknown("profile", profile, paper.profiles)
    results, plan_name = results_from_environment(), Request(paper, profile, epochs=epochs, variant=variant).plan_name
    there, recorded = (plans.plan_path(paper, plan_name, data, place).is_file() for place in (results, RECORDS))
    if recorded and not there:
        results = RECORDS
        errors.print("There are no such runs on this machine: these are the tables of the records.", markup=False)
    try:
        tables = all_tables(paper, plan_name, data, results)
    except DAMAGED as error:
        # The schema knows what all papers' plans have; the rest shows only when its table is made.
        path = plans.plan_path(paper, plan_name, data, results)
        raise UserError(
            f"{path} cannot be used, as if another version had written it ({error!r}).",
            f"Run: make reproduce PAPER={name}. Finished runs are kept.",
        ) from error
    for one in tables:
        if format in formats:
            print(formats[format](one))
        else:
            one.show(console)
    if save:
        errors.print(_save(tables, paper, plan_name, data, results))


def describe(request: Request) -> str:
    """What is run, in one line: it stands first and last."""
    changed = "".join(f", {name}={value}" for name, value in request.changed_settings.items())
    small = f" with {request.epochs} epochs instead of its own" if request.epochs else ""
    small += f", only {' and '.join(request.networks)}" if request.networks else ""
    return (
        f"profile {request.profile}{small} · data {request.data or 'synthetic'} · "
        f"protocol {' and '.join(request.protocols)} · seed {', '.join(map(str, request.seeds))} · "
        f"settings default{changed} · Keras on {devices.choose_backend()}"
    )


def _save(tables: list[Table], paper: Paper, name: str, data: str, results: Path, plan: Plan | None = None) -> str:
    """Write tables and figures below results; returns where they lie, in one line."""
    from commands import figures

    folder = tables_folder(results, paper.name, name, data)
    for table in tables:
        table.save(folder)
    drawn = figures.draw(paper, name, data, results, plan)
    return f"Tables: {_short(folder)}   Figures: {_short(drawn)}"


def tables_folder(results: Path, paper: str, name: str, data: str) -> Path:
    return results / "tables" / paper / f"{name}-{data}"


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
