"""Which papers can be run, and what each gives, checked against `reproductions.contract`."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_origin, get_type_hints

import datasets
from common.paper import load
from common.results.config import PROTOCOLS
from common.support.errors import UserError, unknown
from reproductions import standard_results, standard_runs
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
from reproductions.standard import Experiment

# What gives a part to a paper that lists standard experiments.
STANDARD = {
    "experiments": standard_runs.experiments,
    "models": standard_runs.models,
    "blueprints": standard_runs.blueprints,
    "measured": standard_results.measured,
    "tables": standard_results.tables,
}
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
        """Whether the paper gives this part: by a module of its own, or by what it lists as STANDARD.

        Raises:
            UserError: if that list cannot be imported, or is no list of experiments.
        """
        assert part in PARTS, part
        return _has_module(self.name, part) or (part in STANDARD and bool(_standard(self.name)))

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


def _has_module(name: str, part: str) -> bool:
    return find_spec(f"reproductions.{name}.{part}") is not None


def _imported(name: str, part: str) -> Any:
    """The module of a part.

    Raises:
        UserError: if it, or another module of the paper that it needs, cannot be imported.
    """
    try:
        return import_module(f"reproductions.{name}.{part}")
    except ImportError as error:
        if not (error.name or "").startswith(f"reproductions.{name}."):
            raise
        raise UserError(f"reproductions/{name}/{part}.py cannot be imported: {error}.", _remedy(part)) from error


@cache
def _standard(name: str) -> Mapping[str, Experiment]:
    """What a paper lists as STANDARD in its experiments.py; nothing where it has no such list.

    Only a file that has one is imported.

    Raises:
        UserError: if experiments.py cannot be imported, or the list is none.
    """
    spec = find_spec(f"reproductions.{name}.experiments")
    if spec is None or not re.search(r"^STANDARD\b", Path(spec.origin).read_text(encoding="utf-8"), re.MULTILINE):
        return {}
    given = _imported(name, "experiments").STANDARD
    if not isinstance(given, Mapping) or not all(isinstance(one, Experiment) for one in given.values()):
        place = f"STANDARD in reproductions/{name}/experiments.py"
        raise UserError(f"{place} is no Mapping of an Experiment by its key.", _remedy("experiments"))
    return given


@cache
def _checked(name: str, part: str) -> Any:
    """A part with all that the contract asks of it; what its module lacks is taken from STANDARD.

    Raises:
        UserError: what it lacks, or has in another form.
    """
    wanted, place = PARTS[part].gives, f"reproductions/{name}/{part}.py"
    module = _imported(name, part) if _has_module(name, part) else None
    if part in STANDARD and (given := _standard(name)):
        own = {} if module is None else vars(module)
        module = SimpleNamespace(**vars(STANDARD[part](given)) | own)
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
