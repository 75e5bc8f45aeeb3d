"""The layers of AlexNet by name and size, without Keras: for whoever counts them or reads files of their weights."""

from dataclasses import dataclass

# Of images, of fc6 and fc7, and of all weights up to there.
SIZE = 227
UNITS = 4096
PARAMETERS = 56_868_224


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


def parts(convolution: Convolution) -> list[str]:
    """Names of the layers that make up a convolution, in the order of their filters.

    >>> parts(CONVOLUTIONS[0]), parts(CONVOLUTIONS[1])
    (['conv1'], ['conv2a', 'conv2b'])
    """
    return [f"{convolution.name}{part}" for part in ("ab" if convolution.groups == 2 else [""])]


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
