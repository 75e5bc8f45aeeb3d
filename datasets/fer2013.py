"""FER2013: 35,887 grey images of 48x48 from the web, as one csv or as folders of images.

The csv (of the Kaggle challenge, also packed, also as icml_face_data.csv) tells Training, PublicTest and PrivateTest
apart. The folders `train/<class>` and `test/<class>` put the two test parts together; only where an image is named
after its part (PublicTest_123.png), or a folder for validation lies beside them, are they told apart. Classes are read
by name: sorted names are not the csv's codes. Copies that were augmented or divided anew circulate under its name.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from common.media import kinds
from common.media.clips import Expectation, Finding, Index, provenance
from common.media.images import StillImages
from common.support.errors import UserError
from common.support.names import shown
from datasets import class_folders, fer2013_csv, ferplus, image_cache, image_duplicates, image_index, tree
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
    Expectation("images", 35_887, _REPORT),
    Expectation("images Training", 28_709, _PAGE),
    Expectation("images PublicTest", 3_589, _PAGE),
    Expectation("images PrivateTest", 3_589, _PAGE),
    *(Expectation(f"images {emotion}", total, _REPORT) for emotion, total in _TOTALS),
    *(
        Expectation(f"images {part} {emotion}", size, _COUNTED)
        for part, sizes in _SIZES.items()
        for emotion, size in zip(CODES, sizes, strict=True)
    ),
)

# The csv of the challenge first: the other forms are copies of it.
_CSV = (
    *(f"{stem}.csv{suffix}" for stem in ("fer2013", "icml_face_data") for suffix in ("", ".xz", ".gz", ".zip")),
    "fer2013.zip",
)
# Names of the folders of parts, in small letters and without marks. Where one lies alone beside the training part, a
# folder for tests or validation may hold both of them.
_SIDES = {
    **dict.fromkeys(("train", "training", "trainset", "trainingset", "traindata"), "Training"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "validationset", "publictest", "public"), "PublicTest"),
    **dict.fromkeys(("privatetest", "private"), "PrivateTest"),
    **dict.fromkeys(("test", "testing", "tests", "testset", "testdata"), "Test"),
}
OTHER_COUNTS = "not the counts of the official set"
_NAMED = re.compile(rf"({'|'.join(PARTITIONS)})_.*", re.IGNORECASE)


def locate(root: Path) -> Path | None:
    """The folder that holds the csv, or failing that, the folders of the parts (train, test, validation ...)."""
    return tree.search(root, _csv) or tree.search(root, _sides)


def index(root: Path) -> Index:
    """One clip an image, named "row 17" (from 0, in the order of the csv) or train/happy/....png.

    Raises:
        UserError: as `read`, but not for a class without images, which its summary counts.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    images = _read(root, home, None)
    csv = _csv(home)
    names = images.clips.tolist()
    odd = _odd_votes(images) if csv else (*_odd_folders(images), *_other_folders(home))
    found = image_index.index(images, names, csv or home, home)
    closer = (*_other_counts(images, home), *image_duplicates.findings(images, names))
    return replace(found, findings=(*found.findings, *odd, *closer))


def read(root: Path, cache: Path | None = None) -> StillImages:
    """All images, 48x48, in the order of the csv or of the names, with the votes of FER+ if these lie there too.

    Args:
        root: the set, and the file of FER+ for a csv, lie at or below it.
        cache: folder in which the images of a csv are kept for the next time; images are as quick to read anew.

    Raises:
        UserError: if the set is not there, a row or an image is not as it should be, or a class has no image.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    return image_index.require(_read(root, home, cache), CODES, home)


def _read(root: Path, home: Path, cache: Path | None) -> StillImages:
    csv = _csv(home)
    if csv is None:
        return _read_folders(home)
    votes = ferplus.locate(root)
    return image_cache.through(cache, [path for path in (csv, votes) if path], lambda: _read_csv(csv, votes))


def _read_csv(csv: Path, votes: Path | None) -> StillImages:
    rows = fer2013_csv.read(csv)
    return rows.images(NAME, ferplus.read(votes, rows.partitions) if votes else None)


def _read_folders(home: Path) -> StillImages:
    listed = [
        (path, emotion, _partition(path, part))
        for part, folder in _parts(_sides(home))
        for emotion, paths in class_folders.classes(folder, CODES).items()
        for path in paths
    ]
    if not listed:
        raise UserError(f"{NAME} at {home} has no images.", "Unpack train and test again.")
    paths, emotions, partitions = zip(*listed, strict=True)
    names = np.array([shown(path.relative_to(home).as_posix()) for path in paths])
    return StillImages(
        NAME,
        class_folders.read(paths, SIDE),
        np.array(emotions, "U8"),
        np.array(partitions, "U11"),
        subjects=names,
        clips=names,
        frames=np.zeros(len(names), np.int64),
    )


def _csv(folder: Path) -> Path | None:
    # Not with tree.files, for which archives are litter.
    with tree.listed(folder):
        present = {path.name.lower(): path for path in folder.iterdir() if path.is_file()}
    return next((present[name] for name in _CSV if name in present), None)


def _sides(folder: Path) -> list[tuple[str, Path]] | None:
    """The parts with their folders of classes, if Training and another one are there."""
    named = [(_SIDES.get(re.sub(r"[\W_]", "", child.name.lower())), child) for child in tree.folders(folder)]
    sides = [(part, tree.unnest(child)) for part, child in named if part]
    parts = {part for part, _ in sides}
    if "Training" not in parts or len(parts) < 2 or not all(_has_classes(child) for _, child in sides):
        return None
    return sides


def _parts(sides: list[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """The sides, the training one first; a single other one is both test parts together.

    Raises:
        UserError: if two folders are named after one part.
    """
    known = dict(sides)
    for part, folder in sides:
        if known[part] != folder:
            raise UserError(
                f"{shown(folder)} and {shown(known[part].name)} beside it are both named after {part}.",
                "Keep the one of the set and move the other away.",
            )
    if len(known) == 2 and not any("public" in folder.name.lower() for folder in known.values()):
        known = {part if part in ("Training", "PrivateTest") else "Test": folder for part, folder in known.items()}
    elif "PrivateTest" not in known and "Test" in known:
        known["PrivateTest"] = known.pop("Test")
    return sorted(known.items(), key=lambda side: ("Training", "Test", "PublicTest", "PrivateTest").index(side[0]))


def _has_classes(folder: Path) -> bool:
    """Whether there are folders of classes; other sets also have folders train/angry, with videos in them."""
    inside = [tree.all_files(child) for child in tree.folders(folder) if class_folders.is_class(child)]
    return bool(inside) and not any(path.suffix.lower() in kinds.VIDEOS for paths in inside for path in paths)


def _partition(path: Path, part: str) -> str:
    named = _NAMED.fullmatch(path.stem)
    if named is None:
        return part
    return next(part for part in PARTITIONS if part.lower() == named[1].lower())


def _other_folders(home: Path) -> list[Finding]:
    """Folders beside the parts that hold images."""
    taken = {folder for _, folder in _sides(home)}
    others = {
        child: len(tree.below(child, *class_folders.SUFFIXES))
        for child in tree.folders(home)
        if tree.unnest(child) not in taken
    }
    return [Finding("folder of no known part", one.name, f"{n:,} images, left out") for one, n in others.items() if n]


def _other_counts(images: StillImages, home: Path) -> list[Finding]:
    """Where the parts are not as large as those of the challenge."""
    if provenance(home).synthetic:
        return []
    official = {part: sum(sizes) for part, sizes in _SIZES.items()}
    if "Test" in images.partitions:
        official["Test"] = official.pop("PublicTest") + official.pop("PrivateTest")
    sizes = {part: int((images.partitions == part).sum()) for part in official}
    differing = [f"{part} {sizes[part]:,} instead of {n:,}" for part, n in official.items() if sizes[part] != n]
    told = f"{', '.join(differing)}: augmented, cut or divided anew, so accuracies on it cannot be compared"
    return [Finding(OTHER_COUNTS, shown(home.name), told)] if differing else []


def _odd_votes(images: StillImages) -> tuple[Finding, ...]:
    """Rows on which FER+ has not ten votes, or none for a face."""
    if images.votes is None:
        return ()
    totals, no_face = images.votes.sum(axis=1), images.votes[:, -1]
    return tuple(
        Finding("no face, say all of FER+", name) if none == total else Finding("not ten votes", name, f"{total}")
        for name, total, none in zip(images.clips.tolist(), totals.tolist(), no_face.tolist(), strict=True)
        if none == total or total != 10
    )


def _odd_folders(images: StillImages) -> tuple[Finding, ...]:
    findings = []
    if "Test" in images.partitions:
        findings.append(Finding("PublicTest and PrivateTest are not told apart", "test"))
    packed = [name for name in images.clips.tolist() if not name.lower().endswith(".png")]
    if packed:
        findings.append(Finding("JPEG, so not the pixels of the csv", packed[0], f"{len(packed):,} such images"))
    return tuple(findings)
