"""BAUM-1: spontaneous (1s) and acted (1a) clips of affective and mental states, with a spreadsheet each.

`BAUM1s_MP4 - All/s001/S001_010.mp4` and `BAUM1a_MP4_all/...`, labels in `Annotations_BAUM1s.xlsx` and
`Annotations_BAUM1a.xlsx` beside the two folders. The codes of the two parts differ. Layout and codes: public
programs that read the set agree on them.
"""

import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Literal, get_args

from common.media.clips import WITHOUT_CLIP, WITHOUT_LABEL, Clip, Expectation, Finding, Index
from common.media.emotions import Emotion
from common.support.errors import UserError, unknown
from common.support.names import shown
from datasets import tree
from datasets.baum1_annotations import CLIP, Annotation, read

NAME = "BAUM-1"
KEY = "baum1"
OBTAIN = (
    "Request it from its makers (UCI repository, data set 473), then unpack BAUM1s_MP4 - All, BAUM1a_MP4_all and "
    "the two spreadsheets side by side."
)
CITATION = (
    "S. Zhalehpour, O. Onder, Z. Akhtar, C. E. Erdem: BAUM-1: A Spontaneous Audio-Visual Face Database of "
    "Affective and Mental States. IEEE Transactions on Affective Computing 8(3), 2017, pp. 300-313."
)

Part = Literal["1a", "1s"]
LabelConflict = Literal["word", "code", "drop"]

CODES: dict[Part, dict[int, Emotion]] = {
    "1a": {
        1: Emotion.ANGRY,
        2: Emotion.BOREDOM,
        3: Emotion.DISGUST,
        4: Emotion.FEAR,
        5: Emotion.HAPPY,
        6: Emotion.INTEREST,
        7: Emotion.SAD,
        8: Emotion.SURPRISE,
        9: Emotion.UNSURE,
    },
    "1s": {
        1: Emotion.ANGRY,
        2: Emotion.BOREDOM,
        3: Emotion.BOTHERED,
        4: Emotion.CONCENTRATING,
        5: Emotion.CONTEMPT,
        6: Emotion.DISGUST,
        7: Emotion.FEAR,
        8: Emotion.HAPPY,
        9: Emotion.NEUTRAL,
        10: Emotion.SAD,
        11: Emotion.SURPRISE,
        12: Emotion.THINKING,
        13: Emotion.UNSURE,
    },
}

_FILES = "file counts of public programs"
_LISTS = "class lists of a public program"
EXPECTED = (
    Expectation("subjects", 31, "UCI repository, data set 473; S005 is in no class list"),
    Expectation("clips", 1222 + 273, _FILES),
    Expectation("clips", 1184, "UCI repository, data set 473, quoted by papers"),
    Expectation("clips 1s", 1222, _FILES),
    Expectation("clips 1a", 273, _FILES),
    Expectation("labelled clips 1a", 265, "rows of the acted spreadsheet; two programs count about as many"),
    Expectation("clips 1s Angry", 56, _LISTS),
    Expectation("clips 1s Happy", 173, _LISTS),
    Expectation("clips 1s Sad", 134, _LISTS),
    Expectation("clips 1s Neutral", 185, _LISTS),
    Expectation("clips 1a Angry", 42, _LISTS),
    Expectation("clips 1a Happy", 26, _LISTS),
    Expectation("clips 1a Sad", 37, _LISTS),
    Expectation("findings word and code disagree", 1, "two public programs: S015_007"),
)

_FOLDER = re.compile(r"baum[-_ ]?1([as])[-_ ]mp4([-_ ]+all)?", re.IGNORECASE)
# Copies too: "Annotations_BAUM1s - Copy.xlsx", "Copy of Annotations_BAUM1s.xlsx".
_SHEET = re.compile(r".*annotations?[-_ ]*baum[-_ ]?1([as]).*\.xls[xm]", re.IGNORECASE)
_OTHER_SHEET = re.compile(r".*annotations?[-_ ]*baum[-_ ]?1([as]).*\.(xls|xlsb|ods|csv|numbers)", re.IGNORECASE)
_SUBJECT = re.compile(r"s\d{3}", re.IGNORECASE)


def locate(root: Path) -> Path | None:
    """The folder that holds the folders of clips, or failing that, a spreadsheet."""
    return tree.search(root, lambda home: any(_folders(home, part) for part in CODES)) or tree.search(
        root, lambda home: any(_sheets(home, part) for part in CODES)
    )


def index(root: Path, parts: Sequence[Part] = ("1a", "1s"), label_conflict: LabelConflict = "word") -> Index:
    """One clip a video, named after its path, e.g. `BAUM1s_MP4 - All/s001/S001_010.mp4`; its partition is its part.

    Args:
        root: a folder at or above the set's own.
        parts: which parts to read: "1a" acted, "1s" spontaneous.
        label_conflict: what labels a clip whose word and code disagree (only S015_007: word happiness, code
            neutral; somebody who listened to it judged happiness): "word", "code", or "drop" to leave it out.

    Raises:
        UserError: if the set, the videos or the spreadsheet of a part are missing, a spreadsheet is unreadable,
            lacks a column or holds an unknown code, or a setting is unknown.
    """
    _check_settings(parts, label_conflict)
    home = tree.require(root, locate(root), NAME, OBTAIN)
    clips, dropped, findings = [], [], []
    for part in parts:
        videos, rows = _videos(home, part, findings), _rows(home, part, findings)
        for path in videos:
            name, row = path.as_posix(), rows.pop(path.stem.upper(), None)
            subject = tree.ancestor(path, _SUBJECT)[0].upper()
            clip = Clip(NAME, name, subject, _label(row, label_conflict), home / path, part)
            leave_out = label_conflict == "drop" and row is not None and row.disagrees
            (dropped if leave_out else clips).append(clip)
            findings += _odd_label(name, row, label_conflict)
            if path.stem[:4].upper() != subject:
                findings.append(Finding("file of another subject", name, f"read as {subject}"))
        findings += [Finding(WITHOUT_CLIP, clip, f"part {part}, row {row.number}") for clip, row in rows.items()]
    clips.sort(key=lambda clip: tree.key(PurePath(clip.name)))
    return Index(NAME, home, tuple(clips), tuple(findings), tuple(dropped))


def _check_settings(parts: Sequence[str], label_conflict: str) -> None:
    for part in parts:
        if part not in CODES:
            raise unknown(f"part of {NAME}", part, CODES)
    if label_conflict not in get_args(LabelConflict):
        raise unknown("setting of label_conflict", label_conflict, get_args(LabelConflict))


def _folders(home: Path, part: Part) -> list[Path]:
    return [folder for folder in tree.folders(home) if _is_part(_FOLDER.fullmatch(folder.name), part)]


def _sheets(home: Path, part: Part, form: re.Pattern = _SHEET) -> list[Path]:
    return [file for file in tree.all_files(home) if _is_part(form.fullmatch(file.name), part)]


def _is_part(match: re.Match | None, part: Part) -> bool:
    return match is not None and f"1{match[1].lower()}" == part


def _videos(home: Path, part: Part, findings: list[Finding]) -> list[PurePath]:
    """The clips of a part, relative to `home`."""
    paths = [f.relative_to(home) / path for f in _folders(home, part) for path in tree.below(f, ".mp4")]
    regular = [path for path in paths if CLIP.fullmatch(path.stem) and tree.ancestor(path, _SUBJECT)]
    if not regular:
        raise UserError(
            f"{NAME} at {home} has no videos of part {part}.",
            f"Unpack BAUM{part}_MP4_all there, or choose parts without {part}.",
        )
    strange = [path.as_posix() for path in paths if path not in regular]
    findings += [Finding("irregular file name", name, "left out") for name in strange]
    return regular


def _rows(home: Path, part: Part, findings: list[Finding]) -> dict[str, Annotation]:
    """The rows of a part's spreadsheet by clip, of several for one clip the first."""
    sheets = _sheets(home, part)
    if not sheets:
        other = next((shown(file.name) for file in _sheets(home, part, _OTHER_SHEET)), "")
        raise UserError(
            f"{NAME} at {home} has no spreadsheet Annotations_BAUM{part}.xlsx.",
            (f"Save {other} as .xlsx there" if other else "Copy it there from the distribution")
            + f", or choose parts without {part}.",
        )
    rows = {}
    for row in _only(sheets, part, findings):
        if row.clip in rows:
            findings.append(Finding("clip in several rows", row.clip, f"part {part}, row {row.number} ignored"))
        else:
            rows[row.clip] = row
    return rows


def _only(sheets: list[Path], part: Part, findings: list[Finding]) -> list[Annotation]:
    """The rows of a part's spreadsheet; copies of it must say the same.

    Raises:
        UserError: naming two that do not.
    """
    first, *others = sorted(sheets, key=lambda file: len(file.name))
    rows = read(first, CODES[part])
    for other in others:
        if _labels(read(other, CODES[part])) != _labels(rows):
            problem = f"{shown(first)} and {shown(other.name)} have different rows."
            raise UserError(problem, "Keep the one of the distribution and move the other away.")
        findings.append(Finding("second spreadsheet", other.name, f"same rows, read {shown(first.name)}"))
    return rows


def _labels(rows: list[Annotation]) -> list[tuple]:
    return sorted((row.clip, row.text, row.code or "") for row in rows)


def _label(row: Annotation | None, label_conflict: LabelConflict) -> Emotion | None:
    if row is None:
        return None
    first, second = (row.code, row.word) if label_conflict == "code" else (row.word, row.code)
    return first or second


def _odd_label(name: str, row: Annotation | None, label_conflict: LabelConflict) -> list[Finding]:
    if row is None or (row.word is None and row.code is None):
        return [Finding(WITHOUT_LABEL, name, "no row" if row is None else f"row {row.number} is empty")]
    if row.disagrees:
        read_as = "left out" if label_conflict == "drop" else f"read as {_label(row, label_conflict)}"
        return [Finding("word and code disagree", name, f"{row.word} and {row.code}, {read_as}")]
    if row.word is None:
        return [Finding("emotion word not known", name, f"{row.text!r}, read as {row.code}")]
    return [Finding("row without code", name, f"read as {row.word}")] if row.code is None else []
