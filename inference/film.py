"""Videos that somebody brings, with the time of every frame, and annotated ones that can be played.

Phones store a video as their sensor lies and say beside it how to turn it; OpenCV turns the frames by that, and
photographs by the same remark in them.
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from common.media import containers, image_file, kinds, video  # before OpenCV: video keeps FFmpeg quiet
from common.support.errors import UserError
from common.support.names import openable, shown

import cv2  # isort: skip
import numpy as np  # isort: skip

REMEDY = "Name a video such as clip.mp4, an image, or a folder of them."
# Decoded ahead of the network: enough for its slowest moments, little memory even at 4K.
AHEAD = 4
USUAL_RATE = 25.0
FASTEST_RATE = 240.0
# Frames that must be missing at a place for a hole; files that are shown at a varying rate are no damage.
LEAP = 2.5
# Of an animation, which is decoded as a whole.
MOST_IMAGES = 1000


@dataclass
class Film:
    """A video file.

    Attributes:
        rate: frames a second.
        frames: how many there are, as the file says itself; 0 where it does not.
        holes: numbers of the frames before which others could not be read, as far as it was decoded.
        partial: once all was decoded, what of it could not be read; "" for nothing.
    """

    path: Path
    rate: float
    frames: int
    holes: set[int] = field(default_factory=set)
    partial: str = ""

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Seconds and (H, W, 3) uint8 BGR of each frame, the right way up, decoded in a thread of their own.

        Raises:
            UserError: if not a single frame can be decoded, or the file is no longer there.
        """
        ready: queue.Queue = queue.Queue(AHEAD)
        ended = threading.Event()
        thread = threading.Thread(target=_fill, args=(self, ready, ended), daemon=True)
        thread.start()
        try:
            count = 0
            while (one := ready.get()) is not None:
                if isinstance(one, Exception):
                    raise one
                yield one
                count += 1
            if count == 0:
                raise UserError(f"{shown(self.path)} holds no frames.", REMEDY)
        finally:
            ended.set()
            thread.join()


def film(path: Path) -> Film:
    """The video in a file.

    Raises:
        UserError: if there is none.
    """
    if _moves(path):
        return Film(path, USUAL_RATE, 0)
    with _open(path) as capture:
        rate, frames = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return Film(path, rate if 0 < rate <= FASTEST_RATE else USUAL_RATE, max(int(frames), 0))


@contextmanager
def _open(path: Path) -> Iterator[cv2.VideoCapture]:
    if not path.is_file():
        raise UserError(f"There is no file {shown(path)}.", REMEDY)
    if path.stat().st_size == 0:
        raise UserError(f"{shown(path)} is empty (0 bytes).", REMEDY)
    with openable(path) as name:
        capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
        try:
            if not capture.isOpened():
                raise UserError(video.unopened(path, "is no video that can be opened"), REMEDY)
            yield capture
        finally:
            capture.release()


def _moves(path: Path) -> bool:
    """Whether a file is an animation that FFmpeg does not read: all but a GIF."""
    if kinds.of(path) is not kinds.Kind.ANIMATION:
        return False
    with path.open("rb") as file:
        return file.read(3) != b"GIF"


def _fill(film: Film, ready: queue.Queue, ended: threading.Event) -> None:
    """Decode a film into a queue: its frames, then None, or what went wrong."""
    last: Exception | None = None
    try:
        for one in _animation(film.path) if _moves(film.path) else _decode(film):
            if not _put(ready, one, ended):
                return
    except Exception as error:  # whoever waits at the other end must hear of it
        last = error
    _put(ready, last, ended)


def _decode(film: Film) -> Iterator[tuple[float, np.ndarray]]:
    number, last, lost_s = 0, -1.0, 0.0
    gaps, torn = containers.gaps(film.path), None
    with _open(film.path) as capture:
        for behind_hole in video.grabs(capture):
            ok, frame = capture.retrieve()
            if not ok:
                continue
            lost_s += gaps.get(number, 0) / film.rate
            time_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            time_s += lost_s if time_s > 0 else 0.0
            if time_s <= last or (time_s <= 0 and number > 0):
                # Where a file has no times, or they stand still, its rate tells.
                time_s = max(number / film.rate + lost_s, last + 1e-3)
            leap = number > 0 and time_s - last > LEAP / film.rate
            if leap and torn is None and not behind_hole:
                torn = containers.broken(film.path)  # walks through the file: once is enough
            if number in gaps or (leap and (behind_hole or torn)):
                film.holes.add(number)
            last = time_s
            yield time_s, frame
            number += 1
        expected = video.due(film.path, capture, number, last)
    if expected > number:
        film.partial = f"damaged: {number} of its {expected} frames could be read; the results cover only this part."
    elif film.holes:
        film.partial = f"damaged: it has {len(film.holes)} holes; the results cover only this part."


def _animation(path: Path) -> Iterator[tuple[float, np.ndarray]]:
    data = np.frombuffer(path.read_bytes(), np.uint8)[None]
    known, animation = cv2.imdecodeanimation(data, 0, MOST_IMAGES)
    time_s = 0.0
    for frame, milliseconds in zip(animation.frames, animation.durations, strict=False) if known else ():
        yield time_s, frame[..., :3] if frame.ndim == 3 else cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
        time_s += max(milliseconds, 10) / 1000


def _put(ready: queue.Queue, frame, ended: threading.Event) -> bool:
    """Whether it was taken before the other end went away."""
    while not ended.is_set():
        try:
            ready.put(frame, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False


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
        self._folder = ExitStack()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *error) -> None:
        if self._writer is not None:
            self._writer.release()
        written = self._writer is None or cv2.VideoCapture(self._name).isOpened()
        self._folder.close()
        if not written and not any(error):
            raise UserError(
                f"{shown(self.path)} could not be written whole.", "Is the disk full, or the size of files limited?"
            )

    def write(self, time_s: float, image: np.ndarray) -> None:
        """Add a (H, W, 3) uint8 BGR frame; times ascend and begin anywhere near 0.

        Raises:
            UserError: if nothing can be written there.
        """
        # A video has even sides.
        image = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        if self._writer is None:
            self._size = image.shape[1], image.shape[0]
            self._name = self._folder.enter_context(openable(self.path))
            self._writer = cv2.VideoWriter(self._name, cv2.VideoWriter_fourcc(*"mp4v"), self.rate, self._size)
            if not self._writer.isOpened():
                raise UserError(f"Could not write {shown(self.path)}.", "Is the disk full or the folder read-only?")
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


def image(path: Path) -> np.ndarray:
    """The photograph (H, W, 3) uint8 BGR in a file, the right way up.

    Raises:
        UserError: if it cannot be read.
    """
    if not path.is_file():
        raise UserError(f"There is no file {shown(path)}.", REMEDY)
    return image_file.read(path)


def is_image(path: Path) -> bool:
    """Whether a file holds a single image, by its content."""
    return kinds.of(path) in (kinds.Kind.IMAGE, kinds.Kind.HEIF)
