"""The trainings of the two networks: which images, which sides, which recipe (sections 4.1 and 4.2).

`published` is what the thesis describes: ten attempts on images split 80:20, which we divide at random, and anew for
each attempt (setting attempt_split), monitored on the test part, as no other is mentioned that could validate.
`clip-disjoint` and `strict` keep a part for validation; on FER2013, which names no persons, `strict` is the split of
its makers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from common.protocols import baselines, leakage, splitters
from common.protocols.leakage import SplitSummary
from common.protocols.splitters import Fold
from common.results.config import Request
from common.results.differences import network_name
from common.results.evidence import Evidence
from common.runs.store import Run
from common.samples.augmentation import Augmentation
from common.training.batches import class_labels
from common.training.network import Network
from common.training.recipe import EarlyStopping, Recipe
from common.training.spec import Job, Training
from datasets.fer2013 import PARTITIONS
from reproductions.standard import SPLITTERS
from reproductions.thesis.data import Part
from reproductions.thesis.models import NETWORKS

# Sequences of FER2013 are not known, so nothing lies between images at random and the official parts.
PROTOCOLS = {"FER2013": ("published", "strict"), "CK+": ("published", "clip-disjoint", "strict")}
WITH_VALIDATION = (0.7, 0.1, 0.2)
NAMELESS = f"{leakage.NAMELESS}; near-duplicates are counted."
WATCHED = " The same images decide when training ends."
FLIP = Augmentation(rotation=0.0, shift=0.0, zoom=0.0, flip=True)


def network_of(request: Request, key: str) -> Network:
    """The network under the name that its runs get."""
    narrow, network = request.sizes.get("narrow"), NETWORKS[key]
    return replace(network, key=network_name(key, narrow), parameters=None, trainable=None) if narrow else network


def settings_of_network(request: Request) -> dict[str, Any]:
    """What the thesis leaves open, and the profile, make of a network."""
    return {"dropout": request.settings["dropout"]} | request.sizes.get("narrow", {})


def attempts(evidence: Evidence, experiment: str, key: str, protocol: str) -> list[Run]:
    """The runs of a network, narrow ones where the plan has such."""
    return evidence.of(experiment, network_name(key, evidence.plan.narrow), protocol)


def jobs(
    request: Request,
    experiment: str,
    network: str,
    part: Part,
    chosen: np.ndarray | None = None,
    protocols: Sequence[str] | None = None,
) -> list[Job]:
    """One training a protocol and attempt.

    Args:
        experiment: under which name the runs are kept.
        network: key of the network.
        chosen: positions of the images to use; all of them by default.
        protocols: only those of the requested ones.
    """
    table = part.samples.table
    labels = class_labels(table.emotion, part.classes)
    everything = np.arange(len(table)) if chosen is None else chosen
    made = []
    for protocol, seed in _attempts(request, part, protocols or request.protocols):
        fold = splitters.within(_fold(request, table.iloc[everything], part.name, protocol, seed), everything)
        training = Training(
            paper=request.paper.name,
            experiment=experiment,
            protocol=protocol,
            profile=request.profile,
            network=network_of(request, network),
            recipe=recipe(request, protocol, part.name),
            seed=seed,
            samples=part.samples,
            labels=labels,
            classes=part.classes,
            fold=fold,
            settings=settings_of_network(request),
        )
        made.append(Job(training, split(table, fold), cost=len(fold.train) * training.recipe.epochs))
    return made


def _attempts(request: Request, part: Part, protocols: Sequence[str]) -> Iterator[tuple[str, int]]:
    for protocol in request.protocols:
        if protocol in PROTOCOLS[part.name] and protocol in protocols:
            yield from ((protocol, seed) for seed in request.seeds)


def _fold(request: Request, table, name: str, protocol: str, seed: int) -> Fold:
    """The sides of one attempt."""
    if request.settings["attempt_split"] == "fixed":
        seed = 0
    if protocol == "published":
        if request.settings["early_stopping_part"] == "inner_validation":
            return splitters.random_windows(table, seed, WITH_VALIDATION)
        stated = request.paper.hyperparameters
        return splitters.selected_on_test(splitters.random_windows(table, seed, (stated["train"], 0, stated["test"])))
    if name == "FER2013":
        return splitters.official(table, PARTITIONS)
    return SPLITTERS[protocol](table, seed, WITH_VALIDATION)


def recipe(request: Request, protocol: str, name: str) -> Recipe:
    """The training of sections 4.1 and 4.2, in the size that the profile sets.

    Where a part of its own is kept for validation, the epoch that is best on it is tested; the thesis tests the last.
    """
    stated, chosen = request.paper.hyperparameters, request.settings
    of_last = protocol == "published" and chosen["published_epoch"] == "last"
    return Recipe(
        epochs=request.trained_for(request.sizes["epochs"][name]),
        batch_size=stated["batch_size"],
        learning_rate=chosen["learning_rate"],
        augmentation=FLIP if chosen["augmentation"] == "horizontal_flip" else None,
        pixel_scaling=chosen["pixel_scaling"],
        stopping=EarlyStopping(
            chosen["early_stopping_monitor"], chosen["early_stopping_patience"], stated["early_stopping_min_delta"]
        ),
        checkpoint="last" if of_last else "best_validation_accuracy",
        batch_norm_batches=request.sizes.get("batch_norm_batches", 0),
        mixed_precision=request.mixed_precision,
        xla=request.xla,
    )


def split(table, fold: Fold) -> SplitSummary:
    """What the auditor says about a fold, and what a classifier reaches on it that sees no face."""
    majority = baselines.accuracy(table, fold, baselines.majority(table, fold))
    summary, nameless = leakage.summarise(table, fold, majority=majority), leakage.nameless(table)
    on_test = summary.selected_on_test
    clean = summary.test.clean and not on_test and not nameless
    sentence = (NAMELESS if nameless else summary.leakage) + (WATCHED if on_test else "")
    return summary.model_copy(update={"clean": clean, "leakage": sentence})
