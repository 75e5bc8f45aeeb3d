"""The trainings: an AlexNet a stream on single images, then what joins their features; or all from end to end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from common.protocols.leakage import summarise
from common.protocols.splitters import Fold
from common.results.config import Request
from common.results.differences import network_name
from common.runs.identity import Identity
from common.runs.store import Run
from common.training.batches import class_labels
from common.training.recipe import Recipe
from common.training.spec import Job, Training
from reproductions.emotionalvlan import groups, models, weights
from reproductions.emotionalvlan.data import KEYS, Corpus
from reproductions.emotionalvlan.features import Described, Features
from reproductions.emotionalvlan.models import NETWORKS, StreamNetwork
from reproductions.emotionalvlan.stills import STREAMS, SingleImages, SizedVideos

STRUCTURES = ("dcnn1", "dcnn2", "dcnn3")
# What takes the place of a network that is trained on features.
WHOLE = {"spatial": "spatial_end_to_end", "temporal": "temporal_end_to_end", "emotionalvlan": "end_to_end"}

# Decisions that the networks take as they are.
_OF_ALEXNET = ("local_response_normalisation", "dropout", "weight_decay")
_OF_LAYER = ("aggregation", "aggregation_weight_init")
# What the builders of a stage take of all settings.
_TAKEN = {
    "pictures": (*_OF_ALEXNET, "pretrained", "width", "size"),
    "features": ("dropout", "weight_decay", "width", "frames", *_OF_LAYER),
    "end_to_end": (*_OF_ALEXNET, *_OF_LAYER, "weight_sharing", "pretrained", "width", "size", "frames"),
}


def pretrained(request: Request) -> str:
    """The file of ImageNet weights that the networks begin with; "none" where there is none, or a narrow network.

    A narrow network has no weights to begin with.
    """
    if request.settings["pretrained"] == "none" or request.sizes.get("narrow"):
        return models.NO_WEIGHTS
    return weights.find(request.models)


def builder_settings(request: Request, network: str, stage: str) -> dict[str, Any]:
    """The keyword arguments with which a network is built.

    Args:
        network: its key, without what tells that it is narrow.
        stage: "images", "features" or "end_to_end".
    """
    chosen = {name: request.settings[name] for name in (*_OF_ALEXNET, *_OF_LAYER, "weight_sharing")}
    chosen |= {"pretrained": pretrained(request)} | request.sizes.get("narrow", {})
    # Runs with the number of frames that the paper found best keep their key.
    if request.settings["frames"] != models.FRAMES:
        chosen["frames"] = request.settings["frames"]
    names = set(_TAKEN[stage]) - (set(_OF_LAYER) if network in STRUCTURES[:2] else set())
    return {name: value for name, value in chosen.items() if name in names}


def recipe(request: Request, stage: str) -> Recipe:
    """The training of section IV, in the size that the profile sets.

    Args:
        stage: "images", "features" or "end_to_end".
    """
    stated, size = request.paper.hyperparameters, request.sizes | request.sizes.get(stage, {})
    accumulation = size.get("accumulation", 1)
    return Recipe(
        epochs=request.trained_for(
            request.changed_settings.get("epochs", size.get("epochs", request.settings["epochs"]))
        ),
        steps_per_epoch=size.get("steps_per_epoch"),
        batch_size=stated["batch_size"] // accumulation,
        accumulation=accumulation,
        learning_rate=size.get("learning_rate", stated["learning_rate"]),
        optimizer="sgd",
        momentum=request.settings["momentum"],
        pixel_scaling="none",
        checkpoint="last",
        mixed_precision=request.mixed_precision,
        xla=request.xla,
    )


@dataclass(frozen=True)
class Stages:
    """What is trained for one protocol on one corpus.

    Attributes:
        images: networks of single images.
        features: on what these say of the videos.
        whole: from end to end.
        shown: of all of these, what the tables show.
    """

    images: list[Job]
    features: list[Job]
    whole: list[Job]
    shown: list[Job]


def stages(
    request: Request, corpus: Corpus, protocol: str, networks: Sequence[str], experiment: str | None = None
) -> Stages:
    """All trainings that some networks need.

    Args:
        experiment: the name under which they are kept; that of the data set by default.
    """
    planned = Stages([], [], [], [])
    videos = corpus.videos(request)
    for name, fold in groups.folds(request, corpus.name, videos.table, protocol):
        for seed in request.seeds:
            of_fold = _Fold(request, corpus, protocol, name, fold, seed, experiment or KEYS[corpus.name])
            for network in networks:
                how = "features" if network in STRUCTURES else request.settings["stages"]
                job = of_fold.on_features(network) if how != "end_to_end" else of_fold.whole(network)
                (planned.features if how != "end_to_end" else planned.whole).append(job)
                if how == "features_then_end_to_end":
                    job = of_fold.whole(network, job.training)
                    planned.whole.append(job)
                planned.shown.append(job)
            if planned.features:
                planned.images.extend(of_fold.on_images.values())
    return planned


@dataclass
class _Fold:
    """The trainings of one fold with one seed."""

    request: Request
    corpus: Corpus
    protocol: str
    name: str
    fold: Fold
    seed: int
    experiment: str

    def __post_init__(self):
        narrow = self.request.sizes.get("narrow", {})
        self.size = narrow.get("size", self.request.paper.hyperparameters["size"])
        self.videos = self.corpus.videos(self.request)
        self.on_images = {stream: self._on_images(stream) for stream in STREAMS}

    def _on_images(self, stream: str) -> Job:
        """Step 3: the network of a stream, fine-tuned on all images of the training clips, in all epochs."""
        images = SingleImages(self.videos, stream, self.size)
        return self._job(
            f"{self.experiment}-pictures",
            groups.kind(self.corpus.name, self.protocol),
            NETWORKS[f"{stream}_cnn"],
            f"{stream}_cnn",
            "pictures",
            images,
            groups.of_images(self.fold, images.each),
        )

    def on_features(self, network: str) -> Job:
        """Step 5: the layer and the classifier, on the features of both streams."""
        spec, root = NETWORKS[network], self.request.results / "runs"
        streams = tuple(
            Described(job.training.samples, spec.features, job.training.identity, root, self.request.cache / "features")
            for job in self.on_images.values()
        )
        samples = Features(self.videos, streams)
        return self._job(self.experiment, self.protocol, spec, network, "features", samples, self.fold)

    def whole(self, network: str, begun: Training | None = None) -> Job:
        """All parts at once, from the beginning or from where both stages have left them."""
        spec, samples = NETWORKS[WHOLE[network]], SizedVideos(self.videos, self.size)
        job = self._job(self.experiment, self.protocol, spec, network, "end_to_end", samples, self.fold)
        if begun is None:
            return job
        root = self.request.results / "runs"
        trunks = tuple(self.on_images[stream].training.identity for stream in spec.streams)
        promised = Run(begun.identity.folder(root), begun.identity, {})
        return replace(job, training=replace(job.training, initial=promised, take=TakeParts(root, trunks)))

    def _job(
        self, experiment: str, protocol: str, spec: StreamNetwork, network: str, stage: str, samples, fold: Fold
    ) -> Job:
        request, table = self.request, samples.table
        settings = builder_settings(request, network, stage)
        build = partial(spec.build, models=request.models) if "pretrained" in settings else spec.build
        how = recipe(request, stage)
        if len(fold.validation):
            how = replace(how, checkpoint="best_validation_accuracy")
        training = Training(
            paper=request.paper.name,
            experiment=experiment,
            protocol=protocol,
            profile=request.profile,
            network=replace(spec, key=network_name(network, request.sizes.get("narrow")), build=build),
            recipe=how,
            seed=self.seed,
            samples=samples,
            labels=class_labels(table.emotion, self.corpus.classes),
            classes=self.corpus.classes,
            fold=fold,
            settings=settings,
            fold_name=self.name,
        )
        split = summarise(table, fold, kind=groups.kind(self.corpus.name, self.protocol))
        return Job(training, split, _COSTS[stage] * training.steps)


# Of a step, beside one of the layer alone.
_COSTS = {"features": 1.0, "pictures": 30.0, "end_to_end": 900.0}


@dataclass(frozen=True)
class TakeParts:
    """Gives a network from end to end the AlexNets of finished runs, and layer and classifier of the run on features.

    Attributes:
        root: where runs lie.
        trunks: the runs on single images.
    """

    root: Path
    trunks: tuple[Identity, ...]

    def __call__(self, model: Any, trained: Any) -> None:
        from reproductions.emotionalvlan import networks

        networks.take(model, trained)
        for trunk in self.trunks:
            networks.take(model, networks.trained(Run(trunk.folder(self.root), trunk, {})))


def streams(jobs: Sequence[Job]) -> Iterator[Described]:
    """Whatever describes images for these jobs."""
    for job in jobs:
        yield from getattr(job.training.samples, "streams", ())
