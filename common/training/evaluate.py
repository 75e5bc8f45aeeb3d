"""Test a network with weights that others have trained: a run without a training."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from common.media.clips import Provenance
from common.protocols.leakage import SplitSummary
from common.runs import record, store, writer
from common.runs.identity import Identity
from common.runs.store import Run
from common.support import files
from common.support.errors import UserError
from common.training import devices
from common.training.loop import predict
from common.training.spec import Training
from common.training.train import made, save_model, with_answers

CONTENTS = (record.PREDICTIONS, record.WEIGHTS)


@dataclass(frozen=True)
class Evaluation:
    """Given weights and what they are tested on.

    Attributes:
        training: names, network, classes, samples and test part. Of its recipe only what prepares pixels counts.
        file: the weights, in a file that Keras has written (.keras, .weights.h5, .h5, .hdf5).
        trained_on: what they were trained on, and by whom, in words.
        split: what an audit says about the test part.
    """

    training: Training
    file: Path
    trained_on: str
    split: SplitSummary

    @property
    def identity(self) -> Identity:
        """The run's; the content of the file stands in place of a recipe.

        Raises:
            UserError: if the file cannot be read.
        """
        recipe = self.training.recipe
        seen = {"weights": _digest(self.file), "pixel_scaling": recipe.pixel_scaling, "clahe": recipe.clahe}
        return replace(self.training.identity, recipe=seen)


def evaluate(evaluation: Evaluation, root: Path, provenance: Provenance, *, fresh: bool = False) -> Run:
    """The finished run under `root`, computed if it is not there.

    Its record says `trained_on` apart from `tested_on`, and `provenance` is that of the tested samples.

    Raises:
        UserError: if the weights do not fit the network, or the disk cannot take the run.
    """
    training, identity = evaluation.training, evaluation.identity
    folder = identity.folder(root)
    partial = folder.with_name(folder.name + store.PARTIAL)
    with files.lock(root / ".locks" / identity.key[:16]):
        if not fresh and (done := store.finished(identity, root)):
            return done
        started, hardware = datetime.now(UTC), devices.prepare(training.seed)
        model = _with_weights(training, evaluation.file)
        rows = training.fold.test
        table = with_answers(training, rows, predict(model, training.batches(rows, train=False)))
        with files.storage_errors(root):
            partial.mkdir(parents=True, exist_ok=True)
        with files.atomic(partial / record.PREDICTIONS) as temporary:
            table.to_csv(temporary, index=False, float_format="%.9g")
        with files.atomic(partial / record.WEIGHTS) as temporary:
            save_model(training, model, temporary)
        about = made(training, model, provenance, started, hardware) | {
            "kind": "evaluate",
            "trained_on": evaluation.trained_on,
            "tested_on": ", ".join(sorted(table.corpus.unique())),
            "weights": evaluation.file.name,
            "split": evaluation.split.to_json(),
            "samples": {"train": 0, "validation": 0, "test": len(rows)},
        }
        return writer.publish(partial, identity, about, root, CONTENTS)


def _digest(path: Path) -> str:
    try:
        return files.digest(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).", "Name its folder as MODELS=<folder>.") from error


def _with_weights(training: Training, path: Path):
    """The network with the weights of a file: our own layers, so that no code of the file is run.

    Raises:
        UserError: if they do not fit.
    """
    model = training.network.build(classes=len(training.classes), **training.settings)
    before = [weight.copy() for weight in model.get_weights()]
    try:
        model.load_weights(path)
    except Exception as error:  # whatever Keras and h5py say of layers and files that do not fit
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise _unfit(training, path, reason) from error
    if all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)):
        raise _unfit(training, path, "it changes no weight")
    return model


def _unfit(training: Training, path: Path, reason: str) -> UserError:
    return UserError(
        f"{path} does not hold the weights of {training.network.key}: {reason}",
        "Take the file that belongs to this network, or build the network as its makers did.",
    )
