"""Train one network on one fold with one seed, into a run folder that is either finished or continued later."""

import hashlib
import json
import resource
import subprocess
import time
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from common import devices, files, runs
from common.augmentation import Augmentation
from common.batch_norm import MovingStatistics
from common.clips import Provenance
from common.errors import UserError, unknown
from common.feeding import Batches, Layout, feed
from common.runs import Identity, Run

if TYPE_CHECKING:
    from common.samples import Samples
    from common.splits import Fold

CHECKPOINTS = ("best_validation_accuracy", "last")
STATE = "state.npz"

Progress = Callable[[int, int, dict[str, float]], None]


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

    @property
    def identity(self) -> Identity:
        split = hashlib.blake2b(json.dumps([str(name) for name in self.classes]).encode(), digest_size=16)
        for positions in (self.fold.train, self.fold.validation, self.fold.test, self.labels):
            split.update(np.ascontiguousarray(positions, dtype="<i8").tobytes() + b"|")
        return Identity(
            paper=self.paper,
            experiment=self.experiment,
            protocol=self.protocol,
            profile=self.profile,
            network=self.network.key,
            settings=self.settings,
            recipe=asdict(self.recipe),
            seed=self.seed,
            data=self.samples.key,
            split=split.hexdigest(),
            fold=self.fold_name,
        )

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
        )


def train(
    training: Training,
    root: Path,
    *,
    provenance: Provenance,
    split: dict | None = None,
    progress: Progress = lambda epoch, epochs, logs: None,
    threads: int | None = None,
    save_every: float = 30.0,
    fresh: bool = False,
) -> Run:
    """The run under `root`: as it is if it is finished, else continued from its last state or begun.

    Args:
        provenance: whether the samples are drawn or recorded; goes into the record.
        split: what an audit found about the fold, as JSON can hold it; goes into the record.
        progress: called with epochs done, all epochs, and the last epoch's curve.
        threads: of the backend; None for as many as there are cores.
        save_every: seconds between two states from which a killed training continues.
        fresh: forget a finished or unfinished run and begin anew.

    Raises:
        UserError: if a side of the fold that is needed is empty, if there is no Keras backend, if the disk is
            full or the folder not writable.
    """
    _check(training)
    identity = training.identity
    folder = identity.folder(root)
    partial = folder.with_name(folder.name + runs.PARTIAL)
    with files.lock(root / ".locks" / identity.key[:16]):
        if fresh:
            runs.discard(folder)
            runs.discard(partial)
        done = runs.finished(identity, root)
        if done:
            return done
        with files.storage_errors(root):
            partial.mkdir(parents=True, exist_ok=True)
        started = datetime.now(UTC)
        hardware = devices.prepare(
            training.seed,
            mixed_precision=training.recipe.mixed_precision,
            xla=training.recipe.xla,
            threads=threads,
        )
        with devices.all_devices():
            model = _compiled(training)
            history = _History(training, model, partial / STATE, identity.key, progress, save_every)
            history.fit()
            _write_results(training, model, history, partial)
        record = {
            "provenance": {"synthetic": provenance.synthetic, "details": provenance.details},
            "split": split or {},
            "classes": [str(name) for name in training.classes],
            "samples": {side: len(getattr(training.fold, side)) for side in ("train", "validation", "test")},
            "parameters": model.count_params(),
            "chosen_epoch": history.chosen_epoch,
            "epochs_resumed_from": history.resumed_from,
            "train_seconds": round(sum(row["seconds"] for row in history.curves), 3),
            "started": started.isoformat(timespec="seconds"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "hardware": hardware,
            "versions": devices.versions(),
            "revision": _revision(),
        }
        (partial / STATE).unlink(missing_ok=True)
        return runs.publish(partial, identity, record, root)


def _check(training: Training) -> None:
    if training.recipe.checkpoint not in CHECKPOINTS:
        raise unknown("checkpoint choice", training.recipe.checkpoint, CHECKPOINTS)
    needed = ["train", "test"]
    if training.recipe.checkpoint == "best_validation_accuracy":
        needed.append("validation")
    empty = [side for side in needed if len(getattr(training.fold, side)) == 0]
    if empty:
        raise UserError(
            f"The fold {training.fold.name} has no samples for {' and '.join(empty)}.",
            "Use more data, another protocol, or the checkpoint choice 'last' where only validation is empty.",
        )


def _compiled(training: Training):
    import keras

    model = training.network.build(classes=len(training.classes), **training.settings)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=training.recipe.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
        # JAX is always compiled; for PyTorch Keras decides.
        jit_compile=training.recipe.xla if keras.config.backend() == "tensorflow" else "auto",
    )
    model.optimizer.build(model.trainable_variables)
    return model


class _History:
    """The epochs of one training: rates before, curves and states after each of them."""

    def __init__(self, training: Training, model, state: Path, key: str, progress: Progress, save_every: float):
        self.recipe, self.training, self.model = training.recipe, training, model
        self.state, self.key, self.progress, self.save_every = state, key, progress, save_every
        self.curves: list[dict[str, float]] = []
        self.chosen: list[np.ndarray] = []
        self.chosen_epoch = -1
        self.resumed_from = 0
        self.moving = MovingStatistics(model)
        self.batches = training.batches(training.fold.train, train=True)
        self.steps = training.recipe.steps_per_epoch or self.batches.per_pass
        self.epoch_began = self.saved = time.monotonic()

    def fit(self) -> None:
        """Run the epochs that are not done yet, then leave the model with the weights that will be tested."""
        import keras

        self._load()
        done = len(self.curves)
        if done < self.recipe.epochs:
            self.model.fit(
                feed(self.batches, start=done * self.steps),
                steps_per_epoch=self.steps,
                initial_epoch=done,
                epochs=self.recipe.epochs,
                callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=self._begin, on_epoch_end=self._end)],
                shuffle=False,
                verbose=0,
            )
        self.model.set_weights(self.chosen)

    def _validate(self) -> tuple[float | None, float | None]:
        """Loss with the weights' penalty, as the training loss has it, and accuracy; None without samples."""
        rows = self.training.fold.validation
        if len(rows) == 0:
            return None, None
        probabilities = predict(self.model, self.training.batches(rows, train=False))
        labels = self.training.labels[rows]
        of_label = probabilities[np.arange(len(rows)), labels].clip(1e-7, 1)
        penalty = sum(float(loss) for loss in self.model.losses)
        accuracy = np.mean(probabilities.argmax(axis=1) == labels)
        return float(-np.log(of_label).mean()) + penalty, float(accuracy)

    def _begin(self, epoch: int, logs=None) -> None:
        self.model.optimizer.learning_rate = self.recipe.rate(epoch)
        self.epoch_began = time.monotonic()

    def _end(self, epoch: int, logs: dict[str, float]) -> None:
        row = {"epoch": epoch, "loss": float(logs["loss"]), "accuracy": float(logs["accuracy"])}
        debias = self.recipe.debias_batch_norm
        with self.moving.settled((epoch + 1) * self.steps) if debias else nullcontext():
            row["val_loss"], row["val_accuracy"] = self._validate()
            if self._is_better(epoch, row["val_accuracy"]):
                self.chosen, self.chosen_epoch = self.model.get_weights(), epoch
        row["learning_rate"] = self.recipe.rate(epoch)
        row["seconds"] = round(time.monotonic() - self.epoch_began, 3)
        self.curves.append(row)
        if time.monotonic() - self.saved >= self.save_every:
            self._save()
        self.progress(epoch + 1, self.recipe.epochs, row)

    def _is_better(self, epoch: int, accuracy: float | None) -> bool:
        if self.recipe.checkpoint == "last":
            return epoch == self.recipe.epochs - 1
        return not self.chosen or accuracy > self.curves[self.chosen_epoch]["val_accuracy"]

    def _variables(self) -> list:
        # Includes the states of random layers, so that dropout continues where it was.
        return [*self.model.variables, *self.model.optimizer.variables]

    def _save(self) -> None:
        import keras

        arrays = {f"now{n}": keras.ops.convert_to_numpy(v) for n, v in enumerate(self._variables())}
        arrays |= {f"chosen{n}": weight for n, weight in enumerate(self.chosen)}
        about = json.dumps({"key": self.key, "curves": self.curves, "chosen_epoch": self.chosen_epoch})
        with files.atomic(self.state) as temporary, temporary.open("wb") as file:
            np.savez(file, about=about, **arrays)
        self.saved = time.monotonic()

    def _load(self) -> None:
        """Take up the state of a training that was stopped; without one, nothing changes."""
        try:
            with np.load(self.state, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            about = json.loads(str(arrays.pop("about")))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return
        variables = self._variables()
        now = [arrays[name] for name in (f"now{n}" for n in range(len(variables))) if name in arrays]
        if about["key"] != self.key or [v.shape for v in now] != [tuple(v.shape) for v in variables]:
            return
        for variable, value in zip(variables, now, strict=True):
            variable.assign(value)
        self.chosen = [arrays[f"chosen{n}"] for n in range(len(arrays) - len(now))]
        self.curves, self.chosen_epoch = about["curves"], about["chosen_epoch"]
        self.resumed_from = len(self.curves)


def predict(model, batches: Batches) -> np.ndarray:
    """Probabilities (samples, classes) float32 of every sample of a side, in its order."""
    parts = [model.predict_on_batch(batches[number][0]) for number in range(batches.per_pass)]
    return np.concatenate(parts)[: len(batches.rows)].astype(np.float32)


def _write_results(training: Training, model, history: _History, folder: Path) -> None:
    import pandas as pd

    rows = training.fold.test
    names = np.array([str(name) for name in training.classes])
    probabilities = predict(model, training.batches(rows, train=False))
    columns = ["sample", "corpus", "clip", "subject", "first_frame"]
    table = training.samples.table.iloc[rows][columns].reset_index(drop=True)
    table["emotion"] = names[training.labels[rows]]
    table["predicted"] = names[probabilities.argmax(axis=1)]
    for number, name in enumerate(names):
        table[f"p_{name}"] = probabilities[:, number]
    with files.atomic(folder / "predictions.csv") as temporary:
        table.to_csv(temporary, index=False, float_format="%.9g")
    with files.atomic(folder / "curves.csv") as temporary:
        pd.DataFrame(history.curves).to_csv(temporary, index=False)
    with files.atomic(folder / "model.keras") as temporary:
        _save_model(training, model, temporary)


def _save_model(training: Training, model, path: Path) -> None:
    # A copy that was never compiled leaves out Adam's moments, two thirds of the file.
    copy = training.network.build(classes=len(training.classes), **training.settings)
    copy.set_weights(model.get_weights())
    named = path.with_name(f"{path.name}.keras")
    copy.save(named)
    named.replace(path)


def _revision() -> str:
    """Git revision of this program, with "+" if files were changed since; "" outside a repository."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=True).stdout

    try:
        return git("rev-parse", "HEAD").strip() + ("+" if git("status", "--porcelain", "-uno").strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
