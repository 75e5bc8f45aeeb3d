"""Taking frames in a thread of its own, so that a camera is never kept waiting."""

import time
from collections.abc import Iterator
from threading import Thread

import numpy as np

from inference.live.newest import Newest
from inference.live.source import Source


class Capture:
    """A source that runs from `with` on; who is slower than it gets the newest frame, and misses some.

    Attributes:
        passed_over: frames that were taken and never given out, because newer ones had come.
    """

    def __init__(self, source: Source):
        self.passed_over = 0
        self._source = source
        self._newest: Newest[tuple[float, np.ndarray]] = Newest()
        self._thread = Thread(target=self._take, name="capture", daemon=True)
        self._began = time.monotonic()

    def __enter__(self) -> "Capture":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._source.stop()
        self._thread.join(2)

    def clock(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    @property
    def remark(self) -> str:
        """What people should know of the source; "" for nothing."""
        return self._source.remark

    def frames(self) -> Iterator[tuple[float, np.ndarray]]:
        """Seconds since the start at which a frame was taken, and the frame (H, W, 3) uint8 BGR; always the newest.

        Raises:
            UserError: if the source fails.
        """
        number = 0
        while found := self._newest.after(number):
            self.passed_over += found[0] - number - 1
            number, shot = found
            yield shot

    def _take(self) -> None:
        try:
            for frame in self._source:
                self._newest.put((self.clock(), frame))
        except Exception as problem:  # whoever waits for frames must hear of it, whatever it is
            self._newest.close(problem)
        else:
            self._newest.close()
