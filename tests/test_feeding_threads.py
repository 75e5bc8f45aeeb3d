"""Batches are the same to the last bit whatever makes them: one thread or several, tf.data or a generator."""

import itertools
import threading
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from little_samples import CLASSES, LittleSamples

from common.samples.augmentation import Augmentation, warp
from common.samples.offline_augmentation import Moves, OfflineAugmentation
from common.training import stream
from common.training.batches import Batches, class_labels
from common.training.batches import inputs as laid_out

LABELS = class_labels(LittleSamples().table.emotion, CLASSES)
AUGMENTATIONS = (
    None,
    Augmentation(),
    Augmentation(rotation=0, shift=0, zoom=0),
    OfflineAugmentation((Moves(1, 2, 2),), mirrored=True),
    OfflineAugmentation(
        (Moves(1, 1, 1), Moves(), Moves(0, 2, 0)), angles=(-5, 5), originals=False, fill="edge", per="frame"
    ),
)


@st.composite
def sides(draw) -> Batches:
    """One side of a fold, as any recipe may ask for it."""
    return Batches(
        LittleSamples(channels=draw(st.sampled_from([1, 3]))),
        LABELS,
        len(CLASSES),
        np.arange(draw(st.integers(12, 40))),
        draw(st.sampled_from(["last", "channels", "volume", "sequence"])),
        draw(st.integers(1, 12)),
        seed=draw(st.none() | st.integers(0, 2**31)),
        augmentation=draw(st.sampled_from(AUGMENTATIONS)),
        pixel_scaling=draw(st.sampled_from(["unit", "symmetric", "none"])),
        class_weights=draw(st.booleans()),
        rest=draw(st.sampled_from(["runs_on", "dropped"])),
    )


def laid_out_in_one_way(frames, layout, pixel_scaling, moves=None):
    """How batches were laid out before sequences could stay as they are: always by way of channels."""
    frames = frames[:, -1:] if layout == "last" else frames
    count, length, height, width, channels = frames.shape
    images = frames.transpose(0, 2, 3, 1, 4).reshape(count, height, width, length * channels)
    images = images.astype(np.float32, order="C")
    images = images if pixel_scaling == "none" else images / np.float32(255)
    images = images if moves is None else warp(images, moves)
    images = 2 * images - 1 if pixel_scaling == "symmetric" else images
    volume = images.reshape(count, height, width, length, channels)
    return {"volume": volume, "sequence": volume.transpose(0, 3, 1, 2, 4)}.get(layout, images)


def augmented_slowly(augmentation, frames, change):
    """What an augmented sample was before OpenCV mirrored and looked up: by indices alone."""
    frames = frames[:, :, ::-1] if change.mirror else frames
    if change.angles is not None:
        frames = augmentation.apply(frames, type(change)(angles=change.angles))
    if change.gains is None:
        return frames
    gains = change.gains if len(change.gains) == len(frames) else change.gains * len(frames)
    tables = [np.rint(127 + gain * (np.arange(256) - 127)).clip(0, 255).astype(np.uint8) for gain in gains]
    return np.stack([table[frame] for table, frame in zip(tables, frames, strict=True)])


def same(found, expected) -> bool:
    return len(found) == len(expected) and all(
        np.asarray(one).tobytes() == other.tobytes() for one, other in zip(found, expected, strict=True)
    )


@settings(max_examples=60, deadline=None)
@given(side=sides(), start=st.integers(0, 20), threads=st.sampled_from([1, 2, 5]))
def test_threads_change_no_byte_of_any_batch(side, start, threads):
    numbers = range(start, start + 9)
    found = list(stream.made(side, numbers, threads))
    assert len(found) == 9
    assert all(same(batch, side[number]) for batch, number in zip(found, numbers, strict=True))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(side=sides(), start=st.integers(0, 20), threads=st.sampled_from([1, 2, 5]))
def test_tf_data_changes_no_byte_of_any_batch(side, start, threads):
    pytest.importorskip("tensorflow")
    from common.training.tf.pipeline import dataset

    found = itertools.islice(dataset(side, start, threads).as_numpy_iterator(), 9)
    assert all(same(batch, side[number]) for number, batch in enumerate(found, start))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 99),
    channels=st.sampled_from([1, 3]),
    layout=st.sampled_from(["last", "channels", "volume", "sequence"]),
    scaling=st.sampled_from(["unit", "symmetric", "none"]),
    moved=st.booleans(),
)
def test_batches_are_laid_out_as_ever(seed, channels, layout, scaling, moved):
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 256, (3, 4, 9, 7, channels), np.uint8)
    moves = Augmentation().draw(3, 9, 7, rng) if moved else None
    found = laid_out(frames, layout, scaling, moves)
    assert found.dtype == np.float32 and found.flags["C_CONTIGUOUS"]
    assert found.tobytes() == laid_out_in_one_way(frames, layout, scaling, moves).tobytes()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 99), channels=st.sampled_from([1, 3]), augmentation=st.sampled_from(AUGMENTATIONS[3:]))
def test_augmented_samples_are_what_they_were(seed, channels, augmentation):
    frames = np.random.default_rng(seed).integers(0, 256, (4, 9, 7, channels), np.uint8)
    for number in range(augmentation.per_sample(0)):
        change = augmentation.change(0, number, 4, (seed, 3))
        assert augmentation.apply(frames, change).tobytes() == augmented_slowly(augmentation, frames, change).tobytes()


class Watched(LittleSamples):
    """Keeps how many batches were read, and how many at the same time."""

    read_so_far = at_once = most = 0
    lock = threading.Lock()

    def read(self, rows):
        with self.lock:
            self.read_so_far += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.03)
        with self.lock:
            self.at_once -= 1
        return super().read(rows)


def side_of(samples) -> Batches:
    return Batches(samples, LABELS, len(CLASSES), np.arange(50), "channels", 8, 3, Augmentation())


@pytest.mark.parametrize("deterministic", [False, True])
def test_tf_data_makes_several_batches_at_once_where_operations_are_deterministic_too(deterministic):
    tf = pytest.importorskip("tensorflow")
    from common.training.tf.pipeline import dataset

    if deterministic:
        tf.config.experimental.enable_op_determinism()
    for threads in (1, 3):
        samples = Watched()
        list(itertools.islice(dataset(side_of(samples), 0, threads).as_numpy_iterator(), 12))
        assert samples.most == threads


def test_no_thread_tunes_the_stream():
    """It would sleep for up to a minute at a time, and a training that is over would wait for it."""
    pytest.importorskip("tensorflow")
    from common.training.tf.pipeline import dataset

    assert dataset(side_of(LittleSamples())).options().autotune.enabled is False


def test_a_generator_makes_as_many_at_once_as_it_has_threads_and_few_ahead():
    for threads in (1, 3):
        samples = Watched()
        found = stream.made(side_of(samples), itertools.count(), threads)
        for _ in range(6):
            next(found)
        assert samples.most == threads
        found.close()
        assert samples.read_so_far <= 6 + threads + 1


def test_a_batch_that_cannot_be_read_is_told_when_its_turn_comes():
    class Broken(LittleSamples):
        def read(self, rows):
            if 20 in rows:
                raise OSError("gone")
            return super().read(rows)

    side = Batches(Broken(), LABELS, len(CLASSES), np.arange(50), "last", 8)
    found = stream.made(side, range(5), 2)
    next(found), next(found)
    with pytest.raises(OSError, match="gone"):
        next(found)
