"""What a training step costs more when its batches are read, moved and laid out while it runs."""

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench import material
from bench.figures import Figure
from common.training import devices
from common.training.recipe import Recipe

TITLE = "Feeding: a training step through tf.data with augmentation against one on a resident batch"
# Network -> pairs of turns: the slower a step, the less it scatters.
TURNS = {"tcn_mini_xception": 40, "tcn_resnet20": 12, "cnn_fer2013": 4}
STEPS, SETTLING = 25, 5  # of one turn, and those of them that are not counted: the stream fills up


def measure(small: bool) -> list[Figure]:
    from common.samples.augmentation import Augmentation
    from common.training.batches import Batches, class_labels
    from reproductions.thesis import models as thesis
    from reproductions.timeconvnet import models as timeconvnet
    from reproductions.timeconvnet.data import CLASSES

    networks = timeconvnet.NETWORKS | thesis.NETWORKS
    devices.prepare(seed=0)
    with TemporaryDirectory() as folder:
        samples = material.samples(material.clips(small), Path(folder))
        labels = class_labels(samples.table.emotion, CLASSES)
        everything = np.arange(len(samples))
        figures = []
        for key, turns in TURNS.items():
            batches = Batches(samples, labels, len(CLASSES), everything, networks[key].layout, 32, 0, Augmentation())
            ratio = step_ratio(networks[key], batches, turns=2 if small else turns)
            figures.append(Figure(f"time of a step of {key}", ratio, "times", at_most=1.1))
    return figures


def step_ratio(network, batches, turns: int) -> float:
    """Time of a step on these batches as multiple of one on a resident batch.

    It is the median over pairs of turns, so that whatever else the machine does strikes both alike.
    """
    from common.training.model_cache import compiled
    from common.training.stream import feed
    from common.training.tf.pipeline import resident

    model = compiled(network, batches.classes, {}, Recipe(epochs=1, batch_size=batches.batch_size, learning_rate=1e-3))
    bare = resident(*batches[0])
    _turn(model, bare)  # compiles
    return median(_turn(model, feed(batches)) / _turn(model, bare) for _ in range(turns))


def _turn(model, stream) -> float:
    """Median seconds of a step."""
    import keras

    ends = []
    clock = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter()))
    model.fit(stream, steps_per_epoch=STEPS, epochs=1, callbacks=[clock], shuffle=False, verbose=0)
    return float(np.median(np.diff(ends[SETTLING:])))
