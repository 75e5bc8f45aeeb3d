"""The network of a run as LiteRT computes it: the same probabilities as Keras, a tenth of the time for one window."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from common.support import files
from common.support.console import console
from common.training import devices
from inference.keras_files import in_single_precision

Predictor = Callable[[np.ndarray], np.ndarray]
TOLERANCE = 1e-4


def network(paths: Sequence[Path], load: Callable, folder: Path) -> Predictor:
    """A function from (n, ...) float32 windows to (n, classes) float32 probabilities.

    LiteRT where TensorFlow is the backend and the network can be converted, which happens once and is kept in
    `folder`; else Keras itself.

    Args:
        paths: the files that the network is made of.
        load: `load()` gives it as a Keras model; not called where a converted network is kept already.

    Raises:
        UserError: if the network's file cannot be loaded.
    """
    if devices.choose_backend() != "tensorflow":
        return through_keras(load())
    devices.prepare(seed=0)
    from common.training.tf import exports

    path = folder / f"{_key(paths)}.tflite"
    if files.sealed(path):
        return exports.read_litert(path)
    console.print("Preparing the network for this machine, once ...")
    model = load()
    try:
        with files.atomic(path) as temporary:
            exports.write_litert(in_single_precision(model), temporary)
            made = exports.read_litert(temporary)
            if not _agree(made, model):
                raise exports.MissingOperation("exact arithmetic")
    except exports.MissingOperation:
        return through_keras(model)
    files.seal(path)
    return made


def through_keras(model) -> Predictor:
    """A network as Keras computes it, whatever its backend."""
    if not model.compiled:
        model.compile(jit_compile=False)
    return model.predict_on_batch


def _agree(made: Predictor, model) -> bool:
    windows = np.random.default_rng(0).random((2, *model.input_shape[1:]), np.float32)
    return bool(np.abs(made(windows) - model.predict_on_batch(windows)).max() <= TOLERANCE)


def _key(paths: Sequence[Path]) -> str:
    versions = devices.versions()
    content = b"".join(path.read_bytes() for path in paths) + str(sorted(versions.items())).encode()
    return hashlib.blake2b(content, digest_size=12).hexdigest()
