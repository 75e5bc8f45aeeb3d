"""How the network that ships is trained: on the Training part of FER2013, chosen on PublicTest, tested on PrivateTest.

The labels of FER2013 are noisy, and the ten votes of FER+ for each image tell how noisy. What is learnt is half the one
and half the other: the label, and the share of the votes that each of the seven classes has. An image that most
annotators of FER+ call something else (contempt, no face) is learnt by its label alone.

Under the plan "taught" two other networks learn this first: one of the same size, and a wider one. What ships then
learns half of the same, and half of what these teachers say of the training images (knowledge distillation, Hinton et
al. 2015).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from common.media.clips import Provenance
from common.media.images import BALLOT, StillImages
from common.protocols import splitters
from common.protocols.leakage import summarise
from common.runs.store import Run
from common.samples import images
from common.samples.augmentation import Augmentation
from common.samples.build import Samples
from common.support.errors import UserError
from common.training.batches import class_labels
from common.training.loop import Progress
from common.training.recipe import Recipe
from common.training.spec import Training
from common.training.train import train
from datasets import fer2013
from datasets.fer2013_csv import CODES, PARTITIONS
from inference.shipped import teachers
from inference.shipped.network import Plain8

WARM_UP = 2  # epochs in which the rate rises
GENTLE = Augmentation(rotation=12.0, shift=0.1, zoom=0.2, flip=True)
STRONG = Augmentation(rotation=15.0, shift=0.1, zoom=0.25, flip=True)


@dataclass(frozen=True)
class Plan:
    """How a network is trained, and by whom it is taught.

    Attributes:
        epochs, batch_size: of the training.
        peak: the highest learning rate.
        augmentation: of the images.
        mixed_precision: compute in 16 bits; what ships computes in 32 all the same.
        width: by which its layers are wider than those of what ships.
        taught_by: the plans of its teachers; with none, labels and votes are all that is learnt.
    """

    epochs: int = 60
    batch_size: int = 64
    peak: float = 0.05
    augmentation: Augmentation = GENTLE
    mixed_precision: bool = False
    width: int = 1
    taught_by: tuple["Plan", ...] = ()


ALONE = Plan()
WIDE = Plan(epochs=32, batch_size=128, peak=0.1, augmentation=STRONG, mixed_precision=True, width=2)
PLANS = {"taught": replace(WIDE, epochs=140, width=1, taught_by=(ALONE, WIDE)), "alone": ALONE}
SHIPS = "taught"


@dataclass(frozen=True)
class Material:
    """FER2013 as it is learnt.

    Attributes:
        images: with the votes of FER+.
        samples: the same images, as training reads them.
        labels: (all samples,) int, positions in `CODES`.
        targets: (all samples, 7) float32, of `half_votes`.
    """

    images: StillImages
    samples: Samples
    labels: np.ndarray
    targets: np.ndarray


def material(data: Path, cache: Path) -> Material:
    """FER2013 from a folder.

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
    return Material(read, samples, labels, half_votes(labels, read.votes))


def half_votes(labels: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """The mean of each image's label and of its annotators' votes, (n, 7) float32.

    Args:
        labels: (n,) int, positions in `CODES`.
        votes: (n, 10) uint8 in the order of `BALLOT`.
    """
    certain = np.eye(len(CODES), dtype=np.float32)[labels]
    counted = votes[:, [BALLOT.index(emotion) for emotion in CODES]].astype(np.float32)
    known = counted.sum(axis=1, keepdims=True)
    elsewhere = known * 2 <= votes.sum(axis=1, keepdims=True)
    return np.where(elsewhere, certain, (certain + counted / np.maximum(known, 1)) / 2).astype(np.float32)


def cosine(epochs: int, warm_up: int = WARM_UP) -> tuple[tuple[int, float], ...]:
    """A rate that rises in equal steps and falls by half a cosine, as `Recipe.schedule` takes it: a factor an epoch."""
    rising = [(epoch + 1) / (warm_up + 1) for epoch in range(warm_up)]
    span = max(epochs - warm_up, 1)
    falling = [(1 + math.cos(math.pi * step / span)) / 2 for step in range(epochs - warm_up)]
    return tuple((epoch - 1, round(factor, 6)) for epoch, factor in enumerate(rising + falling))


def recipe(plan: Plan) -> Recipe:
    """Stochastic gradient descent with momentum, under a rate that falls to nothing."""
    return Recipe(
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        learning_rate=plan.peak,
        schedule=cosine(plan.epochs),
        augmentation=plan.augmentation,
        optimizer="sgd",
        momentum=0.9,
        checkpoint="best_validation_accuracy",
        debias_batch_norm=False,
        mixed_precision=plan.mixed_precision,
        targets="half_votes_half_teachers" if plan.taught_by else "half_votes",
    )


def job(of: Material, plan: Plan, seed: int = 0, taught: Sequence[np.ndarray] = ()) -> Training:
    """The training that a plan describes.

    Args:
        taught: of each teacher of the plan, (all samples, 7) float32 probabilities.
    """
    return Training(
        paper="shipped",
        experiment="fer2013" if plan.width == 1 else "teachers",
        protocol="strict",
        profile="paper",
        network=Plain8(),
        recipe=recipe(plan),
        seed=seed,
        samples=of.samples,
        labels=of.labels,
        classes=tuple(CODES),
        fold=splitters.official(of.samples.table, PARTITIONS),
        settings={"width": plan.width} if plan.width > 1 else {},
        targets=(of.targets + np.mean(taught, axis=0)) / 2 if taught else of.targets,
    )


@dataclass(frozen=True)
class Fitted:
    """What came of it.

    Attributes:
        job, run: of what ships.
        teachers: their runs.
    """

    job: Training
    run: Run
    teachers: tuple[Run, ...] = ()


def fit(
    of: Material, cache: Path, results: Path, progress: Progress, seed: int = 0, plan: Plan = PLANS[SHIPS]
) -> Fitted:
    """Train the teachers, then what ships; whatever was trained before is taken, or continued where it was stopped.

    Args:
        cache: where the answers of teachers are kept.
        results: below which runs lie.
        seed: of all trainings; where several teachers have the same plan, these have the following ones.
    """

    def finished(one: Training) -> Run:
        split = summarise(one.samples.table, one.fold)
        return train(one, results / "runs", provenance=Provenance(False), split=split, progress=progress)

    runs = tuple(
        finished(job(of, teacher, seed + plan.taught_by[:number].count(teacher)))
        for number, teacher in enumerate(plan.taught_by)
    )
    learnt = job(of, plan, seed, [teachers.answers(run, of.samples, cache) for run in runs])
    return Fitted(learnt, finished(learnt), runs)
