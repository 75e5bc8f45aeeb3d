"""Augmented samples: how many there are, what they look like, and that every epoch has the same."""

import dataclasses
import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from little_samples import CLASSES, LittleSamples
from scipy import ndimage

from common.paper import load as papers
from common.samples.offline_augmentation import Change, Moves, OfflineAugmentation
from common.support.errors import UserError
from common.training.batches import Batches, class_labels

CKPLUS = {"Contempt": 18, "Fear": 25, "Sad": 28, "Angry": 45, "Happy": 69, "Disgust": 59, "Surprise": 83}
SAMPLES = LittleSamples(size=24, channels=3)
LABELS = class_labels(SAMPLES.table.emotion, CLASSES)
SOME = OfflineAugmentation((Moves(1, 2, 1), Moves(1, 0, 3), Moves()))


def batches(augmentation=SOME, rows=range(30), batch_size=8, seed=3, layout="sequence", **more) -> Batches:
    return Batches(SAMPLES, LABELS, 3, np.array(rows), layout, batch_size, seed, augmentation, **more)


def an_epoch(feed: Batches, number: int) -> list[tuple[int, bytes]]:
    """Which samples an epoch has and what they look like, without regard to their order."""
    count = len(feed._members[0])
    numbers = range(number * count // feed.batch_size, -(-(number + 1) * count // feed.batch_size))
    seen = [
        (place, int(position), image.tobytes())
        for n in numbers
        for place, position, image in zip(itertools.count(n * feed.batch_size), feed.positions(n), feed[n][0])
    ]
    return sorted(one[1:] for one in seen if number * count <= one[0] < (number + 1) * count)


def test_ckplus_is_enlarged_to_the_numbers_that_balance_its_classes():
    table = papers.load("cnn3d").hyperparameters["augmentation_ckplus"]
    classes = tuple(CKPLUS)
    labels = np.repeat(np.arange(7), list(CKPLUS.values()))
    for originals, expected in (
        (True, [234, 250, 252, 225, 276, 236, 249]),
        (False, [216, 225, 224, 180, 207, 177, 166]),
    ):
        augmentation = OfflineAugmentation.by_class(table, classes, originals=originals)
        rows, _ = augmentation.enlarged(np.arange(327), labels)
        assert np.bincount(labels[rows]).tolist() == expected
        assert len(rows) == (1_722 if originals else 1_395)


def test_oulu_is_enlarged_ninefold():
    augmentation = OfflineAugmentation((Moves(*papers.load("cnn3d").hyperparameters["augmentation_oulu"]),))
    labels = np.arange(480) % 6
    assert len(augmentation.enlarged(np.arange(480), labels)[0]) == 4_320
    assert len(augmentation.enlarged(np.arange(432), labels)[0]) == 3_888


def test_fixed_angles_and_their_mirror_images_make_fourteen_of_one():
    wide = OfflineAugmentation((Moves(),), angles=(-15, -10, -5, 5, 10, 15), mirrored=True)
    changes = [wide.change(0, n, 8, (0, 5)) for n in range(wide.per_sample(0))]
    angles = [None, *((angle,) for angle in (-15, -10, -5, 5, 10, 15))]
    assert changes == [Change(mirror, one) for mirror in (False, True) for one in angles]
    narrow = dataclasses.replace(wide, angles=(-10, -5, 5, 10))
    assert narrow.per_sample(3) == 10
    assert dataclasses.replace(narrow, originals=False).per_sample(3) == 8


def test_a_class_without_a_row_is_named():
    with pytest.raises(UserError, match="Sad"):
        OfflineAugmentation.by_class({"Angry": (1, 1, 1), "Happy": (1, 1, 1)}, CLASSES)


@pytest.mark.parametrize("wrong", [{"per": "clip"}, {"fill": "edges"}, {"fill": 256}])
def test_unknown_settings_are_refused(wrong):
    with pytest.raises(UserError):
        OfflineAugmentation((Moves(),), **wrong)


@given(
    moves=st.lists(st.builds(Moves, st.integers(0, 2), st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=3),
    batch_size=st.integers(1, 9),
    seed=st.integers(0, 2**31),
    passes=st.integers(0, 3),
)
def test_a_pass_has_every_augmented_sample_once(moves, batch_size, seed, passes):
    augmentation = OfflineAugmentation(tuple(moves))
    rows = np.array([4, 17, 2, 33])
    feed = batches(augmentation, rows, batch_size, seed)
    expected = Counter((int(row), n) for row in rows for n in range(augmentation.per_sample(LABELS[row])))
    assert feed.per_pass == -(-sum(expected.values()) // batch_size)
    positions, numbers = feed._members
    places = np.concatenate([feed._places(n) for n in range((passes + 1) * feed.per_pass)])
    part = places[passes * len(positions) : (passes + 1) * len(positions)]
    assert Counter(zip(positions[part].tolist(), numbers[part].tolist(), strict=True)) == expected


def test_every_epoch_has_the_same_samples_in_another_order():
    feed = batches()
    first, second, fourth = (an_epoch(feed, number) for number in (0, 1, 3))
    assert first == second == fourth
    assert len(set(first)) == len(first) == 10 * (5 + 5 + 1)
    assert feed.positions(0).tolist() != feed.positions(feed.per_pass).tolist()
    assert an_epoch(batches(seed=4), 0) != first


def test_an_augmented_sample_is_the_same_whoever_else_is_in_its_fold():
    alone, among = an_epoch(batches(rows=[7]), 0), an_epoch(batches(rows=range(12)), 0)
    assert set(alone) <= set(among)


def test_without_augmentation_a_side_is_as_it_was():
    plain = batches(None, seed=None, batch_size=30)
    assert plain.per_pass == 1
    np.testing.assert_array_equal(plain[0][0], SAMPLES.read(range(30)) / np.float32(255))
    np.testing.assert_array_equal(batches().plain(0)[0], SAMPLES.read(batches().positions(0)) / np.float32(255))


def test_a_flip_is_the_exact_mirror_image():
    frames = SAMPLES.read([3])[0]
    np.testing.assert_array_equal(SOME.apply(frames, Change(mirror=True)), frames[:, :, ::-1])
    feed = batches(OfflineAugmentation((Moves(flips=1),)), rows=[3], batch_size=2)
    seen = sorted(image.tobytes() for image in feed[0][0])
    assert seen == sorted(
        (one / np.float32(255)).tobytes() for one in (frames, np.ascontiguousarray(frames[:, :, ::-1]))
    )


@given(gain=st.floats(0.22, 2.2))
def test_contrast_stretches_around_127(gain):
    frames = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    found = SOME.apply(frames, Change(gains=(gain,)))
    expected = np.clip(127 + gain * (frames.astype(float) - 127), 0, 255)
    assert np.abs(found - expected).max() <= 0.5
    assert found.dtype == np.uint8
    assert found[0, 7, 15, 0] == 127


@pytest.mark.parametrize(("fill", "mode"), [(0, "constant"), (90, "constant"), ("edge", "nearest")])
@pytest.mark.parametrize("angle", [-30.0, -7.5, 15.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_rotation_is_bilinear_about_the_centre(fill, mode, angle, channels):
    rng = np.random.default_rng(2)
    smooth = ndimage.gaussian_filter(rng.uniform(0, 255, (2, 40, 40, channels)), (0, 4, 4, 0)) * 3 - 250
    frames = smooth.clip(0, 255).astype(np.uint8)
    found = dataclasses.replace(SOME, fill=fill).apply(frames, Change(angles=(angle,)))
    value = 0 if fill == "edge" else fill
    turned = ndimage.rotate(frames.astype(float), angle, axes=(1, 2), reshape=False, order=1, mode=mode, cval=value)
    # OpenCV interpolates in steps of 1/32 pixel, and mixes the fill into the outermost pixels where SciPy does not.
    y, x = np.mgrid[:40, :40] - 19.5
    inside = np.hypot(x, y) < 19
    assert np.abs(found - turned)[:, inside].max() < 3
    if angle == -30:
        np.testing.assert_allclose(found[:, 0, 0], turned[:, 0, 0], atol=1)
    assert np.abs(frames.astype(float) - turned)[:, inside].max() > 10


def test_one_angle_or_one_gain_for_all_frames_unless_each_is_to_have_its_own():
    still = np.repeat(SAMPLES.read([2])[:, :1], 6, axis=1)[0]
    for kind in (Moves(rotations=1), Moves(contrasts=1)):
        for per, alike in (("sequence", 1), ("frame", 6)):
            augmentation = OfflineAugmentation((kind,), per=per)
            moved = augmentation.apply(still, augmentation.change(0, 1, 6, (0, 2)))
            assert len({frame.tobytes() for frame in moved}) == alike
            assert (moved != still).any()


def test_angles_and_gains_are_drawn_evenly_from_their_ranges_one_for_each_augmented_sample():
    augmentation = OfflineAugmentation((Moves(rotations=4, contrasts=4),))
    changes = [augmentation.change(0, n, 10, (1, sample)) for sample in range(300) for n in range(1, 9)]
    angles = [change.angles[0] for change in changes if change.angles]
    gains = [change.gains[0] for change in changes if change.gains]
    assert len(set(angles)) == len(set(gains)) == 1_200
    for values, (low, high) in ((angles, augmentation.rotation), (gains, augmentation.contrast)):
        assert low <= min(values) < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < max(values) <= high
        assert np.mean(values) == pytest.approx((low + high) / 2, abs=0.05 * (high - low))
    assert augmentation.change(0, 1, 10, (1, 0)) != augmentation.change(0, 1, 10, (2, 0))


def test_tf_data_and_the_plain_feed_give_the_same_samples_from_any_start():
    pytest.importorskip("tensorflow")
    from common.training.tf.pipeline import dataset

    feed = batches(class_weights=True)
    for start in (0, 4):
        fast = dataset(feed, start).as_numpy_iterator()
        for found, expected in itertools.islice(zip(fast, feed.stream(start), strict=False), 5):
            assert [part.tobytes() for part in found] == [part.tobytes() for part in expected]
            assert len(found) == 3


def test_pixels_can_go_from_minus_one_to_one():
    made = {scaling: batches(pixel_scaling=scaling)[2][0] for scaling in ("unit", "symmetric", "none")}
    np.testing.assert_allclose(made["symmetric"], 2 * made["unit"] - 1, atol=1e-6)
    np.testing.assert_allclose(made["none"], 255 * made["unit"], atol=1e-4)
    assert made["symmetric"].min() < -0.9


def test_weights_balance_what_an_epoch_has():
    feed = batches(rows=[0, 3, 1, 2, 5, 8], batch_size=64, class_weights=True)
    # Classes 0, 1, 2 have 2·5, 1·5 and 3·1 of 18 samples.
    for n in range(3):
        _, labels, weights = feed[n]
        expected = np.array([18 / 30, 18 / 15, 18 / 9], np.float32)
        np.testing.assert_allclose(weights, expected[labels.argmax(axis=1)])
        assert weights.dtype == np.float32


def test_a_class_that_is_not_there_does_not_matter_to_weights():
    *_, weights = batches(None, rows=[0, 3, 1], class_weights=True, batch_size=3, seed=None)[0]
    assert weights.tolist() == pytest.approx([3 / 6, 3 / 6, 3 / 3])
