"""From the finished training to what ships: calibrated, measured once, written as two files, and described."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from common.media.images import StillImages
from common.runs import writer
from common.support import files
from common.support.errors import UserError
from common.training import model_file
from common.training.loop import predict
from common.training.spec import Training
from inference import export, formats
from inference.shipped import adjustment, halves, held_out, measured, network
from inference.shipped import files as kept
from inference.shipped.adjustment import Adjustment
from inference.shipped.files import About, Calibration, Images
from inference.shipped.training import Fitted, Material
from inference.shipped.use import inputs, preparation

# Training images by whose values the 8-bit numbers of LiteRT are scaled, and how far these may move a probability.
EXAMPLES, EIGHT_BITS = 1000, 0.2


def pack(trained: Fitted, of: Material, data: Path, cache: Path, records: Path, folder: Path = kept.FOLDER) -> About:
    """Calibrate the network that was trained on PublicTest, test it once, and write it with model.json, and its record.

    Args:
        trained: what `training.fit` gave.
        of: FER2013, on which it was trained.
        data: folder in which CK+48 may lie, which is then tested on too.
        records: the folder below which records of runs lie.
        folder: for the files.

    Raises:
        UserError: if data are missing, a file is too large for the repository, or the two files differ.
    """
    import keras

    keras.config.set_dtype_policy("float32")  # the training before may have left another one
    job, images, plain = trained.job, of.images, network.folded(model_file.of(trained.run))
    model, chosen, degree = calibrated(plain, job, images)
    public = predict(model, job.batches(job.fold.validation, train=False))
    private = predict(model, job.batches(job.fold.test, train=False))
    truth = job.labels[job.fold.test]
    before = predict(plain, job.batches(job.fold.test, train=False))
    below = measured.least_confidence(public, job.labels[job.fold.validation])
    _write(model, folder, inputs(job.samples.read(_spread(job.fold.train))))
    eight_bit = formats.read(folder / kept.LITERT, formats.FORMATS["litert"], ours=True)
    sets = held_out.of(job, images, data, cache)
    about = About(
        network=job.network.title,
        parameters=model.count_params(),
        classes=[str(name) for name in job.classes],
        files={name: kept.described(folder / name) for name in (kept.KERAS, kept.LITERT)},
        images=Images(training=len(job.fold.train), validation=len(job.fold.validation), test=len(job.fold.test)),
        calibration=Calibration(
            temperature=degree,
            before=measured.calibration_error(chosen.applied(before), truth),
            after=measured.calibration_error(private, truth),
        ),
        adjustment=chosen,
        unsure=measured.threshold(below, private, truth),
        tests=[one.answered(_answers(model), job.classes) for one in sets],
        unadjusted=[one.answered(_answers(plain), job.classes).total for one in sets],
        eight_bit=[one.answered(eight_bit, job.classes).total for one in sets],
        run=_run_facts(trained),
    )
    for run in (trained.run, *trained.teachers):
        writer.pack(run, records / "runs")
    with files.atomic(folder / kept.ABOUT) as temporary:
        temporary.write_text(about.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return about


def calibrated(plain, job: Training, images: StillImages) -> tuple[Any, Adjustment, float]:
    """The network as it ships, and what was chosen for it on PublicTest: the adjustment, then the temperature.

    Args:
        plain: the network without batch normalisation, which stays as it is.
        images: FER2013 with the votes of FER+.
    """
    rows = job.fold.validation
    public, labels = predict(plain, job.batches(rows, train=False)), job.labels[rows]
    votes = held_out.positions_of_majority(job, images, rows)
    shares = job.targets[job.fold.train].mean(axis=0, dtype=float)
    power = adjustment.best_power(public, [labels, votes], shares)
    chosen = Adjustment(power=power, shares=[float(share) for share in shares])
    degree = measured.temperature(chosen.applied(public), labels)
    model = network.plain8(len(job.classes), batch_norm=False)
    *weights, kernel, bias = plain.get_weights()
    # Logits less the logarithms of what probabilities are divided by, then all of them divided by the temperature.
    model.set_weights([*weights, kernel / degree, (bias - power * np.log(shares)) / degree])
    halves.round_weights(model)
    return model, chosen, degree


def _answers(model) -> formats.Predictor:
    return partial(model.predict, batch_size=256, verbose=0)


def _spread(rows: np.ndarray) -> np.ndarray:
    """At most `EXAMPLES` of (n,) positions, evenly."""
    return rows[:: -(-len(rows) // EXAMPLES)]


def _write(model, folder: Path, windows: np.ndarray) -> None:
    """Write both files, if they give nearly the same probabilities for synthetic faces and for some windows.

    Args:
        windows: (n, 48, 48, 1) float32 of training; by their values the 8-bit numbers of LiteRT are scaled.

    Raises:
        UserError: if they do not, or one is too large.
    """
    from common.training.tf import exports

    shown = np.concatenate([export.example_windows(preparation()), windows[:100]])
    litert = partial(exports.write_litert, examples=windows)
    for name, key, write, tolerance in (
        (kept.KERAS, "keras", _write_keras, export.TOLERANCE),
        (kept.LITERT, "litert", litert, EIGHT_BITS),
    ):
        # Keras wants the ending of its own files, which a temporary one has not.
        made = folder / f".{name}"
        try:
            with files.storage_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
                write(model, made)
                export.check(model, made, formats.FORMATS[key], shown, tolerance)
                if made.stat().st_size > kept.LARGEST:
                    raise UserError(
                        f"{name} has {made.stat().st_size:,} bytes, more than {kept.LARGEST:,}.",
                        "Make the network in inference/shipped/network.py smaller.",
                    )
                made.replace(folder / name)
        finally:
            made.unlink(missing_ok=True)


def _write_keras(model, path: Path) -> None:
    model.save(path)
    halves.compress(path)


def _run_facts(trained: Fitted) -> kept.Run:
    run, record = trained.run, trained.run.record
    return kept.Run(
        key=run.identity.key,
        seed=run.identity.seed,
        epochs=run.identity.recipe["epochs"],
        chosen_epoch=record["chosen_epoch"] + 1,
        seconds=record["train_seconds"],
        ended=record["ended"],
        revision=record["revision"],
        cpu=record["hardware"]["cpu"],
        versions=record["versions"],
        teachers=tuple(teacher.identity.key for teacher in trained.teachers),
    )
