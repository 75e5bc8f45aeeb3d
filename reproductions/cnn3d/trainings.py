"""The trainings: one configuration of Table 1 on one corpus, fold by fold.

A configuration is a dictionary with the options of Table 1 under the names of paper.yaml (`hyperparameters: search`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from common.protocols.leakage import summarise
from common.protocols.splitters import Fold
from common.results.config import Request
from common.results.differences import network_name
from common.runs.store import Run
from common.samples.offline_augmentation import OfflineAugmentation
from common.training.batches import class_labels
from common.training.recipe import LATER, Recipe
from common.training.spec import Job, Training
from reproductions.cnn3d import data, preprocessing, search_record
from reproductions.cnn3d.data import CKPLUS, KEYS, OULU, Corpus
from reproductions.cnn3d.models import NETWORKS, Network

# In place of the lost Table 3: options of Table 1 other than those of Table 2, as the paper says they are.
WITHOUT_TABLE_3 = {"optimization": "lookahead_adam", "activation": "elu", "pooling": "max"}


@dataclass(frozen=True)
class PrintedRow:
    """A row of Tables 4 and 5.

    Attributes:
        name: as the tables call it.
        best_of: the corpus on which its configuration was found.
        pretrained_on: the corpus whose weights it begins with, or "".
    """

    name: str
    best_of: str
    pretrained_on: str = ""

    @property
    def title(self) -> str:
        return f"{self.name} ({'pre-trained' if self.pretrained_on else self.best_of})"

    @property
    def explained(self) -> str:
        before = f", pre-trained on {self.pretrained_on}" if self.pretrained_on else ""
        return f"{self.name}: options that were best on {self.best_of}{before}"


C1, C2 = PrintedRow("c1", CKPLUS), PrintedRow("c2", OULU)
C3, C4 = replace(C2, name="c3", pretrained_on=OULU), replace(C1, name="c4", pretrained_on=CKPLUS)
# Rows of one architecture follow each other, so that a process compiles it once.
ROWS = {row.name: row for row in (C1, C4, C2, C3)}


def configuration(request: Request, best_of: str, data: str, outer: str = "") -> dict[str, Any]:
    """The configuration that was best on a corpus: Table 2, or what stands for the lost Table 3.

    Args:
        data: "real" or "synthetic", to find the search on data of that kind.
        outer: name of the fold whose tested subjects a new search must not have seen.

    Raises:
        UserError: if a search is asked for that was not made yet.
    """
    stated = request.paper.hyperparameters["best"]
    if best_of == CKPLUS:
        return stated
    if request.settings["oulu_best"] == "search_again":
        return search_record.winner(request.paper, request.profile, data, request.results, KEYS[OULU], outer)
    return stated | WITHOUT_TABLE_3


def options_of(run: Run) -> dict[str, Any]:
    """The configuration that a run was trained with."""
    settings, recipe = run.identity.settings, run.identity.recipe
    options = {name: settings[name] for name in ("activation", "initializer", "pooling", "second_convolution")}
    return options | {
        "temporal_size": settings["temporal"],
        "dropout": settings["dropout"],
        "optimization": recipe.get("optimizer", LATER["optimizer"]),
        "loss_weights": recipe.get("class_weights", LATER["class_weights"]),
        "normalization": recipe["pixel_scaling"] == "symmetric",
        "clahe": run.record["decisions"]["clahe"],
    }


def network(request: Request, name: str) -> Network:
    """The network under the name that its runs get; a narrow one is named as such."""
    return replace(NETWORKS["c3d_ckplus"], key=network_name(name, request.sizes.get("narrow")), parameters=None)


def network_settings(request: Request, options: dict[str, Any]) -> dict[str, Any]:
    """What a configuration, the paper's open decisions and the profile make of the network."""
    settings = {name: options[name] for name in ("activation", "initializer", "pooling", "second_convolution")}
    settings |= {"temporal": options["temporal_size"], "dropout": options["dropout"]}
    settings |= {"fc_units": request.settings["fc_units"], "dropout_places": request.settings["dropout_places"]}
    # What the user says about the dense layers goes for the narrow network too.
    asked = {name: value for name, value in request.changed_settings.items() if name == "fc_units"}
    return settings | request.sizes.get("narrow", {}) | asked


def recipe(request: Request, options: dict[str, Any], corpus: Corpus, checkpoint: str) -> Recipe:
    """The training of sections 3.1 and 4, in the size that the profile sets."""
    stated, chosen, size = request.paper.hyperparameters, request.settings, request.sizes
    parts = chosen["batches_per_update"]
    return Recipe(
        epochs=request.trained_for(size["epochs"]),
        steps_per_epoch=size.get("steps_per_epoch"),
        batch_size=size.get("batch_size", stated["batch_size"]) // parts,
        accumulation=parts,
        learning_rate=size.get("learning_rate", stated["learning_rate"]),
        optimizer=options["optimization"],
        class_weights=options["loss_weights"],
        weights_of=chosen["class_weights_of"] if options["loss_weights"] else "copies",
        rest=chosen["rest_of_batches"],
        clahe=data.clahe_after_augmentation(request.settings, corpus.name) if options["clahe"] else "none",
        pixel_scaling="symmetric" if options["normalization"] else "unit",
        augmentation=augmentation(request, corpus),
        checkpoint=checkpoint,
        batch_norm_batches=size.get("batch_norm_batches", 0),
        mixed_precision=request.mixed_precision,
        xla=request.xla,
    )


def augmentation(request: Request, corpus: Corpus) -> OfflineAugmentation:
    """The augmented training sequences, whose number differs between the classes of CK+ (sections 4.1 and 4.2)."""
    stated, chosen = request.paper.hyperparameters, request.settings
    of_class = stated["augmentation_ckplus"]
    if corpus.name == OULU:
        of_class = dict.fromkeys(corpus.classes, stated["augmentation_oulu"])
    return OfflineAugmentation.by_class(
        of_class,
        corpus.classes,
        rotation=tuple(stated["rotation_degrees"]),
        contrast=tuple(stated["contrast"]),
        originals=chosen["originals_kept"],
        fill=chosen["border_fill"],
        per=chosen["transform_per"],
    )


def jobs(
    request: Request,
    corpus: Corpus,
    options: dict[str, Any],
    *,
    experiment: str,
    name: str,
    protocol: str,
    folds: Iterable[tuple[str, Fold]],
    seed: int,
    checkpoint: str = "best_validation_accuracy",
    initial: Run | None = None,
    keep_weights: bool = False,
) -> list[Job]:
    """One training a fold.

    Args:
        options: the configuration.
        experiment, name, protocol: under which the runs are kept.
        folds: with the name that a fold has in every protocol.
        initial: the run with whose weights each of them begins.
        keep_weights: those of the exact network take 312 MB a fold.
    """
    samples = corpus.samples(request, options["clahe"])
    labels = class_labels(samples.table.emotion, corpus.classes)
    how = recipe(request, options, corpus, checkpoint)
    detector = preprocessing.NONE if corpus.instead else preprocessing.detector(request)
    made = []
    for fold_name, fold in folds:
        training = Training(
            paper=request.paper.name,
            experiment=experiment,
            protocol=protocol,
            profile=request.profile,
            network=network(request, name),
            recipe=how,
            seed=seed,
            samples=samples,
            labels=labels,
            classes=corpus.classes,
            fold=fold,
            settings=network_settings(request, options),
            fold_name=fold_name,
            initial=initial,
            decisions={"clahe": options["clahe"], "detector": detector},
            keep_weights=keep_weights,
        )
        made.append(Job(training, summarise(samples.table, fold), training.steps))
    return made
