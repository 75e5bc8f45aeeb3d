"""The 3D-CNN of section 3.1: C3D with batch normalisation, for ten 112×112 RGB frames.

The paper prints kernels and pools; the filters stand in figures that are lost. The odd last pool is that of the
public C3D of okankop/Efficient-3DCNNs (models/c3d.py at 670bd9ac), whose filters are taken too, and so are the widths
of its dense layers. Not so its batch normalisation after these: the paper normalises "the feature extraction part"
(section 3), and has dropout between the dense layers (section 3.3).
What PyTorch, in which that program is written, means otherwise than Keras is done as PyTorch does it:

- batch normalisation with "momentum 0.1" keeps 0.9 of the old statistics, and ε is 1e-5
- the zeros around the last average pool count in the mean; around a maximum pool the padding is -∞
- leaky ReLU has slope 0.01, PReLU one slope a layer that begins at 0.25, Xavier normal is not cut off

Keras' moving variance is that of the batch, PyTorch's is larger by n/(n-1): for n of 735 and more, nothing.
"""

from typing import Literal

from keras import Input, Model, initializers, layers, ops

from common.support.errors import UserError, unknown
from reproductions.cnn3d.models import FRAMES, SIZE

GROUPS = ((64,), (128,), (256, 256), (512, 512), (512, 512))
BATCH_NORM = {"momentum": 0.9, "epsilon": 1e-5}

ACTIVATIONS = ("relu", "elu", "prelu", "leaky_relu", "mish")
POOLINGS = ("average", "max")
TEMPORAL = ("1", "3", "5", "7", "9")
INITIALIZERS = ("xavier_uniform", "xavier_normal")
DROPOUT_PLACES = ("fc6_fc7", "fc6")


def c3d(
    classes: int = 7,
    *,
    activation: Literal["relu", "elu", "prelu", "leaky_relu", "mish"] = "relu",
    pooling: Literal["average", "max"] = "average",
    temporal: Literal[1, 3, 5, 7, 9] = 3,
    second_convolution: bool = False,
    initializer: Literal["xavier_uniform", "xavier_normal"] = "xavier_uniform",
    dropout: float = 0.2511,
    dropout_places: Literal["fc6_fc7", "fc6"] = "fc6_fc7",
    fc_units: int = 4096,
    width: int = 1,
    size: int = SIZE,
):
    """The network with the options of Table 1; input (n, 10, size, size, 3), defaults are Table 2.

    Args:
        temporal: length of every kernel along time.
        second_convolution: the first two groups have two convolutions as well.
        dropout: share that is dropped after the dense layers that `dropout_places` names.
        fc_units: width of fc6 and fc7.
        width: all filters are divided by it; 1 is the paper's network, any other is a narrow one and to be named so.

    Raises:
        UserError: if an option has a value that Table 1 does not have.
    """
    _check("activation", activation, ACTIVATIONS)
    _check("pooling", pooling, POOLINGS)
    _check("temporal", str(temporal), TEMPORAL)
    _check("initializer", initializer, INITIALIZERS)
    _check("dropout_places", dropout_places, DROPOUT_PLACES)
    if not 0 <= dropout <= 1:
        raise UserError(f"A dropout of {dropout} is no probability.", "Choose one from 0 to 1.")
    inputs = Input((FRAMES, size, size, 3))
    x = inputs
    for group, filters in enumerate(GROUPS, start=1):
        for convolution in range(2 if second_convolution else len(filters)):
            x = _convolve(x, filters[0] // width, temporal, activation, initializer, f"{group}{'ab'[convolution]}")
        x = _pool(x, pooling, group)
    x = layers.Flatten()(x)
    for name in ("fc6", "fc7"):
        x = layers.Dense(fc_units, name=name, **_weights(initializer))(x)
        x = _activate(x, activation, f"{activation}_{name}")
        if name in dropout_places.split("_"):
            x = layers.Dropout(dropout)(x)
    x = layers.Dense(classes, name="fc8", **_weights(initializer))(x)
    return Model(inputs, layers.Activation("softmax", dtype="float32")(x), name="c3d")


def _check(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise unknown(f"setting of {what}", str(value), known)


def _convolve(x, filters: int, temporal: int, activation: str, initializer: str, name: str):
    weights = _weights(initializer)
    x = layers.Conv3D(filters, (temporal, 3, 3), padding="same", name=f"conv{name}", **weights)(x)
    x = layers.BatchNormalization(**BATCH_NORM, name=f"norm{name}")(x)
    return _activate(x, activation, f"{activation}{name}")


def _weights(initializer: str) -> dict:
    """Initial values of one layer: Keras gives layers that share an initialiser object the same numbers."""
    if initializer == "xavier_uniform":
        kernel = initializers.GlorotUniform()
    else:
        kernel = initializers.VarianceScaling(1.0, mode="fan_avg", distribution="untruncated_normal")
    return {"kernel_initializer": kernel, "bias_initializer": "zeros"}


def _activate(x, name: str, layer: str):
    if name == "prelu":
        everywhere = list(range(1, len(x.shape)))
        return layers.PReLU(initializers.Constant(0.25), shared_axes=everywhere, name=layer)(x)
    if name == "leaky_relu":
        return layers.LeakyReLU(negative_slope=0.01, name=layer)(x)
    return layers.Activation(name, name=layer)(x)


def _pool(x, pooling: str, group: int):
    size = (2, 2, 2) if 1 < group < len(GROUPS) else (1, 2, 2)
    strides = (1, 2, 2) if group == 1 else (2, 2, 2)
    if group == len(GROUPS):
        border = float("-inf") if pooling == "max" else 0.0
        x = ops.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1), (0, 0)], constant_values=border)
    kind = layers.MaxPooling3D if pooling == "max" else layers.AveragePooling3D
    return kind(size, strides=strides, padding="valid", name=f"pool{group}")(x)
