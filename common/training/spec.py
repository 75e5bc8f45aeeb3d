"""What is trained: one network on one fold with one seed, and the job that a launcher makes of it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from common.runs.identity import Identity, split_digest
from common.runs.store import Run
from common.training.batches import Batches, Layout
from common.training.recipe import Recipe

if TYPE_CHECKING:
    from common.protocols.leakage import SplitSummary
    from common.protocols.splitters import Fold
    from common.samples.build import Samples


class Trainable(Protocol):
    """What a paper says about a network; `build(classes=n, **settings)` gives a fresh Keras model."""

    key: str
    build: Callable
    layout: Layout


@dataclass(frozen=True)
class Training:
    """One network, one fold, one seed, and all that decides what comes of it.

    Attributes:
        paper, experiment, protocol, profile: names under which the run is kept.
        network: key, builder and input layout.
        recipe: how it is trained.
        seed: of initial weights, order and augmentation.
        samples: what is trained and tested on.
        labels: (all samples,) int, position of each sample's class in `classes`. A control may shuffle those of
            the training samples.
        classes: names in the order of the network's outputs.
        fold: positions of the training, validation and test samples.
        settings: keyword arguments for `network.build`.
        fold_name: name of the fold where the protocol has several, else "".
        initial: finished run from whose weights the training begins, or None for random ones.
        take: `take(model, trained)` gives a new model what it shall have of the network of that run; without it, the
            two are of one architecture and all weights are taken.
        decisions: the paper's open decisions by name, those of the preprocessing among them; goes into the record, so
            that a video can be shown to the network as its training samples were.
        keep_weights: whether the run has a model.keras. A search leaves it out: a thousand large ones fill any disk.
        lost: clips without a sample that are tested all the same, each with `corpus`, `clip`, `subject` and `emotion`:
            the network cannot answer them, so each is an error.
        targets: (all samples, classes) float32, the probabilities that are learnt in place of the labels, which
            validation and test keep to; None for the labels. `recipe.targets` names them.
    """

    paper: str
    experiment: str
    protocol: str
    profile: str
    network: Trainable
    recipe: Recipe
    seed: int
    samples: "Samples"
    labels: np.ndarray
    classes: tuple[str, ...]
    fold: "Fold"
    settings: dict = field(default_factory=dict)
    fold_name: str = ""
    initial: Run | None = None
    take: Callable | None = None
    decisions: Mapping[str, Any] = field(default_factory=dict)
    keep_weights: bool = True
    lost: tuple[Mapping[str, str], ...] = ()
    targets: np.ndarray | None = None

    @property
    def identity(self) -> Identity:
        fold = self.fold
        begins = {"initial": self.initial.identity.key} if self.initial else {}
        return Identity(
            paper=self.paper,
            experiment=self.experiment,
            protocol=self.protocol,
            profile=self.profile,
            network=self.network.key,
            settings=self.settings,
            recipe=self.recipe.identity() | begins,
            seed=self.seed,
            data=self.samples.key,
            split=split_digest(
                (*self.classes, *(f"{one['corpus']} {one['clip']}" for one in self.lost), *self._soft),
                fold.train,
                fold.validation,
                fold.test,
                self.labels,
            ),
            fold=self.fold_name,
        )

    @property
    def _soft(self) -> tuple[str, ...]:
        """A digest of the targets, where there are any."""
        if self.targets is None:
            return ()
        return (hashlib.blake2b(np.ascontiguousarray(self.targets, "<f4"), digest_size=16).hexdigest(),)

    @property
    def steps_per_epoch(self) -> int:
        return self.recipe.steps_per_epoch or self.batches(self.fold.train, train=True).per_pass

    @property
    def steps(self) -> int:
        """Batches of all epochs."""
        return self.recipe.epochs * self.steps_per_epoch

    def batches(self, rows: np.ndarray, *, train: bool) -> Batches:
        """Training samples shuffled and augmented; others as they are, in their order."""
        return Batches(
            self.samples,
            self.labels,
            len(self.classes),
            rows,
            self.network.layout,
            self.recipe.batch_size,
            seed=self.seed if train else None,
            augmentation=self.recipe.augmentation if train else None,
            pixel_scaling=self.recipe.pixel_scaling,
            class_weights=train and self.recipe.class_weights,
            weights_of=self.recipe.weights_of,
            rest=self.recipe.rest if train else "runs_on",
            equalise=self.recipe.clahe,
            targets=self.targets if train else None,
        )


@dataclass(frozen=True)
class Job:
    """A training, what an audit says about its split, and how long it takes beside the others (any unit)."""

    training: Training
    split: "SplitSummary | None" = None
    cost: float = 1.0
