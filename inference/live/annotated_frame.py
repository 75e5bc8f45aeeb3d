"""A finished image, with what the page says beside it."""

from threading import Lock

import cv2
import numpy as np

# A larger image costs the browser more than it shows; 4K cameras are looked at in full all the same.
WIDEST = 1280
JPEG_QUALITY = 80


class AnnotatedFrame:
    """An annotated frame (H, W, 3) uint8 BGR, and facts about it that JSON can hold.

    It is encoded when somebody first asks, by the thread of who asks, and once for all.
    """

    def __init__(self, image: np.ndarray, facts: dict):
        self.facts = facts
        self.image = image
        self._jpeg: bytes | None = None
        self._lock = Lock()

    def jpeg(self) -> bytes:
        """The image as a JPEG file at most 1280 pixels wide."""
        with self._lock:
            if self._jpeg is None:
                quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
                self._jpeg = cv2.imencode(".jpg", _shrunk(self.image), quality)[1].tobytes()
            return self._jpeg


def _shrunk(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    if width <= WIDEST:
        return image
    return cv2.resize(image, (WIDEST, max(round(height * WIDEST / width), 1)), interpolation=cv2.INTER_AREA)
