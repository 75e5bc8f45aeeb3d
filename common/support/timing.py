"""Time of one prediction, as papers print it: batch of 1, mean over many runs after warm-up.

All networks are timed in turns, one prediction each in a new random order, so that whatever else the machine
does strikes all of them alike: ratios between networks are worth more than milliseconds.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class InferenceTime:
    """Milliseconds of one prediction; `ratio` is the median over pairs with the reference of the same turn."""

    name: str
    runs: int
    mean: float
    p50: float
    p95: float
    ratio: float


def inference_times(
    models: Mapping[str, object], reference: str, runs: int = 1000, warm_up: int = 20, seed: int = 0, batch: int = 1
) -> list[InferenceTime]:
    """Time `predict_on_batch` of Keras models on `batch` random samples: input given and output taken as NumPy.

    Args:
        models: compiled or uncompiled Keras models by name, with one input of known shape.
        reference: name of the model whose time is 1.
    """
    rng = np.random.default_rng(seed)
    calls = {}
    for name, model in models.items():
        if not model.compiled:
            model.compile(jit_compile=False)
        sample = rng.random((batch, *model.input_shape[1:]), np.float32)
        calls[name] = lambda model=model, sample=sample: model.predict_on_batch(sample)
    return times(calls, reference, runs, warm_up, seed)


def times(
    calls: Mapping[str, Callable[[], object]], reference: str, runs: int, warm_up: int, seed: int = 0
) -> list[InferenceTime]:
    """Time any functions in turns; they must wait for their own result."""
    if runs < 1:
        raise ValueError("At least one run is needed.")
    rng = np.random.default_rng(seed)
    names = list(calls)
    took = np.empty((runs, len(names)))
    for _ in range(warm_up):
        for call in calls.values():
            call()
    for turn in took:
        for number in rng.permutation(len(names)):
            began = time.perf_counter()
            calls[names[number]]()
            turn[number] = (time.perf_counter() - began) * 1000
    ratios = np.median(took / took[:, [names.index(reference)]], axis=0)
    return [
        InferenceTime(name, runs, float(t.mean()), float(np.median(t)), float(np.percentile(t, 95)), float(ratio))
        for name, t, ratio in zip(names, took.T, ratios, strict=True)
    ]
