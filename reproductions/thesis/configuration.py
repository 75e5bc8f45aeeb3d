"""One support vector machine of the thesis, with all that section 3.2 leaves open.

The thesis explains scaling, kernels and hyperparameters in general and names none that it used, so every choice is a
field of `Configuration`.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reproductions.thesis import features

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# libsvm keeps so many MB of kernel values; two processes at once must fit a small machine.
KERNEL_CACHE_MB = 400
KERNELS = {"linear": "linear", "polynomial": "poly", "rbf": "rbf"}
# Of scikit-learn's defaults, those that decide a result: another version may have others.
ACCURACY_OF_COMPONENTS = {"iterated_power": "auto", "n_oversamples": 10, "power_iteration_normalizer": "auto"}
ONE_AGAINST_REST = {"penalty": "l2", "loss": "squared_hinge", "dual": "auto", "tol": 1e-4, "max_iter": 1000}


@dataclass(frozen=True)
class Configuration:
    """All choices of one support vector machine.

    Attributes:
        features: "raw" pixels, "hog" or "landmarks" (`reproductions.thesis.features`).
        scaling: "none", "unit" (divided by 255), "minmax" or "zscore", both fitted on the training part.
        components: principal components kept, fitted on the training part, and no more than half of its images; 0
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


def pipeline(configuration: Configuration, seed: int = 0, models: Path | None = None) -> "Pipeline":
    """The scikit-learn pipeline, not fitted; it takes images (n, H·W) uint8 and labels (n,).

    Args:
        seed: of the randomised principal components and of liblinear's order.
        models: folder that may hold the shape predictor, for landmarks.
    """
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

    steps = [FunctionTransformer(features.extractor(configuration.features, models))]
    scalers = {"unit": FunctionTransformer(_to_unit), "minmax": MinMaxScaler(), "zscore": StandardScaler()}
    if configuration.scaling != "none":
        steps.append(scalers[configuration.scaling])
    if configuration.components:
        settings = {"whiten": configuration.whiten, "svd_solver": "randomized", "random_state": seed}
        steps.append(PCA(configuration.components, **settings, **ACCURACY_OF_COMPONENTS))
    return make_pipeline(*steps, _machine(configuration, seed))


def _to_unit(values: np.ndarray) -> np.ndarray:
    return values / np.float32(255)


def _machine(configuration: Configuration, seed: int):
    from sklearn.svm import SVC, LinearSVC

    weight = None if configuration.class_weight == "none" else configuration.class_weight
    if configuration.kernel == "linear_rest":
        return LinearSVC(C=configuration.c, class_weight=weight, random_state=seed, **ONE_AGAINST_REST)
    return SVC(
        C=configuration.c,
        kernel=KERNELS[configuration.kernel],
        gamma=configuration.gamma,
        degree=configuration.degree,
        coef0=0.0,
        tol=1e-3,
        class_weight=weight,
        cache_size=KERNEL_CACHE_MB,
    )


def attainable(configuration: Configuration, rows: int) -> Configuration:
    """With no more principal components than the smallest training part of a cross-validation has images."""
    return replace(configuration, components=min(configuration.components, rows // 2))
