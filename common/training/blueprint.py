"""Networks as blueprints: every layer and every shape, and no weight, so that the largest takes a tenth of a second."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any


@dataclass(frozen=True)
class Blueprint:
    """A network that is going to be built: `build(classes=classes, **settings)`, under a name for people."""

    name: str
    build: Callable
    classes: int
    settings: Mapping[str, Any] = field(default_factory=dict)


def parameters(blueprint: Blueprint) -> int:
    """Lay the network out without weights, and count what it would have.

    Keras makes the variables of a stateless scope when somebody initialises them, and nobody does here. Networks of
    this process from before keep working, but must not be built upon: Keras' session is cleared.

    Raises:
        Exception: what the builder raises where its layers do not fit together.
    """
    import keras

    try:
        with keras.StatelessScope(initialize_variables=False):
            model = blueprint.build(classes=blueprint.classes, **blueprint.settings)
            return sum(prod(weight.shape) for weight in model.weights)
    finally:
        # Or a later scope would initialise the variables of this one.
        keras.utils.clear_session(free_memory=False)
