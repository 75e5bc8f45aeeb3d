"""ckextended.csv: the copy of CK+ as one csv in the form of FER2013, with one 48x48 image a row.

Its 327 images of seven emotions are as many as CK+ has labelled sequences of each, its 593 neutral ones as many as it
has sequences. It is no official part of CK+, and names neither subjects nor sequences: nobody knows who stands on both
sides of a split, the official one (Usage) included. Counts: the page of the copy.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from common.media.clips import Expectation, Finding, Index
from common.media.emotions import Emotion
from common.media.images import StillImages
from datasets import ckplus, fer2013_csv, image_cache, image_duplicates, image_index, tree

NAME = "CK+ (csv)"
KEY = "ckextended"
OBTAIN = "It is a copy of CK+ (whose agreement holds for it too) that circulates as ckextended.csv."
CITATION = ckplus.CITATION
CODES = (*fer2013_csv.CODES, Emotion.CONTEMPT)
LACKS = "no subjects and no sequences"

_PAGE = "page of the copy (Kaggle, davilsena/ckdataset)"
EXPECTED = (
    Expectation("images", 920, _PAGE),
    *(
        Expectation(f"images {emotion}", count, _PAGE)
        for emotion, count in zip(CODES, (45, 59, 25, 69, 28, 83, 593, 18), strict=True)
    ),
)

_FILES = tuple(f"{stem}.csv{packed}" for stem in ("ckextended", "ck_extended") for packed in ("", ".xz", ".gz", ".zip"))


def locate(root: Path) -> Path | None:
    """The folder that holds the csv."""
    return tree.search(root, _csv)


def index(root: Path) -> Index:
    """One clip an image, named "row 17", from 0.

    Raises:
        UserError: as `read`, but not for a class without images, which its summary counts.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    images = _read(_csv(home))
    names = images.clips.tolist()
    found = image_index.index(images, names, _csv(home), home)
    return replace(found, findings=(*found.findings, *_lacks(home), *image_duplicates.findings(images, names)))


def read(root: Path, cache: Path | None = None) -> StillImages:
    """All images, 48x48, in the order of the csv; each is a subject and a clip of its own.

    Args:
        cache: folder in which the images are kept for the next time.

    Raises:
        UserError: if the set is not there, a row is not as it should be, or a class has no image.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    csv = _csv(home)
    return image_index.require(image_cache.through(cache, [csv], lambda: _read(csv)), CODES, home)


def _csv(folder: Path) -> Path | None:
    with tree.listed(folder):
        present = {path.name.lower(): path for path in folder.iterdir() if path.is_file()}
    return next((present[name] for name in _FILES if name in present), None)


def _read(csv: Path) -> StillImages:
    return fer2013_csv.read(csv, CODES).images(NAME)


def _lacks(home: Path) -> Iterator[Finding]:
    told = f"{LACKS}: nobody knows who stands on both sides of a split, and a neutral image shows who shows an emotion"
    yield Finding("what the copy lacks", _csv(home).name, told)
