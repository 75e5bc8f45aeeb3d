"""The two stages of EmotionalVLAN: describing images, an epoch of either stage, and memory over the corpus size."""

import resource
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from bench.figures import Figure
from bench.memory import printed
from reproductions.emotionalvlan import models, trainings
from reproductions.emotionalvlan.stills import LENGTH, SHAPE, SingleImages

TITLE = "EmotionalVLAN: AlexNet on images, then the layer on their features"
CLIPS, TURNS = 40, 3
NARROW = {"width": 16, "size": 67}


class Noise:
    """Videos of noise in memory, as `common.samples.build.Samples` has them; a few are repeated again and again."""

    def __init__(self, count: int):
        self.count, self.length, self.key = count, LENGTH, f"noise-{count}"
        self.table = pd.DataFrame({"clip": np.arange(count)})
        self._few = np.random.default_rng(0).integers(0, 256, (2, LENGTH, *SHAPE, 3), np.uint8)

    def __len__(self) -> int:
        return self.count

    def read(self, positions) -> np.ndarray:
        return self._few[np.asarray(positions) % len(self._few)]

    def read_frames(self, positions, numbers) -> np.ndarray:
        return self._few[np.asarray(positions) % len(self._few), numbers]


def measure(small: bool) -> list[Figure]:
    """The paper's own sizes, or a narrow network; each epoch is one pass over the same clips."""
    from common.training import devices

    # First, because a new process begins with the peak of the one that starts it.
    single, fourfold = (_peak(count) for count in (100, 400))
    devices.prepare(seed=0)
    options = NARROW if small else {}
    width, size = options.get("width", 1), options.get("size", 227)
    videos = Noise(4 if small else CLIPS)
    from reproductions.emotionalvlan import alexnet  # Keras, which is there by now

    network = models.NETWORKS["spatial_cnn"].build(6, **options)
    images = SingleImages(videos, "spatial", size)
    first = _epoch(network, images.read(np.arange(40))[:, 0].astype(np.float32), len(images) // 40 or 1, small)
    described = alexnet.features(network.get_layer("spatial"))
    rate = _described(described, images, small)
    vectors = np.random.default_rng(0).random((40, LENGTH, models.UNITS // width), np.float32)
    joined = models.NETWORKS["emotionalvlan"].build(6, width=width)
    second = _epoch(joined, vectors, max(1, len(videos) // 40), small)
    # Stage one has two networks.
    return [
        Figure("images that one network describes", rate, "images/s", at_least=20),
        Figure("an epoch of stage one against one on features", 2 * first / second, "times", at_least=20),
        Figure(f"peak of describing and training, {single:.0f} MB", fourfold / single, "times", at_most=1.1),
    ]


def _epoch(model, inputs: np.ndarray, batches: int, small: bool) -> float:
    """Seconds of so many batches of 40, as the median of some steps."""
    model.compile("sgd", "categorical_crossentropy", jit_compile=False)
    labels = np.eye(6, dtype=np.float32)[np.arange(len(inputs)) % 6]
    model.train_on_batch(inputs, labels)  # compiles
    return batches * median(
        _seconds(lambda: model.train_on_batch(inputs, labels)) for _ in range(2 if small else TURNS)
    )


def _described(model, images: SingleImages, small: bool) -> float:
    """Images a second, from reading and resizing to their features."""
    count = min(64, len(images))

    def describe() -> None:
        model.predict_on_batch(images.read(np.arange(count))[:, 0].astype(np.float32))

    describe()
    return count / median(_seconds(describe) for _ in range(2 if small else TURNS))


def _seconds(action) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _peak(clips: int) -> float:
    """Megabytes of a process that describes so many clips with a narrow network and trains on their features."""
    return printed("bench.features", str(clips))


def _run(clips: int, folder: Path) -> None:
    """Both stages on noise, then print the peak."""
    from common.media.clips import Provenance
    from common.media.emotions import Emotion
    from common.paper import load as papers
    from common.results.config import Request
    from common.training.train import train
    from reproductions.emotionalvlan.data import BASIC, RML, Corpus

    paper = papers.load("emotionalvlan")
    small = paper.profiles["quick"] | {"groups": 1, "pictures": {"epochs": 1, "steps_per_epoch": 2}}
    small |= {"features": {"epochs": 1, "steps_per_epoch": 4}}
    paper = paper.model_copy(update={"profiles": {"quick": small}})
    request = Request(paper, settings=paper.settings, protocols=("strict",), cache=folder, results=folder)
    videos = Noise(clips)
    emotions = [str(BASIC[n % 6]) for n in range(clips)]
    videos.table = videos.table.assign(
        sample=np.arange(clips),
        corpus=RML,
        subject=[f"s{n % 8}" for n in range(clips)],
        emotion=emotions,
        first_frame=0,
        last_frame=LENGTH - 1,
    )
    corpus = Corpus(RML, tuple(Emotion(name) for name in BASIC), Provenance(True), _videos=videos)
    made = trainings.stages(request, corpus, "strict", ["emotionalvlan"])
    for job in made.images:
        train(job.training, folder / "runs", provenance=Provenance(True))
    from reproductions.emotionalvlan import networks  # Keras, which is there by now

    for stream in trainings.streams(made.features):
        stream.store(networks.extractor)
    for job in made.features:
        train(job.training, folder / "runs", provenance=Provenance(True))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        _run(int(sys.argv[1]), Path(place))
