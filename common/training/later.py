"""Builders of networks that bring Keras in when they are called: who only lists networks does not wait for it."""

import inspect
from collections.abc import Callable
from functools import partial
from importlib import import_module


def later(module: str, name: str, /, **settings) -> Callable:
    """A function of a module that is imported at the first call, with these keyword arguments given.

    Args:
        module: full name, such as "reproductions.timeconvnet.networks".
    """
    return partial(_call, module, name, **settings)


def parameters(build: partial) -> list[str]:
    """The names of the arguments of a function that `later` named."""
    return list(inspect.signature(getattr(import_module(build.args[0]), build.args[1])).parameters)


def _call(module: str, name: str, /, *arguments, **settings):
    return getattr(import_module(module), name)(*arguments, **settings)
