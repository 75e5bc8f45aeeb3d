"""MMI as it lies on disk: `Sessions/2801/S028-001.avi` with its XML files, half as large as the real images.

Most frontal recordings lie on their side and some do not; dual ones show front and profile side by side, and which
half is which depends on the subject. A few sessions are no use to a study of emotions from the front: one is a side
view, one has another emotion than the six, one has action units but no emotion, one has an image and no video.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from common.media.emotions import Emotion
from datasets.synthetic import media, profile
from datasets.synthetic.performance import Performance, draw

FOLDER = "MMI"
ROOT = "Sessions"
CORPUS_NUMBER = 9
VALUES = {
    Emotion.ANGRY: 1,
    Emotion.DISGUST: 2,
    Emotion.FEAR: 3,
    Emotion.HAPPY: 4,
    Emotion.SAD: 5,
    Emotion.SURPRISE: 6,
}
Way = Literal["turned", "upright", "profile left", "profile right", "side", "still"]
VIEWS: dict[Way, int] = {"turned": 0, "upright": 0, "profile left": 2, "profile right": 2, "side": 1, "still": 0}

# In this order: the first few already show every way in which a face is seen from the front.
SUBJECTS: dict[int, Way] = {28: "turned", 1: "profile left", 53: "upright", 3: "profile right"}
SUBJECTS |= {2: "profile left", 5: "profile right", 54: "upright"} | dict.fromkeys(range(30, 51), "turned")

_STORED = (288, 360)  # height and width of every video
_SIZES = {"upright": _STORED, "profile left": (288, 180), "profile right": (288, 180)}
_ON_ITS_SIDE = _STORED[::-1]
_FPS = 24.0


@dataclass(frozen=True)
class Session:
    """A session to be written.

    Attributes:
        performance: what is seen, up to the apex; a video then shows it backwards.
        path: the video file, or the image of a session without one.
        way: how the camera was held, and in which half of a dual recording the profile is.
        value: of the emotion in the label file; None where that names none.
        action_units: whether it has a file with action units.
    """

    performance: Performance
    path: Path
    way: Way
    value: int | None
    action_units: bool


def plan(root: Path, subjects: int, clips: int, seed: int) -> list[Session]:
    """The sessions of up to 28 subjects: `clips` in each of the six emotions, and four that are no use."""
    home = root / FOLDER / ROOT
    chosen = [
        _session(home, number, way, 1 + 6 * clip + kind, emotion, value, seed)
        for number, way in list(SUBJECTS.items())[:subjects]
        for clip in range(clips)
        for kind, (emotion, value) in enumerate(VALUES.items())
    ]
    return [
        *chosen,
        _session(home, 21, "side", 1, Emotion.HAPPY, VALUES[Emotion.HAPPY], seed),
        _session(home, 28, "turned", 901, Emotion.BOREDOM, 9, seed),
        _session(home, 28, "upright", 902, Emotion.NEUTRAL, None, seed),
        _session(home, 28, "still", 903, Emotion.HAPPY, VALUES[Emotion.HAPPY], seed),
    ]


def annotate(root: Path, sessions: list[Session]) -> None:
    """Write the XML files of every session."""
    for session in sessions:
        folder, name = session.path.parent, session.path.stem
        extra = [f"{name}-oao_aucs.xml"] if session.action_units else []
        tags = {"Subject": name.split("-")[0]}
        if session.value is not None:
            tags["Emotion"] = session.value
        _write_xml(
            folder / "session.xml",
            f'<session sessionId="{folder.name}">',
            f'<track view="{VIEWS[session.way]}" filename="{session.path.name}"/>',
            *(f'<annotation filename="{file}"/>' for file in (f"{name}.xml", *extra)),
            "</session>",
        )
        _write_xml(
            folder / f"{name}.xml",
            "<Metadata>",
            *(f'<Metatag Name="{tag}" Value="{value}"/>' for tag, value in tags.items()),
            "</Metadata>",
        )
        for file in extra:
            _write_xml(
                folder / file, '<AUCS><ActionUnit Number="12">', '<Marker Type="0" Frame="1"/>', "</ActionUnit></AUCS>"
            )


def write(session: Session) -> None:
    """Draw the session and write its video, or its image.

    Raises:
        UserError: if a file cannot be written (disk full, no permission).
    """
    frames = list(_frames(session))
    if session.way == "still":
        media.save(session.path, frames[-1])
    else:
        media.film(session.path, [*frames, *frames[-2::-1]], _STORED, _FPS)


def _session(home: Path, number: int, way: Way, take: int, emotion: Emotion, value: int | None, seed: int) -> Session:
    frames = np.random.default_rng([seed, CORPUS_NUMBER, number, take, 0]).integers(6, 13)
    size = _SIZES.get(way, _ON_ITS_SIDE)
    performance = Performance(seed, CORPUS_NUMBER, number, take, emotion, int(frames), _FPS, size, posed=True)
    ending = "jpg" if way == "still" else "avi"
    path = home / str(1000 * number + take) / f"S{number:03d}-{take:03d}.{ending}"
    return Session(performance, path, way, value, action_units=way == "upright")


def _frames(session: Session) -> Iterator[np.ndarray]:
    """Yield the frames up to the apex, as the file holds them: (288, 360, 3) uint8 BGR, a still (360, 288, 3)."""
    p = session.performance
    if session.way == "turned":
        return (cv2.rotate(frame, cv2.ROTATE_90_COUNTERCLOCKWISE) for frame in draw(p))
    if session.way == "side":
        return (cv2.rotate(frame, cv2.ROTATE_90_CLOCKWISE) for frame in profile.draw(p))
    if session.way == "profile left":
        return map(np.hstack, zip(profile.draw(p), draw(p), strict=True))
    if session.way == "profile right":
        return map(np.hstack, zip(draw(p), profile.draw(p), strict=True))
    return draw(p)


def _write_xml(path: Path, *lines: str) -> None:
    path.write_text("\n".join(('<?xml version="1.0" encoding="UTF-8"?>', *lines, "")), encoding="utf-8")
