"""The fast search finds the faces that a search of every frame finds, in the same boxes, and follows several."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import faces, video
from common.media.emotions import Emotion
from common.media.faces import Haar
from datasets.synthetic.performance import Performance, draw
from inference import finder, nearby
from inference.finder import Finder, overlap

SHARED = Path(__file__).parents[2] / "shared" / "videos"
EMPTY = np.full((288, 360, 3), 90, np.uint8)


def performed(subject: int, frames: int = 20) -> list[np.ndarray]:
    """Frames (288, 360, 3) of a synthetic face that moves."""
    return list(draw(Performance(0, 98, subject, 0, Emotion.HAPPY, frames, 25.0, (288, 360), False)))


@pytest.fixture(scope="module")
def happy() -> list[np.ndarray]:
    return performed(1)


@pytest.fixture(scope="module")
def other() -> list[np.ndarray]:
    return performed(2)


def compared(frames, detector: Haar) -> tuple[int, list[float]]:
    """How often frame-by-frame detection finds a face that the finder does not, and by how much boxes differ."""
    fast, lost, off = Finder(detector), 0, []
    for frame in frames:
        found = fast.boxes(frame)
        wanted = faces.largest(detector.detect(video.grey(frame)))
        if wanted is None:
            continue
        differences = [np.abs(np.subtract(face.box, wanted)).max() / wanted[2] for face in found]
        lost += not differences or min(differences) > 0.5
        off += [min(differences)] if differences else []
    assert fast.searches < len(list(frames))
    return lost, off


@pytest.mark.parametrize("scale_factor", [1.3, 1.1])
def test_boxes_are_those_of_a_search_of_every_frame(happy, other, scale_factor):
    for frames in (happy, other):
        lost, off = compared(frames, Haar(scale_factor))
        assert lost == 0 and len(off) >= 15
        assert np.median(off) <= 0.03 and np.percentile(off, 95) <= 0.08


def test_boxes_are_the_same_on_a_recorded_face():
    if not (SHARED / "single_face.mp4").exists():
        pytest.skip("needs ../shared/videos")
    lost, off = compared(list(video.frames(SHARED / "single_face.mp4"))[:40], Haar())
    assert lost == 0 and len(off) == 40 and np.percentile(off, 95) <= 0.03


def test_a_search_nearby_sees_the_very_windows_of_a_whole_search(happy):
    before, after = (video.grey(frame) for frame in happy[8:10])
    boxes = Haar().detect(before)
    assert nearby.search(Haar(), after, boxes[0]).tolist() in Haar().detect(after).tolist()
    # Two face widths aside there is nothing.
    assert nearby.search(Haar(), after, boxes[0] + np.array([2 * boxes[0][2], 0, 0, 0])) is None


def test_hits_are_windows_that_grouping_makes_a_face_of(happy):
    grey = video.grey(happy[0])
    found = Haar().hits(grey[::3, ::3].copy())
    assert found.shape[1] == 2 and found.dtype == np.int32
    assert len(Haar().hits(np.zeros((60, 60), np.uint8))) == 0


def test_several_faces_keep_their_numbers(happy, other):
    fast = Finder()
    sides = [np.hstack([one, two]) for one, two in zip(happy, other, strict=True)]
    tracks = [{face.track: face.box[0] < 360 for face in fast.boxes(frame)} for frame in sides]
    steady = [seen for seen in tracks if len(seen) == 2]
    assert len(steady) >= 18
    assert all(seen == steady[0] for seen in steady) and set(steady[0].values()) == {True, False}


def test_the_largest_face_comes_first(happy, other):
    small = np.zeros_like(happy[0])
    small[::] = 90
    small[:144, :180] = happy[0][::2, ::2]
    found = Finder().boxes(np.hstack([small, other[0]]))
    assert len(found) == 2 and found[0].box[2] > found[1].box[2] and found[0].box[0] > 360


def test_a_new_face_is_found_when_its_turn_comes(happy, other):
    fast = Finder()
    alone = [np.hstack([frame, EMPTY]) for frame in happy]
    both = [np.hstack([one, two]) for one, two in zip(happy, other, strict=True)]
    frames = alone[:3] + (both + both[::-1])[: finder.SEARCH_EVERY]
    counts = [len(fast.boxes(frame)) for frame in frames]
    assert counts[0] == 1 and counts[-1] == 2


def test_a_lost_face_is_counted_searched_and_known_again(happy):
    fast = Finder()
    (first,) = fast.boxes(happy[0])
    fast.boxes(happy[1])
    before = fast.searches
    assert fast.boxes(EMPTY) == [] and fast.boxes(EMPTY) == []
    assert fast.lost == 1 and fast.searches == before + 2
    (again,) = fast.boxes(happy[2])
    assert again.track == first.track


def test_a_face_that_was_away_for_long_is_another_one(happy):
    fast = Finder()
    (first,) = fast.boxes(happy[0])
    for _ in range(finder.FORGET_AFTER + 1):
        fast.boxes(EMPTY)
    assert fast.boxes(happy[1])[0].track != first.track


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (2160, 3840, 3)])
def test_frames_of_any_size_are_searched(shape):
    fast = Finder()
    for _ in range(2):
        assert fast.boxes(np.zeros(shape, np.uint8)) == []


def test_a_face_in_4k_is_followed(happy):
    fast = Finder()
    for frame in happy[:2]:
        large = np.zeros((2160, 3840, 3), np.uint8)
        large[900:1188, 1700:2060] = frame
        (face,) = fast.boxes(large)
        assert 1700 < face.box[0] < 2060 and face.track == 1
    assert fast.searches == 1


boxes = st.tuples(*[st.integers(-50, 50)] * 2, *[st.integers(1, 60)] * 2).map(np.array)


@given(boxes, boxes)
def test_overlap_is_a_share_and_the_same_both_ways(one, other):
    assert 0 <= overlap(one, other) <= 1
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, one) == 1
    assert overlap(one, one + np.array([one[2], 0, 0, 0])) == 0
