"""`export`: a trained network as a file for other programs, checked against Keras, with a model card beside it."""

import shutil
import tempfile
from pathlib import Path

import numpy as np

from common.media import faces, video
from common.media.emotions import SIX
from common.results.config import results_from_environment
from common.support import files
from common.support.console import console
from common.support.errors import UserError
from common.training import devices
from datasets.synthetic.performance import Performance, draw
from inference import available, card, formats, keras_files
from inference.formats import Check, Format
from inference.shipped import card as shipped_card
from inference.shipped.use import Shipped
from inference.trained import Trained

TOLERANCE = 1e-4
# A subject that is in no synthetic corpus, as the camera of eNTERFACE'05 would film it.
STRANGER = {"seed": 0, "corpus": 99, "subject": 0, "fps": 25.0, "size": (288, 360), "posed": False}


def show(which: str, format: str, out: Path | None) -> None:
    """Export a run, or the best one of a paper, and say where the file lies.

    Args:
        which: what `available.find` takes.
        format: one of `formats.FORMATS`.
        out: the file, or the folder of a SavedModel; below `results` without it.

    Raises:
        UserError: if there is no such run or format, or for what `export` refuses.
    """
    form, results = formats.choose(format), results_from_environment()
    devices.prepare(seed=0)
    one = available.find(which, results)
    place = out or usual_place(one, form, results)
    checked = export(one, form, place, results)
    console.print(
        f"{place} ({_size(place):,} bytes): on {checked.windows} windows no probability differs from Keras by more "
        f"than {checked.difference:.1e}.\nWhat it is, and what it is not for: {card_of(place)}\n{one.description}",
        markup=False,
        soft_wrap=True,
    )


def usual_place(trained: Trained, form: Format, results: Path) -> Path:
    """Where a network is put if no other place is named."""
    return results / "exported" / f"{trained.name}{form.ending or '-savedmodel'}"


def export(trained: Trained, form: Format, place: Path, results: Path) -> Check:
    """Write a network as a file that is known to give what Keras gives, and its model card.

    Raises:
        UserError: if something is at the place already, its name has another ending, the format cannot hold the
            network, the file gives other probabilities than Keras, or the folder cannot be written to.
    """
    _require_free(place, form)
    model = keras_files.in_single_precision(trained.model)
    windows = example_windows(trained.preparation)
    with files.storage_errors(place.parent):
        place.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        try:
            made = workshop / place.name
            form.write(model, made)
            checked = check(model, made, form, windows)
            page = workshop / card_of(place).name
            page.write_text(_card(trained, form, windows.shape[1:], checked, results), encoding="utf-8")
            # The card first: a network must not lie there without it, even for a moment.
            page.rename(card_of(place))
            made.rename(place)
        finally:
            shutil.rmtree(workshop)
    return checked


def _card(trained: Trained, form: Format, shape: tuple[int, ...], checked: Check, results: Path) -> str:
    if isinstance(trained, Shipped):
        return shipped_card.exported(trained.about, form, checked)
    return card.write(trained, form, shape, checked, results)


def check(model, path: Path, form: Format, windows: np.ndarray, tolerance: float = TOLERANCE) -> Check:
    """Read a file back and compare its answers with those of the Keras model it was made from.

    Args:
        windows: (n, ...) float32, as the network takes them.
        tolerance: by how much a probability may differ.

    Raises:
        UserError: if it cannot be read, or any probability differs by more than `tolerance`.
    """
    wanted = np.asarray(model(windows, training=False))
    found = formats.read(path, form, ours=True)(windows)
    difference = float(np.abs(found - wanted).max()) if found.shape == wanted.shape else np.inf
    if not difference <= tolerance:  # also where it is not a number
        raise UserError(
            f"As {form.title} the network gives probabilities that differ by {difference:.1e} from Keras, more than "
            f"{tolerance:.0e}: nothing was written.",
            "Choose another FORMAT.",
        )
    return Check(len(windows), difference)


def card_of(place: Path) -> Path:
    """Where the model card of an exported network lies."""
    return place.with_name(f"{place.name}.md")


def example_windows(preparation) -> np.ndarray:
    """One window of each basic emotion from a drawn subject, (n, ...) float32, as the network takes them."""
    windows = []
    for take, emotion in enumerate(SIX):
        crops = []
        for frame in draw(Performance(take=take, emotion=emotion, frames=preparation.frames, **STRANGER)):
            whole = np.array([0, 0, frame.shape[1], frame.shape[0]], np.int32)
            box = faces.largest(preparation.detector.detect(video.grey(frame)))
            crops.append(preparation.crop(frame, whole if box is None else box))
        windows.append(crops)
    return preparation.inputs(np.array(windows, np.uint8))


def _require_free(place: Path, form: Format) -> None:
    if form.ending and place.suffix != form.ending:
        raise UserError(f"{place} is no name for a {form.title} file.", f"End it in {form.ending}.")
    for taken in (place, card_of(place)):
        if taken.exists():
            raise UserError(f"{taken} exists already.", "Delete it, or name another place with OUT=.")


def _size(place: Path) -> int:
    if place.is_file():
        return place.stat().st_size
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
