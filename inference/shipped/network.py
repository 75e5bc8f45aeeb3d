"""The architecture of the network that ships: seven plain convolutions, small enough for a repository and a processor.

One convolution at full resolution, then two at each of half, a quarter and an eighth of it; after each scale maxima are
taken, as in the plain networks that are strongest on FER2013 for their size.
"""

from dataclasses import dataclass
from typing import Literal

KEY = "plain7"
SIZE = 48
# Filters and convolutions at each scale.
SCALES = ((24, 1), (48, 2), (96, 2), (100, 2))
DECAY = 1e-4


def plain7(classes: int = 7, *, dropout: float = 0.3):
    """A `keras.Model` with softmax output (n, classes); input (48, 48, 1) float32, pixels divided by 255.

    Args:
        dropout: share of the averaged features that is dropped in training.
    """
    from keras import Input, Model, layers, regularizers

    inputs = x = Input((SIZE, SIZE, 1))
    for filters, convolutions in SCALES:
        for _ in range(convolutions):
            x = layers.Conv2D(
                filters,
                3,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
                kernel_regularizer=regularizers.L2(DECAY),
            )(x)
            x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3)(x)
            x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(classes, kernel_initializer="glorot_uniform", kernel_regularizer=regularizers.L2(DECAY))(x)
    return Model(inputs, layers.Activation("softmax", dtype="float32")(x), name=KEY)


@dataclass(frozen=True)
class Plain7:
    """What training and inference ask of a network (`common.training.spec.Trainable`)."""

    key: str = KEY
    title: str = "Plain network of seven convolutions"
    layout: Literal["last"] = "last"

    @staticmethod
    def build(classes: int = 7, **settings):
        return plain7(classes, **settings)
