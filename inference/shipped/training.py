"""How the network that ships is trained: on the Training part of FER2013, chosen on PublicTest, tested on PrivateTest.

The labels of FER2013 are noisy, and the ten votes of FER+ for each image tell how noisy. What is learnt is half the one
and half the other: the label, and the share of the votes that each of the seven classes has. An image that most
annotators of FER+ call something else (contempt, no face) is learnt by its label alone.
"""

import math
from pathlib import Path

import numpy as np

from common.media.clips import Provenance
from common.media.images import BALLOT
from common.protocols import splitters
from common.protocols.leakage import summarise
from common.runs.store import Run
from common.samples import images
from common.samples.augmentation import Augmentation
from common.support.errors import UserError
from common.training.batches import class_labels
from common.training.loop import Progress
from common.training.recipe import Recipe
from common.training.spec import Training
from common.training.train import train
from datasets import fer2013
from datasets.fer2013_csv import CODES, PARTITIONS
from inference.shipped.network import Plain8

EPOCHS = 60
WARM_UP = 2  # epochs in which the rate rises
PEAK = 0.05  # learning rate


def cosine(epochs: int, warm_up: int = WARM_UP) -> tuple[tuple[int, float], ...]:
    """A rate that rises in equal steps and falls by half a cosine, as `Recipe.schedule` takes it: a factor an epoch."""
    rising = [(epoch + 1) / (warm_up + 1) for epoch in range(warm_up)]
    span = max(epochs - warm_up, 1)
    falling = [(1 + math.cos(math.pi * step / span)) / 2 for step in range(epochs - warm_up)]
    return tuple((epoch - 1, round(factor, 6)) for epoch, factor in enumerate(rising + falling))


def recipe(epochs: int = EPOCHS) -> Recipe:
    """Stochastic gradient descent with momentum, under a rate that falls to nothing."""
    return Recipe(
        epochs=epochs,
        batch_size=64,
        learning_rate=PEAK,
        schedule=cosine(epochs),
        augmentation=Augmentation(rotation=12.0, shift=0.1, zoom=0.2, flip=True),
        optimizer="sgd",
        momentum=0.9,
        checkpoint="best_validation_accuracy",
        debias_batch_norm=False,
        targets="half_votes",
    )


def half_votes(labels: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """What is learnt of each image: the mean of its label and of the annotators' votes, (n, 7) float32.

    Args:
        labels: (n,) int, positions in `CODES`.
        votes: (n, 10) uint8 in the order of `BALLOT`.
    """
    certain = np.eye(len(CODES), dtype=np.float32)[labels]
    counted = votes[:, [BALLOT.index(emotion) for emotion in CODES]].astype(np.float32)
    known = counted.sum(axis=1, keepdims=True)
    elsewhere = known * 2 <= votes.sum(axis=1, keepdims=True)
    return np.where(elsewhere, certain, (certain + counted / np.maximum(known, 1)) / 2).astype(np.float32)


def training(data: Path, cache: Path, seed: int = 0, epochs: int = EPOCHS) -> Training:
    """The training, with its samples.

    Args:
        data: folder with FER2013 as its csv, and the votes of FER+ beside it.
        cache: where samples are kept.

    Raises:
        UserError: if either is missing or broken, or the three official parts are not all there.
    """
    read = fer2013.read(data, cache / "images")
    if read.votes is None:
        raise UserError(f"The votes of FER+ are not at or below {data}.", "Put ferplus.csv beside the csv of FER2013.")
    samples = images.samples(read, cache / "samples")
    labels = class_labels(samples.table.emotion, CODES)
    return Training(
        paper="shipped",
        experiment="fer2013",
        protocol="strict",
        profile="paper",
        network=Plain8(),
        recipe=recipe(epochs),
        seed=seed,
        samples=samples,
        labels=labels,
        classes=tuple(CODES),
        fold=splitters.official(samples.table, PARTITIONS),
        targets=half_votes(labels, read.votes),
    )


def fit(data: Path, cache: Path, results: Path, progress: Progress, seed: int = 0, epochs: int = EPOCHS) -> Run:
    """The finished run, continued where it was stopped."""
    job = training(data, cache, seed, epochs)
    split = summarise(job.samples.table, job.fold)
    return train(job, results / "runs", provenance=Provenance(False), split=split, progress=progress)
