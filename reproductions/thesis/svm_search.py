"""Which support vector machines are tried, and on which images: the grid and random search of section 3.2.3.

The settings name one configuration, which stands for the printed numbers; the profile lists searches around it, whose
runs only go into the tables of `reproductions.thesis.svm_tables`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from common.protocols import splitters
from common.protocols.splitters import Fold
from common.results.config import Request
from common.training.batches import class_labels
from datasets.fer2013 import PARTITIONS
from reproductions.standard import SPLITTERS
from reproductions.thesis.configuration import Configuration
from reproductions.thesis.data import Part
from reproductions.thesis.svm import Fit

EXPERIMENTS = {"FER2013": "svm_fer2013", "CK+": "svm_ckplus"}
SPLIT_SEED = 0
# Of FER2013, recovered from the supports of Fig 4.4.
QUARTER = 0.25
# Names of the settings of paper.yaml -> what a configuration calls them.
FEATURES = {"raw_pixels": "raw", "pca": "raw", "hog": "hog", "landmarks": "landmarks"}


def chosen(settings: Mapping[str, Any]) -> Configuration:
    """The configuration that the settings of paper.yaml name."""
    pca = settings["svm_features"] == "pca"
    return Configuration(
        features=FEATURES[settings["svm_features"]],
        scaling=settings["svm_scaling"],
        components=int(settings["svm_components"]) if pca else 0,
        whiten=pca and settings["svm_whiten"],
        kernel=settings["svm_kernel"],
        c=float(settings["svm_c"]),
        gamma=_gamma(settings["svm_gamma"]),
        degree=int(settings["svm_degree"]),
        class_weight=settings["svm_class_weight"],
    )


def searched(request: Request) -> list[Configuration]:
    """The configurations of the profile's searches, each once, without the one that the settings name.

    A profile lists its searches under `svm`. Each maps fields of `Configuration` to a value or to a list of values:
    all combinations are tried (a grid search) or, where `draws` gives a number, so many of them (a random search).
    """
    points = [point for search in request.sizes.get("svm", ()) for point in expand(search)]
    return [point for point in dict.fromkeys(points) if point != chosen(request.settings)]


def expand(search: Mapping[str, Any], seed: int = 0) -> list[Configuration]:
    """The configurations of one search.

    >>> [one.c for one in expand({"kernel": "rbf", "c": [1.0, 10.0]})]
    [1.0, 10.0]
    """
    from sklearn.model_selection import ParameterGrid, ParameterSampler

    choices = {
        field: values if isinstance(values, list) else [values] for field, values in search.items() if field != "draws"
    }
    points = ParameterGrid(choices)
    if "draws" in search:
        points = ParameterSampler(choices, min(search["draws"], len(points)), random_state=seed)
    return [Configuration(**point) for point in points]


def fits(request: Request, part: Part, configurations: Iterable[Configuration]) -> list[Fit]:
    """Every configuration under every protocol that the request and the data set have, for `svm.launch`."""
    table = part.samples.table
    labels = class_labels(table.emotion, part.classes)
    share = test_share(request.settings, part.name)
    folds = {protocol: fold(table, part.name, protocol, share) for protocol in request.protocols}
    return [
        Fit(
            paper=request.paper.name,
            experiment=EXPERIMENTS[part.name],
            protocol=protocol,
            profile=request.profile,
            configuration=configuration,
            samples=part.samples,
            labels=labels,
            classes=tuple(str(name) for name in part.classes),
            fold=divided,
            models=request.models,
            decisions=decisions(request.settings, part.name),
        )
        for configuration in configurations
        for protocol, divided in folds.items()
        if divided is not None
    ]


def decisions(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The settings that machines on "FER2013" or "CK+" depend on, by name."""
    of_ckplus = ("svm_ckplus_test", "ckplus_pictures")
    # What is chosen among machines changes none of them.
    of_any = {setting for setting in settings if setting.startswith("svm_")} - {"svm_selection"}
    depends = [setting for setting in settings if setting in of_ckplus or setting in of_any]
    return {setting: settings[setting] for setting in depends if name == "CK+" or setting not in of_ckplus}


def test_share(settings: Mapping[str, Any], name: str) -> float:
    """The part of the images that is tested, where it is no official one."""
    return QUARTER if name == "FER2013" else float(settings["svm_ckplus_test"])


def fold(table, name: str, protocol: str, share: float = QUARTER) -> Fold | None:
    """How the images of "FER2013" or "CK+" are divided; None where the data set has no such protocol.

    `published` is `train_test_split(test_size=0.25, random_state=0)` over the rows of fer2013.csv, recovered from the
    supports of Fig 4.4: of the seeds 0 to 2999 only 0 gives them. It is taken for CK+ too, of which nothing is said,
    with a share that is a setting.

    Args:
        share: of the images that is tested.
    """
    fractions = (1 - share, 0.0, share)
    if name == "FER2013" and protocol != "published":
        return splitters.official(table, PARTITIONS) if protocol == "strict" else None
    return SPLITTERS[protocol](table, SPLIT_SEED, fractions)


def _gamma(value: str | float) -> float | str:
    return value if value in ("scale", "auto") else float(value)
