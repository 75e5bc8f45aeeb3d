"""Batches as Keras takes them: a tf.data stream on TensorFlow, a plain generator on the other backends."""

from common.training.batches import Batches


def feed(batches: Batches, start: int = 0):
    """The batches as Keras takes them, from number `start` on: tf.data on TensorFlow, else a generator."""
    import keras

    if keras.config.backend() == "tensorflow":
        from common.training.tf.pipeline import dataset

        return dataset(batches, start)
    return batches.stream(start)
