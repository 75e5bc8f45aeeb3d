"""Boxes and crops: geometry by properties, detection on a synthetic face and on real pixels."""

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.media import faces, video

SHARED = Path(__file__).parents[2] / "shared"
real_pixels = pytest.mark.skipif(not SHARED.is_dir(), reason="shared/ with its videos is not beside the repository")


@st.composite
def boxes_in_frames(draw):
    height, width = draw(st.integers(1, 400)), draw(st.integers(1, 400))
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return np.array([x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y))]), (height, width)


@given(boxes_in_frames(), st.floats(0, 1))
def test_widened_box_holds_the_box_and_stays_inside(box_and_shape, fraction):
    (x, y, w, h), (height, width) = box_and_shape
    left, top, wide, high = faces.widen(np.array([x, y, w, h]), fraction, (height, width))
    assert 0 <= left <= x and x + w <= left + wide <= width
    assert 0 <= top <= y and y + h <= top + high <= height


@given(boxes_in_frames())
def test_each_side_grows_by_ten_percent_unless_the_border_is_nearer(box_and_shape):
    (x, y, w, h), (height, width) = box_and_shape
    left, top, wide, high = faces.widen(np.array([x, y, w, h]), 0.10, (height, width))
    assert x - left == min(round(0.1 * w), x)
    assert y - top == min(round(0.1 * h), y)
    assert left + wide - x - w == min(round(0.1 * w), width - x - w)
    assert top + high - y - h == min(round(0.1 * h), height - y - h)


@given(boxes_in_frames(), st.sampled_from(sorted(faces.INTERPOLATIONS)))
def test_crop_has_its_size_and_invents_no_grey_levels(box_and_shape, interpolation):
    box, shape = box_and_shape
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    x, y, w, h = box
    face = faces.crop(image, box, 48, interpolation)
    assert face.shape == (48, 48) and face.dtype == np.uint8
    inside = image[y : y + h, x : x + w]
    assert inside.min() <= face.min() and face.max() <= inside.max()


def test_crop_without_resizing_copies_the_box():
    image = np.arange(100 * 80, dtype=np.uint32).reshape(80, 100).astype(np.uint8)
    assert np.array_equal(faces.crop(image, np.array([20, 10, 48, 48]), 48), image[10:58, 20:68])


def test_largest_takes_the_greatest_area_and_the_first_of_equals():
    boxes = np.array([[0, 0, 5, 5], [1, 1, 4, 9], [2, 2, 9, 4]], np.int32)
    assert faces.largest(boxes).tolist() == [1, 1, 4, 9]
    assert faces.largest(boxes[:0]) is None


def test_no_face_gives_an_empty_list_of_boxes():
    boxes = faces.Haar().detect(np.full((120, 160), 128, np.uint8))
    assert boxes.shape == (0, 4) and boxes.dtype == np.int32


def test_version_tells_settings_and_opencv_apart_and_the_detector_travels():
    assert faces.Haar().version != faces.Haar(scale_factor=1.1).version
    assert cv2.__version__ in faces.Haar().version
    assert pickle.loads(pickle.dumps(faces.Haar())) == faces.Haar()


@real_pixels
def test_haar_finds_the_face_of_a_real_video():
    found = [
        faces.largest(faces.Haar().detect(video.grey(image)))
        for image in video.frames(SHARED / "videos" / "single_face.mp4", step=6)
        if image is not None
    ]
    assert len(found) == 12
    assert all(box is not None and 150 < box[2] < 250 for box in found)


def test_a_part_is_as_grey_as_the_whole():
    frame = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    box = np.array([11, 7, 33, 31])
    expected = faces.crop(video.grey(frame), box, 20)
    assert np.array_equal(faces.crop(frame, box, 20, grey=True), expected)
    assert np.array_equal(faces.crop(video.grey(frame), box, 20, grey=True), expected)
