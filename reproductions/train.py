"""The trainings of a request, under a progress bar."""

from collections.abc import Sequence
from dataclasses import replace

from common.media.clips import Provenance
from common.results.config import Request
from common.runs.store import Run
from common.support.console import bar
from common.training.launch import launch
from common.training.spec import Job


def train(request: Request, jobs: Sequence[Job], origin: Provenance) -> list[Run]:
    """The finished runs of all jobs, in their order; what is finished already is not trained again.

    Raises:
        UserError: the first problem of any job, after the others have ended.
    """
    if not jobs:
        return []
    jobs = [_with_decisions(job, request) for job in jobs]
    with bar("Training", "epochs") as progress:
        return launch(
            jobs,
            request.results / "runs",
            origin,
            processes=request.workers,
            fresh=request.fresh,
            launcher=request.launcher,
            progress=progress,
        )


def _with_decisions(job: Job, request: Request) -> Job:
    training = job.training
    return replace(job, training=replace(training, decisions={**request.settings, **training.decisions}))
