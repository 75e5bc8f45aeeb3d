"""A head that a second camera sees from the side, looking left: the half of a dual recording without a frontal face."""

from collections.abc import Iterator

import cv2
import numpy as np

from datasets.synthetic.camera import Scene
from datasets.synthetic.identity import draw_identity
from datasets.synthetic.performance import Performance

_SCALE = 0.19  # face units in heights of the image
_SKULL = [(-0.75, -0.9), (-0.2, -1.15), (0.5, -1.1), (0.95, -0.6), (0.95, 0.1), (0.6, 0.6)]
_FACE = [(-0.85, -0.75), (-0.86, -0.3), (-0.8, -0.15), (-1.15, 0.3), (-0.85, 0.4), (-0.95, 0.6)]
_HAIR = [(-0.8, -0.9), (-0.2, -1.25), (0.6, -1.2), (1.1, -0.6), (1.05, 0.5), (0.5, 0.5), (0.2, -0.4), (-0.5, -0.7)]
_NECK = [(0.6, 0.3), (0.9, 2.6), (-0.3, 2.6), (-0.1, 0.9)]


def draw(performance: Performance) -> Iterator[np.ndarray]:
    """Yield the clip's frames from the side, each (height, width, 3) uint8 BGR; the jaw opens and shuts."""
    p = performance
    subject = np.random.default_rng([p.seed, p.corpus, p.subject])
    who, (height, width) = draw_identity(subject), p.size
    scene = Scene(height, width, subject)
    place = np.array([0.5 * width, 0.46 * height])
    for jaw in 0.15 * np.sin(np.linspace(0, np.pi, p.frames)):
        canvas = scene.background.copy()
        chin = [(-0.8, 0.75 + jaw), (-0.8, who.chin + jaw), (-0.4, who.chin + jaw), (0.3, 0.75)]
        for corners, colour in ((_NECK, who.skin), ([*_SKULL, *chin[::-1], *_FACE[::-1]], who.skin), (_HAIR, who.hair)):
            points = np.round(place + _SCALE * height * np.array(corners)).astype(np.int32)
            cv2.fillPoly(canvas, [points], colour, cv2.LINE_AA)
        eye = np.round(place + _SCALE * height * np.array([-0.62, -0.2])).astype(int)
        cv2.circle(canvas, eye.tolist(), round(0.05 * _SCALE * height), who.iris, -1, cv2.LINE_AA)
        yield scene.expose(canvas)
