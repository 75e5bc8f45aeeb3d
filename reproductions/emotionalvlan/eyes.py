"""Where both eyes are: OpenCV's cascades for faces and eyes (Viola and Jones 2001), or dlib's landmarks.

Eyes are (2, 2) float64 x and y in pixels, the left one in the image first.
"""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from common.media import faces, landmarks
from common.media.tracking import Tracking

Detector = Literal["haar_face_and_eyes", "dlib_landmarks"]

# Where eyes are searched, in sides of the face's box: between forehead and nostrils, each in its half.
_TOP, _BOTTOM = 0.15, 0.60
_LEAST_EYE = 0.12
# Where they lie in such a box when they are not found: the mean over faces with both found, drawn and filmed ones.
_USUAL = {
    "haar_face_and_eyes": np.array([[0.32, 0.385], [0.68, 0.385]]),
    "dlib_landmarks": np.array([[0.29, 0.25], [0.71, 0.25]]),
}


class Face(NamedTuple):
    """A face in a frame: its box (4,) int32, and its eyes, None where not both were found."""

    box: np.ndarray
    eyes: np.ndarray | None


def finder(detector: Detector) -> faces.Haar | Tracking:
    """What finds faces for a detector of eyes."""
    return faces.Haar() if detector == "haar_face_and_eyes" else Tracking()


def find(grey: np.ndarray, detector: Detector, models: Path | None = None) -> Face | None:
    """The largest face in a (H, W) uint8 image; None where there is none.

    Args:
        models: folder in which the landmark predictor may lie.

    Raises:
        UserError: if the landmark predictor is needed and missing, or not the published one.
    """
    box = faces.largest(finder(detector).detect(grey))
    return None if box is None else Face(box, within(grey, box, detector, models))


def within(grey: np.ndarray, box: np.ndarray, detector: Detector, models: Path | None = None) -> np.ndarray | None:
    """The eyes (2, 2) of the face in a box (4,) of a (H, W) uint8 image; None where not both are found.

    Raises:
        UserError: as `find` does.
    """
    if detector == "dlib_landmarks":
        points = landmarks.find(grey, box, landmarks.locate(models))
        return landmarks.eyes(points) if landmarks.plausible(points, box) else None
    eyes = [_eye(grey, box, side) for side in (0, 1)]
    if any(eye is None for eye in eyes) or not plausible(np.stack(eyes), box):
        return None
    return np.stack(eyes)


def plausible(eyes: np.ndarray, box: np.ndarray) -> bool:
    """Whether eyes can be those of the upright face in a box (4,): apart, not too far, and not too steep."""
    across, down = eyes[1] - eyes[0]
    nearest, farthest = landmarks.EYE_DISTANCES
    if not nearest <= np.hypot(across, down) / box[2] <= farthest:
        return False
    return abs(np.degrees(np.arctan2(down, across))) <= landmarks.STEEPEST


def usual(box: np.ndarray, detector: Detector) -> np.ndarray:
    """Where the eyes of the face in a box (4,) of a detector mostly are."""
    return box[:2] + _USUAL[detector] * box[2:]


def _eye(grey: np.ndarray, box: np.ndarray, side: int) -> np.ndarray | None:
    """The centre (2,) of the largest eye in the left (0) or right (1) half of a face."""
    x, y, width, height = box.tolist()
    left, top = x + side * width // 2, y + round(_TOP * height)
    part = grey[top : y + round(_BOTTOM * height), left : left + width // 2]
    cascade = faces.Haar(1.1, 3, max(1, round(_LEAST_EYE * width)), "haarcascade_eye")
    found = faces.largest(cascade.detect(np.ascontiguousarray(part)))
    return None if found is None else (left, top) + found[:2] + (found[2:] - 1) / 2
