"""Support vector machines on single pictures (section 3.2): one configuration, fitted, tested and kept as a run.

The thesis explains scaling, kernels and hyperparameters in general and names none that it used, so every choice is a
field of `Configuration`. A run has no epochs and no model file; its record holds the confusion matrix.
"""

import os
import resource
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from common import devices, files, runs, scores, workers
from common.clips import Provenance
from common.runs import Identity, Run
from common.splits import Fold
from reproductions.thesis import features

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from common.samples import Samples

# libsvm keeps so many MB of kernel values; two processes at once must fit a small machine.
KERNEL_CACHE_MB = 400
KERNELS = {"linear": "linear", "polynomial": "poly", "rbf": "rbf"}


@dataclass(frozen=True)
class Configuration:
    """All choices of one support vector machine.

    Attributes:
        features: "raw" pixels, "hog" or "landmarks" (`reproductions.thesis.features`).
        scaling: "none", "unit" (divided by 255), "minmax" or "zscore", both fitted on the training part.
        components: principal components kept, fitted on the training part, and no more than half of its pictures; 0
            for none.
        whiten: scale the components to unit variance.
        kernel: "linear", "polynomial" or "rbf", each one class against one (libsvm); "linear_rest" is one class
            against the rest (liblinear).
        c: cost of a training sample on the wrong side of the margin.
        gamma: width of the kernel: a number, "scale" (1 / (numbers · variance)) or "auto" (1 / numbers).
        degree: of the polynomial kernel.
        class_weight: "balanced" multiplies `c` of rare classes, "none" does not.
        training_rows: train on so many samples of the training part, drawn at random; 0 for all.
    """

    features: str = "raw"
    scaling: str = "unit"
    components: int = 0
    whiten: bool = False
    kernel: str = "linear"
    c: float = 1.0
    gamma: float | str = "scale"
    degree: int = 3
    class_weight: str = "balanced"
    training_rows: int = 0

    @property
    def name(self) -> str:
        """All that is not left at its default, short enough for a folder.

        >>> Configuration(components=150, whiten=True, scaling="none", kernel="rbf", gamma=0.001).name
        'raw-pca150w-rbf-c1-gamma0.001-balanced'
        """
        parts = [self.features, "" if self.scaling == "none" else self.scaling]
        parts.append(f"pca{self.components}{'w' * self.whiten}" if self.components else "")
        parts += [self.kernel + (str(self.degree) if self.kernel == "polynomial" else ""), f"c{self.c:g}"]
        if not self.kernel.startswith("linear"):
            parts.append(f"gamma{self.gamma:g}" if isinstance(self.gamma, float) else f"gamma_{self.gamma}")
        parts += [self.class_weight if self.class_weight != "none" else "unweighted"]
        parts.append(f"{self.training_rows}rows" if self.training_rows else "")
        return "-".join(part for part in parts if part)


def pipeline(configuration: Configuration, seed: int = 0, data: Path | None = None) -> "Pipeline":
    """The scikit-learn pipeline, not fitted; it takes pictures (n, H·W) uint8 and labels (n,).

    Args:
        seed: of the randomised principal components and of liblinear's order.
        data: folder of the shape predictor, for landmarks.
    """
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

    steps = [FunctionTransformer(features.extractor(configuration.features, data))]
    scalers = {"unit": FunctionTransformer(_to_unit), "minmax": MinMaxScaler(), "zscore": StandardScaler()}
    if configuration.scaling != "none":
        steps.append(scalers[configuration.scaling])
    if configuration.components:
        settings = {"whiten": configuration.whiten, "svd_solver": "randomized", "random_state": seed}
        steps.append(PCA(configuration.components, **settings))
    return make_pipeline(*steps, _machine(configuration, seed))


def _to_unit(values: np.ndarray) -> np.ndarray:
    return values / np.float32(255)


def _machine(configuration: Configuration, seed: int):
    from sklearn.svm import SVC, LinearSVC

    weight = None if configuration.class_weight == "none" else configuration.class_weight
    if configuration.kernel == "linear_rest":
        return LinearSVC(C=configuration.c, class_weight=weight, random_state=seed)
    return SVC(
        C=configuration.c,
        kernel=KERNELS[configuration.kernel],
        gamma=configuration.gamma,
        degree=configuration.degree,
        class_weight=weight,
        cache_size=KERNEL_CACHE_MB,
    )


@dataclass(frozen=True)
class Fit:
    """One configuration on one fold: everything that decides what comes of it.

    Attributes:
        paper, experiment, protocol, profile: names under which the run is kept.
        samples: pictures, each a sample of one row.
        labels: (all samples,) int, position of each sample's class in `classes`.
        fold: positions of the training, validation and test samples.
        folds, rows: of the cross-validation, which uses at most so many training samples. It takes the place of a
            validation part where the fold has none.
        data: folder of the shape predictor, for landmarks.
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
    data: Path | None = None

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
            recipe={"folds": self.folds, "rows": self.rows},
            seed=self.seed,
            data=self.samples.key,
            split=runs.split_digest(self.classes, fold.train, fold.validation, fold.test, self.labels),
        )


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
    todo = [fit for fit in fits if fresh or runs.finished(fit.identity, root) is None]
    progress(0, len(todo), "starting")
    tasks = [(fit, root, provenance, fresh) for fit in todo]
    workers.run_all(
        _run, tasks, processes, lambda number, task: progress(number, len(todo), task[0].configuration.name)
    )
    return runs.complete([fit.identity for fit in fits], root)


def _run(task: tuple[Fit, Path, Provenance, bool]) -> None:
    # What is loaded later escapes the limit: the first fit of each process would then compute in as many threads as
    # there are cores, and all processes would wait for each other.
    import sklearn.decomposition
    import sklearn.svm  # noqa: F401
    from threadpoolctl import threadpool_limits

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
        done = runs.finished(identity, root)
        if done and not fresh:
            return done
        started = datetime.now(UTC)
        train = _training_rows(fit)
        machine = pipeline(_attainable(fit.configuration, len(train)), fit.seed, fit.data)
        chosen_by, selection = _selection(fit, machine, train)
        machine.fit(_pictures(fit, train), fit.labels[train])
        fitted = datetime.now(UTC)
        table = _predictions(fit, machine.predict(_pictures(fit, fit.fold.test)))
        partial = folder.with_name(folder.name + runs.PARTIAL)
        with files.atomic(partial / runs.PREDICTIONS) as temporary:
            table.to_csv(temporary, index=False)
        record = {
            "provenance": {"synthetic": provenance.synthetic, "details": provenance.details},
            "classes": [str(name) for name in fit.classes],
            "samples": {"train": len(train), "validation": len(fit.fold.validation), "test": len(fit.fold.test)},
            "confusion": scores.confusion(table, [str(name) for name in fit.classes]).tolist(),
            "selection": {"by": chosen_by, "accuracy": selection},
            "train_seconds": round((fitted - started).total_seconds(), 3),
            "started": started.isoformat(timespec="seconds"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "hardware": {"backend": "scikit-learn", "cpu": devices.cpu(), "cores": os.cpu_count(), "gpus": []},
            "versions": devices.versions() | {name: version(name) for name in ("scikit-learn", "scipy")},
            "revision": runs.revision(),
        }
        return runs.publish(partial, identity, record, root, (runs.PREDICTIONS,))


def _attainable(configuration: Configuration, rows: int) -> Configuration:
    """With no more principal components than the smallest training part of a cross-validation has pictures."""
    return replace(configuration, components=min(configuration.components, rows // 2))


def _training_rows(fit: Fit) -> np.ndarray:
    rows, wanted = fit.fold.train, fit.configuration.training_rows
    if not 0 < wanted < len(rows):
        return rows
    return np.sort(np.random.default_rng(fit.seed).choice(rows, wanted, replace=False))


def _pictures(fit: Fit, rows: np.ndarray) -> np.ndarray:
    """(n, H·W) uint8."""
    return fit.samples.read(rows).reshape(len(rows), -1)


def _selection(fit: Fit, machine: "Pipeline", train: np.ndarray) -> tuple[str, float]:
    """What a search may choose by, as it never sees the test part: a name for it, and the accuracy."""
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    few = train
    if len(few) > fit.rows:
        few = np.sort(np.random.default_rng(fit.seed).choice(train, fit.rows, replace=False))
    pictures, labels = _pictures(fit, few), fit.labels[few]
    if len(fit.fold.validation):
        held_out = fit.fold.validation
        fitted = clone(machine).fit(pictures, labels)
        return "validation part", float(fitted.score(_pictures(fit, held_out), fit.labels[held_out]))
    folds = StratifiedKFold(fit.folds, shuffle=True, random_state=fit.seed)
    return f"{fit.folds}-fold cross-validation", float(cross_val_score(machine, pictures, labels, cv=folds).mean())


def _predictions(fit: Fit, predicted: np.ndarray):
    names = np.array([str(name) for name in fit.classes])
    columns = ["sample", "corpus", "clip", "subject", "first_frame"]
    table = fit.samples.table.iloc[fit.fold.test][columns].reset_index(drop=True)
    return table.assign(emotion=names[fit.labels[fit.fold.test]], predicted=names[predicted])
