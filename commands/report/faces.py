"""Sample faces of the synthetic corpus: painted in memory and carried inside the page."""

import base64

import cv2
import numpy as np

from common.media.emotions import SEVEN, Emotion
from datasets.synthetic.performance import Performance, draw

SUBJECTS = (3, 5, 8)
PIXELS = 128
CORPUS = 1


def sheet() -> dict:
    """Rows of faces: people beside each other at the peak of each emotion, then one of them in motion.

    Returns:
        `emotions`: names; `people`: for each subject one data URI an emotion; `motion`: data URIs of one clip.
    """
    people = [[_uri(_frames(subject, emotion, 2)[-1]) for emotion in SEVEN] for subject in SUBJECTS]
    motion = [_uri(frame) for frame in _frames(SUBJECTS[1], Emotion.SURPRISE, 7)]
    return {"emotions": [str(emotion) for emotion in SEVEN], "people": people, "motion": motion, "size": PIXELS}


def _frames(subject: int, emotion: Emotion, count: int) -> list[np.ndarray]:
    # Posed clips last about a second and end at the peak.
    return list(draw(Performance(0, CORPUS, subject, 0, emotion, count, count - 1, (245, 320), posed=True)))


def _uri(image: np.ndarray) -> str:
    height, width = image.shape[:2]
    side = int(0.8 * height)
    top, left = int(0.07 * height), (width - side) // 2
    face = cv2.resize(image[top : top + side, left : left + side], (PIXELS, PIXELS), interpolation=cv2.INTER_AREA)
    return uri(face)


def uri(image: np.ndarray) -> str:
    """An image (H, W, 3) uint8 in OpenCV's order of colours as text that a page can carry."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 82])
    return "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")
