"""A face searched around the place where it was in the last frame: the windows of a whole search, but a few of them.

The cascade looks at a frame at many sizes, each a ratio of `scale_factor` apart, and gives the mean of all windows that
see the same face. A search in a piece of the frame, or at other sizes, tries other windows and so gives another mean
(3 % of the width off in the median, measured). So the frame is resized here to just the sizes that OpenCV would choose,
and of each the cascade gets the piece in which the face's own windows lie.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import ceil

import cv2
import numpy as np

from common.media.faces import Haar

# By which share of its size a face may move from one frame to the next, and by which ratio the windows that see it may
# differ from its mean size. Measured: with 1.5 some of its windows are missed in one frame of 40, with 1.7 in none.
REACH, RATIO, FARTHEST = 0.2, 1.7, 0.4
# As OpenCV groups windows.
ALIKE = 0.2


def search(detector: Haar, grey: np.ndarray, box: np.ndarray) -> np.ndarray | None:
    """The box (4,) int32 in a (H, W) uint8 frame of the face that was at `box` (4,) before; None where it is not.

    >>> search(Haar(), np.zeros((288, 360), np.uint8), np.array([100, 100, 80, 80])) is None
    True
    """
    sizes = list(_sizes(detector, grey.shape, int(box[2])))
    hits = _all_hits(detector, grey, box, sizes)
    found, _ = cv2.groupRectangles(hits, detector.min_neighbors, ALIKE) if hits else ((), ())
    if len(found) == 0:
        return None
    boxes = np.asarray(found, np.int32)
    centre = np.asarray(box[:2]) + np.asarray(box[2:]) / 2
    away = np.linalg.norm(boxes[:, :2] + boxes[:, 2:] / 2 - centre, axis=1)
    # Farther along the row there may be the face of somebody else.
    return boxes[np.argmin(away)] if away.min() <= FARTHEST * box[2] else None


def _all_hits(detector: Haar, grey: np.ndarray, box: np.ndarray, sizes: Sequence[tuple[float, int]]) -> list[tuple]:
    """The windows of all sizes, in their order: this thread and another take one size after the other."""
    left, hits = enumerate(sizes), {}

    def search_sizes() -> None:
        for number, size in left:  # which both threads take from
            hits[number] = _hits(detector, grey, box, size)

    other = _thread().submit(search_sizes)
    search_sizes()
    other.result()
    return [hit for number in sorted(hits) for hit in hits[number]]


def _hits(detector: Haar, grey: np.ndarray, box: np.ndarray, scale: tuple[float, int]) -> list[tuple]:
    """The windows (x, y, size, size) of one factor and size that see a face near a box."""
    factor, size = scale
    shape = round(grey.shape[1] / factor), round(grey.shape[0] / factor)
    level = cv2.resize(grey, shape, interpolation=cv2.INTER_LINEAR_EXACT)
    # The cascade leaves out the place behind one that fails at once, so the first places of a row are not always those
    # of a whole search; from the first that does not fail at once they are.
    left, right = _span(box[0] + box[2] / 2, REACH * box[2] + size / 2, factor)
    top, bottom = _span(box[1] + box[3] / 2, REACH * box[3] + size / 2, factor)
    part = level[top:bottom, left:right]
    if min(part.shape) < detector.window:
        return []
    places = np.rint((detector.hits(part) + np.array([left, top])) * factor).astype(int).tolist()
    return [(x, y, size, size) for x, y in places]


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "nearby")


def _sizes(detector: Haar, shape: tuple[int, ...], width: int) -> Iterator[tuple[float, int]]:
    """Those of OpenCV's factors, with the size of their windows, at which a face of this width is seen."""
    factor = 1.0
    while (size := round(detector.window * factor)) <= min(*shape, width * RATIO):
        if size >= max(detector.min_size, width / RATIO):
            yield factor, size
        factor *= detector.scale_factor


def _span(middle: float, half: float, factor: float) -> tuple[int, int]:
    return max(int((middle - half) / factor), 0), max(ceil((middle + half) / factor) + 1, 0)
