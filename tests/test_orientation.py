"""Which way up a face is: the pixels of every look, and the choice by what a detector finds."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import orientation
from common.media.clips import DUAL, FRONTAL, Clip
from common.media.emotions import Emotion
from common.media.orientation import Look

FRAME = np.arange(12, dtype=np.uint8).reshape(3, 4)


class Marked:
    """Finds a face in every image whose top row is bright, and as many as told in all others."""

    version = "1"

    def __init__(self, elsewhere: int = 0):
        self.elsewhere = elsewhere

    def detect(self, grey: np.ndarray) -> np.ndarray:
        assert grey.flags["C_CONTIGUOUS"]
        found = 1 if grey[0].min() > 200 else self.elsewhere
        return np.zeros((found, 4), np.int32)


def clip(partition: str) -> Clip:
    return Clip("MMI", "1/S001-001.avi", "S001", Emotion.SAD, Path("S001-001.avi"), partition)


def bright_at(side: str) -> np.ndarray:
    frame = np.zeros((20, 30), np.uint8)
    frame[{"top": np.s_[:5], "left": np.s_[:, :5], "right": np.s_[:, -5:], "nowhere": np.s_[:0]}[side]] = 255
    return frame


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (Look(), FRAME),
        (Look(turn="clockwise"), [[8, 4, 0], [9, 5, 1], [10, 6, 2], [11, 7, 3]]),
        (Look(turn="counter-clockwise"), [[3, 7, 11], [2, 6, 10], [1, 5, 9], [0, 4, 8]]),
        (Look("left"), [[0, 1], [4, 5], [8, 9]]),
        (Look("right"), [[2, 3], [6, 7], [10, 11]]),
        (Look("left", "clockwise"), [[8, 4, 0], [9, 5, 1]]),
    ],
)
def test_what_is_looked_at(look, expected):
    assert look.at(FRAME).tolist() == np.asarray(expected).tolist()
    coloured = np.stack([FRAME] * 3, axis=-1)
    assert np.array_equal(look.at(coloured)[..., 1], expected)


@given(st.integers(1, 9), st.integers(1, 9))
def test_two_halves_cover_the_frame_and_are_of_one_size(height, width):
    frame = np.arange(height * width).reshape(height, width)
    left, right = Look("left").at(frame), Look("right").at(frame)
    assert left.shape == right.shape == (height, (width + 1) // 2)
    assert np.union1d(left, right).tolist() == frame.ravel().tolist()


def test_the_view_of_a_clip_decides_what_is_tried():
    assert orientation.possible(clip(FRONTAL)) == (Look(), Look(turn="clockwise"), Look(turn="counter-clockwise"))
    assert orientation.possible(clip(DUAL)) == (Look("left"), Look("right"))
    for other in ("", "Train", "VL Strong"):
        assert orientation.possible(clip(other)) == (Look(),)


@pytest.mark.parametrize(
    ("side", "turn"), [("top", "upright"), ("left", "clockwise"), ("right", "counter-clockwise"), ("nowhere", None)]
)
def test_the_face_decides_the_turn(side, turn):
    looks = orientation.possible(clip(FRONTAL))
    chosen = orientation.choose([bright_at(side)], looks, Marked())
    assert (chosen and chosen.turn) == turn


def test_the_face_decides_the_half():
    frame = np.hstack([np.zeros((20, 15), np.uint8), bright_at("top")[:, :15]])
    looks = orientation.possible(clip(DUAL))
    assert orientation.choose([frame], looks, Marked()) == Look("right")
    assert orientation.choose([np.fliplr(frame)], looks, Marked()) == Look("left")


def test_the_first_of_equals_is_taken():
    looks = orientation.possible(clip(FRONTAL))
    assert orientation.choose([bright_at("left")], looks, Marked(elsewhere=2)) == Look()


def test_most_frames_outvote_one():
    looks = orientation.possible(clip(FRONTAL))
    frames = [bright_at(side) for side in ("top", "left", "left")]
    assert orientation.choose(iter(frames), looks, Marked()) == Look(turn="clockwise")
    assert orientation.choose(frames[:1], looks, Marked()) == Look()


def test_without_frames_there_is_no_face():
    assert orientation.choose([], orientation.possible(clip(DUAL)), Marked()) is None
