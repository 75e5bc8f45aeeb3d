"""AlexNet up to fc7, as Caffe and MatConvNet have it: two of its five convolutions see half of the channels each.

Section III.c names five convolutions, three maximum pools, fc6 and fc7 of 4096 units and images of 227×227×3; all
else is that of the network that MatConvNet offers, `imagenet-caffe-alex`, which is Caffe's `bvlc_alexnet`.
"""

from dataclasses import dataclass

from common.support.errors import UserError

SIZE = 227
UNITS = 4096
PARAMETERS = 56_868_224
WIDTHS = (1, 2, 4, 8, 16)
# What is subtracted from red, green and blue: the mean colour of ImageNet, as Caffe's networks were trained with it;
# from dx, dy and magnitude: what stands for no motion.
MEANS = {"spatial": (122.679, 116.669, 104.007), "temporal": (128.0, 128.0, 0.0)}


@dataclass(frozen=True)
class Convolution:
    """One convolution; `groups` of its filters see as many groups of the channels, `pooled` is what follows ReLU."""

    name: str
    filters: int
    kernel: int
    groups: int = 1
    stride: int = 1
    padding: str = "same"
    normalised: bool = False
    pooled: bool = False


CONVOLUTIONS = (
    Convolution("conv1", 96, 11, stride=4, padding="valid", normalised=True, pooled=True),
    Convolution("conv2", 256, 5, groups=2, normalised=True, pooled=True),
    Convolution("conv3", 384, 3),
    Convolution("conv4", 384, 3, groups=2),
    Convolution("conv5", 256, 3, groups=2, pooled=True),
)
DENSE = ("fc6", "fc7")


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
    from keras import Input, Model, layers

    _check(width, size)
    inputs = Input((size, size, 3))
    x = layers.Rescaling(1 / divisor, [-mean / divisor for mean in MEANS[stream]], name="centred")(inputs)
    for convolution in CONVOLUTIONS:
        x = _convolved(x, convolution, width, weight_decay)
        x = layers.ReLU(name=f"relu_{convolution.name}")(x)
        if convolution.normalised and local_response_normalisation:
            from reproductions.emotionalvlan.local_response import LocalResponseNormalisation

            x = LocalResponseNormalisation(name=f"norm_{convolution.name}")(x)
        if convolution.pooled:
            x = layers.MaxPooling2D(3, strides=2, name=f"pool_{convolution.name}")(x)
    x = layers.Flatten(name="flat")(x)
    for dense in DENSE:
        x = layers.Dense(UNITS // width, name=dense, **initial(weight_decay))(x)
        x = layers.ReLU(name=f"relu_{dense}")(x)
        x = layers.Dropout(dropout, name=f"drop_{dense}")(x)
    return Model(inputs, x, name=name or stream)


def parts(convolution: Convolution) -> list[str]:
    """Names of the layers that make up a convolution, in the order of their filters.

    >>> parts(CONVOLUTIONS[0]), parts(CONVOLUTIONS[1])
    (['conv1'], ['conv2a', 'conv2b'])
    """
    return [f"{convolution.name}{part}" for part in ("ab" if convolution.groups == 2 else [""])]


def features(network, layer: str = "fc7"):
    """The part (n, size, size, 3) -> (n, 4096) of an `alexnet` that ends with the ReLU of fc6 or fc7."""
    from keras import Model

    return Model(network.input, network.get_layer(f"relu_{layer}").output)


def _convolved(x, convolution: Convolution, width: int, weight_decay: float):
    from keras import layers, ops

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
    from keras import regularizers

    decay = regularizers.L2(weight_decay / 2) if weight_decay else None
    return {"kernel_initializer": kernel, "bias_initializer": "zeros", "kernel_regularizer": decay}


def _check(width: int, size: int) -> None:
    if width not in WIDTHS:
        raise UserError(
            f"AlexNet cannot be made {width} times narrower.", f"Choose a width of {', '.join(map(str, WIDTHS))}."
        )
    if not sides(size)[-1]:
        raise UserError(f"Of images of {size}×{size} AlexNet's pools leave nothing.", "Choose a size of 67 or more.")


def sides(size: int) -> list[int]:
    """Side of the maps after each of the three pools, 0 where nothing is left.

    >>> sides(227), sides(66)
    ([27, 13, 6], [6, 2, 0])
    """
    side, found = (size - CONVOLUTIONS[0].kernel) // CONVOLUTIONS[0].stride + 1, []
    for _ in range(3):
        side = max((side - 3) // 2 + 1, 0)
        found.append(side)
    return found
