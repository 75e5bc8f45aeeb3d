"""Samples whose copies are samples: what is read is what training would make, and no copy is lost or doubled."""

import pickle

import numpy as np
import pytest
from little_samples import CLASSES, LittleSamples

from common.protocols.leakage import audit_split
from common.protocols.splitters import random_windows
from common.samples.augmented_samples import SEED, CopiedSamples
from common.samples.offline_augmentation import Copies, Moves
from common.training.batches import Batches, class_labels

SAMPLES = LittleSamples(size=16)
LABELS = class_labels(SAMPLES.table.emotion, CLASSES)
SIX = Copies((Moves(),), angles=(-10, 10), mirrored=True)
COPIED = CopiedSamples(SAMPLES, LABELS, SIX)


def test_every_sample_stands_there_with_all_its_copies():
    table = COPIED.table
    assert len(table) == len(COPIED) == 6 * 60
    assert table["sample"].tolist() == list(range(360))
    assert table.groupby("clip").size().eq(18).all()
    assert (table.copy_of == -1).sum() == 60
    assert table.copy_of[6:12].tolist() == [-1, 6, 6, 6, 6, 6]
    labels = class_labels(table.emotion, CLASSES)
    assert np.array_equal(labels, np.repeat(LABELS, 6))


def test_the_first_copy_is_the_sample_and_the_others_are_turned_or_mirrored():
    frames = COPIED.read(range(6))
    (original,) = SAMPLES.read([0])
    assert np.array_equal(frames[0], original) and np.array_equal(frames[3], original[:, :, ::-1])
    assert len({one.tobytes() for one in frames}) == 6


def test_any_order_reads_the_same():
    some = [200, 3, 3, 77]
    assert np.array_equal(COPIED.read(some), np.concatenate([COPIED.read([one]) for one in some]))


def test_copies_are_those_that_a_training_would_make():
    rows = np.array([4, 9])
    batches = Batches(SAMPLES, LABELS, 3, rows, "sequence", 12, None, SIX)
    images, _ = batches[0]
    read = COPIED.read([*range(24, 30), *range(54, 60)]) / np.float32(255)
    assert np.allclose(images, read, atol=1e-6)


def test_random_copies_of_some_classes_only():
    copies = Copies((Moves(rotations=2), Moves(), Moves(flips=1)), originals=False)
    copied = CopiedSamples(SAMPLES, LABELS, copies)
    assert len(copied) == 20 * 2 + 20 * 1
    assert copied.table.emotion.value_counts().to_dict() == {"Angry": 40, "Sad": 20}
    assert (copied.table.copy_of == -1).sum() == 40
    change = copies.change(0, 1, 5, (SEED, 0))
    assert np.array_equal(copied.read([1])[0], copies.apply(SAMPLES.read([0])[0], change))


def test_the_audit_sees_that_copies_stand_on_both_sides():
    fold = random_windows(COPIED.table, 0, (0.8, 0, 0.2))
    leak = audit_split(COPIED.table, fold).test
    assert leak.copied == leak.of_seen_clips > 0.9 * leak.samples


@pytest.mark.parametrize("other", [Copies((Moves(),), angles=(-10, 5), mirrored=True), Copies((Moves(),))])
def test_the_key_tells_copies_apart(other):
    assert CopiedSamples(SAMPLES, LABELS, other).key != COPIED.key != SAMPLES.key
    assert CopiedSamples(SAMPLES, LABELS, Copies((Moves(),), angles=(-10, 10), mirrored=True)).key == COPIED.key


def test_other_processes_read_the_same():
    again = pickle.loads(pickle.dumps(COPIED))
    assert again.key == COPIED.key and np.array_equal(again.read([5, 8]), COPIED.read([5, 8]))
