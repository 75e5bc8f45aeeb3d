"""Oulu-CASIA NIR&VIS: six posed expressions by each of 80 subjects, seen by two cameras in three lights.

`OriginalImg/VL/Strong/P001/Anger/000.jpeg`, from neutral to the peak; VL is visible light and NI near infrared.
Copies also hold a tree in which faces are cut out, `PreProcess_Img/VL_Acropped/Strong/P001/Anger/000.jpeg`, which
is read where the original one is not there. Layout: preprocess_oulu of menorashid/eccv_18, and copies of the tree
which several programs name.
"""

import re
from pathlib import Path
from typing import Literal, get_args

from common.media.clips import WITHOUT_LABEL, Clip, Expectation, Finding, Index
from common.media.emotions import Emotion
from common.support.errors import UserError, unknown
from datasets import numbering, tree

NAME = "Oulu-CASIA"
KEY = "oulu"
OBTAIN = (
    "Sign the licence of the University of Oulu (Center for Machine Vision and Signal Analysis), then unpack "
    "OriginalImg with its folders VL and NI."
)
CITATION = (
    "G. Zhao, X. Huang, M. Taini, S. Z. Li, M. Pietikäinen: Facial expression recognition from near-infrared videos. "
    "Image and Vision Computing 29(9), 2011, pp. 607-619."
)

Camera = Literal["VL", "NI"]
Light = Literal["Strong", "Weak", "Dark"]
CONDITIONS = tuple((camera, light) for camera in get_args(Camera) for light in get_args(Light))

FOLDERS = {
    "anger": Emotion.ANGRY,
    "disgust": Emotion.DISGUST,
    "fear": Emotion.FEAR,
    "happiness": Emotion.HAPPY,
    "sadness": Emotion.SAD,
    "surprise": Emotion.SURPRISE,
}
CLASSES = tuple(FOLDERS.values())

_EACH = "80 subjects show six expressions in each condition: preprocess_oulu of menorashid/eccv_18"
EXPECTED = (
    Expectation("clips", 2880, _EACH),
    Expectation("subjects", 80, _EACH),
    *(Expectation(f"clips {camera} {light}", 480, _EACH) for camera, light in CONDITIONS),
    *(Expectation(f"clips {camera} {light} {one}", 80, _EACH) for camera, light in CONDITIONS for one in CLASSES),
)

_ORIGINAL = re.compile("VL|NI", re.IGNORECASE)
_CROPPED = re.compile("(VL|NI)_Acropped", re.IGNORECASE)
_LIGHT = re.compile("|".join(get_args(Light)), re.IGNORECASE)
_SUBJECT = re.compile(r"P\d{3}", re.IGNORECASE)
_FRAME = r"\d{3}"
_ENDINGS = (".jpeg", ".jpg", ".png", ".bmp", ".tif", ".tiff")


def locate(root: Path) -> Path | None:
    """The folder that holds `VL` or `NI` with their lights, or failing that, `VL_Acropped` or `NI_Acropped`."""
    originals, cropped = (lambda home: _conditions(home, _ORIGINAL)), (lambda home: _conditions(home, _CROPPED))
    return tree.search(root, originals) or tree.search(root, cropped)


def index(root: Path, camera: Camera = "VL", light: Light = "Strong") -> Index:
    """One clip a sequence, named `VL/Strong/P001/Anger`, with `VL Strong` as its partition.

    Args:
        root: a folder at or above the set's own.
        camera: visible light (colour) or near infrared.
        light: the lamp: strong, weak, or dark (off, but for the infrared one). The clips of the other five
            conditions are `dropped`: the data set's summary counts them.

    Raises:
        UserError: if the set is missing or has no sequences of this condition, or a setting is unknown.
    """
    for kind, value, known in (("camera", camera, get_args(Camera)), ("light", light, get_args(Light))):
        if value not in known:
            raise unknown(f"{kind} of {NAME}", value, known)
    home = tree.require(root, locate(root), NAME, OBTAIN)
    findings = []
    conditions = _conditions(home, _ORIGINAL)
    if not conditions:
        conditions = _conditions(home, _CROPPED)
        findings.append(Finding("faces are cut out already", conditions[0][1].relative_to(home).as_posix()))
    clips = [clip for partition, folder in conditions for clip in _condition(home, partition, folder, findings)]
    chosen = tuple(clip for clip in clips if clip.partition == f"{camera} {light}")
    if not chosen:
        there = ", ".join(dict.fromkeys(clip.partition for clip in clips)) or "none"
        raise UserError(
            f"{NAME} at {home} has no sequences of {camera} {light} (conditions with sequences: {there}).",
            f"Unpack its folder {camera}/{light} there.",
        )
    dropped = tuple(clip for clip in clips if clip.partition != f"{camera} {light}")
    return Index(NAME, home, chosen, tuple(findings), dropped)


def _conditions(home: Path, camera: re.Pattern) -> list[tuple[str, Path]]:
    """("VL Strong", its folder of subjects) and so on, for the camera folders directly inside `home`."""
    return [
        (f"{seen.name[:2].upper()} {lit.name.capitalize()}", lit)
        for seen in map(tree.unnest, tree.folders(home))
        if camera.fullmatch(seen.name)
        for lit in map(tree.unnest, tree.folders(seen))
        if _LIGHT.fullmatch(lit.name) and any(_SUBJECT.fullmatch(child.name) for child in tree.folders(lit))
    ]


def _condition(home: Path, partition: str, folder: Path, findings: list[Finding]) -> list[Clip]:
    clips = []
    for subject in tree.folders(folder):
        if not _SUBJECT.fullmatch(subject.name):
            findings.append(Finding("folder of no subject", subject.relative_to(home).as_posix(), "left out"))
            continue
        found = _sequences(home, partition, subject, findings)
        missing = [word for word, emotion in FOLDERS.items() if emotion not in {clip.emotion for clip in found}]
        if not found:
            findings.append(Finding("subject without sequences", subject.relative_to(home).as_posix()))
        elif missing:
            findings.append(Finding("sequences missing", subject.relative_to(home).as_posix(), ", ".join(missing)))
        clips += found
    return clips


def _sequences(home: Path, partition: str, subject: Path, findings: list[Finding]) -> list[Clip]:
    clips = []
    for folder in tree.folders(subject):
        name = folder.relative_to(home).as_posix()
        frames, odd = numbering.frames(folder, name, _FRAME, _ENDINGS, first=0)
        if not frames:
            findings.append(Finding("sequence without images", name))
            continue
        emotion = FOLDERS.get(folder.name.lower())
        if emotion is None:
            findings.append(Finding(WITHOUT_LABEL, name, f"{folder.name} is none of the six expressions"))
        clips.append(Clip(NAME, name, subject.name.upper(), emotion, folder, partition, frames))
        findings += odd
    return clips
