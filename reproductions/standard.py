"""A standard experiment: networks on one data set, divided by protocol, with an accuracy to hold against.

A paper whose experiments are all of this kind lists them as `STANDARD` in its experiments.py and has no other module
besides its preprocessing and its networks: runs, plan, measurements, tables and leaks follow from that list
(`reproductions.registry`). A paper that needs more writes the part in question itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import SimpleNamespace

import datasets
from common.media.clips import Provenance, provenance
from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.protocols import leakage, splitters
from common.protocols.splitters import Fold
from common.results import comparison, plans
from common.results.config import Request
from common.results.differences import Stated
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from common.runs.store import Run
from common.samples.build import Samples, broken, counted
from common.training.batches import class_labels
from common.training.blueprint import Blueprint
from common.training.network import Network
from common.training.recipe import Recipe
from common.training.spec import Job, Training
from reproductions.data_root import data_root
from reproductions.train import train

# A table of samples, a seed -> one division.
Split = Callable[..., Fold]
CLIPS: Mapping[str, Split] = {
    "published": splitters.random_windows,
    "clip-disjoint": splitters.clip_disjoint,
    "strict": splitters.subject_disjoint,
}
OTHERWISE = {"clip-disjoint": "no clip on both sides", "strict": "no subject on both sides"}


@dataclass(frozen=True)
class Experiment:
    """One table of a paper.

    Attributes:
        title: what it shows.
        corpus: key of the data set.
        classes: names of the classes, in the order of the outputs.
        networks: that it trains.
        samples: `samples(request, place)` gives those of the data set that lies in the folder `place`.
        recipe: `recipe(request)` gives the paper's training in the size that the profile sets.
        splits: how each protocol divides the samples.
        otherwise: what every protocol but `published` does otherwise, in words.
    """

    title: str
    corpus: str
    classes: Sequence[str]
    networks: Sequence[Network]
    samples: Callable[..., Samples]
    recipe: Callable[[Request], Recipe]
    splits: Mapping[str, Split] = CLIPS
    otherwise: Mapping[str, str] = OTHERWISE


def part(name: str, given: Mapping[str, Experiment]) -> SimpleNamespace | None:
    """A part of the contract as these experiments give it; None for one that they do not give."""
    make = {"experiments": _experiments, "measured": _measured, "tables": _tables, "blueprints": _blueprints}.get(name)
    if name == "models":
        return SimpleNamespace(NETWORKS={one.key: one for experiment in given.values() for one in experiment.networks})
    return make(given) if make else None


def _experiments(given: Mapping[str, Experiment]) -> SimpleNamespace:
    splits = {name: tuple(experiment.splits) for name, experiment in given.items()}
    return SimpleNamespace(
        EXPERIMENTS={name: experiment.title for name, experiment in given.items()},
        PROTOCOLS=tuple(dict.fromkeys(protocol for several in splits.values() for protocol in several)),
        PROTOCOLS_OF=splits,
        NETWORKS_OF={name: tuple(one.key for one in experiment.networks) for name, experiment in given.items()},
        CONTROLS=(),
        CORPORA=tuple(dict.fromkeys(experiment.corpus for experiment in given.values())),
        reproduce=lambda request: _reproduce(request, given),
    )


def _reproduce(request: Request, given: Mapping[str, Experiment]) -> Provenance:
    """Compute what is asked for and not there yet; whether the data are synthetic or real.

    Raises:
        UserError: if data are missing or broken, or the disk cannot take what is written.
    """
    asked = {name: experiment for name, experiment in given.items() if request.wants(name)}
    corpora = [experiment.corpus for experiment in asked.values()]
    places = datasets.locate_all(data_root(request, corpora), corpora)
    samples = {name: one.samples(request, places[one.corpus]) for name, one in asked.items()}
    jobs = [job for name, one in asked.items() for job in _jobs(request, name, one, samples[name])]
    origin = provenance(next(iter(places.values())))
    plan = plans.asked(request, origin, list(asked))
    plan["summary"] = {
        name: {"key": one.key, "ledger": counted(one.ledger), "broken": broken(one.ledger)}
        for name, one in samples.items()
    }
    plan["runs"] = [asdict(job.training.identity) for job in jobs]
    plan["splits"] = {f"{job.training.experiment}, {job.training.protocol}": job.split for job in jobs}
    plans.keep(request, plan)
    train(request, jobs, origin)
    return origin


def _jobs(request: Request, name: str, experiment: Experiment, samples: Samples) -> Iterator[Job]:
    """Every network under every protocol with every seed."""
    table = samples.table
    for protocol in request.protocols:
        if protocol not in experiment.splits:
            continue
        fold = experiment.splits[protocol](table, request.settings.get("split_seed", 0))
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
                    labels=class_labels(table.emotion, experiment.classes),
                    classes=tuple(experiment.classes),
                    fold=fold,
                )
                yield Job(training, leakage.described(table, fold), cost=training.steps)


def _blueprints(given: Mapping[str, Experiment]) -> SimpleNamespace:
    def networks(request: Request) -> Iterator[Blueprint]:
        for experiment in given.values():
            for network in experiment.networks:
                yield Blueprint(network.key, network.build, len(experiment.classes))

    return SimpleNamespace(networks=networks)


def _measured(given: Mapping[str, Experiment]) -> SimpleNamespace:
    def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
        if (claim.experiment, claim.network) != (run.identity.experiment, run.identity.network):
            return None
        experiment = given[claim.experiment]
        recipe = experiment.recipe(request)
        return Stated(claim.network, {}, recipe, experiment.classes, protocols=experiment.otherwise)

    def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
        protocols = evidence.plan["protocols"]
        return evidence.measured(lambda claim: [measure(evidence, claim, one, stated) for one in protocols])

    return SimpleNamespace(stated=stated, measurements=measurements)


def measure(evidence: Evidence, claim: Claim, protocol: str, stated: Callable) -> Measured | None:
    """What the runs of a claim's experiment and network give under one protocol; None where there are none.

    A claim is an accuracy over all tested samples, the recall of one emotion, or the mean of all recalls.
    """
    group = (claim.experiment, claim.network, protocol)
    members, score = evidence.of(*group), evidence.score(*group) if claim.network else None
    if score is None:
        return None
    figures = {
        "accuracy": lambda: (score.accuracy, score.interval),
        "recall": lambda: scores.recall(members, claim.emotion),
        "mean recall": lambda: scores.mean_recall(members),
    }.get(claim.metric, lambda: None)()
    return evidence.measurement(claim, members, *figures, stated, learnt=score.learnt) if figures else None


def _tables(given: Mapping[str, Experiment]) -> SimpleNamespace:
    stated = _measured(given).stated

    def tables(evidence: Evidence) -> list[Table]:
        return [_table(evidence, name, given[name], stated) for name in given if name in evidence.plan["experiments"]]

    def leaks(evidence: Evidence) -> list[comparison.Leak]:
        found = [
            comparison.protocol_leak(evidence, network.title, name, network.key, scores.difference)
            for name, experiment in given.items()
            for network in experiment.networks
        ]
        return [leak for some in found for leak in some]

    return SimpleNamespace(TIMED=(), tables=tables, leaks=leaks)


def _table(evidence: Evidence, name: str, experiment: Experiment, stated: Callable) -> Table:
    """A row a claim of the experiment and protocol."""
    titles, rows = {network.key: network.title for network in experiment.networks}, []
    for claim in evidence.paper.claims:
        for protocol in evidence.plan["protocols"] if claim.experiment == name else ():
            ours = measure(evidence, claim, protocol, stated)
            if ours:
                what = f"{claim.metric}, {claim.emotion}" if claim.emotion else claim.metric
                row = {"network": titles[claim.network], "quantity": what, "protocol": protocol}
                rows.append(comparison.row(evidence, claim, ours, **row))
    columns = {"network": "Network", "quantity": "Quantity", "protocol": "Protocol"} | comparison.COLUMNS
    splits = evidence.plan["splits"]
    notes = [
        f"{one}: {splits[f'{name}, {one}']['said']}" for one in evidence.plan["protocols"] if f"{name}, {one}" in splits
    ]
    notes += comparison.left_out_notes(evidence.plan["summary"].get(name, {}))
    return Table(name, experiment.title, columns, rows, notes)
