"""Which papers can be run, and what each gives, checked against `reproductions.contract`."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, get_origin, get_type_hints

import datasets
from common.paper import load
from common.results.config import PROTOCOLS
from common.support.errors import UserError, unknown
from reproductions.contract import (
    GUIDE,
    PARTS,
    Blueprints,
    Experiments,
    Figures,
    Inference,
    Measured,
    Models,
    Search,
    Tables,
)

# Not every paper has a control, or a network.
MAY_BE_EMPTY = ("CONTROLS", "NETWORKS_OF", "TIMED")


def runnable() -> list[str]:
    """The papers that have experiments."""
    return [name for name in load.names() if Reproduction(name).has("experiments")]


def having(part: str) -> list[str]:
    """The papers that can be run and have this part."""
    return [name for name in runnable() if Reproduction(name).has(part)]


def reproduction(name: str) -> "Reproduction":
    """What a paper gives.

    Raises:
        UserError: if there is no such paper, or it cannot be run yet.
    """
    if name not in load.names():
        raise unknown("paper", name, load.names())
    if name not in runnable():
        raise UserError(
            f"{name} has its printed numbers in paper.yaml, but no experiments yet.",
            f"Papers that can be run: {', '.join(runnable())}.",
        )
    return Reproduction(name)


@dataclass(frozen=True)
class Reproduction:
    """The parts of one paper, each checked when it is asked for. They raise UserError for what is missing."""

    name: str

    @property
    def experiments(self) -> Experiments:
        return self._part("experiments")

    @property
    def measured(self) -> Measured:
        return self._part("measured")

    @property
    def tables(self) -> Tables:
        return self._part("tables")

    @property
    def models(self) -> Models:
        return self._part("models")

    @property
    def blueprints(self) -> Blueprints:
        return self._part("blueprints")

    @property
    def inference(self) -> Inference:
        return self._part("inference")

    @property
    def figures(self) -> Figures:
        return self._part("figures")

    @property
    def search(self) -> Search:
        return self._part("search")

    def has(self, part: str) -> bool:
        """Whether the paper has a module for this part; nothing is imported."""
        assert part in PARTS, part
        return find_spec(f"reproductions.{self.name}.{part}") is not None

    def check(self) -> None:
        """Look at the parts that every paper has, and for those that the others need. No network is built.

        Raises:
            UserError: in one sentence, what the paper lacks first, and where to add it.
        """
        for name, part in PARTS.items():
            if part.required and not self.has(name):
                raise self._without(name)
            if part.needs and self.has(name) and not self.has(part.needs):
                raise self._without(part.needs, f", which {name}.py needs")
        for name in (name for name, part in PARTS.items() if part.required):
            self._part(name)
        self._check_names("CORPORA", "data set", datasets.names())
        self._check_names("PROTOCOLS", "protocol", PROTOCOLS["all"])

    def _check_names(self, given: str, kind: str, known: Sequence[str]) -> None:
        place = f"{given} in reproductions/{self.name}/experiments.py"
        for name in getattr(self.experiments, given):
            if name not in known:
                raise UserError(
                    f"{place} names the {kind} {name!r}, which there is not.", f"Known: {', '.join(known)}."
                )

    def _part(self, part: str) -> Any:
        if not self.has(part):
            raise self._without(part)
        return _checked(self.name, part)

    def _without(self, part: str, why: str = "") -> UserError:
        what = inspect.getdoc(PARTS[part].gives).splitlines()[0].rstrip(".")
        what = what[0].lower() + what[1:]
        return UserError(f"reproductions/{self.name} has no {part}.py ({what}){why}.", _remedy(part))


@cache
def _checked(name: str, part: str) -> Any:
    """The module of a part with all that the contract asks of it.

    Raises:
        UserError: what it lacks, or has in another form.
    """
    wanted, place = PARTS[part].gives, f"reproductions/{name}/{part}.py"
    try:
        module = import_module(f"reproductions.{name}.{part}")
    except ImportError as error:
        if not (error.name or "").startswith(f"reproductions.{name}."):
            raise
        raise UserError(f"{place} cannot be imported: {error}.", _remedy(part)) from error
    for given, kind in get_type_hints(wanted, include_extras=True).items():
        _check_value(place, part, module, given, kind)
    for given, function in inspect.getmembers(wanted, inspect.isfunction):
        if not given.startswith("_"):
            _check_function(place, part, module, given, function)
    return module


def _check_value(place: str, part: str, module: Any, given: str, kind: Any) -> None:
    (what,), kind = kind.__metadata__, kind.__origin__
    value = getattr(module, given, None)
    if value is None:
        raise UserError(f"{place} lacks {given}, {what}.", _remedy(part))
    if not isinstance(value, get_origin(kind)) or isinstance(value, str) or not (value or given in MAY_BE_EMPTY):
        raise UserError(f"{given} in {place} is no {get_origin(kind).__name__} of {what}.", _remedy(part))
    *_, element = kind.__args__
    for one in value.values() if isinstance(value, Mapping) else value:
        if get_origin(element):
            if isinstance(one, str) or not all(isinstance(word, str) for word in one):
                raise UserError(f"{given} in {place} is to give {what}, and {one!r} is no list.", _remedy(part))
            continue
        if element is str and not isinstance(one, str):
            raise UserError(f"{given} in {place} is to give {what}, and {one!r} is no text.", _remedy(part))
        for attribute in get_type_hints(element) if element is not str else ():
            if not hasattr(one, attribute):
                raise UserError(f"A network of {given} in {place} lacks the attribute {attribute}.", _remedy(part))


def _check_function(place: str, part: str, module: Any, given: str, function: Callable) -> None:
    _, *parameters = inspect.signature(function).parameters
    what, theirs = f"{given}({', '.join(parameters)})", getattr(module, given, None)
    if not callable(theirs):
        raise UserError(f"{place} lacks {what}.", _remedy(part))
    try:
        inspect.signature(theirs).bind(*parameters)
    except TypeError:
        raise UserError(f"{given} in {place} cannot be called as {what}.", _remedy(part)) from None


def _remedy(part: str) -> str:
    return f"{GUIDE}, section {PARTS[part].section}, says what belongs there."
