"""The networks of section III.B: three 3D convolutions, a convolutional LSTM, a dense layer; and the branch for AFEW.

The figure of the layers is lost, and no program was published. What is stated: three 3D convolutions with ReLU, max
pooling of which there is "one" and then "the second", a ConvLSTM of 16 units with equations (1) to (6), one dense
layer, softmax; for AFEW a network trained on FER2013 whose features enter a ConvLSTM of their own, both added before
the dense layer. All else is a setting, or named in the README. What is left to Keras is spelled out, so that no
default decides a result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from keras import Input, Model, layers, ops, saving

from common.support.errors import UserError, unknown

FRAMES, SIZE = 8, 64
UNITS = 16
FER_SIZE = 48
WEIGHTS = {"kernel_initializer": "glorot_uniform", "bias_initializer": "zeros"}
# Layers of the branch that is trained on FER2013 have names with this in front, in both networks that have them.
FER = "fer_"

# What the settings may be where they are words.
CHOICES = {
    "pools": (1, 2),
    "convlstm_output": ("last", "sequence"),
    "recurrent_activation": ("sigmoid", "hard_sigmoid"),
    "fer_network": ("vgg_32_64_128", "mini_xception"),
    "fer_features": ("second_pool", "last_convolution"),
}


def convlstm(
    classes: int = 7,
    *,
    fer: bool = False,
    filters: Sequence[int] = (16, 32, 64),
    kernel: Sequence[int] = (3, 3, 3),
    pools: Literal[1, 2] = 2,
    pool_size: Sequence[int] = (1, 2, 2),
    convlstm_kernel: int = 3,
    convlstm_output: Literal["last", "sequence"] = "last",
    recurrent_activation: Literal["sigmoid", "hard_sigmoid"] = "sigmoid",
    unit_forget_bias: bool = True,
    dense_units: int = 128,
    fer_network: Literal["vgg_32_64_128", "mini_xception"] = "vgg_32_64_128",
    fer_features: Literal["second_pool", "last_convolution"] = "second_pool",
    fer_frozen: bool = True,
):
    """The network; input (n, 8, 64, 64, 1) from 0 to 1. Settings are the decisions of paper.yaml with these names.

    Args:
        fer: with the second branch, for AFEW. Its weights are those of a new network until `take_fer` is called.
        filters: of the three convolutions.
        pools: 2 pool after the first and the third convolution, 1 after the first alone.
        convlstm_output: "last" is the state after the last frame, "sequence" that after each.
        recurrent_activation: of the three gates. "hard_sigmoid" is that of Keras 2, clip(0.2·x + 0.5, 0, 1): the one of
            Keras 3 is another function.
        fer_features: what enters the second ConvLSTM, of those layers whose maps are as large as the other branch's, so
            that both can be added: the pooling that makes them so ("second_pool", the first with `pools` 1), or the
            last convolution on maps of this size ("last_convolution", of the default network its last one). With all
            states and pooling over time, these maps are pooled over time as well.
        fer_frozen: whether that branch's convolutions stay as FER2013 left them.

    Raises:
        UserError: for a setting that does not exist.
    """
    words = {"pools": pools, "convlstm_output": convlstm_output, "recurrent_activation": recurrent_activation}
    _check(words | {"fer_network": fer_network, "fer_features": fer_features})

    remember = partial(
        _remember,
        kernel=convlstm_kernel,
        sequence=convlstm_output == "sequence",
        gates="sigmoid" if recurrent_activation == "sigmoid" else hard_sigmoid,
        unit_forget_bias=unit_forget_bias,
    )
    inputs = Input((FRAMES, SIZE, SIZE, 1))
    x = remember(_convolve(inputs, filters, kernel, pools, pool_size), name="convlstm")
    if fer:
        features = _fer_features(inputs, fer_network, fer_features, pools)
        if convlstm_output == "sequence" and x.shape[1] < FRAMES:
            features = layers.MaxPooling3D((FRAMES // x.shape[1], 1, 1), name=f"{FER}pool_time")(features)
        x = layers.Add(name="sum")([x, remember(features, name="convlstm_fer")])
    x = layers.Flatten()(x)
    x = layers.Dense(dense_units, activation="relu", name="dense", **WEIGHTS)(x)
    x = layers.Dense(classes, name="logits", **WEIGHTS)(x)
    model = Model(inputs, layers.Activation("softmax", dtype="float32")(x))
    return _without_training(model) if fer_frozen else model


def _convolve(x, filters: Sequence[int], kernel: Sequence[int], pools: int, pool_size: Sequence[int]):
    """(n, 8, 64, 64, 1) -> maps of all frames after the 3D convolutions."""
    for number, count in enumerate(filters, start=1):
        convolution = layers.Conv3D(count, tuple(kernel), padding="same", name=f"conv{number}", **WEIGHTS)
        x = layers.Activation("relu", name=f"relu{number}")(convolution(x))
        if number == 1 or (number == len(filters) and pools == 2):
            x = layers.MaxPooling3D(tuple(pool_size), name=f"pool{number}")(x)
    return x


def _remember(x, *, kernel: int, sequence: bool, gates, unit_forget_bias: bool, name: str):
    return layers.ConvLSTM2D(
        UNITS,
        kernel,
        padding="same",
        activation="tanh",
        recurrent_activation=gates,
        recurrent_initializer="orthogonal",
        unit_forget_bias=unit_forget_bias,
        return_sequences=sequence,
        name=name,
        **WEIGHTS,
    )(x)


def _without_training(model):
    """The network with the second branch as FER2013 left it."""
    for layer in model.layers:
        layer.trainable = not layer.name.startswith(FER)
    return model


def fer2013(classes: int = 7, *, fer_network: Literal["vgg_32_64_128", "mini_xception"] = "vgg_32_64_128"):
    """The network that is trained on FER2013; input (n, 48, 48, 1) from 0 to 1, which it enlarges to 64×64 itself.

    Raises:
        UserError: for a network that does not exist.
    """
    _check({"fer_network": fer_network})
    inputs = Input((FER_SIZE, FER_SIZE, 1))
    x = layers.Resizing(SIZE, SIZE, interpolation="bilinear")(inputs)
    if fer_network == "mini_xception":
        x = layers.Conv2D(classes, 3, padding="same", name=f"{FER}logits", **WEIGHTS)(_mini_xception(x).pooled[-1])
        x = layers.GlobalAveragePooling2D()(x)
    else:
        x = layers.MaxPooling2D(2)(_vgg(x).convolved[-1])
        x = layers.Flatten()(x)
        x = layers.Dense(128, activation="relu", name=f"{FER}dense", **WEIGHTS)(x)
        x = layers.Dropout(0.5)(x)
        x = layers.Dense(classes, name=f"{FER}logits", **WEIGHTS)(x)
    return Model(inputs, layers.Activation("softmax", dtype="float32")(x))


def take_fer(model, source) -> None:
    """Give the second branch of a `convlstm` the weights of a trained `fer2013`, layer by layer of the same name.

    Raises:
        UserError: if the trained network lacks one of the branch's layers, or has it in another shape.
    """
    theirs = {layer.name: layer for layer in source.layers}
    for layer in model.layers:
        if not (layer.name.startswith(FER) and layer.weights):
            continue
        trained_layer = theirs.get(layer.name)
        if trained_layer is None or [w.shape for w in trained_layer.weights] != [w.shape for w in layer.weights]:
            raise UserError(
                f"The network trained on FER2013 has no layer like {layer.name} of the second branch.",
                "Train it with the same setting of fer_network.",
            )
        layer.set_weights(trained_layer.get_weights())


@dataclass(frozen=True)
class _Features:
    """Outputs (n, H, W, C) of a network on FER2013, the first after one pooling, the next after two, and so on.

    Attributes:
        pooled: of that pooling.
        convolved: of the last convolution on maps of the same size.
    """

    pooled: list
    convolved: list


def _fer_features(inputs, network: str, features: str, pools: int):
    """Features (n, 8, H, W, C) of each frame of (n, 8, 64, 64, 1), through layers that see single images."""
    frames = ops.reshape(inputs, (-1, SIZE, SIZE, 1))
    maps = (_vgg if network == "vgg_32_64_128" else _mini_xception)(frames)
    chosen = (maps.pooled if features == "second_pool" else maps.convolved)[pools - 1]
    return ops.reshape(chosen, (-1, FRAMES, *chosen.shape[1:]))


def _vgg(x) -> _Features:
    """Two convolutions each of 32, 64 and 128 filters with pools between."""
    maps = _Features([], [])
    for group, filters in enumerate((32, 64, 128), start=1):
        for part in "ab":
            name = f"{FER}conv{group}{part}"
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name, **WEIGHTS)(x)
        if group > 1:
            maps.convolved.append(x)
        if group < 3:
            x = layers.MaxPooling2D(2, name=f"{FER}pool{group}")(x)
            maps.pooled.append(x)
    return maps


def _mini_xception(x) -> _Features:
    """The mini-Xception of Arriaga et al. 2017, whose four residual modules each halve their maps at the end.

    Its first two convolutions keep the size here, where the original's lose two pixels each: only so do the modules'
    maps fit those of the other branch.
    """

    def normed(x, name: str):
        return layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{FER}norm{name}")(x)

    for part in "ab":
        x = layers.Conv2D(8, 3, padding="same", use_bias=False, name=f"{FER}conv0{part}", **WEIGHTS)(x)
        x = layers.Activation("relu")(normed(x, f"0{part}"))
    maps = _Features([], [])
    for module, filters in enumerate((16, 32, 64, 128), start=1):
        # Every second value, then a 1×1 convolution, is one with stride 2, in whose gradient TensorFlow 2.20 crashes
        # on maps of 64×64.
        shortcut = layers.MaxPooling2D(1, strides=2)(x)
        shortcut = layers.Conv2D(filters, 1, use_bias=False, name=f"{FER}shortcut{module}", **WEIGHTS)(shortcut)
        shortcut = normed(shortcut, f"{module}s")
        for part in "ab":
            separable = layers.SeparableConv2D(
                filters,
                3,
                padding="same",
                use_bias=False,
                depthwise_initializer="glorot_uniform",
                pointwise_initializer="glorot_uniform",
                name=f"{FER}separable{module}{part}",
            )
            x = normed(separable(x), f"{module}{part}")
            if part == "a":
                x = layers.Activation("relu")(x)
        if module > 1:
            maps.convolved.append(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.Add()([x, shortcut])
        maps.pooled.append(x)
    return maps


@saving.register_keras_serializable("convlstm", name="_hard_sigmoid")
def hard_sigmoid(x):
    """clip(0.2·x + 0.5, 0, 1); stored networks call it by the name it is registered with."""
    return ops.clip(0.2 * x + 0.5, 0, 1)


def _check(chosen: dict[str, str | int]) -> None:
    for name, value in chosen.items():
        if value not in CHOICES[name]:
            raise unknown(f"setting of {name}", str(value), map(str, CHOICES[name]))
