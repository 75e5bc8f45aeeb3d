"""What a second core is worth on a machine at best: work of two processes that share nothing.

Two virtual cores may be one real core, or share its memory. So figures of two cores against one stand beside this.
"""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

import cv2
import numpy as np

from bench.figures import Figure

TURNS = 4000  # of moving a window, about a fifth of a second
REPEATS = 5
NAME = "two processes that share nothing, two cores against one"


class Cores:
    """Two processes that wait for work."""

    def __init__(self, pool):
        self._pool = pool

    def gains(self) -> list[float]:
        """How many times the work of one process two do in the same time, measured a few times."""
        return [self._gain() for _ in range(REPEATS)]

    def _gain(self) -> float:
        (alone,) = self._pool.map(_work, [TURNS])
        both = self._pool.map(_work, [TURNS, TURNS], chunksize=1)
        return 2 * alone / max(both)


@contextmanager
def cores() -> Iterator[Cores]:
    """The two processes, for as long as the context lasts."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        yield Cores(pool)


def figure(gains: Sequence[float]) -> Figure:
    return Figure(NAME, median(gains), "times")


def _work(turns: int) -> float:
    """Seconds that so many turns of what moves a window of TimeConvNets take."""
    cv2.setNumThreads(1)
    window, moved = np.random.default_rng(0).random((48, 48, 5), np.float32), np.empty((48, 48, 5), np.float32)
    matrix = np.array([[1, 0.1, 0], [-0.1, 1, 1]])
    began = time.perf_counter()
    for _ in range(turns):
        cv2.warpAffine(window, matrix, (48, 48), dst=moved, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return time.perf_counter() - began
