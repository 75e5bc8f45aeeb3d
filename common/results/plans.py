"""What `reproduce` ran of a paper: the file from which tables and images are made.

There is one file a paper, profile and kind of data. It holds one plan for all experiments that were asked for with the
same answers: protocols, seeds, settings, and whatever else is no list of runs or counts. A command that runs one
experiment therefore leaves the others where they are. Whoever asks for an experiment again plans it anew, and the last
command holds. Experiments that were asked for with other answers keep their own plan beside it (`others`): figures of
both are shown, each with what sets it apart, and none is made of both. So do experiments whose runs an interrupted
command has left unfinished, until they are finished: the tables of a command do not wait for those of another.

Two commands may run at once. The file then holds what the later one asked for, and each makes its tables from the plan
that it wrote itself (`own`).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from common.media.clips import Provenance
from common.paper.load import Paper
from common.protocols.leakage import SplitSummary
from common.results.config import Request
from common.results.plan_schema import Plan, Summary, split_name
from common.runs import store
from common.runs.identity import Identity
from common.runs.record import Stored, mistake
from common.support import files
from common.support.console import console
from common.support.errors import UserError

Kind = TypeVar("Kind", bound=Stored)
Finished = Callable[[Identity], bool]
# What the plans of two commands may hold different parts of. In any other entry they may not differ.
_RUNS = ("runs", "searched")
_BY_NAME = ("summary", "splits", "configurations", "pretrained", "branch")
_JOINED = {*_RUNS, *_BY_NAME, "experiments", "networks", "timed", "others"}
# What this process has kept, by file.
_own: dict[Path, Plan] = {}


def plan_path(paper: Paper, profile: str, data: str, results: Path) -> Path:
    """The file of a profile (`Request.plan_name`) and kind of data ("real" or "synthetic")."""
    return results / "runs" / paper.name / f"plan-{profile}-{data}.json"


def speed_path(paper: Paper, profile: str, results: Path) -> Path:
    return results / "runs" / paper.name / f"speed-{profile}.json"


def planned(
    request: Request,
    origin: Provenance,
    experiments: Iterable[str],
    *,
    runs: Iterable[Identity],
    splits: Mapping[tuple[str, str], SplitSummary],
    summary: Summary | Mapping[str, Summary],
    **more: Any,
) -> Plan:
    """The plan of what was asked for, and of what follows from it.

    Args:
        splits: their summaries (`common.protocols.leakage.summarise`), by group of trainings and protocol.
        more: the other attributes of a plan that a paper needs, as JSON can hold them.

    Raises:
        pydantic.ValidationError: if a part is not what a plan holds.
    """
    plan = {
        "paper": request.paper.name,
        "profile": request.profile,
        "data": origin.word,
        "details": origin.details,
        "protocols": request.protocols,
        "experiments": list(experiments),
        "seeds": request.seeds,
        "settings": request.changed_settings,
        "summary": summary,
        "runs": [asdict(identity) for identity in runs],
        "splits": {split_name(*group): split.to_json() for group, split in splits.items()},
        **more,
    }
    if request.epochs:
        plan["epochs"] = request.epochs
    if request.networks:
        plan["networks"] = dict.fromkeys(plan["experiments"], request.networks)
    return Plan.model_validate_json(json.dumps(plan, default=lambda part: part.model_dump(exclude_unset=True)))


def keep(request: Request, plan: Plan) -> None:
    """Write down what a command runs, beside what earlier ones planned of other experiments.

    Raises:
        UserError: if the disk is full or the folder not writable.
    """
    path = plan_path(request.paper, request.plan_name, plan.data, request.results)
    runs = request.results / "runs"
    with files.lock(runs / ".locks" / "plans"):
        try:
            earlier = parts(read(path, request.paper))
        except UserError as error:
            earlier = []
            if path.exists():
                path.replace(path.with_suffix(".json.unusable"))
                console.print(f"{error.problem} It is kept as {path.name}.unusable.", markup=False, soft_wrap=True)
        _own[path] = joined(plan, earlier, lambda run: store.finished(run, runs) is not None)
        write(path, _own[path])


def own(paper: Paper, name: str, data: str, results: Path) -> Plan | None:
    """What this process was the last to keep under a name, whatever others have written since; None for nothing."""
    return _own.get(plan_path(paper, name, data, results))


def joined(plan: Plan, earlier: Iterable[Plan], finished: Finished) -> Plan:
    """A new plan together with the earlier ones that are like it and finished; the others stay beside it.

    Args:
        earlier: plans without `others`, the latest first.
        finished: whether there is a run.
    """
    new, others = list(plan.experiments), []
    for old in earlier:
        left = [name for name in old.experiments if name not in new]
        if alike(plan, old) and not (left and unfinished(old, plan, finished)):
            plan = _join(plan, without_unfinished(old, plan, finished))
        elif left:
            others.append(old.model_copy(update={"experiments": left}))
    return plan.model_copy(update={"others": others}) if others else plan


def parts(plan: Plan) -> list[Plan]:
    """The plan of the last command, then those that stand beside it."""
    return [plan.model_copy(update={"others": []}) if plan.others else plan, *plan.others]


def parts_now(plan: Plan, finished: Finished) -> list[Plan]:
    """As `parts`, but what was unfinished when the last command began and is finished now is joined with it."""
    main, *others = parts(plan)
    apart = []
    for other in others:
        if alike(main, other) and not unfinished(other, main, finished):
            main = _join(main, other)
        else:
            apart.append(other)
    return [main, *apart]


def unfinished(old: Plan, new: Plan, finished: Finished) -> list[Identity]:
    """The runs of an earlier plan that are not there, those left out that a later one has replaced."""
    replaced = {_group(run) for run in new.runs}
    return [run for run in old.runs if _group(run) not in replaced and not finished(run)]


def without_replaced(old: Plan, new: Plan, finished: Finished) -> Plan:
    """An earlier plan without those runs that a later one replaced before they were finished."""
    replaced = {_group(run) for run in new.runs}
    kept = [run for run in old.runs if _group(run) not in replaced or finished(run)]
    return old.model_copy(update={"runs": kept})


def without_unfinished(old: Plan, new: Plan, finished: Finished) -> Plan:
    """An earlier plan without those networks of which runs are not there, so that nobody waits for them."""
    absent = {(run.experiment, run.network) for run in unfinished(old, new, finished)}
    if not absent:
        return old
    kept = [run for run in old.runs if (run.experiment, run.network) not in absent]
    networks = {name: list(dict.fromkeys(run.network for run in kept if run.experiment == name)) for name, _ in absent}
    return old.model_copy(update={"runs": kept, "networks": old.networks | networks})


def alike(first: Plan, second: Plan) -> bool:
    """Whether two plans have the same answers, and nothing that both count or name is counted or named differently."""
    named = [(dict(getattr(first, key)), dict(getattr(second, key))) for key in _BY_NAME]
    return not _unlike(first, second) and all(a[name] == b[name] for a, b in named for name in {*a} & {*b})


def unlike(other: Plan, plan: Plan) -> str:
    """In which answers a plan differs from another, in words: "seeds 0,1 instead of 0"; "" where they are alike."""
    if alike(other, plan):
        return ""
    pairs = _unlike(other, plan).items()
    differing = [f"{key.replace('_', ' ')} {_shown(theirs)} instead of {_shown(ours)}" for key, (theirs, ours) in pairs]
    return "; ".join(differing) or "other data, or another version of this program"


def _unlike(first: Plan, second: Plan) -> dict[str, tuple[Any, Any]]:
    """The answers in which two plans differ, those that only one paper's plans have among them."""
    both = dict(first), dict(second)
    keys = [key for key in both[0] | both[1] if key not in _JOINED]
    pairs = {key: (both[0].get(key), both[1].get(key)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _shown(value) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={entry}" for name, entry in value.items()) or "the defaults"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)


def _join(plan: Plan, old: Plan) -> Plan:
    """Two plans that are alike in one; of what both have, the new one's is taken."""
    joined_parts: dict[str, Any] = {
        "experiments": list(dict.fromkeys([*plan.experiments, *old.experiments])),
        "timed": plan.timed or old.timed,
        "networks": _networks(plan, old),
    }
    for key in _BY_NAME:
        new, before = getattr(plan, key), getattr(old, key)
        joined_parts[key] = new if isinstance(new, Summary) else before | new
    for key in _RUNS:
        new = {_group(run) for run in getattr(plan, key)}
        joined_parts[key] = [*getattr(plan, key), *(run for run in getattr(old, key) if _group(run) not in new)]
    return plan.model_copy(update={key: value for key, value in joined_parts.items() if value != getattr(plan, key)})


def _networks(plan: Plan, old: Plan) -> dict[str, list[str]]:
    """The planned networks of every experiment of which not all are planned."""
    some = dict(old.networks)
    for name in plan.experiments:
        new, before = plan.networks.get(name), some.pop(name, None)
        if new and (before is not None or name not in old.experiments):
            some[name] = list(dict.fromkeys([*(before or []), *new]))
    return some


def _group(run: Identity) -> tuple[str, str, str]:
    return run.experiment, run.network, run.protocol


def write(path: Path, content: Stored | Mapping[str, Any]) -> None:
    """Write JSON in one step; of a plan or of times what was given, and nothing that is a default."""
    plain = content.model_dump(exclude_unset=True) if isinstance(content, Stored) else content
    with files.atomic(path) as temporary:
        temporary.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def read(path: Path, paper: Paper, kind: type[Kind] = Plan) -> Kind:
    """Read what `write` wrote.

    Args:
        kind: what the file must hold: a plan, or times (`SpeedFile`).

    Raises:
        UserError: if it is not there yet, damaged, or of a version that wrote something else.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise UserError(
            f"There are no such runs of {paper.name} yet ({path.name}).",
            f"Run make reproduce PAPER={paper.name} with the same profile, epochs, variant and kind of data.",
        ) from None
    except (OSError, ValueError) as error:
        reason = mistake(error) if isinstance(error, ValidationError) else error
        problem = f"{path} is damaged, or of another version ({reason})."
        raise UserError(problem, "Delete it and run reproduce again; finished runs are kept.") from error
