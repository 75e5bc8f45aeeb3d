"""Duplicates of test images among training images: the same pixels, or the same image after somebody worked on it.

Each thumbnail is described by its lowest frequencies. One matrix product compares every test image, as it is and
mirrored, with every training image, and so do some more with the border of one of the two cut off. The nearest few are
then laid over each other and compared in detail (`common.samples.same_image`).
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from common.samples.same_image import SAME, SIDE, likeness
from common.support.workers import cores

# Reported duplicates of one test image; training images that are looked at in detail, and how near they must be.
MOST, LOOKED_AT, WORTH_A_LOOK = 6, 48, 0.8
_FREQUENCIES, _REDUCED = 8, 32
_SCORES = 2**23  # that are held at once
# Where a square of 90 % of each side that is cut out may begin.
_CUT = round(0.9 * SIDE)
_STARTS = (0, (SIDE - _CUT) // 2, SIDE - _CUT)
_CORNERS = tuple(product(_STARTS, _STARTS))
_ROW, _COLUMN = np.divmod(np.arange(1, _FREQUENCIES**2), _FREQUENCIES)
# Fine structure tells images apart, but has little energy in any of them.
_WEIGHTS = np.hypot(_ROW, _COLUMN).astype(np.float32)
# A mirror image has the same frequencies, those that are odd from left to right with the other sign.
_MIRRORED = np.where(_COLUMN % 2, -1, 1).astype(np.float32)


@dataclass(frozen=True)
class Images:
    """Thumbnails (n, 48, 48) uint8, grey, and a hash of the pixels that each was made of, (n,) uint64."""

    thumbnails: np.ndarray
    hashes: np.ndarray

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True)
class Pairs:
    """Test images with their duplicates in training, by test image and then the most alike first.

    Attributes:
        test, train: (k,) int64 positions.
        exact: (k,) bool, the same pixels.
        mirrored: (k,) bool, alike as mirror images.
        likeness: (k,) float64, see `same_image.likeness`; 1 for exact ones.
    """

    test: np.ndarray
    train: np.ndarray
    exact: np.ndarray
    mirrored: np.ndarray
    likeness: np.ndarray

    def __len__(self) -> int:
        return len(self.test)


def of_clips(pairs: Pairs, train: np.ndarray, test: np.ndarray) -> Pairs:
    """Pairs of clips, of which at least half of the test clip's frames have a duplicate in the training clip.

    Args:
        pairs: of frames.
        train, test: (frames,) int64, the clip that each frame belongs to; an image is a clip of one frame.

    Returns:
        The same for positions of clips; the likeness is the mean, exact are those of which all frames are.
    """
    if len(pairs) == 0 or (len(np.unique(train)) == len(train) and len(np.unique(test)) == len(test)):
        return pairs
    order = np.lexsort((-pairs.likeness, test[pairs.test], train[pairs.train]))  # the best training frame of each
    clips, frames = np.column_stack([test[pairs.test], train[pairs.train]])[order], pairs.test[order]
    _, once = np.unique(np.column_stack([clips, frames]), axis=0, return_index=True)
    both, clip, count = np.unique(clips[once], axis=0, return_inverse=True, return_counts=True)
    kept, of = order[once], np.bincount(test)[both[:, 0]]

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(clip.ravel(), values[kept]) / count

    rows = np.column_stack([both, mean(pairs.exact) * count == of, mean(pairs.mirrored) > 0.5, mean(pairs.likeness)])
    return _sorted(rows[2 * count >= of])


def find(train: Images, test: Images, progress: Callable[[int, int], None] = lambda done, total: None) -> Pairs:
    """All duplicates of test images among training images, at most `MOST` exact and `MOST` near ones of each.

    Args:
        progress: called with the number of test images that are done, and of all.
    """
    rows = [np.empty((0, 5))]
    if len(train) and len(test):
        rows.append(_exact(train.hashes, test.hashes))
        rows.extend(_near(train, test, progress))
    return _sorted(np.concatenate(rows))


def _sorted(rows: np.ndarray) -> Pairs:
    """Pairs from rows of test, train, exact, mirrored, likeness."""
    rows = rows[np.lexsort((rows[:, 1], -rows[:, 4], -rows[:, 2], rows[:, 0]))]
    return Pairs(*rows[:, :2].T.astype(np.int64), *rows[:, 2:4].T.astype(bool), rows[:, 4])


def _exact(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    order = np.argsort(train, kind="stable")
    first, behind = (np.searchsorted(train[order], test, side) for side in ("left", "right"))
    pairs = [(i, order[at]) for i, (a, b) in enumerate(zip(first, behind, strict=True)) for at in range(a, b)[:MOST]]
    return np.array([(i, j, 1, 0, 1) for i, j in pairs], float).reshape(-1, 5)


def _near(train: Images, test: Images, progress: Callable[[int, int], None]) -> Iterator[np.ndarray]:
    views = [_describe(train.thumbnails, corner) for corner in (None, *_CORNERS)]
    rows = max(1, _SCORES // (2 * len(train)))
    with ThreadPoolExecutor(cores()) as threads:
        for start in range(0, len(test), rows):
            here = slice(start, start + rows)
            pairs = _candidates(views, test.thumbnails[here])
            pairs[:, 0] += start
            pairs = pairs[test.hashes[pairs[:, 0]] != train.hashes[pairs[:, 1]]]

            def compare(pair: np.ndarray) -> float:
                tested, trained = test.thumbnails[pair[0]], train.thumbnails[pair[1]]
                return likeness(np.ascontiguousarray(tested[:, ::-1]) if pair[2] else tested, trained)

            alike = np.fromiter(threads.map(compare, pairs), float, len(pairs))
            yield _best_of_each(pairs[alike >= SAME], alike[alike >= SAME])
            progress(min(start + rows, len(test)), len(test))


def _best_of_each(pairs: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """Each pair once, though it may be alike both as it is and mirrored, and of each test image the most alike."""
    order = np.lexsort((-alike, pairs[:, 1], pairs[:, 0]))
    _, once = np.unique(pairs[order, :2], axis=0, return_index=True)
    kept = order[once]
    kept = kept[np.lexsort((pairs[kept, 1], -alike[kept], pairs[kept, 0]))]
    first = np.searchsorted(pairs[kept, 0], pairs[kept, 0])
    kept = kept[np.arange(len(kept)) - first < MOST]
    return np.column_stack([pairs[kept, :2], np.zeros(len(kept)), pairs[kept, 2], alike[kept]])


def _candidates(views: list[np.ndarray], thumbnails: np.ndarray) -> np.ndarray:
    """Rows of test, train, mirrored (int64) that are worth a look, the nearest `LOOKED_AT` of each test image.

    Args:
        views: (n, 63) descriptions of the training images, whole and cut.
    """
    whole = _both_ways(_describe(thumbnails))
    best = whole @ views[0].T
    scores = np.empty_like(best)
    for view in views[1:]:
        np.maximum(best, np.matmul(whole, view.T, out=scores), out=best)
    for corner in _CORNERS:
        cut = _both_ways(_describe(thumbnails, corner))
        np.maximum(best, np.matmul(cut, views[0].T, out=scores), out=best)
    best = np.concatenate(np.split(best, 2), axis=1)
    count = min(LOOKED_AT, best.shape[1])
    nearest = np.argpartition(best, -count, axis=1)[:, -count:]
    test, place = np.nonzero(np.take_along_axis(best, nearest, 1) >= WORTH_A_LOOK)
    mirrored, image = np.divmod(nearest[test, place], len(views[0]))
    return np.column_stack([test, image, mirrored])


def _both_ways(descriptions: np.ndarray) -> np.ndarray:
    return np.concatenate([descriptions, descriptions * _MIRRORED])


def _describe(thumbnails: np.ndarray, corner: tuple[int, int] | None = None) -> np.ndarray:
    """(n, 63) float32, of length 1 unless the image is blank: weighted low frequencies, without the mean."""
    described = np.empty((len(thumbnails), len(_WEIGHTS)), np.float32)
    for row, image in zip(described, thumbnails, strict=True):
        if corner:
            image = image[corner[0] : corner[0] + _CUT, corner[1] : corner[1] + _CUT]
        small = cv2.resize(image, (_REDUCED, _REDUCED), interpolation=cv2.INTER_AREA).astype(np.float32)
        row[:] = cv2.dct(small)[:_FREQUENCIES, :_FREQUENCIES].ravel()[1:]
    described *= _WEIGHTS
    return described / np.maximum(np.linalg.norm(described, axis=1, keepdims=True), 1e-6)
