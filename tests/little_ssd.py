"""A detector in Caffe's format that says of bright frames that the face fills their middle; it takes no download."""

import hashlib
import struct
from pathlib import Path

import pytest

from common.media.model_files import FORMS, Form, ModelFile

# One candidate in the middle, half as wide and high as the frame; its confidence follows from the mean of the pixels.
STRUCTURE = """
input: "data"
input_shape { dim: 1 dim: 3 dim: 300 dim: 300 }
layer { name: "mean" type: "Pooling" bottom: "data" top: "mean" pooling_param { pool: AVE kernel_size: 300 } }
layer { name: "place" type: "InnerProduct" bottom: "mean" top: "place" inner_product_param { num_output: 4 } }
layer { name: "face" type: "InnerProduct" bottom: "mean" top: "face" inner_product_param { num_output: 2 } }
layer { name: "share" type: "Softmax" bottom: "face" top: "share" softmax_param { axis: 1 } }
layer { name: "prior" type: "PriorBox" bottom: "mean" bottom: "data" top: "prior"
  prior_box_param { min_size: 150 clip: false variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }
layer { name: "detection_out" type: "DetectionOutput" bottom: "place" bottom: "share" bottom: "prior"
  top: "detection_out" detection_output_param { num_classes: 2 share_location: true background_label_id: 0
  nms_param { nms_threshold: 0.45 top_k: 400 } code_type: CENTER_SIZE keep_top_k: 200 confidence_threshold: 0.01 } }
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write both files into a new folder, known for this test as the Caffe form; returns the folder."""
    folder.mkdir()
    monkeypatch.setitem(FORMS, "ssd_caffe", write(folder))
    return folder


def write(folder: Path) -> Form:
    """Write both files into a folder; returns the form that they are, under the names of the real ones."""
    names = ("deploy.prototxt", "res10_300x300_ssd_iter_140000.caffemodel")
    contents = (STRUCTURE.encode(), weights())
    made = []
    for name, content in zip(names, contents, strict=True):
        (folder / name).write_bytes(content)
        made.append(ModelFile(name, len(content), hashlib.sha256(content).hexdigest(), f"https://example.org/{name}"))
    return Form("ssd_caffe", "a little SSD", *made)


def weights() -> bytes:
    """The .caffemodel: the place is that of the prior box; the face's logit is the mean of B, G and R above grey."""
    place = layer("place", [[0.0] * 3] * 4, [0.0] * 4)
    face = layer("face", [[0.0] * 3, [0.01] * 3], [0.0] * 2)
    return place + face


def layer(name: str, matrix: list[list[float]], bias: list[float]) -> bytes:
    flat = [value for row in matrix for value in row]
    blobs = blob(flat, (len(matrix), len(matrix[0]))) + blob(bias, (len(bias),))
    return field(100, field(1, name.encode()) + field(2, b"InnerProduct") + blobs)


def blob(values: list[float], shape: tuple[int, ...]) -> bytes:
    dimensions = field(1, bytes(shape))
    return field(7, field(5, struct.pack(f"<{len(values)}f", *values)) + field(7, dimensions))


def field(number: int, content: bytes) -> bytes:
    """A field of bytes in the wire format of protocol buffers."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    made = b""
    while value > 127:
        made += bytes([value & 127 | 128])
        value >>= 7
    return made + bytes([value])
