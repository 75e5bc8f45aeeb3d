"""The commands that write what the repository holds: baselines, records, tables and READMEs, parameter counts."""

from pathlib import Path
from typing import Annotated

import typer

from commands.options import Data, Epochs, PaperName, Profile, Variant, profile_of

app = typer.Typer()
PANEL = "For what the repository holds"


@app.command(rich_help_panel=PANEL)
def study(seeds: Annotated[str, typer.Option(help="One training each.")] = "0,1,2,3,4") -> None:
    """Is the synthetic corpus hard in the right way? Motion must help, unknown people must be harder."""
    from commands import study

    study.run(seeds)


@app.command(rich_help_panel=PANEL)
def baseline(paper: PaperName, seeds: Annotated[str, typer.Option(help="Seeds that were run.")] = "0,1,2,3,4") -> None:
    """Write the regression baseline anew from finished quick runs with several seeds."""
    from commands import regression

    regression.write(paper, seeds)


@app.command("regression", rich_help_panel=PANEL)
def regression_check(
    paper: Annotated[str, typer.Option(help="Only this paper: see `list`.")] = "", data: Data = None
) -> None:
    """Compare the finished quick runs with the committed baselines; fails if one got worse.

    With --data what was run on real data is compared with the records that come with the repository.
    """
    from commands import regression

    regression.check(paper, data)


@app.command(rich_help_panel=PANEL)
def fingerprints(
    paper: Annotated[str, typer.Option(help="Only this paper: see `list`.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Write the file anew instead.")] = False,
) -> None:
    """Build the papers' own networks from a seed and compare what they give with a committed file."""
    from commands import fingerprints

    if write:
        fingerprints.write()
    else:
        fingerprints.check(paper)


@app.command(rich_help_panel=PANEL)
def keep(paper: PaperName) -> None:
    """Make the tables of a paper's records in results/reference, for the READMEs."""
    from commands import readme

    readme.keep(paper)


@app.command(rich_help_panel=PANEL)
def record(
    paper: PaperName, data: Data = None, profile: Profile = "", epochs: Epochs = None, variant: Variant = ""
) -> None:
    """Take the finished runs of a paper over into results/records, without weights, for the repository."""
    from commands import record

    record.record(paper, profile_of(profile, data), "real" if data else "synthetic", epochs, variant)


@app.command(rich_help_panel=PANEL)
def readme(check: Annotated[bool, typer.Option("--check", help="Only say whether they are stale.")] = False) -> None:
    """Write the generated parts of the READMEs anew."""
    from commands import readme

    readme.write(check)


@app.command("count-parameters", rich_help_panel=PANEL)
def count_parameters() -> None:
    """Build all networks and write their parameter counts anew (results/parameters.json)."""
    from commands import parameters

    parameters.write()


@app.command(rich_help_panel=PANEL)
def ship(
    data: Annotated[Path | None, typer.Option(help="Folder with FER2013, FER+ and, to test on, CK+48.")] = None,
    seed: Annotated[int, typer.Option(help="Of the training.")] = 0,
    plan: Annotated[str, typer.Option(help="taught by two other networks, or alone.")] = "taught",
) -> None:
    """Train the network that ships with the suite again, test it once, and write its files and its model card."""
    from commands import ship

    ship.ship(data, seed, plan)
