"""`python -m bench [ONLY]`: measure, print with missed goals shown as missed, and keep as results/bench/<name>.json."""

from importlib import import_module
from typing import Annotated

import typer

from bench import figures
from common.results.config import results_from_environment
from common.support.console import console, errors
from common.support.errors import UserError, unknown

# The quickest first; the last one is the whole quick reproduction, three times.
GROUPS = (
    "commands",
    "flow",
    "features",
    "feeding",
    "normalisation",
    "preprocessing",
    "faces",
    "watching",
    "alignment",
    "upsampling",
    "c3d",
    "copies",
    "memory",
    "distributed",
    "svm",
    "reproduction",
)


def main(
    only: Annotated[str, typer.Argument(help=f"One of {', '.join(GROUPS)}; all of them without it.")] = "",
    small: Annotated[bool, typer.Option("--small", help="Try it in small sizes; nothing is written.")] = False,
) -> None:
    """Measure the figures that the project promises; a group that cannot be measured does not stop the others."""
    if only and only not in GROUPS:
        _tell(unknown("benchmark", only, GROUPS))
        raise SystemExit(2)
    failed = False
    for name in [only] if only else GROUPS:
        group = import_module(f"bench.{name}")
        try:
            table = figures.table(name, group.TITLE, group.measure(small))
        except UserError as error:
            _tell(error)
            failed = True
            continue
        table.show(console)
        if not small:
            figures.save(table, results_from_environment() / "bench")
    raise SystemExit(2 if failed else 0)


def _tell(error: UserError) -> None:
    errors.print(f"error: {error.problem}\nwhat to do: {error.remedy}", markup=False)


if __name__ == "__main__":
    typer.run(main)
