"""Near-duplicates are found among images, whatever was done to the copy, and strangers are not."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.samples.near_duplicates import has_near_duplicate, pairs_among, perceptual_hash


def scenes(count: int, seed: int = 0) -> np.ndarray:
    """(count, 48, 48) uint8: smooth random images, each unlike the others."""
    rng = np.random.default_rng(seed)
    rough = rng.integers(0, 256, (count, 6, 6), np.uint8)
    return np.stack([cv2.resize(one, (48, 48), interpolation=cv2.INTER_CUBIC) for one in rough])


CHANGES = {
    "the same": lambda image: image,
    "brighter": lambda image: np.clip(image.astype(int) + 12, 0, 255).astype(np.uint8),
    "flatter": lambda image: (image * 0.6 + 40).astype(np.uint8),
    "mirrored": lambda image: image[:, ::-1],
    "recoded": lambda image: cv2.imdecode(
        cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_GRAYSCALE
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_copy_is_the_only_near_duplicate(change):
    images = scenes(30)
    images[20] = change(images[4])
    assert pairs_among(images).tolist() == [[4, 20]]


def test_different_images_are_no_near_duplicates():
    assert len(pairs_among(scenes(60))) == 0


def test_images_of_one_grey_value_are_never_near_duplicates():
    assert len(pairs_among(np.full((5, 48, 48), 90, np.uint8))) == 0


def test_three_copies_are_three_pairs():
    images = scenes(9)
    images[[2, 5]] = images[8]
    assert pairs_among(images).tolist() == [[2, 5], [2, 8], [5, 8]]


def test_no_images_have_no_near_duplicates():
    assert pairs_among(np.empty((0, 48, 48), np.uint8)).shape == (0, 2)


def test_candidates_that_do_not_correlate_are_refused():
    images = scenes(12)
    assert len(pairs_among(images, max_bits=64, min_correlation=0.9)) == 0
    assert len(pairs_among(images, max_bits=64, min_correlation=-1)) == 12 * 11 / 2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16), st.integers(1, 30), st.floats(0.3, 1.0))
def test_the_hash_ignores_brightness_and_contrast(seed, lift, contrast):
    image = scenes(1, seed).astype(np.float32) * 0.7
    moved = image * contrast + lift
    # Rounding to whole grey values may turn a frequency that lies at the median.
    hashes = perceptual_hash(np.concatenate([image, moved]).astype(np.uint8))
    assert np.bitwise_count(hashes[0] ^ hashes[1]) <= 6


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 25).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_near_duplicates_across_a_split_are_those_of_a_search_by_hand(case):
    count, links = case
    pairs = np.array(sorted({(min(link), max(link)) for link in links if link[0] != link[1]}), np.int64).reshape(-1, 2)
    trained, tested = np.arange(0, count, 2), np.arange(1, count, 2)
    by_hand = [any({a, b} == {t, r} for a, b in pairs for r in trained) for t in tested]
    assert has_near_duplicate(pairs, tested, trained).tolist() == by_hand
