"""A face turned and scaled by its eye line, so that in every image both eyes are at the same place."""

import cv2
import numpy as np

# Where the eyes come to lie, in sides of the image: brows and the chin of an open mouth just fit.
EYE_LEVEL, EYE_DISTANCE = 0.3, 0.35


def places(size: int, level: float = EYE_LEVEL, distance: float = EYE_DISTANCE) -> np.ndarray:
    """Where the eyes lie in an aligned image: (2, 2) x and y in pixels, left one first."""
    middle, half = (size - 1) / 2, distance * size / 2
    return np.array([[middle - half, level * size], [middle + half, level * size]])


def transform(eyes: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The matrix (2, 3) that turns, scales and shifts eyes (2, 2) onto targets (2, 2), without shearing."""
    # Points as complex numbers: a similarity is z → a·z + b.
    left, right = eyes @ (1, 1j)
    a = complex(np.diff(targets @ (1, 1j))[0] / (right - left))
    b = complex(targets[0] @ (1, 1j) - a * left)
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def align(
    image: np.ndarray, eyes: np.ndarray, size: int, level: float = EYE_LEVEL, distance: float = EYE_DISTANCE
) -> np.ndarray:
    """The face (size, size[, 3]) uint8 of a (H, W[, 3]) uint8 image whose eyes are at (2, 2) x and y.

    Args:
        level, distance: height of the eye line and distance of the eyes, in sides of the image.
    """
    return sample(image, transform(eyes, places(size, level, distance)), (size, size))


def sample(image: np.ndarray, matrix: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The image (*shape[, 3]) uint8 that a matrix (2, 3) makes of a (H, W[, 3]) uint8 image, without skipped pixels.

    Where it shrinks the image, the image is first sampled finely and then averaged; beyond the image its border is
    repeated.
    """
    fine = max(1, round(1 / float(np.hypot(*matrix[:, 0]))))
    # The centre of pixel 0 is that of its `fine` finer ones.
    matrix = fine * matrix
    matrix[:, 2] += (fine - 1) / 2
    height, width = shape
    size = fine * width, fine * height
    large = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA) if fine > 1 else large
