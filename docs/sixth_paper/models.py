"""The network, layer by layer, with every argument that decides a result."""

from common.training.network import Network


def one_frame(classes: int = 7):
    """Three convolutions and the mean of each map; input (48, 48, 1), softmax output (n, classes)."""
    from keras import Input, Model, layers

    inputs = Input((48, 48, 1))
    x = inputs
    for filters in (8, 16, 8):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(inputs, layers.Dense(classes, activation="softmax", dtype="float32")(x))


ONE_FRAME = Network("one_frame", "One-Frame Net", one_frame, parameters=2_471)
