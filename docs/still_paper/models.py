"""The network, layer by layer, with every argument that decides a result."""

from common.training.network import Network


def small_stills(classes: int = 7):
    """Three blocks of convolution and pooling, then the mean of each map; input (48, 48, 1), output (n, classes)."""
    from keras import Input, Model, layers

    inputs = Input((48, 48, 1))
    x = inputs
    for filters in (8, 16, 32):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(inputs, layers.Dense(classes, activation="softmax", dtype="float32")(x))


SMALL_STILLS = Network("small_stills", "Small-Stills Net", small_stills)
