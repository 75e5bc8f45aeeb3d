"""What is trained: each paper's own network as its recipe has it, on noise of the right shape, and how much in all."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import material
from bench.c3d import CLIPS_OF_CKPLUS, SUBJECTS
from common.media.clips import Provenance
from common.paper import load as papers
from common.protocols.splitters import Fold
from common.results.config import Request
from common.training.network import Network
from common.training.recipe import Recipe
from common.training.spec import Training

NOISE = 64  # samples, over and over


@dataclass(frozen=True)
class Work:
    """A network with its training, and the protocol for which time is projected.

    Attributes:
        protocol: what the paper does with it.
        clips: of one epoch in all trainings of the protocol.
        training: of a request and a folder for samples.
    """

    paper: str
    network: str
    protocol: str
    clips: float
    training: Callable[[Request, Path], Training]

    def made(self, small: bool, folder: Path) -> tuple[Training, float]:
        """The training, and how many clips it takes in all epochs of the protocol; narrow and short where small."""
        paper = papers.load(self.paper)
        settings = paper.settings | ({"pretrained": "none"} if "pretrained" in paper.settings else {})
        made = self.training(Request(paper, "quick" if small else "paper", settings=settings), folder)
        return made, self.clips * made.recipe.epochs


def _training(request: Request, network: Network, settings: dict, recipe: Recipe, samples, classes) -> Training:
    rows, nothing = np.arange(len(samples)), np.arange(0)
    labels = rows % len(classes)
    fold = Fold("noise", rows, nothing, rows)
    names = (request.paper.name, "gpu-check", "noise", request.profile)
    return Training(*names, network, recipe, 0, samples, labels, tuple(classes), fold, settings=settings)


def _c3d(request: Request, folder: Path) -> Training:
    from reproductions.cnn3d import data, trainings
    from reproductions.cnn3d.models import FRAMES, SIZE

    corpus = data.Corpus(data.CKPLUS, [], Provenance(synthetic=True))
    best = request.paper.hyperparameters["best"]
    network, settings = trainings.network(request, "c3d_ckplus"), trainings.network_settings(request, best)
    recipe = trainings.recipe(request, best, corpus, "best_validation_accuracy")
    samples = material.noise(folder, NOISE, FRAMES, (SIZE, SIZE, 3))
    return _training(request, network, settings, recipe, samples, corpus.classes)


def _alexnet(request: Request, folder: Path) -> Training:
    from reproductions.emotionalvlan import models, preprocessing, stills, trainings

    size = request.sizes.get("narrow", {}).get("size", request.paper.hyperparameters["size"])
    videos = material.noise(folder, NOISE // 4, 2 * models.PAIRS, (*preprocessing.SHAPE, 3))
    settings = trainings.builder_settings(request, "spatial_cnn", "pictures")
    samples, network = stills.SingleImages(videos, "spatial", size), models.NETWORKS["spatial_cnn"]
    return _training(request, network, settings, trainings.recipe(request, "pictures"), samples, range(6))


def _thesis(request: Request, folder: Path) -> Training:
    from reproductions.thesis import trainings
    from reproductions.thesis.models import NETWORKS

    recipe, settings = trainings.recipe(request, "published", "FER2013"), {"dropout": request.settings["dropout"]}
    samples = material.noise(folder, NOISE, 1, (48, 48, 1))
    return _training(request, NETWORKS["cnn_fer2013"], settings, recipe, samples, range(7))


def _timeconvnet(key: str) -> Callable[[Request, Path], Training]:
    def training(request: Request, folder: Path) -> Training:
        from reproductions.timeconvnet import data, experiments
        from reproductions.timeconvnet.models import FRAMES, NETWORKS

        network, samples = NETWORKS[key], material.noise(folder, NOISE, FRAMES, (48, 48, 1))
        settings = experiments.network_settings(request.settings, network)
        return _training(request, network, settings, experiments.recipe(request, network), samples, data.CLASSES)

    return training


def _convlstm(request: Request, folder: Path) -> Training:
    from reproductions.convlstm import data, trainings

    stated = request.paper.hyperparameters
    classes = data.classes(request, data.CKPLUS)
    corpus = data.Corpus(data.CKPLUS, classes, [], Provenance(synthetic=True))
    network, settings = trainings.network(request, corpus.name), trainings.network_settings(request, corpus.name)
    shape = (stated["size"], stated["size"], stated["channels"])
    samples = material.noise(folder, NOISE, stated["frames"], shape)
    recipe = trainings.recipe(request, corpus, "ckplus", augmented=False)
    return _training(request, network, settings, recipe, samples, classes)


def works() -> tuple[Work, ...]:
    """The papers' networks, those first whose trainings take longest. Counts are the papers' own."""
    from datasets.fer2013 import EXPECTED

    fer2013 = next(one.count for one in EXPECTED if one.what == "images")
    timeconvnet = papers.load("timeconvnet")
    windows = timeconvnet.claim("table1-total-windows").number * timeconvnet.hyperparameters["split"]["train"]
    thesis, convlstm = papers.load("thesis").hyperparameters, papers.load("convlstm").hyperparameters
    sequences = papers.load("convlstm").claim("text4a-ckplus-sequences").number
    on_ckplus = sequences * convlstm["copies_ckplus"] * (convlstm["ckplus"]["folds"] - 1)
    images = papers.load("emotionalvlan").claim("datasets-fer2013-images").number
    by_windows = "BigFaceX, windows at random", windows
    return (
        Work("cnn3d", "c3d_ckplus", "CK+, each of 118 subjects left out", CLIPS_OF_CKPLUS * (SUBJECTS - 1), _c3d),
        Work("emotionalvlan", "spatial_cnn", "FER2013, five parts", 4 * images, _alexnet),
        Work("thesis", "cnn_fer2013", "FER2013, ten attempts", thesis["attempts"] * thesis["train"] * fer2013, _thesis),
        Work("timeconvnet", "tcn_resnet20", *by_windows, _timeconvnet("tcn_resnet20")),
        Work("timeconvnet", "tcn_mini_xception", *by_windows, _timeconvnet("tcn_mini_xception")),
        Work("convlstm", "convlstm", "CK+, ten folds", on_ckplus, _convlstm),
    )
