"""Drawn people, their images after somebody worked on them, and files as people keep them."""

from pathlib import Path

import cv2
import numpy as np

from common.media.emotions import Emotion
from common.samples.duplicate_search import Images
from datasets import labelled
from datasets.synthetic import write_fer2013

SIDE = 48


def face(person: int, emotion: Emotion = Emotion.HAPPY) -> np.ndarray:
    """(48, 48) uint8: a drawn person."""
    return write_fer2013.draw(write_fer2013.FaceRow(emotion, emotion, 1.0, "Training", person), seed=5)


def faces(*people: int) -> np.ndarray:
    return np.stack([face(person) for person in people])


def images(thumbnails: np.ndarray) -> Images:
    return Images(thumbnails, np.array([labelled.compared(one)[1] for one in thumbnails], np.uint64))


def recoded(image: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_GRAYSCALE)


def turned(image: np.ndarray, degrees: float) -> np.ndarray:
    turn = cv2.getRotationMatrix2D((23.5, 23.5), degrees, 1)
    return cv2.warpAffine(image, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


CHANGES = {
    "recoded": recoded,
    "mirrored": lambda image: np.ascontiguousarray(image[:, ::-1]),
    "cropped": lambda image: cv2.resize(image[4:47, 1:44], (SIDE, SIDE)),
    "brightened": lambda image: cv2.convertScaleAbs(image, alpha=1.1, beta=20),
    "turned": lambda image: turned(image, 4),
    "everything": lambda image: recoded(turned(cv2.resize(image[2:45, 2:45], (SIDE, SIDE))[:, ::-1].copy(), 3)),
}


def write(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


def film(path: Path, shots: list[np.ndarray]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (96, 96))
    for shot in shots:
        writer.write(cv2.cvtColor(cv2.resize(shot, (96, 96)), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def pixels(image: np.ndarray) -> str:
    return " ".join(map(str, image.ravel().tolist()))
