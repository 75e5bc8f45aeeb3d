"""AlexNet up to fc7, as Caffe and MatConvNet have it: two of its five convolutions see half of the channels each.

Section III.c names five convolutions, three maximum pools, fc6 and fc7 of 4096 units and images of 227×227×3; all
else is that of the network that MatConvNet offers, `imagenet-caffe-alex`, which is Caffe's `bvlc_alexnet`.
"""

from keras import Input, Model, layers, ops, regularizers

from common.support.errors import UserError
from reproductions.emotionalvlan.alexnet_layers import CONVOLUTIONS, DENSE, SIZE, UNITS, Convolution, parts, sides
from reproductions.emotionalvlan.local_response import LocalResponseNormalisation

WIDTHS = (1, 2, 4, 8, 16)
# What is subtracted from red, green and blue: the mean colour of ImageNet, as Caffe's networks were trained with it;
# from dx, dy and magnitude: what stands for no motion.
MEANS = {"spatial": (122.679, 116.669, 104.007), "temporal": (128.0, 128.0, 0.0)}


def alexnet(
    stream: str = "spatial",
    *,
    width: int = 1,
    size: int = SIZE,
    local_response_normalisation: bool = True,
    dropout: float = 0.5,
    weight_decay: float = 0.0005,
    divisor: float = 1.0,
    name: str | None = None,
):
    """The network (n, size, size, 3) of 0 to 255 -> (n, 4096) after fc7's ReLU and dropout; 56,868,224 parameters.

    A grouped convolution is made of one layer a group, named as `parts` says: the same function as a layer with
    groups, and a training step on a CPU takes a seventh of the time.

    Args:
        stream: "spatial" for RGB images, "temporal" for flow images: which mean is subtracted.
        width: all filters and units are divided by it; 1 is the paper's network, any other is a narrow one and to be
            named so.
        size: of images; 227 is the paper's.
        dropout: share that is dropped after fc6 and fc7.
        weight_decay: λ of the term λ/2 · w² that each kernel, but no bias, adds to the loss. That is MatConvNet's
            weight decay: it goes through the momentum, which Keras' own `weight_decay` of SGD does not.
        divisor: of images after the mean is subtracted. 1 for ImageNet weights, which were trained so; with random
            ones, numbers up to 255 would let the gradient of conv1 explode.
        name: of the model, `stream` if there is none.

    Raises:
        UserError: for a width that does not divide all layers, or images of which the pools leave nothing.
    """
    _check(width, size)
    inputs = Input((size, size, 3))
    x = layers.Rescaling(1 / divisor, [-mean / divisor for mean in MEANS[stream]], name="centred")(inputs)
    for convolution in CONVOLUTIONS:
        x = _convolved(x, convolution, width, weight_decay)
        x = layers.ReLU(name=f"relu_{convolution.name}")(x)
        if convolution.normalised and local_response_normalisation:
            x = LocalResponseNormalisation(name=f"norm_{convolution.name}")(x)
        if convolution.pooled:
            x = layers.MaxPooling2D(3, strides=2, name=f"pool_{convolution.name}")(x)
    x = layers.Flatten(name="flat")(x)
    for dense in DENSE:
        x = layers.Dense(UNITS // width, name=dense, **initial(weight_decay))(x)
        x = layers.ReLU(name=f"relu_{dense}")(x)
        x = layers.Dropout(dropout, name=f"drop_{dense}")(x)
    return Model(inputs, x, name=name or stream)


def features(network, layer: str = "fc7"):
    """The part (n, size, size, 3) -> (n, 4096) of an `alexnet` that ends with the ReLU of fc6 or fc7."""
    return Model(network.input, network.get_layer(f"relu_{layer}").output)


def _convolved(x, convolution: Convolution, width: int, weight_decay: float):
    names = parts(convolution)
    filters = convolution.filters // width // len(names)
    made = [
        layers.Conv2D(
            filters,
            convolution.kernel,
            strides=convolution.stride,
            padding=convolution.padding,
            name=name,
            **initial(weight_decay),
        )(part)
        for name, part in zip(names, ops.split(x, len(names), axis=-1) if len(names) > 1 else [x], strict=True)
    ]
    return layers.Concatenate(name=convolution.name)(made) if len(made) > 1 else made[0]


def initial(weight_decay: float, kernel: str = "he_uniform") -> dict:
    """Initial values of a layer's weights (the paper's "default values" are not stated), and their decay."""
    decay = regularizers.L2(weight_decay / 2) if weight_decay else None
    return {"kernel_initializer": kernel, "bias_initializer": "zeros", "kernel_regularizer": decay}


def _check(width: int, size: int) -> None:
    if width not in WIDTHS:
        raise UserError(
            f"AlexNet cannot be made {width} times narrower.", f"Choose a width of {', '.join(map(str, WIDTHS))}."
        )
    if not sides(size)[-1]:
        raise UserError(f"Of images of {size}×{size} AlexNet's pools leave nothing.", "Choose a size of 67 or more.")
