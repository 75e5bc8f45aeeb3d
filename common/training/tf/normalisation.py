"""Batch normalisation by TensorFlow's own operation, where Keras 3 computes it by a dozen element-wise ones.

`bench normalisation` measures what it saves. Only steps of training change, and those by rounding alone: predictions,
weights and saved files are Keras' own.
"""

from collections.abc import Iterable
from functools import partial

import tensorflow as tf

FORMATS = {4: "NHWC", 5: "NDHWC"}


def fuse(layers: Iterable) -> None:
    """Let these Keras batch normalisations train with the fused operation, as far as it can do what they do.

    Args:
        layers: built, of a model that is not compiled yet.
    """
    for layer in layers:
        ndim = layer.input_spec.ndim
        usual = layer.scale and layer.center and not layer.renorm and not layer.synchronized
        if usual and ndim in FORMATS and layer.axis in (-1, ndim - 1):
            # For this layer alone, so that nothing that others build is touched.
            layer.call = partial(_call, layer)


def _call(layer, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None) -> tf.Tensor:
    """What `keras.layers.BatchNormalization.call` gives for (n, ..., channels) of 4 or 5 axes."""
    if not (training and layer.trainable) or mask is not None:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    # Inputs may have 16 bits; the operation computes in single precision all the same, as Keras does by casting them.
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=layer.gamma,
        offset=layer.beta,
        mean=[],
        variance=[],
        epsilon=layer.epsilon,
        data_format=FORMATS[len(inputs.shape)],
    )
    # The operation estimates the variance of what the batch was drawn from; Keras remembers that of the batch.
    count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
    for moving, seen in ((layer.moving_mean, mean), (layer.moving_variance, variance * (count - 1) / count)):
        moving.assign(moving * layer.momentum + seen * (1 - layer.momentum))
    return outputs
