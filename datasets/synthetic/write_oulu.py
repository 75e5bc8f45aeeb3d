"""Oulu-CASIA as it lies on disk: numbered JPEG frames from neutral to the peak, by camera and light.

Every subject is there as the camera for visible light sees it under a strong lamp. The first one is there in all
six conditions; both cameras record the same performance. What Windows leaves behind lies between the sequences.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from common.media.emotions import Emotion
from datasets.synthetic import media
from datasets.synthetic.performance import Performance, draw

FOLDER = "Oulu-CASIA"
ROOT = "OriginalImg"
CORPUS_NUMBER = 5
WORDS = {
    Emotion.ANGRY: "Anger",
    Emotion.DISGUST: "Disgust",
    Emotion.FEAR: "Fear",
    Emotion.HAPPY: "Happiness",
    Emotion.SAD: "Sadness",
    Emotion.SURPRISE: "Surprise",
}
CAMERAS = ("VL", "NI")
LIGHTS = {"Strong": 1.0, "Weak": 0.5, "Dark": 0.2}  # what reaches the camera for visible light
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 80]
_RED = 2  # of BGR: skin is bright in it, as in near infrared


@dataclass(frozen=True)
class Sequence:
    """A folder of frames to be written."""

    performance: Performance
    path: Path
    camera: str
    light: str


def plan(root: Path, subjects: int, seed: int) -> list[Sequence]:
    """Six sequences of `subjects` subjects, and of the first one six in each of the other five conditions."""
    return [
        Sequence(
            _performance(subject, 10 * number + kind, emotion, seed),
            root / FOLDER / ROOT / camera / light / f"P{1 + subject:03d}" / word,
            camera,
            light,
        )
        for subject in range(subjects)
        for camera in CAMERAS
        for number, light in enumerate(LIGHTS)
        for kind, (emotion, word) in enumerate(WORDS.items())
        if subject == 0 or (camera, light) == ("VL", "Strong")
    ]


def annotate(root: Path, sequences: list[Sequence]) -> None:
    """The set has no label files; only Windows left its thumbnails behind."""
    for sequence in sequences[:: max(1, len(sequences) // 5)]:
        (sequence.path.parent / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")


def write(sequence: Sequence) -> None:
    """Draw the sequence and write it as `000.jpeg`, `001.jpeg` and so on, near infrared as one grey channel.

    Raises:
        UserError: if a file cannot be written (disk full, no permission).
    """
    sequence.path.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(draw(sequence.performance)):
        media.save(sequence.path / f"{number:03d}.jpeg", _seen(frame, sequence.camera, sequence.light), _JPEG)


def _performance(subject: int, take: int, emotion: Emotion, seed: int) -> Performance:
    frames = np.random.default_rng([seed, CORPUS_NUMBER, subject, take, 0]).integers(9, 25)
    return Performance(seed, CORPUS_NUMBER, subject, take, emotion, int(frames), 25.0, (240, 320), posed=True)


def _seen(frame: np.ndarray, camera: str, light: str) -> np.ndarray:
    """A (H, W, 3) BGR frame as (H, W, 3) in that light, or as (H, W): infrared lamps shine in every light."""
    if camera == "NI":
        return np.ascontiguousarray(frame[..., _RED])
    return cv2.convertScaleAbs(frame, alpha=LIGHTS[light])
