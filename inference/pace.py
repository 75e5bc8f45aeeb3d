"""How many frames of a video a window steps over, so that it lasts about as long as those of the training.

The papers count frames, and their corpora have 25 or 30 of them in a second. A camera may give 60, and five frames in
a row would then show half of the movement that the network knows.
"""

from collections import deque
from itertools import pairwise
from statistics import median

# Frames a second for which the papers' windows are meant.
USUAL_RATE = 25.0
# Frames from whose times the rate is told: a second.
REMEMBERED = 25
# At 250 frames a second: more are not looked back on.
MOST = 10


class Pace:
    """Tells the rate of a video from the times of its last frames, which may be irregular."""

    def __init__(self):
        self._times: deque[float] = deque(maxlen=REMEMBERED)

    def add(self, time_s: float) -> None:
        """The next frame, which is shown or was taken at this time, in seconds."""
        self._times.append(time_s)

    @property
    def rate(self) -> float:
        """Frames a second; the usual rate as long as there are not two frames."""
        between = [later - earlier for earlier, later in pairwise(self._times) if later > earlier]
        return 1 / median(between) if between else USUAL_RATE


def each(rate: float) -> int:
    """Every how many frames one stands for a frame of the training, at so many frames a second.

    Of a video with fewer frames than the training all are taken: what lies between them nobody has seen.

    >>> [each(rate) for rate in (10, 25, 30, 60, 120)]
    [1, 1, 1, 2, 5]
    """
    return min(MOST, max(1, round(rate / USUAL_RATE)))


def remark(rate: float, frames: int) -> str:
    """What people should know of a video with so many frames a second; "" where there is nothing to know.

    Args:
        frames: in a window of the network.
    """
    if frames == 1:
        return ""
    if each(rate) > 1:
        return f"{rate:.0f} frames a second: one of every {each(rate)} goes into the windows, as in the training."
    if rate < USUAL_RATE / 1.5:
        return (
            f"{rate:.0f} frames a second, where the training had about {USUAL_RATE:.0f}: movement looks faster to the "
            "network than it is."
        )
    return ""
