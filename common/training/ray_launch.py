"""Trainings on a Ray cluster: the launcher that `common.training.launch` uses for LAUNCHER=ray."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.media.clips import Provenance
from common.support import cluster, workers
from common.training.spec import Job
from common.training.train import train


@dataclass(frozen=True)
class _Task:
    job: Job
    root: Path
    provenance: Provenance
    threads: int | None
    fresh: bool


def run(
    jobs: Sequence[Job],
    root: Path,
    provenance: Provenance,
    processes: int | None,
    fresh: bool,
    progress: Callable[..., None],
) -> None:
    """Train every job, the longest first, one task each; the runs are the files that they are without Ray.

    A task whose worker is killed begins again on another one and goes on from the state that the first left. With
    GPUs in the cluster each task gets one, else `processes` of them share the CPUs.

    Raises:
        UserError: the first problem of any job, after the others have ended; or if there is no cluster.
    """
    total = sum(job.training.recipe.epochs for job in jobs)
    done = 0

    def finished(number: int, task: _Task) -> None:
        nonlocal done
        done += task.job.training.recipe.epochs
        name = task.job.training.network.key
        progress(done, total, name, f"{name} finished, training {number} of {len(jobs)}")

    progress(0, total, "starting")
    with cluster.cluster():
        threads = cluster.threads(processes)
        tasks = [_Task(job, root, provenance, threads, fresh) for job in sorted(jobs, key=lambda job: -job.cost)]
        workers.settle(cluster.run(_train, tasks, root, threads), finished)


def _train(task: _Task) -> None:
    training = task.job.training
    train(
        training,
        task.root,
        provenance=task.provenance,
        split=task.job.split,
        threads=task.threads,
        fresh=task.fresh,
    )
