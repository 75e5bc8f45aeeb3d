"""Batches as a tf.data stream that is read ahead while the network trains."""

import numpy as np
import tensorflow as tf

from common.training.batches import Batch, Batches

AHEAD = 4


def dataset(batches: Batches, start: int = 0) -> tf.data.Dataset:
    """Batches from number `start` on, without end.

    Memory holds `AHEAD` batches, however large the corpus is.
    """
    first = batches[start]

    def load(number: np.int64) -> Batch:
        return batches[int(number)]

    def batch(number: tf.Tensor) -> tuple[tf.Tensor, ...]:
        parts = tf.numpy_function(load, [number], [tf.float32] * len(first))
        return tuple(tf.ensure_shape(part, (None, *array.shape[1:])) for part, array in zip(parts, first, strict=True))

    numbers = tf.data.Dataset.range(start, np.iinfo(np.int64).max)
    options = tf.data.Options()
    # A second thread of TensorFlow's own would only compete with training for the two cores of a small machine.
    options.threading.private_threadpool_size = 1
    options.deterministic = True
    return numbers.map(batch).prefetch(AHEAD).with_options(options)


def resident(images: np.ndarray, labels: np.ndarray) -> tf.data.Dataset:
    """One batch again and again, held in memory: the least that feeding can cost."""
    return tf.data.Dataset.from_tensors((images, labels)).repeat()
