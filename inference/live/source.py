"""Where live frames come from: a camera, or a video file that is played as if it were one."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Protocol

import numpy as np

from common.support.errors import UserError
from inference.film import film

import cv2  # isort: skip - after film, which keeps FFmpeg quiet

# Where Linux lists its cameras, as video0; other systems have no such list.
DEVICES = Path("/dev")
LISTED = sys.platform == "linux"
INSTEAD = "or name a video file instead of a camera: live clip.mp4."


class Source(Protocol):
    """Frames (H, W, 3) uint8 BGR, each yielded at the moment at which it was taken, until `stop`."""

    name: str

    def __iter__(self) -> Iterator[np.ndarray]: ...

    def stop(self) -> None: ...


def find(word: str) -> Source:
    """The camera with this number, as 0 or /dev/video0, or the video file with this path; it was tried once.

    Raises:
        UserError: if the camera is not there or busy, or the file cannot be played.
    """
    camera = re.fullmatch(r"(?:/dev/video)?(\d{1,4})", word)
    return Camera(int(camera[1])) if camera else Replay(Path(word))


class Camera:
    """A camera of this machine, in the size and at the rate that it has by itself."""

    def __init__(self, number: int):
        self.name = f"camera {number}"
        self._stopped = Event()
        self._capture = cv2.VideoCapture(number)
        # A camera that another program uses can often be opened, but gives no picture.
        if not (self._capture.isOpened() and self._capture.read()[0]):
            self._capture.release()
            raise _no_camera(number)

    def __iter__(self) -> Iterator[np.ndarray]:
        try:
            while not self._stopped.is_set():
                ok, frame = self._capture.read()
                if not ok:
                    raise UserError(f"The {self.name} gives no more pictures.", "Plug it in again, and start again.")
                yield frame
        finally:
            self._capture.release()

    def stop(self) -> None:
        self._stopped.set()


class Replay:
    """A video file, played at its own pace and over and over.

    A frame's time is the one in the file, so a varying frame rate is kept.
    """

    def __init__(self, path: Path):
        self.name = path.name
        self._film = film(path)
        self._stopped = Event()
        with closing(iter(self._film)) as frames:
            next(frames)

    def __iter__(self) -> Iterator[np.ndarray]:
        began = time.monotonic()
        while not self._stopped.is_set():
            with closing(iter(self._film)) as frames:
                for seconds, frame in frames:
                    late = time.monotonic() - began - seconds
                    if self._stopped.wait(max(-late, 0)):
                        return
                    # A camera does not hurry after a delay.
                    began += max(late, 0)
                    yield frame
            began = time.monotonic() + 1 / self._film.rate

    def stop(self) -> None:
        self._stopped.set()


def _no_camera(number: int) -> UserError:
    there = sorted(int(path.name[5:]) for path in DEVICES.glob("video*") if path.name[5:].isdigit())
    if LISTED and number not in there:
        known = f"there are {', '.join(map(str, there))}" if there else "none was found on this machine"
        return UserError(f"There is no camera {number}: {known}.", f"Plug it in, {INSTEAD}")
    return UserError(
        f"Camera {number} gives no picture: another program uses it, or you may not use it.",
        f"Close the other program, give yourself the right (on Linux the group video), {INSTEAD}",
    )
