"""Files of AlexNet's weights in the forms of Caffe and MatConvNet, with numbers of our own."""

from pathlib import Path

import numpy as np
from little_ssd import field, varint

from reproductions.emotionalvlan.alexnet_layers import CONVOLUTIONS, UNITS, sides

# Caffe's order: AlexNet normalises before it pools.
STEPS = ("conv1", "norm1", "pool1", "conv2", "norm2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8")
TYPES = {"conv": ("Convolution", 4), "norm": ("LRN", 15), "pool": ("Pooling", 17), "fc": ("InnerProduct", 14)}
WEIGHTED = tuple(name for name in STEPS if name.startswith(("conv", "fc")))


def arrays(width: int, size: int, seed: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel (out, in, H, W) or (out, in), and bias, of each layer of the network, in Caffe's order of the channels."""
    rng, made, channels = np.random.default_rng(seed), {}, 3
    shapes = {}
    for one in CONVOLUTIONS:
        filters = one.filters // width
        shapes[one.name] = (filters, channels // one.groups, one.kernel, one.kernel)
        channels = filters
    inputs = channels * sides(size)[-1] ** 2
    for name, outputs in (("fc6", UNITS // width), ("fc7", UNITS // width), ("fc8", 10)):
        shapes[name], inputs = (outputs, inputs), outputs
    for name, shape in shapes.items():
        kernel = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)
        made[name] = kernel, rng.normal(0, 0.1, shape[0]).astype(np.float32)
    return made


def caffemodel(path: Path, layers: dict, steps=STEPS, *, old: bool = False) -> Path:
    """As LayerParameter, or as the V1LayerParameter and the four extents a blob of before 2014."""
    content = b""
    for name in steps:
        text, number = TYPES[name.rstrip("0123456789")]
        blobs = [_blob(array, old) for array in layers.get(name, ())]
        if old:
            kind, blob = varint(5 << 3) + varint(number), 6
            head = field(4, name.encode()) + kind
        else:
            head, blob = field(1, name.encode()) + field(2, text.encode()), 7
        content += field(2 if old else 100, head + b"".join(field(blob, one) for one in blobs))
    path.write_bytes(field(1, b"AlexNet") + content)
    return path


def _blob(array: np.ndarray, old: bool) -> bytes:
    data = field(5, array.astype("<f4").tobytes())
    if not old:
        return data + field(7, field(1, b"".join(varint(extent) for extent in array.shape)))
    extents = (1,) * (4 - array.ndim) + array.shape
    return b"".join(varint(number << 3) + varint(extent) for number, extent in enumerate(extents, 1)) + data


def rgb(layers: dict) -> dict:
    """The same network with its first kernel for red, green, blue."""
    kernel, bias = layers["conv1"]
    return layers | {"conv1": (kernel[:, ::-1], bias)}


def mat(path: Path, layers: dict, side: int, steps=STEPS, *, old: bool = False, kinds: dict | None = None) -> Path:
    """As MatConvNet's SimpleNN; `side` of the maps that fc6 sees."""
    import scipy.io

    names = {"conv": "conv", "norm": "normalize" if old else "lrn", "pool": "pool", "fc": "conv"} | (kinds or {})
    cells = []
    for name in steps:
        layer = {"name": name, "type": names[name.rstrip("0123456789")]}
        if name in layers:
            kernel, bias = rgb(layers)[name]
            if kernel.ndim == 2:
                extent = side if name == "fc6" else 1
                kernel = kernel.reshape(len(kernel), -1, extent, extent)
            kernel, bias = kernel.transpose(2, 3, 1, 0), bias[None]
            if old:
                layer |= {"filters": kernel, "biases": bias}
            else:
                weights = np.empty((1, 2), object)
                weights[0, 0], weights[0, 1] = kernel, bias
                layer["weights"] = weights
        cells.append(layer)
    stored = np.empty((1, len(cells)), object)
    stored[0, :] = cells
    scipy.io.savemat(path, {"layers": stored}, do_compression=True)
    return path


def prototxt(width: int, size: int) -> str:
    """The network as Caffe and OpenCV read it, up to fc7's ReLU."""
    parts = [f'input: "data" input_shape {{ dim: 1 dim: 3 dim: {size} dim: {size} }}']
    last = "data"
    known = {one.name: one for one in CONVOLUTIONS}
    for name in STEPS[:-1]:
        kind = TYPES[name.rstrip("0123456789")][0]
        if kind == "Convolution":
            one = known[name]
            pad = one.kernel // 2 if one.padding == "same" else 0
            text = (
                f"convolution_param {{ num_output: {one.filters // width} kernel_size: {one.kernel} "
                f"stride: {one.stride} pad: {pad} group: {one.groups} }}"
            )
        elif kind == "LRN":
            text = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"
        elif kind == "Pooling":
            text = "pooling_param { pool: MAX kernel_size: 3 stride: 2 }"
        else:
            text = f"inner_product_param {{ num_output: {UNITS // width} }}"
        parts.append(f'layer {{ name: "{name}" type: "{kind}" bottom: "{last}" top: "{name}" {text} }}')
        last = name
        if kind in ("Convolution", "InnerProduct"):
            last = f"relu_{name}"
            parts.append(f'layer {{ name: "{last}" type: "ReLU" bottom: "{name}" top: "{last}" }}')
    return "\n".join(parts)
