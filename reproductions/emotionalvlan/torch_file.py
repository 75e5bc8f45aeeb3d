"""Reads the tensors of a .pth file without PyTorch, and without running anything that the file says.

Since PyTorch 1.6 such a file is a zip archive: data.pkl, a pickle that describes the object, and data/<key>, the
numbers of one storage each. A pickle may call any function; this one gets dictionaries and tensors, and nothing else.
"""

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np

STORAGES = {"DoubleStorage": "f8", "FloatStorage": "f4", "HalfStorage": "f2", "LongStorage": "i8", "IntStorage": "i4"}


def tensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a stored `state_dict`, or of one that a training kept under that name, by name.

    Raises:
        ValueError: if the file is no archive of PyTorch, or names a tensor that its storage does not hold.
        pickle.UnpicklingError: if it holds something else than numbers, names and dictionaries.
    """
    if not zipfile.is_zipfile(path):
        raise ValueError("it is not the zip archive that PyTorch writes since 1.6")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        root = next((name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")), None)
        if root is None:
            raise ValueError("the archive has no data.pkl")
        order = archive.read(f"{root}byteorder") if f"{root}byteorder" in names else b"little"
        with archive.open(f"{root}data.pkl") as file:
            content = _Reader(file, archive, root, ">" if order == b"big" else "<").load()
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise ValueError("it holds no state_dict")
    return {name: one for name, one in content.items() if isinstance(name, str) and isinstance(one, np.ndarray)}


class _Reader(pickle.Unpickler):
    """Knows the names that a state_dict needs, and no others."""

    def __init__(self, file, archive: zipfile.ZipFile, root: str, order: str):
        super().__init__(file)
        self._archive, self._root, self._order = archive, root, order
        self._storages: dict[str, np.ndarray] = {}

    def find_class(self, module: str, name: str):
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch._utils", "_rebuild_parameter"): _parameter,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no tensor")
        return known[module, name]

    def persistent_load(self, pid) -> np.ndarray:
        kind, dtype, key, _, _ = pid
        if kind != "storage" or dtype not in STORAGES.values():
            raise pickle.UnpicklingError("it refers to something that is no storage of numbers")
        if key not in self._storages:
            content = self._archive.read(f"{self._root}data/{key}")
            self._storages[key] = np.frombuffer(content, self._order + dtype)
        return self._storages[key]


def _tensor(storage, offset, size, stride, *_) -> np.ndarray:
    if not isinstance(storage, np.ndarray) or len(size) != len(stride) or min((offset, *size, *stride)) < 0:
        raise ValueError("a tensor is described in another way")
    last = offset + sum((extent - 1) * step for extent, step in zip(size, stride, strict=True))
    # NumPy does not look whether a view stays within its memory.
    if 0 not in size and last >= len(storage):
        raise ValueError("a tensor reaches beyond its storage")
    steps = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False)


def _parameter(tensor, *_) -> np.ndarray:
    return tensor
