"""Folds on a Ray cluster of two workers: against one worker, with one killed half-way, and how 118 folds would do."""

import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from bench import cores
from bench.figures import Figure
from common.media.clips import Provenance
from common.protocols.splitters import leave_one_subject_out
from common.runs.store import Run
from common.support import cluster
from common.support.errors import UserError
from common.training.batches import class_labels
from common.training.launch import launch, makespan
from common.training.recipe import Recipe
from common.training.spec import Job, Training
from reproductions.timeconvnet.data import CLASSES
from reproductions.timeconvnet.models import NETWORKS

TITLE = "Folds on a Ray cluster: two workers of one core each against one worker"
FOLDS, SUBJECTS, WORKERS = 6, 118, (1, 8, 64)
TURNS = 3
NETWORK, WINDOWS, EPOCHS = "tcn_mini_xception", 40, 20  # windows of a subject
DRAWN = Provenance(True, {"corpus": "noise"})


@dataclass
class Noise:
    """Windows of noise, as many of each subject: what is timed does not depend on what they show.

    Attributes:
        starts: folder in which each training leaves a file when it begins.
        name: of the training.
        fatal: after so many reads the process is killed, the first time that this training runs; 0 for never.
    """

    subjects: int
    windows: int
    starts: Path
    name: str = ""
    fatal: int = 0
    reads: int = 0

    @property
    def key(self) -> str:
        return f"noise-{self.subjects}-{self.windows}"

    def __len__(self) -> int:
        return self.subjects * self.windows

    @cached_property
    def table(self) -> pd.DataFrame:
        number = np.arange(len(self))
        subject = [f"Noise/s{one // self.windows}" for one in number]
        emotion = [CLASSES[one % len(CLASSES)] for one in number]
        clip = [f"clip{one // 5}" for one in number]
        table = {"sample": number, "corpus": "Noise", "clip": clip, "subject": subject, "emotion": emotion}
        return pd.DataFrame(table | {"partition": "", "first_row": number, "first_frame": 0, "last_frame": 4})

    def read(self, rows: Sequence[int]) -> np.ndarray:
        """Windows (n, 5, 48, 48, 1) uint8."""
        self.reads += 1
        if self.reads == 1:
            (self.starts / f"{self.name}.{uuid.uuid4().hex}").touch()
        if self.reads == self.fatal and len(list(self.starts.glob(f"{self.name}.*"))) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.random.default_rng(0).integers(0, 256, (len(rows), 5, 48, 48, 1), np.uint8)


def measure(small: bool) -> list[Figure]:
    """One worker, then a second one beside it; each has trained before, so that none has to start.

    Both in turns, and of each the quickest turn: what else the machine does can only slow them.

    Raises:
        UserError: if Ray is not installed.
    """
    epochs, turns = (2, 1) if small else (EPOCHS, TURNS)
    alone, together, gains = [], [], []
    with TemporaryDirectory() as folder, _nodes() as nodes, cores.two_processes() as two:
        _trained(Path(folder) / "first", 1, count=2)
        for turn in range(turns):
            root = Path(folder) / str(turn)
            seconds, runs = _trained(root / "one", epochs)
            alone.append(seconds)
            second = nodes.add_node(num_cpus=1)
            _trained(root / "second", 2, count=4)
            gains += cores.gains(two)
            together.append(_trained(root / "two", epochs)[0])
            gains += cores.gains(two)
            if turn < turns - 1:
                nodes.remove_node(second)
        _trained(root / "lost", epochs, killed=FOLDS // 2)
        begun = Counter(path.stem for path in (root / "lost").glob("starts/*"))
    return [
        Figure(f"time of {FOLDS} folds on two workers against one", min(together) / min(alone), "times", at_most=0.55),
        cores.figure(gains),
        Figure("folds begun again after a worker was killed half-way", sum(begun.values()) - FOLDS, "", at_most=1),
        Figure("folds whose worker was killed half-way", sum(count > 1 for count in begun.values()), "", at_least=1),
        *simulated([run.record["train_seconds"] for run in runs]),
    ]


@contextmanager
def _nodes() -> Iterator:
    """A cluster of one node with one core on this machine, to which others can be added."""
    try:
        from ray.cluster_utils import Cluster
    except ImportError:
        raise UserError("Ray, which is to be measured, is not installed.", "Run: make setup CLUSTER=1.") from None
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    before = os.environ.get(cluster.ADDRESS)
    os.environ[cluster.ADDRESS] = nodes.address
    try:
        with cluster.cluster():
            yield nodes
    finally:
        os.environ.pop(cluster.ADDRESS)
        if before is not None:
            os.environ[cluster.ADDRESS] = before
        nodes.shutdown()


def _trained(root: Path, epochs: int, count: int = FOLDS, killed: int | None = None) -> tuple[float, list[Run]]:
    """Seconds that the first folds take, and their runs; the worker of the fold `killed` dies in the middle of it."""
    starts = root / "starts"
    starts.mkdir(parents=True)
    samples = Noise(FOLDS, WINDOWS, starts)
    labels = class_labels(samples.table.emotion, CLASSES)
    recipe = Recipe(epochs=epochs, batch_size=32, learning_rate=1e-3, checkpoint="last")
    jobs = []
    for number, fold in enumerate(leave_one_subject_out(samples.table)[:count]):
        middle = epochs * (FOLDS - 1) * WINDOWS // 32 // 2 if number == killed else 0
        own = replace(samples, name=fold.name, fatal=middle)
        names = {"paper": "bench", "experiment": "distributed", "protocol": "strict", "profile": "quick"}
        training = Training(
            **names, network=NETWORKS[NETWORK], recipe=recipe, seed=0, samples=own, labels=labels, classes=CLASSES,
            fold=fold, fold_name=fold.name,
        )  # fmt: skip
        jobs.append(Job(training))
    began = time.perf_counter()
    runs = launch(jobs, root / "runs", DRAWN, launcher="ray")
    return time.perf_counter() - began, runs


def simulated(seconds: Sequence[float]) -> list[Figure]:
    """How long the folds of all subjects would take; their times are the measured ones, over and over."""
    folds = list(islice(cycle(seconds), SUBJECTS))
    times = {workers: makespan(folds, workers) for workers in WORKERS}
    return [
        Figure("a fold, mean (simulated below: each fold takes what one was measured to take)", np.mean(seconds), "s"),
        *(Figure(f"simulated: {SUBJECTS} folds, {workers} workers", took, "s") for workers, took in times.items()),
        *(
            Figure(f"simulated: share of the time of {workers} workers that is work", sum(folds) / took / workers, "")
            for workers, took in times.items()
        ),
    ]
