"""Writes one performance as the files a data set consists of: numbered PNG frames, MP4 or AVI."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from common.support.errors import UserError
from datasets.synthetic.performance import Performance, draw

# Noise does not compress; Huffman coding alone gives the same size in half the time.
# MPEG-4 part 2 in both containers: what OpenCV's own wheel can encode, and what eNTERFACE'05 is said to use.
_FAST_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
CODECS = {".mp4": "mp4v", ".avi": "XVID"}


@dataclass(frozen=True)
class Recording:
    """A clip to be written.

    Attributes:
        performance: what is seen.
        path: the video file, or for images the sequence's folder.
        colour: False stores images as one grey channel.
    """

    performance: Performance
    path: Path
    colour: bool = True


def write(recording: Recording) -> None:
    """Draw the recording and write it.

    Raises:
        UserError: if a file cannot be written (disk full, no permission, codec missing).
    """
    recording.path.parent.mkdir(parents=True, exist_ok=True)
    if recording.path.suffix in CODECS:
        p = recording.performance
        film(recording.path, draw(p), p.size, p.fps)
    else:
        _write_images(recording)


def save(path: Path, image: np.ndarray, options: Sequence[int] = ()) -> None:
    """Write one (H, W) or (H, W, 3) uint8 image in the format that its name says, with options of cv2.imwrite.

    Raises:
        UserError: if it cannot be written.
    """
    if not cv2.imwrite(str(path), image, options):
        raise UserError(f"Could not write {path}.", "Is the disk full or the folder read-only?")


def film(path: Path, frames: Iterable[np.ndarray], size: tuple[int, int], fps: float) -> None:
    """Write (H, W, 3) uint8 frames of size (H, W) as a video without sound, MP4 or AVI after the ending of its name.

    Raises:
        UserError: if it cannot be written.
    """
    height, width = size
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*CODECS[path.suffix]), fps, (width, height))
    if not writer.isOpened():
        raise UserError(f"Could not write {path}.", "Is the disk full or the folder read-only?")
    for frame in frames:
        writer.write(frame)
    writer.release()


def _write_images(recording: Recording) -> None:
    """`S005/001/S005_001_00000001.png` and so on: CK+ names a frame after its folders and its number."""
    folder = recording.path
    folder.mkdir(exist_ok=True)
    for number, frame in enumerate(draw(recording.performance), start=1):
        path = folder / f"{folder.parent.name}_{folder.name}_{number:08d}.png"
        image = frame if recording.colour else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        save(path, image, _FAST_PNG)
