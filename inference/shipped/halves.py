"""Half precision: the Keras file that ships holds its weights as 16-bit numbers, so that it is half as large.

The weights are rounded before anything is calibrated or tested, so every figure is one of the rounded network. The
file keeps the rounded numbers in 32 bits, whose 13 last ones are zeros then, and is compressed.
"""

import zipfile
from pathlib import Path

import numpy as np


def round_weights(model) -> None:
    """Round all weights of a Keras model to the nearest 16-bit floating point numbers, for good."""
    model.set_weights([weight.astype(np.float16).astype(weight.dtype) for weight in model.get_weights()])


def compress(path: Path) -> None:
    """Compress the members of a Keras file, which Keras itself only stores; Keras reads both.

    Names, order and bytes of the members stay, and so does what is written for the same network.
    """
    with zipfile.ZipFile(path) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for info, content in members:
            archive.writestr(info, content, zipfile.ZIP_DEFLATED, 9)
