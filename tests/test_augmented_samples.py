"""Augmented samples that are divided: they are those that training would make, and none is lost or doubled."""

import pickle

import numpy as np
import pytest
from little_samples import CLASSES, LittleSamples

from common.protocols.leakage import audit_split
from common.protocols.splitters import random_windows
from common.samples.augmented_samples import SEED, AugmentedSamples
from common.samples.offline_augmentation import Moves, OfflineAugmentation
from common.training.batches import Batches, class_labels

SAMPLES = LittleSamples(size=16)
LABELS = class_labels(SAMPLES.table.emotion, CLASSES)
SIX = OfflineAugmentation((Moves(),), angles=(-10, 10), mirrored=True)
AUGMENTED = AugmentedSamples(SAMPLES, LABELS, SIX)


def test_every_sample_stands_there_with_all_that_are_made_of_it():
    table = AUGMENTED.table
    assert len(table) == len(AUGMENTED) == 6 * 60
    assert table["sample"].tolist() == list(range(360))
    assert table.groupby("clip").size().eq(18).all()
    assert (table.original == -1).sum() == 60
    assert table.original[6:12].tolist() == [-1, 6, 6, 6, 6, 6]
    labels = class_labels(table.emotion, CLASSES)
    assert np.array_equal(labels, np.repeat(LABELS, 6))


def test_the_first_is_the_original_and_the_others_are_turned_or_mirrored():
    frames = AUGMENTED.read(range(6))
    (original,) = SAMPLES.read([0])
    assert np.array_equal(frames[0], original) and np.array_equal(frames[3], original[:, :, ::-1])
    assert len({one.tobytes() for one in frames}) == 6


def test_any_order_reads_the_same():
    some = [200, 3, 3, 77]
    assert np.array_equal(AUGMENTED.read(some), np.concatenate([AUGMENTED.read([one]) for one in some]))


def test_they_are_those_that_a_training_would_make():
    rows = np.array([4, 9])
    batches = Batches(SAMPLES, LABELS, 3, rows, "sequence", 12, None, SIX)
    images, _ = batches[0]
    read = AUGMENTED.read([*range(24, 30), *range(54, 60)]) / np.float32(255)
    assert np.allclose(images, read, atol=1e-6)


def test_random_angles_of_some_classes_only():
    augmentation = OfflineAugmentation((Moves(rotations=2), Moves(), Moves(flips=1)), originals=False)
    augmented = AugmentedSamples(SAMPLES, LABELS, augmentation)
    assert len(augmented) == 20 * 2 + 20 * 1
    assert augmented.table.emotion.value_counts().to_dict() == {"Angry": 40, "Sad": 20}
    assert (augmented.table.original == -1).sum() == 40
    change = augmentation.change(0, 1, 5, (SEED, 0))
    assert np.array_equal(augmented.read([1])[0], augmentation.apply(SAMPLES.read([0])[0], change))


def test_the_audit_sees_that_they_stand_on_both_sides():
    fold = random_windows(AUGMENTED.table, 0, (0.8, 0, 0.2))
    leak = audit_split(AUGMENTED.table, fold).test
    assert leak.copied == leak.of_seen_clips > 0.9 * leak.samples


@pytest.mark.parametrize(
    "other", [OfflineAugmentation((Moves(),), angles=(-10, 5), mirrored=True), OfflineAugmentation((Moves(),))]
)
def test_the_key_tells_augmentations_apart(other):
    assert AugmentedSamples(SAMPLES, LABELS, other).key != AUGMENTED.key != SAMPLES.key
    assert (
        AugmentedSamples(SAMPLES, LABELS, OfflineAugmentation((Moves(),), angles=(-10, 10), mirrored=True)).key
        == AUGMENTED.key
    )


def test_other_processes_read_the_same():
    again = pickle.loads(pickle.dumps(AUGMENTED))
    assert again.key == AUGMENTED.key and np.array_equal(again.read([5, 8]), AUGMENTED.read([5, 8]))
