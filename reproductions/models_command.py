"""`models`: which trained face detectors are there, whether their files are right, and where to get the others."""

from pathlib import Path

from common import model_files
from common.model_files import Form, ModelFile, State
from common.request import models_from_environment
from common.screen import console
from common.tables import Table


def show(folder: Path | None) -> None:
    """Print every file with its state in a folder (or FER_MODELS, or models), and what the papers will use.

    Raises:
        UserError: if the folder is missing, or what it holds cannot be used; the table is printed first.
    """
    folder = folder or models_from_environment()
    if folder:
        model_files.require_folder(folder)
    rows = [_row(form, file, folder) for form in model_files.FORMS.values() for file in form.files]
    columns = {"form": "Detector", "file": "File", "size": "Bytes", "sha256": "sha256", "state": "State"}
    Table("models", f"Face detectors in {folder or 'no folder, so far'}", columns, rows).show(console)
    for name, url in {row["file"]: row["url"] for row in rows if row["state"] != State.RIGHT}.items():
        console.print(f"{name}: {url}", soft_wrap=True, markup=False)
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
    return {
        "form": form.title,
        "file": file.name,
        "size": file.size,
        "sha256": f"{file.sha256[:12]}…",
        "state": state,
        "url": file.url,
    }
