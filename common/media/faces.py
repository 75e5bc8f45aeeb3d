"""Where the face is in a frame, and the piece of the frame that a network sees.

A box is (x, y, width, height) in pixels, int32, from the top left corner of the frame.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import get_ident
from typing import Protocol

import cv2
import numpy as np

from common.media import video

INTERPOLATIONS = {"bilinear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}


class Detector(Protocol):
    """Finds faces; `version` changes whenever the same frame could get other boxes."""

    @property
    def version(self) -> str: ...

    def detect(self, grey: np.ndarray) -> np.ndarray:
        """The boxes (n, 4) int32 of all faces in a (H, W) uint8 image; n may be 0."""
        ...


@dataclass(frozen=True)
class Haar:
    """OpenCV's cascade of Haar features for frontal faces (Viola and Jones 2001).

    Attributes:
        scale_factor: ratio between the sizes at which faces are searched.
        min_neighbors: overlapping hits that make a face.
        min_size: smallest face in pixels.
    """

    scale_factor: float = 1.3
    min_neighbors: int = 5
    min_size: int = 48
    cascade: str = "haarcascade_frontalface_default"

    @property
    def version(self) -> str:
        return f"opencv {cv2.__version__} {self}"

    @property
    def description(self) -> str:
        """How a face is found with it, in a sentence for people who feed the network themselves."""
        return (
            f"Find the face with OpenCV's {self.cascade}.xml (scale factor {self.scale_factor}, "
            f"{self.min_neighbors} neighbours, at least {self.min_size} pixels)."
        )

    def detect(self, grey: np.ndarray) -> np.ndarray:
        boxes = _cascade(self.cascade, get_ident()).detectMultiScale(
            grey, self.scale_factor, self.min_neighbors, minSize=(self.min_size, self.min_size)
        )
        return np.asarray(boxes, np.int32).reshape(-1, 4)

    def hits(self, level: np.ndarray) -> np.ndarray:
        """Where in a (H, W) uint8 image the cascade sees a face of its own size, window by window, ungrouped.

        Returns:
            (n, 2) int32 x and y of the windows' corners.
        """
        size = 2 * self.window
        # At its first size OpenCV tries every second place only, at twice that every one.
        doubled = cv2.resize(level, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
        found = _cascade(self.cascade, get_ident()).detectMultiScale(
            doubled, 2.0, 0, minSize=(size, size), maxSize=(size, size)
        )
        return np.asarray(found, np.int32).reshape(-1, 4)[:, :2] // 2

    @property
    def window(self) -> int:
        """Side in pixels of the window that the cascade was trained for."""
        return _cascade(self.cascade, get_ident()).getOriginalWindowSize()[0]


@cache
def _cascade(name: str, thread: int) -> cv2.CascadeClassifier:
    # Kept outside the detector, which travels to worker processes: a loaded cascade cannot be pickled.
    # One a thread, because a search keeps its images in it.
    return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / f"{name}.xml"))


def largest(boxes: np.ndarray) -> np.ndarray | None:
    """The box (4,) with the largest area of (n, 4), the first of equals; None where there is no box."""
    if len(boxes) == 0:
        return None
    return boxes[np.argmax(boxes[:, 2] * boxes[:, 3])]


def first(boxes: np.ndarray) -> np.ndarray | None:
    """The detector's first box (4,) of (n, 4); None where there is no box."""
    return boxes[0] if len(boxes) else None


def widen(box: np.ndarray, fraction: float, shape: tuple[int, int]) -> np.ndarray:
    """The box, extended on each of its four sides by a fraction of its size, within a frame of (H, W) pixels.

    What reaches over the border is cut off, so a face at the border keeps its pixels but not its centre.

    >>> widen(np.array([100, 100, 50, 50]), 0.10, (480, 640)).tolist()
    [95, 95, 60, 60]
    """
    x, y, width, height = (int(v) for v in box)
    dx, dy = round(fraction * width), round(fraction * height)
    left, top = max(x - dx, 0), max(y - dy, 0)
    right, bottom = min(x + width + dx, shape[1]), min(y + height + dy, shape[0])
    return np.array([left, top, right - left, bottom - top], np.int32)


def crop(
    image: np.ndarray, box: np.ndarray, size: int, interpolation: str = "bilinear", grey: bool = False
) -> np.ndarray:
    """The part of a (H, W[, 3]) uint8 image in a box that lies inside it, resized to size × size pixels.

    Args:
        grey: give the luminance of a BGR image, which takes less than to make all of it grey first.
    """
    x, y, width, height = box
    face = image[y : y + height, x : x + width]
    if grey and face.ndim == 3:
        face = video.grey(face)
    return cv2.resize(face, (size, size), interpolation=INTERPOLATIONS[interpolation])
