"""Any folder of labelled images or videos, `<label>/.../<file>`, as thumbnails that can be compared.

Files are known by their content, not by their names. Of a video three frames are taken, at a quarter, half and three
quarters of it. What cannot be read is left out and named.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from common.media import image_file, kinds, video  # before OpenCV: video keeps FFmpeg quiet
from common.media.emotions import emotion
from common.media.kinds import Kind
from common.samples.duplicate_search import Images
from common.samples.same_image import SIDE
from common.support.errors import UserError
from common.support.names import shown
from common.support.workers import cores
from datasets import subject_names

import cv2  # isort: skip

FRAMES = 3  # of a video


@dataclass(frozen=True)
class Labelled:
    """Images and videos with what is known of them.

    Attributes:
        names: of each, with forward slashes.
        labels: "" where none is given.
        subjects: "" where none is given.
        images: thumbnails and hashes of the pixels; one of an image, `FRAMES` of a video.
        owners: (frames,) int64, the position in `names` of what each thumbnail belongs to.
        left_out: sentences on what could not be read.
        ignored: files that are neither images nor videos.
    """

    names: list[str]
    labels: list[str]
    subjects: list[str]
    images: Images
    owners: np.ndarray
    left_out: list[str] = field(default_factory=list)
    ignored: int = 0

    def __len__(self) -> int:
        return len(self.names)

    @property
    def clips(self) -> bool:
        """Whether there are videos among them."""
        return len(self.owners) > len(self.names)


def folder(root: Path, subject: str = "", progress: Callable[[int, int], None] = lambda done, total: None) -> Labelled:
    """Everything below a folder; the first folder on the way to a file is its label.

    Args:
        subject: regular expression that finds the subject in a name; known naming rules are tried without it.
        progress: called with the number of files that are read, and of all.

    Raises:
        UserError: if it is no folder, cannot be listed, or holds nothing that can be read.
    """
    if not root.is_dir():
        raise UserError(f"{shown(root)} is no folder.", "Name a folder of images or videos, one folder for each label.")
    paths = sorted(_files(root))
    names, labels, read, left_out, ignored = [], [], [], [], 0
    with ThreadPoolExecutor(cores()) as threads:
        for number, (path, frames) in enumerate(zip(paths, threads.map(_try, paths), strict=True), start=1):
            progress(number, len(paths))
            if isinstance(frames, UserError):
                left_out.append(frames.problem)
            elif not frames:
                ignored += 1
            else:
                place = path.relative_to(root)
                names.append(shown(place.as_posix()))
                labels.append(label(shown(place.parts[0])) if len(place.parts) > 1 else "")
                read.append(frames)
    if not read:
        why = f": {left_out[0]}" if left_out else "."
        raise UserError(f"{shown(root)} holds no image or video that can be read{why}", "Check the folder's name.")
    return gathered(names, labels, subject_names.subjects(names, subject), read, left_out, ignored)


def gathered(
    names: list[str],
    labels: list[str],
    subjects: list[str],
    read: Sequence[list[tuple[np.ndarray, int]]],
    left_out: list[str],
    ignored: int = 0,
) -> Labelled:
    """What was read of each, as thumbnails and hashes, in one piece."""
    thumbnails = np.array([thumbnail for frames in read for thumbnail, _ in frames], np.uint8).reshape(-1, SIDE, SIDE)
    hashes = np.array([number for frames in read for _, number in frames], np.uint64)
    owners = np.repeat(np.arange(len(read)), [len(frames) for frames in read])
    return Labelled(names, labels, subjects, Images(thumbnails, hashes), owners, left_out, ignored)


def compared(image: np.ndarray) -> tuple[np.ndarray, int]:
    """The thumbnail (48, 48) of a grey image (H, W) uint8, and a hash of its pixels."""
    digest = hashlib.blake2b(f"{image.shape}".encode(), digest_size=8)
    digest.update(np.ascontiguousarray(image))
    thumbnail = image if image.shape == (SIDE, SIDE) else cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return thumbnail, int.from_bytes(digest.digest(), "big")


def label(word: str) -> str:
    """One spelling of a label: that of the emotion which it names, else its own."""
    try:
        return emotion(word).value
    except UserError:
        return word.strip()


def read_file(path: Path) -> list[tuple[np.ndarray, int]]:
    """Thumbnails and hashes of an image or a video; none of any other file.

    Raises:
        UserError: if it cannot be read or is damaged.
    """
    kind = kinds.of(path)
    if kind is Kind.OTHER:
        return []
    if kind is not Kind.VIDEO:
        return [compared(image_file.read(path, cv2.IMREAD_GRAYSCALE))]
    step = max(1, video.length(path) // (FRAMES + 1))
    shots = (frame for frame in video.frames(path, step, step) if frame is not None)
    taken = [compared(video.grey(frame)) for frame in islice(shots, FRAMES)]
    return taken or [compared(video.grey(next(iter(video.frames(path)))))]


def _try(path: Path) -> list[tuple[np.ndarray, int]] | UserError:
    try:
        return read_file(path)
    except UserError as error:
        return error


def _files(root: Path) -> Iterator[Path]:
    """Files at any depth but hidden ones; links are followed, each folder once."""

    def refuse(error: OSError):
        raise UserError(
            f"{shown(error.filename)} cannot be listed ({error.strerror}).", "Check its permissions and the disk."
        ) from error

    known = {os.path.realpath(root)}
    for place, folders, files in os.walk(root, onerror=refuse, followlinks=True):
        inside = {name: os.path.realpath(Path(place, name)) for name in sorted(folders) if not name.startswith(".")}
        folders[:] = [name for name, real in inside.items() if real not in known]
        known.update(inside.values())
        yield from (Path(place, name) for name in files if not name.startswith("."))
