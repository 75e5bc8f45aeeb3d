"""eNTERFACE'05: 44 subjects act six emotions in five sentences each.

`enterface database/subject 1/anger/sentence 1/s1_an_1.avi`. Subject, emotion and sentence come from the
folders, because file names lie: subject 11's files carry subject 12's name, subject 2 swaps two sentences.
Layout and irregularities: the file lists of emo-box/EmoBox and albanie/mcnDatasets agree on them.
"""

import re
from pathlib import Path, PurePath
from typing import Literal, get_args

from common.media.clips import WITHOUT_LABEL, Clip, Expectation, Finding, Index
from common.media.emotions import Emotion
from common.support.errors import UserError, unknown
from datasets import tree

NAME = "eNTERFACE'05"
KEY = "enterface"
OBTAIN = "Download project2_database.zip in a browser from enterface.net/enterface05/emotion.html and unpack it."
CITATION = (
    "O. Martin, I. Kotsia, B. Macq, I. Pitas: The eNTERFACE'05 Audio-Visual Emotion Database. "
    "22nd International Conference on Data Engineering Workshops (ICDEW) 2006."
)

Subject6 = Literal["drop", "keep"]

FOLDERS = {
    "anger": Emotion.ANGRY,
    "disgust": Emotion.DISGUST,
    "fear": Emotion.FEAR,
    "happiness": Emotion.HAPPY,
    "sadness": Emotion.SAD,
    "surprise": Emotion.SURPRISE,
}
SENTENCES = range(1, 6)

_FILES = "file counts of albanie/mcnDatasets and emo-box/EmoBox, which agree"
EXPECTED = (
    Expectation("clips", 1293, _FILES),
    Expectation("clips", 1166, "quoted by papers; no simple selection of the distribution gives it"),
    Expectation("subjects", 44, _FILES),
    Expectation("subjects", 42, "corpus page"),
    Expectation("clips Angry", 216, _FILES),
    Expectation("clips Disgust", 216, _FILES),
    Expectation("clips Fear", 216, _FILES),
    Expectation("clips Happy", 213, _FILES),
    Expectation("clips Sad", 216, _FILES),
    Expectation("clips Surprise", 216, _FILES),
    Expectation("findings uncut recording", 6, _FILES),
    Expectation("findings file of another subject", 30, _FILES),
    Expectation("findings irregular file name", 17, "file list of emo-box/EmoBox"),
    Expectation("findings sentence of file and folder differ", 2, "file list of emo-box/EmoBox"),
    Expectation("findings sentences missing", 1, _FILES),
)

_SUBJECT = re.compile(r"subject[ _-]?0*(\d+)", re.IGNORECASE)
_EMOTION = re.compile("|".join(FOLDERS), re.IGNORECASE)
_SENTENCE = re.compile(r"sentence[ _-]?0*(\d+)", re.IGNORECASE)
_STEM = re.compile(r"s_?(\d+)_([a-z]{2})(?:_(\d))?", re.IGNORECASE)
_REGULAR_STEM = re.compile(r"s\d+_[a-z]{2}(_\d)?", re.IGNORECASE)


def locate(root: Path) -> Path | None:
    """The folder that holds `subject 1`, `subject 2`, ..."""
    return tree.search(root, _has_subjects)


def index(root: Path, subject6: Subject6 = "drop") -> Index:
    """One clip a recording, named after its path, e.g. `subject 1/anger/sentence 1/s1_an_1.avi`.

    Args:
        root: a folder at or above the set's own.
        subject6: whether to keep subject 6's six recordings, which are not cut into sentences (56 to 107 s long
            where a sentence lasts 3 s).

    Raises:
        UserError: if the set is missing or has no recordings, or a setting is unknown.
    """
    if subject6 not in get_args(Subject6):
        raise unknown("setting of subject6", subject6, get_args(Subject6))
    home = tree.require(root, locate(root), NAME, OBTAIN)
    clips, dropped, findings, taken = [], [], [], {}
    for path in tree.below(home, ".avi"):
        name = path.as_posix()
        folder = tree.ancestor(path, _SUBJECT)
        if folder is None:
            findings.append(Finding("file outside a subject folder", name, "left out"))
            continue
        subject, emotion, sentence = int(folder[1]), _emotion(path), _sentence(path)
        clip = Clip(NAME, name, f"subject {subject}", emotion, home / path)
        uncut = emotion is not None and sentence is None
        (dropped if uncut and subject6 == "drop" else clips).append(clip)
        if uncut:
            findings.append(Finding("uncut recording", name, "left out" if subject6 == "drop" else "kept"))
        if emotion is None:
            findings.append(Finding(WITHOUT_LABEL, name, "below no emotion folder"))
        findings += _odd_name(path, subject, emotion, sentence)
        taken.setdefault((subject, emotion), []).append(sentence)
    if not taken:
        raise UserError(f"{NAME} at {home} has no .avi recordings.", "Unpack project2_database.zip again.")
    return Index(NAME, home, tuple(clips), (*findings, *_odd_counts(taken)), tuple(dropped))


def _has_subjects(home: Path) -> bool:
    subjects = [folder for folder in tree.folders(home) if _SUBJECT.fullmatch(folder.name)]
    return any(_EMOTION.fullmatch(child.name) for subject in subjects for child in tree.folders(subject))


def _emotion(path: PurePath) -> Emotion | None:
    folder = tree.ancestor(path, _EMOTION)
    return FOLDERS[folder[0].lower()] if folder else None


def _sentence(path: PurePath) -> int | None:
    folder = tree.ancestor(path, _SENTENCE)
    if folder:
        return int(folder[1])
    stem = _STEM.match(path.stem)
    return int(stem[3]) if stem and stem[3] else None


def _odd_name(path: PurePath, subject: int, emotion: Emotion | None, sentence: int | None) -> list[Finding]:
    name = path.as_posix()
    findings = []
    if not _REGULAR_STEM.fullmatch(path.stem):
        findings.append(Finding("irregular file name", name))
    stem = _STEM.match(path.stem)
    if stem is None:
        return findings
    if int(stem[1]) != subject:
        findings.append(Finding("file of another subject", name, f"read as subject {subject}"))
    if emotion and not _word(emotion).startswith(stem[2].lower()):
        findings.append(Finding("emotion of file and folder differ", name, f"read as {emotion}"))
    if stem[3] and int(stem[3]) != sentence:
        findings.append(Finding("sentence of file and folder differ", name, f"read as sentence {sentence}"))
    return findings


def _odd_counts(taken: dict[tuple[int, Emotion | None], list[int | None]]) -> list[Finding]:
    """Sentences that a subject lacks or has twice; uncut recordings hold all of them."""
    findings = []
    for subject in sorted({subject for subject, _ in taken}):
        for word, emotion in FOLDERS.items():
            sentences = taken.get((subject, emotion), [])
            if None in sentences:
                continue
            path = f"subject {subject}/{word}"
            missing = [str(s) for s in SENTENCES if s not in sentences]
            repeated = sorted({str(s) for s in sentences if sentences.count(s) > 1})
            if missing:
                findings.append(Finding("sentences missing", path, ", ".join(missing)))
            if repeated:
                findings.append(Finding("several files of one sentence", path, ", ".join(repeated)))
    return findings


def _word(emotion: Emotion) -> str:
    return next(word for word, folder_emotion in FOLDERS.items() if folder_emotion is emotion)
