"""The search for settings (section 3.3, Table 1): as the authors did it, and nested, so that it can be trusted.

`published` tries settings on the very folds whose accuracy is reported: one subject left out at a time on CK+, the
ten folds on Oulu-CASIA, and each fold tested in its best epoch. `strict` searches once for each of the ten outer
folds, on inner folds of its training subjects; the winner is trained on these and tested on subjects that no choice
has seen. Every fold is a run below results/search, so what a killed search had finished is not computed again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import datasets
from common.media.clips import Provenance
from common.paper.load import Paper
from common.protocols import splitters
from common.protocols.splitters import Fold
from common.results.config import Request
from common.runs import scores
from common.runs.identity import split_digest
from common.runs.store import Run
from common.support import cluster
from common.support.errors import unknown
from common.training import launch, search
from common.training.search import FoldScore, Interval, Question
from common.training.spec import Job
from reproductions.cnn3d import data, experiments, search_record, trainings
from reproductions.cnn3d.data import CKPLUS, KEYS, OULU, Corpus
from reproductions.cnn3d.search_figures import draw
from reproductions.cnn3d.search_tables import tables

__all__ = ["draw", "run", "tables"]

# The folds on which the paper both searched and reports.
REPORTED = {CKPLUS: "ckplus-one-out", OULU: "oulu-folds"}
INNER_FOLDS = 5


@dataclass(frozen=True)
class Study:
    """One search: on which folds of which corpus.

    Attributes:
        protocol: "published" or "strict".
        folds: with the name of each.
        outer: the fold on whose training part it searches, where the search is nested.
    """

    request: Request
    corpus: Corpus
    protocol: str
    folds: Sequence[tuple[str, Fold]]
    outer: Fold | None = None

    @property
    def experiment(self) -> str:
        """Under which its runs are kept."""
        key = KEYS[self.corpus.name]
        return search_record.nested_name(key, self.outer.name) if self.outer else key

    def jobs(self, options: dict[str, Any]) -> list[Job]:
        """The trainings of one configuration, which do not leave their weights."""
        digest = hashlib.blake2b(json.dumps(options, sort_keys=True).encode(), digest_size=4).hexdigest()
        return self._jobs(options, f"trial_{digest}", self.folds)

    def winner(self, options: dict[str, Any]) -> Job:
        """The training of the best configuration on all of the outer fold's training part."""
        (job,) = self._jobs(options, "winner", [(self.outer.name, self.outer)])
        return job

    def _jobs(self, options: dict[str, Any], name: str, folds: Sequence[tuple[str, Fold]]) -> list[Job]:
        return trainings.jobs(
            self.request,
            self.corpus,
            options,
            experiment=self.experiment,
            name=name,
            protocol=self.protocol,
            folds=folds,
            seed=self.request.seeds[0],
        )

    @property
    def question(self) -> Question:
        """What must be the same for two trials to be comparable, told by the trainings of Table 2."""
        request = self.request
        identities = [job.training.identity for job in self.jobs(request.paper.hyperparameters["best"])]
        first = identities[0]
        return Question(
            name="-".join(
                [request.paper.name, request.profile, self.corpus.origin.word, self.protocol, self.experiment]
            ),
            space=space(request.paper),
            samples=sum(len(fold.test) for _, fold in self.folds),
            prune_below=prune_below(request, self.corpus.name),
            details={
                "folds": split_digest([identity.split for identity in identities]),
                "data": first.data,
                "recipe": first.recipe,
                "network": first.network.partition("_")[2].partition("_")[2] or "exact",
                "network settings": first.settings,
                "seed": first.seed,
            },
        )


def space(paper: Paper) -> dict[str, tuple | Interval]:
    """Table 1, under the names of paper.yaml."""
    stated = paper.hyperparameters["search"]
    options = {name: tuple(stated[name]) for name in paper.hyperparameters["best"]}
    return options | {"dropout": Interval(*stated["dropout"])}


def prune_below(request: Request, corpus: str) -> float:
    """The accuracy that a trial must be able to reach; on Oulu-CASIA the paper names none."""
    stated = request.paper.hyperparameters["search"]["pruned_below_accuracy"]
    return request.sizes.get("prune_below", stated) / 100 if corpus == CKPLUS else 0.0


def run(
    request: Request,
    corpora: str,
    trials: int,
    storage: str,
    ended: Callable[[str, int, int, Any], None],
) -> Provenance:
    """Search until every study has so many finished trials, and write the record for the tables after each of them.

    Args:
        corpora: keys of the corpora separated by commas ("ckplus,oulu"), or "" for all that are there.
        storage: URL of the database.
        ended: called with the name of a study, its finished trials, those that are wanted, and the last of them.

    Raises:
        UserError: if there is no such corpus, data are missing or broken, the database cannot be used or belongs to
            another search, there is no Ray cluster, or the disk is full.
    """
    found, origin = data.load(request, _named(request.data, corpora), copies=False)
    with cluster.cluster() if request.launcher == "ray" else nullcontext():
        for corpus in found.values():
            record = search_record.Record.begun(request, origin.word, KEYS[corpus.name])
            for protocol in request.protocols:
                studies = list(_studies(request, corpus, protocol))
                for study in studies:
                    _search(study, trials, storage, record, ended)
                if protocol == "strict":
                    _test_winners(studies, record)
    return origin


def _named(folder: Path | None, corpora: str) -> tuple[str, ...]:
    by_key = {key: name for name, key in KEYS.items()}
    for key in filter(None, corpora.split(",")):
        if key not in by_key:
            raise unknown("corpus of this search", key, by_key)
    asked = tuple(by_key[key] for key in corpora.split(",") if key)
    there = tuple(name for name, key in KEYS.items() if folder is None or datasets.load(key).locate(folder) is not None)
    return asked or there or tuple(KEYS)


def _studies(request: Request, corpus: Corpus, protocol: str) -> Iterator[Study]:
    table = corpus.samples(request, request.paper.hyperparameters["best"]["clahe"]).table
    if protocol == "published":
        yield Study(request, corpus, protocol, experiments.folds(request, REPORTED[corpus.name], table, protocol))
    if protocol == "strict":
        count = request.sizes.get("folds")
        for outer in data.ten_folds(request, corpus.name, table, protocol)[:count]:
            yield Study(request, corpus, protocol, _inner_folds(table, outer, count), outer)


def _inner_folds(table, outer: Fold, count: int | None) -> list[tuple[str, Fold]]:
    """Folds of the subjects that the outer fold does not test; every tenth of those trained on chooses the epoch."""
    positions = np.union1d(outer.train, outer.validation)
    part = table.iloc[positions].reset_index(drop=True)
    folds = splitters.step_folds(part, INNER_FOLDS)[:count]
    return [(fold.name, splitters.within(splitters.with_validation(part, fold), positions)) for fold in folds]


def _search(study: Study, trials: int, storage: str, record: search_record.Record, ended: Callable) -> None:
    request, question = study.request, study.question
    found = search.opened(question, storage)
    record.put(study.protocol, study.experiment, found, question)

    def report_trial(done: int, trial) -> None:
        record.put(study.protocol, study.experiment, found, question)
        ended(question.name, done, trials, trial)

    locks = request.results / "search" / ".locks"
    search.search(
        question,
        lambda options: _tested(study, options),
        storage,
        trials,
        locks,
        seed=request.seeds[0],
        ended=report_trial,
    )


def _tested(study: Study, options: dict[str, Any]) -> Iterator[FoldScore]:
    """What came of each fold; only as many are begun as run at the same time, for the next may not be needed."""
    jobs, request = study.jobs(options), study.request
    step = launch.at_once(request.workers, request.launcher)
    for first in range(0, len(jobs), step):
        for run in _launched(study, jobs[first : first + step]):
            table = run.predictions()
            yield FoldScore(int((table.emotion == table.predicted).sum()), len(table))


def _launched(study: Study, jobs: Sequence[Job]) -> list[Run]:
    request = study.request
    root = request.results / "search"
    return launch.launch(jobs, root, study.corpus.origin, processes=request.workers, launcher=request.launcher)


def _test_winners(studies: Sequence[Study], record: search_record.Record) -> None:
    """Train the winner of every outer fold on its training part and test it on the subjects left out of the search."""
    winners = [record.best(study.protocol, study.experiment) for study in studies]
    jobs = [study.winner(options) for study, options in zip(studies, winners, strict=True)]
    tested = _launched(studies[0], jobs)
    record.put_nested([study.experiment for study in studies], tested, scores.score(tested))
