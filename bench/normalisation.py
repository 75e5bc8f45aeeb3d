"""What the fused batch normalisation saves: training steps with it against steps with Keras' own, in turns."""

from functools import partial

import numpy as np

from bench.figures import Figure
from common.support import timing
from common.training import devices

TITLE = "Batch normalisation: a training step with Keras' own against one with TensorFlow's fused operation, one core"
# Network -> pairs of steps, and the goal where the saving is what the quick profile counts on.
NETWORKS = {"tcn_mini_xception": (60, 1.2), "mini_xception_2d": (60, 1.2), "tcn_resnet20": (20, None)}


def measure(small: bool) -> list[Figure]:
    from inference.shipped.network import Plain8
    from reproductions.timeconvnet.models import NETWORKS as BUILT

    devices.prepare(seed=0, threads=1)
    figures = [
        Figure(f"step of {key}", saving(BUILT[key], 2 if small else pairs), "times", at_least=goal)
        for key, (pairs, goal) in NETWORKS.items()
    ]
    devices.prepare(seed=0, threads=1, mixed_precision=True)
    sixteen = saving(Plain8(), 2 if small else 20)
    devices.prepare(seed=0, threads=1)
    return [*figures, Figure(f"step of {Plain8.key} in 16 bits", sixteen, "times")]


def saving(network, pairs: int) -> float:
    """Time of a step with Keras' own normalisation as multiple of one with the fused; median over pairs of steps."""
    from common.training.batch_norm import batch_normalisations
    from common.training.tf.normalisation import fuse

    models = {"own": network.build(), "fused": network.build()}
    fuse(batch_normalisations(models["fused"]))
    rng = np.random.default_rng(0)
    images = rng.random((32, *models["own"].input_shape[1:]), np.float32)
    classes = models["own"].output_shape[-1]
    labels = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, 32)]
    for model in models.values():
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    steps = {name: partial(model.train_on_batch, images, labels) for name, model in models.items()}
    own, _ = timing.times(steps, "fused", pairs, warm_up=1)
    return own.ratio
