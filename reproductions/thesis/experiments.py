"""The experiments of the thesis: two networks and support vector machines on two data sets, computed where missing.

`reproduce` goes from the data sets to finished runs and writes down in a plan which files belong together;
`reproductions.thesis.tables` makes the tables from that plan, the runs, and what is written beside them.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

import datasets
from common.media.clips import Provenance, common_origin
from common.paper.load import Paper
from common.results import plans
from common.results.config import Request
from common.results.plan_schema import Summary
from common.runs import store
from common.samples.build import broken
from common.support.console import bar, console
from common.support.errors import UserError
from common.training import devices
from common.training.spec import Job
from reproductions.data_root import data_root
from reproductions.thesis import candidates, data, side_tables, svm, svm_search, trainings
from reproductions.thesis.data import Part
from reproductions.thesis.svm import Fit
from reproductions.train import train

EXPERIMENTS = {
    "dataset": "Section 2.1: images of FER2013 by class, and how many of them the votes of FER+ confirm",
    "cnn_fer2013": "Section 4.2: the network on FER2013 by protocol, last and best epoch",
    "cnn_ckplus": "Section 4.1: the network on CK+ by protocol, last and best epoch",
    "svm_fer2013": "Section 4.4 and Fig 4.4: the support vector machine on FER2013, and the search for it",
    "svm_ckplus": "Section 4.3: the support vector machine on CK+",
    "candidates": "Section 5: what the accuracy of the network on FER2013 could be",
    "candidates_ckplus": "Sections 4.1 and 5: what the accuracies of the network on CK+ could be",
}
PROTOCOLS = tuple(dict.fromkeys(one for several in trainings.PROTOCOLS.values() for one in several))
# Of CK+ its videos, or else the small images of it in one of two copies.
CORPORA = ("fer2013", "ckplus", "ckplus48", "ckextended")
CNN = {"FER2013": "cnn_fer2013", "CK+": "cnn_ckplus"}
CANDIDATES = {"candidates": "FER2013", "candidates_ckplus": "CK+"}
# Which protocols and which networks an experiment has: the images are counted without any.
PROTOCOLS_OF = {
    **{name: trainings.PROTOCOLS[data_set] for data_set, name in CNN.items()},
    **{name: trainings.PROTOCOLS[data_set] for data_set, name in svm_search.EXPERIMENTS.items()},
    **dict.fromkeys(CANDIDATES, ("published",)),
}
NETWORKS_OF = {name: (name,) for name in CNN.values()} | {name: (CNN[of],) for name, of in CANDIDATES.items()}
CONTROLS = ()
# What the profiles of paper.yaml may set.
SIZES = ("narrow.width", "epochs.FER2013", "epochs.CK+", "batch_norm_batches", "svm")
LOADERS = {"FER2013": data.load_fer2013, "CK+": data.load_ckplus}


def reproduce(request: Request) -> Provenance:
    """Compute what the experiments need and is not there yet; returns whether the data are synthetic or real.

    Where the user named no experiment, those whose data set is missing are left out and named.

    Raises:
        UserError: if data are missing or broken, or the disk cannot take what is written.
    """
    folder = data_root(request, ("fer2013", "ckplus"))
    wanted = _wanted(request, folder)
    parts = {name: load(request, folder) for name, load in LOADERS.items() if name in map(data_set, wanted)}
    origin = common_origin(folder, {name: part.origin for name, part in parts.items()})
    jobs = [job for experiment in wanted for job in _jobs(request, experiment, wanted, parts)]
    svm_parts = [part for name, part in parts.items() if svm_search.EXPERIMENTS[name] in wanted]
    chosen = [
        fit for part in svm_parts for fit in svm_search.fits(request, part, [svm_search.chosen(request.settings)])
    ]
    others = [fit for part in svm_parts for fit in svm_search.fits(request, part, svm_search.searched(request))]
    plan = plans.planned(
        request,
        origin,
        wanted,
        runs=[run.identity for run in (*(job.training for job in jobs), *chosen)],
        # Of several attempts, the first one's.
        splits={(job.training.experiment, job.training.protocol): job.split for job in reversed(jobs)},
        summary={name: _summary(part) for name, part in parts.items()},
        searched=[asdict(fit.identity) for fit in others],
        narrow=request.sizes.get("narrow"),
    )
    plans.keep(request, plan)
    _write_side_tables(request, origin, parts, jobs, [*chosen, *others])
    _fit(request, [*chosen, *others], origin)
    train(request, jobs, origin)
    if networks := {CNN[CANDIDATES[name]] for name in wanted if name in CANDIDATES}:
        _test_on_training_images(request, origin, jobs, networks)
    return origin


def data_set(experiment: str) -> str:
    """The data set that an experiment needs."""
    return "CK+" if experiment.endswith("_ckplus") else "FER2013"


def _wanted(request: Request, folder: Path) -> list[str]:
    asked = [name for name in EXPERIMENTS if request.wants(name)]
    available = data.available(folder)
    absent = sorted({data_set(name) for name in asked if not available[data_set(name)]})
    keys = {"CK+": "ckplus", "FER2013": "fer2013"}
    if absent and (request.experiments or not any(available.values())):
        datasets.locate_all(folder, [keys[name] for name in absent])  # says what is missing and how to obtain it
    for name in absent:
        console.print(f"{name} is not at or below {folder}: its experiments are left out.", markup=False)
    return [name for name in asked if available[data_set(name)]]


def _jobs(request: Request, experiment: str, wanted: Sequence[str], parts: dict[str, Part]) -> list[Job]:
    """The trainings of one experiment."""
    if experiment in CNN.values():
        part = parts[data_set(experiment)]
        positions = _positions(request.settings["fer2013_pictures"], part, request.paper)
        return trainings.jobs(request, experiment, experiment, part, positions)
    if experiment not in CANDIDATES:
        return []
    part = parts[CANDIDATES[experiment]]
    network, published = CNN[part.name], ["published"]
    jobs = [] if network in wanted else trainings.jobs(request, network, network, part, protocols=published)
    if part.name == "CK+":
        slower = replace(request, settings=request.settings | candidates.SETTINGS_OF_SLOWER)
        return jobs + trainings.jobs(slower, candidates.SLOWER, network, part, protocols=published)
    for name, positions in candidates.selections(part.images, request.paper).items():
        jobs += trainings.jobs(request, name, network, part, positions, published)
    return jobs


def _positions(chosen: str, part: Part, paper: Paper) -> np.ndarray | None:
    """Of the images that the setting `fer2013_pictures` chooses; None for all."""
    if chosen == "all" or part.name != "FER2013":
        return None
    picked = candidates.selections(part.images, paper)
    if chosen not in picked:
        raise UserError(
            f"fer2013_pictures={chosen} needs the votes of FER+.", "Put ferplus.csv beside the csv of FER2013."
        )
    return picked[chosen]


def _summary(part: Part) -> Summary:
    """Images by class and official part, and what became of the frames of sequences."""
    table, ledger = part.samples.table, part.samples.ledger
    counts = table.groupby(["emotion", "partition"]).size()
    steps = [name for name in ("frames_read", "frames_skipped", "frames_without_face") if name in ledger]
    return Summary(
        key=part.samples.key,
        subjects=int(table.subject.nunique()),
        pictures=[
            {"emotion": str(emotion), "partition": partition, "pictures": int(count)}
            for (emotion, partition), count in counts.items()
        ],
        ledger={name: int(ledger[name].sum()) for name in steps},
        broken=broken(ledger),
    )


def _write_side_tables(request: Request, origin: Provenance, parts: dict[str, Part], jobs, fits: Sequence[Fit]) -> None:
    """What tables need of single images: the votes on them, and which have a near-duplicate in training."""

    def file(kind: str) -> Path:
        return side_tables.path(kind, request.paper, request.profile, origin.word, request.results)

    if "FER2013" in parts:
        side_tables.write_votes(parts["FER2013"].images, file("images"))
    pairs_by_split = {}
    for part in parts.values():
        divided = [fitted for fitted in (*(job.training for job in jobs), *fits) if fitted.samples is part.samples]
        if divided:
            with bar(f"Near-duplicates of {part.name}", "pairs") as progress:
                pairs = side_tables.near_duplicate_pairs(part.samples, request.cache)
                progress(len(pairs), len(pairs))
            pairs_by_split |= {fitted.identity.split: (pairs, fitted.fold) for fitted in divided}
    side_tables.write_near_duplicates(pairs_by_split, file("near-duplicates"))


def _fit(request: Request, fits: list[Fit], origin: Provenance) -> None:
    if fits:
        root = request.results / "runs"
        with bar("Fitting SVMs", "machines") as progress:
            svm.launch(fits, root, origin, processes=request.workers, fresh=request.fresh, progress=progress)


def _test_on_training_images(
    request: Request, origin: Provenance, jobs: Sequence[Job], networks: Collection[str]
) -> None:
    """Keep how networks do on the images that they were trained on; what was tested before is not tested again."""
    file = side_tables.path("trained", request.paper, request.profile, origin.word, request.results)
    before = side_tables.read(file)
    known = set() if before is None or request.fresh else set(before.key)
    names = {trainings.network_of(request, key).key for key in networks}
    trained = [job.training for job in jobs if job.training.protocol == "published"]
    todo = [run for run in trained if run.network.key in names and run.identity.key not in known]
    if todo:
        devices.prepare(seed=0)
    with bar("Testing on training", "runs") as progress:
        for done, training in enumerate(todo, start=1):
            run = store.finished(training.identity, request.results / "runs")
            side_tables.add_trained(training.identity.key, candidates.on_training_images(run, training), file)
            progress(done, len(todo), str(training.seed))
