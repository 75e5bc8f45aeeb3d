"""Loaders of clips on fabricated trees in the official layouts, with all their irregularities.

An index of clips never opens images or videos, so every media file here is empty. Sets of images: test_fer2013.py.
"""

import re
import shutil
from collections import Counter
from itertools import cycle, islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from little_loaders import kinds, touch
from openpyxl import Workbook, load_workbook

import datasets
from common.media.clips import Expectation, Index
from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets import baum1, ckplus, enterface
from datasets.summary import count, summarise

CLIP_SETS = ("ckplus", "baum1", "enterface")

# --- small trees -----------------------------------------------------------------------------------


def sequence(home: Path, name: str, code: str | None = None, numbers=range(1, 4), peak: int | None = None) -> None:
    """A CK+ sequence S005_001 with images `numbers`, and an emotion file unless `code` is None."""
    subject, take = name.split("_")
    for number in numbers:
        touch(home / "cohn-kanade-images" / subject / take / f"{name}_{number:08d}.png")
    if code is not None:
        label(home, name, code, peak or max(numbers))


def label(home: Path, name: str, code: str, peak: int) -> Path:
    subject, take = name.split("_")
    file = home / "Emotion" / subject / take / f"{name}_{peak:08d}_emotion.txt"
    touch(file)
    file.write_text(code)
    return file


def sheet(path: Path, rows: list[tuple], header=("No", "Subject", "Sex", "Clip", "Emotion", "Code")) -> None:
    """A BAUM-1 spreadsheet; `rows` are (clip, word, code)."""
    book = Workbook()
    book.active.append(header)
    for number, (clip, word, code) in enumerate(rows, start=1):
        book.active.append((number, int(clip[1:4]), "F", clip, word, code))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def baum(home: Path, acted: list[tuple], spontaneous: list[tuple], strays=()) -> None:
    """A BAUM-1 copy with a video for every row, and videos without row for the clips `strays` of part 1a."""
    folders = {"1a": home / "BAUM1a_MP4_all", "1s": home / "BAUM1s_MP4 - All"}
    for part, rows in (("1a", acted), ("1s", spontaneous)):
        sheet(home / f"Annotations_BAUM{part}.xlsx", rows)
        for clip in (*(row[0] for row in rows), *(strays if part == "1a" else ())):
            touch(folders[part] / clip[:4].lower() / f"{clip}.mp4")
            touch(folders[part] / clip[:4].lower() / f"{clip}.srt")


def speak(home: Path, subject: int, word: str, sentence: int, stem: str) -> None:
    touch(home / f"subject {subject}" / word / f"sentence {sentence}" / f"{stem}.avi")


def paths(index: Index, kind: str) -> list[str]:
    return [finding.path for finding in index.findings if finding.kind == kind]


def emotions(index: Index) -> dict[str, Emotion | None]:
    return {clip.name.rpartition("/")[2]: clip.emotion for clip in index.clips}


# --- CK+ -------------------------------------------------------------------------------------------


def test_ckplus_reads_codes_by_name_and_keeps_unlabelled_sequences(tmp_path):
    home = tmp_path / "CK+"
    for code, name in enumerate(("S005_001", "S005_002", "S010_001", "S010_002"), start=1):
        sequence(home, name, f"   {code}.0000000e+00\n")
    sequence(home, "S011_001")
    (home / "Emotion" / "S011" / "001").mkdir(parents=True)
    touch(home / "cohn-kanade-images" / ".DS_Store")
    touch(home / "cohn-kanade-images" / "S005" / "001" / "._S005_001_00000004.png")

    index = ckplus.index(tmp_path)

    assert index.root == home
    assert index.clips[0].name == "cohn-kanade-images/S005/001"
    assert [clip.emotion for clip in index.clips] == [
        Emotion.ANGRY,
        Emotion.CONTEMPT,
        Emotion.DISGUST,
        Emotion.FEAR,
        None,
    ]
    assert [clip.subject for clip in index.clips] == ["S005", "S005", "S010", "S010", "S011"]
    assert index.clips[0].source == home / "cohn-kanade-images" / "S005" / "001"
    assert kinds(index) == {"clip without label": 1}


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("cohn-kanade-images", "Emotion"),
        ("extended-cohn-kanade-images/cohn-kanade-images", "emotion-labels"),
        ("Cohn-Kanade-Images/cohn-kanade-images", "Emotion_labels/Emotion"),
    ],
)
@pytest.mark.parametrize("nest", ["", "CK+/CK+"])
def test_ckplus_is_found_under_its_known_names(tmp_path, images, labels, nest):
    home = tmp_path / nest
    touch(home / images / "s005" / "001" / "s005_001_00000001.PNG")
    file = home / labels / "S005" / "001" / "S005_001_00000001_emotion.txt"
    touch(file)
    file.write_text("5")
    index = ckplus.index(tmp_path)
    assert index.root == home
    assert [(clip.subject, clip.emotion) for clip in index.clips] == [("S005", Emotion.HAPPY)]
    assert index.findings == ()


def test_ckplus_reports_what_is_odd(tmp_path):
    sequence(tmp_path, "S005_001", "1", numbers=range(1, 6), peak=4)
    sequence(tmp_path, "S005_002", "1", numbers=(3, 4, 6))
    sequence(tmp_path, "S005_003", "1", numbers=(1, 2))
    label(tmp_path, "S005_003", "7", peak=1)
    label(tmp_path, "S006_001", "1", peak=9)
    (tmp_path / "cohn-kanade-images" / "S005" / "004").mkdir()
    sequence(tmp_path, "S007_001", "1")
    touch(tmp_path / "cohn-kanade-images" / "S007" / "001" / "S008_001_00000009.png")
    index = ckplus.index(tmp_path)
    assert kinds(index) == {
        "peak is not the last frame": 1,
        "first frame is not number 1": 1,
        "gap in the frame numbers": 1,
        "several emotion files": 1,
        "sequence without images": 1,
        "image that is no frame": 1,
        "label without clip": 1,
    }
    assert paths(index, "label without clip") == ["Emotion/S006/001/S006_001_00000009_emotion.txt"]
    assert index.clips[2].emotion is Emotion.ANGRY


@pytest.mark.parametrize("text", ["", "anger", "8", "-1", "2.5", "nan", "1e999"])
def test_ckplus_refuses_an_emotion_file_without_code(tmp_path, text):
    sequence(tmp_path, "S005_001", text)
    with pytest.raises(UserError, match=r"S005_001_00000003_emotion\.txt.*Restore it"):
        ckplus.index(tmp_path)


def test_ckplus_half_there(tmp_path):
    sequence(tmp_path / "a", "S005_001")
    with pytest.raises(UserError, match=r"no folder Emotion.*Unpack the archive Emotion_labels"):
        ckplus.index(tmp_path / "a")
    label(tmp_path / "b", "S005_001", "1", peak=3)
    with pytest.raises(UserError, match=r"no images.*Unpack the archive cohn-kanade-images"):
        ckplus.index(tmp_path / "b")
    (tmp_path / "b" / "cohn-kanade-images" / "S005" / "001").mkdir(parents=True)
    with pytest.raises(UserError, match=r"no images"):
        ckplus.index(tmp_path / "b")


def test_a_complete_copy_is_preferred_to_a_half_one_above_it(tmp_path):
    label(tmp_path, "S005_001", "1", peak=3)
    sequence(tmp_path / "complete", "S005_001", "1")
    assert ckplus.locate(tmp_path) == tmp_path / "complete"


# --- BAUM-1 ----------------------------------------------------------------------------------------

ACTED = [("S001_001", "Happiness", 5), ("S003_002", "Interest", 6)]
SPONTANEOUS = [("S001_010", "Happiness", 8), ("S002_011", "Contempt", 5), ("S015_007", "Happiness", 9)]


def test_baum1_reads_each_part_with_its_own_codes(tmp_path):
    baum(tmp_path / "BAUM-1", ACTED, [*SPONTANEOUS, ("S003_001", "Concentrating", 4)], strays=["S004_001"])
    index = baum1.index(tmp_path)
    assert emotions(index) == {
        "S001_001.mp4": Emotion.HAPPY,
        "S003_002.mp4": Emotion.INTEREST,
        "S004_001.mp4": None,
        "S001_010.mp4": Emotion.HAPPY,
        "S002_011.mp4": Emotion.CONTEMPT,
        "S003_001.mp4": Emotion.CONCENTRATING,
        "S015_007.mp4": Emotion.HAPPY,
    }
    assert index.clips[0].name == "BAUM1a_MP4_all/s001/S001_001.mp4"
    assert Counter(clip.partition for clip in index.clips) == {"1a": 3, "1s": 4}
    assert index.clips[0].person == "BAUM-1/S001"
    assert kinds(index) == {"clip without label": 1, "word and code disagree": 1}


@pytest.mark.parametrize(("setting", "read"), [("word", Emotion.HAPPY), ("code", Emotion.NEUTRAL)])
def test_baum1_conflict_is_read_as_the_setting_says(tmp_path, setting, read):
    baum(tmp_path, ACTED, SPONTANEOUS)
    index = baum1.index(tmp_path, label_conflict=setting)
    assert emotions(index)["S015_007.mp4"] is read
    assert paths(index, "word and code disagree") == ["BAUM1s_MP4 - All/s015/S015_007.mp4"]


def test_baum1_conflict_can_be_left_out_and_still_counts(tmp_path):
    baum(tmp_path, ACTED, SPONTANEOUS)
    index = baum1.index(tmp_path, parts=("1s",), label_conflict="drop")
    assert list(emotions(index)) == ["S001_010.mp4", "S002_011.mp4"]
    assert [clip.name for clip in index.dropped] == ["BAUM1s_MP4 - All/s015/S015_007.mp4"]
    assert count(index, "clips") == 3
    assert kinds(index) == {"word and code disagree": 1}


def test_baum1_reports_what_is_odd(tmp_path):
    rows = [*SPONTANEOUS[:1], ("S002_011", "Cont.", 5), ("S002_012", "Annoyed", 1), ("S002_013", "Sadness", None)]
    baum(tmp_path, ACTED, [*rows, ("S002_014", None, None), ("S002_011", "Fear", 7)])
    (tmp_path / "BAUM1a_MP4_all" / "s003" / "S003_002.mp4").unlink()
    touch(tmp_path / "BAUM1s_MP4 - All" / "s002" / "S002_013 (1).mp4")
    touch(tmp_path / "BAUM1s_MP4 - All" / "S002_015.mp4")
    touch(tmp_path / "BAUM1s_MP4 - All" / "s003" / "S001_010.mp4")
    index = baum1.index(tmp_path)
    assert kinds(index) == {
        "label without clip": 1,
        "emotion word not known": 2,
        "row without code": 1,
        "clip without label": 2,
        "clip in several rows": 1,
        "irregular file name": 2,
        "file of another subject": 1,
    }
    assert emotions(index)["S002_011.mp4"] is Emotion.CONTEMPT
    assert emotions(index)["S002_012.mp4"] is Emotion.ANGRY
    assert emotions(index)["S002_013.mp4"] is Emotion.SAD
    assert emotions(index)["S002_014.mp4"] is None


@pytest.mark.parametrize("nest", ["", "BAUM1s_MP4 - All/", "BAUM1s_mp4_ALL/"])
def test_baum1_spontaneous_part_under_its_known_names(tmp_path, nest):
    sheet(tmp_path / "annotations_baum1s_fixed.XLSX", SPONTANEOUS)
    touch(tmp_path / "BAUM1s_MP4_all" / nest / "S001" / "s001_010.MP4")
    index = baum1.index(tmp_path, parts=("1s",))
    assert [(clip.subject, clip.emotion) for clip in index.clips] == [("S001", Emotion.HAPPY)]
    assert kinds(index) == {"label without clip": 2}


@given(st.permutations(range(6)), st.booleans())
@settings(max_examples=20, deadline=None)
def test_baum1_columns_are_found_by_content(tmp_path_factory, order, mp4):
    """Whatever the order and the header, as long as the codes stand right beside the words."""
    block = [("x", "y"), ("Happiness", 8), ("S001_010.mp4" if mp4 else "s001_010",), (1,), ("F",), (3,)]
    path = tmp_path_factory.mktemp("sheet") / "Annotations_BAUM1s.xlsx"
    book = Workbook()
    book.active.append([f"column {i}" for i in range(8)])
    for _ in range(2):
        book.active.append([cell for i in order for cell in block[i]])
    book.save(path)
    rows = baum1.read(path, baum1.CODES["1s"])
    assert [(row.number, row.clip, row.word, row.code) for row in rows] == [
        (2, "S001_010", Emotion.HAPPY, Emotion.HAPPY),
        (3, "S001_010", Emotion.HAPPY, Emotion.HAPPY),
    ]


def test_baum1_half_there(tmp_path):
    baum(tmp_path, ACTED, SPONTANEOUS)
    (tmp_path / "Annotations_BAUM1s.xlsx").unlink()
    with pytest.raises(UserError, match=r"no spreadsheet Annotations_BAUM1s\.xlsx.*Copy it there"):
        baum1.index(tmp_path)
    assert len(baum1.index(tmp_path, parts=("1a",)).clips) == 2

    sheet(tmp_path / "only" / "Annotations_BAUM1a.xlsx", ACTED)
    with pytest.raises(UserError, match=r"no videos of part 1a.*Unpack BAUM1a_MP4_all"):
        baum1.index(tmp_path / "only")


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04 broken"])
def test_baum1_unreadable_spreadsheet(tmp_path, content):
    baum(tmp_path, ACTED, SPONTANEOUS)
    (tmp_path / "Annotations_BAUM1s.xlsx").write_bytes(content)
    with pytest.raises(UserError, match=r"Annotations_BAUM1s\.xlsx cannot be read.*Restore it"):
        baum1.index(tmp_path)


@pytest.mark.parametrize(
    ("rows", "lacks"),
    [
        ([], "clip names"),
        ([("S001_010", "?", 8)], "emotion words"),
        ([("S001_010", "Happiness", None), ("S002_011", "Fear", None)], "numeric codes"),
    ],
)
def test_baum1_missing_column(tmp_path, rows, lacks):
    baum(tmp_path, ACTED, SPONTANEOUS)
    sheet(tmp_path / "Annotations_BAUM1s.xlsx", rows)
    with pytest.raises(UserError, match=rf"Annotations_BAUM1s\.xlsx has no column of {lacks}"):
        baum1.index(tmp_path)


@pytest.mark.parametrize("code", [14, 0, "x", 8.5])
def test_baum1_unknown_code(tmp_path, code):
    baum(tmp_path, ACTED, [*SPONTANEOUS, ("S016_001", "Fear", code)])
    with pytest.raises(UserError, match=r"Row 5 of .*Annotations_BAUM1s\.xlsx holds the unknown emotion code"):
        baum1.index(tmp_path)


def second_sheet(path: Path, title: str, rows: list[tuple], first: bool = False, state: str = "visible") -> None:
    book = load_workbook(path)
    extra = book.create_sheet(title, 0 if first else None)
    extra.sheet_state = state
    for row in rows:
        extra.append(row)
    book.save(path)


COPIES = ("Annotations_BAUM1s - Copy.xlsx", "Copy of Annotations_BAUM1s.xlsx", "Annotations_BAUM1s (1).xlsx")


@pytest.mark.parametrize("name", COPIES)
def test_baum1_of_two_spreadsheets_that_differ_both_are_named(tmp_path, name):
    baum(tmp_path, ACTED, SPONTANEOUS)
    copy = tmp_path / name
    shutil.copy(tmp_path / "Annotations_BAUM1s.xlsx", copy)
    index = baum1.index(tmp_path)
    assert paths(index, "second spreadsheet") == [name]
    assert index.clips == baum1.index(tmp_path).clips
    sheet(copy, SPONTANEOUS[:1])
    with pytest.raises(UserError, match=rf"Annotations_BAUM1s\.xlsx and {re.escape(name)} have different rows"):
        baum1.index(tmp_path)


def test_baum1_a_lock_file_of_a_spreadsheet_program_is_no_copy(tmp_path):
    baum(tmp_path, ACTED, SPONTANEOUS)
    (tmp_path / "~$Annotations_BAUM1s.xlsx").write_bytes(b"somebody")
    assert kinds(baum1.index(tmp_path))["second spreadsheet"] == 0


@pytest.mark.parametrize("state", ["visible", "hidden"])
@pytest.mark.parametrize("cells", [[("BAUM-1",), ("Clips are called S001_010",)], [("happiness", 8)], [("S001_001",)]])
def test_baum1_a_cover_sheet_is_passed_over(tmp_path, cells, state):
    baum(tmp_path, ACTED, SPONTANEOUS)
    clean = baum1.index(tmp_path)
    second_sheet(tmp_path / "Annotations_BAUM1s.xlsx", "About", cells, first=True, state=state)
    assert baum1.index(tmp_path) == clean


def test_baum1_rows_on_several_sheets_are_all_read(tmp_path):
    baum(tmp_path, ACTED, SPONTANEOUS)
    clean = baum1.index(tmp_path)
    path = tmp_path / "Annotations_BAUM1s.xlsx"
    sheet(path, SPONTANEOUS[:1])
    rest = [(None, None, None, clip, word, code) for clip, word, code in SPONTANEOUS]
    second_sheet(path, "rest", [(), *rest])
    assert baum1.index(tmp_path).clips == clean.clips


def test_baum1_sheets_that_contradict_each_other_are_refused(tmp_path):
    baum(tmp_path, ACTED, SPONTANEOUS)
    clip, word, _ = SPONTANEOUS[0]
    other = ("Sadness", 10) if word != "Sadness" else ("Anger", 1)
    second_sheet(tmp_path / "Annotations_BAUM1s.xlsx", "old", [(clip, *other)])
    with pytest.raises(UserError, match=rf"sheet old, says .* of {clip}, another of its sheets"):
        baum1.index(tmp_path)


def test_baum1_a_spreadsheet_in_another_format_is_named(tmp_path):
    baum(tmp_path, ACTED, SPONTANEOUS)
    (tmp_path / "Annotations_BAUM1s.xlsx").rename(tmp_path / "Annotations_BAUM1s.ods")
    with pytest.raises(UserError, match=r"no spreadsheet Annotations_BAUM1s\.xlsx.*Save Annotations_BAUM1s\.ods as"):
        baum1.index(tmp_path)


def test_baum1_unknown_settings(tmp_path):
    baum(tmp_path, ACTED, SPONTANEOUS)
    with pytest.raises(UserError, match="Did you mean word"):
        baum1.index(tmp_path, label_conflict="words")
    with pytest.raises(UserError, match="1a, 1s"):
        baum1.index(tmp_path, parts=("1b",))


# --- eNTERFACE'05 ----------------------------------------------------------------------------------


def test_enterface_trusts_folders_not_file_names(tmp_path):
    home = tmp_path / "project2_database" / "enterface database"
    speak(home, 11, "anger", 1, "s12_an_1")
    speak(home, 12, "anger", 1, "s12_an_1")
    speak(home, 3, "fear", 5, "s_3_fe_5")
    speak(home, 16, "surprise", 3, "s16_su_3avi")
    speak(home, 2, "anger", 1, "s2_an_2")
    speak(home, 2, "anger", 2, "s2_an_1")
    speak(home, 4, "fear", 1, "s4_sa_1")
    touch(home / "subject 12" / "anger" / "Thumbs.db")
    index = enterface.index(tmp_path)
    assert index.root == home
    assert [(clip.subject, clip.emotion) for clip in index.clips] == [
        ("subject 2", Emotion.ANGRY),
        ("subject 2", Emotion.ANGRY),
        ("subject 3", Emotion.FEAR),
        ("subject 4", Emotion.FEAR),
        ("subject 11", Emotion.ANGRY),
        ("subject 12", Emotion.ANGRY),
        ("subject 16", Emotion.SURPRISE),
    ]
    assert paths(index, "file of another subject") == ["subject 11/anger/sentence 1/s12_an_1.avi"]
    assert paths(index, "irregular file name") == [
        "subject 3/fear/sentence 5/s_3_fe_5.avi",
        "subject 16/surprise/sentence 3/s16_su_3avi.avi",
    ]
    assert len(paths(index, "sentence of file and folder differ")) == 2
    assert paths(index, "emotion of file and folder differ") == ["subject 4/fear/sentence 1/s4_sa_1.avi"]


def test_enterface_subject_6_is_left_out_by_default_and_reported(tmp_path):
    speak(tmp_path, 1, "anger", 1, "s1_an_1")
    touch(tmp_path / "subject 6" / "anger" / "s6_an.avi")
    index = enterface.index(tmp_path)
    assert [clip.name for clip in index.clips] == ["subject 1/anger/sentence 1/s1_an_1.avi"]
    assert [clip.name for clip in index.dropped] == ["subject 6/anger/s6_an.avi"]
    assert paths(index, "uncut recording") == ["subject 6/anger/s6_an.avi"]
    assert count(index, "subjects") == 2

    kept = enterface.index(tmp_path, subject6="keep")
    assert [clip.subject for clip in kept.clips] == ["subject 1", "subject 6"]
    assert kept.dropped == ()
    assert paths(kept, "uncut recording") == ["subject 6/anger/s6_an.avi"]
    with pytest.raises(UserError, match="Did you mean keep"):
        enterface.index(tmp_path, subject6="keeps")


def test_enterface_reports_missing_and_repeated_sentences_and_strays(tmp_path):
    for sentence in (4, 5):
        speak(tmp_path, 23, "happiness", sentence, f"s23_ha_{sentence}")
    speak(tmp_path, 23, "happiness", 5, "s23_ha_5b")
    touch(tmp_path / "subject 23" / "extra" / "s23_xx_1.avi")
    touch(tmp_path / "stray.avi")
    index = enterface.index(tmp_path)
    details = {finding.path: finding.detail for finding in index.findings if finding.kind == "sentences missing"}
    assert details["subject 23/happiness"] == "1, 2, 3"
    assert paths(index, "several files of one sentence") == ["subject 23/happiness"]
    assert paths(index, "clip without label") == ["subject 23/extra/s23_xx_1.avi"]
    assert paths(index, "file outside a subject folder") == ["stray.avi"]
    assert "stray.avi" not in emotions(index)


@pytest.mark.parametrize("name", ["subject 1", "Subject-1", "subject_01", "subject1", "subject 1/subject 1"])
def test_enterface_subject_folders_under_their_known_names(tmp_path, name):
    touch(tmp_path / name / "Anger" / "Sentence-1" / "S1_AN_1.AVI")
    [clip] = enterface.index(tmp_path).clips
    assert (clip.subject, clip.emotion) == ("subject 1", Emotion.ANGRY)


def test_enterface_without_sentence_folders_takes_the_number_in_the_name(tmp_path):
    touch(tmp_path / "subject 1" / "anger" / "s1_an_4.avi")
    index = enterface.index(tmp_path)
    assert len(index.clips) == 1
    assert "uncut recording" not in kinds(index)


def test_enterface_without_recordings(tmp_path):
    (tmp_path / "subject 1" / "anger").mkdir(parents=True)
    with pytest.raises(UserError, match=r"no \.avi recordings.*Unpack"):
        enterface.index(tmp_path)


# --- complete copies and their summary --------------------------------------------------------------

CK_SIZES = {1: 45, 2: 18, 3: 59, 4: 25, 5: 69, 6: 28, 7: 83}


@pytest.fixture(scope="module")
def complete(tmp_path_factory) -> Path:
    """Copies of the three sets with the published number of clips in each class."""
    root = tmp_path_factory.mktemp("complete")
    _complete_ckplus(root / "CK+")
    _complete_baum1(root / "BAUM-1")
    _complete_enterface(root / "eNTERFACE05" / "enterface database")
    return root


def _complete_ckplus(home: Path) -> None:
    codes = [str(code) for code, size in CK_SIZES.items() for _ in range(size)]
    takes = Counter()
    for subject, code in zip(cycle(range(1, 119)), codes, strict=False):
        takes[subject] += 1
        sequence(home, f"S{subject:03d}_{takes[subject]:03d}", code, numbers=(1,))
    for subject in islice(cycle(range(1, 124)), 593 - len(codes)):
        takes[subject] += 1
        sequence(home, f"S{subject:03d}_{takes[subject]:03d}", numbers=(1,))


def _complete_baum1(home: Path) -> None:
    def rows(part: str, sizes: dict[str, int], start: int) -> list[tuple]:
        codes = {emotion: code for code, emotion in baum1.CODES[part].items()}
        words = [word for word, size in sizes.items() for _ in range(size)]
        names = [f"S{subject:03d}_{start + i // 31:03d}" for i, subject in zip(range(len(words)), cycle(range(1, 32)))]
        return [(name, word, codes[Emotion(word)]) for name, word in zip(names, words, strict=True)]

    acted = rows("1a", {"Angry": 42, "Happy": 26, "Sad": 37, "Unsure": 160}, start=1)
    spontaneous = rows("1s", {"Angry": 56, "Happy": 172, "Sad": 134, "Neutral": 185, "Thinking": 674}, start=24)
    spontaneous = [row for row in spontaneous if row[0] != "S015_007"] + [("S015_007", "Happiness", 9)]
    baum(home, acted, spontaneous, strays=[f"S{subject:03d}_020" for subject in range(1, 9)])


def _complete_enterface(home: Path) -> None:
    for subject in range(1, 45):
        for word in enterface.FOLDERS:
            if subject == 6:
                touch(home / "subject 6" / word / f"s6_{word[:2]}.avi")
                continue
            for sentence in range(1, 6):
                if (subject, word) == (23, "happiness") and sentence < 4:
                    continue
                speak(home, subject, word, sentence, _enterface_stem(subject, word, sentence))


def _enterface_stem(subject: int, word: str, sentence: int) -> str:
    if (subject, word) == (2, "anger"):
        sentence = {1: 2, 2: 1}.get(sentence, sentence)
    odd = word in ("happiness", "sadness", "surprise") or (word, sentence) == ("fear", 5)
    prefix = "s12" if subject == 11 else "s_3" if subject == 3 and odd else f"s{subject}"
    stray = "avi" if (subject, word, sentence) == (16, "surprise", 3) else ""
    return f"{prefix}_{word[:2]}_{sentence}{stray}"


@pytest.mark.parametrize("key", CLIP_SETS)
def test_a_complete_copy_has_every_published_count(complete, key):
    dataset = datasets.load(key)
    rows = summarise(dataset.index(complete), dataset.EXPECTED).rows
    several = Counter(row.what for row in rows if row.status == "differs")
    assert [row for row in rows if row.status not in ("ok", "differs", "unpublished")] == []
    for what in several:
        assert "ok" in [row.status for row in rows if row.what == what]


def test_ckplus_class_totals(complete):
    index = ckplus.index(complete)
    assert len(index.clips) == 593
    assert Counter(clip.emotion for clip in index.labelled) == {ckplus.CODES[c]: n for c, n in CK_SIZES.items()}


def test_settings_do_not_change_the_census(complete):
    for subject6 in ("drop", "keep"):
        index = enterface.index(complete, subject6=subject6)
        assert count(index, "clips") == 1293
        assert len(index.clips) == (1287 if subject6 == "drop" else 1293)


def test_census_tells_missing_extra_contradicting_and_unpublished_counts(complete):
    expected = (
        Expectation("clips", 600, "a"),
        Expectation("subjects", 100, "a"),
        Expectation("labelled clips", 327, "a"),
        Expectation("labelled subjects", 118, "a"),
        Expectation("labelled subjects", 120, "b"),
        Expectation("clips Happy", 60, "a"),
        Expectation("clips Happy", 65, "b"),
    )
    found = summarise(ckplus.index(complete), expected, examples=2)
    status = {(row.what, row.expected): (row.found, row.status) for row in found.rows}
    assert status["clips", 600] == (593, "missing")
    assert status["subjects", 100] == (123, "extra")
    assert status["labelled clips", 327] == (327, "ok")
    assert status["labelled subjects", 118] == (118, "ok")
    assert status["labelled subjects", 120] == (118, "differs")
    assert status["clips Happy", 65] == (69, "extra")
    assert status["clips Fear", None] == (25, "unpublished")
    assert ("clips Happy", None) not in status
    [group] = found.findings
    assert (group.kind, group.count, len(group.examples)) == ("clip without label", 266, 2)


# --- order, search, registry -----------------------------------------------------------------------


@given(case=st.sampled_from([str.upper, str.lower, str.swapcase, str.title]))
@settings(max_examples=4, deadline=None)
def test_order_and_labels_do_not_depend_on_case(tmp_path_factory, case):
    names = [
        f"subject {n}/{word}/sentence {k}/s{n}_{word[:2]}_{k}.avi"
        for n in (1, 2, 10)
        for k in (1, 2)
        for word in enterface.FOLDERS
    ]
    as_is, other = tmp_path_factory.mktemp("as_is"), tmp_path_factory.mktemp("other")
    for name in names:
        touch(as_is / name)
        touch(other / case(name))
    reference, index = enterface.index(as_is), enterface.index(other)
    assert [clip.name.lower() for clip in index.clips] == [clip.name for clip in reference.clips]
    assert [(c.subject, c.emotion) for c in index.clips] == [(c.subject, c.emotion) for c in reference.clips]
    assert kinds(index) == kinds(reference)


def test_locate_all(complete, tmp_path):
    places = datasets.locate_all(complete, CLIP_SETS)
    assert places == {
        "ckplus": complete / "CK+",
        "baum1": complete / "BAUM-1",
        "enterface": complete / "eNTERFACE05" / "enterface database",
    }
    with pytest.raises(UserError, match="does not exist"):
        datasets.locate_all(tmp_path / "nowhere", ["ckplus"])
    with pytest.raises(UserError, match="is empty"):
        datasets.locate_all(tmp_path, ["ckplus"])
    sequence(tmp_path, "S005_001", "1")
    with pytest.raises(UserError) as caught:
        datasets.locate_all(tmp_path, CLIP_SETS)
    assert "BAUM-1 and eNTERFACE'05 are not at or below" in caught.value.problem
    assert baum1.OBTAIN in caught.value.remedy
    assert enterface.OBTAIN in caught.value.remedy
    assert ckplus.OBTAIN not in caught.value.remedy


def test_an_unknown_data_set_suggests_the_nearest():
    with pytest.raises(UserError, match="Did you mean baum1"):
        datasets.load("baum-1")
