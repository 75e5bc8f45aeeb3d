"""Moving statistics of batch normalisation without the share that their initial values still have.

After n steps a moving average with momentum μ is μⁿ × its initial value + (1 - μⁿ) × what was seen. After some
hundred steps at Keras' μ = 0.99, or some thousand at MobileNetV2's 0.999, that first share still rules: a
network that is right on 97 % of its training batches then tests at chance. Here it is taken out, as Adam does
with its moments. In a training of the papers' length μⁿ is zero and nothing changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class MovingStatistics:
    """The batch normalisations of a model that has not been trained yet."""

    def __init__(self, model):
        import keras

        self.variables = [
            (variable, layer.momentum, keras.ops.convert_to_numpy(variable).copy())
            for layer in _batch_normalisations(model)
            for variable in (layer.moving_mean, layer.moving_variance)
        ]

    @contextmanager
    def settled(self, steps: int) -> Iterator[None]:
        """In the block, the model predicts with what it has seen in `steps` steps alone; afterwards it is as before."""
        import keras

        moving = [keras.ops.convert_to_numpy(variable).copy() for variable, *_ in self.variables]
        for (variable, momentum, initial), value in zip(self.variables, moving, strict=True):
            share = momentum**steps
            variable.assign((value - share * initial) / (1 - share))
        try:
            yield
        finally:
            for (variable, *_), value in zip(self.variables, moving, strict=True):
                variable.assign(value)


def _batch_normalisations(model) -> Iterator:
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from _batch_normalisations(layer)
