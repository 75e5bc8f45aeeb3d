"""What stands below a frame: the bars of one face, its timeline, and what the network was trained on.

It hides nothing of the frame, and is as wide as the frame is, from a phone's 360 pixels on.
"""

from itertools import pairwise

import cv2
import numpy as np

from inference import lettering
from inference.colours import DARK, GREY, WARNING, WHITE, colour
from inference.lettering import SMALLEST
from inference.stream import REMEMBERED, Seen
from inference.trained import UNSURE, Trained

PANEL = (48, 48, 48)


def draw(width: int, unit: float, seen: Seen, trained: Trained) -> np.ndarray:
    """The strip (height, width, 3) uint8 BGR for a frame of that width.

    Args:
        unit: size of the letters, 1 for a frame of 720×576.
    """
    scale = max(0.5 * unit, SMALLEST)
    line = round(40 * scale)
    margin = line // 2
    top = line + margin
    caption = lettering.wrapped(trained.description, width - 2 * margin, scale)
    high = top + line * len(trained.classes)
    image = np.full((high + line * len(caption) + 2 * margin, width, 3), DARK, np.uint8)
    middle = min(width // 2, round(600 * scale))
    row = seen.smooth.get(seen.shown)
    lettering.write(image, _title(row, seen, trained), (margin, line), scale, WHITE)
    _bars(image[top:high], middle, line, row, trained, scale)
    _timeline(image[margin:high, middle + margin : width - margin], seen, trained, scale)
    for number, text in enumerate(caption):
        bottom = high + margin + line * number + round(0.7 * line)
        lettering.write(image, text, (margin, bottom), scale, WARNING if trained.synthetic else WHITE)
    return image


def _title(row: np.ndarray | None, seen: Seen, trained: Trained) -> str:
    """Whose bars these are."""
    if not seen.faces:
        return "no face"
    if row is None:
        return f"face {seen.shown}: ..."
    return f"face {seen.shown}: {trained.answer(row)}"


def _bars(image, right: int, line: int, row: np.ndarray | None, trained: Trained, scale: float) -> None:
    """A bar a class up to `right`, with its probability behind it; a mark where an answer is sure enough."""
    margin = line // 2
    left = 2 * margin + max(lettering.size(str(name), scale)[0] for name in trained.classes)
    reach = right - left - margin - lettering.size("100%", scale)[0]
    for number, name in enumerate(trained.classes):
        top, bottom = line * number + round(0.2 * line), line * (number + 1) - round(0.2 * line)
        lettering.write(image, str(name), (margin, bottom), scale, WHITE)
        cv2.rectangle(image, (left, top), (left + reach, bottom), PANEL, cv2.FILLED)
        if row is not None:
            end = left + max(round(float(row[number]) * reach), 1)
            cv2.rectangle(image, (left, top), (end, bottom), colour(name), cv2.FILLED)
            lettering.write(image, f"{row[number]:.0%}", (left + reach + margin // 2, bottom), scale, WHITE)
    if trained.unsure_below:
        mark = left + round(trained.unsure_below * reach)
        cv2.line(image, (mark, 0), (mark, line * len(trained.classes)), GREY, 1)


def _timeline(image, seen: Seen, trained: Trained, scale: float) -> None:
    """A line a class over the last frames of a video, the newest at the right end."""
    tall, wide = image.shape[:2]
    if not seen.timeline:
        return
    image[:] = PANEL
    if trained.unsure_below:
        level = round((1 - trained.unsure_below) * (tall - 3)) + 1
        cv2.line(image, (0, level), (wide, level), GREY, 1)
        text = f"{UNSURE} below"
        lettering.write(image, text, (4, level + lettering.size(text, SMALLEST)[1] + 4), SMALLEST, GREY)
    step = wide / max(REMEMBERED - 1, 1)
    first = REMEMBERED - len(seen.timeline)
    for number, name in enumerate(trained.classes):
        places = [
            None if one is None else (round((first + at) * step), round((1 - float(one[number])) * (tall - 3)) + 1)
            for at, one in enumerate(seen.timeline)
        ]
        for one, other in pairwise(places):
            if one and other:
                cv2.line(image, one, other, colour(name), lettering.thickness(scale), cv2.LINE_AA)
