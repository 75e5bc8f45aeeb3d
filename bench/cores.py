"""What a second core is worth on a machine at best: work of two processes that share nothing.

Two virtual cores may be one real core, or share its memory. So figures of two cores against one stand beside this.
"""

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.pool import Pool
from statistics import median

import cv2
import numpy as np

from bench.figures import Figure

TURNS = 4000  # of moving a window, about a fifth of a second
REPEATS = 5
NAME = "two processes that share nothing, two cores against one"


def two_processes() -> Pool:
    """Two processes that wait for work."""
    return multiprocessing.get_context("spawn").Pool(2)


def gains(pool: Pool) -> list[float]:
    """How many times the work of one process two do in the same time, measured a few times."""
    return [_gain(pool) for _ in range(REPEATS)]


def _gain(pool: Pool) -> float:
    (alone,) = pool.map(_work, [TURNS])
    both = pool.map(_work, [TURNS, TURNS], chunksize=1)
    return 2 * alone / max(both)


def figure(measured: Sequence[float]) -> Figure:
    return Figure(NAME, median(measured), "times")


def _work(turns: int) -> float:
    """Seconds that so many turns of what moves a window of TimeConvNets take."""
    cv2.setNumThreads(1)
    window, moved = np.random.default_rng(0).random((48, 48, 5), np.float32), np.empty((48, 48, 5), np.float32)
    matrix = np.array([[1, 0.1, 0], [-0.1, 1, 1]])
    began = time.perf_counter()
    for _ in range(turns):
        cv2.warpAffine(window, matrix, (48, 48), dst=moved, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return time.perf_counter() - began
