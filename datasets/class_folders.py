"""Grey images that lie as image files in one folder for each class."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from common.media import image_file
from common.media.emotions import Emotion, emotion
from common.support.errors import UserError
from datasets import tree

SUFFIXES = (".png", ".jpg", ".jpeg")
OTHERS = (".bmp", ".gif", ".tif", ".tiff", ".webp")


def is_class(folder: Path) -> bool:
    """Whether a folder is named after an emotion."""
    try:
        emotion(folder.name)
    except UserError:
        return False
    return True


def classes(home: Path, emotions: Sequence[Emotion]) -> Mapping[Emotion, list[Path]]:
    """The image files of each class folder inside `home`, in the order of folders and files by name.

    Raises:
        UserError: if a folder is named after none of the `emotions` emotions, or two are named after the same one, or
            there are images in it that would not be read.
    """
    found = {}
    for folder in tree.folders(home):
        shown = emotion(folder.name) if is_class(folder) else None
        if shown not in emotions:
            raise UserError(
                f"{folder} is named after no class of the set.", f"Its classes are {', '.join(emotions)}; move it away."
            )
        if shown in found:
            raise UserError(f"{home} has two folders for {shown}.", f"Merge {folder} with the other one.")
        found[shown] = _images(folder)
    return found


def _images(folder: Path) -> list[Path]:
    """The PNG files, then the JPEG files of one class."""
    paths = tree.below(folder, *SUFFIXES, *OTHERS)
    for path in paths:
        if path.parent.name:
            raise UserError(f"{folder / path} lies deeper than the images of its class.", f"Move it to {folder}.")
        if path.suffix.lower() in OTHERS:
            raise UserError(f"{folder / path} is not read: only PNG and JPEG are.", "Convert it to PNG.")
    return [folder / path for suffix in SUFFIXES for path in paths if path.suffix.lower() == suffix]


def read(paths: Sequence[Path], side: int) -> np.ndarray:
    """The images of these files, (n, side, side) uint8.

    Raises:
        UserError: naming the file, if it is no readable image, in colour, of 16 bits, or of another size.
    """
    pixels = np.empty((len(paths), side, side), np.uint8)
    with ThreadPoolExecutor() as threads:
        for row, image in enumerate(threads.map(lambda path: _read_one(path, side), paths)):
            pixels[row] = image
    return pixels


def _read_one(path: Path, side: int) -> np.ndarray:
    image = image_file.read(path, cv2.IMREAD_UNCHANGED)
    if image.shape[:2] != (side, side):
        height, width = image.shape[:2]
        raise UserError(
            f"{path} is {width}x{height} pixels instead of {side}x{side}.",
            "Restore the image of the original set, or move it away.",
        )
    if image.dtype != np.uint8:
        raise UserError(f"{path} has {8 * image.itemsize} bits a pixel instead of 8.", "Restore the original.")
    return image if image.ndim == 2 else _grey(path, image)


def _grey(path: Path, image: np.ndarray) -> np.ndarray:
    """The one channel of a grey image that was stored in colour."""
    blue, green, red = np.moveaxis(image[..., :3], 2, 0)
    if (blue != green).any() or (green != red).any():
        raise UserError(
            f"{path} is in colour, but the images of this set are grey.", "Restore the original, or move it away."
        )
    return blue
