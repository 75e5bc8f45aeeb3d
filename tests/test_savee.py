"""SAVEE: the loader on fabricated trees in the layouts that people have, the synthetic set, and damaged AVI files."""

from collections import Counter
from pathlib import Path

import cv2
import dlib
import little_avi
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from little_loaders import found, kinds, touch

from common.media import video
from common.media.clips import provenance
from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets import savee
from datasets.summary import count, summarise
from datasets.synthetic import corpora, media, write_savee

TINY = corpora.SIZES["tiny"]


def speaker(home: Path, name: str, leave_out: tuple[str, ...] = ()) -> None:
    """All 120 videos of a speaker, empty: an index opens none."""
    stems = [f"{code}{number}" for code, numbers in savee.SENTENCES.items() for number in numbers]
    touch(home, *(f"{name}/{stem}.avi" for stem in stems if stem not in leave_out))


# --- the tree --------------------------------------------------------------------------------------


def test_letters_tell_the_emotion_and_folders_the_speaker(tmp_path):
    touch(tmp_path, "DC/a1.avi", "DC/sa1.avi", "DC/su12.avi", "JE/d1.avi", "JE/f1.avi", "KL/h1.avi", "KL/n30.avi")
    index = savee.index(tmp_path)
    assert [(clip.name, clip.subject, clip.emotion) for clip in index.clips] == [
        ("DC/a1.avi", "DC", Emotion.ANGRY),
        ("DC/sa1.avi", "DC", Emotion.SAD),
        ("DC/su12.avi", "DC", Emotion.SURPRISE),
        ("JE/d1.avi", "JE", Emotion.DISGUST),
        ("JE/f1.avi", "JE", Emotion.FEAR),
        ("KL/h1.avi", "KL", Emotion.HAPPY),
        ("KL/n30.avi", "KL", Emotion.NEUTRAL),
    ]
    assert index.clips[0].source == tmp_path / "DC" / "a1.avi"
    assert index.clips[0].person == "SAVEE/DC"
    assert {clip.partition for clip in index.clips} == {""}


def test_one_file_name_of_several_speakers_is_several_clips(tmp_path):
    touch(tmp_path, *(f"{name}/a1.avi" for name in savee.SPEAKERS))
    assert [clip.name for clip in savee.index(tmp_path).clips] == ["DC/a1.avi", "JE/a1.avi", "JK/a1.avi", "KL/a1.avi"]


@pytest.mark.parametrize(
    "nest", ["", "AudioVisualClip", "AudioVisualClip/AudioVisualClip", "sets/SAVEE/AudioVisualClip/audiovisualclip"]
)
@pytest.mark.parametrize("name", ["JK/su03.AVI", "jk/SU3.avi", "JK/JK/su3.avi"])
def test_the_videos_are_found_under_their_known_names(tmp_path, nest, name):
    touch(tmp_path / nest, name, "JK/Thumbs.db", "JK/._su3.avi")
    index = savee.index(tmp_path)
    assert index.root == tmp_path / nest
    assert [(clip.name, clip.subject, clip.emotion) for clip in index.clips] == [(name, "JK", Emotion.SURPRISE)]
    assert savee.index(index.root) == index


def test_numbers_are_in_the_order_of_numbers(tmp_path):
    touch(tmp_path, *(f"DC/a{n}.avi" for n in (10, 2, 1)))
    assert [clip.source.stem for clip in savee.index(tmp_path).clips] == ["a1", "a2", "a10"]


def test_the_sound_beside_the_videos_is_not_read(tmp_path):
    speaker(tmp_path / "SAVEE" / "AudioVisualClip", "DC")
    touch(tmp_path / "SAVEE" / "AudioData", "Info.txt", *(f"{name}/a01.wav" for name in savee.SPEAKERS))
    touch(tmp_path / "SAVEE" / "AudioVisualClip", "DC/a01.wav")
    index = savee.index(tmp_path)
    assert index.root.name == "AudioVisualClip"
    assert len(index.clips) == 120
    assert kinds(index) == {"speaker missing": 3}


@pytest.mark.parametrize("name", ["AudioData/DC/a01.wav", "AudioData/kl/n30.WAV", "ALL/DC_a01.wav", "ALL/je_su15.WAV"])
def test_a_copy_of_the_sound_alone_is_refused(tmp_path, name):
    touch(tmp_path, name)
    with pytest.raises(UserError, match=r"has sound only \(\.wav\), no videos\. Unpack AudioVisualClip") as caught:
        savee.index(tmp_path)
    assert str(tmp_path / name.split("/")[0]) in caught.value.problem


# --- what is odd -----------------------------------------------------------------------------------


def test_what_is_odd_is_reported(tmp_path):
    for name in ("DC", "JE", "JK"):
        speaker(tmp_path, name, leave_out=("d7", "su14", "su15") if name == "JE" else ())
    touch(tmp_path, "DC/s1.avi", "DC/x2.avi", "DC/trailer.avi", "DC/a01.avi", "test/a1.avi")
    index = savee.index(tmp_path)
    assert found(index) == {
        "clip without label": [
            ("DC/s1.avi", "s is none of the codes a d f h n sa su"),
            ("DC/x2.avi", "x is none of the codes a d f h n sa su"),
        ],
        "irregular file name": [("DC/trailer.avi", "left out")],
        "several files of one sentence": [("DC", "a1")],
        "sentences missing": [("JE", "d7, su14-15")],
        "speaker missing": [("KL", "")],
        "folder of no speaker": [("test", "left out")],
    }
    assert len(index.clips) == 3 * 120 - 3 + 3
    assert len(index.labelled) == len(index.clips) - 2


@given(st.sets(st.integers(1, 60)))
def test_spans_name_every_number_once(numbers):
    named = []
    for span in savee._spans(sorted(numbers)):
        first, _, last = span.partition("-")
        named += range(int(first), int(last or first) + 1)
    assert named == sorted(numbers)


# --- a complete copy -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def complete(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("complete")
    for name in savee.SPEAKERS:
        speaker(root / "AudioVisualClip", name)
    return root


def test_a_complete_copy_has_every_published_count(complete):
    index = savee.index(complete)
    counted = summarise(index, savee.EXPECTED)
    assert {row.status for row in counted.rows} == {"ok"}
    assert counted.findings == ()
    assert len(index.clips) == 480
    assert count(index, "clips Neutral") == 2 * count(index, "clips Sad") == 120


def test_what_a_copy_lacks_is_counted(tmp_path):
    speaker(tmp_path, "DC")
    touch(tmp_path, "JE/a1.avi")
    status = {row.what: (row.found, row.status) for row in summarise(savee.index(tmp_path), savee.EXPECTED).rows}
    assert status["clips"] == (121, "missing")
    assert status["subjects"] == (2, "missing")
    assert status["clips Angry"] == (16, "missing")


# --- the synthetic set ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(shared) -> Path:
    return corpora.ensure(shared / "cache" / "synthetic", "tiny", sets=("savee",))


def test_the_drawn_set_is_read_as_it_was_planned(drawn):
    planned = {one.path: one.performance for one in write_savee.plan(drawn, TINY.savee_speakers, TINY.savee_clips, 0)}
    index = savee.index(drawn)
    assert {clip.source for clip in index.clips} == set(planned)
    assert all(clip.emotion is planned[clip.source].emotion for clip in index.clips)
    assert provenance(index.root).word == "synthetic"
    assert Counter(clip.subject for clip in index.clips) == dict.fromkeys(savee.SPEAKERS, 8)
    assert count(index, "clips Neutral") == 2 * count(index, "clips Angry") == 8
    assert kinds(index) == {"sentences missing": 4}
    assert (drawn / "SAVEE" / "AudioData" / "KL" / "su01.wav").stat().st_size == 44


def test_the_sound_of_the_drawn_set_is_not_taken_for_videos(drawn):
    with pytest.raises(UserError, match="has sound only"):
        savee.index(drawn / "SAVEE" / "AudioData")


def test_the_drawn_videos_have_images_only(drawn):
    planned = {one.path: one.performance for one in write_savee.plan(drawn, TINY.savee_speakers, TINY.savee_clips, 0)}
    for clip in savee.index(drawn).clips[::7]:
        frames = list(video.frames(clip.source))
        assert len(frames) == planned[clip.source].frames
        assert {frame.shape for frame in frames} == {(256, 320, 3)}
        assert cv2.VideoCapture(str(clip.source)).get(cv2.CAP_PROP_FPS) == 60
        header = clip.source.read_bytes()[:4096]
        assert b"vids" in header
        assert b"auds" not in header
    assert len({performance.frames for performance in planned.values()}) > 5
    assert min(performance.frames for performance in planned.values()) > 8


def test_a_face_is_found_where_every_clip_begins(drawn):
    detector = dlib.get_frontal_face_detector()
    first = [next(video.frames(clip.source)) for clip in savee.index(drawn).clips]
    assert np.mean([len(detector(video.grey(frame))) == 1 for frame in first]) >= 0.95


def test_quick_and_study_hold_what_is_needed_to_split_them():
    quick = write_savee.plan(Path(), corpora.SIZES["quick"].savee_speakers, corpora.SIZES["quick"].savee_clips, 0)
    assert Counter(one.path.stem.rstrip("0123456789") for one in quick) == dict.fromkeys(savee.CODES, 8) | {"n": 16}
    study = corpora.SIZES["study"]
    assert len(write_savee.plan(Path(), study.savee_speakers, study.savee_clips, 0)) == 480


def test_a_video_that_cannot_be_written_is_named(tmp_path):
    (one, *_) = write_savee.plan(tmp_path, 1, 1, seed=0)
    one.path.mkdir(parents=True)
    with pytest.raises(UserError, match=r"Could not write .*a1\.avi.*disk full"):
        media.write(one)


# --- AVI files that are damaged --------------------------------------------------------------------


def damaged(tmp_path: Path, damage) -> Path:
    """The source of the only clip of a copy, after `damage` to its bytes."""
    path = little_avi.film(tmp_path / "DC" / "a1.avi")
    path.write_bytes(damage(path.read_bytes()))
    (clip,) = savee.index(tmp_path).clips
    return clip.source


@pytest.mark.parametrize("kind", little_avi.MENDABLE)
def test_every_frame_is_read_where_only_the_index_is_corrupt(tmp_path, kind):
    whole = list(video.frames(little_avi.film(tmp_path / "whole.avi")))
    frames = list(video.frames(damaged(tmp_path, little_avi.MENDABLE[kind])))
    assert len(frames) == little_avi.FRAMES
    assert np.array_equal(frames, whole)


@pytest.mark.parametrize("kind", little_avi.HIDING)
def test_an_index_that_hides_frames_is_refused(tmp_path, kind):
    source = damaged(tmp_path, little_avi.HIDING[kind])
    with pytest.raises(UserError, match=r"DC.a1\.avi was cut off: \d+ of its 12 frames are there\. Copy it again"):
        list(video.frames(source))


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda data: b"", "is empty"),
        (lambda data: b"RIFF", "is not a video"),
        (lambda data: data[: len(data) // 2], "was cut off"),
        (lambda data: little_avi.sound_only(), "is not a video"),
    ],
)
def test_an_unreadable_video_is_named(tmp_path, damage, problem):
    source = damaged(tmp_path, damage)
    with pytest.raises(UserError, match=rf"DC.a1\.avi {problem}.*Copy it again"):
        list(video.frames(source))
