"""From the finished training to what ships: calibrated, measured once, written as two files, and described."""

from pathlib import Path

import numpy as np

from common.media.images import StillImages
from common.runs import writer
from common.runs.store import Run
from common.support import files
from common.support.errors import UserError
from common.training import model_file
from common.training.loop import predict
from common.training.spec import Training
from datasets import ckplus48, fer2013, ferplus
from inference import export, formats
from inference.shipped import files as kept
from inference.shipped import measured, training
from inference.shipped.files import About, Calibration, Images
from inference.shipped.measured import Tested
from inference.shipped.use import inputs, preparation


def pack(run: Run, data: Path, cache: Path, records: Path, folder: Path = kept.FOLDER) -> About:
    """Calibrate the network of a run on PublicTest, test it once, and write it with model.json, and its record.

    Args:
        run: what `training.fit` gave for the same data.
        data: folder with FER2013 and FER+; CK+48 is tested on where it lies there too.
        records: the folder below which records of runs lie.
        folder: for the files.

    Raises:
        UserError: if data are missing, a file is too large for the repository, or the two files differ.
    """
    job = training.training(data, cache, run.identity.seed, run.identity.recipe["epochs"])
    model = model_file.of(run)
    public = predict(model, job.batches(job.fold.validation, train=False))
    chosen_by, truth = job.labels[job.fold.validation], job.labels[job.fold.test]
    degree = measured.temperature(public, chosen_by)
    below = measured.least_confidence(measured.cooled(public, degree), chosen_by)
    plain = predict(model, job.batches(job.fold.test, train=False))
    cool(model, degree)
    probabilities = predict(model, job.batches(job.fold.test, train=False))
    _write(model, folder, inputs(job.samples.read(job.fold.test[:100])))
    tests = [measured.tested("PrivateTest of FER2013, its labels", truth, probabilities, job.classes)]
    tests.append(_against_votes(job, fer2013.read(data, cache / "images"), probabilities))
    if ckplus48.locate(data):
        tests.append(_on_ckplus(model, ckplus48.read(data, cache / "images"), job.classes))
    about = About(
        network=job.network.title,
        parameters=model.count_params(),
        classes=[str(name) for name in job.classes],
        files={name: kept.described(folder / name) for name in (kept.KERAS, kept.LITERT)},
        images=Images(training=len(job.fold.train), validation=len(job.fold.validation), test=len(job.fold.test)),
        calibration=Calibration(
            temperature=degree,
            before=measured.calibration_error(plain, truth),
            after=measured.calibration_error(probabilities, truth),
        ),
        unsure=measured.threshold(below, probabilities, truth),
        tests=tests,
        run=_run_facts(run),
    )
    writer.pack(run, records / "runs")
    with files.atomic(folder / kept.ABOUT) as temporary:
        temporary.write_text(about.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return about


def cool(model, temperature: float) -> None:
    """Divide the logits of a network, which its last layer with weights gives, by a temperature, for good."""
    last = [layer for layer in model.layers if layer.weights][-1]
    last.set_weights([weight / temperature for weight in last.get_weights()])


def _write(model, folder: Path, windows: np.ndarray) -> None:
    """Write both files, if they give the same probabilities for drawn faces and for windows (n, 48, 48, 1).

    Raises:
        UserError: if they do not, or one is too large.
    """
    windows = np.concatenate([export.example_windows(preparation()), windows])
    for name, key in ((kept.KERAS, "keras"), (kept.LITERT, "litert")):
        # Keras wants the ending of its own files, which a temporary one has not.
        made = folder / f".{name}"
        try:
            with files.storage_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
                formats.FORMATS[key].write(model, made)
                export.check(model, made, formats.FORMATS[key], windows)
                if made.stat().st_size > kept.LARGEST:
                    raise UserError(
                        f"{name} has {made.stat().st_size:,} bytes, more than {kept.LARGEST:,}.",
                        "Make the network in inference/shipped/network.py smaller.",
                    )
                made.replace(folder / name)
        finally:
            made.unlink(missing_ok=True)


def _against_votes(job: Training, images: StillImages, probabilities: np.ndarray) -> Tested:
    """What most annotators of FER+ said of PrivateTest; without images that they gave none of the seven emotions."""
    names = ferplus.majority(images.votes[job.fold.test])
    known = np.isin(names, job.classes)
    truth = np.array([job.classes.index(name) for name in names[known]])
    left_out = int((~known).sum())
    on = f"PrivateTest of FER2013, the majority of FER+ ({left_out:,} images without one of the seven left out)"
    return measured.tested(on, truth, probabilities[known], job.classes)


def _on_ckplus(model, images: StillImages, classes: tuple[str, ...]) -> Tested:
    """The six emotions that CK+ shares with the network, on faces that it was never trained on."""
    images = images.take(np.isin(images.emotions, classes))
    truth = np.array([classes.index(name) for name in images.emotions])
    probabilities = model.predict(inputs(images.pixels[:, None, :, :, None]), verbose=0)
    on = "CK+48, its six common emotions (three images a sequence; the interval is one over subjects)"
    return measured.tested(on, truth, probabilities, classes, images.subjects)


def _run_facts(run: Run) -> kept.Run:
    record = run.record
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
    )
