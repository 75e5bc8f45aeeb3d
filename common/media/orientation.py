"""Which way up a frontal face is in a recording, and in which half of the frame.

Some recordings were made with a camera that lies on its side, or show one head from two sides in a single frame. No
table says reliably which (programs that read MMI follow three different rules), so the face itself decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np

from common.media.clips import DUAL, FRONTAL, Clip
from common.media.faces import Detector

Half = Literal["whole", "left", "right"]
Turn = Literal["upright", "clockwise", "counter-clockwise"]

_ROTATIONS = {"clockwise": cv2.ROTATE_90_CLOCKWISE, "counter-clockwise": cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True)
class Look:
    """How to look at the frames of a recording.

    Attributes:
        half: the part of the frame that counts; of an odd width, the middle column belongs to both halves.
        turn: by how much that part is turned, 90 degrees or not at all.
    """

    half: Half = "whole"
    turn: Turn = "upright"

    def at(self, frame: np.ndarray) -> np.ndarray:
        """That part of a (H, W[, 3]) image, turned."""
        width = frame.shape[1]
        if self.half == "left":
            frame = frame[:, : (width + 1) // 2]
        elif self.half == "right":
            frame = frame[:, width // 2 :]
        return frame if self.turn == "upright" else cv2.rotate(frame, _ROTATIONS[self.turn])


_LOOKS = {
    FRONTAL: tuple(Look(turn=turn) for turn in get_args(Turn)),
    DUAL: (Look("left"), Look("right")),
}


def possible(clip: Clip) -> tuple[Look, ...]:
    """The looks that a clip's view allows, in the order in which they are tried; mostly only the frame as it is."""
    return _LOOKS.get(clip.partition, (Look(),))


def choose(greys: Iterable[np.ndarray], looks: Sequence[Look], detector: Detector) -> Look | None:
    """The look under which a face is found in most of the frames, the first of equals; None where none is found.

    Several frames outvote a wall that passes for a face in one of them.

    Args:
        greys: (H, W) uint8 images of one recording.
    """
    greys = tuple(greys)
    hits = [sum(len(detector.detect(np.ascontiguousarray(look.at(grey)))) > 0 for grey in greys) for look in looks]
    return looks[int(np.argmax(hits))] if any(hits) else None
