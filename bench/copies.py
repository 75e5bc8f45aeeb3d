"""How many copies `audit-split` finds after each change, and how many strangers it takes for copies.

Synthetic faces are always there. Where FER_DATA names a folder with FER2013, images of its training part are changed
and sought in it, and where CK+48 lies there too, it stands for strangers: to each other, and to FER2013.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from bench.figures import Figure
from common.media.emotions import Emotion
from common.samples.duplicate_search import Images, find
from common.samples.same_image import SIDE
from datasets import ckplus48, fer2013
from datasets.synthetic.write_fer2013 import CLASSES, FaceRow, draw

TITLE = "Copies in training: found, and mistaken"
# Per cent of the copies that have to be found, whatever was changed, and of the strangers that may be mistaken for one.
FOUND, MISTAKEN = 90, 1
_CUT = round(0.9 * SIDE)


def measure(small: bool) -> list[Figure]:
    """Per cent of test images, and seconds."""
    count = 60 if small else 1000
    people = np.stack([_drawn(person) for person in range(2 * count)])
    figures = _found_again("synthetic", people[:count], np.arange(count)[:400])
    figures.append(_mistaken("synthetic people, others in training", people[:count], people[count:]))
    root = Path(os.environ.get("FER_DATA", "no data"))
    if not small and root.is_dir() and fer2013.locate(root):
        figures += _real(root)
    return figures


def _real(root: Path) -> list[Figure]:
    images = fer2013.read(root)
    training = images.partitions == "Training"
    train, test = images.pixels[training], images.pixels[~training]
    chosen = np.random.default_rng(0).choice(len(train), 400, replace=False)
    chosen = chosen[train[chosen].std(axis=(1, 2)) > 0]  # nothing can be changed about a blank image
    figures = _found_again("FER2013", train, chosen)
    if ckplus48.locate(root):
        others = ckplus48.read(root)
        known = np.isin(others.subjects, np.unique(others.subjects)[::2])
        figures.append(_mistaken("CK+48, other subjects in training", others.pixels[known], others.pixels[~known]))
        figures.append(_mistaken("CK+48, FER2013 in training", train, others.pixels))
    began = time.process_time()
    find(*_sides(train, test))
    took = time.process_time() - began
    figures.append(Figure(f"{len(test):,} images in {len(train):,}, on all cores together", took, "s", at_most=120))
    return figures


def _found_again(name: str, train: np.ndarray, chosen: np.ndarray) -> list[Figure]:
    """For each change, the share of the chosen training images that are found again."""
    rng = np.random.default_rng(0)
    test = np.stack([apply(image, rng) for apply in CHANGES.values() for image in train[chosen]])
    pairs = find(*_sides(train, test))
    right = np.zeros(len(test), bool)
    right[pairs.test[pairs.train == np.tile(chosen, len(CHANGES))[pairs.test]]] = True
    shares = zip(CHANGES, right.reshape(len(CHANGES), -1).mean(axis=1), strict=True)
    return [Figure(f"{name}, {change}: found", 100 * share, "%", at_least=FOUND) for change, share in shares]


def _mistaken(name: str, train: np.ndarray, test: np.ndarray) -> Figure:
    wrong = np.unique(find(*_sides(train, test)).test)
    return Figure(f"{name}: called copies", 100 * len(wrong) / len(test), f"% of {len(test):,}", at_most=MISTAKEN)


def _sides(train: np.ndarray, test: np.ndarray) -> tuple[Images, Images]:
    """Both with hashes that are never equal: the same pixels count as found only if they are found alike."""
    hashes = np.arange(len(train) + len(test), dtype=np.uint64)
    return Images(train, hashes[: len(train)]), Images(test, hashes[len(train) :])


def _drawn(person: int) -> np.ndarray:
    emotion = Emotion(CLASSES[person % len(CLASSES)])
    return draw(FaceRow(emotion, emotion, 1.0, "Training", person), seed=1)


# --- changes ---------------------------------------------------------------------------------------


def _recoded(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)


def _mirrored(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(image[:, ::-1])


def _cropped(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    top, left = rng.integers(0, SIDE - _CUT + 1, 2)
    return cv2.resize(image[top : top + _CUT, left : left + _CUT], (SIDE, SIDE))


def _brightened(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return cv2.convertScaleAbs(image, alpha=1.1, beta=20)


def _turned(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    turn = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), rng.uniform(-5, 5), 1)
    return cv2.warpAffine(image, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


def _all(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    for change in (_mirrored, _turned, _cropped, _brightened, _recoded):
        image = change(image, rng)
    return image


CHANGES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "JPEG of quality 50": _recoded,
    "mirrored": _mirrored,
    "a tenth of each side cut off": _cropped,
    "brighter (×1.1 + 20)": _brightened,
    "turned by up to 5°": _turned,
    "all of these": _all,
}
