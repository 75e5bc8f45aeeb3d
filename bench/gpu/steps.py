"""One network on this machine's GPU, in both precisions: `python -m bench.gpu.steps <network> <folder> [small]`."""

import hashlib
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench.gpu.record import Record, Timing, load
from bench.gpu.work import Work, works
from bench.operations import operations
from common.runs.writer import revision
from common.training import devices
from common.training.batch_norm import batch_normalisations
from common.training.batches import Batches
from common.training.model_cache import compiled
from common.training.spec import Training
from common.training.stream import feed

PRECISIONS = ("bfloat16", "float32")
STEPS = 30  # of a turn; small: 1
REPEATED = 3  # steps of the two trainings that must end alike


def measure(work: Work, folder: Path, small: bool) -> Record:
    """The record in `folder` with this network in both precisions; what it has already is not measured again.

    Raises:
        UserError: if there is no backend, or the record is none.
    """
    record = _begun(folder, small)
    for precision in PRECISIONS:
        if not record.has(work.network, precision):
            with TemporaryDirectory() as samples:
                timing = _timing(work, precision, small, Path(samples))
            record = record.model_copy(update={"timings": (*record.timings, timing)})
            record.save(folder)
    return record


def _begun(folder: Path, small: bool) -> Record:
    about = devices.prepare(seed=0)
    empty = Record(
        card=about["gpus"][0] if about["gpus"] else about["cpu"],
        cpu=about["cpu"],
        cores=os.cpu_count(),
        backend=about["backend"],
        versions=devices.versions(),
        revision=revision(),
        small=small,
    )
    path = folder / f"{empty.name}.json"
    return load(path) if path.is_file() else empty


def _timing(work: Work, precision: str, small: bool, folder: Path) -> Timing:
    training, clips = work.made(small, folder)
    batches, turns = training.batches(training.fold.train, train=True), 1 if small else STEPS
    model, (images, labels) = _fresh(training, precision), batches[0]
    there = _on_card(images), _on_card(labels)
    return Timing(
        network=work.network,
        precision=precision,
        batch=batches.batch_size,
        compute=_median(partial(model.train_on_batch, *there), turns),
        answer=_median(partial(model.predict_on_batch, there[0]), turns),
        step=_step(model, batches, turns),
        feeding=_feeding(batches, turns),
        transfer=_median(partial(_on_card, images), turns),
        operations=operations(model),
        batch_norm=_normalisation(model),
        same_bytes=_end(training, precision, batches) == _end(training, precision, batches),
        protocol=work.protocol,
        clips=clips,
        day=datetime.now(UTC).date(),
    )


def _fresh(training: Training, precision: str):
    """The compiled network as a training begins with it."""
    import keras

    devices.prepare(training.seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    return compiled(training.network, len(training.classes), training.settings, training.recipe)


def _on_card(array: np.ndarray):
    """The array on the device, after it has arrived there."""
    import keras

    tensor = keras.ops.convert_to_tensor(array)
    keras.ops.convert_to_numpy(tensor[(0,) * array.ndim])
    return tensor


def _median(run: Callable[[], object], turns: int) -> float:
    """Milliseconds of a call that waits for its result; the first two, which compile, are not counted."""
    took = []
    for _ in range(turns + 2):
        began = time.perf_counter()
        run()
        took.append(1000 * (time.perf_counter() - began))
    return median(took[2:])


def _step(model, batches: Batches, turns: int) -> float:
    """Milliseconds that one step more takes in a training, for backends tell of no single step that it has ended."""

    def seconds(steps: int) -> float:
        began = time.perf_counter()
        model.fit(feed(batches), steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)
        return time.perf_counter() - began

    seconds(1)  # compiles what `train_on_batch` did not
    pairs = [seconds(2 * turns) - seconds(turns) for _ in range(min(3, turns))]
    return max(1000 * median(pairs) / turns, 1e-3)


def _feeding(batches: Batches, turns: int) -> float:
    """Milliseconds between two batches that nobody but all cores has to do with."""
    stream = iter(feed(batches))
    for _ in range(turns):
        next(stream)
    began = time.perf_counter()
    for _ in range(turns):
        next(stream)
    return 1000 * (time.perf_counter() - began) / turns


def _end(training: Training, precision: str, batches: Batches) -> str:
    """A digest of the weights after a few steps from the seed."""
    model, digest = _fresh(training, precision), hashlib.blake2b()
    model.fit(feed(batches), steps_per_epoch=REPEATED, epochs=1, shuffle=False, verbose=0)
    for weight in model.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def _normalisation(model) -> str:
    """Whose operation normalises batches in training: Keras' own, or TensorFlow's fused one."""
    calls = [layer.call for layer in batch_normalisations(model)]
    if not calls:
        return "none"
    return "fused" if all(isinstance(call, partial) for call in calls) else "Keras"


def _run(network: str, folder: str, size: str = "") -> None:
    measure(next(work for work in works() if work.network == network), Path(folder), size == "small")


if __name__ == "__main__":
    _run(*sys.argv[1:])
