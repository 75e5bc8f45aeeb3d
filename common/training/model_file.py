"""Keras models from files, of which nothing is run and which cannot take more memory than they have bytes."""

import json
import zipfile
from pathlib import Path

import numpy as np

from common.runs import store
from common.runs.store import Run
from common.support.errors import UserError
from common.training import devices

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
# The longest description of a network of ours has 163 kB; one of megabytes takes minutes to build.
LONGEST = 1_000_000
UNPACKED = 16_000_000  # bytes that a compressed file may unpack to
REMEDY = "Delete its folder and train it again: no other file can be trusted in its place."


def of(run: Run):
    """The Keras model that a finished run ended with, not compiled.

    Raises:
        UserError: if its file was changed since, cannot be loaded, or is not the network that the record describes.
    """
    run = run if run.record else store.read(run.folder)  # a run that was only promised when its successor was planned
    model, record = load(run.weights), run.record
    outputs, classes = model.output_shape[-1], len(record["classes"])
    wanted = record.get("parameters")
    if wanted not in (None, model.count_params()):
        difference = f"{model.count_params():,} parameters, its run trained one of {wanted:,}"
    elif outputs != classes:
        difference = f"{outputs} outputs for the {classes} classes of its run"
    else:
        return model
    raise UserError(f"{run.weights} holds another network: it has {difference}.", REMEDY)


def load(path: Path):
    """A Keras model from a file, not compiled; nothing that the file brings along is run.

    Raises:
        UserError: if the file is damaged, of a newer version, or something else, such as a pickle.
    """
    devices.choose_backend()
    import keras

    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_pickles(path, archive)
            written = str(json.loads(archive.read(METADATA))["keras_version"])
            newer = _release(written) > _release(keras.__version__)
            problem = "" if newer else _foreign(archive) or _packed(archive)
    except UserError:
        raise
    except Exception as error:  # whatever a damaged archive, JSON or HDF5 text makes its readers raise
        raise UserError(f"{path} is no network that Keras has saved.", REMEDY) from error
    if newer:
        raise UserError(
            f"{path} was saved by Keras {written}, newer than the one here ({keras.__version__}).",
            "Update this program (make setup).",
        )
    if problem:
        raise UserError(f"{path} {problem}: it is not opened.", REMEDY)
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its parts do
        raise UserError(
            f"{path} cannot be loaded: it is damaged, or holds what is not safe to load.", REMEDY
        ) from error
    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 2:
        raise UserError(f"{path} does not give one row of numbers for each sample, as a classifier does.", REMEDY)
    if not all(np.isfinite(weights).all() for weights in model.get_weights()):
        raise UserError(f"{path} has weights that are no numbers.", REMEDY)
    return model


def _refuse_pickles(path: Path, archive: zipfile.ZipFile) -> None:
    if any(name.endswith((".pkl", ".pickle")) for name in archive.namelist()):
        raise UserError(f"{path} holds a Python pickle, which could run anything: it is not opened.", REMEDY)
    # Before it is read, however small the file: it may unpack to gigabytes.
    if archive.getinfo(METADATA).file_size > LONGEST:
        raise ValueError("its metadata are no metadata")


def _foreign(archive: zipfile.ZipFile) -> str:
    """What an archive has that Keras never writes, or "" for nothing."""
    parts = archive.infolist()
    names = sorted(part.filename for part in parts)
    if names != sorted((METADATA, CONFIG, WEIGHTS)):
        return f"does not hold just {METADATA}, {CONFIG} and {WEIGHTS}, as networks of ours do"
    # Reading a member ends at the size that it claims, so that the sum bounds what a file can unpack to.
    stored = all(part.compress_type == zipfile.ZIP_STORED and part.file_size == part.compress_size for part in parts)
    if not stored and sum(part.file_size for part in parts) > UNPACKED:
        return f"is compressed and unpacks to more than {UNPACKED:,} bytes, which no small network of ours does"
    if archive.getinfo(CONFIG).file_size > LONGEST:
        return f"describes a network in more than {LONGEST:,} bytes"
    return ""


def _packed(archive: zipfile.ZipFile) -> str:
    """That weights take another place in the file than in memory, or lie elsewhere; "" where they do not."""
    import h5py

    names = []

    def look(name: str, item) -> None:
        if isinstance(item, h5py.Dataset) and item.nbytes != item.id.get_storage_size():
            names.append(name)

    with archive.open(WEIGHTS) as file, h5py.File(file) as weights:
        weights.visititems(look)
    return f"holds weights that are packed or left out ({names[0]})" if names else ""


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".")[:2])
