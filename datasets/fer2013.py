"""FER2013: 35,887 grey pictures of 48x48 from the web, as one csv or as folders of images.

The csv (of the Kaggle challenge, also packed, also as icml_face_data.csv) tells Training, PublicTest and PrivateTest
apart. The folders `train/<class>` and `test/<class>` put the two test parts together; only where an image is named
after its part (PublicTest_123.png) is it known again. Classes are read by name: sorted names are not the csv's codes.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from common.media.clips import Expectation, Finding, Index
from common.media.images import Pictures
from common.support.errors import UserError
from datasets import fer2013_csv, ferplus, picture_cache, picture_files, picture_index, tree
from datasets.fer2013_csv import CODES, PARTITIONS, SIDE

NAME = "FER2013"
KEY = "fer2013"
OBTAIN = "Download fer2013.csv of the Kaggle challenge on facial expression recognition (2013)."
CITATION = (
    "I. J. Goodfellow, D. Erhan, P. L. Carrier, A. Courville, M. Mirza, et al.: Challenges in representation learning: "
    "A report on three machine learning contests. ICONIP 2013, pp. 117-124."
)

_REPORT = "report of the challenge (Goodfellow et al. 2013)"
_PAGE = "data page of the Kaggle challenge"
_COUNTED = "counted in fer2013.csv of the challenge"
_SIZES = {
    "Training": (3995, 436, 4097, 7215, 4830, 3171, 4965),
    "PublicTest": (467, 56, 496, 895, 653, 415, 607),
    "PrivateTest": (491, 55, 528, 879, 594, 416, 626),
}
_TOTALS = zip(CODES, map(sum, zip(*_SIZES.values(), strict=True)), strict=True)
EXPECTED = (
    Expectation("pictures", 35_887, _REPORT),
    Expectation("pictures Training", 28_709, _PAGE),
    Expectation("pictures PublicTest", 3_589, _PAGE),
    Expectation("pictures PrivateTest", 3_589, _PAGE),
    *(Expectation(f"pictures {emotion}", total, _REPORT) for emotion, total in _TOTALS),
    *(
        Expectation(f"pictures {part} {emotion}", size, _COUNTED)
        for part, sizes in _SIZES.items()
        for emotion, size in zip(CODES, sizes, strict=True)
    ),
)

# The csv of the challenge first: the other forms are copies of it.
_CSV = (
    *(f"{stem}.csv{suffix}" for stem in ("fer2013", "icml_face_data") for suffix in ("", ".xz", ".gz", ".zip")),
    "fer2013.zip",
)
_SIDES = {"train": "Training", "test": "Test"}
_NAMED = re.compile(rf"({'|'.join(PARTITIONS)})_.*", re.IGNORECASE)


def locate(root: Path) -> Path | None:
    """The folder that holds the csv, or failing that, the folders train and test."""
    return tree.search(root, _csv) or tree.search(root, _sides)


def index(root: Path) -> Index:
    """One clip a picture, named "row 17" (from 0, in the order of the csv) or train/happy/....png.

    Raises:
        UserError: as `read`, but not for a class without pictures, which its summary counts.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    pictures = _read(root, home, None)
    csv = _csv(home)
    odd = _odd_votes(pictures) if csv else _odd_folders(pictures)
    found = picture_index.index(pictures, pictures.clips.tolist(), csv or home, home)
    return replace(found, findings=found.findings + odd)


def read(root: Path, cache: Path | None = None) -> Pictures:
    """All pictures, 48x48, in the order of the csv or of the names, with the votes of FER+ if these lie there too.

    Args:
        root: the set, and the file of FER+ for a csv, lie at or below it.
        cache: folder in which the pictures of a csv are kept for the next time; images are as quick to read anew.

    Raises:
        UserError: if the set is not there, a row or an image is not as it should be, or a class has no picture.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    return picture_index.require(_read(root, home, cache), CODES, home)


def _read(root: Path, home: Path, cache: Path | None) -> Pictures:
    csv = _csv(home)
    if csv is None:
        return _read_folders(home)
    votes = ferplus.locate(root)
    return picture_cache.through(cache, [path for path in (csv, votes) if path], lambda: _read_csv(csv, votes))


def _read_csv(csv: Path, votes: Path | None) -> Pictures:
    rows = fer2013_csv.read(csv)
    names = np.array([f"row {row}" for row in range(len(rows.pixels))])
    return Pictures(
        NAME,
        rows.pixels,
        rows.emotions,
        rows.partitions,
        subjects=names,
        clips=names,
        frames=np.zeros(len(names), np.int64),
        votes=ferplus.read(votes, rows.partitions) if votes else None,
    )


def _read_folders(home: Path) -> Pictures:
    listed = [
        (path, emotion, _partition(path, side))
        for side, folder in sorted(_sides(home).items(), reverse=True)
        for emotion, paths in picture_files.classes(folder, CODES).items()
        for path in paths
    ]
    if not listed:
        raise UserError(f"{NAME} at {home} has no images.", "Unpack train and test again.")
    paths, emotions, partitions = zip(*listed, strict=True)
    names = np.array([path.relative_to(home).as_posix() for path in paths])
    return Pictures(
        NAME,
        picture_files.read(paths, SIDE),
        np.array(emotions, "U8"),
        np.array(partitions, "U11"),
        subjects=names,
        clips=names,
        frames=np.zeros(len(names), np.int64),
    )


def _csv(folder: Path) -> Path | None:
    # Not with tree.files, for which archives are litter.
    present = {path.name.lower(): path for path in folder.iterdir() if path.is_file()}
    return next((present[name] for name in _CSV if name in present), None)


def _sides(folder: Path) -> dict[str, Path] | None:
    """The folders train and test, if both are there and hold classes."""
    sides = {child.name.lower(): child for child in tree.folders(folder) if child.name.lower() in _SIDES}
    if len(sides) < len(_SIDES) or not all(map(_has_classes, sides.values())):
        return None
    return sides


def _has_classes(folder: Path) -> bool:
    return any(map(picture_files.is_class, tree.folders(folder)))


def _partition(path: Path, side: str) -> str:
    named = _NAMED.fullmatch(path.stem)
    if named is None:
        return _SIDES[side]
    return next(part for part in PARTITIONS if part.lower() == named[1].lower())


def _odd_votes(pictures: Pictures) -> tuple[Finding, ...]:
    """Rows on which FER+ has not ten votes, or none for a face."""
    if pictures.votes is None:
        return ()
    totals, no_face = pictures.votes.sum(axis=1), pictures.votes[:, -1]
    return tuple(
        Finding("no face, say all of FER+", name) if none == total else Finding("not ten votes", name, f"{total}")
        for name, total, none in zip(pictures.clips.tolist(), totals.tolist(), no_face.tolist(), strict=True)
        if none == total or total != 10
    )


def _odd_folders(pictures: Pictures) -> tuple[Finding, ...]:
    findings = []
    if "Test" in pictures.partitions:
        findings.append(Finding("PublicTest and PrivateTest are not told apart", "test"))
    packed = [name for name in pictures.clips.tolist() if not name.lower().endswith(".png")]
    if packed:
        findings.append(Finding("JPEG, so not the pixels of the csv", packed[0], f"{len(packed):,} such images"))
    return tuple(findings)
