"""MMI: the loader on fabricated sessions in the layouts that people have, and the synthetic set."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from little_loaders import found, touch

from common.media import faces, orientation, video
from common.media.clips import provenance
from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets import mmi
from datasets.summary import count, summarise
from datasets.synthetic import corpora, write_mmi

TINY = corpora.SIZES["tiny"]


def tags(*values: object) -> str:
    """The label file of a video, whose second tag is the emotion."""
    emotions = "".join(f'<Metatag Name="Emotion" Value="{value}"/>' for value in values)
    return f'<Data><Metatag Name="Session" Value="4"/>{emotions}<Metatag Name="Age" Value="6"/></Data>'


def session(home: Path, name: str, label: str | None = tags(1), view: object = 0) -> Path:
    """A session `Sessions/1841/S035-004` with an empty video: an index opens none."""
    folder = (home / name).parent
    touch(home, f"{name}.avi")
    if label is not None:
        (home / f"{name}.xml").write_text(label)
    if view is not None:
        (folder / "session.xml").write_text(f'<session><track view="{view}"/><track view="2"/></session>')
    return folder


# --- the tree --------------------------------------------------------------------------------------


def test_emotion_and_view_come_from_the_files_and_the_subject_from_the_name(tmp_path):
    for value, view in ((1, 0), (2, 2), (3, 0), (4, 2), (5, 0), (6, 0)):
        session(tmp_path, f"Sessions/{100 * value}/S{value:03d}-004", tags(value), view)
    index = mmi.index(tmp_path)
    assert index.root == tmp_path / "Sessions"
    assert [(clip.name, clip.subject, clip.emotion, clip.partition) for clip in index.clips] == [
        ("100/S001-004.avi", "S001", Emotion.ANGRY, "frontal"),
        ("200/S002-004.avi", "S002", Emotion.DISGUST, "dual"),
        ("300/S003-004.avi", "S003", Emotion.FEAR, "frontal"),
        ("400/S004-004.avi", "S004", Emotion.HAPPY, "dual"),
        ("500/S005-004.avi", "S005", Emotion.SAD, "frontal"),
        ("600/S006-004.avi", "S006", Emotion.SURPRISE, "frontal"),
    ]
    assert index.clips[0].source == tmp_path / "Sessions" / "100" / "S001-004.avi"
    assert index.clips[0].person == "MMI/S001"
    assert index.findings == index.dropped == ()


@pytest.mark.parametrize(
    "nest", ["", "Sessions", "mmi-facial-expression-database_download_2019-04-27_05_06_23/Sessions", "MMI/a/b/sessions"]
)
def test_the_sessions_are_found_under_their_known_names(tmp_path, nest):
    session(tmp_path / nest, "Happy__1841/s035-004", tags(4))
    touch(tmp_path / nest, "Happy__1841/S035-004-oao_aucs.xml", "Happy__1841/Thumbs.db", "Happy__1841/._S035-005.avi")
    index = mmi.index(tmp_path)
    assert index.root == tmp_path / nest
    assert [(clip.name, clip.subject) for clip in index.clips] == [("Happy__1841/s035-004.avi", "S035")]
    assert mmi.index(index.root) == index


@pytest.mark.parametrize(
    "label",
    [
        '<a xmlns="urn:x"><b><Metatag Value=" 4 " Name="emotion"/></b></a>',
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<!-- é --><a><Metatag Name="Emotion" Value="4"/></a>',
        tags(4, 4),
        tags("", 4),
    ],
)
def test_the_tag_is_found_by_its_name(tmp_path, label):
    folder = session(tmp_path, "1841/S035-004", label=None)
    (folder / "S035-004.xml").write_bytes(label.encode("latin-1"))
    assert [clip.emotion for clip in mmi.index(tmp_path).clips] == [Emotion.HAPPY]


def test_action_units_are_not_taken_for_the_label(tmp_path):
    folder = session(tmp_path, "2/S001-002", tags(5))
    (folder / "S001-002-oao_aucs.xml").write_text(tags(1))
    assert [clip.emotion for clip in mmi.index(tmp_path).clips] == [Emotion.SAD]


def test_sessions_are_in_the_order_of_their_numbers(tmp_path):
    for number in (1000, 9, 20):
        session(tmp_path, f"Sessions/{number}/S001-{number % 1000:03d}")
    assert [clip.source.parent.name for clip in mmi.index(tmp_path).clips] == ["9", "20", "1000"]


# --- what is left out ------------------------------------------------------------------------------


def test_what_cannot_be_used_is_counted(tmp_path):
    session(tmp_path, "1/S001-001")
    session(tmp_path, "2/S021-001", tags(2), view=1)
    session(tmp_path, "3/S002-001", tags(9))
    session(tmp_path, "4/S002-002", tags("12"), view=1)
    touch(tmp_path, "5/S002-003-001.jpg", "5/S002-003-002.png", "5/S002-003.xml", "6/S002-004.xml", "7/notes.avi")
    index = mmi.index(tmp_path)
    assert [clip.name for clip in index.clips] == ["1/S001-001.avi"]
    assert [(clip.name, clip.emotion, clip.partition) for clip in index.dropped] == [
        ("2/S021-001.avi", Emotion.DISGUST, "side"),
        ("3/S002-001.avi", None, "frontal"),
        ("4/S002-002.avi", None, "side"),
    ]
    assert found(index) == {
        "side view": [("2/S021-001.avi", "left out"), ("4/S002-002.avi", "left out")],
        "other emotion than 1 to 6": [("3/S002-001.avi", "9, left out"), ("4/S002-002.avi", "12, left out")],
        "session without video": [("5", "2 images, left out"), ("6", "left out"), ("7", "left out")],
    }
    assert count(index, "clips side") == 2
    assert count(index, "labelled clips") == 2


def test_a_video_without_a_label_is_reported(tmp_path):
    session(tmp_path, "1/S001-001")
    session(tmp_path, "2/S001-002", label=None)
    session(tmp_path, "3/S001-003", tags())
    session(tmp_path, "4/S001-004", tags(3, 6))
    session(tmp_path, "5/S001-005", tags(3, 9))
    session(tmp_path, "6/S001-006", "<Data><Metatag Name=")
    session(tmp_path, "7/S001-007", "")
    index = mmi.index(tmp_path)
    assert [clip.emotion for clip in index.clips] == [Emotion.ANGRY, *[None] * 6]
    by_kind = found(index)
    assert by_kind["clip without label"] == [
        ("2/S001-002.avi", "no S001-002.xml beside it"),
        ("3/S001-003.avi", "no emotion in S001-003.xml"),
        ("4/S001-004.avi", "two emotions, 3 and 6, in S001-004.xml"),
        ("5/S001-005.avi", "two emotions, 3 and 9, in S001-005.xml"),
        ("6/S001-006.avi", "no emotion in S001-006.xml"),
        ("7/S001-007.avi", "no emotion in S001-007.xml"),
    ]
    assert [path for path, _ in by_kind["file that is no XML"]] == ["6/S001-006.xml", "7/S001-007.xml"]
    assert len(index.findings) == 8


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (None, {"session without session.xml"}),
        ("<session><track", {"file that is no XML", "view not known"}),
        ('<?xml version="1.0" encoding="nonsense"?><session/>', {"file that is no XML", "view not known"}),
        ("<session/>", {"view not known"}),
        ("<session><track/></session>", {"view not known"}),
        ('<session><track view="3"/></session>', {"view not known"}),
    ],
)
def test_a_session_whose_view_is_not_known_is_left_out(tmp_path, content, kinds):
    session(tmp_path, "1/S001-001")
    folder = session(tmp_path, "2/S001-002", view=None)
    if content is not None:
        (folder / "session.xml").write_text(content)
    index = mmi.index(tmp_path)
    assert [clip.name for clip in index.clips] == ["1/S001-001.avi"]
    assert [clip.name for clip in index.dropped] == ["2/S001-002.avi"]
    assert set(found(index)) == kinds


def test_a_recording_in_two_sessions_is_reported(tmp_path):
    session(tmp_path, "1/S001-001")
    session(tmp_path, "2/s001-001")
    assert found(mmi.index(tmp_path)) == {"recording in several sessions": [("1/S001-001.avi", "also 2/s001-001.avi")]}


@pytest.mark.parametrize(
    ("label", "view"), [(None, 0), (tags(), 0), (tags(1, 2), 0), (tags(7), 0), (tags(1), 1), (tags(1), None)]
)
def test_a_copy_without_any_usable_session_is_refused(tmp_path, label, view):
    session(tmp_path, "Sessions/1/S001-001", label, view)
    with pytest.raises(UserError, match=r"Sessions has no video that shows a basic emotion .*Download") as caught:
        mmi.index(tmp_path)
    assert str(tmp_path) in caught.value.problem


# --- counts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sessions", "status"),
    [
        (3, {205: "missing", 208: "missing", 213: "missing", 236: "missing"}),
        (208, {205: "differs", 208: "ok", 213: "differs", 236: "differs"}),
        (240, {205: "extra", 208: "extra", 213: "extra", 236: "extra"}),
    ],
)
def test_the_number_of_sessions_is_compared_with_those_of_several_papers(tmp_path, sessions, status):
    for number in range(1, sessions + 1):
        session(tmp_path, f"{number}/S001-{number:03d}", tags(1 + number % 6))
    session(tmp_path, "999/S001-999", tags())
    counted = summarise(mmi.index(tmp_path), mmi.EXPECTED)
    assert {row.expected: row.status for row in counted.rows if row.expected} == status
    assert {row.what: row.found for row in counted.rows}["clips frontal Happy"] == sum(
        number % 6 == 3 for number in range(1, sessions + 1)
    )


# --- the synthetic set ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(shared) -> Path:
    return corpora.ensure(shared / "cache" / "synthetic", "tiny", sets=("mmi",))


@pytest.fixture(scope="module")
def planned(drawn) -> dict[Path, write_mmi.Session]:
    return {one.path: one for one in write_mmi.plan(drawn, TINY.mmi_subjects, TINY.mmi_clips, 0)}


def test_the_drawn_set_is_read_as_it_was_planned(drawn, planned):
    index = mmi.index(drawn)
    videos = {path: one for path, one in planned.items() if one.way != "still"}
    assert {clip.source for clip in (*index.clips, *index.dropped)} == set(videos)
    for clip in (*index.clips, *index.dropped):
        one = videos[clip.source]
        named = one.performance.emotion if one.value in write_mmi.VALUES.values() else None
        assert clip.emotion is named
        assert {"frontal": 0, "side": 1, "dual": 2}[clip.partition] == write_mmi.VIEWS[one.way]
    assert provenance(index.root).word == "synthetic"
    assert Counter(clip.emotion for clip in index.labelled) == dict.fromkeys(mmi.CLASSES, 4)
    assert Counter(clip.subject for clip in index.labelled) == dict.fromkeys(("S001", "S003", "S028", "S053"), 6)
    assert {kind: len(places) for kind, places in found(index).items()} == {
        "side view": 1,
        "other emotion than 1 to 6": 1,
        "clip without label": 1,
        "session without video": 1,
    }


WAYS = {
    "turned": orientation.Look(turn="clockwise"),
    "upright": orientation.Look(),
    "profile left": orientation.Look("right"),
    "profile right": orientation.Look("left"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_face_tells_how_a_drawn_video_was_recorded(drawn, planned, way):
    haar = faces.Haar()
    clips = [clip for clip in mmi.index(drawn).labelled if planned[clip.source].way == way]
    assert len(clips) == 6
    for clip in clips[::2]:
        frames = list(video.frames(clip.source))
        assert {frame.shape for frame in frames} == {(288, 360, 3)}
        greys = [video.grey(frame) for frame in frames[:: len(frames) // 2]]
        look = orientation.choose(greys, orientation.possible(clip), haar)
        assert look == WAYS[way]
        x, y, width, height = faces.largest(haar.detect(np.ascontiguousarray(look.at(greys[0]))))
        tall, wide = look.at(greys[0]).shape
        assert 0.3 * wide < x + width / 2 < 0.7 * wide
        assert 0.25 * tall < y + height / 2 < 0.65 * tall


def test_a_drawn_video_goes_from_neutral_to_the_apex_and_back(drawn, planned):
    lengths = set()
    for clip in mmi.index(drawn).labelled[::5]:
        frames = [frame.astype(float) for frame in video.frames(clip.source)]
        lengths.add(len(frames))
        assert len(frames) == 2 * planned[clip.source].performance.frames - 1
        apart = [np.abs(frame - frames[0]).mean() for frame in frames]
        assert apart[-1] < 0.7 * apart[len(frames) // 2]
    assert len(lengths) > 1


def test_no_two_drawn_sessions_are_the_same():
    planned = write_mmi.plan(Path(), len(write_mmi.SUBJECTS), 3, seed=0)
    assert len({one.performance for one in planned}) == len({one.path.parent for one in planned}) == len(planned)


def test_quick_holds_ten_subjects_in_every_way():
    quick = corpora.SIZES["quick"]
    planned = write_mmi.plan(Path(), quick.mmi_subjects, quick.mmi_clips, 0)
    usable = [one for one in planned if one.value in range(1, 7) and one.way in WAYS]
    assert Counter(one.performance.emotion for one in usable) == dict.fromkeys(mmi.CLASSES, 10)
    assert {one.way for one in usable} == set(WAYS)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    first, *_, still = write_mmi.plan(tmp_path, 1, 1, seed=0)
    for one in (first, still):
        one.path.mkdir(parents=True)
        with pytest.raises(UserError, match=rf"Could not write .*{one.path.name}.*disk full"):
            write_mmi.write(one)
