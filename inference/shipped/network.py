"""The architecture of the network that ships: eight plain convolutions, small enough for a repository and a processor.

Each image is brought to mean 0 and variance 1 first, so that light and contrast of a photograph count for nothing. The
image is halved after each scale while the filters double, as in the plain networks that are strongest on FER2013 for
their size: 27 million multiplications a face.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

KEY = "plain8"
SIZE = 48
# Filters and convolutions at each scale.
SCALES = ((16, 1), (32, 2), (64, 2), (128, 2), (256, 1))
DECAY = 1e-4


def plain8(classes: int = 7, *, width: int = 1, dropout: float = 0.2, batch_norm: bool = True):
    """A `keras.Model` with softmax output (n, classes); input (48, 48, 1) float32, pixels divided by 255.

    Args:
        width: by which the filters of all scales are multiplied; what ships has 1, its teachers have more.
        dropout: share of the averaged features that is dropped in training.
        batch_norm: normalise after each convolution; without it each has biases, as `folded` fills them.
    """
    from keras import Input, Model, layers, regularizers

    inputs = Input((SIZE, SIZE, 1), name="face")
    x = layers.LayerNormalization(axis=(1, 2, 3), epsilon=1e-3, center=False, scale=False, name="standardised")(inputs)
    for scale, (filters, convolutions) in enumerate(SCALES, start=1):
        for part in "ab"[:convolutions]:
            x = layers.Conv2D(
                width * filters,
                3,
                name=f"conv{scale}{part}",
                padding="same",
                use_bias=not batch_norm,
                kernel_initializer="he_normal",
                kernel_regularizer=regularizers.L2(DECAY),
            )(x)
            if batch_norm:
                x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"norm{scale}{part}")(x)
            x = layers.Activation("relu", name=f"relu{scale}{part}")(x)
        if scale < len(SCALES):
            x = layers.MaxPooling2D(2, name=f"pool{scale}")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(classes, kernel_regularizer=regularizers.L2(DECAY), name="logits")(x)
    return Model(inputs, layers.Activation("softmax", dtype="float32", name="probabilities")(x), name=KEY)


def folded(model):
    """The same network without batch normalisation, whose scales and shifts the convolutions take over.

    Args:
        model: what `plain8` built, trained; its running statistics are used, as in inference.
    """
    from keras import layers

    plain = plain8(model.output_shape[-1], batch_norm=False)
    weights = []
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            (kernel,) = layer.get_weights()
        elif isinstance(layer, layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            factor = gamma / np.sqrt(variance + layer.epsilon)
            weights += [kernel * factor, beta - mean * factor]
        else:
            weights += layer.get_weights()
    plain.set_weights(weights)
    return plain


@dataclass(frozen=True)
class Plain8:
    """What training and inference ask of a network (`common.training.spec.Trainable`)."""

    key: str = KEY
    title: str = "Plain network of eight convolutions"
    layout: Literal["last"] = "last"

    @staticmethod
    def build(classes: int = 7, **settings):
        return plain8(classes, **settings)
