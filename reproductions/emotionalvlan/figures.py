"""What a network of this paper sees, for the report: stills, flow images, and the same flow in colours for people."""

import cv2
import numpy as np

from common.media import alignment
from common.media.emotions import Emotion
from common.media.video import grey
from datasets.synthetic.performance import Performance, draw
from reproductions.emotionalvlan import eyes, flow_images, horn_schunck, preprocessing
from reproductions.emotionalvlan.preprocessing import FRAMES, SHAPE, Settings

SUBJECT = 5
SHOWN = slice(0, 14, 2)


def strips() -> list[tuple[str, list[np.ndarray]]]:
    """Titles and rows of images (H, W, 3) uint8 RGB, of a synthetic face that becomes surprised."""
    settings = Settings(crop_place="whole_clip")
    faces = _faces(settings)
    greys = np.stack([cv2.cvtColor(face, cv2.COLOR_RGB2GRAY) for face in faces])
    flow = horn_schunck.flow(greys[:-1], greys[1:], settings.scheme)
    # The fastest of a hundred pixels would leave all others nearly white.
    longest = float(np.quantile(np.linalg.norm(flow, axis=3), 0.99))
    images = preprocessing.flow(faces, settings)
    coloured = [flow_images.colours(one, longest) for one in flow[SHOWN]]
    return [
        ("Stills, every other one", list(faces[SHOWN])),
        (
            "Flow images: dx, dy and magnitude as red, green and blue",
            list(images[SHOWN]),
        ),
        ("The same flow: hue is the direction, white is at rest; the wheel is its legend", [*coloured[:-1], _legend()]),
    ]


def _faces(settings: Settings) -> np.ndarray:
    """16 faces (16, 150, 110, 3) uint8 RGB, all cut out where the eyes of the first one are."""
    drawn = Performance(0, 1, SUBJECT, 0, Emotion.SURPRISE, FRAMES, FRAMES - 1, (490, 640), posed=True)
    images = list(draw(drawn))
    found = eyes.find(grey(images[0]), settings.detector)
    matrix = preprocessing.placing(found.eyes, settings)
    return np.stack([cv2.cvtColor(alignment.sample(image, matrix, SHAPE), cv2.COLOR_BGR2RGB) for image in images])


def _legend() -> np.ndarray:
    """The wheel of colours in the middle of a white image of the others' size."""
    height, width = SHAPE
    image = np.full((height, width, 3), 255, np.uint8)
    wheel = flow_images.wheel(width - 9)
    top, left = (height - len(wheel)) // 2, (width - len(wheel)) // 2
    image[top : top + len(wheel), left : left + len(wheel)] = wheel
    return image
