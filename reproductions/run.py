"""`reproduce` and `table`: run a paper, show its tables, keep them as files and pictures."""

import time
from pathlib import Path

from common import paper as papers
from common.errors import unknown
from common.request import Request, cache_from_environment, check, models_from_environment, results_from_environment
from common.screen import console
from common.tables import Table
from reproductions import registry


def reproduce(name: str, **options) -> list[Table]:
    """Run a paper and print its tables; returns them.

    Args:
        options: of `common.request.check`.

    Raises:
        UserError: for anything that the user can mend.
    """
    experiments = registry.module(name, "experiments")
    places = {"cache": cache_from_environment(), "results": results_from_environment()}
    options["models"] = options.get("models") or models_from_environment()
    request = check(papers.load(name), experiments.EXPERIMENTS, **(places | options))
    began = time.monotonic()
    line = describe(request)
    console.rule()
    console.print(f"{request.paper.title} ({request.paper.year})\n{line}", markup=False)
    console.rule()
    data = experiments.reproduce(request).word

    tables = registry.module(name, "tables").make(request.paper, request.profile, data, request.results)
    folder = tables_folder(request.results, name, request.profile, data)
    console.print()
    for table in tables:
        table.save(folder)
        table.show(console)
    from reproductions import pictures

    drawn = pictures.draw(request.paper, request.profile, data, request.results)
    if data == "synthetic":
        console.print("[yellow]Synthetic data: these figures test the machinery and say nothing about the paper.")
    console.print(f"Tables: {_short(folder)}   Pictures: {_short(drawn)}", markup=False)
    console.rule()
    console.print(f"{line} · {time.monotonic() - began:.0f} s", markup=False)
    return tables


def table(name: str, profile: str, data: str, format: str = "screen") -> None:
    """Print the tables of finished runs."""
    formats = {"screen": None, "markdown": Table.markdown, "csv": Table.csv, "json": Table.json}
    if format not in formats:
        raise unknown("format", format, formats)
    paper = papers.load(name)
    if profile not in paper.profiles:
        raise unknown("profile", profile, paper.profiles)
    for one in registry.module(name, "tables").make(paper, profile, data, results_from_environment()):
        if format == "screen":
            one.show(console)
        else:
            print(formats[format](one))


def describe(request: Request) -> str:
    """What is run, in one line: it stands first and last."""
    from common import devices

    changed = "".join(f", {name}={value}" for name, value in request.changed_settings.items())
    return (
        f"profile {request.profile} · data {request.data or 'synthetic (drawn faces)'} · "
        f"protocol {' and '.join(request.protocols)} · seed {', '.join(map(str, request.seeds))} · "
        f"settings default{changed} · Keras on {devices.choose_backend()}"
    )


def tables_folder(results: Path, name: str, profile: str, data: str) -> Path:
    return results / "tables" / name / f"{profile}-{data}"


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
