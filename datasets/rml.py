"""RML: eight speakers act six emotions in their own languages.

`rml-1/s1/an1.avi`, or `rml-2/s6/Italian/an1.avi` where a speaker acts in several languages: the first two letters of
a name tell the emotion, the folder the speaker. One name in two languages is two clips. Copies that have all speakers
in one folder are read as well, and copies that hold only a part of the clips.
Layout and counts: albanie/mcnDatasets, IoannisKansizoglou/RML-preprocess and the set's own page.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from common.media.clips import WITHOUT_LABEL, Clip, Expectation, Finding, Index
from common.media.emotions import Emotion
from datasets import tree

NAME = "RML"
KEY = "rml"
OBTAIN = (
    "Send the signed form of the RML emotion database to its makers (Ryerson Multimedia Laboratory), then unpack its "
    "folders s1 to s8."
)
CITATION = (
    "Y. Wang, L. Guan: Recognizing Human Emotional State From Audiovisual Signals. "
    "IEEE Transactions on Multimedia 10(5), 2008, pp. 936-946."
)

CODES = {
    "an": Emotion.ANGRY,
    "di": Emotion.DISGUST,
    "fe": Emotion.FEAR,
    "ha": Emotion.HAPPY,
    "sa": Emotion.SAD,
    "su": Emotion.SURPRISE,
}
CLASSES = tuple(CODES.values())
PARTS = {"rml-1": ("s1", "s2", "s3", "s4", "s5"), "rml-2": ("s6", "s7", "s8")}
SPEAKERS = tuple(speaker for speakers in PARTS.values() for speaker in speakers)

_COUNTS = {"rml-1": (66, 67, 67, 73, 66, 68), "rml-2": (54, 53, 53, 47, 54, 52)}
_FILES = "file counts of albanie/mcnDatasets"
EXPECTED = (
    Expectation("clips", 720, f"page of the set; {_FILES}; copies with about 500 are in use"),
    Expectation("subjects", 8, f"page of the set; {_FILES}"),
    *(Expectation(f"clips {emotion}", 120, _FILES) for emotion in CLASSES),
    *(Expectation(f"clips {part}", sum(counts), _FILES) for part, counts in _COUNTS.items()),
    *(
        Expectation(f"clips {part} {emotion}", count, _FILES)
        for part, counts in _COUNTS.items()
        for emotion, count in zip(CLASSES, counts, strict=True)
    ),
)

_PART = re.compile(r"rml[-_ ]?[12]", re.IGNORECASE)
_SPEAKER = re.compile(r"s0*([1-8])", re.IGNORECASE)
_STEM = re.compile(rf"({'|'.join(CODES)})\d+", re.IGNORECASE)
_CODE = re.compile(r"[a-z]{2}", re.IGNORECASE)


def locate(root: Path) -> Path | None:
    """The folder that holds `rml-1` or `rml-2`, or the speakers `s1`, `s2`, ... themselves."""
    return tree.search(root, _has_clips)


def index(root: Path) -> Index:
    """One clip a video, named `rml-2/s6/Italian/an1.avi`; its partition is the speaker's part of the distribution.

    Args:
        root: a folder at or above the set's own.

    Raises:
        UserError: if the set is missing.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    clips, findings, places = [], [], {}
    for folder in _speakers(home):
        speaker = _speaker(folder)
        places.setdefault(speaker, []).append(folder.relative_to(home).as_posix())
        clips += _clips(home, folder, speaker, findings)
    return Index(NAME, home, tuple(clips), (*findings, *_odd_speakers(places)))


def _has_clips(home: Path) -> bool:
    # Other sets also have a folder s1: the letters of its clips tell.
    return any(_STEM.fullmatch(path.stem) for folder in _speakers(home) for path in tree.below(folder, ".avi"))


def _speakers(home: Path) -> list[Path]:
    """The speakers' folders directly inside `home` and inside its `rml-1` and `rml-2`."""
    parts = [tree.unnest(folder) for folder in tree.folders(home) if _PART.fullmatch(folder.name)]
    inside = [folder for place in (*parts, home) for folder in tree.folders(place)]
    return [folder for folder in inside if _SPEAKER.fullmatch(folder.name)]


def _speaker(folder: Path) -> str:
    return f"s{_SPEAKER.fullmatch(folder.name)[1]}"


def _clips(home: Path, folder: Path, speaker: str, findings: list[Finding]) -> Iterator[Clip]:
    part = next(part for part, speakers in PARTS.items() if speaker in speakers)
    for path in tree.below(folder, ".avi"):
        name = (folder.relative_to(home) / path).as_posix()
        code = _CODE.match(path.stem)
        if code is None:
            findings.append(Finding("irregular file name", name, "left out"))
            continue
        emotion = CODES.get(code[0].lower())
        if emotion is None:
            findings.append(Finding(WITHOUT_LABEL, name, f"{code[0]} is none of the codes {' '.join(CODES)}"))
        elif not _STEM.fullmatch(path.stem):
            findings.append(Finding("irregular file name", name, f"read as {emotion}"))
        yield Clip(NAME, name, speaker, emotion, folder / path, part)


def _odd_speakers(places: dict[str, list[str]]) -> Iterator[Finding]:
    for speaker in SPEAKERS:
        if speaker not in places:
            yield Finding("speaker missing", speaker)
        elif len(places[speaker]) > 1:
            yield Finding("speaker in several folders", speaker, ", ".join(places[speaker]))
