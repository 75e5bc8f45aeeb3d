"""How a network is trained, as a paper says it."""

from dataclasses import dataclass
from typing import Literal

from common.augmentation import Augmentation

CHECKPOINTS = ("best_validation_accuracy", "last")


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: Adam on categorical cross-entropy.

    Attributes:
        epochs: how often a learning curve gets a point.
        batch_size: samples in a batch.
        learning_rate: initial rate.
        schedule: pairs (e, factor): in epochs after e, counted from 0, the rate is factor × the initial rate.
            The last pair that applies wins; factors do not multiply.
        steps_per_epoch: batches in an epoch, or None for all training samples once.
        augmentation: how training samples are moved, or None.
        checkpoint: which weights are tested: those of the first epoch with the best validation accuracy, or
            those of the last epoch.
        debias_batch_norm: validate and test without the initial values' share of batch normalisation's moving
            statistics (`common.batch_norm`); matters in trainings of less than some thousand steps only.
        mixed_precision: compute in float16, keep weights in float32 (for GPUs).
        xla: compile with XLA (for GPUs); operations are then not deterministic.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: tuple[tuple[int, float], ...] = ()
    steps_per_epoch: int | None = None
    augmentation: Augmentation | None = None
    checkpoint: Literal["best_validation_accuracy", "last"] = "best_validation_accuracy"
    debias_batch_norm: bool = True
    mixed_precision: bool = False
    xla: bool = False

    def rate(self, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0.

        >>> Recipe(200, 32, 1e-3, schedule=((80, 1e-1), (120, 1e-2))).rate(81)
        0.0001
        """
        factors = [factor for after, factor in self.schedule if epoch > after]
        return self.learning_rate * (factors[-1] if factors else 1.0)
