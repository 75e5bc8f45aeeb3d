"""The network of a run as LiteRT computes it: the same probabilities as Keras, a tenth of the time for one window."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common.support import files
from common.support.console import console
from common.training import devices

if TYPE_CHECKING:
    from inference.trained import Trained

Network = Callable[[np.ndarray], np.ndarray]
TOLERANCE = 1e-4


def network(trained: "Trained", folder: Path) -> Network:
    """A function from (n, ...) float32 windows to (n, classes) float32 probabilities.

    LiteRT where TensorFlow is the backend and the network can be converted, which happens once and is kept in
    `folder`; else Keras itself.

    Raises:
        UserError: if the network's file cannot be loaded.
    """
    if devices.choose_backend() != "tensorflow":
        return _keras(trained)
    devices.prepare(seed=0)
    from common.training.tf import exports

    path = folder / f"{_key(trained.files)}.tflite"
    if path.exists():
        return exports.read_litert(path)
    from inference.export import in_single_precision

    console.print("Preparing the network for this machine, once ...")
    try:
        with files.atomic(path) as temporary:
            exports.write_litert(in_single_precision(trained.model), temporary)
            made = exports.read_litert(temporary)
            if not _agree(made, trained.model):
                raise exports.MissingOperation("exact arithmetic")
    except exports.MissingOperation:
        return _keras(trained)
    return made


def _keras(trained: "Trained") -> Network:
    model = trained.model
    if not model.compiled:
        model.compile(jit_compile=False)
    return model.predict_on_batch


def _agree(made: Network, model) -> bool:
    windows = np.random.default_rng(0).random((2, *model.input_shape[1:]), np.float32)
    return bool(np.abs(made(windows) - model.predict_on_batch(windows)).max() <= TOLERANCE)


def _key(paths: Sequence[Path]) -> str:
    versions = devices.versions()
    content = b"".join(path.read_bytes() for path in paths) + str(sorted(versions.items())).encode()
    return hashlib.blake2b(content, digest_size=12).hexdigest()
