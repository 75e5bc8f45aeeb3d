"""The two networks of Figs 3.7 and 3.8, layer by layer.

The printed 256 (3·1·64 + 64) and 12,352 (3·64·64 + 64) parameters show convolutions of three weights. That each block
factors a 3×3 convolution into a column, then a row, without an activation between them, follows a public FER2013
notebook, whose network is the one for CK+; that for FER2013 lacks its second dense layer. The arguments that the
thesis leaves to Keras are spelled out, so that no default decides a result.
"""

from keras import Input, Model, layers

SIZE = 48
FILTERS = (64, 128, 256, 512)
BATCH_NORM = {"momentum": 0.99, "epsilon": 1e-3}
WEIGHTS = {"kernel_initializer": "glorot_uniform", "bias_initializer": "zeros"}


def factored(classes: int = 7, *, dense: tuple[int, ...], dropout: float = 0.25, width: int = 1):
    """Four blocks of factored convolutions, then dense layers; input (48, 48, 1).

    Args:
        dense: widths of the hidden dense layers.
        dropout: share that is dropped, the same at every place.
        width: all filters and hidden units are divided by it; 1 is the thesis' network, any other is a narrow one and
            to be named so.
    """
    inputs = Input((SIZE, SIZE, 1))
    x = inputs
    for filters in FILTERS:
        x = layers.Conv2D(filters // width, (3, 1), padding="same", **WEIGHTS)(x)
        x = layers.Conv2D(filters // width, (1, 3), padding="same", **WEIGHTS)(x)
        x = _normalised(x)
        x = layers.MaxPooling2D(2, strides=2, padding="same")(x)
        x = layers.Dropout(dropout)(x)
    x = layers.Flatten()(x)
    for units in dense:
        x = layers.Dense(units // width, **WEIGHTS)(x)
        x = _normalised(x)
        x = layers.Dropout(dropout)(x)
    x = layers.Dense(classes, **WEIGHTS)(x)
    return Model(inputs, layers.Activation("softmax", dtype="float32")(x))


def _normalised(x):
    x = layers.BatchNormalization(**BATCH_NORM)(x)
    return layers.Activation("relu")(x)
