"""Whether two thumbnails show the same image: recoded, cropped, brightened or turned a little, but not another moment.

The second thumbnail is laid over the first by an affine transform that maximises their correlation (ECC). Then windows
of 9×9 pixels are compared, each after its mean is taken away. So what all portraits have in common, such as a bright
face before a dark wall, does not count, and neither do brightness, contrast and plain areas.
"""

import cv2
import numpy as np

SIDE = 48
# Likeness from which on two thumbnails count as the same image; `bench copies` measures what it finds and mistakes.
SAME = 0.98

_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 12, 1e-4)
_SMOOTHED = 5  # pixels, while the transform is sought
_WINDOW = (9, 9)
# Grey values beyond these may have been cut off by a change of brightness.
_DARKEST, _BRIGHTEST = 2, 253
# What both must show, and what of it must not be cut off, as parts of the thumbnail.
_SHARED, _USABLE = 0.6, 0.3
_UNRELATED = -1.0


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    """How far the structure of two images agrees once one is laid over the other.

    Args:
        first, second: (48, 48) uint8, grey.

    Returns:
        1 for the same image, less for anything else; -1 if they cannot be laid over each other, or one is blank.
    """
    transform = np.eye(2, 3, dtype=np.float32)
    try:
        _, transform = cv2.findTransformECC(first, second, transform, cv2.MOTION_AFFINE, _STEPS, None, _SMOOTHED)
    except cv2.error:  # nothing in common, or nothing to see
        return _UNRELATED
    shared = _warp(np.ones_like(second), transform, cv2.INTER_NEAREST)
    shared = cv2.erode(shared, np.ones((3, 3), np.uint8), borderValue=1)
    if shared.mean() < _SHARED:
        return _UNRELATED
    moved = _warp(second, transform, cv2.INTER_LINEAR)
    for image in (first, moved):
        shared &= cv2.inRange(image, _DARKEST + 1, _BRIGHTEST - 1)
    if shared.mean() < _USABLE:
        return _UNRELATED
    return _local_correlation(_smooth(first), _smooth(moved), shared)


def _warp(image: np.ndarray, transform: np.ndarray, interpolation: int) -> np.ndarray:
    return cv2.warpAffine(image, transform, (SIDE, SIDE), flags=interpolation | cv2.WARP_INVERSE_MAP)


def _smooth(image: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(image, (3, 3), 0).astype(np.float32)


def _local_correlation(first: np.ndarray, second: np.ndarray, shared: np.ndarray) -> float:
    """Correlation within windows, each weighted by the contrast in it."""
    mask = shared.astype(np.float32)

    def total(values: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(values * mask, -1, _WINDOW, normalize=False)

    count = np.maximum(total(mask), 1)
    mean, other = total(first) / count, total(second) / count
    usable = shared > 0
    product = (total(first * second) / count - mean * other)[usable].sum()
    energy = np.maximum(total(first * first) / count - mean**2, 0)[usable].sum()
    energy *= np.maximum(total(second * second) / count - other**2, 0)[usable].sum()
    return float(product / np.sqrt(energy)) if energy > 0 else _UNRELATED
