"""From the corpus to finished runs, and the plan that says which runs belong to which table."""

import datasets
from common.media.clips import Provenance, provenance
from common.protocols import leakage, splitters
from common.results import plans
from common.results.config import Request
from common.results.plan_schema import Summary
from common.samples.build import Samples, broken, counted
from common.training.batches import class_labels
from common.training.recipe import Recipe
from common.training.spec import Job, Training
from datasets import savee
from reproductions.data_root import data_root
from reproductions.full_paper.models import NETWORKS
from reproductions.full_paper.preprocessing import Settings, prepare
from reproductions.prepared import prepared
from reproductions.train import train

EXPERIMENTS = {"table1": "Table 1: accuracy on SAVEE, by protocol"}

CORPORA = (savee.KEY,)

# `published` is what the authors did, `strict` what can be trusted; every paper has these two.
SPLITTERS = {
    "published": splitters.random_windows,
    "clip-disjoint": splitters.clip_disjoint,
    "strict": splitters.subject_disjoint,
}
PROTOCOLS = tuple(SPLITTERS)

# Which protocols and which networks an experiment has.
PROTOCOLS_OF = {"table1": PROTOCOLS}
NETWORKS_OF = {"table1": ("one_frame",)}
CONTROLS = ()
SIZES = ("epochs",)


def reproduce(request: Request) -> Provenance:
    """Compute what is asked for and not there yet; returns whether the data are synthetic or real.

    Raises:
        UserError: if data are missing or broken, or the disk cannot take what is written.
    """
    folder = data_root(request, CORPORA)
    place = datasets.locate_all(folder, CORPORA)[savee.KEY]
    origin, samples = provenance(place), _samples(request, savee.index(place).labelled)
    jobs = [_job(request, samples, protocol, seed) for protocol in request.protocols for seed in request.seeds]
    plan = plans.planned(
        request,
        origin,
        [name for name in EXPERIMENTS if request.wants(name)],
        runs=[job.training.identity for job in jobs],
        splits={("", job.training.protocol): job.split for job in jobs},
        summary=Summary(ledger=counted(samples.ledger), key=samples.key, broken=broken(samples.ledger)),
    )
    plans.keep(request, plan)
    train(request, jobs, origin)
    return origin


def _samples(request: Request, clips) -> Samples:
    return prepared(request, clips, prepare, Settings(), "Finding faces")


def recipe(request: Request) -> Recipe:
    """The paper's training, in the size that the profile sets."""
    stated = request.paper.hyperparameters
    return Recipe(
        epochs=request.trained_for(request.sizes["epochs"]),
        batch_size=stated["batch_size"],
        learning_rate=stated["learning_rate"],
        checkpoint=request.settings["checkpoint"],
        mixed_precision=request.mixed_precision,
        xla=request.xla,
    )


def _job(request: Request, samples: Samples, protocol: str, seed: int) -> Job:
    table = samples.table
    fold = SPLITTERS[protocol](table, request.settings["split_seed"])
    training = Training(
        paper=request.paper.name,
        experiment="table1",
        protocol=protocol,
        profile=request.profile,
        network=NETWORKS["one_frame"],
        recipe=recipe(request),
        seed=seed,
        samples=samples,
        labels=class_labels(table.emotion, savee.CLASSES),
        classes=savee.CLASSES,
        fold=fold,
    )
    return Job(training, leakage.summarise(table, fold))
