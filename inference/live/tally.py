"""What happened since the start, kept in the same few kilobytes however long that is."""

from collections import deque
from collections.abc import Iterable

import numpy as np

# Times are those of the last frames: ten seconds at 25 frames a second.
REMEMBERED = 250
# Numbers that change faster cannot be read.
READABLE_S = 0.25


class Tally:
    """Counts and times of the frames that were looked at.

    Attributes:
        frames: how many.
        without_face: those of them in which no face was found.
        lost: how often a face of the frame before was no longer found, whether it was missed or went away.
    """

    def __init__(self):
        self.frames = self.without_face = self.lost = 0
        self._tracks: frozenset[int] = frozenset()
        self._moments: deque[float] = deque(maxlen=REMEMBERED)
        self._latencies: deque[float] = deque(maxlen=REMEMBERED)
        self._stages: dict[str, deque[float]] = {}
        self._numbers: dict = {}
        self._counted = -READABLE_S

    def add(self, tracks: Iterable[int], taken: float, ready: float, milliseconds: dict[str, float]) -> None:
        """Count one frame.

        Args:
            tracks: ids of the faces in it.
            taken, ready: seconds at which the camera gave it, and at which the finished image was there.
            milliseconds: what the steps in between took.
        """
        tracks = frozenset(tracks)
        self.frames += 1
        self.without_face += not tracks
        self.lost += len(self._tracks - tracks)
        self._tracks = tracks
        self._moments.append(ready)
        self._latencies.append((ready - taken) * 1000)
        for stage, took in milliseconds.items():
            self._stages.setdefault(stage, deque(maxlen=REMEMBERED)).append(took)

    @property
    def rate(self) -> float:
        """Frames a second, of the last ones; 0 before the second."""
        if len(self._moments) < 2:
            return 0.0
        return (len(self._moments) - 1) / max(self._moments[-1] - self._moments[0], 1e-9)

    @property
    def latency(self) -> tuple[float, float]:
        """Milliseconds from the camera to the finished image: median and 95th percentile of the last frames."""
        return _percentiles(self._latencies)

    def numbers(self) -> dict:
        """All of it, as the page shows it; made anew four times a second."""
        if self._moments and self._moments[-1] >= self._counted + READABLE_S:
            self._counted = self._moments[-1]
            self._numbers = {
                "frames": self.frames,
                "without_face": self.without_face,
                "lost": self.lost,
                "rate": self.rate,
                "latency": self.latency,
                "stages": {stage: _percentiles(took) for stage, took in self._stages.items()},
            }
        return self._numbers


def _percentiles(values: deque[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 0.0
    p50, p95 = np.percentile(values, (50, 95))
    return float(p50), float(p95)
