"""The files as which a network can leave the suite: how each is written, and read without running what is in it."""

import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from common.support.errors import UserError, unknown
from common.training import devices, model_file

Predictor = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Attributes:
        key: name on the command line.
        title: what sentences call it.
        ending: of the file's name; "" for a folder.
        write: `write(model, path)` with a Keras model.
        read: `read(path)` gives a function from (n, ...) float32 to (n, classes) float32.
        use: the program that opens it, and with what in mind.
        needs: packages beside those that the suite is installed with.
    """

    key: str
    title: str
    ending: str
    write: Callable[[Any, Path], None]
    read: Callable[[Path], Predictor]
    use: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """How an exported network was compared with the Keras model.

    Attributes:
        windows: inputs that both were given.
        difference: largest absolute difference of any probability.
    """

    windows: int
    difference: float


def choose(key: str) -> Format:
    """The format of that name.

    Raises:
        UserError: if there is none, its packages are not installed, or Keras does not run on TensorFlow.
    """
    if key not in FORMATS:
        raise unknown("format", key, FORMATS)
    chosen = FORMATS[key]
    absent = [package for package in chosen.needs if not find_spec(package)]
    if absent:
        raise UserError(
            f"{chosen.title} files need {' and '.join(absent)}, not installed here.",
            "They are an extra: make setup EXPORT=1",
        )
    backend = devices.choose_backend()
    if key != "keras" and backend != "tensorflow":
        raise UserError(f"Keras runs on {backend}, which cannot write {chosen.title}.", "Unset KERAS_BACKEND.")
    return chosen


def read(path: Path, form: Format, ours: bool = False) -> Predictor:
    """The network in a file of that format, from (n, ...) float32 to (n, classes) float32.

    Nothing that a file brings along is run: Keras refuses code in its files, pickles are not opened at all, and a
    SavedModel, which is a program, only where it is ours.

    Args:
        ours: whether it was written here a moment ago.

    Raises:
        UserError: if the file is missing, damaged, a pickle, of another format or of another version, or a SavedModel
            from elsewhere.
    """
    if not path.exists():
        raise UserError(f"There is no {path}.", "Name a file that export has written.")
    if form.key == "savedmodel" and not ours:
        raise UserError(
            f"{path} is to be read as a SavedModel, a program that TensorFlow runs: none is opened.",
            "Open it with TensorFlow itself if you trust its maker, or export the run as keras, onnx or litert.",
        )
    if _is_pickle(path):
        raise UserError(
            f"{path} is a Python pickle, which runs whatever its maker wanted: it is not opened.",
            f"Name a {form.title} file.",
        )
    anew = f"Write it anew: make export RUN=<run> FORMAT={form.key}"
    try:
        return form.read(path)
    except UserError as error:
        raise UserError(error.problem, anew) from error
    except Exception as error:  # each library has classes of its own for this
        told = str(error).strip().partition("\n")[0].rstrip(".")[:200]
        problem = f"{path} cannot be read as {form.title}: it is damaged, of another version, or something else"
        raise UserError(f"{problem} ({told}).", anew) from error


def _is_pickle(path: Path) -> bool:
    """Whether a file is a pickle, bare or inside a zip archive, as PyTorch writes it."""
    if not path.is_file():
        return False
    with suppress(zipfile.BadZipFile, ValueError, NotImplementedError), zipfile.ZipFile(path) as archive:
        return any(name.endswith((".pkl", ".pickle")) for name in archive.namelist())
    with path.open("rb") as file:
        start = file.read(2)
    return len(start) == 2 and start[0] == 0x80 and 2 <= start[1] <= 5


def _write_keras(model, path: Path) -> None:
    model.save(path)


def _read_keras(path: Path) -> Predictor:
    model = model_file.load(path)
    return lambda windows: np.asarray(model(windows, training=False))


def _write_onnx(model, path: Path) -> None:
    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports nothing that was never called
    with warnings.catch_warnings(), devices.silent():
        # Keras mends tf2onnx for NumPy 2 on its way, and looks for what is gone there.
        warnings.filterwarnings("ignore", category=FutureWarning)
        model.export(path, format="onnx", verbose=False)


def _read_onnx(path: Path) -> Predictor:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0].name
    return lambda windows: session.run(None, {entry: windows})[0]


def _write_litert(model, path: Path) -> None:
    from common.training.tf import exports

    try:
        exports.write_litert(model, path)
    except exports.MissingOperation as error:
        raise UserError(
            f"LiteRT has no operation of its own for {error} in {model.name}.", "Choose FORMAT=onnx or savedmodel."
        ) from error


def _read_litert(path: Path) -> Predictor:
    from common.training.tf import exports

    return exports.read_litert(path)


def _write_saved_model(model, path: Path) -> None:
    from common.training.tf import exports

    exports.write_saved_model(model, path)


def _read_saved_model(path: Path) -> Predictor:
    from common.training.tf import exports

    return exports.read_saved_model(path)


FORMATS = {
    form.key: form
    for form in (
        Format("keras", "Keras", ".keras", _write_keras, _read_keras, "Keras 3, to train it further"),
        Format(
            "onnx",
            "ONNX",
            ".onnx",
            _write_onnx,
            _read_onnx,
            "ONNX Runtime, and nearly every other program",
            ("tf2onnx", "onnx", "onnxruntime"),
        ),
        Format(
            "litert",
            "LiteRT",
            ".tflite",
            _write_litert,
            _read_litert,
            "LiteRT on phones and small computers; it takes one window at a time",
        ),
        Format(
            "savedmodel",
            "SavedModel",
            "",
            _write_saved_model,
            _read_saved_model,
            "TensorFlow and its server, endpoint `serve`",
        ),
    )
}
