"""Options that several commands take, each with the text that `--help` shows."""

from collections.abc import Callable
from functools import wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated

import typer

from common.support.errors import unknown

PaperName = Annotated[str, typer.Argument(help="Name of the paper: see `list`.")]
Data = Annotated[Path | None, typer.Option(help="Folder with the licensed data sets; synthetic corpora without it.")]
Models = Annotated[Path | None, typer.Option(help="Folder with networks that others trained: see `models`.")]
Profile = Annotated[str, typer.Option(help="quick: small sizes, minutes. paper: the paper's own settings.")]
Epochs = Annotated[int | None, typer.Option(help="Epochs of every training instead of the profile's, as a trial.")]
Variant = Annotated[str, typer.Option(help="A name to keep the tables under, beside those of the profile.")]
Strict = Annotated[bool, typer.Option("--strict", help="Fail if a run had to be left out.")]
Format = Annotated[str, typer.Option(help="text, markdown, csv or json.")]
Model = Annotated[str, typer.Option(help="A run's folder or a paper; the network that ships without it.")]
Face = Annotated[int, typer.Option(min=0, help="Number of the face whose bars are shown; the largest without it.")]


def run_options(
    data: Data = None,
    profile: Profile = "",
    seeds: Annotated[str, typer.Option(help="One training each, as in 0,1,2; a search has one.")] = "",
    setting: Annotated[list[str] | None, typer.Option(help="An open decision of the paper, as name=value.")] = None,
    skip_broken: Annotated[bool, typer.Option("--skip-broken", help="Go on without unreadable clips.")] = False,
    mixed_precision: Annotated[bool, typer.Option("--mixed-precision", help="Compute in 16 bits.")] = False,
    xla: Annotated[bool, typer.Option("--xla", help="Compile with XLA, for a GPU.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each core by default.")] = None,
    launcher: Annotated[str, typer.Option(help="local: this machine. ray: the cluster at RAY_ADDRESS.")] = "local",
    models: Models = None,
) -> dict:
    """What `reproduce` and `search` may both be told, as `common.results.config.check` takes it."""
    options = dict(locals())
    options["profile"] = profile_of(profile, data)
    options["settings"] = options.pop("setting") or []
    return options


def with_run_options(command: Callable) -> Callable:
    """The command with the options of `run_options` behind its own; it gets what that gives."""
    own = [one for one in signature(command).parameters.values() if one.kind is not one.VAR_KEYWORD]
    shared = signature(run_options).parameters

    @wraps(command)
    def with_run_options(**words) -> None:
        options = run_options(**{name: words.pop(name) for name in shared})
        command(**words, **options)

    with_run_options.__signature__ = Signature([*own, *shared.values()])
    return with_run_options


def profile_of(profile: str, data: Path | None) -> str:
    """The profile that was named, else the paper's own for licensed data and small sizes for synthetic ones."""
    return profile or ("paper" if data else "quick")


FORMATS = ("text", "markdown", "csv", "json")


def format_of(word: str) -> str:
    """The word of `--format`.

    Raises:
        UserError: if there is no such format, with the nearest that there is.
    """
    if word not in FORMATS:
        raise unknown("format", word, FORMATS)
    return word
