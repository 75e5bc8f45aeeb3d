"""CK+: posed sequences of numbered images from neutral to peak.

`cohn-kanade-images/S005/001/S005_001_00000001.png` holds the images, the label lies in a file named after
the peak frame, `Emotion/S005/001/S005_001_00000011_emotion.txt`. Layout and codes: ReadMe of the distribution
(28 September 2010). Most sequences without label were recorded but did not pass the FACS criteria.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from common.media.clips import WITHOUT_CLIP, WITHOUT_LABEL, Clip, Expectation, Finding, Index
from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets import numbering, tree

NAME = "CK+"
KEY = "ckplus"
OBTAIN = "Sign the agreement at jeffcohn.net/Resources, then unpack cohn-kanade-images and Emotion_labels side by side."
CITATION = (
    "P. Lucey, J. F. Cohn, T. Kanade, J. Saragih, Z. Ambadar, I. Matthews: The Extended Cohn-Kanade Dataset (CK+): "
    "A complete dataset for action unit and emotion-specified expression. CVPR Workshops 2010, pp. 94-101."
)

CODES = {
    0: Emotion.NEUTRAL,
    1: Emotion.ANGRY,
    2: Emotion.CONTEMPT,
    3: Emotion.DISGUST,
    4: Emotion.FEAR,
    5: Emotion.HAPPY,
    6: Emotion.SAD,
    7: Emotion.SURPRISE,
}

_README = "ReadMe of the distribution"
_FOLDS = "fold list of Open-Debin/Emotion-FAN"
EXPECTED = (
    Expectation("clips", 593, _README),
    Expectation("subjects", 123, _README),
    Expectation("labelled clips", 327, _README),
    Expectation("labelled subjects", 118, _FOLDS),
    Expectation("clips Angry", 45, _FOLDS),
    Expectation("clips Contempt", 18, _FOLDS),
    Expectation("clips Disgust", 59, _FOLDS),
    Expectation("clips Fear", 25, _FOLDS),
    Expectation("clips Happy", 69, _FOLDS),
    Expectation("clips Sad", 28, _FOLDS),
    Expectation("clips Surprise", 83, _FOLDS),
)

_IMAGES = re.compile(r"(extended[-_ ])?cohn[-_ ]kanade([-_ ]images)?", re.IGNORECASE)
_LABELS = re.compile(r"emotion([-_ ]?labels?)?", re.IGNORECASE)
_SUBJECT = re.compile(r"S\d{3}", re.IGNORECASE)
_SEQUENCE = re.compile(r"\d{3}")
# Copies are converted, the original is PNG.
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


def locate(root: Path) -> Path | None:
    """The folder that holds the images and the labels, or failing that, only one of them."""
    return tree.search(root, lambda home: _images(home) and _labels(home)) or tree.search(
        root, lambda home: _images(home) or _labels(home)
    )


def index(root: Path) -> Index:
    """One clip a sequence, named `<images folder>/S005/001`; sequences without emotion file have no emotion.

    Raises:
        UserError: if the set or one half of it is missing, or an emotion file holds no code of `CODES`.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    images, labels = _halves(home)
    findings = []
    label_files = _label_files(home, labels, findings)
    clips = []
    for folder in _sequences(images):
        name, subject, sequence = folder.relative_to(home).as_posix(), folder.parent.name.upper(), folder.name
        frames, odd = numbering.frames(folder, name, rf"{subject}_{sequence}_\d{{8}}", _ENDINGS, first=1)
        if not frames:
            findings.append(Finding("sequence without images", name))
            continue
        label_file = label_files.pop((subject, sequence), None)
        clips.append(Clip(NAME, name, subject, _read_code(label_file), folder, frames=frames))
        findings += odd
        if label_file is None:
            findings.append(Finding(WITHOUT_LABEL, name))
        else:
            findings += _odd_peak(name, label_file, frames)
    if not clips:
        raise UserError(f"{NAME} has no images below {images}.", "Unpack cohn-kanade-images again.")
    findings += [Finding(WITHOUT_CLIP, file.relative_to(home).as_posix()) for file in label_files.values()]
    return Index(NAME, home, tuple(clips), tuple(findings))


def _images(home: Path) -> Path | None:
    return _half(home, _IMAGES)


def _labels(home: Path) -> Path | None:
    return _half(home, _LABELS)


def _half(home: Path, pattern: re.Pattern) -> Path | None:
    """The folder of subjects inside a child of `home` whose name fits `pattern`."""
    named = [folder for folder in tree.folders(home) if pattern.fullmatch(folder.name)]
    halves = [tree.search(folder, _has_subjects, depth=2) for folder in named]
    return next(filter(None, halves), None)


def _has_subjects(folder: Path) -> bool:
    return any(_SUBJECT.fullmatch(child.name) for child in tree.folders(folder))


def _halves(home: Path) -> tuple[Path, Path]:
    images, labels = _images(home), _labels(home)
    if images is None:
        raise UserError(
            f"{NAME} at {home} has emotion labels but no images.",
            "Unpack the archive cohn-kanade-images beside them.",
        )
    if labels is None:
        raise UserError(
            f"{NAME} at {home} has images but no folder Emotion with the labels.",
            "Unpack the archive Emotion_labels beside them.",
        )
    return images, labels


def _sequences(half: Path) -> list[Path]:
    subjects = [folder for folder in tree.folders(half) if _SUBJECT.fullmatch(folder.name)]
    return [s for subject in subjects for s in tree.folders(subject) if _SEQUENCE.fullmatch(s.name)]


def _label_files(home: Path, labels: Path, findings: list[Finding]) -> dict[tuple[str, str], Path]:
    """The emotion file of each (subject, sequence); of several in one folder the last by name."""
    found = {}
    for folder in _sequences(labels):
        files = [file for file in tree.files(folder, ".txt") if file.stem.lower().endswith("_emotion")]
        if len(files) > 1:
            findings.append(
                Finding("several emotion files", folder.relative_to(home).as_posix(), f"read {files[-1].name}")
            )
        if files:
            found[folder.parent.name.upper(), folder.name] = files[-1]
    return found


def _read_code(file: Path | None) -> Emotion | None:
    if file is None:
        return None
    remedy = "Restore it from the archive Emotion_labels."
    try:
        text = file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}).", remedy) from error
    try:
        number = float(text)
    except ValueError:
        raise UserError(f"{file} holds {text[:40]!r}, which is no emotion code.", remedy) from None
    if number not in CODES:
        raise UserError(f"{file} holds the unknown emotion code {text[:40]} (known: 0 to 7).", remedy)
    return CODES[int(number)]


def _odd_peak(name: str, label_file: Path, frames: Sequence[str]) -> list[Finding]:
    labelled = label_file.stem[: -len("_emotion")]
    last = Path(frames[-1]).stem
    if labelled.casefold() == last.casefold():
        return []
    return [Finding("peak is not the last frame", name, f"labelled {labelled}, last {last}")]
