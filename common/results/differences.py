"""In what the runs behind a figure differ from what the paper states of them.

A figure may be held against a printed number only if nothing differs. So that no difference can be forgotten, all of
them are found here, from the records of the runs: protocol, profile, network, its settings, every field of the recipe,
the classes, the number of folds and of tested samples, and the choices that depart from the paper. A paper says what
it states (`Stated`), in its own profile and with the user's choices where it leaves something open.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.paper.load import Claim, Paper
from common.results.config import Request
from common.runs.store import Run
from common.training.recipe import LATER, Recipe

# How numbers are computed is no part of what a paper states; a remark tells of it.
NUMERICS = {"mixed_precision": "computed in 16 bits", "xla": "compiled with XLA"}
# The weights a training begins with stand in its identity under this name; papers judge them themselves.
_NOT_COMPARED = {*NUMERICS, "initial"}
# Ends the name of a network that has fewer filters or units than the paper's.
NARROW = "_narrow"


def network_name(key: str, narrow: Mapping[str, Any] | None) -> str:
    """The name that the runs of a network get; a narrow one is named as such.

    >>> network_name("c3d", {"width": 8}), network_name("c3d", None)
    ('c3d_narrow', 'c3d')
    """
    return f"{key}{NARROW}" if narrow else key


@dataclass(frozen=True)
class Stated:
    """What a paper states of a run behind one of its numbers.

    Attributes:
        network: the key of the network.
        settings: keyword arguments of its builder.
        recipe: how it is trained; for a classifier without epochs what its identity holds in place of a recipe.
        classes: names of the classes in the order of the outputs.
        folds: how many folds, or random splits, the number is of.
        protocols: what every protocol but `published` does otherwise; "" of one that is a reading of the paper too.
        instead: what is to be said of runs on data that stand for those of the paper, by the name of the data set.
    """

    network: str
    settings: Mapping[str, Any]
    recipe: Recipe | Mapping[str, Any]
    classes: Sequence[str]
    folds: int = 1
    protocols: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)


# What a paper states of this run for this claim; None where the run is not what the claim is about.
Statement = Callable[[Request, Claim, Run], Stated | None]


def statement(paper: Paper, stated: Statement, claim: Claim, run: Run) -> Stated | None:
    """What the paper states of this run for this claim, in its own profile and with the run's own decisions."""
    return stated(Request(paper, profile="paper", settings=decisions(paper, run)), claim, run)


def decisions(paper: Paper, run: Run) -> dict[str, Any]:
    """The paper's open decisions as the run made them; the defaults where its record does not say."""
    recorded = run.record.get("decisions") or {}
    return {name: recorded.get(name, default) for name, default in paper.settings.items()}


def differences(paper: Paper, claim: Claim, members: Sequence[Run], stated: Statement) -> list[str]:
    """In what these runs, measured together, differ from what the paper states of them; empty if in nothing.

    Raises:
        ValueError: if a run is not what the claim is about.
    """
    differing: list[str] = []
    kinds = {_kind(run): run for run in members}
    for run in kinds.values():
        what = statement(paper, stated, claim, run)
        if what is None:
            raise ValueError(f"{run.identity} is not what {claim.id} is about")
        differing += _of_run(paper, run, what)
    folds = len({run.identity.fold for run in members})
    if claim.fold is None and folds < what.folds:
        differing.append(f"{folds} of {what.folds} folds")
    tested = _tested(members)
    if claim.tested and tested != claim.tested:
        differing.append(f"{tested:,} of {claim.tested:,} samples tested")
    return list(dict.fromkeys(differing))


def remarks(paper: Paper, members: Iterable[Run]) -> list[str]:
    """What does not forbid a comparison and has to be said: choices among what the paper leaves open, and numerics."""
    sentences = []
    for run in {_kind(run): run for run in members}.values():
        chosen, defaults = decisions(paper, run), paper.settings
        sentences += [f"{name}={chosen[name]}" for name in chosen if chosen[name] != defaults[name]]
        sentences += [sentence for name, sentence in NUMERICS.items() if run.identity.recipe.get(name)]
    return list(dict.fromkeys(sentences))


def _kind(run: Run) -> str:
    """The same for runs that differ in seed and fold alone."""
    identity = run.identity
    compared = (identity.experiment, identity.protocol, identity.profile, identity.network, identity.settings)
    recipe = {name: value for name, value in identity.recipe.items() if name != "initial"}
    return json.dumps([compared, recipe, run.record.get("decisions"), run.record.get("classes")], sort_keys=True)


def _of_run(paper: Paper, run: Run, stated: Stated) -> list[str]:
    identity = run.identity
    differing = [sentence for name, sentence in stated.instead.items() if name in run.record.get("corpora", ())]
    if identity.protocol != "published":
        otherwise = stated.protocols.get(identity.protocol, f"protocol {identity.protocol}")
        differing += [otherwise] if otherwise else []
    if identity.network == stated.network + NARROW:
        differing.append("a narrow network instead of the paper's")
    elif identity.network != stated.network:
        differing.append(f"{identity.network} instead of {stated.network}")
    else:
        differing += _unlike(identity.settings, _plain(stated.settings))
    recipe = stated.recipe.identity() if isinstance(stated.recipe, Recipe) else stated.recipe
    differing += _unlike(identity.recipe, _plain(recipe))
    differing += _other_classes(run.record.get("classes", []), [str(name) for name in stated.classes])
    chosen = decisions(paper, run)
    differing += [departure for decision in paper.decisions if (departure := decision.departure(chosen[decision.name]))]
    if identity.profile != "paper" and not differing:
        differing.append(f"the sizes of the {identity.profile} profile")
    return differing


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """As it comes back from JSON."""
    return json.loads(json.dumps(dict(value)))


def _unlike(ours: Mapping[str, Any], stated: Mapping[str, Any]) -> list[str]:
    names = [name for name in dict.fromkeys([*stated, *ours]) if name not in _NOT_COMPARED]
    pairs = [(name, ours.get(name, LATER.get(name)), stated.get(name, LATER.get(name))) for name in names]
    return [_sentence(name, mine, other) for name, mine, other in pairs if mine != other]


def _sentence(name: str, ours: Any, stated: Any) -> str:
    if name == "epochs":
        return f"{ours} epochs instead of {stated}"
    if name == "steps_per_epoch":
        return f"{ours or 'all'} steps an epoch instead of {stated or 'all'}"
    plain = name.replace("_", " ")
    if isinstance(ours, dict) or isinstance(stated, dict):
        return f"another {plain}"
    return f"{plain} {ours} instead of {stated}"


def _other_classes(ours: Sequence[str], stated: Sequence[str]) -> list[str]:
    more, fewer = [name for name in ours if name not in stated], [name for name in stated if name not in ours]
    if more and fewer:
        return [f"{', '.join(more)} instead of {', '.join(fewer)}"]
    if more or fewer:
        return [f"with {', '.join(more)}" if more else f"without {', '.join(fewer)}"]
    return []


def _tested(members: Sequence[Run]) -> int:
    """Tested samples of all folds of one seed."""
    one_seed = [run for run in members if run.identity.seed == members[0].identity.seed]
    return sum(run.record["samples"]["test"] for run in one_seed)
