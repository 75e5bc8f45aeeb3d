"""The optical flow of EmotionalVLAN: 15 pairs of faces, against two other programs and against the bare cache."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median

import cv2
import numpy as np
from numba import njit

from bench.figures import Figure
from reproductions.emotionalvlan import horn_schunck
from reproductions.emotionalvlan.preprocessing import PAIRS, SHAPE

TITLE = "Horn–Schunck flow: 15 pairs of 150×110 pixels, 100 iterations"

# pyoptflow's own way, but that its cubes lie left and above of a pixel: so both do the same work.
SCHEME = replace(horn_schunck.CLASSIC, border="zero")
CLIPS_EACH = 5  # clips for each of two threads


def measure(small: bool) -> list[Figure]:
    """In turns, by processor time except for two cores, so that other work on the machine counts little."""
    first, second = _faces()
    work: dict[str, Callable[[], object]] = {
        "one core": lambda: horn_schunck.flow(first, second, SCHEME),
        "pyoptflow": lambda: _pyoptflow(first, second),
        "Farnebäck": lambda: _farneback(first, second),
        "streaming": _streaming(),
    }
    work["one core"]()  # compiles
    busy = {name: [] for name in work}
    for _ in range(2 if small else 7):
        for name, run in work.items():
            worked = time.process_time()
            run()
            busy[name].append(time.process_time() - worked)
    took = {name: median(seconds) for name, seconds in busy.items()}
    return [
        Figure("speed against pyoptflow, one core each", took["pyoptflow"] / took["one core"], "times", at_least=50),
        Figure("speed of two cores against one", _two_cores(2 if small else 9), "times", at_least=1.7),
        Figure("time of a pair on one core", 1000 * took["one core"] / PAIRS, "ms", at_most=2),
        Figure("time against OpenCV's Farnebäck flow", took["one core"] / took["Farnebäck"], "times", at_most=1),
        # The seven arrays of a sweep stay in the second-level cache; the means of eight neighbours take the rest.
        Figure("share of the speed of streaming its arrays", took["streaming"] / took["one core"], "", at_least=0.4),
    ]


def _faces() -> tuple[np.ndarray, np.ndarray]:
    """Smooth noise that moves half a pixel to the right."""
    rng = np.random.default_rng(0)
    wide = [cv2.GaussianBlur(rng.uniform(0, 255, SHAPE), (0, 0), 3) * 4 for _ in range(PAIRS)]
    shift = np.array([[1, 0, 0.5], [0, 1, 0]])
    moved = [cv2.warpAffine(one, shift, SHAPE[::-1], borderMode=cv2.BORDER_REPLICATE) for one in wide]
    return np.stack(wide).astype(np.float32), np.stack(moved).astype(np.float32)


def _two_cores(turns: int) -> float:
    """The gain of a second thread on the pairs of ten clips: the median over pairs of turns, threads made before."""
    first, second = (np.tile(images, (2 * CLIPS_EACH, 1, 1)) for images in _faces())
    halves = [slice(0, len(first) // 2), slice(len(first) // 2, None)]

    def part(pairs: slice) -> None:
        horn_schunck.flow(first[pairs], second[pairs], SCHEME)

    def seconds(run: Callable[..., Iterable], pairs: list[slice]) -> float:
        began = time.perf_counter()
        list(run(part, pairs))
        return time.perf_counter() - began

    with ThreadPoolExecutor(2) as threads:
        seconds(threads.map, halves)
        return median(seconds(map, halves) / seconds(threads.map, halves) for _ in range(turns))


def _pyoptflow(first: np.ndarray, second: np.ndarray) -> None:
    from pyoptflow import HornSchunck

    for before, after in zip(first, second, strict=True):
        HornSchunck(before, after, alpha=SCHEME.smoothness, Niter=SCHEME.sweeps)


def _farneback(first: np.ndarray, second: np.ndarray) -> None:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    for before, after in zip(first.clip(0, 255).astype(np.uint8), second.clip(0, 255).astype(np.uint8), strict=True):
        cv2.calcOpticalFlowFarneback(before, after, None, 0.5, 3, 15, 3, 5, 1.2, 0)
    cv2.setNumThreads(threads)


def _streaming() -> Callable[[], None]:
    """What a sweep has to read and write, and nothing else done to it."""
    height, width = SHAPE
    parts = [np.zeros((2, height + 2, width + 2), np.float32), np.zeros((3, height, width), np.float32)]
    return lambda: _stream(*parts, parts[0].copy(), PAIRS * SCHEME.sweeps)


@njit("void(f4[:, :, ::1], f4[:, :, ::1], f4[:, :, ::1], i8)", nogil=True, fastmath=True)
def _stream(old, terms, new, sweeps):
    _, height, width = terms.shape
    for _ in range(sweeps):
        for y in range(height):
            for x in range(width):
                new[0, y + 1, x + 1] = old[0, y + 1, x + 1] + terms[0, y, x] + terms[2, y, x]
                new[1, y + 1, x + 1] = old[1, y + 1, x + 1] + terms[1, y, x]
        old, new = new, old
