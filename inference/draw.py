"""What is seen in a frame, drawn on it: boxes, emotions, probability bars, a timeline, and what it is worth."""

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from inference.stream import Seen
from inference.trained import Trained

# Smaller frames get a dark margin, so that the texts have room.
LEAST_WIDTH, LEAST_HEIGHT = 480, 270
FONT = cv2.FONT_HERSHEY_SIMPLEX
WHITE, DARK, WARNING = (255, 255, 255), (24, 24, 24), (60, 190, 255)
# One colour a class, BGR, apart from each other for most who see few colours.
COLOURS = (
    (0, 94, 213),
    (115, 158, 0),
    (167, 121, 204),
    (66, 228, 240),
    (178, 114, 0),
    (0, 159, 230),
    (190, 190, 190),
    (233, 180, 86),
)


def annotate(seen: Seen, trained: Trained) -> np.ndarray:
    """The frame (H, W, 3) uint8 BGR with all that is known of it; at least 480×270 pixels, the frame in the corner."""
    height, width = seen.frame.shape[:2]
    below, beside = max(LEAST_HEIGHT - height, 0), max(LEAST_WIDTH - width, 0)
    image = cv2.copyMakeBorder(seen.frame, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=DARK)
    unit = max(min(image.shape[0] / 576, image.shape[1] / 720), 0.45)
    for face in reversed(seen.faces):
        _face(image, face.box, seen.probabilities.get(face.track), trained.classes, unit)
    if seen.faces:
        _bars(image, seen.probabilities.get(seen.faces[0].track), trained.classes, unit)
    foot = _said(image, trained.said, trained.synthetic, unit)
    _timeline(image, seen.timeline, foot, unit)
    return image


def colour(number: int) -> tuple[int, int, int]:
    """The BGR colour of a class."""
    return COLOURS[number % len(COLOURS)]


def _face(image, box, probabilities, classes: Sequence[str], unit: float) -> None:
    x, y, width, height = box
    best = None if probabilities is None else int(np.argmax(probabilities))
    shade = WHITE if best is None else colour(best)
    cv2.rectangle(image, (x, y), (x + width, y + height), shade, max(round(2 * unit), 1), cv2.LINE_AA)
    label = "..." if best is None else f"{classes[best]} {probabilities[best]:.0%}"
    _text(image, label, (x, max(y - round(8 * unit), round(20 * unit))), 0.75 * unit, shade)


def _bars(image, probabilities, classes: Sequence[str], unit: float) -> None:
    line, margin, reach = round(20 * unit), round(8 * unit), round(90 * unit)
    names = max(cv2.getTextSize(name, FONT, 0.5 * unit, 1)[0][0] for name in classes)
    _dim(image, 0, 0, names + reach + 3 * margin, line * len(classes) + margin)
    for number, name in enumerate(classes):
        bottom = line * (number + 1)
        _text(image, name, (margin, bottom - round(4 * unit)), 0.5 * unit, WHITE)
        share = 0.0 if probabilities is None else float(probabilities[number])
        left = names + 2 * margin
        corner = left + max(round(share * reach), 1), bottom - round(2 * unit)
        cv2.rectangle(image, (left, bottom - line + round(6 * unit)), corner, colour(number), cv2.FILLED)


def _timeline(image, timeline, foot: int, unit: float) -> None:
    """A line a class over the last frames, just above the foot of the image."""
    tall, wide = round(70 * unit), round(240 * unit)
    top = foot - tall
    if len(timeline) < 2 or all(point is None for point in timeline):
        return
    _dim(image, 0, top, wide, foot)
    step = wide / max(len(timeline) - 1, 1)
    for number in range(max(len(point) for point in timeline if point is not None)):
        places = [
            None if point is None else (round(at * step), round(foot - 2 - float(point[number]) * (tall - 4)))
            for at, point in enumerate(timeline)
        ]
        for one, other in pairwise(places):
            if one and other:
                cv2.line(image, one, other, colour(number), 1, cv2.LINE_AA)


def _said(image, said: str, warn: bool, unit: float) -> int:
    """Print the sentence at the foot of the image, in as many lines as it needs; gives where they begin."""
    scale, line, margin = 0.5 * unit, round(20 * unit), round(6 * unit)
    lines = _wrapped(said, image.shape[1] - 2 * margin, scale)
    top = image.shape[0] - line * len(lines) - margin
    _dim(image, 0, top, image.shape[1], image.shape[0])
    for number, text in enumerate(lines):
        _text(image, text, (margin, top + line * (number + 1) - round(4 * unit)), scale, WARNING if warn else WHITE)
    return top


def _wrapped(text: str, width: int, scale: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and cv2.getTextSize(longer, FONT, scale, 1)[0][0] > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _dim(image, left: int, top: int, right: int, bottom: int) -> None:
    part = image[max(top, 0) : bottom, max(left, 0) : right]
    part[:] = part // 3


def _text(image, text: str, place: tuple[int, int], scale: float, shade) -> None:
    cv2.putText(image, text, place, FONT, scale, DARK, 3, cv2.LINE_AA)
    cv2.putText(image, text, place, FONT, scale, shade, 1, cv2.LINE_AA)
