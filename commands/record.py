"""`record`: takes finished runs over into results/records, the body of evidence that comes with the repository.

A record is a run without its weights: settings, versions, revision, machine and date, the predictions of every tested
sample, the curves. Never an image. `claims`, `findings`, `table` and `report` use the runs of this machine first and
the records else.
"""

import gzip
import json
import shutil
from pathlib import Path

from common.paper import load as papers
from common.paper.load import Paper
from common.results import loading, plans
from common.results.config import RECORDS, Request, results_from_environment
from common.runs import store, writer
from common.runs.identity import Identity
from common.runs.record import PACKED
from common.support import files
from common.support.console import console
from common.support.errors import UserError
from reproductions import registry

# Beside the runs and the plan a paper may keep tables of single samples.
_BESIDE = "*-{name}-{data}.csv"


def record(
    name: str, profile: str, data: str, epochs: int | None = None, variant: str = "", records: Path = RECORDS
) -> None:
    """Keep what was run of a paper under a profile, with the plan that says what belongs together.

    Args:
        data: "real" or "synthetic".

    Raises:
        UserError: if nothing was run, a run is missing, or one does not belong to its key.
    """
    paper, results = papers.load(name), results_from_environment()
    plan_name = Request(paper, profile, epochs=epochs, variant=variant).plan_name
    timed = registry.reproduction(name).tables.TIMED
    whole = loading.load_complete(paper, plan_name, data, results, timed)
    others = loading.aside(paper, plan_name, data, results)
    parts = (whole, *others)
    searched = store.complete([one for part in parts for one in part.plan.searched], results / "runs")
    runs = [run for part in parts for run in part.runs] + searched
    for run in runs:
        writer.pack(run, records / "runs")
    _keep_plan(paper, plan_name, data, results, records)
    console.print(
        f"Recorded {len(runs)} runs of {name}: {_size(records):.1f} MB of records in all. Now: make reference"
    )


def _keep_plan(paper: Paper, name: str, data: str, results: Path, records: Path) -> None:
    """The plan together with what is recorded of it, the times if there are any, and the tables of single samples."""
    source, target = (plans.plan_path(paper, name, data, place) for place in (results, records))
    plan = plans.read(source, paper)
    main, *others = plans.parts(plan)
    beside = {name for part in others for name in part.experiments}
    recorded = [
        old.model_copy(update={"experiments": left})
        for old in (plans.parts(plans.read(target, paper)) if target.exists() else [])
        if (left := [name for name in old.experiments if name not in beside])
    ]

    def kept(run: Identity) -> bool:
        return store.finished(run, records / "runs") is not None

    plans.write(target, plans.joined(main, [*others, *recorded], kept))
    # These belong to the profile, whatever epochs or variant the plan is for.
    speed = plans.speed_path(paper, plan.profile, results)
    if speed.is_file():
        shutil.copyfile(speed, plans.speed_path(paper, plan.profile, records))
    for table in source.parent.glob(_BESIDE.format(name=plan.profile, data=data)):
        with files.atomic(target.with_name(table.name + PACKED)) as path:
            path.write_bytes(gzip.compress(table.read_bytes(), mtime=0))


def _size(records: Path) -> float:
    """Of all records together, in MB."""
    return sum(path.stat().st_size for path in records.rglob("*") if path.is_file()) / 1e6


def recorded(paper: Paper, records: Path = RECORDS) -> list[tuple[str, str]]:
    """What there are records of: the names of the plans, each with its kind of data.

    Raises:
        UserError: if a plan is no JSON text.
    """
    found = []
    for path in sorted((records / "runs" / paper.name).glob("plan-*.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))["data"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged.", "Take it from the repository again: git checkout.") from error
        found.append((path.stem.removeprefix("plan-").removesuffix(f"-{data}"), data))
    return found
