"""RML: the loader on fabricated trees in the layouts that people have, and the synthetic set."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from little_loaders import found, touch

from common.media import faces, video
from common.media.clips import provenance
from common.media.emotions import Emotion
from datasets import rml
from datasets.summary import count, summarise
from datasets.synthetic import corpora, write_rml

TINY = corpora.SIZES["tiny"]


# --- the tree --------------------------------------------------------------------------------------


def test_letters_tell_the_emotion_and_folders_the_speaker(tmp_path):
    touch(tmp_path, "rml-1/s1/an1.avi", "rml-1/s1/di1.avi", "rml-1/s1/fe12.avi", "rml-1/s1/su1.avi")
    touch(tmp_path, "rml-1/s1/Thumbs.db", "rml-1/s1/._an1.avi", "rml-2/s7/Urdu/ha2.avi", "rml-2/s7/Urdu/sa10.avi")
    index = rml.index(tmp_path)
    assert [(clip.name, clip.subject, clip.emotion, clip.partition) for clip in index.clips] == [
        ("rml-1/s1/an1.avi", "s1", Emotion.ANGRY, "rml-1"),
        ("rml-1/s1/di1.avi", "s1", Emotion.DISGUST, "rml-1"),
        ("rml-1/s1/fe12.avi", "s1", Emotion.FEAR, "rml-1"),
        ("rml-1/s1/su1.avi", "s1", Emotion.SURPRISE, "rml-1"),
        ("rml-2/s7/Urdu/ha2.avi", "s7", Emotion.HAPPY, "rml-2"),
        ("rml-2/s7/Urdu/sa10.avi", "s7", Emotion.SAD, "rml-2"),
    ]
    assert index.clips[4].source == tmp_path / "rml-2" / "s7" / "Urdu" / "ha2.avi"
    assert index.clips[4].person == "RML/s7"
    assert found(index) == {"speaker missing": [(speaker, "") for speaker in ("s2", "s3", "s4", "s5", "s6", "s8")]}


def test_one_name_in_two_languages_is_two_clips_of_one_speaker(tmp_path):
    touch(tmp_path, "s4/Punjabi/an1.avi", "s4/English/an1.avi", "s4/Thumbs.db", "s4/an1.avi", "s5/an1.avi")
    clips = rml.index(tmp_path).clips
    assert [clip.name for clip in clips] == ["s4/an1.avi", "s4/English/an1.avi", "s4/Punjabi/an1.avi", "s5/an1.avi"]
    assert [clip.subject for clip in clips] == ["s4", "s4", "s4", "s5"]


@pytest.mark.parametrize("nest", ["", "RML", "RML/RML", "sets/RML Emotion Database"])
@pytest.mark.parametrize("part", ["", "rml-2", "RML_2", "rml-2/rml-2"])
@pytest.mark.parametrize("name", ["s6/sa03.AVI", "S6/SA3.avi", "s06/s06/sa3.avi", "s6/Italian/female/sa3.avi"])
def test_the_videos_are_found_under_their_known_names(tmp_path, nest, part, name):
    touch(tmp_path / nest / part, name)
    index = rml.index(tmp_path)
    assert [(clip.subject, clip.emotion, clip.partition) for clip in index.clips] == [("s6", Emotion.SAD, "rml-2")]
    assert index.clips[0].source == tmp_path / nest / part / name
    assert index.clips[0].name.endswith(name)
    assert rml.index(index.root) == index


def test_the_part_is_that_of_the_speaker_also_where_all_lie_in_one_folder(tmp_path):
    touch(tmp_path, *(f"s{n}/an1.avi" for n in range(1, 9)))
    index = rml.index(tmp_path)
    assert [clip.partition for clip in index.clips] == ["rml-1"] * 5 + ["rml-2"] * 3
    assert index.findings == ()


def test_numbers_are_in_the_order_of_numbers(tmp_path):
    touch(tmp_path, *(f"s1/an{n}.avi" for n in (10, 2, 1)))
    assert [clip.source.stem for clip in rml.index(tmp_path).clips] == ["an1", "an2", "an10"]


# --- what is odd -----------------------------------------------------------------------------------


def test_what_is_odd_is_reported(tmp_path):
    touch(tmp_path, *(f"s{n}/an1.avi" for n in range(2, 9)))
    touch(tmp_path, "s2/ne1.avi", "s2/happy (2).avi", "s2/1.avi", "rml-1/s3/an1.avi", "readme.avi")
    index = rml.index(tmp_path)
    assert found(index) == {
        "clip without label": [("s2/ne1.avi", "ne is none of the codes an di fe ha sa su")],
        "irregular file name": [("s2/1.avi", "left out"), ("s2/happy (2).avi", "read as Happy")],
        "speaker missing": [("s1", "")],
        "speaker in several folders": [("s3", "rml-1/s3, s3")],
    }
    assert len(index.clips) == 7 + 1 + 2
    assert len(index.labelled) == len(index.clips) - 1


# --- complete and partial copies -------------------------------------------------------------------


@pytest.fixture(scope="module")
def complete(tmp_path_factory) -> Path:
    """720 empty videos with the published number of each emotion in each part: an index opens none."""
    root = tmp_path_factory.mktemp("complete")
    for part, counts in rml._COUNTS.items():
        for code, clips in zip(rml.CODES, counts, strict=True):
            for number in range(clips):
                speaker = rml.PARTS[part][number % len(rml.PARTS[part])]
                touch(root, f"{part}/{speaker}/{code}{number}.avi")
    return root


def test_a_complete_copy_has_every_published_count(complete):
    index = rml.index(complete)
    counted = summarise(index, rml.EXPECTED)
    assert {row.status for row in counted.rows} == {"ok"}
    assert counted.findings == ()
    assert len(index.clips) == 720
    assert count(index, "clips rml-1") == 407


def test_a_part_of_the_clips_is_read_and_what_it_lacks_is_counted(tmp_path):
    touch(tmp_path, *(f"s{n}/{code}{k}.avi" for n in range(1, 8) for code in rml.CODES for k in range(12)))
    index = rml.index(tmp_path)
    status = {row.what: (row.found, row.status) for row in summarise(index, rml.EXPECTED).rows}
    assert len(index.clips) == 504
    assert status["clips"] == (504, "missing")
    assert status["subjects"] == (7, "missing")
    assert status["clips Happy"] == (84, "missing")
    assert status["clips rml-1"] == (360, "missing")
    assert found(index) == {"speaker missing": [("s8", "")]}


# --- the synthetic set ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(shared) -> Path:
    return corpora.ensure(shared / "cache" / "synthetic", "tiny", sets=("rml",))


def test_the_drawn_set_is_read_as_it_was_planned(drawn):
    planned = {one.path: one.performance for one in write_rml.plan(drawn, TINY.rml_speakers, TINY.rml_clips, 0)}
    index = rml.index(drawn)
    assert {clip.source for clip in index.clips} == set(planned)
    assert all(clip.emotion is planned[clip.source].emotion for clip in index.clips)
    assert provenance(index.root).word == "synthetic"
    assert {clip.partition for clip in index.clips} == {"rml-1", "rml-2"}
    assert Counter(clip.subject for clip in index.clips) == {"s1": 6, "s6": 12}
    assert {name: len(places) for name, places in found(index).items()} == {"speaker missing": 6}
    # The takes of a name in two languages are two, not one.
    english, italian = (planned[index.root / "rml-2" / "s6" / word / "an1.avi"] for word in ("English", "Italian"))
    assert english.subject == italian.subject
    assert english.take != italian.take


def test_the_drawn_videos_are_shorter_and_longer_than_sixteen_frames(drawn):
    planned = {one.path: one.performance for one in write_rml.plan(drawn, TINY.rml_speakers, TINY.rml_clips, 0)}
    lengths = [performance.frames for performance in planned.values()]
    assert min(lengths) < 16 < max(lengths)
    haar = faces.Haar()
    shown = []
    for clip in rml.index(drawn).clips[::4]:
        frames = list(video.frames(clip.source))
        assert len(frames) == planned[clip.source].frames
        assert {frame.shape for frame in frames} == {(360, 480, 3)}
        assert cv2.VideoCapture(str(clip.source)).get(cv2.CAP_PROP_FPS) == 30
        shown += [len(haar.detect(video.grey(frame))) > 0 for frame in frames[::5]]
    assert np.mean(shown) >= 0.97


def test_no_two_drawn_clips_are_the_same():
    planned = write_rml.plan(Path(), 8, 20, seed=0)
    assert len({one.performance for one in planned}) == len({one.path for one in planned}) == len(planned)


def test_the_drawn_parts_are_those_of_the_set():
    assert {s: part for part, speakers in rml.PARTS.items() for s in speakers} == write_rml.SPEAKERS


def test_quick_holds_every_speaker_and_emotion():
    quick = corpora.SIZES["quick"]
    planned = write_rml.plan(Path(), quick.rml_speakers, quick.rml_clips, 0)
    assert Counter(one.performance.subject for one in planned) == {0: 6, 1: 12, 2: 12, 3: 6, 4: 6, 5: 6, 6: 6, 7: 6}
    assert Counter(one.performance.emotion for one in planned) == dict.fromkeys(rml.CLASSES, 10)
