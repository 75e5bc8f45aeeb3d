"""AFEW: the loader on fabricated trees in the layouts that people have, both forms of input, and the synthetic set."""

import re
from collections import Counter
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from little_loaders import found, kinds, touch

from common.media import video
from common.media.clips import provenance
from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets import afew
from datasets.summary import count, summarise
from datasets.synthetic import corpora, write_afew

TINY = corpora.SIZES["tiny"]
WORDS = tuple(write_afew.WORDS.values())
FACES = {"Train": "AlignedFaces_LBPTOP_Points/Faces", "Val": "AlignedFaces_LBPTOP_Points_Val/Faces"}


def both(home: Path, train: str = "Train_AFEW", val: str = "Val_AFEW") -> None:
    """A clip of each class in each part, empty: an index opens none."""
    touch(home, *(f"{train}/{word}/00000{n}280.avi" for n, word in enumerate(WORDS)))
    touch(home, *(f"{val}/{word}/00010{n}280.avi" for n, word in enumerate(WORDS)))


def align(home: Path, part: str, *stems: str) -> None:
    touch(home / f"{part}_AFEW" / FACES[part], *(f"{stem}/{n:03d}.jpg" for stem in stems for n in range(2)))


# --- the tree --------------------------------------------------------------------------------------


def test_part_and_emotion_come_from_the_folders(tmp_path):
    both(tmp_path)
    touch(tmp_path, "Train_AFEW/Train_6.xml", "Train_AFEW/AlignedFaces_LBPTOP_Points.zip", "Val_AFEW/Angry/Thumbs.db")
    index = afew.index(tmp_path)
    assert [clip.emotion for clip in index.clips] == 2 * list(afew.CLASSES)
    assert [clip.partition for clip in index.clips] == 7 * ["Train"] + 7 * ["Val"]
    first, last = index.clips[0], index.clips[-1]
    assert (first.name, first.subject) == ("Train_AFEW/Angry/000000280.avi", "Train 000000280")
    assert first.source == tmp_path / "Train_AFEW" / "Angry" / "000000280.avi"
    assert (last.name, last.emotion) == ("Val_AFEW/Surprise/000106280.avi", Emotion.SURPRISE)
    assert index.findings == index.dropped == ()


@pytest.mark.parametrize("nest", ["", "AFEW", "sets/EmotiW_2018/AFEW"])
@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("Train", "Val"),
        ("train_afew", "val_afew"),
        ("Train-AFEW", "VAL"),
        ("Train/Train_AFEW", "Val/Val_AFEW"),
        ("Train_AFEW/Train_AFEW", "Val_AFEW"),
    ],
)
def test_the_parts_are_found_under_their_known_names(tmp_path, nest, train, val):
    both(tmp_path / nest, train, val)
    index = afew.index(tmp_path)
    assert index.root == tmp_path / nest
    assert Counter(clip.partition for clip in index.clips) == {"Train": 7, "Val": 7}
    assert index.clips[0].name == f"{train}/Angry/000000280.avi"
    assert index.findings == ()
    assert afew.index(index.root) == index


@pytest.mark.parametrize(("train", "val", "bare"), [(".", "Val_AFEW", "Train"), ("Train_AFEW", ".", "Val")])
def test_classes_beside_one_part_are_the_other_part(tmp_path, train, val, bare):
    both(tmp_path, train, val)
    index = afew.index(tmp_path)
    assert Counter(clip.partition for clip in index.clips) == {"Train": 7, "Val": 7}
    assert found(index) == {"classes without the folder of their part": [(".", f"read as {bare}")]}
    assert {clip.name for clip in index.clips if clip.partition == bare} == {
        f"{word}/000{'01'[bare == 'Val']}0{n}280.avi" for n, word in enumerate(WORDS)
    }


def test_a_nested_class_and_other_case_are_read(tmp_path):
    both(tmp_path)
    touch(tmp_path, "Val_AFEW/Sad/Sad/000200280.avi", "Train_AFEW/HAPPY/000200280.AVI")
    index = afew.index(tmp_path)
    assert count(index, "clips Train Happy") == count(index, "clips Val Sad") == 2


@pytest.mark.parametrize("lacking", afew.PARTS)
def test_a_missing_part_is_named(tmp_path, lacking):
    both(tmp_path)
    (tmp_path / f"{lacking}_AFEW").rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=rf"has no part {lacking}\. Unpack {lacking}_AFEW\.zip there") as caught:
        afew.index(tmp_path)
    assert str(tmp_path) in caught.value.problem


def test_the_folder_of_one_part_is_not_the_set(tmp_path):
    both(tmp_path)
    with pytest.raises(UserError, match=r"has no part Train\..*the folder that holds both parts"):
        afew.index(tmp_path / "Val_AFEW")


# --- what is odd -----------------------------------------------------------------------------------


def test_one_name_in_both_parts_is_two_clips(tmp_path):
    both(tmp_path)
    touch(tmp_path, "Train_AFEW/Angry/001703120.avi", "Val_AFEW/Sad/001703120.avi")
    index = afew.index(tmp_path)
    twins = [clip for clip in index.clips if clip.source.stem == "001703120"]
    assert [(clip.partition, clip.emotion) for clip in twins] == [("Train", Emotion.ANGRY), ("Val", Emotion.SAD)]
    assert len({clip.name for clip in twins}) == len({clip.person for clip in twins}) == 2
    assert found(index) == {
        "clip name in both parts": [
            ("Train_AFEW/Angry/001703120.avi", "also Val_AFEW/Sad/001703120.avi; read as different clips")
        ]
    }


def test_what_is_odd_is_reported(tmp_path):
    both(tmp_path)
    touch(tmp_path, "Train_AFEW/Contempt/000300280.avi", "Train_AFEW/Contempt/extra.avi")
    touch(tmp_path, "Val_AFEW/Fear/trailer.avi", "Val_AFEW/Fear/000101280.avi", "Train/Sad/000400280.avi")
    index = afew.index(tmp_path)
    assert found(index) == {
        "second folder of a part": [("Train_AFEW", "left out of Train")],
        "irregular file name": [("Val_AFEW/Fear/trailer.avi", "left out")],
        "clip name twice in a part": [("Val_AFEW/Disgust/000101280.avi", "also Val_AFEW/Fear/000101280.avi")],
    }
    (tmp_path / "Train" / "Sad" / "000400280.avi").unlink()
    index = afew.index(tmp_path)
    assert found(index)["clip without label"] == [
        ("Train_AFEW/Contempt/000300280.avi", "Contempt is none of the seven classes")
    ]
    assert len(index.labelled) == len(index.clips) - 1 == 15


# --- aligned faces ---------------------------------------------------------------------------------


def aligned(home: Path) -> None:
    both(home)
    align(home, "Train", *(f"00000{n}280" for n in range(7)))
    align(home, "Val", *(f"00010{n}280" for n in range(7)))


def test_aligned_faces_have_the_label_of_their_video(tmp_path):
    aligned(tmp_path)
    index = afew.index(tmp_path, form="aligned_faces")
    videos = afew.index(tmp_path)
    for of in ("subject", "emotion", "partition"):
        assert [getattr(clip, of) for clip in index.clips] == [getattr(clip, of) for clip in videos.clips]
    assert index.clips[0].name == "Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000000280"
    assert index.clips[-1].source == tmp_path / "Val_AFEW" / FACES["Val"] / "000106280"
    assert index.findings == index.dropped == ()


def test_faces_of_a_name_in_both_parts_have_the_label_of_their_own_part(tmp_path):
    aligned(tmp_path)
    touch(tmp_path, "Train_AFEW/Angry/001703120.avi", "Val_AFEW/Sad/001703120.avi")
    align(tmp_path, "Train", "001703120")
    align(tmp_path, "Val", "001703120")
    twins = [clip for clip in afew.index(tmp_path, "aligned_faces").clips if clip.source.name == "001703120"]
    assert [(clip.partition, clip.emotion) for clip in twins] == [("Train", Emotion.ANGRY), ("Val", Emotion.SAD)]


def test_videos_without_aligned_faces_are_left_out_and_counted(tmp_path):
    aligned(tmp_path)
    for stem in ("000000280", "000001280"):
        for image in (tmp_path / "Train_AFEW" / FACES["Train"] / stem).iterdir():
            image.unlink()
    (tmp_path / "Train_AFEW" / FACES["Train"] / "000001280").rmdir()
    index = afew.index(tmp_path, "aligned_faces")
    assert [clip.name for clip in index.dropped] == [
        "Train_AFEW/Angry/000000280.avi",
        "Train_AFEW/Disgust/000001280.avi",
    ]
    assert found(index) == {
        "clip without aligned faces": [
            ("Train_AFEW/Angry/000000280.avi", "Angry, left out"),
            ("Train_AFEW/Disgust/000001280.avi", "Disgust, left out"),
        ]
    }
    assert len(index.clips) == 12
    assert count(index, "clips") == count(afew.index(tmp_path), "clips") == 14


def test_aligned_faces_without_or_with_several_labels_have_none(tmp_path):
    aligned(tmp_path)
    align(tmp_path, "Train", "000500280", "000600280")
    touch(tmp_path, "Train_AFEW/Angry/000600280.avi", "Train_AFEW/Sad/000600280.avi")
    index = afew.index(tmp_path, "aligned_faces")
    assert found(index)["clip without label"] == [
        ("Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000500280", "the video of this name is not there"),
        ("Train_AFEW/AlignedFaces_LBPTOP_Points/Faces/000600280", "the video of this name is in 2 classes"),
    ]
    assert len(index.labelled) == len(index.clips) - 2 == 14


@pytest.mark.parametrize("nest", ["alignedfaces_lbptop_points/faces", "AlignedFaces_LBPTOP_Points/AlignedFaces/Faces"])
def test_aligned_faces_are_found_in_another_case_or_one_deeper(tmp_path, nest):
    aligned(tmp_path)
    home = tmp_path / "Train_AFEW"
    (home / FACES["Train"]).rename(tmp_path / "faces")
    (home / nest).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "faces").rename(home / nest)
    index = afew.index(tmp_path, "aligned_faces")
    assert index.clips[0].name == f"Train_AFEW/{nest}/000000280"
    assert len(index.clips) == 14


@pytest.mark.parametrize(("part", "archive"), [("Train", r"Points\.zip"), ("Val", r"Points_Val\.zip")])
def test_a_part_without_aligned_faces_is_refused(tmp_path, part, archive):
    both(tmp_path)
    align(tmp_path, "Val" if part == "Train" else "Train", "000000280")
    with pytest.raises(
        UserError, match=rf"no aligned faces of {part}\. Unpack AlignedFaces_LBPTOP_{archive} in {part}"
    ):
        afew.index(tmp_path, "aligned_faces")
    assert len(afew.index(tmp_path).clips) == 14


def test_an_unknown_form_suggests_the_nearest(tmp_path):
    both(tmp_path)
    with pytest.raises(UserError, match=r"form of AFEW called 'aligned'.*Known: aligned_faces, videos"):
        afew.index(tmp_path, form="aligned")


# --- a complete copy -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def complete(tmp_path_factory) -> Path:
    """The official counts, and the two names that are in both parts; four clips have no aligned faces."""
    root = tmp_path_factory.mktemp("complete")
    without = {"Train": (Emotion.HAPPY, Emotion.NEUTRAL), "Val": (Emotion.FEAR, Emotion.HAPPY)}
    for offset, (part, counts) in enumerate(
        {"Train": (133, 74, 81, 150, 144, 117, 74), "Val": (64, 40, 46, 63, 63, 61, 46)}.items()
    ):
        number = 0
        for word, emotion, size in zip(WORDS, afew.CLASSES, counts, strict=True):
            for position in range(size):
                number += 1
                stem = {1: "001703120", 2: "005153760"}.get(number, f"{10 * number + offset:09d}")
                touch(root, f"{part}_AFEW/{word}/{stem}.avi")
                if position or emotion not in without[part]:
                    align(root, part, stem)
    return root


@pytest.mark.parametrize("form", ["videos", "aligned_faces"])
def test_a_complete_copy_has_every_published_count(complete, form):
    index = afew.index(complete, form)
    assert {row.status for row in summarise(index, afew.EXPECTED).rows} == {"ok"}
    assert len(index.clips) == 1156 - (4 if form == "aligned_faces" else 0)
    assert kinds(index) == Counter({"clip name in both parts": 2}) + Counter(
        {"clip without aligned faces": len(index.dropped)}
    )


def test_what_a_copy_lacks_is_counted(tmp_path):
    both(tmp_path)
    touch(tmp_path, "Train_AFEW/Happy/000200280.avi")
    status = {row.what: (row.found, row.status) for row in summarise(afew.index(tmp_path), afew.EXPECTED).rows}
    assert status["clips"] == (15, "missing")
    assert status["clips Train Happy"] == (2, "missing")
    assert status["clips Val Happy"] == (1, "missing")
    assert status["findings clip name in both parts"] == (0, "missing")


# --- the synthetic set ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(shared) -> Path:
    return corpora.ensure(shared / "cache" / "synthetic", "tiny", sets=("afew",))


@pytest.fixture(scope="module")
def planned(drawn) -> dict[Path, write_afew.Shot]:
    return {shot.path: shot for shot in write_afew.plan(drawn, TINY.afew_train, TINY.afew_val, seed=0)}


def test_the_drawn_set_is_read_as_it_was_planned(drawn, planned):
    index = afew.index(drawn)
    assert {clip.source for clip in index.clips} == set(planned)
    assert all(clip.emotion is planned[clip.source].performance.emotion for clip in index.clips)
    assert provenance(index.root).word == "synthetic"
    for part, size in (("Train", TINY.afew_train), ("Val", TINY.afew_val)):
        for emotion in afew.CLASSES:
            assert count(index, f"clips {part} {emotion}") == size
    assert kinds(index) == {"clip name in both parts": 1}


def test_the_drawn_videos_have_images_only(drawn, planned):
    for clip in afew.index(drawn).clips[::5]:
        frames = list(video.frames(clip.source))
        assert len(frames) == planned[clip.source].performance.frames
        assert {frame.shape for frame in frames} == {(576, 720, 3)}
        assert cv2.VideoCapture(str(clip.source)).get(cv2.CAP_PROP_FPS) == 25
        header = clip.source.read_bytes()[:4096]
        assert b"vids" in header
        assert b"auds" not in header
    lengths = {shot.performance.frames for shot in planned.values()}
    assert len(lengths) > 5
    assert min(lengths) < 8  # the paper takes eight frames of every clip


def test_the_drawn_faces_are_those_of_the_videos(drawn, planned):
    detector = dlib.get_frontal_face_detector()
    index = afew.index(drawn, "aligned_faces")
    assert len(index.clips) == len(planned)
    by_name = {shot.aligned: shot for shot in planned.values()}
    assert {clip.source for clip in index.clips} == set(by_name)
    for clip in index.clips[::4]:
        shot = by_name[clip.source]
        images = list(video.frames(clip.source))
        assert {image.shape for image in images} == {(128, 128, 3)}
        frames = list(video.frames(shot.path))
        assert len(images) == len(frames)
        face = min(detector(video.grey(frames[0])), key=lambda box: box.left()).center()
        middle = video.grey(frames[0])[face.y - 75 : face.y + 75, face.x - 75 : face.x + 75]
        middle = cv2.resize(middle, (63, 63), interpolation=cv2.INTER_AREA)  # 305 pixels of a frame become 128
        assert cv2.matchTemplate(video.grey(images[0]), middle, cv2.TM_CCOEFF_NORMED).max() > 0.9


def test_dark_clips_are_dark_and_their_faces_are_still_found(drawn, planned):
    detector = dlib.get_frontal_face_detector()
    light, dark = [], []
    for shot in planned.values():
        grey = video.grey(next(video.frames(shot.path)))
        (dark if shot.light < 1 else light).append(grey.mean())
        assert len(detector(grey)) == shot.people
    assert len(dark) >= 3
    assert max(dark) < 80 < min(light)


def test_the_name_in_both_parts_has_another_content(drawn, planned):
    first, second = (shot.path for shot in planned.values() if shot.path.stem == write_afew.IN_BOTH_PARTS)
    assert [path.parts[-3] for path in (first, second)] == ["Train_AFEW", "Val_AFEW"]
    assert first.parent.name != second.parent.name
    one, other = (next(video.frames(path)).astype(float) for path in (first, second))
    assert np.abs(one - other).mean() > 20


QUICK = write_afew.plan(Path("root"), corpora.SIZES["quick"].afew_train, corpora.SIZES["quick"].afew_val, seed=0)


def test_a_quick_set_has_what_happens_in_the_wild():
    assert Counter((shot.path.parts[-3], shot.people) for shot in QUICK) == {
        ("Train_AFEW", 0): 2,
        ("Train_AFEW", 1): 38,
        ("Train_AFEW", 2): 2,
        ("Val_AFEW", 0): 2,
        ("Val_AFEW", 1): 18,
        ("Val_AFEW", 2): 1,
    }
    people = {part: {s.performance.subject for s in QUICK if s.path.parts[-3] == f"{part}_AFEW"} for part in afew.PARTS}
    assert {part: len(seen) for part, seen in people.items()} == {"Train": 14, "Val": 7}
    assert not people["Train"] & people["Val"]
    repeated = [name for name, n in Counter(shot.path.stem for shot in QUICK).items() if n > 1]
    assert repeated == [write_afew.IN_BOTH_PARTS]
    dark = Counter(shot.performance.emotion for shot in QUICK if shot.light < 1)
    assert set(dark) == set(afew.CLASSES)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_names_are_times_in_a_film(seed):
    shots = write_afew.plan(Path(), 20, 10, seed)
    assert len({shot.path for shot in shots}) == len(shots)
    for shot in shots:
        hours, minutes, seconds, thousandths = map(int, re.fullmatch(r"(..)(..)(..)(...)", shot.path.stem).groups())
        assert hours < 3
        assert max(minutes, seconds) < 60
        assert thousandths % 40 == 0


def test_two_faces_are_found_and_the_first_is_larger(tmp_path):
    shot = next(shot for shot in QUICK if shot.people == 2 and shot.light == 1)
    detector = dlib.get_frontal_face_detector()
    frames = list(write_afew._frames(shot))
    assert {frame.shape for frame in frames} == {(576, 720, 3)}
    left, right = sorted(detector(video.grey(frames[0])), key=lambda box: box.left())
    assert left.width() > 1.2 * right.width()


def test_a_clip_with_nobody_has_no_face_and_no_aligned_ones(tmp_path):
    detector = dlib.get_frontal_face_detector()
    shots = [s for s in write_afew.plan(tmp_path, 3, 3, seed=0) if not s.people and "Train" in s.path.parts[-3]]
    assert [shot.performance.emotion for shot in shots] == [Emotion.HAPPY, Emotion.NEUTRAL]
    for shot in shots:
        shot.path.parent.mkdir(parents=True)
    write_afew.annotate(tmp_path, shots)
    for shot in shots:
        write_afew.write(shot)
        frames = list(video.frames(shot.path))
        assert len(frames) == shot.performance.frames
        assert all(len(detector(video.grey(frame))) == 0 for frame in frames[::6])
    assert [shot.aligned.is_dir() for shot in shots] == [True, False]
    assert not any(shots[0].aligned.iterdir())


def test_a_video_that_cannot_be_written_is_named(tmp_path):
    shot = write_afew.plan(tmp_path, 1, 1, seed=0)[1]
    shot.path.mkdir(parents=True)
    with pytest.raises(UserError, match=rf"Could not write .*{shot.path.name}.*disk full"):
        write_afew.write(shot)
