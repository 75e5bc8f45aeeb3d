"""Support vector machines on single images (section 3.2): one configuration, fitted, tested and kept as a run.

A run has no epochs and no model file; its record holds the confusion matrix.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from common.media.clips import Provenance
from common.protocols import inner_folds
from common.protocols.splitters import Fold
from common.runs import scores, store, writer
from common.runs.identity import Identity, split_digest
from common.runs.store import Run
from common.support import files, workers
from common.training import devices
from reproductions.thesis.configuration import Configuration, attainable, pipeline

if TYPE_CHECKING:
    from common.samples.build import Samples


@dataclass(frozen=True)
class Fit:
    """One configuration on one fold: everything that decides what comes of it.

    Attributes:
        paper, experiment, protocol, profile: names under which the run is kept.
        samples: images, each a sample of one row.
        labels: (all samples,) int, position of each sample's class in `classes`.
        fold: positions of the training, validation and test samples.
        folds, rows: of the cross-validation, which uses at most so many training samples. It takes the place of a
            validation part where the fold has none, and divides what the protocol divides
            (`common.protocols.inner_folds`).
        models: folder that may hold the shape predictor, for landmarks.
        decisions: the paper's open decisions that this fit depends on, by name; they go into the record.
    """

    paper: str
    experiment: str
    protocol: str
    profile: str
    configuration: Configuration
    samples: "Samples"
    labels: np.ndarray
    classes: tuple[str, ...]
    fold: Fold
    seed: int = 0
    folds: int = 3
    rows: int = 9000
    models: Path | None = None
    decisions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> Identity:
        fold = self.fold
        return Identity(
            paper=self.paper,
            experiment=self.experiment,
            protocol=self.protocol,
            profile=self.profile,
            network=self.configuration.name,
            settings=asdict(self.configuration),
            recipe=recipe(self.protocol, len(fold.validation) > 0, self.folds, self.rows),
            seed=self.seed,
            data=self.samples.key,
            split=split_digest(self.classes, fold.train, fold.validation, fold.test, self.labels),
        )


def recipe(protocol: str, validation: bool, folds: int = Fit.folds, rows: int = Fit.rows) -> dict[str, Any]:
    """How the accuracy that a search may choose by is found, as the identity of a run holds it.

    Args:
        validation: whether the fold has a part for it, so that no inner folds are needed.
    """
    unit = inner_folds.unit(protocol)
    return {"folds": folds, "rows": rows} | ({} if validation or unit == "sample" else {"unit": unit})


def launch(
    fits: Sequence[Fit],
    root: Path,
    provenance: Provenance,
    *,
    processes: int | None = None,
    fresh: bool = False,
    progress: Callable[[float, float, str], None] = lambda done, total, what: None,
) -> list[Run]:
    """The finished runs of all fits, in their order; each is written the moment it ends.

    Args:
        processes: at most so many at once, each on one core; one for each core if None.
        fresh: fit anew what is finished.
        progress: called with fits done (of those that have to run), fits in all, and the last configuration.

    Raises:
        UserError: the first problem of any fit, after the others have ended.
    """
    todo = [fit for fit in fits if fresh or store.finished(fit.identity, root) is None]
    progress(0, len(todo), "starting")
    tasks = [(fit, root, provenance, fresh) for fit in todo]
    workers.run_all(
        _run, tasks, processes, lambda number, task: progress(number, len(todo), task[0].configuration.name)
    )
    return store.complete([fit.identity for fit in fits], root)


def _run(task: tuple[Fit, Path, Provenance, bool]) -> None:
    # What is loaded later escapes the limit: the first fit of each process would then compute in as many threads as
    # there are cores, and all processes would wait for each other.
    import sklearn.decomposition
    import sklearn.svm  # noqa: F401

    # A sum over another number of threads rounds otherwise, and each core has a process of its own.
    with threadpool_limits(1):
        run(*task)


def run(fit: Fit, root: Path, provenance: Provenance, fresh: bool = False) -> Run:
    """Fit and test one configuration, or give its finished run.

    Raises:
        UserError: if landmarks lack their predictor, if the disk is full or the folder not writable.
    """
    identity = fit.identity
    folder = identity.folder(root)
    with files.lock(root / ".locks" / identity.key[:16]):
        done = store.finished(identity, root)
        if done and not fresh:
            return done
        started = datetime.now(UTC)
        train = _training_rows(fit)
        configuration = attainable(fit.configuration, len(train))
        chosen_by, selection = _selection(fit, configuration, train)
        machine = pipeline(configuration, fit.seed, fit.models)
        machine.fit(_images(fit, train), fit.labels[train])
        fitted = datetime.now(UTC)
        table = _predictions(fit, machine.predict(_images(fit, fit.fold.test)))
        partial = folder.with_name(folder.name + store.PARTIAL)
        with files.atomic(partial / store.PREDICTIONS) as temporary:
            table.to_csv(temporary, index=False)
        hardware = {"backend": "scikit-learn", "cpu": devices.cpu(), "cores": os.cpu_count(), "gpus": []}
        versions = devices.versions() | {name: version(name) for name in ("scikit-learn", "scipy")}
        record = writer.about(provenance, fit.decisions, fit.classes, started, hardware, versions) | {
            "samples": {"train": len(train), "validation": len(fit.fold.validation), "test": len(fit.fold.test)},
            "confusion": scores.confusion(table, [str(name) for name in fit.classes]).tolist(),
            "selection": {"by": chosen_by, "accuracy": selection},
            "train_seconds": round((fitted - started).total_seconds(), 3),
        }
        return writer.publish(partial, identity, record, root, (store.PREDICTIONS,))


def _training_rows(fit: Fit) -> np.ndarray:
    rows, wanted = fit.fold.train, fit.configuration.training_rows
    if not 0 < wanted < len(rows):
        return rows
    return np.sort(np.random.default_rng(fit.seed).choice(rows, wanted, replace=False))


def _images(fit: Fit, rows: np.ndarray) -> np.ndarray:
    """(n, H·W) uint8."""
    return fit.samples.read(rows).reshape(len(rows), -1)


def _selection(fit: Fit, configuration: Configuration, train: np.ndarray) -> tuple[str, float]:
    """What a search may choose by, as it never sees the test part: a name for it, and the accuracy."""
    from sklearn.model_selection import cross_val_score

    few = train
    if len(few) > fit.rows:
        few = np.sort(np.random.default_rng(fit.seed).choice(train, fit.rows, replace=False))
    images, labels = _images(fit, few), fit.labels[few]
    if len(fit.fold.validation):
        held_out = fit.fold.validation
        fitted = pipeline(configuration, fit.seed, fit.models).fit(images, labels)
        return "validation part", float(fitted.score(_images(fit, held_out), fit.labels[held_out]))
    folds = inner_folds.inner_folds(fit.samples.table.iloc[few], fit.protocol, fit.folds, fit.seed)
    smallest = min(len(inner.train) for inner in folds)
    machine = pipeline(replace(configuration, components=min(configuration.components, smallest)), fit.seed, fit.models)
    unit = inner_folds.unit(fit.protocol)
    told = f"{len(folds)}-fold cross-validation" + ("" if unit == "sample" else f" by {unit}")
    return told, float(cross_val_score(machine, images, labels, cv=folds).mean())


def _predictions(fit: Fit, predicted: np.ndarray):
    names = np.array([str(name) for name in fit.classes])
    columns = ["sample", "corpus", "clip", "subject", "first_frame"]
    table = fit.samples.table.iloc[fit.fold.test][columns].reset_index(drop=True)
    return table.assign(emotion=names[fit.labels[fit.fold.test]], predicted=names[predicted])
