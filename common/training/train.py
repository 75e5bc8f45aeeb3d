"""Train one network on one fold with one seed, into a run folder that is either finished or continued later."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from common.media.clips import Provenance
from common.protocols.leakage import SplitSummary
from common.runs import store, writer
from common.runs.store import Run
from common.support import files
from common.support.errors import UserError, unknown
from common.training import devices
from common.training.loop import Epochs, Progress, predict
from common.training.model_cache import compiled, take_over
from common.training.recipe import CHECKPOINTS, OPTIMIZERS
from common.training.spec import Training

STATE = "state.npz"
# What stands as the predicted emotion of a clip that gave no sample.
NO_ANSWER = ""


def train(
    training: Training,
    root: Path,
    *,
    provenance: Provenance,
    split: SplitSummary | None = None,
    progress: Progress = lambda epoch, epochs, logs: None,
    threads: int | None = None,
    save_every: float = 30.0,
    fresh: bool = False,
) -> Run:
    """The run under `root`: as it is if it is finished, else continued from its last state or begun.

    Args:
        provenance: whether the samples are synthetic or real; goes into the record.
        split: what an audit found about the fold; goes into the record.
        progress: called with epochs done, all epochs, and the last epoch's curve.
        threads: of the backend, and to make batches; None for as many as there are cores.
        save_every: seconds between two states from which a killed training continues.
        fresh: forget a finished or unfinished run and begin anew.

    Raises:
        UserError: if a side of the fold that is needed is empty, if there is no Keras backend, if the weights to
            begin with are of another network, if the disk is full or the folder not writable.
    """
    _check(training)
    identity = training.identity
    folder = identity.folder(root)
    partial = folder.with_name(folder.name + store.PARTIAL)
    with files.lock(root / ".locks" / identity.key[:16]):
        if fresh:
            writer.discard(partial)  # the finished run stays until the new one takes its place
        done = None if fresh else store.finished(identity, root)
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
            model = compiled(training.network, len(training.classes), training.settings, training.recipe)
            if training.initial:
                take_over(model, training.initial, training.classes, training.take)
            epochs = Epochs(training, model, partial / STATE, identity.key, progress, save_every, threads)
            epochs.fit()
            written = _write_results(training, model, epochs, partial, threads)
        record = made(training, model, provenance, started, hardware) | _course(training, epochs, split)
        return writer.publish(partial, identity, record, root, [path.name for path in written])


def made(training: Training, model, provenance: Provenance, started: datetime, hardware: dict) -> dict:
    """What the record of every run with a network says of it, whether it was trained here or only tested."""
    trained = {"corpora": _corpora(training), "parameters": model.count_params()}
    versions = devices.versions()
    return writer.about(provenance, training.decisions, training.classes, started, hardware, versions) | trained


def _corpora(training: Training) -> list[str]:
    """The data sets that a network has seen, those behind the weights that it begins with included."""
    before = training.initial.record.get("corpora", ()) if training.initial else ()
    return list(dict.fromkeys([*training.samples.table.corpus, *before]))


def _course(training: Training, epochs: Epochs, split: SplitSummary | None) -> dict:
    """What the record of a trained network says besides: what it learnt from, where it began, how its epochs went."""
    fold, lost = training.fold, len(training.lost)
    return {
        "split": split.to_json() if split else {},
        "initial": str(training.initial.identity) if training.initial else "",
        "samples": {"train": len(fold.train), "validation": len(fold.validation), "test": len(fold.test) + lost},
        "chosen_epoch": epochs.chosen_epoch,
        "epochs_resumed_from": epochs.resumed_from,
        "train_seconds": round(sum(row["seconds"] for row in epochs.curves), 3),
    }


def _check(training: Training) -> None:
    if training.recipe.checkpoint not in CHECKPOINTS:
        raise unknown("checkpoint choice", training.recipe.checkpoint, CHECKPOINTS)
    if training.recipe.optimizer not in OPTIMIZERS:
        raise unknown("optimizer", training.recipe.optimizer, OPTIMIZERS)
    if training.recipe.plateau and training.recipe.schedule:
        raise UserError(
            "The recipe lowers the learning rate both by a schedule and on a plateau.", "Leave one of the two out."
        )
    needed = ["train", "test"]
    if training.recipe.checkpoint != "last" or training.recipe.stopping or training.recipe.plateau:
        needed.append("validation")
    empty = [side for side in needed if len(getattr(training.fold, side)) == 0]
    if empty:
        raise UserError(
            f"The fold {training.fold.name} has no samples for {' and '.join(empty)}.",
            "Use more data, another protocol, or, where only validation is empty, the checkpoint choice 'last' "
            "without early stopping and without a plateau.",
        )


def _write_results(training: Training, model, epochs: Epochs, folder: Path, threads: int | None) -> list[Path]:
    import pandas as pd

    rows = training.fold.test
    table = with_answers(training, rows, predict(model, training.batches(rows, train=False), threads))
    if training.lost:
        table = pd.concat([table, _unanswered(training, table)], ignore_index=True)
    predictions, curves, weights = (folder / name for name in store.CONTENTS)
    with files.atomic(predictions) as temporary:
        table.to_csv(temporary, index=False, float_format="%.9g")
    with files.atomic(curves) as temporary:
        pd.DataFrame(epochs.curves).to_csv(temporary, index=False)
    if not training.keep_weights:
        return [predictions, curves]
    with files.atomic(weights) as temporary:
        save_model(training, model, temporary)
    return [predictions, curves, weights]


def with_answers(training: Training, rows: np.ndarray, probabilities: np.ndarray):
    """The table of predictions.csv: the samples at `rows` (n,), with what a network says of them (n, classes)."""
    names = np.array([str(name) for name in training.classes])
    columns = ["sample", "corpus", "clip", "subject", "first_frame"]
    table = training.samples.table.iloc[rows][columns].reset_index(drop=True)
    table["emotion"] = names[training.labels[rows]]
    table["predicted"] = names[probabilities.argmax(axis=1)]
    for number, name in enumerate(names):
        table[f"p_{name}"] = probabilities[:, number]
    return table


def _unanswered(training: Training, answered):
    """Rows of predictions.csv for clips without a sample: no emotion is predicted, and none has a probability."""
    import pandas as pd

    columns = ["corpus", "clip", "subject", "emotion"]
    rows = pd.DataFrame([{name: str(one[name]) for name in columns} for one in training.lost])
    # Numbers that no sample has, and that two runs on the same clips share.
    rows = rows.assign(sample=-1 - np.arange(len(rows)), first_frame=0, predicted=NO_ANSWER)
    return rows.reindex(columns=answered.columns, fill_value=0.0)


def save_model(training: Training, model, path: Path) -> None:
    """Write a network of this training as a .keras file under any name."""
    # A copy that was never compiled leaves out Adam's moments, two thirds of the file.
    copy = training.network.build(classes=len(training.classes), **training.settings)
    copy.set_weights(model.get_weights())
    named = path.with_name(f"{path.name}.keras")
    copy.save(named)
    named.replace(path)
