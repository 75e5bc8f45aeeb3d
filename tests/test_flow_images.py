"""Flow as images: what grey level a movement gets, and what colour."""

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reproductions.emotionalvlan.flow_images import colours, images, wheel

distances = st.floats(-30, 30, width=32)


def flow_of(*moves: tuple[float, float]) -> np.ndarray:
    """One image, a row of pixels that move so."""
    return np.array(moves, np.float32)[None, None]


@given(distances, distances)
def test_a_pixel_of_movement_is_sixteen_levels(dx, dy):
    image = images(flow_of((dx, dy)))
    assert image.shape == (1, 1, 1, 3) and image.dtype == np.uint8
    exact = [128 + 16 * dx, 128 + 16 * dy, 16 * np.hypot(dx, dy)]
    assert np.abs(image[0, 0, 0] - np.clip(exact, 0, 255)).max() <= 0.501


@pytest.mark.parametrize(
    ("move", "levels"),
    [
        ((0, 0), [128, 128, 0]),
        ((1, 0), [144, 128, 16]),
        ((-3, 4), [80, 192, 80]),
        ((8, -8), [255, 0, 181]),
        ((-9, 90), [0, 255, 255]),
    ],
)
def test_levels_counted_by_hand(move, levels):
    assert images(flow_of(move))[0, 0, 0].tolist() == levels


def test_min_max_stretches_every_channel_of_every_image():
    flow = np.stack([flow_of((0, -1), (1, 0), (0, 1))[0], flow_of((0, -10), (40, 0), (0, 30))[0]])
    stretched = images(flow, "min_max")
    assert stretched[0, 0, :, 0].tolist() == [0, 255, 0] and stretched[0, 0, :, 1].tolist() == [0, 128, 255]
    assert stretched[1, 0, :, 1].tolist() == [0, 64, 255] and stretched[1, 0, :, 2].tolist() == [0, 255, 170]


@pytest.mark.parametrize("scaling", ["clip_128_16", "min_max"])
def test_where_nothing_moves_the_image_is_flat(scaling):
    assert (images(np.zeros((2, 5, 4, 2), np.float32), scaling) == (128, 128, 0)).all()


# --- colours for people ----------------------------------------------------------------------------


def test_the_direction_is_the_hue_and_rest_is_white():
    around = np.radians(np.arange(0, 360, 15))
    flow = np.stack([np.cos(around), np.sin(around)], axis=1).astype(np.float32)[None]
    seen = colours(flow)[0]
    hues = [360 * colorsys.rgb_to_hsv(*(pixel / 255))[0] for pixel in seen]
    gaps = (np.array(hues) - np.arange(0, 360, 15) + 180) % 360 - 180
    assert np.abs(gaps).max() < 1
    assert (colours(np.zeros((2, 3, 2), np.float32)) == 255).all()


def test_the_farther_the_stronger_until_the_longest():
    flow = np.array([[[0, 0], [1, 0], [2, 0], [4, 0], [9, 0]]], np.float32)
    paleness = colours(flow, longest=4.0)[0, :, 1]
    assert paleness.tolist() == [255, 191, 128, 0, 0]
    assert colours(flow)[0, -1].tolist() == [255, 0, 0] and colours(flow)[0, 3, 1] > 100


def test_the_wheel_shows_every_direction_where_it_leads():
    disc = wheel(51)
    assert disc.shape == (51, 51, 3) and disc.dtype == np.uint8
    assert disc[25, 25].tolist() == [255, 255, 255] and disc[0, 0].tolist() == [255, 255, 255]
    # Right is red, and down, a quarter of the circle on, is yellow-green.
    assert disc[25, 50].tolist() == [255, 0, 0]
    red, green, blue = disc[50, 25].tolist()
    assert green == 255 and blue == 0 and abs(red - 128) <= 1
