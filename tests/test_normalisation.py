"""The fused batch normalisation: the numbers of Keras' own, in training alone, and nothing of it in a saved file."""

from functools import partial

import numpy as np
import pytest

pytest.importorskip("tensorflow")

SHAPES = {"images": (6, 5, 4, 3), "volumes": (4, 5, 4, 3, 7)}


def pair(shape, dtype="float32", **settings):
    """The same layer twice, with random scale and shift: Keras' own, and fused."""
    import keras

    from common.training.tf.normalisation import fuse

    layers = [keras.layers.BatchNormalization(dtype=dtype, **settings) for _ in range(2)]
    rng = np.random.default_rng(1)
    weights = None
    for layer in layers:
        layer.build((None, *shape[1:]))
        weights = weights or [rng.uniform(0.5, 2, weight.shape) for weight in layer.get_weights()]
        layer.set_weights(weights)
    fuse(layers[1:])
    return layers


def is_fused(layer) -> bool:
    return isinstance(layer.call, partial)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_outputs_gradients_and_statistics_are_those_of_keras(shape):
    import keras
    import tensorflow as tf

    x = tf.constant(np.random.default_rng(0).normal(3, 2, shape).astype("float32"))
    direction = tf.constant(np.random.default_rng(2).normal(size=shape).astype("float32"))
    found = []
    for layer in pair(shape, momentum=0.7, epsilon=1e-2):
        for _ in range(2):  # the statistics of the second batch are added to those of the first
            with tf.GradientTape() as tape:
                tape.watch(x)
                outputs = layer(x, training=True)
                loss = tf.reduce_sum(outputs * direction)
            gradients = tape.gradient(loss, [x, *(weight.value for weight in layer.trainable_weights)])
        found.append([*map(keras.ops.convert_to_numpy, (outputs, *gradients)), *layer.get_weights()])
    for keras_own, fused in zip(*found, strict=True):
        np.testing.assert_allclose(fused, keras_own, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(64, 4, 4, 3), (64, 3, 4, 4, 5)], ids=SHAPES)
def test_sixteen_bits_go_in_and_out_but_are_not_computed_with(shape):
    import tensorflow as tf

    x = tf.constant(np.random.default_rng(0).normal(100, 1, shape), tf.bfloat16)
    own, fused = (layer(x, training=True) for layer in pair(x.shape, dtype="mixed_bfloat16"))
    assert own.dtype == fused.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(fused, tf.float32), tf.cast(own, tf.float32), rtol=1e-2, atol=1e-2)


def test_predictions_and_frozen_layers_are_keras_own():
    x = np.random.default_rng(0).normal(size=SHAPES["images"]).astype("float32")
    own, fused = pair(x.shape)
    assert is_fused(fused)
    np.testing.assert_array_equal(fused(x, training=False), own(x, training=False))
    fused.trainable = False
    before = fused.get_weights()
    np.testing.assert_array_equal(fused(x, training=True), own(x, training=False))
    for was, weight in zip(before, fused.get_weights(), strict=True):
        np.testing.assert_array_equal(was, weight)


@pytest.mark.parametrize("settings", [{"axis": 1}, {"scale": False}, {"center": False}, {"renorm": True}], ids=str)
def test_what_the_operation_cannot_do_is_left_to_keras(settings):
    _, layer = pair(SHAPES["images"], **settings)
    assert not is_fused(layer)


def test_vectors_are_left_to_keras():
    _, layer = pair((6, 5))
    assert not is_fused(layer)
