"""Compiled networks, which one training hands on to the next.

A big network takes longer to compile than to train for a few steps, and both protocols, all folds and all seeds
train the same one. So a process keeps the last network that it compiled and only gives it new initial values.
"""

import json
from typing import Any

from common.recipe import Recipe

_last: list[tuple[tuple, Any]] = []


def compiled(network, classes: int, settings: dict, recipe: Recipe):
    """A Keras model with the weights and random states of a fresh build, and Adam without a past or a rate.

    Args:
        network: key, builder and layout (`common.training.Trainable`).
        settings: keyword arguments of the builder.
    """
    import keras

    fresh = network.build(classes=classes, **settings)
    policy = keras.config.dtype_policy().name
    key = (network, classes, json.dumps(settings, sort_keys=True), recipe.xla, policy, len(fresh.variables))
    if _last and _last[0][0] == key:
        model = _last[0][1]
        for variable, value in zip(model.variables, fresh.variables, strict=True):
            variable.assign(value)
        for variable in model.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        return model
    fresh.compile(
        optimizer=keras.optimizers.Adam(learning_rate=recipe.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
        # JAX is always compiled; for PyTorch Keras decides.
        jit_compile=recipe.xla if keras.config.backend() == "tensorflow" else "auto",
    )
    fresh.optimizer.build(fresh.trainable_variables)
    _last[:] = [(key, fresh)]
    return fresh
