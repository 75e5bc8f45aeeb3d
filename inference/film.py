"""Videos that somebody brings, with the time of every frame, and annotated ones that can be played.

Phones store a video as their sensor lies and say beside it how to turn it; OpenCV turns the frames by that, and
photographs by the same remark in them.
"""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common.media import video  # before OpenCV: it keeps FFmpeg quiet
from common.support.errors import UserError

import cv2  # isort: skip
import numpy as np  # isort: skip

REMEDY = "Name a video such as clip.mp4, a picture, or a folder of them."
# Decoded ahead of the network: enough for its slowest moments, little memory even at 4K.
AHEAD = 4
USUAL_RATE = 25.0
FASTEST_RATE = 240.0


@dataclass(frozen=True)
class Film:
    """What a video file says about itself; `rate` in frames a second, `frames` 0 where it does not say."""

    path: Path
    rate: float
    frames: int

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Seconds and (H, W, 3) uint8 BGR of each frame, the right way up, decoded in a thread of their own.

        Raises:
            UserError: if not a single frame can be decoded.
        """
        ready: queue.Queue = queue.Queue(AHEAD)
        ended = threading.Event()
        thread = threading.Thread(target=_decode, args=(self, ready, ended), daemon=True)
        thread.start()
        try:
            count = 0
            while (one := ready.get()) is not None:
                yield one
                count += 1
            if count == 0:
                raise UserError(f"{self.path} holds no frames.", REMEDY)
        finally:
            ended.set()
            thread.join()


def film(path: Path) -> Film:
    """The video in a file.

    Raises:
        UserError: if there is none.
    """
    capture = _open(path)
    rate, frames = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
    capture.release()
    return Film(path, rate if 0 < rate <= FASTEST_RATE else USUAL_RATE, max(int(frames), 0))


def _open(path: Path) -> cv2.VideoCapture:
    if not path.is_file():
        raise UserError(f"There is no file {path}.", REMEDY)
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty (0 bytes).", REMEDY)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise UserError(f"{path} is no video that can be opened.", REMEDY)
    return capture


def _decode(film: Film, ready: queue.Queue, ended: threading.Event) -> None:
    capture, number, last = _open(film.path), 0, -1.0
    while not ended.is_set():
        ok, frame = capture.read()
        if not ok:
            break
        # Where a file has no times, or they stand still, its rate tells.
        told = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        last = told if told > last and (told > 0 or number == 0) else max(number / film.rate, last + 1e-3)
        _put(ready, (last, frame), ended)
        number += 1
    capture.release()
    _put(ready, None, ended)


def _put(ready: queue.Queue, one, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            ready.put(one, timeout=0.1)
            break
        except queue.Full:
            continue


class Writer:
    """An MP4 file that shows every frame at its time, whatever the times are; closed, it can be played.

    The file has one rate. A frame that is shown for longer is written several times, of several within one moment
    of the file the first is.

    Attributes:
        frames: how many were written.
    """

    def __init__(self, path: Path, rate: float):
        self.path, self.rate, self.frames = path, rate, 0
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._last: np.ndarray | None = None

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *error) -> None:
        if self._writer is not None:
            self._writer.release()

    def write(self, time_s: float, image: np.ndarray) -> None:
        """Add a (H, W, 3) uint8 BGR frame; times ascend and begin anywhere near 0.

        Raises:
            UserError: if nothing can be written there.
        """
        # A video has even sides.
        image = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        if self._writer is None:
            self._size = image.shape[1], image.shape[0]
            self._writer = cv2.VideoWriter(str(self.path), cv2.VideoWriter_fourcc(*"mp4v"), self.rate, self._size)
            if not self._writer.isOpened():
                raise UserError(f"Could not write {self.path}.", "Is the disk full or the folder read-only?")
        if (image.shape[1], image.shape[0]) != self._size:
            image = cv2.resize(image, self._size)  # some streams change their size on the way
        place = round(time_s * self.rate)
        while self._last is not None and self.frames < place:
            self._add(self._last)
        if self.frames <= place:
            self._add(image)
        self._last = image

    def _add(self, image: np.ndarray) -> None:
        self._writer.write(image)
        self.frames += 1


def picture(path: Path) -> np.ndarray:
    """The photograph (H, W, 3) uint8 BGR in a file, the right way up.

    Raises:
        UserError: if it cannot be read.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}.", REMEDY)
    return video.read_image(path)


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in video.IMAGES
