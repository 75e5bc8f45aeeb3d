"""Where live frames come from: a camera, an address, or a video file that is played as if it were a camera."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np

from common.support.errors import UserError
from common.support.names import shown
from inference.film import film, is_image

import cv2  # isort: skip - after film, which keeps FFmpeg quiet

# Where Linux lists its cameras, as video0; other systems have no such list.
DEVICES = Path("/dev")
LISTED = sys.platform == "linux"
# For a connection, and for each of its images.
WAIT_MS = 10_000
INSTEAD = "or name a video file instead of a camera: live clip.mp4."


class Source(Protocol):
    """Frames (H, W, 3) uint8 BGR, each yielded at the moment at which it was taken, until `stop`."""

    name: str

    @property
    def remark(self) -> str:
        """What people should know of it, as far as it was played; "" for nothing."""
        ...

    def __iter__(self) -> Iterator[np.ndarray]: ...

    def stop(self) -> None: ...


def find(word: str) -> Source:
    """What a word names: a camera (0, /dev/video0), an address (rtsp://...) or a video file; it was tried once.

    Raises:
        UserError: if the camera is not there or busy, nothing comes from the address, or the file cannot be played.
    """
    camera = re.fullmatch(r"(?:/dev/video)?(\d{1,4})", word)
    if camera:
        return Camera(int(camera[1]))
    if word.startswith("file://"):
        return Replay(Path(url2pathname(urlsplit(word).path)))
    return Stream(word) if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", word) else Replay(Path(word))


class Camera:
    """A camera of this machine, in the size and at the rate that it has by itself."""

    remark = ""

    def __init__(self, number: int):
        self._take(f"camera {number}", cv2.VideoCapture(number), _no_camera, number)

    def _take(self, name: str, capture: cv2.VideoCapture, refusal: Callable[..., UserError], *arguments) -> None:
        self.name = name
        self._stopped = Event()
        self._capture = capture
        # A camera that another program uses can often be opened, but gives no image.
        if not (self._capture.isOpened() and self._capture.read()[0]):
            self._capture.release()
            raise refusal(*arguments)

    def __iter__(self) -> Iterator[np.ndarray]:
        try:
            while not self._stopped.is_set():
                ok, frame = self._capture.read()
                if not ok:
                    raise UserError(f"The {self.name} gives no more images.", "Plug it in again, and start again.")
                yield frame
        finally:
            self._capture.release()

    def stop(self) -> None:
        self._stopped.set()


class Stream(Camera):
    """Images from an address that FFmpeg knows, such as rtsp://camera.local/stream, in the order they come."""

    def __init__(self, address: str):
        parts = urlsplit(address)
        # Names and passwords in it are not for the page and the terminal.
        name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        waits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, WAIT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, WAIT_MS]
        self._take(name, cv2.VideoCapture(address, cv2.CAP_FFMPEG, waits), _no_stream, name)


class Replay:
    """A video file, played at its own pace and over and over.

    A frame's time is the one in the file, so a varying frame rate is kept.
    """

    def __init__(self, path: Path):
        self.name = shown(path.name)
        if path.is_dir():
            raise UserError(f"{shown(path)} is a folder.", "Name one video, or look at all of it with predict.")
        if path.is_file() and is_image(path):
            raise UserError(f"{shown(path)} is an image.", "Look at it with predict.")
        self._film = film(path)
        self._stopped = Event()
        with closing(iter(self._film)) as frames:
            next(frames)

    @property
    def remark(self) -> str:
        return f"{self.name}: {self._film.partial}" if self._film.partial else ""

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


def _no_stream(name: str) -> UserError:
    return UserError(f"No video comes from {name}.", "Check the address, its password and the network.")


def _no_camera(number: int) -> UserError:
    there = sorted(int(path.name[5:]) for path in DEVICES.glob("video*") if path.name[5:].isdigit())
    if LISTED and number not in there:
        known = f"there are {', '.join(map(str, there))}" if there else "none was found on this machine"
        return UserError(f"There is no camera {number}: {known}.", f"Plug it in, {INSTEAD}")
    return UserError(
        f"Camera {number} gives no image: another program uses it, or you may not use it.",
        f"Close the other program, give yourself the right (on Linux the group video), {INSTEAD}",
    )
