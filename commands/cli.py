"""The command line. Every command is short: it checks what was asked, calls one function, and prints what came."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from commands import maintenance
from commands.options import (
    Data,
    Epochs,
    Face,
    Format,
    Model,
    Models,
    PaperName,
    Profile,
    Strict,
    Variant,
    format_of,
    profile_of,
    with_run_options,
)
from common.support import output
from common.support.console import errors
from common.support.errors import UserError
from common.support.names import shown

app = typer.Typer(
    help="Reproduce papers on facial expression recognition, number by number.\n\n"
    "Start with `reproduce timeconvnet`: it draws a synthetic corpus, runs every step of the paper in a few minutes "
    "and prints its tables beside the published ones. With `--data` the same command runs on the licensed data sets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


@app.command()
@with_run_options
def reproduce(
    paper: Annotated[str, typer.Argument(help="Name of the paper: see `list`; or the word all.")],
    protocol: Annotated[
        str, typer.Option(help="published, clip-disjoint, strict, both (first and last), all.")
    ] = "both",
    experiment: Annotated[str, typer.Option(help="Only these, separated by commas: see `list`.")] = "",
    network: Annotated[str, typer.Option(help="Only these of the paper's networks, separated by commas.")] = "",
    epochs: Epochs = None,
    variant: Variant = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Train anew what is finished.")] = False,
    **options,
) -> None:
    """Run a paper from raw video to its tables, and print them beside the published ones.

    `all` runs every paper, one after the other, and writes the report. What is finished is kept: the same command
    continues after an interruption and trains nothing twice. Without `--profile`, synthetic corpora are run quickly and
    licensed data with the paper's own settings.
    """
    from commands import reproduce, reproduce_all

    begin = reproduce_all.reproduce_all if paper == reproduce_all.ALL else partial(reproduce.reproduce, paper)
    begin(
        protocol=protocol,
        experiment=experiment,
        network=network,
        epochs=epochs,
        variant=variant,
        fresh=fresh,
        **options,
    )


@app.command()
@with_run_options
def search(
    paper: PaperName,
    protocol: Annotated[str, typer.Option(help="published, strict (nested: a search for each fold), both.")] = "both",
    corpus: Annotated[str, typer.Option(help="Only these, separated by commas: ckplus, oulu.")] = "",
    trials: Annotated[int | None, typer.Option(help="Finished trials of each search, earlier ones included.")] = None,
    storage: Annotated[
        str, typer.Option(help="URL of a database, or a file for SQLite; results/search/cnn3d.db without it.")
    ] = "",
    **options,
) -> None:
    """Search for the best settings of a paper, as its authors did and nested in its folds.

    The same command goes on where an earlier one stopped or was killed, and several may work at the same search.
    """
    from commands import search

    search.run(paper, corpus, trials, storage, protocol=protocol, **options)


@app.command()
def table(
    paper: PaperName,
    data: Data = None,
    profile: Profile = "",
    epochs: Epochs = None,
    variant: Variant = "",
    format: Format = "text",
    save: Annotated[bool, typer.Option("--save", help="Also write them and their images below results.")] = False,
) -> None:
    """Print the tables of finished runs again, without running anything."""
    from commands import reproduce

    kind = "real" if data else "synthetic"
    reproduce.table(paper, profile_of(profile, data), kind, format_of(format), save, epochs, variant)


@app.command("list")
def list_everything(data: Data = None) -> None:
    """Papers, experiments, settings, data sets, and what of all this is on this disk."""
    from commands import listing

    listing.show(data)


@app.command("verify-data")
def verify_data(data: Data = None) -> None:
    """Compare the data sets below a folder with the counts that their makers and others published."""
    from commands import listing

    listing.verify(data)


@app.command()
def models(models: Models = None) -> None:
    """Which trained face detectors are there, whether their files are right, and where to get the others."""
    from commands.models import show

    show(models)


@app.command()
def claims(
    paper: Annotated[str, typer.Option(help="Only this paper: see `list`.")] = "",
    format: Format = "text",
    strict: Strict = False,
) -> None:
    """Where every printed number stands: exact, match, close, below, above, contradicted, or what is missing."""
    from common.support import sharing

    form = format_of(format)
    # A single paper cannot be shared.
    with nullcontext(sharing.alone) if paper else sharing.with_helper("commands.standings") as share:
        from commands import claims

        claims.show(paper, form, strict, share)


@app.command()
def findings(paper: Annotated[str, typer.Option(help="Only this paper: see `list`.")] = "") -> None:
    """The few things worth knowing about each paper, with their figures."""
    from commands import findings

    findings.show(paper)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="Folder of a finished run.")],
    b: Annotated[str, typer.Argument(help="Another one, or the word published.")],
) -> None:
    """Two runs, or a run and the printed number: difference, McNemar or subject bootstrap, change by emotion."""
    from commands import compare

    compare.show(a, b)


@app.command()
def audit(
    paper: Annotated[str, typer.Option(help="Only this paper: see `list`.")] = "",
    accuracy: Annotated[str, typer.Option(help="A printed accuracy, to check against --n.")] = "",
    n: Annotated[int, typer.Option(help="Test samples behind --accuracy.")] = 0,
    runs: Annotated[int, typer.Option(help="Runs that --accuracy is the mean of.")] = 1,
    matrix: Annotated[Path | None, typer.Option(help="A confusion matrix as CSV.")] = None,
    folds: Annotated[Path | None, typer.Option(help="Fold accuracies as CSV: one method a row.")] = None,
    sizes: Annotated[str, typer.Option(help="Samples of each class (--matrix) or fold (--folds), as 45,59,25.")] = "",
) -> None:
    """What the papers contradict about themselves; or check a printed table of any other paper."""
    from commands import audit

    if accuracy:
        audit.show(audit.accuracy(accuracy, n, runs))
    if matrix:
        audit.show(audit.matrix(matrix, sizes))
    if folds:
        audit.show(audit.folds(folds, sizes))
    if not (accuracy or matrix or folds):
        audit.show_papers(paper)


@app.command("audit-split")
def audit_split(
    train: Annotated[Path | None, typer.Option(help="Folder of training images or videos, as label/.../file.")] = None,
    test: Annotated[Path | None, typer.Option(help="Folder of test images or videos.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Instead: a csv with a part column, such as fer2013.csv.")] = None,
    train_part: Annotated[str, typer.Option(help="The part of the csv that is trained on, if not Training.")] = "",
    subject: Annotated[str, typer.Option(help="Regular expression whose group is the subject in a name.")] = "",
    output: Annotated[Path | None, typer.Option(help="Page to write; below results/audit-split without it.")] = None,
) -> None:
    """How much of any test set stands in training: copies, labels that contradict, subjects on both sides.

    Copies are found also if they were recoded, mirrored, cropped, brightened or turned a little. A page shows the worst
    beside each other; a csv beside the page names them all.
    """
    from commands import audit_split

    audit_split.show(train, test, csv, train_part, subject, output)


@app.command()
def report(strict: Strict = False) -> None:
    """Write results/report.html: everything on one page, for people."""
    from common.support import sharing

    with sharing.with_helper("commands.report.content") as share:
        from commands import report

        report.write(strict, share)


@app.command()
def predict(
    video: Annotated[Path, typer.Argument(help="A video, an image, or a folder of them.")],
    model: Model = "",
    out: Annotated[Path | None, typer.Option(help="New folder for the results; below results/seen without it.")] = None,
    cropped: Annotated[bool, typer.Option("--cropped", help="Images are faces already cut out.")] = False,
    bridge: Annotated[int, typer.Option(min=0, help="Frames that a face may be out of sight in a window.")] = 0,
    face: Face = 0,
) -> None:
    """Annotate a video: faces, emotions and their timeline, and a table with all probabilities."""
    from inference import predict

    predict.show(video, model, out, predict.Options(cropped, bridge, face))


@app.command()
def live(
    source: Annotated[str, typer.Argument(help="Number of a camera, a video file, or an address (rtsp://...).")] = "0",
    model: Model = "",
    port: Annotated[int, typer.Option(help="Of the page; 0 takes any that is free.")] = 0,
    face: Face = 0,
) -> None:
    """Watch a camera or a video file live, in a web page that only this machine and only its address can see."""
    from inference.live import show

    show.show(source, model, port, face)


@app.command()
def export(
    run: Annotated[str, typer.Argument(help="A run's folder or a paper; the network that ships without it.")] = "",
    format: Annotated[str, typer.Option(help="onnx, litert, savedmodel or keras.")] = "keras",
    out: Annotated[Path | None, typer.Option(help="The file to write; below results/exported without it.")] = None,
) -> None:
    """Write a trained network as a file for other programs, checked against Keras, with a model card beside it."""
    from inference import export

    export.show(run, format, out)


app.registered_commands += maintenance.app.registered_commands


def main() -> None:
    """Run the command line; a mistake that the user can mend ends in one sentence and exit status 2."""
    output.prepare()
    try:
        with output.user_errors():
            app()
    except UserError as error:
        errors.print("error:", style="bold red", end=" ")
        errors.print(shown(error.problem))
        errors.print("what to do:", style="bold", end=" ")
        errors.print(shown(error.remedy))
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        _stopped()
    except SystemExit as end:
        # Where Ctrl-C comes while a command runs, Typer has made an exit of it.
        if isinstance(getattr(end.__context__, "__cause__", None), KeyboardInterrupt):
            _stopped()
        raise


def _stopped() -> None:
    errors.print("Stopped. What is finished is kept: the same command continues from here.")
    raise SystemExit(130) from None
