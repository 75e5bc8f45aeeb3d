"""The trainings: the network of one corpus on the folds of a group, and the one on FER2013 before."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from common.protocols import splitters
from common.protocols.leakage import summarise
from common.results.config import Request
from common.results.differences import network_name
from common.runs.store import Run
from common.samples.augmentation import Augmentation
from common.training.batches import class_labels
from common.training.recipe import Recipe
from common.training.spec import Job, Training
from datasets.fer2013 import PARTITIONS
from reproductions.convlstm.data import AFEW, Corpus, Fer2013
from reproductions.convlstm.models import NETWORKS, Network, take_fer
from reproductions.convlstm.variants import Division

FER = "cnn_fer2013_64"
# The protocol and the experiment under which the network on FER2013 is kept: the split is that of the set's makers.
OFFICIAL, FER2013 = "official", "fer2013"

# What the decision fer_augmentation does to the images of FER2013.
FER_AUGMENTATIONS = {
    "none": None,
    "flip": Augmentation(rotation=0.0, shift=0.0, zoom=0.0, flip=True),
    "moved_and_flipped": Augmentation(rotation=10.0, shift=0.1, zoom=0.1, flip=True),
}

# Decisions that the networks take as they are.
_OF_NETWORK = (
    "filters",
    "pools",
    "pool_size",
    "kernel",
    "convlstm_kernel",
    "convlstm_output",
    "dense_units",
    "recurrent_activation",
    "unit_forget_bias",
)
_OF_BRANCH = ("fer_network", "fer_features", "fer_frozen")


def key(corpus: str) -> str:
    """The key of the network of a corpus."""
    return "convlstm_afew" if corpus == AFEW else "convlstm"


def network(request: Request, corpus: str) -> Network:
    """The network of a corpus under the name that its runs get."""
    return replace(NETWORKS[key(corpus)], key=network_name(key(corpus), request.sizes.get("narrow")))


def network_settings(request: Request, corpus: str) -> dict[str, Any]:
    """What the paper's open decisions and the profile make of the network; what the user says goes for narrow ones."""
    names = _OF_NETWORK + (_OF_BRANCH if corpus == AFEW else ())
    settings = {name: request.settings[name] for name in names} | request.sizes.get("narrow", {})
    return settings | {name: value for name, value in request.changed_settings.items() if name in names}


def recipe(request: Request, corpus: Corpus, experiment: str, augmented: bool) -> Recipe:
    """The training of sections III and IV.B, in the size that the profile sets.

    Args:
        experiment: the profile may train its runs longer than others.
        augmented: the samples are augmented already.
    """
    stated, size = request.paper.hyperparameters, request.sizes
    size = size | size.get("longer", {}).get(experiment, {})
    batch_size = size.get("batch_size", request.settings["batch_size"])
    return Recipe(
        epochs=request.trained_for(size["epochs"]),
        steps_per_epoch=size.get("steps_per_epoch"),
        batch_size=request.changed_settings.get("batch_size", batch_size),
        learning_rate=size.get("learning_rate", stated["learning_rate"]),
        optimizer=stated["optimizer"],
        augmentation=None if augmented else corpus.augmentation(request),
        checkpoint=stated["checkpoint"],
        mixed_precision=request.mixed_precision,
        xla=request.xla,
    )


def jobs(
    request: Request,
    corpus: Corpus,
    *,
    experiment: str,
    protocol: str,
    folds: Iterable[Division],
    seed: int,
    augmented: bool = False,
    branch: Run | None = None,
) -> list[Job]:
    """One training a fold.

    Args:
        experiment, protocol: under which the runs are kept.
        augmented: the folds are divisions of the augmented samples.
        branch: the run on FER2013 whose network becomes the second branch.
    """
    samples = corpus.samples(request, augmented)
    labels = class_labels(samples.table.emotion, corpus.classes)
    made = []
    for name, fold, lost in folds:
        training = Training(
            paper=request.paper.name,
            experiment=experiment,
            protocol=protocol,
            profile=request.profile,
            network=network(request, corpus.name),
            recipe=recipe(request, corpus, experiment, augmented),
            seed=seed,
            samples=samples,
            labels=labels,
            classes=corpus.classes,
            fold=fold,
            settings=network_settings(request, corpus.name),
            fold_name=name,
            initial=branch,
            take=take_fer if branch else None,
            lost=lost,
        )
        split = summarise(samples.table, fold, augmented=augmented, lost=len(lost))
        made.append(Job(training, split, (3.0 if branch else 1.0) * training.steps))
    return made


def recipe_of_fer2013(request: Request) -> Recipe:
    """How the network on FER2013 is trained, of which the paper says nothing: decisions, and the profile's sizes."""
    chosen, size = request.settings, request.sizes.get("fer", {})
    epochs = size.get("epochs", chosen["fer_epochs"])
    return Recipe(
        epochs=request.trained_for(request.changed_settings.get("fer_epochs", epochs)),
        steps_per_epoch=size.get("steps_per_epoch"),
        batch_size=chosen["fer_batch_size"],
        learning_rate=chosen["fer_learning_rate"],
        augmentation=FER_AUGMENTATIONS[chosen["fer_augmentation"]],
        mixed_precision=request.mixed_precision,
        xla=request.xla,
    )


def on_fer2013(request: Request, images: Fer2013, seed: int) -> Job:
    """The training of the network whose features the second branch sees; the paper says only that there is one."""
    table = images.samples.table
    fold = splitters.official(table, PARTITIONS)
    training = Training(
        paper=request.paper.name,
        experiment=FER2013,
        protocol=OFFICIAL,
        profile=request.profile,
        network=NETWORKS[FER],
        recipe=recipe_of_fer2013(request),
        seed=seed,
        samples=images.samples,
        labels=class_labels(table.emotion, images.classes),
        classes=images.classes,
        fold=fold,
        settings={"fer_network": request.settings["fer_network"]},
    )
    return Job(training, summarise(table, fold), 0.2 * training.steps)
