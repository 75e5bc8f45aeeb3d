"""Frames of a clip, one after the other, from a video file or a folder of numbered images."""

import os
import re
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

# FFmpeg prints about every oddity of a stream and must be told before its first use; what
# matters of it is raised as a UserError here.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2
import numpy as np

from common.support.errors import UserError

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}

# Containers count frames that no decoder returns (up to 3 % seen in sound recordings); a file
# that was cut off lacks more.
MISSING_FRAMES = 3
MISSING_SHARE = 0.05


def frames(source: Path, start: int = 0, step: int = 1) -> Iterator[np.ndarray | None]:
    """Yield every frame of a clip as a (H, W, 3) uint8 BGR image, grey recordings included.

    With `start` and `step`, frames outside `[start::step]` are yielded as None: they keep their place in
    an `enumerate`, but are neither converted nor, in a folder, read.

    Args:
        source: video file, or folder of images whose names sort by their numbers.

    Raises:
        UserError: if the source is missing, empty, not a video or cut off (it holds more than 5 %, and more
            than 3, fewer frames than it declares), or if an image of a folder cannot be read.
    """
    if not source.exists():
        raise UserError(f"{source} does not exist.", "Check the folder of the data set, or unpack it again.")
    wanted = _every(start, step)
    if source.is_dir():
        for path, want in zip(images(source), wanted, strict=False):
            yield read_image(path) if want else None
    else:
        yield from _video(source, wanted)


def length(source: Path) -> int:
    """How many frames `frames` yields; none of them is converted or, in a folder, read.

    Raises:
        UserError: as `frames` does, but for images that cannot be read.
    """
    return sum(1 for _ in frames(source, start=sys.maxsize))


def images(folder: Path) -> list[Path]:
    """The image files of a folder in the order of the numbers in their names, hidden files left out.

    Raises:
        UserError: if there are none.
    """
    found = [p for p in folder.iterdir() if p.suffix.lower() in IMAGES and not p.name.startswith(".")]
    if not found:
        raise UserError(f"{folder} holds no images.", "Unpack this part of the data set again.")
    return sorted(found, key=_natural)


def grey(image: np.ndarray) -> np.ndarray:
    """The (H, W) uint8 luminance of a (H, W, 3) uint8 BGR image."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def _every(start: int, step: int) -> Iterator[bool]:
    return (number >= start and (number - start) % step == 0 for number in count())


def _natural(path: Path) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]


def read_image(path: Path) -> np.ndarray:
    """The (H, W, 3) uint8 BGR image in a file, turned as its camera noted.

    Raises:
        UserError: if it cannot be read, is cut off or no image.
    """
    data = _bytes(path)
    # The JPEG decoder fills a file that was cut off with grey; its end marker tells.
    cut = path.suffix.lower() in (".jpg", ".jpeg") and b"\xff\xd9" not in data[-4096:]
    image = None if cut else cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise UserError(f"{path} is damaged or not an image.", "Copy it again from the data set.")
    return image


def _bytes(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).", "Check its permissions and the disk.") from error
    if not data:
        raise UserError(f"{path} is empty (0 bytes).", "Copy it again from the data set.")
    return data


def _video(path: Path, wanted: Iterator[bool]) -> Iterator[np.ndarray | None]:
    _bytes(path, 1)
    # One decoding thread: clips are decoded side by side, one a core, and each takes little memory.
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not capture.isOpened():
            raise UserError(f"{path} is not a video, or was cut off.", "Copy it again from the data set.")
        decoded = 0
        while capture.grab():
            decoded += 1
            if not next(wanted):
                yield None
                continue
            ok, image = capture.retrieve()
            if not ok:
                raise UserError(f"Frame {decoded} of {path} cannot be decoded.", "Copy it again from the data set.")
            yield image
        declared = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        capture.release()
    if decoded == 0:
        raise UserError(f"{path} holds no frames.", "Copy it again from the data set.")
    if declared - decoded > max(MISSING_FRAMES, MISSING_SHARE * declared):
        raise UserError(
            f"{path} was cut off: {decoded} of its {declared} frames are there.",
            "Copy it again from the data set.",
        )
