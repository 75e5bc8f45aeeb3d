"""From standard experiments (`reproductions.standard`) to finished runs, and the plan of what belongs together."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace

import datasets
from common.media.clips import Provenance, common_origin, provenance
from common.protocols import leakage
from common.results import plans
from common.results.config import Request
from common.results.plan_schema import Summary
from common.samples.build import Samples, broken, counted
from common.support.console import console
from common.training.batches import class_labels
from common.training.blueprint import Blueprint
from common.training.evaluate import Evaluation, evaluate
from common.training.spec import Job, Training
from reproductions.data_root import data_root
from reproductions.standard import Experiment
from reproductions.train import train

Given = Mapping[str, Experiment]


def experiments(given: Given) -> SimpleNamespace:
    """The part `experiments` of a paper with these."""
    splits = {name: tuple(experiment.splits) for name, experiment in given.items()}
    return SimpleNamespace(
        EXPERIMENTS={name: experiment.title for name, experiment in given.items()},
        PROTOCOLS=tuple(dict.fromkeys(protocol for several in splits.values() for protocol in several)),
        PROTOCOLS_OF=splits,
        NETWORKS_OF={name: tuple(experiment.architectures) for name, experiment in given.items()},
        CONTROLS=(),
        SIZES=("epochs",),
        CORPORA=tuple(dict.fromkeys(experiment.corpus for experiment in given.values())),
        reproduce=lambda request: _reproduce(request, given),
    )


def _reproduce(request: Request, given: Given) -> Provenance:
    """Compute what is asked for and not there yet; whether the data are synthetic or real.

    Raises:
        UserError: if data are missing or broken, or the disk cannot take what is written.
    """
    asked = {name: experiment for name, experiment in given.items() if request.wants(name)}
    corpora = [experiment.corpus for experiment in asked.values()]
    folder = data_root(request, corpora)
    places = datasets.locate_all(folder, corpora)
    origin = common_origin(folder, {key: provenance(place) for key, place in places.items()})
    samples = {name: experiment.samples(request, places[experiment.corpus]) for name, experiment in asked.items()}
    jobs = [job for name, experiment in asked.items() for job in _jobs(request, name, experiment, samples[name])]
    tested = [test for name, each in asked.items() for test in _evaluations(request, name, each, samples[name])]
    plan = plans.planned(
        request,
        origin,
        asked,
        runs=[run.identity for run in (*(job.training for job in jobs), *tested)],
        splits={(job.training.experiment, job.training.protocol): job.split for job in jobs},
        summary={
            name: Summary(key=prepared.key, ledger=counted(prepared.ledger), broken=broken(prepared.ledger))
            for name, prepared in samples.items()
        },
    )
    plans.keep(request, plan)
    train(request, jobs, origin)
    for evaluation in tested:
        evaluate(evaluation, request.results / "runs", origin, fresh=request.fresh)
    return origin


def _jobs(request: Request, name: str, experiment: Experiment, samples: Samples) -> Iterator[Job]:
    """Every network under every protocol with every seed."""
    for protocol in request.protocols:
        if protocol not in experiment.splits:
            continue
        fold = experiment.splits[protocol](samples.table, request.settings.get("split_seed", 0))
        split = leakage.summarise(samples.table, fold)
        for network in experiment.networks:
            for seed in request.seeds if request.wants_network(network.key) else ():
                training = Training(
                    paper=request.paper.name,
                    experiment=name,
                    protocol=protocol,
                    profile=request.profile,
                    network=network,
                    recipe=experiment.recipe(request),
                    seed=seed,
                    samples=samples,
                    labels=class_labels(samples.table.emotion, experiment.classes),
                    classes=tuple(experiment.classes),
                    fold=fold,
                )
                yield Job(training, split, cost=training.steps)


def _evaluations(request: Request, name: str, experiment: Experiment, samples: Samples) -> Iterator[Evaluation]:
    """The given weights whose file is there, tested where their makers did not train."""
    for given in experiment.weights:
        file = request.models and request.models / given.file
        if not request.wants_network(given.network.key):
            continue
        if not file or not file.is_file():
            place = f"is not in {request.models}" if request.models else "needs a folder: MODELS=<folder>"
            console.print(f"The weights {given.key} are not tested: {given.file} {place}.", markup=False)
            continue
        classes = tuple(given.classes or experiment.classes)
        small = replace(request, seeds=request.seeds[:1], protocols=tuple(given.protocols), networks=())
        alone = replace(experiment, networks=(given.network,), classes=classes)
        for job in _jobs(small, given.under(name), alone, samples):
            if job.training.protocol in request.protocols:
                sentence = f"The weights were trained on {given.trained_on}. They are only tested here."
                training = replace(job.training, decisions=request.settings)
                split = job.split.model_copy(update={"leakage": sentence, "clean": False})
                yield Evaluation(training, file, given.trained_on, split)


def blueprints(given: Given) -> SimpleNamespace:
    """The part `blueprints` of a paper with these experiments."""

    def networks(request: Request) -> Iterator[Blueprint]:
        for name, experiment in given.items():
            for network in experiment.architectures.values() if request.wants(name) else ():
                yield Blueprint(network.key, network.build, len(experiment.classes))

    return SimpleNamespace(networks=networks)


def models(given: Given) -> SimpleNamespace:
    """The part `models` of a paper with these experiments."""
    return SimpleNamespace(
        NETWORKS={k: network for experiment in given.values() for k, network in experiment.architectures.items()}
    )
