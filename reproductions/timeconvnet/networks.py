"""The six networks of Table II, and the (2+1)D network as its inventors meant it.

The paper names backbones without printing their layers. Each one here is the public program that gives the
printed parameter count to the unit:

- mini-Xception: oarriaga/face_classification, src/models/cnn.py (0a244169)
- ResNet20 v1: keras-team/keras, examples/cifar10_resnet.py (08f8f0a7)
- MobileNetV2: keras.applications, alpha 1
- (2+1)D: the same ResNet20, each convolution factored as in Tran et al. 2018

The arguments that those programs leave to Keras are spelled out, so that no default decides a result.
What the paper leaves open is a keyword of the builder; none of these keywords changes a parameter count
except `nin`.
"""

import warnings
from collections.abc import Callable
from typing import Literal

from keras import Input, Model, layers, regularizers
from keras.applications import MobileNetV2

from common.support.errors import unknown
from reproductions.timeconvnet.models import FRAMES

SIZE = 48
BATCH_NORM = {"momentum": 0.99, "epsilon": 1e-3}

Pool = Literal["avg8", "gap"]


def mini_xception(classes: int = 7, *, frames: int = FRAMES):
    """Residual depthwise separable convolutions without a dense layer; input (48, 48, frames).

    The original hands `kernel_regularizer` to SeparableConv2D, where Keras 2 ignored it. Only the first two
    convolutions were ever regularised, so only those are here.
    """
    inputs = Input((SIZE, SIZE, frames))
    x = inputs
    for _ in range(2):
        x = layers.Conv2D(
            8,
            3,
            padding="valid",
            use_bias=False,
            kernel_initializer="glorot_uniform",
            kernel_regularizer=regularizers.L2(0.01),
        )(x)
        x = layers.BatchNormalization(**BATCH_NORM)(x)
        x = layers.Activation("relu")(x)
    for filters in (16, 32, 64, 128):
        shortcut = layers.Conv2D(
            filters, 1, strides=2, padding="same", use_bias=False, kernel_initializer="glorot_uniform"
        )(x)
        shortcut = layers.BatchNormalization(**BATCH_NORM)(shortcut)
        x = _separable(x, filters)
        x = layers.Activation("relu")(x)
        x = _separable(x, filters)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.Add()([x, shortcut])
    x = layers.Conv2D(classes, 3, padding="same", use_bias=True, kernel_initializer="glorot_uniform")(x)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Activation("softmax", dtype="float32")(x)
    return Model(inputs, outputs, name="mini_xception")


def _separable(x, filters: int):
    x = layers.SeparableConv2D(
        filters,
        3,
        padding="same",
        use_bias=False,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
    )(x)
    return layers.BatchNormalization(**BATCH_NORM)(x)


def resnet20(classes: int = 7, *, pool: Pool = "avg8"):
    """ResNet20 v1 on five frames as channels; input (48, 48, 5).

    Args:
        pool: "avg8" keeps the example's 8×8 average pooling, which at 48×48 sees only the top left 8×8 of
            the 12×12 map; "gap" averages the whole map.
    """

    def convolution(x, filters, kernel, stride):
        return layers.Conv2D(filters, kernel, strides=stride, padding="same", **_he_l2())(x)

    inputs = Input((SIZE, SIZE, FRAMES))
    x = _residual_stacks(inputs, convolution)
    if pool == "gap":
        x = layers.GlobalAveragePooling2D()(x)
    elif pool == "avg8":
        x = layers.AveragePooling2D(8, strides=8, padding="valid")(x)
    else:
        raise unknown("setting of pool", pool, ("avg8", "gap"))
    return _classifier(inputs, x, classes, "resnet20")


def resnet20_3d(classes: int = 7, *, pool3d: Pool = "gap", temporal_stride: Literal[1, 2] = 2):
    """ResNet20 v1 with 3×3×3 kernels over height, width and time; input (48, 48, 5, 1).

    Args:
        pool3d: "gap" averages the last map, "avg8" its top left 8×8 over all remaining time.
        temporal_stride: 2 halves time where height and width are halved, 1 keeps all five steps.
    """

    def convolution(x, filters, kernel, stride):
        strides = (stride, stride, min(stride, temporal_stride))
        return layers.Conv3D(filters, kernel, strides=strides, padding="same", **_he_l2())(x)

    if temporal_stride not in (1, 2):
        raise unknown("setting of temporal_stride", str(temporal_stride), ("1", "2"))
    inputs = Input((SIZE, SIZE, FRAMES, 1))
    x = _pool3d(_residual_stacks(inputs, convolution), pool3d)
    return _classifier(inputs, x, classes, "resnet20_3d")


def resnet20_2plus1d(
    classes: int = 7,
    *,
    nin: Literal["spatial_bug", "channels"] = "spatial_bug",
    relu_between: bool = True,
    temporal_stride: Literal["temporal", "spatial", "none"] = "temporal",
    pool3d: Pool = "gap",
):
    """ResNet20 v1 with every convolution factored into space, then time; input (48, 48, 5, 1).

    A k×k×k convolution becomes (k, k, 1) with M filters and (1, 1, k) with the block's filters, where Tran et
    al. 2018 choose M so that the parameters stay those of the 3D convolution.

    Args:
        nin: what stands for the number of input channels in the formula for M. "spatial_bug" takes the size
            of the tensor's first spatial axis, the only variant counted that gives the printed 523,357;
            "channels" takes the channels, as Tran et al. mean it (815,968).
        relu_between: batch normalisation is followed by a ReLU between the two convolutions.
        temporal_stride: which of the two convolutions halves time, or that none does.
        pool3d: as in `resnet20_3d`.
    """
    axis = {"spatial_bug": 1, "channels": -1}.get(nin)
    if axis is None:
        raise unknown("setting of nin", nin, ("spatial_bug", "channels"))
    if temporal_stride not in ("temporal", "spatial", "none"):
        raise unknown("setting of temporal_stride", str(temporal_stride), ("temporal", "spatial", "none"))

    def convolution(x, filters, kernel, stride):
        in_space = stride if temporal_stride == "spatial" else 1
        in_time = stride if temporal_stride == "temporal" else 1
        x = layers.Conv3D(
            middle_filters(kernel, x.shape[axis], filters),
            (kernel, kernel, 1),
            strides=(stride, stride, in_space),
            padding="same",
            **_he_l2(),
        )(x)
        x = layers.BatchNormalization(**BATCH_NORM)(x)
        if relu_between:
            x = layers.Activation("relu")(x)
        return layers.Conv3D(filters, (1, 1, kernel), strides=(1, 1, in_time), padding="same", **_he_l2())(x)

    inputs = Input((SIZE, SIZE, FRAMES, 1))
    x = _pool3d(_residual_stacks(inputs, convolution), pool3d)
    return _classifier(inputs, x, classes, "resnet20_2plus1d")


def middle_filters(kernel: int, n_in: int, n_out: int) -> int:
    """M of Tran et al. 2018, section 3.5, for a kernel of the same size in space and time.

    >>> middle_filters(3, n_in=48, n_out=16), middle_filters(1, n_in=48, n_out=32)
    (43, 19)
    """
    return kernel**3 * n_in * n_out // (kernel**2 * n_in + kernel * n_out)


def mobilenet_v2(classes: int = 7):
    """MobileNetV2 of Keras with random weights on five frames as channels; input (48, 48, 5).

    Its batch normalisation has momentum 0.999: evaluation lags thousands of steps behind training.
    """
    with warnings.catch_warnings():
        # Keras remarks on five input channels, which are meant.
        warnings.filterwarnings("ignore", message="This model usually expects", category=UserWarning)
        return MobileNetV2(
            input_shape=(SIZE, SIZE, FRAMES),
            alpha=1.0,
            include_top=True,
            weights=None,
            pooling=None,
            classes=classes,
            classifier_activation="softmax",
        )


def _he_l2() -> dict:
    """What every convolution of the Keras example has besides its shape."""
    return {"use_bias": True, "kernel_initializer": "he_normal", "kernel_regularizer": regularizers.L2(1e-4)}


def _residual_stacks(x, convolution: Callable):
    """Stem and three stacks of three residual blocks; `convolution(x, filters, kernel, stride)`."""
    x = layers.BatchNormalization(**BATCH_NORM)(convolution(x, 16, 3, 1))
    x = layers.Activation("relu")(x)
    for stack, filters in enumerate((16, 32, 64)):
        for block in range(3):
            halves = stack > 0 and block == 0
            y = layers.BatchNormalization(**BATCH_NORM)(convolution(x, filters, 3, 2 if halves else 1))
            y = layers.Activation("relu")(y)
            y = layers.BatchNormalization(**BATCH_NORM)(convolution(y, filters, 3, 1))
            if halves:
                x = convolution(x, filters, 1, 2)
            x = layers.Activation("relu")(layers.Add()([x, y]))
    return x


def _pool3d(x, pool3d: Pool):
    if pool3d == "gap":
        return layers.GlobalAveragePooling3D()(x)
    if pool3d == "avg8":
        size = (8, 8, x.shape[3])
        return layers.AveragePooling3D(size, strides=size, padding="valid")(x)
    raise unknown("setting of pool3d", pool3d, ("avg8", "gap"))


def _classifier(inputs, x, classes: int, name: str):
    x = layers.Flatten()(x)
    outputs = layers.Dense(
        classes, activation="softmax", use_bias=True, kernel_initializer="he_normal", dtype="float32"
    )(x)
    return Model(inputs, outputs, name=name)
