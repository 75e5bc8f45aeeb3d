"""Text on images, in sizes that can be read."""

from typing import NamedTuple

import cv2

FONT = cv2.FONT_HERSHEY_SIMPLEX
SMALLEST = 0.38  # about nine pixels for a capital


class Box(NamedTuple):
    """A rectangle: left and top inside, right and bottom outside."""

    left: int
    top: int
    right: int
    bottom: int

    def common(self, other: "Box") -> int:
        """Pixels that two rectangles have in common."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)


def size(text: str, scale: float) -> tuple[int, int]:
    """Width and height of a text in pixels, without what hangs below the line."""
    return cv2.getTextSize(text, FONT, scale, thickness(scale))[0]


def thickness(scale: float) -> int:
    return max(round(1.8 * scale), 1)


def write(image, text: str, place: tuple[int, int], scale: float, shade: tuple[int, int, int]) -> None:
    """Write a text whose line begins at a place."""
    cv2.putText(image, text, place, FONT, scale, shade, thickness(scale), cv2.LINE_AA)


def wrapped(text: str, width: int, scale: float) -> list[str]:
    """A text in lines that are no wider than so many pixels, if none of its words is."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and size(longer, scale)[0] > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
