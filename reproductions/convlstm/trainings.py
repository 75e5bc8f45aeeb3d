"""The trainings: the network of one corpus on the folds of a group, and the one on FER2013 before."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from common import splits
from common.copied_samples import CopiedSamples
from common.feeding import class_labels
from common.launch import Job
from common.recipe import Recipe
from common.request import Request
from common.runs import Run
from common.split_audit import described
from common.splits import Fold
from common.training import Training
from datasets.fer2013 import PARTITIONS
from reproductions.convlstm.data import AFEW, Corpus, Pictures
from reproductions.convlstm.models import NETWORKS, Network, take_fer

FER = "cnn_fer2013_64"
# The protocol and the experiment under which the network on FER2013 is kept: the split is that of the set's makers.
OFFICIAL, FER2013 = "official", "fer2013"

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


def network_name(corpus: str, narrow: dict | None) -> str:
    """The name that runs on a corpus have; a narrow network is named as such."""
    return f"{_key(corpus)}_narrow" if narrow else _key(corpus)


def _key(corpus: str) -> str:
    return "convlstm_afew" if corpus == AFEW else "convlstm"


def _network(request: Request, corpus: str) -> Network:
    return replace(NETWORKS[_key(corpus)], key=network_name(corpus, request.sizes.get("narrow")))


def network_settings(request: Request, corpus: str) -> dict[str, Any]:
    """What the paper's open decisions and the profile make of the network; what the user says goes for narrow ones."""
    names = _OF_NETWORK + (_OF_BRANCH if corpus == AFEW else ())
    settings = {name: request.settings[name] for name in names} | request.sizes.get("narrow", {})
    return settings | {name: value for name, value in request.changed_settings.items() if name in names}


def recipe(request: Request, corpus: Corpus, experiment: str, copied: bool) -> Recipe:
    """The training of sections III and IV.B, in the size that the profile sets.

    Args:
        experiment: the profile may train its runs longer than others.
        copied: the copies are samples already.
    """
    stated, size = request.paper.hyperparameters, request.sizes
    size = size | size.get("longer", {}).get(experiment, {})
    batch_size = size.get("batch_size", request.settings["batch_size"])
    return Recipe(
        epochs=size["epochs"],
        steps_per_epoch=size.get("steps_per_epoch"),
        batch_size=request.changed_settings.get("batch_size", batch_size),
        learning_rate=size.get("learning_rate", stated["learning_rate"]),
        optimizer=stated["optimizer"],
        augmentation=None if copied else corpus.copies(request),
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
    folds: Iterable[tuple[str, Fold]],
    seed: int,
    copied: bool = False,
    branch: Run | None = None,
) -> list[Job]:
    """One training a fold.

    Args:
        experiment, protocol: under which the runs are kept.
        folds: with the name that a fold has in every protocol.
        copied: the folds are divisions of the copies.
        branch: the run on FER2013 whose network becomes the second branch.
    """
    samples = corpus.samples(request, copied)
    labels = class_labels(samples.table.emotion, corpus.classes)
    made = []
    for name, fold in folds:
        training = Training(
            paper=request.paper.name,
            experiment=experiment,
            protocol=protocol,
            profile=request.profile,
            network=_network(request, corpus.name),
            recipe=recipe(request, corpus, experiment, copied),
            seed=seed,
            samples=samples,
            labels=labels,
            classes=corpus.classes,
            fold=fold,
            settings=network_settings(request, corpus.name),
            fold_name=name,
            initial=branch,
            take=take_fer if branch else None,
        )
        known = described(samples.table, fold) | {"copies": isinstance(samples, CopiedSamples)}
        made.append(Job(training, known, (3.0 if branch else 1.0) * training.steps))
    return made


def on_fer2013(request: Request, pictures: Pictures, seed: int) -> Job:
    """The training of the network whose features the second branch sees; the paper says only that there is one."""
    table, size = pictures.samples.table, request.sizes["fer"]
    fold = splits.official(table, PARTITIONS)
    training = Training(
        paper=request.paper.name,
        experiment=FER2013,
        protocol=OFFICIAL,
        profile=request.profile,
        network=NETWORKS[FER],
        recipe=Recipe(
            epochs=size["epochs"],
            steps_per_epoch=size.get("steps_per_epoch"),
            batch_size=32,
            learning_rate=1e-3,
            mixed_precision=request.mixed_precision,
            xla=request.xla,
        ),
        seed=seed,
        samples=pictures.samples,
        labels=class_labels(table.emotion, pictures.classes),
        classes=pictures.classes,
        fold=fold,
        settings={"fer_network": request.settings["fer_network"]},
    )
    return Job(training, described(table, fold), 0.2 * training.steps)
