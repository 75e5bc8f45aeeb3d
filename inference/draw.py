"""What is seen in a frame, drawn on it: a box and a plate for each face. What belongs to no place stands below it."""

import cv2
import numpy as np

from inference import lettering, strip
from inference.colours import DARK, GREY, WHITE, colour, on
from inference.lettering import SMALLEST, Box
from inference.stream import Seen
from inference.trained import UNSURE, Trained

# Narrower frames get a dark margin, so that what stands below has room.
LEAST_WIDTH = 360


def annotate(seen: Seen, trained: Trained) -> np.ndarray:
    """The frame (H, W, 3) uint8 BGR with all that is known of it.

    Returns:
        (H + strip, max(W, 360), 3) uint8: the frame in the corner, below it bars, timeline and what the network was
        trained on. The strip is equally high for all frames of a video.
    """
    beside = max(LEAST_WIDTH - seen.frame.shape[1], 0)
    image = cv2.copyMakeBorder(seen.frame, 0, 0, 0, beside, cv2.BORDER_CONSTANT, value=DARK)
    unit = max(min(image.shape[0] / 576, image.shape[1] / 720), 0.75)
    for face in seen.faces:
        _box(image, face.box, _shade(seen.smooth.get(face.track), trained), face.track == seen.shown, unit)
    plates: list[Box] = []
    boxes = {face.track: Box(*face.box[:2], *np.add(face.box[:2], face.box[2:]).tolist()) for face in seen.faces}
    for face in seen.faces:
        row = seen.smooth.get(face.track)
        said = label(row, trained)
        text = f"{face.track} {said}" if len(seen.faces) > 1 else said
        others = [box for track, box in boxes.items() if track != face.track]
        plates.append(_plate(image, text, _shade(row, trained), boxes[face.track], plates, others, unit))
    return np.concatenate([image, strip.draw(image.shape[1], unit, seen, trained)])


def label(probabilities: np.ndarray | None, trained: Trained) -> str:
    """What a plate says of a face: emotion and probability, that none is likely enough, or that frames are missing."""
    if probabilities is None:
        return "..."
    answer = trained.answer(probabilities)
    return answer if answer == UNSURE else f"{answer} {probabilities.max():.0%}"


def _shade(probabilities: np.ndarray | None, trained: Trained) -> tuple[int, int, int]:
    if probabilities is None:
        return WHITE
    answer = trained.answer(probabilities)
    return GREY if answer == UNSURE else colour(answer)


def _box(image, box, shade, shown: bool, unit: float) -> None:
    x, y, width, height = box
    wide = max(round((3 if shown else 1.5) * unit), 1)
    cv2.rectangle(image, (x, y), (x + width, y + height), shade, wide, cv2.LINE_AA)


def _plate(image, text: str, shade, face: Box, plates: list[Box], others: list[Box], unit: float) -> Box:
    """Write a text on a plate of its own, where it hides least of other plates and faces; gives its place.

    It is smaller for smaller faces, down to what can be read.
    """
    wide = face.right - face.left
    scale = 0.75 * unit
    scale = max(min(scale, scale * wide / lettering.size(text, scale)[0]), SMALLEST)
    width, height = lettering.size(text, scale)
    margin = max(round(0.5 * height), 3)
    width, height = width + 2 * margin, height + 2 * margin
    centre = (face.left + face.right - width) // 2
    above, below = face.top - height, face.bottom
    tops = (above, below, above - height, below + height, face.top, below - height)
    lefts = (face.left, centre, face.right - width)
    places = [_inside(image, left, top, width, height) for top in tops for left in lefts]
    place = min(places, key=lambda one: 100 * sum(map(one.common, plates)) + sum(map(one.common, others)))
    image[place.top : place.bottom, place.left : place.right] = shade
    lettering.write(image, text, (place.left + margin, place.bottom - margin), scale, on(shade))
    return place


def _inside(image, left: int, top: int, width: int, height: int) -> Box:
    left = max(min(left, image.shape[1] - width), 0)
    top = max(min(top, image.shape[0] - height), 0)
    return Box(left, top, left + width, top + height)
