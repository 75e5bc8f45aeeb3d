"""What `reproduce` left on disk, found again: the last plan of a name, or all that there are.

`load_complete` is for tables, which must not be made of a part; `load_available` is for overviews, which show what
there is and name what is unusable. Experiments that were asked for with other options than the last ones are evidence
of their own (`common.results.plans`), so that nothing is made of both.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from common.paper.load import Paper
from common.results import plans
from common.results.evidence import Evidence
from common.results.plan_schema import Plan, SpeedFile
from common.runs import store
from common.runs.store import Run
from common.support.errors import UserError


def load_complete(
    paper: Paper, name: str, data: str, results: Path, timed: Iterable[str] = (), plan: Plan | None = None
) -> Evidence:
    """The plan of the last command under this name and for this kind of data, with everything that belongs to it.

    Args:
        name: of the plan (`Request.plan_name`): the profile, where the epochs are the profile's.
        timed: the experiments that need times.
        plan: a plan file's content instead of the one on disk, as a command has kept it (`plans.own`).

    Raises:
        UserError: if nothing was run yet, or a run or the times are missing.
    """
    main, *_ = all_parts = _parts(paper, name, data, results, plan)
    wanted = main.timed and set(timed) & set(main.experiments)
    speed = plans.read(plans.speed_path(paper, main.profile, results), paper, SpeedFile) if wanted else None
    evidence = _evidence(paper, name, main, all_parts, results)
    return replace(evidence, runs=store.complete(evidence.plan.runs, results / "runs"), speed=speed)


def aside(
    paper: Paper,
    name: str,
    data: str,
    results: Path,
    plan: Plan | None = None,
    left_out: Callable[[str], None] | None = None,
) -> list[Evidence]:
    """The experiments of this name and kind of data that stand beside those of the last command.

    Of what the last command asked for again, with other seeds for example, an earlier one may have left a part.

    Args:
        plan: as for `load_complete`.
        left_out: takes a sentence about experiments that an interrupted command has not finished, and which are left
            out; without it they are an error.

    Raises:
        UserError: if nothing was run yet, or a run is missing.
    """
    main, *others = all_parts = _parts(paper, name, data, results, plan)
    finished = _finished(results)
    speed = _speed(paper, main.profile, results, warn=lambda _: None)
    found = []
    for other in others:
        part = _evidence(paper, name, plans.without_replaced(other, main, finished), all_parts, results)
        absent = plans.unfinished(part.plan, main, finished)
        if absent and left_out and not any(store.damage(run.folder(results / "runs")) for run in absent):
            names = ", ".join(part.plan.experiments) + (f" ({part.aside})" if part.aside else "")
            left_out(f"Left out: {names}. Not finished: {len(absent)} of {len(part.plan.runs)} runs.")
            continue
        found.append(replace(part, runs=store.complete(part.plan.runs, results / "runs"), speed=speed))
    return found


def _parts(paper: Paper, name: str, data: str, results: Path, plan: Plan | None) -> list[Plan]:
    plan = plan or plans.read(plans.plan_path(paper, name, data, results), paper)
    return plans.parts_now(plan, _finished(results))


def _finished(results: Path) -> plans.Finished:
    return lambda run: store.finished(run, results / "runs") is not None


def load_available(paper: Paper, runs: Sequence[Run], results: Path, warn: Callable[[str], None]) -> list[Evidence]:
    """All plans of a paper with what there is of them, real data and the paper's own profile first.

    Args:
        runs: the finished runs on disk (`common.runs.store.find`), so that a thousand of them are read once.
        warn: takes one sentence for every file that is unusable.
    """
    by_key = {run.identity.key: run for run in runs}
    usable = []
    for path in sorted((results / "runs" / paper.name).glob("plan-*.json")):
        name, _, data = path.stem.removeprefix("plan-").rpartition("-")
        try:
            all_parts = plans.parts_now(plans.read(path, paper), lambda run: run.key in by_key)
        except UserError as error:
            warn(str(error))
            continue
        if any(plan.data != data or plan.paper != paper.name for plan in all_parts):
            warn(f"{path} holds the plan of something else.")
            continue
        evidence = [_evidence(paper, name, plan, all_parts, results) for plan in all_parts]
        filled = []
        for part in evidence:
            members = [by_key[identity.key] for identity in part.plan.runs if identity.key in by_key]
            speed = _speed(paper, part.profile, results, warn)
            filled.append(replace(part, runs=members, speed=speed, warn=warn))
        usable += [replace(part, beside=tuple(other for other in filled if other is not part)) for part in filled]
    return sorted(usable, key=preference)


def preference(evidence: Evidence) -> tuple:
    """Sorts plans: real data and the paper's own profile first, runs of this machine before records."""
    return evidence.data != "real", evidence.profile != "paper", evidence.recorded, evidence.name


def _evidence(paper: Paper, name: str, plan: Plan, all_parts: Sequence[Plan], results: Path) -> Evidence:
    """One of the plans of a file, without its runs."""
    others = frozenset(experiment for part in all_parts if part is not plan for experiment in part.experiments)
    apart = plans.unlike(plan, all_parts[0]) if plan is not all_parts[0] else ""
    return Evidence(paper, plan, results, name=name, aside=apart, elsewhere=others)


def _speed(paper: Paper, profile: str, results: Path, warn: Callable[[str], None]) -> SpeedFile | None:
    path = plans.speed_path(paper, profile, results)
    if not path.exists():
        return None
    try:
        return plans.read(path, paper, SpeedFile)
    except UserError as error:
        warn(str(error))
    return None
