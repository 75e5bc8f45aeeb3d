"""Batches: order, layouts, augmentation, and that tf.data and the plain feed agree to the last bit."""

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from little_samples import CLASSES, LittleSamples

from common.media import clahe
from common.paper import load as papers
from common.samples.augmentation import Augmentation, warp
from common.samples.offline_augmentation import Moves, OfflineAugmentation
from common.support.errors import UserError
from common.training.batches import Batches, class_labels

SAMPLES = LittleSamples()
LABELS = class_labels(SAMPLES.table.emotion, CLASSES)


def batches(rows=range(50), layout="channels", batch_size=8, seed=3, augmentation=None, samples=SAMPLES):
    return Batches(samples, LABELS, 3, np.array(rows), layout, batch_size, seed, augmentation)


@given(n=st.integers(1, 40), batch_size=st.integers(1, 17), seed=st.integers(0, 2**31), passes=st.integers(0, 5))
def test_every_pass_sees_every_sample_once(n, batch_size, seed, passes):
    rows = np.arange(100, 100 + n)
    one = batches(rows, batch_size=batch_size, seed=seed)
    seen = [one.positions(number) for number in range((passes + 1) * one.per_pass)]
    assert {len(positions) for positions in seen} == {batch_size}
    stream = np.concatenate(seen)
    for number in range(passes + 1):
        assert sorted(stream[number * n : (number + 1) * n]) == list(rows)


def test_order_depends_on_seed_and_pass():
    one = batches()
    first, second = (
        [one.positions(n).tolist() for n in range(start, start + one.per_pass)] for start in (0, one.per_pass)
    )
    assert first != second
    assert first != [batches(seed=4).positions(n).tolist() for n in range(one.per_pass)]
    assert first == [batches().positions(n).tolist() for n in range(one.per_pass)]


def test_without_seed_the_order_is_kept():
    one = batches(rows=[5, 3, 9], batch_size=2, seed=None)
    assert [one.positions(n).tolist() for n in range(4)] == [[5, 3], [9, 5], [3, 9], [5, 3]]


def test_pixels_can_stay_as_they_are():
    one = Batches(SAMPLES, LABELS, 3, np.arange(4), "last", 4, pixel_scaling="none")
    np.testing.assert_array_equal(one[0][0], SAMPLES.read(range(4))[:, -1].astype(np.float32))


def test_layouts_hold_the_same_frames():
    samples = LittleSamples(channels=3)
    rows = [7, 2]
    frames = samples.read(rows) / np.float32(255)
    made = {
        layout: batches(rows, layout, 2, None, samples=samples)[0][0]
        for layout in ("last", "channels", "volume", "sequence")
    }
    np.testing.assert_array_equal(made["last"], frames[:, -1])
    np.testing.assert_array_equal(made["sequence"], frames)
    np.testing.assert_array_equal(made["volume"], frames.transpose(0, 2, 3, 1, 4))
    for t in range(5):
        np.testing.assert_array_equal(made["channels"][..., 3 * t : 3 * t + 3], frames[:, t])
    assert all(x.dtype == np.float32 and x.min() >= 0 and x.max() <= 1 for x in made.values())


def test_vectors_enter_as_they_are():
    class Vectors(LittleSamples):
        def read(self, rows):
            return np.stack([np.full((2, 3), row / 7, np.float32) for row in rows])

    made, labels = batches([7, 2], "vectors", 2, None, samples=Vectors())[0]
    np.testing.assert_array_equal(made, np.stack([np.full((2, 3), row / 7, np.float32) for row in (7, 2)]))
    assert made.dtype == np.float32 and labels.argmax(axis=1).tolist() == LABELS[[7, 2]].tolist()


def test_an_unknown_layout_is_refused():
    with pytest.raises(UserError, match="no layout"):
        batches(layout="channel")[0]


def test_labels_go_with_their_samples():
    one = batches()
    _, labels = one[2]
    assert labels.argmax(axis=1).tolist() == LABELS[one.positions(2)].tolist()
    assert labels.sum(axis=1).tolist() == [1.0] * 8


def test_a_foreign_label_is_named():
    with pytest.raises(UserError, match="Contempt"):
        class_labels(["Happy", "Contempt"], CLASSES)


def test_one_transform_moves_all_frames_of_a_sample():
    samples = LittleSamples(size=24)
    still = np.repeat(samples.read(range(8))[:, :1], 5, axis=1)

    class Still(LittleSamples):
        def read(self, rows):
            return still[rows]

    one = batches(range(8), "volume", 8, 0, Augmentation(), Still(size=24))
    moved, _ = one[0]
    plain, _ = one.plain(0)
    assert np.abs(moved - plain).mean() > 0.02
    for t in range(1, 5):
        np.testing.assert_array_equal(moved[:, :, :, t], moved[:, :, :, 0])


def test_augmentation_is_drawn_anew_for_every_batch_and_repeats_with_the_seed():
    first, again = (batches(augmentation=Augmentation()) for _ in range(2))
    for number in (0, 9):
        np.testing.assert_array_equal(first[number][0], again[number][0])
    maps = [Augmentation().draw(8, 12, 12, np.random.default_rng([3, 1, n])) for n in range(2)]
    assert np.abs(maps[0] - maps[1]).max() > 0.01


def slow_keras_matrix(angle, shift, zoom, mirrored, height, width):
    """The map of ImageDataGenerator step by step, in (row, column), and its flip afterwards."""
    cos, sin = np.cos(angle), np.sin(angle)
    rotate = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]])
    scale = np.diag([*zoom, 1])
    there = np.array([[1, 0, (height - 1) / 2], [0, 1, (width - 1) / 2], [0, 0, 1]])
    flip = np.array([[1, 0, 0], [0, -1, width - 1], [0, 0, 1]]) if mirrored else np.eye(3)
    return there @ rotate @ move @ scale @ np.linalg.inv(there) @ flip


@given(seed=st.integers(0, 2**32), height=st.integers(2, 60), width=st.integers(2, 60))
def test_maps_are_those_of_image_data_generator(seed, height, width):
    augmentation = Augmentation(rotation=10, shift=0.1, zoom=0.1, flip=True)
    (found,) = augmentation.draw(1, height, width, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    angle = np.deg2rad(rng.uniform(-10, 10, 1))[0]
    across, down = (rng.uniform(-0.1, 0.1, (1, 2)) * (width, height))[0]
    zoom_x, zoom_y = rng.uniform(0.9, 1.1, (1, 2))[0]
    mirrored = rng.random(1)[0] < 0.5
    expected = slow_keras_matrix(angle, (down, across), (zoom_y, zoom_x), mirrored, height, width)
    for x, y in itertools.product((0, width - 1), (0, height - 1)):
        row, column, _ = expected @ (y, x, 1)
        assert found @ (x, y, 1) == pytest.approx((column, row), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), channels=st.sampled_from([1, 3, 5, 48]))
def test_warp_is_bilinear_with_repeated_border(seed, channels):
    rng = np.random.default_rng(seed)
    image = cv2.GaussianBlur(rng.random((20, 16, channels), np.float32), (0, 0), 2).reshape(20, 16, channels)
    maps = Augmentation().draw(1, 20, 16, rng)
    (moved,) = warp(image[None], maps)
    y, x = np.mgrid[:20, :16]
    at_x, at_y = np.einsum("ij,jhw->ihw", maps[0], np.stack([x, y, np.ones_like(x)]))
    at_x, at_y = at_x.clip(0, 15), at_y.clip(0, 19)
    left, top = np.minimum(at_x.astype(int), 14), np.minimum(at_y.astype(int), 18)
    fx, fy = (at_x - left)[..., None], (at_y - top)[..., None]
    expected = (1 - fy) * ((1 - fx) * image[top, left] + fx * image[top, left + 1])
    expected += fy * ((1 - fx) * image[top + 1, left] + fx * image[top + 1, left + 1])
    # OpenCV interpolates in steps of 1/32 pixel.
    assert np.abs(moved - expected).max() < 0.02


def test_ranges_of_nothing_leave_images_as_they_are():
    image = np.random.default_rng(0).random((2, 9, 7, 5), np.float32)
    maps = Augmentation(rotation=0, shift=0, zoom=0, flip=False).draw(2, 9, 7, np.random.default_rng(1))
    np.testing.assert_allclose(warp(image, maps), image, atol=1e-6)


def test_tf_data_and_the_plain_feed_give_the_same_batches_from_any_start():
    pytest.importorskip("tensorflow")
    from common.training.tf.pipeline import dataset

    one = batches(augmentation=Augmentation())
    for start in (0, 5):
        fast = dataset(one, start).as_numpy_iterator()
        for (x, y), (plain_x, plain_y) in itertools.islice(zip(fast, one.stream(start), strict=False), 9):
            assert x.tobytes() == plain_x.tobytes()
            assert y.tobytes() == plain_y.tobytes()


def test_reading_ahead_does_not_read_the_corpus():
    pytest.importorskip("tensorflow")
    from common.training.tf.pipeline import AHEAD, dataset

    read = []

    class Counting(LittleSamples):
        def read(self, rows):
            read.append(len(rows))
            return super().read(rows)

    next(dataset(batches(batch_size=1, samples=Counting()), 0).as_numpy_iterator())
    assert sum(read) <= AHEAD + 3


def test_a_rest_is_dropped_and_of_every_pass_another():
    """Of 20 samples with batches of 6, two are left out of a pass, and no batch mixes two passes."""
    side = Batches(SAMPLES, LABELS, 3, np.arange(20), "last", 6, seed=3, rest="dropped")
    assert side.per_pass == 3
    passes = [np.concatenate([side.positions(3 * one + n) for n in range(3)]) for one in range(40)]
    assert all(len(set(some)) == 18 for some in passes)
    assert {tuple(set(range(20)) - set(some)) for some in passes} != {tuple(set(range(20)) - set(passes[0]))}
    running = Batches(SAMPLES, LABELS, 3, np.arange(20), "last", 6, seed=3)
    assert running.per_pass == 4 and np.array_equal(running.positions(0), side.positions(0))
    with pytest.raises(UserError, match="20 training samples fill no batch of 21"):
        _ = replace(side, batch_size=21).per_pass


def test_class_weights_count_augmented_samples_or_originals():
    """The training part of Haddad et al.: augmented, weights are next to nothing, from the originals not."""
    table = papers.load("cnn3d").hyperparameters["augmentation_ckplus"]
    sizes = {"Angry": 45, "Disgust": 59, "Fear": 25, "Happy": 69, "Sad": 28, "Surprise": 83, "Contempt": 18}
    labels = np.repeat(np.arange(7), list(sizes.values()))
    augmentation = OfflineAugmentation.by_class(table, list(sizes))
    side = Batches(None, labels, 7, np.arange(327), "last", 30, augmentation=augmentation, class_weights=True)
    enlarged, plain = side._weights, replace(side, weights_of="originals")._weights
    assert (round(enlarged.min(), 2), round(enlarged.max(), 2)) == (0.89, 1.09)
    assert (round(plain.min(), 2), round(plain.max(), 2)) == (0.56, 2.60)
    assert plain == pytest.approx([327 / (7 * n) for n in sizes.values()])


@pytest.mark.parametrize("channel", ["grey", "lab_lightness", "each_rgb_channel"])
def test_contrasts_are_equalised_after_the_augmentation(channel):
    samples = LittleSamples(channels=3, size=24)
    augmentation = OfflineAugmentation((Moves(contrasts=2),), originals=False)
    side = Batches(samples, LABELS, 3, np.arange(6), "sequence", 4, augmentation=augmentation, equalise=channel)
    images = side[0][0]
    augmented = replace(side, equalise="none")[0][0]
    expected = clahe.equalised(np.rint(255 * augmented).astype(np.uint8), channel)
    assert np.array_equal(np.rint(255 * images).astype(np.uint8), expected) and not np.array_equal(images, augmented)
    one = np.rint(255 * augmented[0, 0]).astype(np.uint8)
    alone = clahe.equalise(one[..., 0], "grey")[..., None] if channel == "grey" else None
    if alone is None:
        alone = clahe.equalise(np.ascontiguousarray(one[..., ::-1]), channel)[..., ::-1]
    assert np.array_equal(expected[0, 0], np.broadcast_to(alone, one.shape))
