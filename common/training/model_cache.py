"""Compiled networks, which one training hands on to the next, and the weights that they begin with.

A big network takes longer to compile than to train for a few steps, and both protocols, all folds and all seeds
train the same one. So a process keeps the last network that it compiled and only gives it new initial values.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from common.runs.record import WEIGHTS
from common.runs.store import Run
from common.support.errors import UserError
from common.training import devices, model_file
from common.training.batch_norm import batch_normalisations
from common.training.recipe import Recipe

# Key, model, and the values other than zero that its optimiser's variables began with, by position.
_last: list[tuple[tuple, Any, dict[int, Any]]] = []


def compiled(network, classes: int, settings: dict, recipe: Recipe):
    """A Keras model with the weights and random states of a fresh build, and an optimiser without a past or a rate.

    Args:
        network: key, builder and layout (`common.training.spec.Trainable`).
        settings: keyword arguments of the builder.
    """
    import keras

    fresh = network.build(classes=classes, **settings)
    policy = keras.config.dtype_policy().name
    steps = recipe.optimizer, recipe.momentum, recipe.accumulation, recipe.xla
    shapes = tuple(tuple(variable.shape) for variable in fresh.variables)
    key = (_builder(network.build), classes, json.dumps(settings, sort_keys=True), steps, policy, shapes)
    if _last and _last[0][0] == key:
        _, model, began = _last[0]
        for variable, value in zip(model.variables, fresh.variables, strict=True):
            variable.assign(value)
        for number, variable in enumerate(model.optimizer.variables):
            variable.assign(began.get(number, keras.ops.zeros(variable.shape, variable.dtype)))
        return model
    if keras.config.backend() == "tensorflow" and not recipe.xla and not devices.gpus("tensorflow"):
        from common.training.tf.normalisation import fuse

        fuse(batch_normalisations(fresh))
    fresh.compile(
        optimizer=_optimizer(recipe),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
        # JAX is always compiled; for PyTorch Keras decides.
        jit_compile=recipe.xla if keras.config.backend() == "tensorflow" else "auto",
    )
    # What is made here need not be made while TensorFlow traces the first step, which it would then trace twice.
    fresh.optimizer.build(fresh.trainable_variables)
    nothing = keras.ops.zeros((1, classes))
    fresh.compute_metrics(None, nothing, nothing)
    fresh.reset_metrics()
    values = [keras.ops.convert_to_numpy(variable) for variable in fresh.optimizer.variables]
    _last[:] = [(key, fresh, {number: value.copy() for number, value in enumerate(values) if value.any()})]
    return fresh


def _builder(build: Callable):
    """What two builders of the same network have in common, after a journey between processes too."""
    return (build.func, build.args, build.keywords) if isinstance(build, partial) else build


def _optimizer(recipe: Recipe):
    import keras

    shared = {"gradient_accumulation_steps": recipe.accumulation if recipe.accumulation > 1 else None}
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(recipe.learning_rate, momentum=recipe.momentum, **shared)
    if recipe.optimizer == "lookahead_adam":
        from common.training.lookahead import LookaheadAdam

        return LookaheadAdam(recipe.learning_rate, **shared)
    return keras.optimizers.Adam(recipe.learning_rate, **shared)


def take_over(model, run: Run, classes: Sequence[str], take: Callable | None = None) -> None:
    """Give a model the weights that a finished run ended with; its last layer only where the classes are the same.

    Args:
        take: `take(model, trained)` does it instead, for a model that has parts of another network.

    Raises:
        UserError: if the run's network has other layers, or its file cannot be read.
    """
    source = model_file.of(run)
    if take is not None:
        take(model, source)
        return
    ours, theirs = ([layer for layer in one.layers if layer.weights] for one in (model, source))
    if run.record["classes"] != [str(name) for name in classes]:
        ours, theirs = ours[:-1], theirs[:-1]
    if [_shapes(layer) for layer in ours] != [_shapes(layer) for layer in theirs]:
        raise UserError(
            f"{run.folder / WEIGHTS} has other layers than the network that is to begin with its weights.",
            "Begin with a run of the same network with the same settings.",
        )
    for layer, one in zip(ours, theirs, strict=True):
        layer.set_weights(one.get_weights())


def _shapes(layer) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in layer.weights]
