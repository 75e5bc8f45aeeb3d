"""The network, layer by layer, with every argument that decides a result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Network:
    """`build(classes=7)` gives a fresh `keras.Model`; `layout`: how a sample enters (see `common.training.batches`)."""

    key: str
    title: str
    build: Callable
    layout: Literal["last"] = "last"


def one_frame(classes: int = 7):
    """Three convolutions and the mean of each map; input (48, 48, 1), softmax output (n, classes)."""
    from keras import Input, Model, layers

    inputs = Input((48, 48, 1))
    x = inputs
    for filters in (8, 16, 8):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(inputs, layers.Dense(classes, activation="softmax", dtype="float32")(x))


NETWORKS = {network.key: network for network in (Network("one_frame", "One-Frame Net", one_frame),)}
