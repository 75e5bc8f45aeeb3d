"""From clips to windows: two cores against one, and the samples file against computing."""

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import material
from bench.figures import Figure

TITLE = "Preprocessing: from clips to windows"


def measure(small: bool) -> list[Figure]:
    chosen = material.clips(small)
    one, two, warm = [], [], []
    for _ in range(1 if small else 3):
        with TemporaryDirectory() as folder:
            one.append(_seconds(chosen, Path(folder), 1))
        with TemporaryDirectory() as folder:
            two.append(_seconds(chosen, Path(folder), 2))
            warm.append(_seconds(chosen, Path(folder), 2))
    return [
        Figure("speed of two cores against one", median(one) / median(two), "times", at_least=1.7),
        Figure("speed of the warm cache against computing", median(two) / median(warm), "times", at_least=20),
    ]


def _seconds(chosen: list, folder: Path, workers: int) -> float:
    began = time.perf_counter()
    material.samples(chosen, folder, workers)
    return time.perf_counter() - began
