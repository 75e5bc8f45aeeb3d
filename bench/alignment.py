"""The ConvLSTM of Saurav et al.: aligning on two cores against one, feeding its sequences, and answering for a clip."""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench import material
from bench.feeding import step_ratio
from bench.figures import Figure
from common.media.clips import Clip
from common.paper import load as papers
from common.results.config import Request, cache_from_environment
from common.samples.build import Samples, build
from common.support.timing import inference_times
from common.training import devices
from reproductions.convlstm import data, models, preprocessing
from reproductions.convlstm.data import SAVEE

TITLE = "ConvLSTM: eight aligned faces of 64×64 a clip"
TURNS, CLIPS = 4, 60
REAL_TIME = 40.0  # milliseconds: the answer is there before the next frame of a video at 25 frames per second


def measure(small: bool) -> list[Figure]:
    from common.training.batches import Batches, class_labels

    paper = papers.load("convlstm")
    request = Request(paper, settings=paper.settings, cache=cache_from_environment())
    corpus = data.load(request, (SAVEE,))[0][SAVEE]
    # The real SAVEE has 480 clips; with the 64 synthetic ones alone the start of the processes would weigh too much.
    clips = material.repeated(corpus.clips, 1 if small else 2)
    with TemporaryDirectory() as folder:
        one, two = [], []
        for turn in range(1 if small else 2):
            one.append(_aligned(request, clips, Path(folder) / f"one-{turn}", 1)[1])
            samples, seconds = _aligned(request, clips, Path(folder) / f"two-{turn}", 2)
            two.append(seconds)
        frames = int(samples.ledger.frames_read.sum())

        devices.prepare(seed=0)
        network = models.NETWORKS["convlstm"]
        labels = class_labels(samples.table.emotion, corpus.classes)
        rows, augmentation = np.arange(len(samples)), corpus.augmentation(request)
        batches = Batches(samples, labels, len(corpus.classes), rows, network.layout, 16, 0, augmentation)
        step = step_ratio(network, batches, turns=2 if small else TURNS)
        (answer,) = inference_times({network.key: network.build()}, network.key, CLIPS)
        return [
            Figure("speed of two cores against one", median(one) / median(two), "times", at_least=1.7),
            Figure("frames that two cores follow", frames / median(two), "frames/s", at_least=25),
            Figure("time of a training step", step, "times", at_most=1.1),
            Figure("time of an answer for a clip", answer.p50, "ms", at_most=REAL_TIME),
        ]


def _aligned(request: Request, clips: Sequence[Clip], folder: Path, workers: int) -> tuple[Samples, float]:
    began = time.perf_counter()
    samples = build(clips, preprocessing.prepare, preprocessing.settings(request, SAVEE), folder, workers)
    return samples, time.perf_counter() - began
