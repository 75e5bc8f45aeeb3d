"""The epochs of one training, which a killed process continues from the last state that it saved."""

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

import numpy as np

from common.support import arrays as arrays_file
from common.training.batch_norm import MovingStatistics
from common.training.batches import Batches
from common.training.spec import Training
from common.training.stream import feed, made

Progress = Callable[[int, int, dict[str, float]], None]


class Epochs:
    """The epochs of one training: rates before, curves and states after each of them."""

    def __init__(
        self,
        training: Training,
        model,
        state: Path,
        key: str,
        progress: Progress,
        save_every: float,
        threads: int | None = None,
    ):
        self.recipe, self.training, self.model, self.threads = training.recipe, training, model, threads
        self.state, self.key, self.progress, self.save_every = state, key, progress, save_every
        self.curves: list[dict[str, float]] = []
        self.chosen: list[np.ndarray] = []
        self.chosen_epoch = -1
        self.resumed_from = 0
        self.moving = MovingStatistics(model)
        self.plateau = None
        self.batches = training.batches(training.fold.train, train=True)
        self.steps = training.steps_per_epoch
        self.epoch_began = self.saved = time.monotonic()

    def fit(self) -> None:
        """Run the epochs that are not done yet, then leave the model with the weights that will be tested."""
        import keras

        self._load()
        self.plateau = self._reducer()
        done = len(self.curves)
        if done < self.recipe.epochs and not self._is_stopped():
            self.model.fit(
                feed(self.batches, done * self.steps, self.threads),
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
        probabilities = predict(self.model, self.training.batches(rows, train=False), self.threads)
        labels = self.training.labels[rows]
        of_label = probabilities[np.arange(len(rows)), labels].clip(1e-7, 1)
        penalty = sum(float(loss) for loss in self.model.losses)
        accuracy = np.mean(probabilities.argmax(axis=1) == labels)
        return float(-np.log(of_label).mean()) + penalty, float(accuracy)

    def _reducer(self):
        """Keras' ReduceLROnPlateau where the recipe has one, with the rate and the patience left after the epochs done.

        It is shown these epochs again: its rule depends on nothing but what is monitored, so a continued training
        has the rates of one that was never stopped.
        """
        import keras

        if self.recipe.plateau is None:
            return None
        reducer = keras.callbacks.ReduceLROnPlateau(**asdict(self.recipe.plateau), verbose=0)
        reducer.set_model(self.model)
        reducer.on_train_begin()
        self.model.optimizer.learning_rate = self.recipe.learning_rate
        for row in self.curves:
            reducer.on_epoch_end(row["epoch"], dict(row))
        return reducer

    def _begin(self, epoch: int, logs=None) -> None:
        if self.plateau is None:
            self.model.optimizer.learning_rate = self.recipe.rate(epoch)
        self.epoch_began = time.monotonic()

    def _end(self, epoch: int, logs: dict[str, float]) -> None:
        row = {"epoch": epoch, "loss": float(logs["loss"]), "accuracy": float(logs["accuracy"])}
        with self._batch_norm(epoch):
            row["val_loss"], row["val_accuracy"] = self._validate()
            if self._is_better(row):
                self.chosen, self.chosen_epoch = self.model.get_weights(), epoch
        row["learning_rate"] = self._rate(epoch)
        row["seconds"] = round(time.monotonic() - self.epoch_began, 3)
        self.curves.append(row)
        if self.plateau is not None:
            self.plateau.on_epoch_end(epoch, dict(row))
        if time.monotonic() - self.saved >= self.save_every:
            self._save()
        self.progress(epoch + 1, self.recipe.epochs, row)
        self.model.stop_training = self._is_stopped()

    def _rate(self, epoch: int) -> float:
        """The rate that an epoch was trained with."""
        if self.plateau is None:
            return self.recipe.rate(epoch)
        # Seven digits are what a rate in 32 bits has.
        return float(f"{float(self.model.optimizer.learning_rate):.7g}")

    def _batch_norm(self, epoch: int) -> AbstractContextManager:
        """What batch normalisation predicts with after an epoch."""
        if self.recipe.batch_norm_batches:
            first, count = epoch * self.steps, min(self.recipe.batch_norm_batches, self.steps)
            some = made(self.batches, range(first, first + count), self.threads)
            return self.moving.measured(inputs for inputs, *_ in some)
        if self.recipe.debias_batch_norm:
            return self.moving.settled((epoch + 1) * self.steps)
        return nullcontext()

    def _is_stopped(self) -> bool:
        stopping = self.recipe.stopping
        return stopping is not None and stopping.ends([row[stopping.monitor] for row in self.curves])

    def _is_better(self, row: dict[str, float]) -> bool:
        """Whether the weights of this epoch are to be tested rather than those chosen before."""
        if self.recipe.checkpoint == "last" or not self.chosen:
            return True
        best = self.curves[self.chosen_epoch]
        if self.recipe.checkpoint == "best_validation_loss":
            return row["val_loss"] < best["val_loss"]
        return row["val_accuracy"] > best["val_accuracy"]

    def _variables(self) -> list:
        # Includes the states of random layers, so that dropout continues where it was.
        return [*self.model.variables, *self.model.optimizer.variables]

    def _save(self) -> None:
        import keras

        arrays = {f"now{n}": keras.ops.convert_to_numpy(v) for n, v in enumerate(self._variables())}
        arrays |= {f"chosen{n}": weight for n, weight in enumerate(self.chosen)}
        about = json.dumps({"key": self.key, "curves": self.curves, "chosen_epoch": self.chosen_epoch})
        arrays_file.save(self.state, arrays | {"about": np.array(about)})
        self.saved = time.monotonic()

    def _load(self) -> None:
        """Take up the state of a training that was stopped; without a whole one, nothing changes."""
        arrays = arrays_file.load(self.state)
        if arrays is None or "about" not in arrays:
            return
        about = json.loads(str(arrays.pop("about")))
        variables = self._variables()
        now = [arrays[name] for name in (f"now{n}" for n in range(len(variables))) if name in arrays]
        if about["key"] != self.key or [v.shape for v in now] != [tuple(v.shape) for v in variables]:
            return
        for variable, value in zip(variables, now, strict=True):
            variable.assign(value)
        self.chosen = [arrays[f"chosen{n}"] for n in range(len(arrays) - len(now))]
        self.curves, self.chosen_epoch = about["curves"], about["chosen_epoch"]
        self.resumed_from = len(self.curves)


def predict(model, batches: Batches, threads: int | None = None) -> np.ndarray:
    """Probabilities (samples, classes) float32 of every sample of a side, in its order; `threads` make the batches."""
    parts = [model.predict_on_batch(inputs) for inputs, *_ in made(batches, range(batches.per_pass), threads)]
    return np.concatenate(parts)[: len(batches.rows)].astype(np.float32)
