"""Many trainings at once: what is finished is skipped, the rest is spread over cores or a cluster, longest first."""

import heapq
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.managers import SyncManager
from pathlib import Path

from common.media.clips import Provenance
from common.runs import store, writer
from common.runs.store import Run
from common.support import cluster, workers
from common.support.console import console
from common.training.spec import Job
from common.training.train import train

# Compiling a network in two processes must bring the time down to this share of it.
WORTH_COMPILING = 0.9


@dataclass(frozen=True)
class _Task:
    jobs: tuple[Job, ...]
    root: Path
    provenance: Provenance
    threads: int | None
    fresh: bool
    messages: object


def launch(
    jobs: Sequence[Job],
    root: Path,
    provenance: Provenance,
    *,
    processes: int | None = None,
    fresh: bool = False,
    launcher: str = "local",
    progress: Callable[..., None] = lambda done, total, what, line="": None,
) -> list[Run]:
    """The finished runs of all jobs, in their order; each is written the moment it ends.

    Small networks use one core better than two, so each process has its own share of the cores. On a machine with
    a GPU one process trains one network after the other. How many jobs are left does not change a share: another
    number of threads rounds otherwise, and a training that was stopped must end as if it had not been.

    Args:
        processes: at most so many; one for each core if None.
        fresh: train anew what is finished.
        launcher: "local" for this machine, "ray" for the cluster at RAY_ADDRESS (`common.training.ray_launch`).
        progress: called with epochs done (of the jobs that have to run), epochs in all, and the last network; when a
            training ends also with a line that names it.

    Raises:
        UserError: the first problem of any job, after the others have ended.
    """
    todo = []
    for job in jobs:
        if fresh or (done := store.finished(job.training.identity, root)) is None:
            todo.append(job)
        else:
            writer.name_decisions(done, job.training.decisions, root)
    for job in todo:
        if not fresh and (damage := store.damage(job.training.identity.folder(root))):
            console.print(f"Computed again: {job.training.identity}{damage}", markup=False, soft_wrap=True)
    if todo and launcher == "ray":
        from common.training import ray_launch

        ray_launch.run(todo, root, provenance, processes, fresh, progress)
    elif todo:
        _run(todo, root, provenance, _processes(processes), fresh, progress)
    return store.complete([job.training.identity for job in jobs], root)


def at_once(processes: int | None, launcher: str) -> int:
    """How many trainings run at the same time, for those who decide after some what to train next.

    With Ray, a cluster must be connected.
    """
    if launcher == "ray":
        return cluster.slots(processes)
    return _processes(processes)


def _processes(wanted: int | None) -> int:
    return 1 if shutil.which("nvidia-smi") else wanted or workers.cores()


def _run(todo: list[Job], root: Path, provenance: Provenance, processes: int, fresh: bool, progress) -> None:
    total = sum(job.training.recipe.epochs for job in todo)
    progress(0, total, "starting")
    manager = SyncManager(ctx=get_context("spawn"))
    manager.start(workers.stay_with_parent)
    with manager:
        messages = manager.Queue()
        listener = threading.Thread(target=_listen, args=(messages, total, len(todo), progress), daemon=True)
        listener.start()
        threads = max(1, workers.cores() // processes) if processes > 1 else None
        tasks = [_Task(jobs, root, provenance, threads, fresh, messages) for jobs in _shares(todo, processes)]
        try:
            workers.run_all(_train_each, tasks, processes)
        finally:
            messages.put(None)
            listener.join()


def _shares(todo: list[Job], processes: int) -> list[tuple[Job, ...]]:
    """What a process trains one after the other, the longest first.

    Jobs that differ in their protocol alone stay together, for their network is compiled once, unless the last process
    would end sooner with each job on its own.
    """
    groups: dict[tuple, list[Job]] = {}
    for job in todo:
        training = job.training
        group = training.experiment, training.network.key, training.seed, training.fold_name
        groups.setdefault(group, []).append(job)
    together, apart = [tuple(group) for group in groups.values()], [(job,) for job in todo]
    whole, split = (makespan([_cost(share) for share in shares], processes) for shares in (together, apart))
    return sorted(apart if split < WORTH_COMPILING * whole else together, key=_cost, reverse=True)


def _cost(share: Sequence[Job]) -> float:
    return sum(job.cost for job in share)


def makespan(costs: Sequence[float], workers: int) -> float:
    """When the last task ends if each worker takes the longest that is left as soon as it is free.

    Args:
        costs: of each task, in any unit of time.

    >>> makespan([3, 3, 2, 2, 2], 2)
    7
    """
    free = [0] * workers
    for cost in sorted(costs, reverse=True):
        heapq.heapreplace(free, free[0] + cost)
    return max(free)


def _listen(messages, total: int, trainings: int, progress) -> None:
    done = finished = 0
    while (message := messages.get()) is not None:
        name, epochs, ended = message
        done, finished = done + epochs, finished + ended
        line = f"{name} finished, training {finished} of {trainings}" if ended else ""
        progress(done, total, name, line)


def _train_each(task: _Task) -> None:
    workers.run_all(lambda job: _train(job, task), task.jobs, workers=1)


def _train(job: Job, task: _Task) -> None:
    training = job.training
    name = ", ".join(
        filter(None, (training.network.key, training.protocol, training.fold_name, f"seed {training.seed}"))
    )
    seen = 0

    def report_epoch(epoch: int, epochs: int, logs: dict) -> None:
        nonlocal seen
        seen += 1
        task.messages.put((name, 1, False))

    train(
        training,
        task.root,
        provenance=task.provenance,
        split=job.split,
        progress=report_epoch,
        threads=task.threads,
        fresh=task.fresh,
    )
    # Epochs that an earlier command ran, or that early stopping spared, count as done.
    task.messages.put((name, training.recipe.epochs - seen, True))
