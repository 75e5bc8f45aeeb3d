"""What a support vector machine sees of a 48×48 image: its pixels, gradients or landmarks (section 3.2.2).

Every extractor takes images (n, H·W) uint8, flattened as scikit-learn wants them, and gives (n, d) float32. None
learns from the images, so they may run before any split.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from common.media import landmarks

CELL, BLOCK, BINS = 8, 16, 9
# The predictor was fitted to faces of this size; images are enlarged to it.
LANDMARK_SIZE = 192


def raw(images: np.ndarray) -> np.ndarray:
    """Grey values 0 to 255."""
    return images.astype(np.float32)


def hog(images: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients (Dalal and Triggs 2005): cells of 8 pixels, blocks of 2×2 cells, 9 bins.

    An image of 48×48 gives 900 numbers.
    """
    size = _size(images)
    descriptor = cv2.HOGDescriptor((size, size), (BLOCK, BLOCK), (CELL, CELL), (CELL, CELL), BINS)
    return np.stack([descriptor.compute(image.reshape(size, size)).ravel() for image in images])


def face_points(images: np.ndarray, predictor: Path) -> np.ndarray:
    """(n, 136) float32: x and y of the 68 points of dlib, relative to their centre and as parts of their spread.

    Both FER2013 and the small CK+ images are cut to the face, so the whole image is the face's box.

    Raises:
        UserError: if the predictor's file is missing, or not the one that its makers published.
    """
    size = _size(images)
    whole = np.array([0, 0, LANDMARK_SIZE, LANDMARK_SIZE])
    rows = []
    for image in images.reshape(-1, size, size):
        large = cv2.resize(image, (LANDMARK_SIZE, LANDMARK_SIZE), interpolation=cv2.INTER_CUBIC)
        points = landmarks.find(large, whole, predictor).astype(np.float32)
        points -= points.mean(axis=0)
        rows.append((points / max(float(np.linalg.norm(points)), 1e-6)).ravel())
    return np.stack(rows)


def extractor(name: str, models: Path | None) -> Callable[[np.ndarray], np.ndarray]:
    """The extractor of that name; it can be sent to worker processes.

    Args:
        name: "raw", "hog" or "landmarks".
        models: folder that may hold dlib's shape predictor, for landmarks.

    Raises:
        UserError: if the predictor is nowhere.
    """
    if name == "landmarks":
        return partial(face_points, predictor=landmarks.locate(models))
    return {"raw": raw, "hog": hog}[name]


def _size(images: np.ndarray) -> int:
    """Side of square images."""
    return round(images.shape[1] ** 0.5)
