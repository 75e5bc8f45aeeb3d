"""Random erasing and mixup: what becomes of images and targets, and that nothing else does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from little_samples import CLASSES, LittleNetwork, LittleSamples

from common.protocols.splitters import Fold
from common.samples.mixing import Mixing
from common.training.batches import class_labels
from common.training.recipe import Recipe
from common.training.spec import Training


def batch(count: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((count, 48, 40, 1), np.float32), np.eye(7, dtype=np.float32)[rng.integers(0, 7, count)]


def training(recipe: Recipe) -> Training:
    samples, fold = LittleSamples(), Fold("f", np.arange(36), np.arange(36, 45), np.arange(45, 60))
    labels = class_labels(samples.table.emotion, CLASSES)
    return Training("p", "e", "strict", "quick", LittleNetwork(), recipe, 0, samples, labels, CLASSES, fold)


@given(erased=st.floats(0.001, 0.9), seed=st.integers(0, 1000))
def test_half_of_the_images_lose_one_rectangle_of_at_most_the_stated_size(erased, seed):
    images, targets = batch(seed=seed)
    hidden, same = Mixing(erased=erased).applied(images.copy(), targets, np.random.default_rng(seed))
    assert same is targets
    changed = (hidden != images)[..., 0]
    # Rounding to whole pixels adds half a row and half a column at most.
    assert (changed.mean(axis=(1, 2)) <= erased + (48 + 40) / 2 / (48 * 40) + 1e-6).all()
    for before, after, where in zip(images, hidden, changed, strict=True):
        if where.any():
            rows, columns = (np.flatnonzero(where.any(axis=axis)) for axis in (1, 0))
            box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            np.testing.assert_allclose(after[box], before.mean(), rtol=1e-5)


def test_every_second_image_is_hit_on_average():
    images, targets = batch(2000)
    hidden, _ = Mixing(erased=0.2).applied(images.copy(), targets, np.random.default_rng(0))
    hit = (hidden != images).any(axis=(1, 2, 3))
    assert 0.45 < hit.mean() < 0.55
    areas = (hidden != images).mean(axis=(1, 2, 3))[hit]
    assert areas.min() < 0.03 < 0.18 < areas.max() and 0.09 < areas.mean() < 0.13


def test_blends_have_the_targets_of_what_is_in_them():
    images, targets = batch()
    both, mixed = Mixing(alpha=0.4).applied(images.copy(), targets, np.random.default_rng(1))
    assert both.dtype == mixed.dtype == np.float32
    np.testing.assert_allclose(mixed.sum(axis=1), 1, rtol=1e-5)
    for place in range(len(images)):
        one, other = images[place], images[-1 - place]
        share = float(((both[place] - other) * (one - other)).sum() / ((one - other) ** 2).sum())
        assert -1e-4 <= share <= 1 + 1e-4
        np.testing.assert_allclose(both[place], share * one + (1 - share) * other, atol=1e-4)
        np.testing.assert_allclose(mixed[place], share * targets[place] + (1 - share) * targets[-1 - place], atol=1e-4)


def test_nothing_is_changed_without_either():
    images, targets = batch()
    same = Mixing().applied(images.copy(), targets, np.random.default_rng(0))
    assert np.array_equal(same[0], images) and same[1] is targets


@pytest.mark.parametrize("mixing", [Mixing(erased=0.3), Mixing(alpha=0.5)])
def test_a_batch_is_mixed_by_its_number_and_only_in_training(mixing):
    plain, mixed = (training(Recipe(1, 8, 0.1, mixing=one)) for one in (None, mixing))
    assert plain.identity.key != mixed.identity.key and "mixing" not in plain.identity.recipe
    of_plain, of_mixed = (one.batches(one.fold.train, train=True) for one in (plain, mixed))
    assert np.array_equal(of_mixed[3][0], of_mixed[3][0]) and np.array_equal(of_mixed[3][1], of_mixed[3][1])
    assert not np.array_equal(of_plain[3][0], of_mixed[3][0])
    tested = [one.batches(one.fold.test, train=False)[0] for one in (plain, mixed)]
    assert all(np.array_equal(*pair) for pair in zip(*tested, strict=True))
