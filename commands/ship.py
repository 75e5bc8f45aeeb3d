"""`ship`: makes the network that comes with the suite again, from its training to its model card."""

from pathlib import Path

from commands import readme
from common.results.config import RECORDS, cache_from_environment, results_from_environment
from common.support.console import bar, console
from common.support.errors import UserError, unknown
from common.training.devices import choose_backend
from inference.shipped import files, pack, training


def ship(data: Path | None, seed: int = 0, plan: str = training.SHIPS) -> None:
    """Train it, or go on where a training was stopped, and write its files, its record and its card.

    Args:
        data: folder with FER2013 and FER+; CK+48 is tested on where it lies there too.
        plan: of `training.PLANS`: what ships is taught by other networks; "alone" does without them.

    Raises:
        UserError: if there is no such folder or plan, if Keras runs on another backend than TensorFlow, or for what
            `training` and `pack.pack` refuse.
    """
    if data is None:
        raise UserError("It learns from FER2013 and the votes of FER+.", "Name their folder: make ship DATA=<root>.")
    if plan not in training.PLANS:
        raise unknown("plan", plan, training.PLANS)
    cache = cache_from_environment()
    of = training.material(data, cache)
    with bar("Training", "epochs") as progress:

        def report_epoch(done: int, epochs: int, row: dict[str, float]) -> None:
            progress(done, epochs, line=f"{row['val_accuracy']:.1%} of PublicTest right")

        trained = training.fit(of, cache, results_from_environment(), report_epoch, seed, training.PLANS[plan])
    if choose_backend() != "tensorflow":
        raise UserError(
            f"The network is trained ({trained.run.folder}), but only TensorFlow writes its LiteRT file.",
            "Give the same command where Keras runs on TensorFlow, with this folder of results.",
        )
    about = pack.pack(trained, of, data, cache, RECORDS)
    for one in about.tests:
        console.print(f"{one.on}: {one.total}", markup=False, soft_wrap=True)
    console.print(
        f"Expected calibration error {about.calibration.after:.3f} (before: {about.calibration.before:.3f}); "
        f"unsure below {about.unsure.below:.0%}.\nWritten: {files.FOLDER} and the record of the training.",
        markup=False,
        soft_wrap=True,
    )
    readme.write()
