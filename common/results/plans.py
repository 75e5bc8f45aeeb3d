"""What `reproduce` ran of a paper: the file from which tables and images are made.

There is one file a paper, profile and kind of data. It holds one plan for all experiments that were asked for with the
same answers: protocols, seeds, settings, and whatever else is no list of runs or counts. A command that runs one
experiment therefore leaves the others where they are. Whoever asks for an experiment again plans it anew, and the last
command holds. Experiments that were asked for with other answers keep their own plan beside it (`others`): figures of
both are shown, each with what sets it apart, and none is made of both.

Two commands may run at once. The file then holds what the later one asked for, and each makes its tables from the plan
that it wrote itself (`own`).
"""

import json
from pathlib import Path

from pydantic import ValidationError

from common.media.clips import Provenance
from common.paper.load import Paper
from common.results.config import Request
from common.results.plan_schema import PlanFile
from common.runs.record import Stored, mistake
from common.support import files
from common.support.errors import UserError

# What the plans of two commands may hold different parts of. In any other entry they may not differ.
_RUNS = ("runs", "searched")
_BY_NAME = ("summary", "splits", "configurations", "pretrained", "branch")
# What this process has kept, by file.
_own: dict[Path, dict] = {}
_JOINED = {*_RUNS, *_BY_NAME, "experiments", "networks", "timed", "others"}


def plan_path(paper: Paper, profile: str, data: str, results: Path) -> Path:
    """The file of a profile (`Request.plan_name`) and kind of data ("real" or "synthetic")."""
    return results / "runs" / paper.name / f"plan-{profile}-{data}.json"


def speed_path(paper: Paper, profile: str, results: Path) -> Path:
    return results / "runs" / paper.name / f"speed-{profile}.json"


def asked(request: Request, origin: Provenance, experiments: list[str]) -> dict:
    """What every plan begins with: what was asked for, and of which data."""
    plan = {
        "paper": request.paper.name,
        "profile": request.profile,
        "data": origin.word,
        "details": origin.details,
        "protocols": list(request.protocols),
        "experiments": experiments,
        "seeds": list(request.seeds),
        "settings": request.changed_settings,
    }
    if request.epochs:
        plan["epochs"] = request.epochs
    if request.networks:
        plan["networks"] = {name: list(request.networks) for name in experiments}
    return plan


def keep(request: Request, plan: dict) -> None:
    """Write down what a command runs, beside what earlier ones planned of other experiments.

    Raises:
        UserError: if the disk is full or the folder not writable.
    """
    path = plan_path(request.paper, request.plan_name, plan["data"], request.results)
    with files.lock(request.results / "runs" / ".locks" / "plans"):
        try:
            earlier = parts(read(path, request.paper))
        except UserError:
            earlier = []  # nothing yet, or nothing of use
        _own[path] = joined(json.loads(json.dumps(plan)), earlier)
        write(path, _own[path])


def own(paper: Paper, name: str, data: str, results: Path) -> dict | None:
    """What this process was the last to keep under a name, whatever others have written since; None for nothing."""
    return _own.get(plan_path(paper, name, data, results))


def joined(plan: dict, earlier: list[dict]) -> dict:
    """A new plan together with the earlier ones that are like it; the others stay beside it.

    Args:
        plan: as JSON gives it back.
        earlier: plans without `others`, the latest first.
    """
    new, others = list(plan["experiments"]), []
    for old in earlier:
        left = [name for name in old["experiments"] if name not in new]
        if alike(plan, old):
            plan = _join(plan, old)
        elif left:
            others.append(old | {"experiments": left})
    return plan | ({"others": others} if others else {})


def parts(plan: dict) -> list[dict]:
    """The plan of the last command, then those of experiments that were asked for with other answers."""
    return [{key: value for key, value in plan.items() if key != "others"}, *plan.get("others", [])]


def alike(one: dict, other: dict) -> bool:
    """Whether two plans have the same answers, and nothing that both count or name is counted or named differently."""
    same = all(one.get(key) == other.get(key) for key in {*one, *other} - _JOINED)
    named = [(one.get(key, {}), other.get(key, {})) for key in _BY_NAME]
    return same and all(a[name] == b[name] for a, b in named for name in {*a} & {*b})


def unlike(other: dict, plan: dict) -> str:
    """In which answers a plan differs from another, in words: "seeds 0,1 instead of 0"."""
    keys = [key for key in dict.fromkeys([*other, *plan]) if key not in _JOINED and other.get(key) != plan.get(key)]
    told = [f"{key.replace('_', ' ')} {_shown(other.get(key))} instead of {_shown(plan.get(key))}" for key in keys]
    return "; ".join(told) or "other data, or another version of this program"


def _shown(value) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={one}" for name, one in value.items()) or "the defaults"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)


def _join(plan: dict, old: dict) -> dict:
    """Two plans that are alike in one; of what both have, the new one's is taken."""
    made = old | plan
    made["experiments"] = list(dict.fromkeys([*plan["experiments"], *old["experiments"]]))
    for key in _BY_NAME:
        if key in made:
            made[key] = old.get(key, {}) | plan.get(key, {})
    for key in _RUNS:
        if key in made:
            planned = {_group(run) for run in plan.get(key, [])}
            made[key] = [*plan.get(key, []), *(run for run in old.get(key, []) if _group(run) not in planned)]
    if "timed" in made:
        made["timed"] = any(one.get("timed", True) for one in (plan, old))
    made["networks"] = _networks(plan, old)
    return {key: value for key, value in made.items() if key != "networks" or value}


def _networks(plan: dict, old: dict) -> dict[str, list[str]]:
    """The planned networks of every experiment of which not all are planned."""
    some = dict(old.get("networks", {}))
    for name in plan["experiments"]:
        new, before = plan.get("networks", {}).get(name), some.pop(name, None)
        if new and (before or name not in old["experiments"]):
            some[name] = list(dict.fromkeys([*(before or []), *new]))
    return some


def _group(run: dict) -> tuple[str, str, str]:
    return run["experiment"], run["network"], run["protocol"]


def write(path: Path, content: dict) -> None:
    """Write JSON in one step."""
    with files.atomic(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: Path, paper: Paper, schema: type[Stored] = PlanFile) -> dict:
    """Read what `write` wrote.

    Args:
        schema: what the file must hold: a plan, or times (`SpeedFile`).

    Raises:
        UserError: if it is not there yet, damaged, or of a version that wrote something else.
    """
    try:
        text = path.read_bytes()
        schema.model_validate_json(text)
        return json.loads(text)
    except FileNotFoundError:
        raise UserError(
            f"There are no such runs of {paper.name} yet ({path.name}).", f"Run: make reproduce PAPER={paper.name}"
        ) from None
    except (OSError, ValueError) as error:
        told = mistake(error) if isinstance(error, ValidationError) else error
        problem = f"{path} is damaged, or of another version ({told})."
        raise UserError(problem, "Delete it and run reproduce again; finished runs are kept.") from error
