"""One colour for each emotion, the same whatever the classes of a network: BGR, as OpenCV takes them."""

import zlib

from common.media.emotions import Emotion

WHITE, GREY, DARK, WARNING = (255, 255, 255), (150, 150, 150), (24, 24, 24), (60, 190, 255)

# The eight of Okabe and Ito, apart from each other for most who see few colours, then others for the rarer ones.
_KNOWN = {
    Emotion.ANGRY: (0, 94, 213),
    Emotion.DISGUST: (115, 158, 0),
    Emotion.FEAR: (167, 121, 204),
    Emotion.HAPPY: (66, 228, 240),
    Emotion.SAD: (178, 114, 0),
    Emotion.SURPRISE: (0, 159, 230),
    Emotion.NEUTRAL: (200, 200, 200),
    Emotion.CONTEMPT: (233, 180, 86),
    Emotion.BOREDOM: (80, 110, 130),
    Emotion.BOTHERED: (90, 80, 170),
    Emotion.CONCENTRATING: (160, 170, 60),
    Emotion.INTEREST: (120, 210, 140),
    Emotion.THINKING: (200, 130, 160),
    Emotion.UNSURE: (120, 120, 120),
}
_OTHERS = tuple(_KNOWN.values())


def colour(name: str) -> tuple[int, int, int]:
    """The colour of a class; one that is no emotion has always the same of these, too."""
    return _KNOWN.get(name) or _OTHERS[zlib.crc32(str(name).encode()) % len(_OTHERS)]


def on(background: tuple[int, int, int]) -> tuple[int, int, int]:
    """What can be read on a colour: black or white."""
    blue, green, red = background
    return DARK if 0.114 * blue + 0.587 * green + 0.299 * red > 110 else WHITE


def css(name: str) -> str:
    """The colour of a class for a page.

    >>> css("Happy")
    '#f0e442'
    """
    blue, green, red = colour(name)
    return f"#{red:02x}{green:02x}{blue:02x}"
