"""How much a network computes: multiplications and additions, counted from the shapes of its layers."""

from math import prod


def operations(model) -> int:
    """Multiplications and additions of convolutions, ConvLSTMs and dense layers for one sample, forwards.

    What else a network does (normalisation, activations, pooling) is not counted. Works without weights too
    (`common.training.blueprint`).

    Args:
        model: a functional or sequential Keras model; models in it count as their layers do.
    """
    return sum(_of(layer) for layer in model.layers)


def _of(layer) -> int:
    if hasattr(layer, "layers"):
        return operations(layer)
    if hasattr(layer, "cell"):  # the same convolutions in every frame
        frames, places = layer.input.shape[1], layer.output.shape[-3:-1]
        kernels = (layer.cell.kernel, layer.cell.recurrent_kernel)
    else:
        frames, places = 1, layer.output.shape[1:-1]
        kernels = [getattr(layer, name, None) for name in ("kernel", "depthwise_kernel", "pointwise_kernel")]
    return sum(2 * frames * prod(kernel.shape) * prod(places) for kernel in kernels if kernel is not None)
