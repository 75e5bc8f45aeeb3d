"""What a training step costs more when its batches are made while it runs, and how many samples a second are made."""

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench import cores, material
from bench.figures import Figure
from common.paper import load as papers
from common.samples.augmentation import Augmentation
from common.samples.offline_augmentation import OfflineAugmentation
from common.support import workers
from common.training import devices
from common.training.batches import Batches, class_labels
from common.training.recipe import Recipe
from reproductions.cnn3d.data import CKPLUS
from reproductions.cnn3d.data import CLASSES as CLASSES_OF_CLIPS
from reproductions.cnn3d.models import FRAMES, SIZE
from reproductions.timeconvnet.data import CLASSES

TITLE = "Feeding: a training step through tf.data against one on a resident batch, and samples made a second"
# Network -> pairs of turns: the slower a step, the less it scatters.
TURNS = {"tcn_mini_xception": 40, "tcn_resnet20": 12, "cnn_fer2013": 10}
STEPS, SETTLING = 25, 5  # of one turn, and those of them that are not counted: the stream fills up
PAIRS = 15  # of turns of making batches, one thread and two
CLIPS = 60


def measure(small: bool) -> list[Figure]:
    from reproductions.thesis import models as thesis
    from reproductions.timeconvnet import models as timeconvnet

    networks = timeconvnet.NETWORKS | thesis.NETWORKS
    devices.prepare(seed=0)
    figures = []
    with TemporaryDirectory() as folder:
        samples = material.samples(material.clips(small), Path(folder))
        for key, turns in TURNS.items():
            batches = windows(samples, networks[key].layout)
            ratio = step_ratio(networks[key], batches, turns=2 if small else turns)
            figures.append(Figure(f"time of a step of {key}", ratio, "times", at_most=1.1))
        sides = {"TimeConvNets windows": (windows(samples, "channels"), 64), "C3D clips": (clips(Path(folder)), 8)}
        with cores.two_processes() as two:
            gains = cores.gains(two)
            for name, (batches, count) in sides.items():
                figures += _made(name, batches, 2 if small else count, 2 if small else PAIRS)
                gains += cores.gains(two)
    return [*figures, cores.figure(gains)]


def windows(samples, layout: str) -> Batches:
    """Windows as TimeConvNets are trained on them."""
    labels = class_labels(samples.table.emotion, CLASSES)
    return Batches(samples, labels, len(CLASSES), np.arange(len(samples)), layout, 32, 0, Augmentation())


def clips(folder: Path) -> Batches:
    """Clips as the 3D-CNN is trained on them: each class has the paper's augmentation."""
    stated, classes = papers.load("cnn3d").hyperparameters, CLASSES_OF_CLIPS[CKPLUS]
    augmentation = OfflineAugmentation.by_class(
        stated["augmentation_ckplus"],
        classes,
        rotation=tuple(stated["rotation_degrees"]),
        contrast=tuple(stated["contrast"]),
    )
    samples = material.noise(folder, CLIPS, FRAMES, (SIZE, SIZE, 3))
    labels = np.arange(CLIPS) % len(classes)
    return Batches(samples, labels, len(classes), np.arange(CLIPS), "sequence", stated["batch_size"], 0, augmentation)


def _made(name: str, batches: Batches, count: int, pairs: int) -> list[Figure]:
    """Samples made a second by one thread and by two, and the gain: the median over pairs of turns."""
    turns = [[_seconds(batches, threads, count) for threads in (1, 2)] for _ in range(pairs + 1)]
    (one, two), delivered = np.median(turns[1:], axis=0), count * batches.batch_size
    gain = median(alone / both for alone, both in turns[1:])
    goal = 1.7 if workers.cores() > 1 else None
    return [
        Figure(f"{name} on one core", delivered / one, "a second"),
        Figure(f"{name} on two cores", delivered / two, "a second"),
        Figure(f"{name}, two cores against one", gain, "times", at_least=goal),
    ]


def _seconds(batches: Batches, threads: int, count: int) -> float:
    """Time until so many batches were made by so many threads, those that were made ahead not counted."""
    from common.training.stream import feed

    stream = iter(feed(batches, threads=threads))
    for _ in range(SETTLING):
        next(stream)
    began = time.perf_counter()
    for _ in range(count):
        next(stream)
    return time.perf_counter() - began


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
