"""Keras models from files, of which nothing is run, and as other programs can take them."""

import json
import zipfile
from pathlib import Path

from common.support.errors import UserError
from common.training import devices


def load(path: Path):
    """A Keras model from a file, of which nothing is run.

    Raises:
        UserError: if the file is damaged, of a newer version, or something else, such as a pickle.
    """
    devices.choose_backend()
    import keras

    remedy = "Delete its folder and train it again: no other file can be trusted in its place."
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            written = json.loads(archive.read("metadata.json"))["keras_version"]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is no network that Keras has saved.", remedy) from error
    if any(name.endswith((".pkl", ".pickle")) for name in names):
        raise UserError(f"{path} holds a Python pickle, which could run anything: it is not opened.", remedy)
    if _release(written) > _release(keras.__version__):
        raise UserError(
            f"{path} was saved by Keras {written}, newer than the one here ({keras.__version__}).",
            "Update this program (make setup).",
        )
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its parts do
        raise UserError(
            f"{path} cannot be loaded: it is damaged, or holds what is not safe to load.", remedy
        ) from error


def in_single_precision(model):
    """The same network computing in 32 bits, where it was trained in 16: other programs lack one or the other type."""
    if "mixed_" not in model.to_json():
        return model
    again = type(model).from_config(_without_policies(model.get_config()))
    again.set_weights(model.get_weights())
    return again


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".")[:2])


def _without_policies(config):
    """A network's configuration in which every layer computes in 32 bits."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return "float32"
        return {name: _without_policies(value) for name, value in config.items()}
    return [_without_policies(value) for value in config] if isinstance(config, list) else config
