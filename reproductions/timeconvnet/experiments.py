"""The experiments of the paper: what each table needs, computed where it is missing.

`reproduce` goes from the corpora to finished runs and writes down in a plan which files belong together;
`reproductions.timeconvnet.tables` makes the tables from that plan alone.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.media.clips import Provenance
from common.protocols import baselines, leakage
from common.protocols.leakage import SplitSummary
from common.results import plans
from common.results.config import Request
from common.results.plan_schema import Summary
from common.samples.augmentation import Augmentation
from common.samples.build import Samples, broken, counted
from common.training.batches import class_labels
from common.training.recipe import Recipe
from common.training.spec import Job, Training
from reproductions.data_root import data_root
from reproductions.standard import SPLITTERS
from reproductions.timeconvnet import data, reconstruction, speed
from reproductions.timeconvnet.models import NETWORKS, Network
from reproductions.train import train

EXPERIMENTS = {
    "table1": "Table I: windows of BigFaceX by emotion and corpus",
    "table2": "Table II: accuracy of the six networks, by protocol, with controls",
    "speed": "Table II and section VI: inference time, parameters, time of the whole pipeline",
}
PROTOCOLS = tuple(SPLITTERS)
CORPORA = data.CORPORA

CORRECTED = "resnet20_2plus1d_corrected"
# Which protocols and which networks an experiment has; Table I and the times have none.
PROTOCOLS_OF = {"table2": PROTOCOLS}
NETWORKS_OF = {"table2": tuple(key for key in NETWORKS if key != CORRECTED)}

# Seconds of one core for a training step, and for compiling and the predictions: long trainings begin first.
STEP = {"resnet20_2plus1d": 4.2, "resnet20_3d": 2.2, "tcn_resnet20": 0.25, "tcn_mobilenetv2": 0.12}
START = {"resnet20_2plus1d": 30, "resnet20_3d": 15, "tcn_resnet20": 5, "tcn_mobilenetv2": 8}
SHUFFLED = "control-shuffled"
# Runs of these experiments are no networks for use.
CONTROLS = (SHUFFLED,)
# What the profiles of paper.yaml may set.
SIZES = (
    *("timing_runs", "timed", "only"),
    *(f"{part}.epochs" for part in ("default", "networks.*", "control")),
    *(f"{part}.steps_per_epoch" for part in ("default", "networks.*", "control")),
    *(f"{part}.batch_norm_batches" for part in ("default", "networks.*", "control")),
)


def reproduce(request: Request) -> Provenance:
    """Compute what the experiments need and is not there yet; returns whether the data are synthetic or real.

    Raises:
        UserError: if data are missing or broken, or the disk cannot take what is written.
    """
    folder = data_root(request, data.CORPORA)
    clips, origin = data.clips(request, folder)
    samples = data.samples(request, clips)
    jobs = _jobs(request, samples) if request.wants("table2") else []
    plan = plans.planned(
        request,
        origin,
        [name for name in EXPERIMENTS if request.wants(name)],
        runs=[job.training.identity for job in jobs],
        splits={("", job.training.protocol): job.split for job in jobs},
        summary=_summary(request, folder, samples),
        timed=request.wants("speed")
        or (request.wants("table2") and request.sizes.get("timed", True) and not request.networks),
    )
    plans.keep(request, plan)
    train(request, jobs, origin)
    if plan.timed:
        built = {key: network_settings(request.settings, network) for key, network in NETWORKS.items()}
        speed.measure(request, clips, built, plans.speed_path(request.paper, request.profile, request.results))
    return origin


def _jobs(request: Request, samples: Samples) -> list[Job]:
    """Every network under every protocol with every seed, and the control with shuffled labels."""
    table = samples.table
    labels = class_labels(table.emotion, data.CLASSES)
    chosen = NETWORKS_OF["table2"] if request.networks else request.sizes.get("only", NETWORKS_OF["table2"])
    jobs = []
    for protocol in request.protocols:
        fold = data.fold(request, table, protocol)
        split = _split(table, fold)

        def job(network, seed, experiment="table2", labels=labels, fold=fold, split=split, protocol=protocol):
            training = Training(
                paper=request.paper.name,
                experiment=experiment,
                protocol=protocol,
                profile=request.profile,
                network=network,
                recipe=recipe(request, network, experiment),
                seed=seed,
                samples=samples,
                labels=labels,
                classes=data.CLASSES,
                fold=fold,
                settings=network_settings(request.settings, network),
            )
            return Job(training, split, START.get(network.key, 4) + STEP.get(network.key, 0.05) * training.steps)

        for seed in request.seeds:
            jobs += [job(NETWORKS[key], seed) for key in chosen if request.wants_network(key)]
            if "control" in request.sizes and request.wants_network("tcn_mini_xception"):
                shuffled = baselines.shuffled_labels(labels, fold, seed)
                jobs.append(job(NETWORKS["tcn_mini_xception"], seed, SHUFFLED, shuffled))
    return jobs


def recipe(request: Request, network: Network, experiment: str = "table2") -> Recipe:
    """The paper's training (section III and its Keras sources), in the size that the profile sets."""
    stated = request.paper.hyperparameters
    size = request.sizes["default"] | request.sizes["networks"].get(network.key, {})
    if experiment == SHUFFLED:
        size = request.sizes["control"]
    moved = stated["augmentation"]
    return Recipe(
        epochs=request.trained_for(size["epochs"]),
        steps_per_epoch=size.get("steps_per_epoch"),
        batch_size=request.settings["batch_size"],
        learning_rate=stated["learning_rate"],
        schedule=tuple((first - 1, factor) for first, factor in stated["learning_rate_factors"].items()),
        augmentation=Augmentation(moved["rotation_degrees"], moved["shift"], moved["zoom"], moved["horizontal_flip"]),
        checkpoint=request.settings["checkpoint"],
        batch_norm_batches=size.get("batch_norm_batches", 0),
        mixed_precision=request.mixed_precision,
        xla=request.xla,
    )


def network_settings(chosen: Mapping[str, Any], network: Network) -> dict:
    """Those of the paper's open decisions that shape this network."""
    return {
        "tcn_resnet20": {"pool": chosen["pool"]},
        "resnet20_3d": {"pool3d": chosen["pool3d"], "temporal_stride": chosen["temporal_stride_3d"]},
        "resnet20_2plus1d": {
            "pool3d": chosen["pool3d"],
            "temporal_stride": chosen["temporal_stride_2plus1d"],
            "relu_between": chosen["relu_between"],
            "nin": chosen["nin"],
        },
    }.get(network.key, {})


def _split(table, fold) -> SplitSummary:
    """What the auditor says about a fold, and what classifiers reach on it that see no face."""
    return leakage.summarise(
        table,
        fold,
        validation=leakage.audit_split(table, fold).validation,
        majority=baselines.accuracy(table, fold, baselines.majority(table, fold)),
        corpus_only=baselines.accuracy(table, fold, baselines.corpus_only(table, fold)),
        subjects={side: int(table.subject.iloc[getattr(fold, side)].nunique()) for side in ("train", "test")},
    )


def _summary(request: Request, folder: Path, samples: Samples) -> Summary:
    """Windows by emotion and corpus, and what became of all frames: the numbers of Table I and of the ledger."""
    windows = samples.table.groupby(["emotion", "corpus"]).size()
    return Summary(
        key=samples.key,
        subjects=samples.ledger.groupby("corpus").subject.nunique().to_dict(),
        windows=[
            {"emotion": str(emotion), "corpus": corpus, "windows": int(count)}
            for (emotion, corpus), count in windows.items()
        ],
        ledger=counted(samples.ledger),
        broken=broken(samples.ledger),
        corpora=data.corpora(folder, request.settings["baum1_selection"]),
        reconstruction=reconstruction.rows(request, samples.ledger),
    )
