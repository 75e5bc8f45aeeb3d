"""Ten faces of a sequence: which frames, which box, which colours, and what the ledger says of the rest."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import little_ssd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import clahe, faces, video
from common.media.clips import Clip
from common.media.emotions import Emotion
from common.media.model_files import FORMS
from common.paper import load
from common.results.config import Request
from common.samples.build import build
from common.support.errors import UserError
from reproductions.cnn3d import preprocessing
from reproductions.cnn3d.preprocessing import HAAR, Settings, detector_title, equalise, face_image, prepare, settings

SHARED = Path(__file__).parents[2] / "shared"
real_model = pytest.mark.skipif(
    not (SHARED / "models" / "opencv_face_detector_uint8.pb").exists(),
    reason="shared/ with OpenCV's face detector and videos is not beside the repository",
)

PLAIN = Settings(clahe=False)


@dataclass(frozen=True)
class SeesBright:
    """Finds a face in every frame that is brighter than 100, the further to the right the brighter the frame is."""

    version = "fake"

    def detect(self, grey):
        boxes = [[int(grey.max()) - 200, 0, 20, 20], [0, 0, 5, 5]] if grey.max() > 100 else []
        return np.array(boxes, np.int32).reshape(-1, 4)


@pytest.fixture
def fake_finder(monkeypatch):
    monkeypatch.setattr(Settings, "finder", SeesBright())


def clip_of(folder, levels):
    folder.mkdir()
    for number, level in enumerate(levels, start=1):
        cv2.imwrite(str(folder / f"{number:03d}.png"), np.full((40, 80), level, np.uint8))
    return Clip("CK+", folder.name, "S1", Emotion.HAPPY, folder)


# --- which frames ----------------------------------------------------------------------------------


def test_the_last_ten_frames_are_one_sample(tmp_path, fake_finder):
    made = prepare(clip_of(tmp_path / "a", range(201, 215)), PLAIN)
    assert made.frames.shape == (10, 112, 112, 3) and made.frames.dtype == np.uint8
    assert made.frames[:, 0, 0, 0].tolist() == list(range(205, 215))
    assert made.frame_numbers.tolist() == list(range(4, 14))
    assert made.starts.tolist() == [0] and made.length == 10
    assert made.counts == {
        "frames_read": 14,
        "frames_skipped": 4,
        "frames_without_face": 0,
        "frames_repeated": 0,
        "sequences": 1,
        "without_any_face": 0,
    }


@pytest.mark.parametrize("count", [1, 6, 9])
def test_short_clips_repeat_their_last_frame(tmp_path, fake_finder, count):
    made = prepare(clip_of(tmp_path / "a", range(201, 201 + count)), PLAIN)
    last = 200 + count
    assert made.frames[:, 0, 0, 0].tolist() == [*range(201, last + 1), *[last] * (10 - count)]
    assert made.frame_numbers.tolist() == [*range(count), *[count - 1] * (10 - count)]
    assert made.counts["frames_repeated"] == 10 - count and made.counts["frames_skipped"] == 0


def test_only_used_frames_are_read_and_searched(tmp_path, fake_finder, monkeypatch):
    clip = clip_of(tmp_path / "a", range(201, 226))
    searched = []
    detect = SeesBright.detect
    monkeypatch.setattr(SeesBright, "detect", lambda self, grey: searched.append(grey.max()) or detect(self, grey))
    for number in range(1, 16):
        (clip.source / f"{number:03d}.png").write_bytes(b"not an image, and never opened")
    made = prepare(clip, PLAIN)
    assert searched == made.frames[:, 0, 0, 0].tolist() == list(range(216, 226))


@pytest.mark.parametrize("content", [b"", b"no image", "cut off"])
def test_an_unreadable_frame_among_the_last_is_named(tmp_path, fake_finder, content):
    clip = clip_of(tmp_path / "a", range(201, 215))
    broken = clip.source / "009.png"
    broken.write_bytes(broken.read_bytes()[:40] if content == "cut off" else content)
    with pytest.raises(UserError, match=r"009\.png"):
        prepare(clip, PLAIN)


def test_a_broken_sequence_can_be_left_out_and_is_told(tmp_path, fake_finder):
    clips = [clip_of(tmp_path / name, range(201, 213)) for name in "ab"]
    (clips[0].source / "007.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"1 of 2 clips.*\n.*007\.png"):
        build(clips, prepare, PLAIN, tmp_path / "cache", workers=1)
    made = build(clips, prepare, PLAIN, tmp_path / "cache", workers=1, skip_broken=True)
    assert len(made) == 1 and "007.png" in made.ledger.problem[0]


# --- which box -------------------------------------------------------------------------------------


def spots(box):
    """A frame whose pixels tell where they are, and the crop of a box of it without resizing."""
    x, y, w, h = box
    image = np.random.default_rng(0).integers(0, 256, (40, 80, 3), np.uint8)
    return image, image[y : y + h, x : x + w, ::-1]


def test_the_image_is_the_box_in_rgb():
    image, expected = spots((7, 3, 30, 30))
    assert np.array_equal(face_image(image, np.array([7, 3, 30, 30]), replace(PLAIN, size=30)), expected)


@pytest.mark.parametrize(
    ("levels", "whose"),
    [
        ([0, 0, 210, 211, 0, 0, 0, 215], [2, 2, 2, 3, 3, 3, 7, 7]),
        ([0, 205, 0, 207, 0], [1, 1, 1, 3, 3]),
        ([250, 0, 0], [0, 0, 0]),
    ],
)
def test_a_frame_without_face_takes_the_box_of_the_nearest_that_has_one(
    tmp_path, fake_finder, monkeypatch, levels, whose
):
    cut = []
    monkeypatch.setattr(preprocessing, "face_image", lambda image, box, _: cut.append(box.tolist()) or face_like(box))
    made = prepare(clip_of(tmp_path / "a", levels), PLAIN)
    assert cut == [[levels[number] - 200, 0, 20, 20] for number in whose]
    assert made.counts["frames_without_face"] == levels.count(0)


def face_like(box):
    return np.full((112, 112, 3), box[0], np.uint8)


def test_or_it_is_shown_whole(tmp_path, fake_finder, monkeypatch):
    cut = []
    monkeypatch.setattr(preprocessing, "face_image", lambda image, box, _: cut.append(box.tolist()) or face_like(box))
    prepare(clip_of(tmp_path / "a", [0, 205, 0]), replace(PLAIN, missed_face="whole_frame", box_margin=0.1))
    assert cut == [[0, 0, 80, 40], [3, 0, 24, 22], [0, 0, 80, 40]]


@pytest.mark.parametrize("missed_face", ["nearest_box", "whole_frame"])
def test_a_clip_without_any_face_is_lost_and_counted(tmp_path, fake_finder, missed_face):
    clips = [clip_of(tmp_path / "seen", [210] * 3), clip_of(tmp_path / "lost", [50] * 12)]
    chosen = replace(PLAIN, missed_face=missed_face)
    made = prepare(clips[1], chosen)
    assert made.frames.shape == (0, 112, 112, 3) and len(made.starts) == 0
    samples = build(clips, prepare, chosen, tmp_path / "cache", workers=1)
    assert samples.table["clip"].tolist() == ["seen"] and samples.shape == (112, 112, 3) and samples.length == 10
    ledger = samples.ledger.set_index("clip")
    assert ledger.without_any_face.to_dict() == {"seen": 0, "lost": 1}
    assert ledger.sequences.to_dict() == {"seen": 1, "lost": 0}
    assert ledger.frames_without_face.to_dict() == {"seen": 0, "lost": 10}


# --- which colours ---------------------------------------------------------------------------------


def photo():
    """A colour image (96, 128, 3) uint8 BGR with slopes and noise."""
    y, x = np.mgrid[:96, :128]
    slopes = np.stack([60 + y, 90 + x / 2, 40 + (x + y) / 2], axis=2)
    return np.clip(slopes + np.random.default_rng(1).normal(0, 6, slopes.shape), 0, 255).astype(np.uint8)


WHOLE = np.array([0, 0, 128, 96])


@pytest.mark.parametrize("clahe", [True, False])
def test_grey_images_have_three_equal_channels(clahe):
    made = face_image(photo(), WHOLE, Settings(grey=True, clahe=clahe))
    assert (np.ptp(made, axis=2) == 0).all() and np.ptp(made) > 50
    colour = face_image(photo(), WHOLE, Settings(clahe=clahe))
    assert (np.ptp(colour, axis=2) > 0).mean() > 0.9


def test_grey_is_the_luminance():
    image = photo()
    blue, green, red = (image[..., channel].astype(float) for channel in range(3))
    made = face_image(image, np.array([0, 0, 96, 96]), replace(PLAIN, grey=True, size=96))
    assert np.abs(made[..., 0] - (0.114 * blue + 0.587 * green + 0.299 * red)[:, :96]).max() <= 1


def test_clahe_on_the_lightness_keeps_the_colour():
    image = photo()
    before, after = (cv2.cvtColor(one, cv2.COLOR_BGR2LAB) for one in (image, equalise(image, "lab_lightness")))
    drift = np.abs(before.astype(int) - after)
    assert drift[..., 0].mean() > 5  # lightness
    assert (
        drift[..., 1:].mean()
        < 2
        < np.abs(before.astype(int) - cv2.cvtColor(equalise(image, "each_rgb_channel"), cv2.COLOR_BGR2LAB))[
            ..., 1:
        ].mean()
    )


def test_clahe_on_each_channel_treats_each_by_itself():
    image = photo()
    made = equalise(image, "each_rgb_channel")
    for channel in range(3):
        assert np.array_equal(made[..., channel], equalise(image[..., channel].copy(), "each_rgb_channel"))


def test_clahe_is_that_of_zuiderveld():
    """Computed anew where all tiles have the same histogram, so that no interpolation takes part."""
    tile = np.clip(np.random.default_rng(2).normal(120, 15, (20, 28)), 0, 255).astype(np.uint8)
    counts = np.bincount(tile.ravel(), minlength=256)
    limit = int(clahe.CLIP_LIMIT * tile.size / 256)
    surplus = int(np.maximum(counts - limit, 0).sum())
    counts = np.minimum(counts, limit) + surplus // 256
    if rest := surplus % 256:  # one more for levels at even distances
        step = max(256 // rest, 1)
        counts[: rest * step : step] += 1
    ranks = np.rint(np.cumsum(counts) * 255 / tile.size)
    image = np.tile(tile, clahe.TILES)
    assert np.abs(equalise(image, "lab_lightness") - ranks[image]).max() <= 1


def test_settings_are_those_of_the_paper():
    stated = load.load("cnn3d").hyperparameters
    assert (Settings().frames, Settings().size) == (stated["frames"], stated["size"])
    assert stated["clahe"] == {"clip_limit": clahe.CLIP_LIMIT, "tiles": list(clahe.TILES)}


def test_the_order_decides_what_clahe_sees():
    image, box = photo(), np.array([20, 20, 50, 50])
    late, early = (
        face_image(image, box, Settings(order=order))
        for order in ("crop_resize_clahe_scale", "clahe_crop_resize_scale")
    )
    resized = cv2.resize(image[20:70, 20:70], (112, 112))
    assert np.array_equal(late[..., ::-1], equalise(resized, "lab_lightness"))
    whole = equalise(image, "lab_lightness")[20:70, 20:70]
    assert np.array_equal(early[..., ::-1], cv2.resize(whole, (112, 112)))
    assert not np.array_equal(late, early)


@given(st.integers(0, 70), st.integers(0, 30), st.integers(1, 60), st.integers(1, 60), st.booleans(), st.booleans())
def test_every_box_gives_an_image(x, y, width, height, grey, clahe):
    box = np.array([x, y, min(width, 80 - x), min(height, 40 - y)])
    made = face_image(spots((0, 0, 1, 1))[0], box, Settings(grey=grey, clahe=clahe))
    assert made.shape == (112, 112, 3) and made.dtype == np.uint8


# --- what a request asks for -----------------------------------------------------------------------


def request_with(tmp_path, models=None, **changed):
    one = load.load("cnn3d")
    return Request(one, settings=one.settings | changed, cache=tmp_path, results=tmp_path, models=models)


def test_only_ckplus_is_made_grey_unless_asked(tmp_path):
    assert settings(request_with(tmp_path), "CK+", True).grey
    assert not settings(request_with(tmp_path), "Oulu-CASIA", True).grey
    assert settings(request_with(tmp_path, oulu_colour="grey"), "Oulu-CASIA", True).grey


@pytest.mark.parametrize(
    ("decision", "field"),
    [
        ("box_margin", "box_margin"),
        ("detector_threshold", "threshold"),
        ("missed_face", "missed_face"),
        ("clahe_channel", "clahe_channel"),
        ("preprocessing_order", "order"),
    ],
)
def test_each_decision_is_heard(tmp_path, decision, field):
    known = next(one for one in load.load("cnn3d").decisions if one.name == decision)
    for value in (known.default, *known.alternatives):
        assert getattr(settings(request_with(tmp_path, **{decision: value}), "CK+", False), field) == value
    assert getattr(Settings(), field) == known.default


def test_without_models_the_cascade_takes_their_place_and_tables_say_so(tmp_path):
    chosen = settings(request_with(tmp_path), "CK+", True)
    assert chosen.detector == HAAR and isinstance(chosen.finder, faces.Haar)
    assert detector_title(chosen.detector) == "embedded Haar cascade, not the paper's SSD"


@pytest.fixture
def models(tmp_path, monkeypatch):
    return little_ssd.install(tmp_path / "models", monkeypatch)


def test_with_models_their_detector_is_used_and_named(tmp_path, models):
    chosen = settings(request_with(tmp_path, models), "CK+", False)
    assert detector_title(chosen.detector) == "a little SSD"
    made = prepare(clip_of(tmp_path / "a", [200] * 3), chosen)
    assert made.counts["sequences"] == 1 and made.counts["frames_without_face"] == 0
    lost = prepare(clip_of(tmp_path / "b", [20] * 3), chosen)
    assert lost.counts["without_any_face"] == 1


def test_weights_of_another_content_stop_the_request(tmp_path, models):
    (models / FORMS["ssd_caffe"].weights.name).write_bytes(b"another")
    with pytest.raises(UserError, match=r"res10.*is not the file"):
        settings(request_with(tmp_path, models), "CK+", True)


def test_samples_know_the_detector_but_not_where_its_files_lie(tmp_path, models):
    clips = [clip_of(tmp_path / "a", [200] * 3)]
    moved = shutil.copytree(models, tmp_path / "moved")

    def key(folder, **changed):
        chosen = settings(request_with(tmp_path, folder, **changed), "CK+", False)
        return build(clips, prepare, chosen, tmp_path / "cache", workers=1).key

    assert key(models) == key(moved) != key(models, detector_threshold=0.3)
    versions = {settings(request_with(tmp_path, folder), "CK+", False).version for folder in (None, models, moved)}
    assert len(versions) == 2


# --- real pixels -----------------------------------------------------------------------------------


@real_model
@pytest.mark.parametrize("detector", [HAAR, "ssd_tensorflow"])
@pytest.mark.parametrize(("name", "sequences", "begin"), [("single_face.mp4", 1, 62), ("no_face.mp4", 0, 85)])
def test_real_videos(detector, name, sequences, begin):
    chosen = Settings(detector=detector, models=SHARED / "models")
    made = prepare(Clip("CK+", name, "one", None, SHARED / "videos" / name), chosen)
    assert made.counts["sequences"] == sequences and made.counts["frames_skipped"] == begin
    assert made.frame_numbers.tolist() == list(range(begin, begin + 10)) * sequences


@real_model
def test_both_detectors_cut_out_the_same_face():
    chosen = [Settings(detector=one, models=SHARED / "models") for one in (HAAR, "ssd_tensorflow")]
    image = next(video.frames(SHARED / "videos" / "single_face.mp4"))
    haar, deep = (preprocessing._face(image, one.finder) for one in chosen)
    left, top = np.maximum(haar[:2], deep[:2])
    right, bottom = np.minimum(haar[:2] + haar[2:], deep[:2] + deep[2:])
    shared = (right - left) * (bottom - top)
    assert shared / (haar[2] * haar[3] + deep[2] * deep[3] - shared) > 0.6
