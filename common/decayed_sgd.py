"""Stochastic gradient descent with weight decay as Caffe and MatConvNet have it."""

import keras


@keras.saving.register_keras_serializable(package="common")
class DecayedSGD(keras.optimizers.SGD):
    """The decay is a part of the gradient, so momentum carries it on; biases and other vectors do not decay.

    Keras' own `weight_decay` shrinks weights apart from the gradient: with a momentum of 0.9 that is a tenth of this.

    Args:
        decay: g + decay·w takes the place of the gradient g of a weight w with two dimensions or more.
    """

    def __init__(self, learning_rate: float = 1e-3, *, decay: float = 0.0, **sgd):
        super().__init__(learning_rate, **{"name": "decayed_sgd"} | sgd)
        self.decay = decay

    def update_step(self, gradient, variable, learning_rate) -> None:
        if len(variable.shape) > 1:
            gradient = gradient + self.decay * keras.ops.cast(variable, gradient.dtype)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self) -> dict:
        return super().get_config() | {"decay": self.decay}
