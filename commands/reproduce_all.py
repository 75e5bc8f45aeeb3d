"""`reproduce all`: every paper that can be run, one after the other, and the report of all of them."""

import multiprocessing
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from commands import report, reproduce
from common.results.config import PROTOCOLS
from common.results.tables import Table
from common.support import workers
from common.support.console import console
from common.support.errors import UserError
from datasets import tree
from reproductions import registry

ALL = "all"
NOT_THERE = "left out: it has no such protocol"
# What has a meaning in one paper only.
OF_ONE_PAPER = ("experiment", "network", "settings")


def reproduce_all(**options) -> None:
    """Run all papers with the same options and write the report; a paper that fails does not stop the others.

    Each paper continues where it was stopped, so the same command goes on after any interruption.

    Args:
        options: of `common.results.config.check`, without those of a single paper.

    Raises:
        UserError: at once for options that no paper can be run with; at the end if papers failed, naming each.
    """
    _check(options)
    rows = [_row(name, options) for name in registry.runnable()]
    report.write(strict=False)
    Table("all", "All papers", {"paper": "Paper", "seconds": "Seconds", "outcome": "Outcome"}, rows).show(console)
    failed = [f"{row['paper']} ({row['outcome']})" for row in rows if row["outcome"] not in ("finished", NOT_THERE)]
    if failed:
        raise UserError(
            f"{len(failed)} of {len(rows)} papers could not be finished: {'; '.join(failed)}.",
            "Mend what is said there and run the same command again: what is finished is kept.",
        )


def _check(options: dict) -> None:
    if any(options.get(name) for name in OF_ONE_PAPER):
        raise UserError(
            "Experiments, networks and settings belong to one paper, so they cannot be chosen for all.",
            "Leave EXPERIMENT, NETWORK and SET out, or name the paper.",
        )
    for name in registry.runnable():
        if _divided(name, options):
            reproduce.checked(name, **options)
    if options.get("data"):
        tree.require_root(options["data"])


def _divided(name: str, options: dict) -> bool:
    """Whether a paper has one of the protocols asked for; also where there is no such word, which is told later."""
    asked = PROTOCOLS.get(options.get("protocol", "both"), ())
    known = registry.reproduction(name).experiments.PROTOCOLS_OF.values()
    return not (asked and known) or any(set(asked) & set(some) for some in known)


def _row(name: str, options: dict) -> dict:
    """Run one paper; says how long it took and what came of it."""
    if not _divided(name, options):
        return {"paper": name, "seconds": 0, "outcome": NOT_THERE}
    began = time.monotonic()
    problem = _problem(name, options)
    outcome = "finished" if problem is None else _sentence(problem)
    return {"paper": name, "seconds": round(time.monotonic() - began), "outcome": outcome}


def _problem(name: str, options: dict) -> Exception | None:
    """What ended the paper early.

    In a process of its own: a backend takes its threads and its seeds once, keeps its memory, and can be killed.
    """
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(1, mp_context=context, initializer=workers.end_with_parent) as process:
        running = process.submit(_run, name, options)
        started = set(multiprocessing.active_children()) - others
        try:
            running.result()
        except BrokenProcessPool:
            return workers.died(started)
        except Exception as problem:  # told at the end; the other papers still run
            return problem
    return None


def _run(name: str, options: dict) -> None:
    reproduce.reproduce(name, **options)


def _sentence(problem: Exception) -> str:
    """A problem in one line; what a user cannot mend is also printed in full."""
    if isinstance(problem, UserError):
        return " ".join(str(problem).split())
    traceback.print_exception(problem)
    return f"{type(problem).__name__}: {problem}"
