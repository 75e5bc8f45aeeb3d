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

from common.media import containers, image_file
from common.media.clips import Clip
from common.support.errors import UserError
from common.support.names import openable, shown

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}

# Containers count frames that no decoder returns (up to 3 % seen in sound recordings); a file
# that is damaged lacks more.
MISSING_FRAMES = 3
MISSING_SHARE = 0.05
# How often a frame that is due is asked for again: behind a hole in a file the decoder goes on.
MOST_FAILURES = 10_000


def frames(source: Clip | Path, start: int = 0, step: int = 1) -> Iterator[np.ndarray | None]:
    """Yield every frame of a clip as a (H, W, 3) uint8 BGR image, grey recordings included.

    With `start` and `step`, frames outside `[start::step]` are yielded as None: they keep their place in
    an `enumerate`, but are neither converted nor, in a folder, read.

    Args:
        source: clip, video file, or folder of images whose names sort by their numbers. Of a folder a clip names the
            frames; what else lies there is left out.

    Raises:
        UserError: if the source is missing, empty, not a video or damaged (it holds more than 5 %, and more
            than 3, fewer frames than an intact copy would show), or if an image of a folder cannot be read.
    """
    path = source.source if isinstance(source, Clip) else source
    if not path.exists():
        raise UserError(f"{shown(path)} does not exist.", "Check the folder of the data set, or unpack it again.")
    wanted = _kept_frames(start, step)
    if path.is_dir():
        for image, want in zip(images(source), wanted, strict=False):
            yield image_file.read(image) if want else None
    else:
        yield from _video(path, wanted)


def length(source: Clip | Path) -> int:
    """How many frames `frames` yields; none of them is converted or, in a folder, read.

    Raises:
        UserError: as `frames` does, but for images that cannot be read.
    """
    return sum(1 for _ in frames(source, start=sys.maxsize))


def images(folder: Clip | Path) -> list[Path]:
    """The frames of a clip, or all image files of a folder in the order of the numbers in their names.

    Raises:
        UserError: if there are none.
    """
    if isinstance(folder, Clip):
        if folder.frames:
            return [folder.source / name for name in folder.frames]
        folder = folder.source
    paths = [p for p in folder.iterdir() if p.suffix.lower() in IMAGES and not p.name.startswith(".")]
    if not paths:
        raise UserError(f"{shown(folder)} holds no images.", "Unpack this part of the data set again.")
    return sorted(paths, key=_natural)


def grey(image: np.ndarray) -> np.ndarray:
    """The (H, W) uint8 luminance of a (H, W, 3) uint8 BGR image; of a grey one, itself."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def _kept_frames(start: int, step: int) -> Iterator[bool]:
    return (number >= start and (number - start) % step == 0 for number in count())


def _natural(path: Path) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]


def grabs(capture: cv2.VideoCapture) -> Iterator[bool]:
    """Take frame after frame of an open video: whether something could not be decoded just before, for each.

    Behind a hole in a file it goes on, as long as frames are due.
    """
    declared = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    grabbed = failures = 0
    while failures <= min(max(declared - grabbed, 0), MOST_FAILURES):
        if capture.grab():
            yield failures > 0
            grabbed, failures = grabbed + 1, 0
        else:
            failures += 1


def due(path: Path, capture: cv2.VideoCapture, decoded: int, last_s: float) -> int:
    """How many frames a video should have shown that showed `decoded`, the last at `last_s`; these if none is missing.

    More than 5 %, and more than 3, must be missing; see `common.media.containers` for how they are counted.
    """
    rate = capture.get(cv2.CAP_PROP_FPS)
    declared = max(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), containers.promised(path, rate))
    if declared - decoded <= max(MISSING_FRAMES, MISSING_SHARE * declared):
        return decoded
    expected = containers.frames_shown(path, declared, rate, decoded, last_s)
    return expected if expected - decoded > max(MISSING_FRAMES, MISSING_SHARE * expected) else decoded


def unopened(path: Path, otherwise: str) -> str:
    """Why a video cannot be opened, as a sentence."""
    return f"{shown(path)} {containers.why_not(path) or otherwise}."


def _video(path: Path, wanted: Iterator[bool]) -> Iterator[np.ndarray | None]:
    image_file.read_bytes(path, 1)
    with openable(path) as name:
        # One decoding thread: clips are decoded side by side, one a core, and each takes little memory.
        capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        try:
            if not capture.isOpened():
                raise UserError(unopened(path, "is not a video, or was cut off"), "Copy it again from where it came.")
            decoded, last_s, hole = 0, 0.0, False
            for behind_hole in grabs(capture):
                decoded += 1
                hole |= behind_hole
                last_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                if not next(wanted):
                    yield None
                    continue
                ok, image = capture.retrieve()
                if not ok:
                    raise UserError(
                        f"Frame {decoded} of {shown(path)} cannot be decoded.", "Copy it again from where it came."
                    )
                yield image
            expected = due(path, capture, decoded, last_s)
        finally:
            capture.release()
    if decoded == 0:
        raise UserError(f"{shown(path)} holds no frames.", "Copy it again from where it came.")
    if expected > decoded:
        cut = f"{shown(path)} was cut off: {decoded} of its {expected} frames are there."
        torn = f"{shown(path)} has a hole: {decoded} of its {expected} frames are there."
        raise UserError(torn if hole else cut, "Copy it again from where it came.")
