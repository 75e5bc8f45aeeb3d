"""Lookahead against its algorithm written down in NumPy."""

import numpy as np
import pytest
from little_samples import CLASSES, LittleNetwork

from common.training import devices, model_cache
from common.training.recipe import Recipe

devices.choose_backend()
import keras  # noqa: E402 - the backend is chosen first

from common.training.lookahead import LookaheadAdam  # noqa: E402 - it imports Keras too

TARGET = np.array([1.0, -2.0, 0.5], np.float32)


def by_hand(start, gradients, rate=0.1, k=5, alpha=0.5):
    """Weights after each update; `gradients` are functions of the weights."""
    fast, slow = start.astype(float), start.astype(float)
    first, second = np.zeros_like(fast), np.zeros_like(fast)
    for step, gradient in enumerate(gradients, start=1):
        g = gradient(fast)
        first = 0.9 * first + 0.1 * g
        second = 0.999 * second + 0.001 * g**2
        fast = fast - rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
        if step % k == 0:
            slow = slow + alpha * (fast - slow)
            fast = slow
        yield fast


def away(weights):
    return 2 * (weights - TARGET)


@pytest.mark.parametrize(("k", "alpha"), [(5, 0.5), (2, 0.8), (1, 0.5)])
def test_fast_weights_come_back_to_slow_ones_every_k_steps(k, alpha):
    start = np.array([3.0, 3.0, 3.0], np.float32)
    weights = keras.Variable(start)
    optimizer = LookaheadAdam(0.1, k=k, alpha=alpha)
    optimizer.build([weights])
    for expected in by_hand(start, [away] * 13, k=k, alpha=alpha):
        gradient = keras.ops.convert_to_tensor(away(np.array(weights.numpy())).astype(np.float32))
        optimizer.apply([gradient], [weights])
        # Keras adds its ε after another correction than the algorithm does.
        np.testing.assert_allclose(weights.numpy(), expected, atol=1e-4)


def test_with_alpha_1_it_is_adam():
    found = []
    for optimizer in (LookaheadAdam(0.1, alpha=1.0), keras.optimizers.Adam(0.1)):
        weights = keras.Variable(np.ones(3, np.float32))
        for _ in range(7):
            optimizer.apply([keras.ops.convert_to_tensor(away(np.array(weights.numpy())))], [weights])
        found.append(np.array(weights.numpy()))
    np.testing.assert_allclose(*found, rtol=1e-6)


def test_settings_survive_serialisation():
    kept = keras.optimizers.serialize(LookaheadAdam(0.25, k=3, alpha=0.7))
    again = keras.optimizers.deserialize(kept)
    assert isinstance(again, LookaheadAdam)
    assert (again.k, again.alpha, float(again.learning_rate.numpy())) == (3, 0.7, 0.25)


def linear(optimizer):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer=optimizer, loss="mse")
    optimizer.build(model.trainable_variables)
    # Set after `build`, as a network is that is handed on or begins with another's weights.
    model.set_weights([np.full((3, 1), 3, np.float32)])
    return model


@pytest.mark.parametrize("accumulation", [1, 3])
def test_in_a_compiled_step_every_update_counts_and_no_batch(accumulation):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12 * accumulation, 8, 3)).astype(np.float32)
    y = x @ TARGET[:, None]
    optimizer = LookaheadAdam(0.1, gradient_accumulation_steps=accumulation if accumulation > 1 else None)
    model = linear(optimizer)
    model.fit(x.reshape(-1, 3), y.reshape(-1, 1), batch_size=8, shuffle=False, epochs=1, verbose=0)

    def gradient(batches):
        return lambda weights: np.mean(
            [2 * one.T @ (one @ weights - one @ TARGET) / len(one) for one in batches], axis=0
        )

    steps = [gradient(x[n : n + accumulation]) for n in range(0, len(x), accumulation)]
    *_, expected = by_hand(np.full(3, 3.0), steps)
    np.testing.assert_allclose(model.get_weights()[0][:, 0], expected, atol=2e-3)
    *_, without = by_hand(np.full(3, 3.0), steps, alpha=1.0)
    assert np.abs(expected - without).max() > 0.05


def test_a_network_that_is_handed_on_has_no_slow_weights_of_the_one_before():
    recipe = Recipe(1, 8, 1e-2, optimizer="lookahead_adam")
    rng = np.random.default_rng(0)
    x, y = rng.random((8, 12, 12, 5), np.float32), np.eye(3, dtype=np.float32)[np.arange(8) % 3]
    network, found = LittleNetwork("lookahead"), []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        model = model_cache.compiled(network, len(CLASSES), {}, recipe)
        for _ in range(7):
            model.train_on_batch(x, y)
        found.append((model, model.get_weights()))
    assert found[0][0] is found[1][0]
    for first, second in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_array_equal(first, second)
