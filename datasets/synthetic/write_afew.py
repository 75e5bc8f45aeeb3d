"""AFEW as it lies on disk: `Train_AFEW/Angry/000046280.avi`, and the organisers' aligned faces beside the classes.

In the wild: many people, none of them in both parts; every fourth clip is dark; now and then a bystander is in the
image, nobody, or only a fifth of a second. One name occurs in both parts and is two different clips. Where nobody
is seen, the folder of aligned faces is empty or missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from common.media.emotions import Emotion
from datasets.synthetic import media
from datasets.synthetic.camera import Scene
from datasets.synthetic.performance import Performance, draw

FOLDER = "AFEW"
CORPUS_NUMBER = 7
PARTS = {"Train": "AlignedFaces_LBPTOP_Points", "Val": "AlignedFaces_LBPTOP_Points_Val"}
WORDS = {
    Emotion.ANGRY: "Angry",
    Emotion.DISGUST: "Disgust",
    Emotion.FEAR: "Fear",
    Emotion.HAPPY: "Happy",
    Emotion.NEUTRAL: "Neutral",
    Emotion.SAD: "Sad",
    Emotion.SURPRISE: "Surprise",
}
IN_BOTH_PARTS = "001703120"
DARK = 0.35  # of the light
_FPS = 25.0
_HEIGHT, _WIDTH = 576, 720
_BYSTANDER = (403, 252)
_CLIPS_A_PERSON = 3
_STRANGERS = 1000  # so many people later come those of the other part

# Clips with something odd about them: part, class, and number within it from 0.
_SAME_NAME = {("Train", Emotion.ANGRY, 0), ("Val", Emotion.SAD, 0)}
_SHORT = {("Train", Emotion.DISGUST, 0), ("Val", Emotion.NEUTRAL, 0)}
_TWO_FACES = {("Train", Emotion.SAD, 1), ("Train", Emotion.SURPRISE, 1), ("Val", Emotion.ANGRY, 1)}
# In the real set too, no face is found in a clip of each of these classes.
_NOBODY = {
    ("Train", Emotion.HAPPY, 2),
    ("Train", Emotion.NEUTRAL, 2),
    ("Val", Emotion.FEAR, 2),
    ("Val", Emotion.HAPPY, 2),
}


@dataclass(frozen=True)
class Shot:
    """A clip to be written.

    Attributes:
        performance: what is seen; of a shot with two faces, its left part.
        path: the video file.
        aligned: folder for the aligned faces, which the first of two people gets.
        people: how many are in the image: 0, 1 or 2, of whom the second is smaller and stands on the right.
        light: share of the light that reaches the camera.
    """

    performance: Performance
    path: Path
    aligned: Path
    people: int
    light: float


def plan(root: Path, train: int, val: int, seed: int) -> list[Shot]:
    """`train` and `val` clips a class in the two parts; more of them leave the first ones as they are."""
    clips = {"Train": train, "Val": val}
    return [
        _shot(root / FOLDER / f"{part}_AFEW", part, number, kind, seed)
        for part in PARTS
        for number, kind in product(range(clips[part]), range(len(WORDS)))
    ]


def annotate(root: Path, shots: list[Shot]) -> None:
    """Leave the archive of the aligned faces beside its contents, which lack a folder for one clip without face."""
    for part, archive in PARTS.items():
        home = root / FOLDER / f"{part}_AFEW"
        home.mkdir(parents=True, exist_ok=True)
        (home / f"{archive}.zip").write_bytes(b"PK\5\6" + bytes(18))  # an archive without files
    for shot in shots:
        if shot.people or shot.performance.emotion is Emotion.HAPPY:
            shot.aligned.mkdir(parents=True, exist_ok=True)


def write(shot: Shot) -> None:
    """Draw the clip and write it, and the faces in it as `000.jpg`, `001.jpg` and so on.

    Raises:
        UserError: if a file cannot be written (disk full, no permission).
    """
    frames = [cv2.convertScaleAbs(frame, alpha=shot.light) for frame in _frames(shot)]
    media.film(shot.path, frames, (_HEIGHT, _WIDTH), _FPS)
    if shot.people:
        for number, frame in enumerate(frames):
            media.save(shot.aligned / f"{number:03d}.jpg", _face(frame, shot.performance))


def _shot(home: Path, part: str, number: int, kind: int, seed: int) -> Shot:
    position = len(WORDS) * number + kind  # of the clip within its part
    emotion = list(WORDS)[kind]
    who = _STRANGERS * list(PARTS).index(part) + position // _CLIPS_A_PERSON
    rng = np.random.default_rng([seed, CORPUS_NUMBER, who, position, 0])
    which = (part, emotion, number)
    people = 2 if which in _TWO_FACES else 0 if which in _NOBODY else 1
    size = (_HEIGHT, _WIDTH - _BYSTANDER[1] if people == 2 else _WIDTH)
    frames = 5 if which in _SHORT else int(rng.integers(12, 30))
    name = IN_BOTH_PARTS if which in _SAME_NAME else _name(part, position, rng)
    return Shot(
        Performance(seed, CORPUS_NUMBER, who, position, emotion, frames, _FPS, size, posed=False),
        home / WORDS[emotion] / f"{name}.avi",
        home / PARTS[part] / "Faces" / name,
        people,
        DARK if position % 4 == 1 else 1.0,
    )


def _name(part: str, position: int, rng: np.random.Generator) -> str:
    """The time of a frame in its film, hours to milliseconds: later for later clips, never the same in both parts."""
    frame = 150 * position + 2 * int(rng.integers(75)) + list(PARTS).index(part)
    seconds, frame = divmod(frame, int(_FPS))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}{minutes:02d}{seconds:02d}{round(1000 * frame / _FPS):03d}"


def _frames(shot: Shot) -> Iterator[np.ndarray]:
    """Yield (576, 720, 3) uint8 BGR frames in full light."""
    if shot.people == 0:
        return _empty(shot.performance)
    if shot.people == 1:
        return draw(shot.performance)
    return _with_bystander(shot.performance)


def _empty(p: Performance) -> Iterator[np.ndarray]:
    scene = Scene(*p.size, np.random.default_rng([p.seed, p.corpus, p.subject, p.take]))
    for _ in range(p.frames):
        yield scene.expose(scene.background.copy())


def _with_bystander(p: Performance) -> Iterator[np.ndarray]:
    other = replace(p, subject=_STRANGERS // 2 + p.subject, emotion=Emotion.NEUTRAL, size=_BYSTANDER)
    above = _HEIGHT - _BYSTANDER[0]
    for left, right in zip(draw(p), draw(other), strict=True):
        yield np.hstack([left, cv2.copyMakeBorder(right, above, 0, 0, 0, cv2.BORDER_REPLICATE)])


def _face(frame: np.ndarray, p: Performance) -> np.ndarray:
    """The (128, 128, 3) uint8 part of a frame in which the performer's face is."""
    height, width = p.size
    x, y, reach = width // 2, round(0.48 * height), round(0.265 * height)
    return cv2.resize(frame[y - reach : y + reach, x - reach : x + reach], (128, 128), interpolation=cv2.INTER_AREA)
