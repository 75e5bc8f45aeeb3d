"""What a support vector machine sees of a 48×48 image: its pixels, gradients or landmarks (section 3.2.2).

Every extractor takes images (n, H·W) uint8, flattened as scikit-learn wants them, and gives (n, d) float32. None
learns from the images, so they may run before any split.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from common.support.errors import UserError

CELL, BLOCK, BINS = 8, 16, 9
# The predictor was fitted to faces of this size; images are enlarged to it.
LANDMARK_SIZE = 192
PREDICTOR = "shape_predictor_68_face_landmarks.dat"


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


@dataclass(frozen=True)
class Landmarks:
    """The points that dlib's shape predictor finds, relative to their centre and as parts of their spread.

    Both FER2013 and the small CK+ images are cut to the face, so the whole image is the face's box. A function
    object and not a closure, because it is sent to worker processes.

    Attributes:
        predictor: file of the predictor; the usual one has 68 points.
    """

    predictor: Path

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """(n, 2·points) float32: x and y of each point.

        Raises:
            UserError: if the predictor's file is missing or damaged.
        """
        size = _size(images)
        return np.stack([self._points(image.reshape(size, size)) for image in images])

    def _points(self, image: np.ndarray) -> np.ndarray:
        import dlib

        large = cv2.resize(image, (LANDMARK_SIZE, LANDMARK_SIZE), interpolation=cv2.INTER_CUBIC)
        found = _predictor(self.predictor)(large, dlib.rectangle(0, 0, LANDMARK_SIZE - 1, LANDMARK_SIZE - 1))
        points = np.array([(point.x, point.y) for point in found.parts()], np.float32)
        points -= points.mean(axis=0)
        return (points / max(float(np.linalg.norm(points)), 1e-6)).ravel()


@cache
def _predictor(path: Path):
    # Kept outside the extractor, which travels to worker processes: a loaded predictor is 100 MB.
    import dlib

    if not path.is_file():
        raise UserError(
            f"Landmarks need dlib's shape predictor, and there is no {path}.",
            f"Unpack {PREDICTOR}.bz2 from dlib.net/files into the folder of the data, or choose other features.",
        )
    try:
        return dlib.shape_predictor(str(path))
    except RuntimeError as error:
        raise UserError(f"{path} is no shape predictor.", "Fetch it again from dlib.net/files.") from error


def extractor(name: str, data: Path | None) -> Callable[[np.ndarray], np.ndarray]:
    """The extractor of that name.

    Args:
        name: "raw", "hog" or "landmarks".
        data: folder in which the shape predictor lies; only landmarks need it.

    Raises:
        UserError: if landmarks are asked for without a folder of data.
    """
    if name != "landmarks":
        return {"raw": raw, "hog": hog}[name]
    if data is None:
        raise UserError("Landmarks need real faces and dlib's shape predictor.", "Name the folder with DATA=.")
    return Landmarks(data / PREDICTOR)


def _size(images: np.ndarray) -> int:
    """Side of square images."""
    return round(images.shape[1] ** 0.5)
