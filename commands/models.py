"""`models`: which trained models of others are there, whether their files are right, and where to get them."""

from pathlib import Path

from common.media import landmarks, model_files
from common.media.model_files import Form, ModelFile, State
from common.results.config import models_from_environment
from common.results.tables import Table
from common.support.console import console
from common.support.errors import UserError


def show(folder: Path | None) -> None:
    """Print every file with its state in a folder (or FER_MODELS, or models), and what the papers will use.

    Raises:
        UserError: if the folder is missing, or what it holds cannot be used; the table is printed first.
    """
    folder = folder or models_from_environment()
    if folder:
        model_files.require_folder(folder)
    rows = [_row(form, file, folder) for form in model_files.FORMS.values() for file in form.files]
    rows.append(_predictor(folder))
    columns = {"form": "Model", "file": "File", "size": "Bytes", "sha256": "sha256", "state": "State"}
    Table(
        "models", f"Pretrained models: {folder or 'no folder of them found (looked for models/)'}", columns, rows
    ).show(console)
    for name, url in {row["file"]: row["url"] for row in rows if not row["state"].startswith(State.RIGHT)}.items():
        console.print(f"{name}: {url}", soft_wrap=True, markup=False)
    console.print(f"The landmarks were {landmarks.LICENCE}.", soft_wrap=True, markup=False)
    form = model_files.find(folder)
    if form:
        console.print(f"Papers with a deep learning face detector use {form.title}.", soft_wrap=True)
    else:
        console.print(
            "Papers with a deep learning face detector use the Haar cascade embedded in OpenCV, and say so. For their "
            "own, put both files of one detector into a folder and name it as MODELS=<folder>.",
            soft_wrap=True,
        )


def _row(form: Form, file: ModelFile, folder: Path | None) -> dict[str, str | int]:
    state = str(file.state(folder) if folder else State.MISSING)
    if state == State.OTHER and file is form.structure:
        state = "another version, used as it is"
    return _described(form.title, file, state)


def _predictor(folder: Path | None) -> dict[str, str | int]:
    """The landmark predictor, which comes with a package that `make setup` installs."""
    file = landmarks.PREDICTOR
    try:
        place = landmarks.locate(folder).parent
        state = str(file.state(place)) + ("" if place == folder else f", in {landmarks.PACKAGE}")
    except UserError:
        state = str(State.MISSING)
    return _described("dlib's 68 landmarks", file, state)


def _described(title: str, file: ModelFile, state: str) -> dict[str, str | int]:
    return {
        "form": title,
        "file": file.name,
        "size": file.size,
        "sha256": f"{file.sha256[:12]}…",
        "state": state,
        "url": file.url,
    }
