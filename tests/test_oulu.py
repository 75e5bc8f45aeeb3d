"""Oulu-CASIA: the loader on fabricated trees in the layouts that people have, and the synthetic set."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from little_loaders import kinds

from common.media import faces, video
from common.media.clips import Index, provenance
from common.media.emotions import Emotion
from common.support.errors import UserError
from datasets import oulu
from datasets.summary import count, summarise
from datasets.synthetic import corpora, write_oulu

TINY = corpora.SIZES["tiny"]
WORDS = tuple(write_oulu.WORDS.values())


def sequence(home: Path, name: str, numbers=range(9), ending="jpeg") -> Path:
    """A sequence `VL/Strong/P001/Anger` of empty images: an index opens none."""
    folder = home / name
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{number:03d}.{ending}").touch()
    return folder


def subject(home: Path, name: str, words=WORDS) -> None:
    for word in words:
        sequence(home, f"{name}/{word}", range(1))


def finding(index: Index, kind: str) -> tuple[str, str]:
    """Where the only finding of that kind is, and its detail."""
    (one,) = (one for one in index.findings if one.kind == kind)
    return one.path, one.detail


# --- the tree --------------------------------------------------------------------------------------


def test_subject_emotion_and_condition_come_from_the_folders(tmp_path):
    home = tmp_path / "OriginalImg"
    subject(home, "VL/Strong/P001")
    subject(home, "VL/Strong/P010", ["Happiness"])
    (home / "VL" / "Strong" / ".DS_Store").touch()
    (home / "VL" / "Strong" / "P001" / "Anger" / "Thumbs.db").touch()
    (home / "VL" / "Strong" / "P001" / "Anger" / "._000.jpeg").touch()
    index = oulu.index(tmp_path)
    assert index.root == home
    assert [clip.emotion for clip in index.clips] == [
        Emotion.ANGRY,
        Emotion.DISGUST,
        Emotion.FEAR,
        Emotion.HAPPY,
        Emotion.SAD,
        Emotion.SURPRISE,
        Emotion.HAPPY,
    ]
    first, last = index.clips[0], index.clips[-1]
    assert (first.name, first.subject, first.partition) == ("VL/Strong/P001/Anger", "P001", "VL Strong")
    assert first.source == home / "VL" / "Strong" / "P001" / "Anger"
    assert last.person == "Oulu-CASIA/P010"
    assert kinds(index) == {"sequences missing": 1}
    assert finding(index, "sequences missing") == ("VL/Strong/P010", "anger, disgust, fear, sadness, surprise")


@pytest.mark.parametrize(
    "nest", ["", "OriginalImg", "B_OriginalImg", "Oulu/B_OriginalImg/B_OriginalImg/OriginalImg", "Oulu_CASIA_NIR_VIS"]
)
@pytest.mark.parametrize("name", ["VL/Strong/P007", "vl/strong/p007", "VL/VL/Strong/P007", "VL/Strong/Strong/P007"])
def test_the_original_tree_is_found_under_its_known_names(tmp_path, nest, name):
    subject(tmp_path / nest, name)
    index = oulu.index(tmp_path)
    assert index.root == tmp_path / nest
    assert {(clip.subject, clip.partition) for clip in index.clips} == {("P007", "VL Strong")}
    assert len(index.clips) == 6
    assert index.findings == ()
    assert oulu.index(index.root) == index


@pytest.mark.parametrize("nest", ["PreProcess_Img", "PreProcess", "Oulu/B_PreProcess/PreProcessImg"])
def test_the_preprocessed_tree_is_read_where_it_is_all_there_is(tmp_path, nest):
    for camera in oulu.get_args(oulu.Camera):
        subject(tmp_path / nest, f"{camera}_Acropped/Weak/P001")
    (tmp_path / nest / "change_log.txt").touch()
    index = oulu.index(tmp_path, camera="NI", light="Weak")
    assert index.clips[0].name == "NI_Acropped/Weak/P001/Anger"
    assert {clip.partition for clip in index.clips} == {"NI Weak"}
    assert index.dropped[0].name == "VL_Acropped/Weak/P001/Anger"
    assert kinds(index) == {"faces are cut out already": 1}


@pytest.mark.parametrize("original", ["OriginalImg", "deeper/than/that/OriginalImg", ""])
def test_whole_images_are_preferred_to_cut_out_faces(tmp_path, original):
    subject(tmp_path / "PreProcess_Img" if original else tmp_path, "VL_Acropped/Strong/P001")
    subject(tmp_path / original, "VL/Strong/P001")
    index = oulu.index(tmp_path)
    assert index.root == tmp_path / original
    assert {clip.name.split("/")[0] for clip in index.clips} == {"VL"}
    assert index.findings == index.dropped == ()


def test_the_older_ending_and_both_endings_are_read(tmp_path):
    sequence(tmp_path, "VL/Strong/P001/Anger", range(4), ending="JPG")
    sequence(tmp_path, "VL/Strong/P001/Fear", range(4), ending="jpg")
    sequence(tmp_path, "VL/Strong/P001/Fear", range(4, 8))
    index = oulu.index(tmp_path)
    assert [clip.emotion for clip in index.clips] == [Emotion.ANGRY, Emotion.FEAR]
    assert kinds(index) == {"sequences missing": 1}


# --- conditions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("camera", "light"), oulu.CONDITIONS)
def test_one_condition_is_chosen_and_the_others_are_counted(tmp_path, camera, light):
    for number, condition in enumerate(oulu.CONDITIONS, start=1):
        for one in range(1, number + 1):
            subject(tmp_path, f"{'/'.join(condition)}/P{one:03d}")
    index = oulu.index(tmp_path, camera, light)
    expected = 6 * (1 + oulu.CONDITIONS.index((camera, light)))
    assert {clip.partition for clip in index.clips} == {f"{camera} {light}"}
    assert len(index.clips) == expected
    assert len(index.dropped) == 6 * 21 - expected
    assert count(index, f"clips {camera} {light}") == expected
    assert count(index, f"clips {camera} {light} Happy") == expected / 6
    assert count(index, f"clips {camera}") == 6 * (6 if camera == "VL" else 15)
    assert count(index, "clips") == 6 * 21
    assert count(index, "subjects") == 6


def test_unknown_settings_suggest_the_nearest(tmp_path):
    subject(tmp_path, "VL/Strong/P001")
    with pytest.raises(UserError, match=r"camera of Oulu-CASIA called 'NIR'.*Did you mean NI\?"):
        oulu.index(tmp_path, camera="NIR")
    with pytest.raises(UserError, match=r"light of Oulu-CASIA called 'strong'.*Did you mean Strong\?"):
        oulu.index(tmp_path, light="strong")


def test_a_condition_that_is_not_there_is_named_with_those_that_are(tmp_path):
    subject(tmp_path, "VL/Strong/P001")
    subject(tmp_path, "VL/Weak/P001")
    with pytest.raises(UserError, match="has no sequences of NI Dark") as caught:
        oulu.index(tmp_path, camera="NI", light="Dark")
    assert "VL Strong, VL Weak" in caught.value.problem
    assert "NI/Dark" in caught.value.remedy


# --- what is odd -----------------------------------------------------------------------------------


def test_what_is_odd_is_reported(tmp_path):
    subject(tmp_path, "VL/Strong/P001", WORDS[2:])
    sequence(tmp_path, "VL/Strong/P001/Anger", (1, 2, 3))
    sequence(tmp_path, "VL/Strong/P001/Disgust", (0, 1, 5))
    subject(tmp_path, "VL/Strong/P002")
    (tmp_path / "VL" / "Strong" / "P002" / "Fear" / "peak.jpeg").touch()
    sequence(tmp_path, "VL/Strong/P002/Neutral")
    subject(tmp_path, "VL/Strong/backup")
    index = oulu.index(tmp_path)
    assert {one.kind: (one.path, one.detail) for one in index.findings} == {
        "first frame is not number 0": ("VL/Strong/P001/Anger", "starts at 1"),
        "gap in the frame numbers": ("VL/Strong/P001/Disgust", "3 missing"),
        "image that is no frame": ("VL/Strong/P002/Fear/peak.jpeg", "1 such images, left out"),
        "clip without label": ("VL/Strong/P002/Neutral", "Neutral is none of the six expressions"),
        "folder of no subject": ("VL/Strong/backup", "left out"),
    }
    assert len(index.findings) == 5
    assert len(index.labelled) == len(index.clips) - 1 == 12


def test_a_subject_without_sequences_is_reported_and_not_counted(tmp_path):
    subject(tmp_path, "VL/Strong/P001")
    (tmp_path / "VL" / "Strong" / "P002").mkdir()
    for word in WORDS:
        (tmp_path / "VL" / "Strong" / "P003" / word).mkdir(parents=True)
    index = oulu.index(tmp_path)
    assert kinds(index) == {"subject without sequences": 2, "sequence without images": 6}
    assert [one.path for one in index.findings if "subject" in one.kind] == ["VL/Strong/P002", "VL/Strong/P003"]
    assert count(index, "subjects") == 1


def test_subjects_without_any_sequence_are_refused(tmp_path):
    (tmp_path / "VL" / "Strong" / "P001" / "Anger").mkdir(parents=True)
    with pytest.raises(UserError, match=r"no sequences of VL Strong .*: none\)\. Unpack"):
        oulu.index(tmp_path)


# --- a complete copy -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def complete(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("complete")
    for camera, light in oulu.CONDITIONS:
        for number in range(1, 81):
            subject(root / "OriginalImg", f"{camera}/{light}/P{number:03d}")
    return root


def test_a_complete_copy_has_every_published_count(complete):
    found = summarise(oulu.index(complete), oulu.EXPECTED)
    assert {row.status for row in found.rows} == {"ok"}
    assert found.findings == ()
    assert len(oulu.index(complete).clips) == 480


def test_the_census_does_not_depend_on_the_condition(complete):
    rows = [summarise(oulu.index(complete, *condition), oulu.EXPECTED).rows for condition in oulu.CONDITIONS]
    assert all(other == rows[0] for other in rows)


def test_what_a_copy_lacks_is_counted(complete, tmp_path):
    subject(tmp_path, "VL/Strong/P001")
    subject(tmp_path, "VL/Strong/P002", ["Anger"])
    status = {row.what: (row.found, row.status) for row in summarise(oulu.index(tmp_path), oulu.EXPECTED).rows}
    assert status["clips VL Strong"] == (7, "missing")
    assert status["clips VL Strong Angry"] == (2, "missing")
    assert status["clips NI Dark"] == (0, "missing")


# --- the synthetic set ---------------------------------------------------------------------------------


def test_the_drawn_set_is_read_as_it_was_planned(tiny):
    planned = {one.path: one for one in write_oulu.plan(tiny, TINY.oulu_subjects, seed=0)}
    index = oulu.index(tiny)
    assert index.findings == ()
    assert {clip.source for clip in (*index.clips, *index.dropped)} == set(planned)
    assert provenance(index.root).word == "synthetic"
    assert Counter(clip.subject for clip in index.clips) == {f"P{n:03d}": 6 for n in range(1, 5)}
    assert Counter(clip.partition for clip in index.dropped) == {
        f"{camera} {light}": 6 for camera, light in oulu.CONDITIONS if (camera, light) != ("VL", "Strong")
    }
    for clip in (*index.clips, *index.dropped):
        one = planned[clip.source]
        assert clip.emotion is one.performance.emotion
        assert clip.partition == f"{one.camera} {one.light}"
        frames = video.images(clip.source)
        assert [frame.name for frame in frames] == [f"{n:03d}.jpeg" for n in range(one.performance.frames)]
        assert 9 <= len(frames) <= 24


def test_sequences_of_drawn_subjects_differ_in_length(tiny):
    assert len({len(video.images(clip.source)) for clip in oulu.index(tiny).clips}) > 5


def test_a_drawn_sequence_goes_from_neutral_to_the_peak():
    planned = write_oulu.plan(Path(), 3, seed=0)
    assert all(one.performance.posed for one in planned)
    smile = next(one for one in planned if one.path.match("VL/Strong/P001/Happiness"))
    frames = [cv2.GaussianBlur(frame, (9, 9), 0).astype(float) for frame in write_oulu.draw(smile.performance)]
    changed = [np.abs(frame - frames[0]).mean() for frame in frames]
    assert changed[-1] > 1.5 * np.median(changed[1:4])


def seen(tiny: Path, camera: str, light: str) -> list[np.ndarray]:
    """The last frame of each of the first subject's sequences in that condition, as it is stored."""
    clips = [clip for clip in oulu.index(tiny, camera, light).clips if clip.subject == "P001"]
    return [cv2.imread(str(video.images(clip.source)[-1]), cv2.IMREAD_UNCHANGED) for clip in clips]


def test_lamps_matter_to_one_camera_only(tiny):
    brightness = {
        condition: np.mean([image.mean() for image in seen(tiny, *condition)]) for condition in oulu.CONDITIONS
    }
    assert brightness["VL", "Strong"] > 1.5 * brightness["VL", "Weak"] > 3 * brightness["VL", "Dark"]
    infrared = [brightness["NI", light] for light in oulu.get_args(oulu.Light)]
    assert max(infrared) < 1.05 * min(infrared)


def test_visible_light_is_in_colour_and_infrared_grey(tiny):
    assert {image.shape for image in seen(tiny, "VL", "Strong")} == {(240, 320, 3)}
    assert {image.shape for image in seen(tiny, "NI", "Strong")} == {(240, 320)}
    colour = seen(tiny, "VL", "Strong")[0].astype(float)
    assert np.abs(colour[..., 0] - colour[..., 2]).mean() > 5


def test_both_cameras_record_the_same_performance(tiny):
    """The infrared frame is the red channel, up to what JPEG loses."""
    for colour, grey in zip(seen(tiny, "VL", "Strong"), seen(tiny, "NI", "Strong"), strict=True):
        assert np.corrcoef(colour[..., 2].ravel(), grey.ravel())[0, 1] > 0.95


def test_nearly_every_face_is_found_and_none_in_the_dark(tiny):
    detector = faces.Haar()

    def share(camera: str, light: str) -> float:
        images = [
            frame for clip in oulu.index(tiny, camera, light).clips for frame in [*video.frames(clip.source)][::6]
        ]
        return np.mean([faces.largest(detector.detect(video.grey(image))) is not None for image in images])

    assert share("VL", "Strong") >= 0.97
    assert share("NI", "Dark") >= 0.97
    assert share("VL", "Dark") == 0


def test_the_seed_decides_every_image(tmp_path):
    def files(root: Path) -> dict[str, bytes]:
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.jpeg")}

    def drawn(folder: str, seed: int) -> dict[str, bytes]:
        one = write_oulu.plan(tmp_path / folder, 1, seed)[0]
        write_oulu.write(one)
        return files(tmp_path / folder)

    first, again, other = drawn("first", 0), drawn("again", 0), drawn("other", 1)
    assert first == again
    assert first["Oulu-CASIA/OriginalImg/VL/Strong/P001/Anger/000.jpeg"] not in other.values()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    one = write_oulu.plan(tmp_path, 1, seed=0)[0]
    (one.path / "000.jpeg").mkdir(parents=True)
    with pytest.raises(UserError, match=r"Could not write .*000\.jpeg.*disk full"):
        write_oulu.write(one)


# --- frames that cannot be read --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda data: b"", "is empty"),
        (lambda data: b"not an image", "is damaged or not an image"),
        (lambda data: data[: len(data) // 2], "is damaged or not an image"),
    ],
)
def test_an_unreadable_frame_in_the_middle_is_named(copy_of_tiny, damage, problem):
    index = oulu.index(copy_of_tiny)
    clip = index.clips[7]
    paths = video.images(clip.source)
    middle = paths[len(paths) // 2]
    data = middle.read_bytes()
    middle.unlink()  # the copy shares its files with the other tests
    middle.write_bytes(damage(data))
    assert oulu.index(copy_of_tiny) == index
    with pytest.raises(UserError, match=rf"P002.{clip.source.name}.{middle.name} {problem}.*Copy it again"):
        list(video.frames(clip.source))
    # Who does not need that frame is not stopped by it.
    assert sum(frame is not None for frame in video.frames(clip.source, len(paths) // 2 + 1)) == (len(paths) - 1) // 2
