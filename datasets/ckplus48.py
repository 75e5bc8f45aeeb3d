"""CK+48: the widespread copy of CK+ as three cropped 48x48 images of each labelled sequence, in class folders.

`anger/S010_004_00000019.png` names subject, sequence and frame. It is no official part of CK+: who cropped the faces,
and how, is not published. The three images of a sequence are neighbouring frames, nearly equal: papers that fill short
clips read them as clips of three frames (`index`), others as single images (`read`).
"""

import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from common.media.clips import Clip, Expectation, Finding, Index
from common.media.emotions import Emotion, emotion
from common.media.images import StillImages
from common.support.errors import UserError
from datasets import ckplus, class_folders, image_cache, image_index, tree

NAME = "CK+48"
KEY = "ckplus48"
OBTAIN = "It is a copy of CK+ (whose agreement holds for it too) that circulates as a zip with seven class folders."
CITATION = ckplus.CITATION
# In what a run differs from one on CK+ itself.
INSTEAD = "CK+48 instead of CK+: faces that others cropped, and only the last three frames of each sequence"
CLASSES = (
    Emotion.ANGRY,
    Emotion.CONTEMPT,
    Emotion.DISGUST,
    Emotion.FEAR,
    Emotion.HAPPY,
    Emotion.SAD,
    Emotion.SURPRISE,
)
SIDE, FRAMES = 48, 3
EXPECTED = (
    Expectation("clips", 327, "ReadMe of CK+"),
    Expectation("subjects", 118, "fold list of Open-Debin/Emotion-FAN"),
    *(one for one in ckplus.EXPECTED if one.what.startswith("clips ")),
)

_IMAGE = re.compile(r"(S\d{3})_(\d{3})_(\d{8})", re.IGNORECASE)


def locate(root: Path) -> Path | None:
    """The folder of the class folders."""
    return tree.search(root, lambda home: any(_is_class(folder) for folder in tree.folders(home)))


def index(root: Path) -> Index:
    """One clip a sequence, named anger/S010_004, in the order of CK+: by subject, then by sequence.

    Raises:
        UserError: as `read`, but not for a class without images, which its summary counts.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    paths, images = _read(home)
    found = image_index.findings(images, [path.relative_to(home).as_posix() for path in paths])
    sequences = defaultdict(list)
    for path in sorted(paths, key=_names):
        subject, sequence, _ = _names(path)
        sequences[path.parent, subject, sequence].append(path.name)
    clips = []
    for (folder, subject, sequence), names in sequences.items():
        name = f"{folder.name}/{subject}_{sequence}"
        clips.append(Clip(NAME, name, subject, emotion(folder.name), folder, frames=tuple(names)))
        if len(names) != FRAMES:
            found.append(Finding("sequence without three images", name, f"{len(names)} images"))
    return Index(NAME, home, tuple(clips), tuple(found))


def read(root: Path, cache: Path | None = None) -> StillImages:
    """All images, 48x48, in the order of class folders and names; clips are named S010_004.

    Args:
        cache: folder in which the images are kept for the next time.

    Raises:
        UserError: if the set is not there, a file name holds no subject, sequence and frame, an image is not a grey
            one of 48x48, a class folder is unknown or a class has no image.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    images = image_cache.through(cache, tree.folders(home), lambda: _read(home)[1])
    return image_index.require(images, CLASSES, home)


def _is_class(folder: Path) -> bool:
    return class_folders.is_class(folder) and any(_IMAGE.fullmatch(file.stem) for file in tree.files(folder, ".png"))


def _read(home: Path) -> tuple[list[Path], StillImages]:
    listed = [
        (path, shown.value, *_names(path))
        for shown, paths in class_folders.classes(home, CLASSES).items()
        for path in paths
    ]
    paths, emotions, subjects, sequences, frames = zip(*listed, strict=True)
    return list(paths), StillImages(
        NAME,
        class_folders.read(paths, SIDE),
        np.array(emotions),
        np.full(len(paths), ""),
        subjects=np.array(subjects),
        clips=np.array([f"{subject}_{sequence}" for subject, sequence in zip(subjects, sequences, strict=True)]),
        frames=np.array(frames) - 1,
    )


def _names(path: Path) -> tuple[str, str, int]:
    """Subject, sequence and number of the frame, from 1."""
    match = _IMAGE.fullmatch(path.stem)
    if match is None:
        raise UserError(
            f"{path} names no subject, sequence and frame as S010_004_00000019 does.",
            "Restore its name, or move it away: it cannot be kept apart from images of the same person.",
        )
    return match[1].upper(), match[2], int(match[3])
