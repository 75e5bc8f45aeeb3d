"""Batches as a tf.data stream that is read ahead while the network trains."""

import numpy as np
import tensorflow as tf

from common.training.batches import Batch, Batches

AHEAD = 4


def dataset(batches: Batches, start: int = 0, threads: int = 1) -> tf.data.Dataset:
    """Batches from number `start` on, without end and always in order, made by so many threads.

    Memory holds `AHEAD` batches and one a thread, however large the corpus is.
    """
    first = batches[start]

    def load(number: np.int64) -> Batch:
        return batches[int(number)]

    def batch(number: tf.Tensor) -> tuple[tf.Tensor, ...]:
        # A batch hangs on its number alone. Told so, TensorFlow makes several at once where operations have to be
        # deterministic; a function that might have a state it would call one after the other.
        parts = tf.numpy_function(load, [number], [tf.float32] * len(first), stateful=False)
        return tuple(tf.ensure_shape(part, (None, *array.shape[1:])) for part, array in zip(parts, first, strict=True))

    numbers = tf.data.Dataset.range(start, np.iinfo(np.int64).max)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    options.deterministic = True
    # There is nothing to tune, and the thread that would can keep its iterator from ending for half a minute.
    options.autotune.enabled = False
    return numbers.map(batch, num_parallel_calls=threads).prefetch(AHEAD).with_options(options)


def resident(images: np.ndarray, labels: np.ndarray) -> tf.data.Dataset:
    """One batch again and again, held in memory: the least that feeding can cost."""
    return tf.data.Dataset.from_tensors((images, labels)).repeat()
