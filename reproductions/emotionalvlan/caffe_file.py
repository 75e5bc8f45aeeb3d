"""Reads the layers of a .caffemodel, a message of protocol buffers, without Caffe and its schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
# Field of the network in which layers lie -> those of a layer: name, type and weights. Since 2014 a layer is a
# LayerParameter, before it was a V1LayerParameter whose type is a number; bvlc_alexnet is from the time between.
LAYERS = {100: (1, 2, 7), 2: (4, 5, 6)}
OLD_TYPES = {4: "Convolution", 14: "InnerProduct", 15: "LRN", 17: "Pooling"}


@dataclass(frozen=True)
class Layer:
    """A layer with its weights, kernels (out, in, H, W) or (out, in) and biases (out,) float32; many have none."""

    name: str
    kind: str
    blobs: tuple[np.ndarray, ...]


def layers(path: Path) -> list[Layer]:
    """The layers of the file, in its order.

    Raises:
        ValueError: if it is no such file or ends too early.
    """
    return [
        _layer(list(_fields(value)), *LAYERS[number])
        for number, value in _fields(memoryview(path.read_bytes()))
        if number in LAYERS and isinstance(value, memoryview)
    ]


def _layer(fields: list, name: int, kind: int, blobs: int) -> Layer:
    known = dict(fields)
    stated = known.get(kind, b"")
    return Layer(
        bytes(known.get(name, b"")).decode(),
        OLD_TYPES.get(stated, "") if isinstance(stated, int) else bytes(stated).decode(),
        tuple(_blob(list(_fields(value))) for number, value in fields if number == blobs),
    )


def _blob(fields: list) -> np.ndarray:
    known = dict(fields)
    if 7 in known:
        shape = [extent for _, part in _fields(known[7]) for extent in _extents(part)]
    else:
        # Until 2014 each blob had four extents, those of dense layers and biases are at the end.
        shape = [known.get(number, 1) for number in (1, 2, 3, 4)]
        while len(shape) > 1 and shape[0] == 1:
            shape = shape[1:]
    data = b"".join(value for number, value in fields if number == 5)
    return np.frombuffer(data, "<f4").reshape(shape)


def _extents(part) -> list[int]:
    if isinstance(part, int):
        return [part]
    extents, place = [], 0
    while place < len(part):
        extent, place = _varint(part, place)
        extents.append(extent)
    return extents


def _fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field of a message."""
    place = 0
    while place < len(content):
        tag, place = _varint(content, place)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, place = _varint(content, place)
            yield number, value
            continue
        if kind == BYTES:
            length, place = _varint(content, place)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            length = 8 if kind == EIGHT_BYTES else 4
        else:
            raise ValueError(f"no field has the wire type {kind}")
        if place + length > len(content):
            raise ValueError("the file ends within a field")
        yield number, content[place : place + length]
        place += length


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(content):
            raise ValueError("the file ends within a number")
        byte = content[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("a number has more than ten bytes")
