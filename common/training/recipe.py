"""How a network is trained, as a paper says it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from common.media.clahe import Channel
from common.samples.augmentation import Augmentation
from common.samples.offline_augmentation import OfflineAugmentation
from common.training.batches import PixelScaling

CHECKPOINTS = ("best_validation_accuracy", "best_validation_loss", "last")
OPTIMIZERS = ("adam", "lookahead_adam", "sgd")

# Fields that came later, with the value that runs without them had: with it, a run keeps its key.
LATER: dict[str, Any] = {
    "optimizer": "adam",
    "momentum": 0.0,
    "class_weights": False,
    "accumulation": 1,
    "batch_norm_batches": 0,
    "weights_of": "copies",
    "rest": "runs_on",
    "clahe": "none",
    "plateau": None,
    "targets": "labels",
}


@dataclass(frozen=True)
class EarlyStopping:
    """When a training ends before its last epoch: the rule of Keras' callback of that name.

    Attributes:
        monitor: what is monitored after each epoch.
        patience: epochs without improvement after which the training ends.
        min_delta: improvements of no more than this are none.
    """

    monitor: Literal["val_loss", "val_accuracy"]
    patience: int
    min_delta: float = 0.0

    def ends(self, monitored: Sequence[float]) -> bool:
        """Whether the training ends after the epoch that gave the last of these values.

        >>> [EarlyStopping("val_loss", 2, 0.1).ends(values) for values in ([1, 0.8, 0.7], [1, 0.8, 0.75, 0.71])]
        [False, True]
        """
        sign = -1 if self.monitor == "val_loss" else 1
        best, waited = -float("inf"), 0
        for value in monitored:
            waited += 1
            if sign * value - self.min_delta > best:
                best, waited = sign * value, 0
        return waited >= self.patience


@dataclass(frozen=True)
class Plateau:
    """When the rate falls because nothing improves: the rule of Keras' callback ReduceLROnPlateau, which applies it.

    Attributes:
        monitor: what is monitored after each epoch.
        factor: by which the rate is multiplied, between 0 and 1.
        patience: epochs without improvement after which the rate falls.
        min_delta: improvements of no more than this are none.
        cooldown: epochs after a fall in which none is counted.
        min_lr: the rate falls no further.
    """

    monitor: Literal["val_loss", "val_accuracy"] = "val_loss"
    factor: float = 0.1
    patience: int = 10
    min_delta: float = 1e-4
    cooldown: int = 0
    min_lr: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """How a network is trained, on categorical cross-entropy.

    Attributes:
        epochs: how often a learning curve gets a point.
        batch_size: samples in a batch.
        learning_rate: initial rate.
        schedule: pairs (e, factor): in epochs after e, counted from 0, the rate is factor × the initial rate.
            The last pair that applies wins; factors do not multiply.
        steps_per_epoch: batches in an epoch, or None for all training samples once.
        augmentation: how training samples are moved anew in every epoch, which augmented ones an epoch has
            besides, or None.
        pixel_scaling: "unit" divides pixels by 255, "symmetric" takes them on to -1 to 1, "none" leaves them 0 to 255.
        stopping: when the training ends before `epochs`, or None.
        checkpoint: which weights are tested: those of the first epoch with the best validation accuracy, those of the
            first with the least validation loss (the weights' penalty counted in), or those of the last epoch.
        debias_batch_norm: validate and test without the initial values' share of batch normalisation's moving
            statistics (`common.training.batch_norm`); matters in trainings of less than some thousand steps only.
        mixed_precision: compute in 16 bits (float16 on a GPU, bfloat16 on a CPU), keep weights in float32.
        xla: compile with XLA (for GPUs); operations are then not deterministic.
        optimizer: "adam", "lookahead_adam" (`common.training.lookahead`, k = 5, α = 0.5), or "sgd".
        momentum: of "sgd".
        class_weights: in the training loss a class of n of N samples counts N / (classes · n).
        accumulation: batches whose mean gradient makes one update, for a batch that memory cannot take at once.
            Batch normalisation still sees single batches.
        batch_norm_batches: validate and test with the statistics of so many of the epoch's training batches (at most
            all) under the present weights, for a training so short that moving statistics lag behind; 0 for these.
        weights_of: what `class_weights` counts: "copies", all training samples of an epoch; "originals", those before
            offline augmentation.
        rest: what becomes of training samples that fill no batch at the end of a pass: the next pass fills it up, or
            they are dropped until the samples are shuffled again.
        clahe: the channel on which the contrasts of all images are equalised (`common.media.clahe`) after offline
            augmentation; "none" where that is done before, or not at all.
        plateau: when the rate falls because nothing improves, or None. Not together with a schedule.
        targets: what is learnt: "labels", or the name of what `Training.targets` holds instead.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: tuple[tuple[int, float], ...] = ()
    steps_per_epoch: int | None = None
    augmentation: Augmentation | OfflineAugmentation | None = None
    pixel_scaling: PixelScaling = "unit"
    stopping: EarlyStopping | None = None
    checkpoint: Literal["best_validation_accuracy", "best_validation_loss", "last"] = "best_validation_accuracy"
    debias_batch_norm: bool = True
    mixed_precision: bool = False
    xla: bool = False
    optimizer: Literal["adam", "lookahead_adam", "sgd"] = "adam"
    momentum: float = 0.0
    class_weights: bool = False
    accumulation: int = 1
    batch_norm_batches: int = 0
    weights_of: Literal["copies", "originals"] = "copies"
    rest: Literal["runs_on", "dropped"] = "runs_on"
    clahe: Literal["none"] | Channel = "none"
    plateau: Plateau | None = None
    targets: str = "labels"

    def identity(self) -> dict[str, Any]:
        """The recipe as the identity of a run holds it."""
        return {name: value for name, value in asdict(self).items() if name not in LATER or value != LATER[name]}

    def rate(self, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0, as the schedule has it; a plateau lowers it as the training goes.

        >>> Recipe(200, 32, 1e-3, schedule=((80, 1e-1), (120, 1e-2))).rate(81)
        0.0001
        """
        factors = [factor for after, factor in self.schedule if epoch > after]
        return self.learning_rate * (factors[-1] if factors else 1.0)
