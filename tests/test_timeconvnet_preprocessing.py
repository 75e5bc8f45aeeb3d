"""BigFaceX windows: which frames, which windows, and what the ledger says of the rest."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import video
from common.media.clips import Clip
from common.media.emotions import Emotion
from common.paper import load as papers
from reproductions.timeconvnet import data, preprocessing
from reproductions.timeconvnet.preprocessing import Settings, chosen, face_image, prepare, windows

VIDEOS = Path(__file__).parents[2] / "shared" / "videos"
real_pixels = pytest.mark.skipif(not VIDEOS.is_dir(), reason="shared/ with its videos is not beside the repository")


@dataclass(frozen=True)
class SeesBright:
    """Finds a face of 60×40 pixels in every frame that is not black."""

    version = "fake"

    def detect(self, grey):
        boxes = [[20, 10, 60, 40], [0, 0, 5, 5]] if grey.max() > 0 else []
        return np.array(boxes, np.int32).reshape(-1, 4)


@pytest.fixture
def fake_detector(monkeypatch):
    monkeypatch.setattr(Settings, "detector", SeesBright())


def clip_of(folder, levels, corpus="CK+"):
    folder.mkdir()
    for number, level in enumerate(levels, start=1):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((80, 120), level, np.uint8))
    return Clip(corpus, folder.name, "S1", Emotion.HAPPY, folder)


def numbers(made):
    """The frame numbers of every window."""
    return [made.frame_numbers[start : start + made.length].tolist() for start in made.starts]


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 6), st.integers(1, 4))
def test_windows_agree_with_looking_at_each(seen, length, hop):
    starts, dropped = windows(np.array(seen, bool), length, hop)
    rows = np.cumsum(seen) - 1
    every = [range(first, first + length) for first in range(0, len(seen) - length + 1, hop)]
    good = [window for window in every if all(seen[frame] for frame in window)]
    assert starts.tolist() == [rows[window[0]] for window in good]
    assert dropped == len(every) - len(good)


def test_whole_corpora_use_every_frame(tmp_path, fake_detector):
    made = prepare(clip_of(tmp_path / "a", range(50, 58)), Settings())
    assert numbers(made) == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5, 6], [3, 4, 5, 6, 7]]
    assert made.frames.shape == (8, 48, 48, 1) and made.frames.dtype == np.uint8
    assert made.frames[:, 24, 24, 0].tolist() == list(range(50, 58))


@pytest.mark.parametrize("corpus", ["BAUM-1", "eNTERFACE'05"])
def test_the_others_skip_five_frames_and_keep_every_second(tmp_path, fake_detector, corpus):
    made = prepare(clip_of(tmp_path / "a", range(50, 67), corpus), Settings())
    assert numbers(made) == [[5, 7, 9, 11, 13], [7, 9, 11, 13, 15]]
    assert made.counts["frames_read"] == 17
    assert made.counts["frames_skipped"] == 11


def test_windows_with_a_lost_face_are_dropped_and_counted(tmp_path, fake_detector):
    made = prepare(clip_of(tmp_path / "a", [9] * 6 + [0] + [9] * 5), Settings())
    assert numbers(made) == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [7, 8, 9, 10, 11]]
    assert made.counts == {
        "frames_read": 12,
        "frames_skipped": 0,
        "frames_without_face": 1,
        "windows": 3,
        "windows_without_face": 5,
        "too_short": 0,
        "without_any_face": 0,
    }


def test_the_last_box_can_bridge_a_lost_face(tmp_path, fake_detector):
    settings = Settings(missed="reuse_previous_box")
    made = prepare(clip_of(tmp_path / "a", [0, 9, 9, 0, 9, 9, 9]), settings)
    assert numbers(made) == [[1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]
    assert made.frames[:, 24, 24, 0].tolist() == [9, 9, 0, 9, 9, 9]
    assert made.counts["frames_without_face"] == 2


def test_the_crop_is_the_largest_box_widened(tmp_path, fake_detector):
    folder = tmp_path / "a"
    folder.mkdir()
    image = np.zeros((80, 120), np.uint8)
    image[6:54, 14:86] = 200  # the box (20, 10, 60, 40) and 10 % of its size around it
    for number in range(5):
        cv2.imwrite(str(folder / f"{number}.png"), image)
    made = prepare(Clip("CK+", "a", "S1", None, folder), Settings())
    assert (made.frames == 200).all()


@pytest.mark.parametrize("levels", [[9] * 4, [0] * 9, [0, 0, 0]])
def test_clips_that_give_no_window_say_why(tmp_path, fake_detector, levels):
    made = prepare(clip_of(tmp_path / "a", levels), Settings())
    assert len(made.starts) == 0 and made.frames.shape[1:] == (48, 48, 1)
    assert made.counts["windows"] == 0
    assert made.counts["too_short"] == (len(levels) < 5)
    assert made.counts["without_any_face"] == (levels[0] == 0)


@pytest.mark.parametrize(
    ("stride", "windows_of_17"),
    [
        ("thinning", [[5, 7, 9, 11, 13], [7, 9, 11, 13, 15]]),
        ("hop", [[5, 6, 7, 8, 9], [7, 8, 9, 10, 11], [9, 10, 11, 12, 13], [11, 12, 13, 14, 15]]),
    ],
)
def test_a_stride_of_2_thins_frames_or_windows_and_never_those_of_ckplus(
    tmp_path, fake_detector, stride, windows_of_17
):
    settings = chosen({"stride": stride})
    made = prepare(clip_of(tmp_path / "a", [9] * 17, "BAUM-1"), settings)
    assert numbers(made) == windows_of_17
    assert [window[0] for window in numbers(prepare(clip_of(tmp_path / "b", [9] * 7), settings))] == [0, 1, 2]


def test_decisions_of_the_paper_are_the_settings_and_their_defaults_leave_samples_as_they_were():
    paper = papers.load("timeconvnet")
    assert chosen(paper.settings) == chosen({}) == Settings()
    other = chosen({"min_neighbors": 3, "min_size": 24, "scale_factor": 1.1, "missed": "reuse_previous_box"})
    assert (other.min_neighbors, other.min_size, other.missed) == (3, 24, "reuse_previous_box")
    assert (other.detector.min_neighbors, other.detector.min_size) == (3, 24)
    for decision in paper.decisions:
        if decision.name in (*preprocessing.DECISIONS, "stride"):
            for choice in decision.alternatives:
                assert chosen({decision.name: 30 if choice == "any" else choice}) != Settings(), decision.name


def test_what_the_paper_states_of_the_input_is_what_is_done():
    paper, ours = papers.load("timeconvnet"), Settings()
    stated = paper.hyperparameters
    assert (stated["window"], stated["size"], stated["box_margin"]) == (ours.window, ours.size, ours.margin)
    assert stated["channels"] == 1 and stated["emotions"] == list(map(str, data.CLASSES))
    whole = {name: name in ours.whole_corpora for name in stated["corpora"]}
    assert stated["skipped_first_frames"] == {name: 0 if all_ else ours.skip_first for name, all_ in whole.items()}
    assert stated["stride"] == {name: 1 if all_ else ours.step for name, all_ in whole.items()}
    profile = paper.profiles["paper"]
    assert (profile["default"], profile["networks"]) == ({"epochs": stated["epochs"]}, {})
    assert profile["timing_runs"] == stated["timing_runs"]


def test_version_follows_the_detector():
    assert Settings().version != replace(Settings(), scale_factor=1.1).version


@real_pixels
@pytest.mark.parametrize(("name", "frames", "lost"), [("single_face.mp4", 72, 0), ("no_face.mp4", 95, 95)])
def test_real_videos_report_the_frames_that_lost_their_face(name, frames, lost):
    made = prepare(Clip("CK+", name, "one", None, VIDEOS / name), Settings())
    assert made.counts["frames_read"] == frames
    assert made.counts["frames_without_face"] == lost
    assert len(made.starts) == (0 if lost else frames - 4)
    assert made.counts["without_any_face"] == (lost == frames)


@real_pixels
def test_thinned_real_video_decodes_only_kept_frames(monkeypatch):
    looked_at = []
    grey = preprocessing.video.grey
    monkeypatch.setattr(preprocessing.video, "grey", lambda image: looked_at.append(1) or grey(image))
    made = prepare(Clip("BAUM-1", "x", "one", None, VIDEOS / "single_face.mp4"), Settings())
    assert len(looked_at) == len(range(72)[5::2]) == made.counts["frames_read"] - made.counts["frames_skipped"]
    assert made.frame_numbers.tolist() == list(range(72)[5::2])


def test_a_face_is_the_same_from_a_grey_frame_and_from_a_colour_one():
    frame = np.random.default_rng(0).integers(0, 256, (80, 120, 3), np.uint8)
    box = np.array([90, 5, 40, 40])  # wider than the frame once its margin is added
    assert np.array_equal(face_image(frame, box, Settings()), face_image(video.grey(frame), box, Settings()))
