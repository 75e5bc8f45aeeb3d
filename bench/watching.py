"""From decoded frames of 720×576 to probabilities, beside PyPI's `fer` on the same frames at the same time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench import agreement, material
from bench.figures import Figure
from common.media import video
from common.paper import load as papers
from common.results.config import cache_from_environment, results_from_environment
from common.support import files
from common.support.errors import UserError
from inference import stream
from inference.finder import Finder
from inference.shipped import use
from inference.trained import Trained, find

TITLE = "Watching: one face in frames of 720×576, on two cores"
FRAMES, TURNS, CORES = 150, 3, 2
SOURCE = "paper, section VI"
# What `fer` needs for its defaults. Its list also names PyTorch and moviepy, which these never touch, and OpenCV
# without a bound, of which release 5 has no cascades; it still imports pkg_resources.
FER = ("fer==25.10.3",)
FER_NEEDS = (
    "tensorflow==2.20.*",
    "opencv-contrib-python>=4.10,<5",
    "pandas",
    "requests",
    "tqdm",
    "pillow",
    "setuptools<81",
)


def measure(small: bool) -> list[Figure]:
    """In turns, so that whatever else the machine does strikes both.

    Raises:
        UserError: if `fer` cannot be installed, or no network was trained yet.
    """
    trained, shipped = find("timeconvnet", results_from_environment()), use.load()
    clips = agreement.filmed(material.clips(small))
    paths = [clip.source for clip in clips]
    count = 30 if small else FRAMES
    python = _fer_environment()
    with _cores(CORES):
        trained.prepare()
        shipped.prepare()
        frames = list(_frames(paths, count))
        theirs, ours, ships = [], [], []
        with _fer(python, count, paths) as run_fer:
            for _ in range(1 if small else TURNS):
                theirs += run_fer()
                ours += list(stream.watch(frames, trained, Finder(trained.preparation.detector)))
                ships += list(stream.watch(frames, shipped, Finder(shipped.preparation.detector)))
        alone = _one_answer(shipped, 30 if small else 600)
    (steps, whole, answered), (steps_shipped, whole_shipped, answered_shipped) = map(_steps, (ours, ships))
    slow = np.mean(theirs)
    return [
        Figure("frames a second, against fer", slow / np.mean(whole), "times", at_least=10),
        Figure("the same with the network that ships", slow / np.mean(whole_shipped), "times", at_least=10),
        Figure("frames a second", 1000 / np.mean(whole), "frames/s", at_least=claimed("frame_rate"), source=SOURCE),
        Figure("frames a second of fer", 1000 / slow, "frames/s"),
        *_percentiles("fer, whole frame", np.array(theirs)),
        *_percentiles("finding and cutting out the face", steps["detect"] + steps["crop"], claimed("overhead-time")),
        *_percentiles("network", steps["network"][answered], claimed("inference_time-slowest")),
        *_percentiles("network that ships", steps_shipped["network"][answered_shipped]),
        Figure("network that ships, one answer after the other, median", alone, "ms", at_most=0.5),
        *_percentiles("whole frame", whole, claimed("pipeline-time")),
        *agreement.figures(clips[: 3 if small else 40], trained),
    ]


def _steps(seen: Sequence[stream.Seen]) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Milliseconds of each step and of the whole frame, and which frames have an answer, (frames,) each."""
    steps = {name: np.array([one.milliseconds[name] for one in seen]) for name in ("detect", "crop", "network")}
    return steps, sum(steps.values()), np.array([len(one.probabilities) > 0 for one in seen])


def _one_answer(trained: Trained, count: int) -> float:
    """Milliseconds of an answer about one face, median, when nothing else is done between the answers."""
    face = trained.preparation.inputs(trained.preparation.blank())
    took = []
    for _ in range(count):
        began = time.perf_counter()
        trained.probabilities(face)
        took.append(time.perf_counter() - began)
    return 1000 * float(np.median(took))


def claimed(which: str) -> float:
    """One of the times that the paper claims for its whole pipeline, in its unit."""
    return papers.load("timeconvnet").claim(f"text6-{which}").number


def _percentiles(name: str, milliseconds: np.ndarray, at_most: float | None = None) -> list[Figure]:
    source = SOURCE if at_most else ""
    return [
        Figure(f"{name}, {word}", np.percentile(milliseconds, share), "ms", at_most=at_most, source=source)
        for word, share in (("median", 50), ("95 %", 95))
    ]


def _frames(paths: Sequence[Path], count: int) -> Iterator[tuple[float, np.ndarray]]:
    taken = 0
    for path in paths:
        for frame in video.frames(path):
            if taken == count:
                return
            yield taken / 25, frame
            taken += 1


@contextmanager
def _fer(python: Path, count: int, paths: Sequence[Path]) -> Iterator:
    """A process in which `fer` has the frames; gives a function that has it work and returns its milliseconds."""
    script = Path(__file__).with_name("fer_frames.py")
    command = [str(python), str(script), str(count), *map(str, paths)]
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, env=quiet, **pipes) as process:

        def answer():
            line = process.stdout.readline()
            if not line:
                raise UserError(f"fer does not run: {' '.join(command[:2])} says why.", f"Delete {python.parents[1]}.")
            return json.loads(line)

        answer()

        def run() -> list[float]:
            process.stdin.write("\n")
            process.stdin.flush()
            return answer()["milliseconds"]

        try:
            yield run
        finally:
            process.stdin.close()


def _fer_environment() -> Path:
    """Python of an environment with `fer`, made once."""
    folder = cache_from_environment() / "bench" / "fer"
    python = folder / "bin" / "python"
    with files.lock(folder.parent):
        if not (folder / "made").exists():
            uv = [sys.executable, "-m", "uv"]
            install = [*uv, "pip", "install", "--quiet", "--python", str(python)]
            calls = [[*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)]]
            calls += [[*install, "--no-deps", *FER], [*install, *FER_NEEDS]]
            for call in calls:
                done = subprocess.run(call, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise UserError(f"fer cannot be installed: {done.stderr.strip()[-300:]}", "Is there a network?")
            (folder / "made").touch()
    return python


@contextmanager
def _cores(count: int) -> Iterator[None]:
    """Only so many cores for this process and those that it starts, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
