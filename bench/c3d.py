"""The exact 3D-CNN: what a training step and an answer cost, against what the machine can multiply at all."""

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from bench.figures import Figure
from bench.operations import operations
from common.paper import load as papers
from common.training import devices
from common.training.model_cache import compiled
from common.training.recipe import Recipe
from reproductions.cnn3d.models import FRAMES, NETWORKS, SIZE

TITLE = f"3D-CNN: clips of {FRAMES} frames of {SIZE}×{SIZE}, all the paper's filters"
BATCH, PART = 30, 5  # the paper's batch, and the part of it that fits into the memory of a small machine
CLIPS_OF_CKPLUS, SUBJECTS = 1722, 118  # with their copies (section 4.1)
ORDER = 1536  # of the matrices whose product shows the machine's rate


def measure(small: bool) -> list[Figure]:
    """Ratios within this run; the hours are projected from its step, not run."""
    devices.prepare(seed=0)
    stated = papers.load("cnn3d")
    rate = stated.hyperparameters["learning_rate"]
    recipe = Recipe(epochs=1, batch_size=PART, learning_rate=rate, accumulation=BATCH // PART)
    model = compiled(NETWORKS["c3d_ckplus"], 7, {"width": 16, "fc_units": 64} if small else {}, recipe)
    rng = np.random.default_rng(0)
    clips = rng.random((PART, FRAMES, SIZE, SIZE, 3), np.float32)
    labels = np.eye(7, dtype=np.float32)[rng.integers(7, size=PART)]
    one, square = clips[:1], rng.random((ORDER, ORDER), np.float32)
    work: dict[str, Callable[[], object]] = {
        "step": lambda: model.train_on_batch(clips, labels),
        "answer": lambda: model.predict_on_batch(one),
        "product": lambda: square @ square,
    }
    took = {name: [] for name in work}
    for turn in range(3 if small else BATCH // PART + 1):
        for name, run in work.items():
            began = time.perf_counter()
            run()
            if turn:  # the first one compiles
                took[name].append(time.perf_counter() - began)
    step, answer, product = (median(took[name]) for name in work)
    possible = 2 * ORDER**3 / product
    forward = operations(model)
    epochs = stated.profiles["paper"]["epochs"]
    hours = CLIPS_OF_CKPLUS * (SUBJECTS - 1) * epochs * step / PART / 3600
    return [
        # Backwards costs two products where forwards costs one.
        Figure("a clip of a training step against an answer", step / PART / answer, "times", at_most=4),
        Figure(
            "training: share of the rate of matrix products", 3 * forward * PART / step / possible, "", at_least=0.3
        ),
        Figure("answer: share of the rate of matrix products", forward / answer / possible, "", at_least=0.3),
        Figure("time of a training step of 30 clips", step * BATCH / PART, "s"),
        Figure("time of an answer for a clip", 1000 * answer, "ms"),
        Figure("projected: leaving out each of 118 subjects once", hours, "h"),
    ]
