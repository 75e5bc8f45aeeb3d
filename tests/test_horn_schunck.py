"""The optical flow: known movements, another program's answer, mirrored images, and images that it refuses."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from common.support.errors import UserError
from reproductions.emotionalvlan.horn_schunck import CLASSIC, MATLAB, Scheme, flow, gradients
from reproductions.emotionalvlan.jacobi import LANES, sweep

HEIGHT, WIDTH = 150, 110
ACCURATE = replace(CLASSIC, smoothness=5.0, sweeps=400)
ALL = [
    Scheme(3.0, 7, gradient, mean, border)
    for gradient, mean, border in product(("sobel", "cube"), ("cross", "square"), ("repeat", "zero"))
]


def name(scheme: Scheme) -> str:
    return f"{scheme.gradient}-{scheme.mean}-{scheme.border}"


def noise(pairs: int, height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    levels = np.random.default_rng(seed).integers(0, 256, (2, pairs, height, width)).astype(np.uint8)
    return levels[0], levels[1]


# --- known movements -------------------------------------------------------------------------------

ANGLE = np.radians(0.5)
MOVEMENTS = {
    "still": (np.eye(2), (0.0, 0.0)),
    "translation": (np.eye(2), (0.5, -0.3)),
    "rotation": (np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]]), (0.0, 0.0)),
    "zoom": (1.01 * np.eye(2), (0.0, 0.0)),
}


def texture(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Waves in all directions, 25 pixels long and longer, with levels from 0 to 255."""
    rng = np.random.default_rng(1)
    waves = zip(rng.uniform(-0.25, 0.25, (8, 2)), rng.uniform(0, 2 * np.pi, 8), rng.uniform(8, 15, 8), strict=True)
    return 128 + sum(height * np.sin(k[0] * x + k[1] * y + phase) for k, phase, height in waves)


def moving(turn: np.ndarray, shift: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two images (1, H, W) and the true flow between them: p moves to turn·(p − middle) + middle + shift."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    places = np.stack([x - (WIDTH - 1) / 2, y - (HEIGHT - 1) / 2], axis=-1)
    before = (places - shift) @ np.linalg.inv(turn).T
    images = [texture(one[..., 0], one[..., 1])[None] for one in (places, before)]
    return *images, places @ turn.T + shift - places


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_known_movements_are_measured_to_a_fiftieth_of_a_pixel(movement):
    """Of movements of half a pixel in the mean; but for 12 pixels at the border, where others enter the image."""
    first, second, truth = moving(*MOVEMENTS[movement])
    errors = np.linalg.norm(flow(first, second, ACCURATE)[0] - truth, axis=2)[12:-12, 12:-12]
    assert errors.mean() < 0.02 and errors.max() < 0.2


@pytest.mark.parametrize(("scheme", "share"), [(MATLAB, 0.5), (CLASSIC, 0.6)], ids=["MATLAB", "classic"])
@pytest.mark.parametrize("movement", ["translation", "rotation", "zoom"])
def test_few_sweeps_see_the_direction_but_not_all_of_the_way(movement, scheme, share):
    first, second, truth = moving(*MOVEMENTS[movement])
    seen, true = flow(first, second, scheme)[0].ravel(), truth.ravel()
    assert seen @ true / np.linalg.norm(seen) / np.linalg.norm(true) > 0.78
    assert share < seen @ true / (true @ true) < 0.8


def test_the_first_number_is_to_the_right_and_the_second_is_down():
    first, second, _ = moving(np.eye(2), (0.5, 0.0))
    assert flow(first, second, ACCURATE)[0].mean(axis=(0, 1)) == pytest.approx([0.5, 0], abs=0.05)


@pytest.mark.parametrize("scheme", [MATLAB, CLASSIC])
def test_nothing_moves_between_equal_images(scheme):
    first, _ = noise(2, 30, 20)
    assert not flow(first, first, scheme).any()


# --- the same scheme, computed by others -----------------------------------------------------------


@pytest.mark.parametrize(("smoothness", "sweeps"), [(1.0, 1), (1.0, 100), (15.0, 101), (0.1, 8)])
@pytest.mark.parametrize("kind", ["movement", "noise"])
def test_pyoptflow_agrees(kind, smoothness, sweeps):
    pyoptflow = pytest.importorskip("pyoptflow")
    if kind == "movement":
        first, second, _ = moving(*MOVEMENTS["rotation"])
    else:
        first, second = noise(1, 41, 27)
    # Its cubes lie left and above: images turned by 180 degrees have the same flow, the other way.
    turned = flow(first[:, ::-1, ::-1], second[:, ::-1, ::-1], Scheme(smoothness, sweeps, "cube", "square", "zero"))
    ours = -turned[0, ::-1, ::-1]
    theirs = np.stack(pyoptflow.HornSchunck(first[0], second[0], alpha=smoothness, Niter=sweeps), axis=2)
    assert np.abs(theirs).max() > 0.1 and np.abs(ours - theirs).max() <= 1e-4


def stated(first: np.ndarray, second: np.ndarray, scheme: Scheme) -> np.ndarray:
    """The flow of one pair (H, W) with double precision and SciPy, written down from the formula."""
    first, second = first.astype(float), second.astype(float)
    mode = "nearest" if scheme.border == "repeat" else "constant"

    def filtered(image, kernel, origin=0):
        return ndimage.correlate(image, np.array(kernel, float), mode=mode, origin=origin)

    if scheme.gradient == "sobel":
        ix = filtered(first, [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
        iy = filtered(first, [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]) / 8
        it = second - first
    else:
        ix = filtered(first + second, [[-1, 1], [-1, 1]], origin=-1) / 4
        iy = filtered(first + second, [[-1, -1], [1, 1]], origin=-1) / 4
        it = filtered(second - first, [[1, 1], [1, 1]], origin=-1) / 4
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
    square = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12
    u = v = np.zeros_like(first)
    for _ in range(scheme.sweeps):
        u, v = (filtered(part, cross if scheme.mean == "cross" else square) for part in (u, v))
        change = (ix * u + iy * v + it) / (scheme.smoothness**2 + ix**2 + iy**2)
        u, v = u - ix * change, v - iy * change
    return np.stack([u, v], axis=2)


@pytest.mark.parametrize("scheme", ALL, ids=name)
def test_every_scheme_is_as_stated(scheme):
    first, second = noise(3, 23, 31)
    ours = flow(first, second, scheme)
    assert ours.shape == (3, 23, 31, 2) and ours.dtype == np.float32
    for pair in range(3):
        assert np.abs(ours[pair] - stated(first[pair], second[pair], scheme)).max() <= 1e-4


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 6), st.sampled_from(ALL))
def test_images_of_any_size(height, width, sweeps, scheme):
    first, second = noise(1, height, width)
    scheme = replace(scheme, sweeps=sweeps)
    assert np.abs(flow(first, second, scheme)[0] - stated(first[0], second[0], scheme)).max() <= 1e-4


def test_the_named_schemes():
    assert Scheme(1, 10, "sobel", "cross", "repeat") == MATLAB
    assert Scheme(15, 100, "cube", "square", "repeat") == CLASSIC


def test_smoothness_has_the_unit_of_a_grey_level():
    first, second = noise(1, 20, 20)
    scaled = flow(first / 255, second / 255, replace(MATLAB, smoothness=1.0))
    np.testing.assert_allclose(flow(first, second, replace(MATLAB, smoothness=255.0)), scaled, atol=1e-6)


# --- symmetries ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", [one for one in ALL if one.gradient == "sobel"], ids=name)
@pytest.mark.parametrize(("axis", "part"), [(2, 0), (1, 1)], ids=["left-right", "upside-down"])
def test_mirrored_images_have_the_mirrored_flow(scheme, axis, part):
    first, second = noise(2, 24, 17)
    expected = np.flip(flow(first, second, scheme), axis).copy()
    expected[..., part] *= -1
    mirrored = flow(np.flip(first, axis), np.flip(second, axis), scheme)
    np.testing.assert_allclose(mirrored, expected, atol=1e-5)


@pytest.mark.parametrize("scheme", [one for one in ALL if one.gradient == "cube"], ids=name)
def test_cubes_lie_right_and_below_so_the_mirrored_flow_is_one_pixel_off(scheme):
    scheme = replace(scheme, sweeps=3)
    first, second = noise(1, 24, 17)
    seen, mirrored = flow(first, second, scheme)[0], flow(first[:, :, ::-1], second[:, :, ::-1], scheme)[0]
    inner = mirrored[:, ::-1][4:-4, 4:-4] * (-1, 1)
    np.testing.assert_allclose(inner, seen[4:-4, 3:-5], atol=1e-5)


def test_a_cube_is_the_pixel_and_those_right_and_below():
    """Horn and Schunck's formulas, number by number."""
    first, second = (one[0].astype(np.float32) for one in noise(1, 5, 6))
    pair, y, x = np.stack([first, second]), 2, 3
    cube = pair[:, y : y + 2, x : x + 2]
    stated = (cube[:, :, 1] - cube[:, :, 0]).mean(), (cube[:, 1] - cube[:, 0]).mean(), (cube[1] - cube[0]).mean()
    assert [one[y, x] for one in gradients(first, second, CLASSIC)] == pytest.approx(stated, abs=1e-4)


@pytest.mark.parametrize("scheme", ALL, ids=name)
def test_transposed_images_have_the_transposed_flow(scheme):
    first, second = noise(1, 24, 17)
    transposed = flow(first.transpose(0, 2, 1), second.transpose(0, 2, 1), scheme)
    np.testing.assert_allclose(transposed, flow(first, second, scheme).transpose(0, 2, 1, 3)[..., ::-1], atol=1e-5)


# --- rows as long as the processor's vectors --------------------------------------------------------


@pytest.mark.parametrize("repeat", [True, False])
@pytest.mark.parametrize("width", [1, 7, 8, 30])
def test_what_fills_the_rows_changes_no_bit(width, repeat):
    terms = np.random.default_rng(2).normal(size=(3, 20, width)).astype(np.float32)
    terms /= np.sqrt(1 + terms[0] ** 2 + terms[1] ** 2)
    answers = []
    for more in (0, 5, 2 * LANES):
        solved, spare = np.zeros((2, 2, 22, width + more + LANES), np.float32)
        filled = np.pad(terms, ((0, 0), (0, 0), (0, more)))
        sweep(solved, filled, spare, width, 9, np.float32(1 / 6), np.float32(1 / 12), repeat)
        answers.append(solved[:, :, : width + 2])
    assert np.abs(answers[0]).max() > 0.1
    np.testing.assert_array_equal(answers[1], answers[0])
    np.testing.assert_array_equal(answers[2], answers[0])


# --- batches, threads, bad input -------------------------------------------------------------------


@pytest.mark.parametrize("sweeps", [1, 4])
def test_pairs_do_not_know_of_each_other(sweeps):
    first, second = noise(4, 20, 30)
    scheme = replace(CLASSIC, sweeps=sweeps)
    alone = [flow(first[[pair]], second[[pair]], scheme)[0] for pair in range(4)]
    np.testing.assert_array_equal(flow(first, second, scheme), np.stack(alone))
    for named in (scheme, MATLAB):
        assert flow(first[:0], second[:0], named).shape == (0, 20, 30, 2)


def test_threads_do_not_disturb_each_other():
    pairs = [noise(2, 60, 50, seed) for seed in range(6)]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(lambda pair: flow(*pair, CLASSIC), pairs))
    np.testing.assert_array_equal(together, [flow(*pair, CLASSIC) for pair in pairs])


def test_whole_numbers_and_fractions_are_the_same_levels():
    first, second = noise(1, 12, 12)
    kept = first.copy()
    np.testing.assert_array_equal(flow(first, second), flow(first.astype(float), second.astype(np.float32)))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", [0, 1])
def test_what_is_no_number_is_refused(value, which):
    pair = [one.astype(float) for one in noise(2, 8, 8)]
    pair[which][1, 3, 4] = value
    with pytest.raises(UserError, match=r"no numbers \(NaN or infinite\)"):
        flow(*pair)


@pytest.mark.parametrize(
    ("shapes", "scheme", "says"),
    [
        (((2, 8, 8), (3, 8, 8)), MATLAB, "same shape"),
        (((8, 8), (8, 8)), MATLAB, r"\(pairs, height, width\)"),
        (((1, 8, 8), (1, 8, 8)), replace(MATLAB, smoothness=0.0), "smoothness of 0"),
        (((1, 8, 8), (1, 8, 8)), replace(MATLAB, smoothness=-1.0), "smoothness of -1"),
        (((1, 8, 8), (1, 8, 8)), replace(MATLAB, sweeps=0), "0 iterations"),
    ],
)
def test_what_has_no_flow_is_refused(shapes, scheme, says):
    with pytest.raises(UserError, match=says):
        flow(*(np.zeros(shape, np.uint8) for shape in shapes), scheme)
