"""Which papers can be run: each package with `experiments` and `tables` modules is one."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from common.paper import load
from common.support.errors import UserError


def runnable() -> list[str]:
    """The papers that have experiments."""
    return [name for name in load.names() if find_spec(f"reproductions.{name}.experiments")]


def module(name: str, part: str) -> ModuleType:
    """The module `part` ("experiments" or "tables") of a paper.

    Raises:
        UserError: if there is no such paper, or it cannot be run yet.
    """
    load.load(name)  # names the nearest paper if there is none of this name
    if name not in runnable():
        raise UserError(
            f"{name} has its printed numbers in paper.yaml, but no experiments yet.",
            f"Papers that can be run: {', '.join(runnable())}.",
        )
    return import_module(f"reproductions.{name}.{part}")
