"""Weights of AlexNet that were learnt on ImageNet, as Caffe and MatConvNet store them, for `alexnet`.

They are the user's to get. The network takes RGB of 0 to 255 and subtracts the mean colour itself, as these networks
were trained; the files differ in this:

- .caffemodel: the first kernel expects blue, green, red, so its channels are turned round.
- .mat: red, green, blue. MatConvNet subtracts the mean image, of which the mean colour is the mean.
"""

import multiprocessing
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common.support.errors import UserError
from reproductions.emotionalvlan import caffe_file, matconvnet_file
from reproductions.emotionalvlan.alexnet_layers import CONVOLUTIONS, DENSE, parts

CAFFE = "bvlc_alexnet.caffemodel"
URLS = {
    CAFFE: f"http://dl.caffe.berkeleyvision.org/{CAFFE}",
    "imagenet-caffe-alex.mat": "https://www.vlfeat.org/matconvnet/models/imagenet-caffe-alex.mat",
}
# The names that are looked for, best first.
NAMES = tuple(URLS)
GET = " or ".join(f"{name} from {url}" for name, url in URLS.items())
TORCHVISION = (64, 192, 384, 256, 256)
# What the readers raise over a damaged file; SciPy's raises nearly anything, and may end its process.
BROKEN = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, NameError, ArithmeticError),
    *(MemoryError, RuntimeError, zlib.error),
)


@dataclass(frozen=True)
class Stored:
    """The layers with weights that a file has, in its order.

    Attributes:
        names: of the layers.
        kernels: (out, in, H, W), of dense layers also (out, in), whose inputs are counted channel by channel.
        biases: (out,).
        steps: types of all layers, "pool" and "norm" among them.
    """

    names: Sequence[str]
    kernels: Sequence[np.ndarray]
    biases: Sequence[np.ndarray]
    steps: Sequence[str]


def find(folder: Path | None) -> str:
    """Name of the file of weights that a folder holds, the first of `NAMES`; "none" where there is none."""
    return next((name for name in NAMES if folder and (folder / name).is_file()), "none")


def missing() -> str:
    """What the command line says of networks that begin with random weights."""
    return (
        "AlexNet begins with random weights instead of ImageNet's, and the tables say so: no file of them was found. "
        f"Get {GET}, put it into a folder and name that as MODELS=<folder>."
    )


def place(folder: Path | None, name: str) -> Path:
    """Where a file of weights is.

    Raises:
        UserError: if there is no such file.
    """
    if folder is None or not (folder / name).is_file():
        raise UserError(
            f"There is no file {name} with the weights of AlexNet in {folder or 'any folder of models'}.",
            f"Get {GET} and name its folder as MODELS=<folder>, or ask for pretrained=none.",
        )
    return folder / name


def load(network, path: Path) -> None:
    """Give an `alexnet` the weights of a file, up to fc7.

    Raises:
        UserError: if the file cannot be read, is of another network, or the network is not as wide or large.
    """
    stored = read(path)
    _check_order(network, path, stored)
    wanted = [*((layer.name, parts(layer)) for layer in CONVOLUTIONS), *((name, [name]) for name in DENSE)]
    if len(stored.kernels) < len(wanted):
        raise UserError(f"{path} has {len(stored.kernels)} layers with weights, AlexNet {len(wanted)}.", f"Get {GET}.")
    fitting = []
    for number, (name, layers) in enumerate(wanted):
        ours = [network.get_layer(layer) for layer in layers]
        kernel = _fitted(path, stored, number, name, ours)
        fitting += zip(
            ours, np.split(kernel, len(ours), axis=-1), np.split(stored.biases[number], len(ours)), strict=True
        )
    for layer, kernel, bias in fitting:
        layer.set_weights([kernel, bias])


def read(path: Path) -> Stored:
    """The layers of a file of either form.

    Raises:
        UserError: if it cannot be read, or has batch normalisation.
    """
    forms = {".caffemodel": _caffe, ".mat": _matconvnet}
    if path.suffix not in forms:
        raise UserError(f"{path} is neither {' nor '.join(forms)}.", f"Get {GET}.")
    try:
        stored = forms[path.suffix](path)
    except BROKEN as error:
        why = str(error).strip("'\"") or type(error).__name__
        raise UserError(f"{path} cannot be read as weights of a network: {why}.", f"Get {GET}.") from error
    if not all(np.isfinite(array).all() for array in (*stored.kernels, *stored.biases)):
        raise UserError(f"{path} has weights that are no numbers.", f"Get {GET}.")
    return stored


def _caffe(path: Path) -> Stored:
    layers = caffe_file.layers(path)
    steps = {"Pooling": "pool", "LRN": "norm"}
    weighted = [(layer.name, *layer.blobs[:2]) for layer in layers if len(layer.blobs) == 2]
    stored = _stored(weighted, [steps.get(layer.kind, layer.kind) for layer in layers])
    first, *others = stored.kernels
    return Stored(stored.names, [first[:, ::-1], *others], stored.biases, stored.steps)


def _matconvnet(path: Path) -> Stored:
    steps = {"pool": "pool", "lrn": "norm", "normalize": "norm"}
    # In a process of its own: a changed byte can bring SciPy's reader down with all that is around it.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        try:
            layers = process.submit(matconvnet_file.layers, path).result()
        except BrokenProcessPool as error:
            raise ValueError("reading it brought the reader down") from error
    if any(kind == "bnorm" for _, kind, _ in layers):
        raise ValueError("it has batch normalisation, which AlexNet has not")
    weighted = [(name, blobs[0].transpose(3, 2, 0, 1), blobs[1]) for name, _, blobs in layers if blobs]
    return _stored(weighted, [steps.get(kind, kind) for _, kind, _ in layers])


def _stored(weighted: list[tuple[str, np.ndarray, np.ndarray]], steps: list[str]) -> Stored:
    if not weighted:
        raise ValueError("it has no layers with weights")
    names, kernels, biases = zip(*weighted, strict=True)
    return Stored(names, kernels, [np.ravel(bias) for bias in biases], steps)


def _check_order(network, path: Path, stored: Stored) -> None:
    """AlexNet normalises between neighbouring channels before it pools; CaffeNet, with the same shapes, afterwards."""
    ours = any(layer.name.startswith("norm_") for layer in network.layers)
    order = [step for step in stored.steps if step in ("pool", "norm")]
    if ours != ("norm" in order):
        has, value = ("has", "true") if "norm" in order else ("has no", "false")
        raise UserError(
            f"{path} {has} local response normalisation, the network differs in that.",
            f"Set local_response_normalisation={value}, or get {GET}.",
        )
    if ours and order[0] == "pool":
        raise UserError(f"{path} is CaffeNet, which pools before it normalises: another network.", f"Get {GET}.")


def _fitted(path: Path, stored: Stored, number: int, name: str, layers: list) -> np.ndarray:
    """A kernel as Keras has it, (H, W, in, out) or (in, out) with inputs counted pixel by pixel."""
    kernel, bias = stored.kernels[number], stored.biases[number]
    *field, inputs, outputs = layers[0].kernel.shape
    outputs *= len(layers)
    if field:
        fits = kernel.shape == (outputs, inputs, *field)
        turned = kernel.transpose(2, 3, 1, 0) if fits else None
    else:
        fits = kernel[0].size == inputs and len(kernel) == outputs
        turned = _dense(kernel, len(stored.kernels[number - 1])) if fits else None
    if not fits or bias.shape != (outputs,):
        raise _other_network(path, stored, number, name, (outputs, inputs, *field))
    return np.ascontiguousarray(turned, np.float32)


def _dense(kernel: np.ndarray, channels: int) -> np.ndarray:
    """(out, in) with inputs counted channel by channel -> (in, out) with inputs counted pixel by pixel."""
    return kernel.reshape(len(kernel), channels, -1).transpose(2, 1, 0).reshape(-1, len(kernel))


def _other_network(path: Path, stored: Stored, number: int, name: str, ours: tuple[int, ...]) -> UserError:
    if tuple(len(kernel) for kernel in stored.kernels[: len(TORCHVISION)]) == TORCHVISION:
        return UserError(
            f"{path} is torchvision's AlexNet (64, 192, 384, 256 and 256 filters without groups), another network "
            "than the one of Caffe and MatConvNet.",
            f"Get {GET}.",
        )
    shape = "×".join(map(str, stored.kernels[number].shape))
    return UserError(
        f"{stored.names[number]} of {path} has weights of {shape}, {name} of the network {'×'.join(map(str, ours))}.",
        f"Get {GET}; they fit a network with width=1 and size=227 only.",
    )
