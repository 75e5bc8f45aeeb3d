"""What the fused batch normalisation saves: training steps with it against steps with Keras' own, in turns."""

import time
from statistics import median

import numpy as np

from bench.figures import Figure
from common import devices

TITLE = "Batch normalisation: a training step with Keras' own against one with TensorFlow's fused operation, one core"
# Network -> pairs of steps, and the goal where the saving is what the quick profile counts on.
NETWORKS = {"tcn_mini_xception": (60, 1.2), "mini_xception_2d": (60, 1.2), "tcn_resnet20": (20, None)}


def measure(small: bool) -> list[Figure]:
    from reproductions.timeconvnet.models import NETWORKS as BUILT

    devices.prepare(seed=0, threads=1)
    return [
        Figure(f"step of {key}", saving(BUILT[key], 2 if small else pairs), "times", at_least=goal)
        for key, (pairs, goal) in NETWORKS.items()
    ]


def saving(network, pairs: int) -> float:
    """Time of a step with Keras' own normalisation as multiple of one with the fused; median over pairs of steps."""
    from common.batch_norm import batch_normalisations
    from common.tf.normalisation import fuse

    own, fused = network.build(), network.build()
    fuse(batch_normalisations(fused))
    for model in (own, fused):
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    rng = np.random.default_rng(0)
    pictures = rng.random((32, *own.input_shape[1:]), np.float32)
    labels = np.eye(own.output_shape[-1], dtype=np.float32)[rng.integers(0, own.output_shape[-1], 32)]
    for model in (own, fused):
        _seconds(model, pictures, labels)  # compiles
    return median(_seconds(own, pictures, labels) / _seconds(fused, pictures, labels) for _ in range(pairs))


def _seconds(model, pictures: np.ndarray, labels: np.ndarray) -> float:
    began = time.perf_counter()
    model.train_on_batch(pictures, labels)
    return time.perf_counter() - began
