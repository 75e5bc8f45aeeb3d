"""Reads the layers of a network that MatConvNet stores as .mat (SimpleNN)."""

from pathlib import Path

import numpy as np


def layers(path: Path) -> list[tuple[str, str, list[np.ndarray]]]:
    """Name, type and weights of each layer: kernels (H, W, in, out), of dense layers too, and biases (out,).

    Raises:
        ValueError: if the file is no such network; SciPy raises others over damage, or ends the process.
    """
    from scipy.io import matlab

    try:
        content = matlab.loadmat(path, struct_as_record=False)
    except matlab.MatReadError as error:
        raise ValueError(str(error)) from error
    if "layers" not in content:
        raise ValueError("it has no layers")
    found = [cell.ravel()[0] if isinstance(cell, np.ndarray) else cell for cell in content["layers"].ravel()]
    if not all(hasattr(layer, "type") for layer in found):
        raise ValueError("its layers are not those of SimpleNN")
    return [(_text(layer, "name"), _text(layer, "type"), _weights(layer)) for layer in found]


def _text(layer, name: str) -> str:
    return "".join(np.ravel(getattr(layer, name, "")))


def _weights(layer) -> list[np.ndarray]:
    if hasattr(layer, "weights"):
        found = list(layer.weights.ravel())
    else:
        # As until 2015.
        found = [getattr(layer, name) for name in ("filters", "biases") if hasattr(layer, name)]
    if len(found) < 2:
        return []
    kernel, bias = found[:2]
    # MATLAB has no trailing extents of 1.
    return [kernel.reshape(kernel.shape + (1,) * (4 - kernel.ndim)), bias.ravel()]
