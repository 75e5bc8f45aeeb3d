"""SAVEE: four speakers act seven emotions, 15 sentences each and 30 neutral ones.

`AudioVisualClip/DC/a1.avi`, letters for the emotion, then a number. Beside it lies the sound alone, with padded
numbers, `AudioData/DC/a01.wav`; re-packed copies have nothing else. The speaker comes from the folder.
Layout: public programs that read the set agree on it; letters and counts: the file list of emo-box/EmoBox.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from common.media.clips import WITHOUT_LABEL, Clip, Expectation, Finding, Index
from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets import tree

NAME = "SAVEE"
KEY = "savee"
OBTAIN = "Register at kahlan.eps.surrey.ac.uk/savee, then unpack AudioVisualClip with its folders DC, JE, JK and KL."
CITATION = (
    "S. Haq, P. J. B. Jackson: Multimodal Emotion Recognition. In W. Wang (ed.): Machine Audition: Principles, "
    "Algorithms and Systems. IGI Global, 2010, pp. 398-423."
)

CODES = {
    "a": Emotion.ANGRY,
    "d": Emotion.DISGUST,
    "f": Emotion.FEAR,
    "h": Emotion.HAPPY,
    "n": Emotion.NEUTRAL,
    "sa": Emotion.SAD,
    "su": Emotion.SURPRISE,
}
CLASSES = tuple(CODES.values())
SPEAKERS = ("DC", "JE", "JK", "KL")
SENTENCES = {code: range(1, 31 if code == "n" else 16) for code in CODES}

_FILES = "file list of emo-box/EmoBox"
EXPECTED = (
    Expectation("clips", 480, _FILES),
    Expectation("subjects", 4, _FILES),
    *(
        Expectation(f"clips {emotion}", 4 * len(SENTENCES[code]), _FILES)
        for code, emotion in CODES.items()
        if code != "n"
    ),
    Expectation("clips Neutral", 120, f"{_FILES}; the set's Info.txt says 15 a speaker, which is wrong for neutral"),
)

_SPEAKER = re.compile("|".join(SPEAKERS), re.IGNORECASE)
_STEM = re.compile(r"([a-z]+)(\d+)", re.IGNORECASE)
_SOUND = "*.[wW][aA][vV]"
_FLAT_SOUND = re.compile(rf"({_SPEAKER.pattern})_({'|'.join(CODES)})\d+\.wav", re.IGNORECASE)


def locate(root: Path) -> Path | None:
    """The folder that holds `DC`, `JE`, `JK` or `KL` with videos, or failing that, one that holds the sound alone."""
    return tree.search(root, _has_videos) or tree.search(root, _has_sound)


def index(root: Path) -> Index:
    """One clip a video, named `DC/a1.avi`.

    Args:
        root: a folder at or above the set's own.

    Raises:
        UserError: if the set is missing, or only its sound is there.
    """
    home = tree.require(root, locate(root), NAME, OBTAIN)
    if not _has_videos(home):
        raise UserError(
            f"{NAME} at {home} has sound only (.wav), no videos.",
            "Unpack AudioVisualClip, whose folders DC, JE, JK and KL hold .avi files.",
        )
    clips, findings, taken = [], [], {}
    for folder in tree.folders(home):
        if not _SPEAKER.fullmatch(folder.name):
            if tree.files(folder, ".avi"):
                findings.append(Finding("folder of no speaker", folder.name, "left out"))
            continue
        speaker = folder.name.upper()
        for path in tree.below(folder, ".avi"):
            name = (folder.relative_to(home) / path).as_posix()
            stem = _STEM.fullmatch(path.stem)
            if stem is None:
                findings.append(Finding("irregular file name", name, "left out"))
                continue
            code, number = stem[1].lower(), int(stem[2])
            clips.append(Clip(NAME, name, speaker, CODES.get(code), folder / path))
            if code not in CODES:
                known = " ".join(CODES)
                findings.append(Finding(WITHOUT_LABEL, name, f"{stem[1]} is none of the codes {known}"))
            taken.setdefault(speaker, {}).setdefault(code, []).append(number)
    return Index(NAME, home, tuple(clips), (*findings, *_odd_counts(taken)))


def _has_videos(home: Path) -> bool:
    return any(tree.below(speaker, ".avi") for speaker in _speakers(home))


def _has_sound(home: Path) -> bool:
    flat = any(_FLAT_SOUND.fullmatch(path.name) for path in home.glob(_SOUND))
    return flat or any(any(speaker.glob(_SOUND)) for speaker in _speakers(home))


def _speakers(home: Path) -> list[Path]:
    return [folder for folder in tree.folders(home) if _SPEAKER.fullmatch(folder.name)]


def _odd_counts(taken: dict[str, dict[str, list[int]]]) -> Iterator[Finding]:
    """Speakers and sentences that are not there, and sentences with several files."""
    for speaker in SPEAKERS:
        if speaker not in taken:
            yield Finding("speaker missing", speaker)
            continue
        there = {code: taken[speaker].get(code, []) for code in CODES}
        missing = [
            f"{code}{span}"
            for code, numbers in there.items()
            for span in _spans(number for number in SENTENCES[code] if number not in numbers)
        ]
        repeated = [
            f"{code}{n}" for code, numbers in there.items() for n in sorted(set(numbers)) if numbers.count(n) > 1
        ]
        if missing:
            yield Finding("sentences missing", speaker, ", ".join(missing))
        if repeated:
            yield Finding("several files of one sentence", speaker, ", ".join(repeated))


def _spans(numbers: Iterable[int]) -> list[str]:
    """Rising numbers, with neighbours drawn together.

    >>> _spans([3, 4, 5, 9])
    ['3-5', '9']
    """
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    return [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
