"""What batch normalisation predicts with: its moving statistics, or better ones where a training is short.

After n steps a moving average with momentum μ is μⁿ × its initial value + (1 - μⁿ) × what was seen. After some
hundred steps at Keras' μ = 0.99, or some thousand at MobileNetV2's 0.999, that first share still rules: a
network that is right on 97 % of its training batches then tests at chance. `settled` takes it out, as Adam does
with its moments.

What is left still lags 1 / (1 - μ) steps behind the weights, and at the first learning rate these change faster:
after 540 steps of TimeConvNet (mini-Xception) on synthetic faces the moving statistics gave 0.20 on its test windows,
those of four training batches with the present weights 0.48. `measured` takes these ("precise" batch
normalisation; Wu and Johnson 2021, Rethinking "Batch" in BatchNorm, section 3). In a training of the papers'
length μⁿ is zero and the weights hardly move at the end, so that all three agree.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial

import numpy as np


class MovingStatistics:
    """The batch normalisations of a model that has not been trained yet, without frozen ones, which have been."""

    def __init__(self, model):
        self.model = model
        self.variables = [
            (variable, layer.momentum, _value(variable))
            for layer in batch_normalisations(model)
            for variable in (layer.moving_mean, layer.moving_variance)
        ]

    @contextmanager
    def settled(self, steps: int) -> Iterator[None]:
        """In the block, the model predicts with what it has seen in `steps` steps alone; afterwards it is as before."""
        with self._restored() as moving:
            for (variable, momentum, initial), value in zip(self.variables, moving, strict=True):
                share = momentum**steps
                variable.assign((value - share * initial) / (1 - share))
            yield

    @contextmanager
    def measured(self, batches: Iterable[np.ndarray]) -> Iterator[None]:
        """In the block, the model predicts with the mean statistics of these batches; afterwards it is as before.

        Args:
            batches: images as the network is trained on them, augmented; at least one.
        """
        with self._restored():
            with _forgetful(self.model):
                seen = [self._seen_in(images) for images in batches]
            for (variable, *_), values in zip(self.variables, zip(*seen, strict=True), strict=True):
                variable.assign(np.mean(values, axis=0))
            yield

    def _seen_in(self, images: np.ndarray) -> list[np.ndarray]:
        """Mean and variance of one batch, for each batch normalisation, while these forget what was before."""
        self._train_forward(images)
        return [_value(variable) for variable, *_ in self.variables]

    @cached_property
    def _train_forward(self) -> Callable:
        """The model as it computes in training; as a graph, for layer by layer it takes longer than a whole step."""
        import keras

        forward = partial(self.model, training=True)
        if keras.config.backend() != "tensorflow":
            return forward
        from common.training.tf import runtime

        return runtime.traced(forward)

    @contextmanager
    def _restored(self) -> Iterator[list[np.ndarray]]:
        """Give the present statistics, and set them back at the end, with the random states that dropout moved."""
        before = [(variable, _value(variable)) for variable in self.model.non_trainable_variables]
        moving = [_value(variable) for variable, *_ in self.variables]
        try:
            yield moving
        finally:
            for variable, value in before:
                variable.assign(value)


@contextmanager
def _forgetful(model) -> Iterator[None]:
    """In the block, the statistics of a model's batch normalisations are those of the last batch alone."""
    layers = list(batch_normalisations(model))
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = 0.0
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


def _value(variable) -> np.ndarray:
    import keras

    return keras.ops.convert_to_numpy(variable).copy()


def batch_normalisations(model) -> Iterator:
    """The batch normalisations of a Keras model and of those in it, without frozen ones, which do not train."""
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            if layer.trainable:
                yield layer
        elif isinstance(layer, keras.Model):
            yield from batch_normalisations(layer)
