"""The experiments of the paper: what each table needs, computed where it is missing.

`reproduce` goes from the corpora to finished runs and writes down in a plan which files belong together;
`reproductions.cnn3d.tables` makes the tables from that plan alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from common.media.clips import Provenance
from common.protocols import splitters
from common.protocols.leakage import SplitSummary, summarise_folds
from common.protocols.splitters import Fold
from common.results import plans
from common.results.config import Request
from common.results.plan_schema import Summary
from common.runs.store import Run
from common.samples.build import broken, counted
from common.support.errors import UserError
from common.training.spec import Job
from datasets import ckplus48
from reproductions.cnn3d import data, preprocessing, trainings
from reproductions.cnn3d.data import CKPLUS, OULU, Corpus
from reproductions.cnn3d.trainings import ROWS, PrintedRow
from reproductions.data_root import missing_sets, or_copies
from reproductions.train import train

EXPERIMENTS = {
    "table4": "Table 4: ten folds of CK+ with the networks tuned on either corpus, and one pre-trained",
    "table5": "Table 5: the same on Oulu-CASIA",
    "table6": "Table 6 and Fig. 5: CK+, one subject left out at a time",
    "table7": "Table 7: CK+, all sequences of the ten folds together",
    "table8": "Table 8 and Fig. 6: Oulu-CASIA, all sequences of the ten folds together",
    "significance": "Tables 4 and 5: p-values by four tests, from the printed folds and from ours",
}
PROTOCOLS = ("published", "clip-disjoint", "strict")
CORPORA = (*data.KEYS.values(), ckplus48.KEY)
PRETRAINING = "pretraining"


@dataclass(frozen=True)
class Group:
    """Trainings on one corpus that are kept together: which folds, and which experiments need which rows."""

    corpus: str
    needs: dict[str, tuple[str, ...]]

    def rows(self, wanted: Sequence[str]) -> list[PrintedRow]:
        named = {name for experiment, names in self.needs.items() if experiment in wanted for name in names}
        return [row for name, row in ROWS.items() if name in named]


_OF_TABLE_4, _OF_TABLE_5 = ("c1", "c2", "c3"), ("c2", "c1", "c4")
GROUPS = {
    "ckplus-one-out": Group(CKPLUS, {"table6": ("c1",)}),
    "ckplus-folds": Group(CKPLUS, {"table4": _OF_TABLE_4, "significance": _OF_TABLE_4, "table7": ("c1",)}),
    "oulu-folds": Group(OULU, {"table5": _OF_TABLE_5, "significance": _OF_TABLE_5, "table8": ("c2",)}),
}


# Which protocols and which networks an experiment has.
PROTOCOLS_OF = dict.fromkeys(EXPERIMENTS, PROTOCOLS)
NETWORKS_OF = {
    experiment: tuple(dict.fromkeys(row for group in GROUPS.values() for row in group.needs.get(experiment, ())))
    for experiment in EXPERIMENTS
}
CONTROLS = ()
# What the profiles of paper.yaml may set.
SIZES = (
    *("narrow.width", "narrow.fc_units", "narrow.size", "epochs", "steps_per_epoch", "batch_size"),
    *("learning_rate", "batch_norm_batches"),
    *("folds", "subjects", "trials", "prune_below"),
)


def reproduce(request: Request) -> Provenance:
    """Compute what the experiments need and is not there yet; returns whether the data are synthetic or real.

    Where the user named no experiment, rows whose corpus is missing are left out and named.

    Raises:
        UserError: if data are missing or broken, or the disk cannot take what is written.
    """
    wanted = [name for name in EXPERIMENTS if request.wants(name)]
    asked = {group: [row for row in GROUPS[group].rows(wanted) if request.wants_network(row.name)] for group in GROUPS}
    asked = _possible(asked, missing_sets(request, or_copies(request, data.KEYS)))
    wanted = [name for name in wanted if any(asked[group] and name in GROUPS[group].needs for group in GROUPS)]
    needed = {GROUPS[group].corpus for group, rows in asked.items() if rows}
    needed |= {row.pretrained_on for rows in asked.values() for row in rows if row.pretrained_on}
    corpora, origin = data.load(request, tuple(name for name in (CKPLUS, OULU) if name in needed))
    initial = _pretrained(request, corpora, asked, origin)
    jobs = {
        (group, protocol): _jobs(request, corpora, group, protocol, rows, initial)
        for group, rows in asked.items()
        for protocol in request.protocols
        if rows
    }
    everything = [job for some in jobs.values() for job in some]
    plan = plans.planned(
        request,
        origin,
        wanted,
        runs=[job.training.identity for job in everything],
        splits={group: _together(some) for group, some in jobs.items() if some},
        summary={name: _summary(request, corpus) for name, corpus in corpora.items()},
        configurations={
            row.name: trainings.configuration(request, row.best_of, origin.word)
            for rows in asked.values()
            for row in rows
        },
        pretrained={name: str(run.identity) for (name, _), run in initial.items()},
        narrow=request.sizes.get("narrow"),
    )
    plans.keep(request, plan)
    train(request, everything, origin)
    return origin


def _possible(wanted: dict[str, list[PrintedRow]], missing: set[str]) -> dict[str, list[PrintedRow]]:
    """Without the rows whose corpora are missing."""
    return {
        group: [row for row in rows if not {GROUPS[group].corpus, row.pretrained_on} & missing]
        for group, rows in wanted.items()
    }


def _pretrained(
    request: Request, corpora: dict[str, Corpus], asked: dict[str, list[PrintedRow]], origin: Provenance
) -> dict[tuple[str, int], Run]:
    """The finished pre-trainings, by the name of the row that begins with them and by seed."""
    rows = {row.name: row for some in asked.values() for row in some if row.pretrained_on}
    jobs = {}
    for (name, row), seed in ((one, seed) for one in rows.items() for seed in request.seeds):
        corpus, options = corpora[row.pretrained_on], trainings.configuration(request, row.best_of, origin.word)
        table = corpus.samples(request, options["clahe"]).table
        fold = _pretraining_fold(table, request.settings["pretrained_with"], request.paper.hyperparameters["folds"])
        (jobs[name, seed],) = trainings.jobs(
            request,
            corpus,
            options,
            experiment=PRETRAINING,
            name=f"{name}_before",
            protocol=request.settings["pretrained_with"],
            folds=[("", fold)],
            seed=seed,
            checkpoint="last",
            keep_weights=True,
        )
    return dict(zip(jobs, train(request, list(jobs.values()), origin), strict=True))


def _pretraining_fold(table, parts: str, folds: int) -> Fold:
    """All sequences of the other corpus, or nine of its ten folds; the first fold shows what was learnt."""
    fold = splitters.step_folds(table, folds)[0]
    if parts == "nine_folds":
        return fold
    return Fold("all-sequences", np.arange(len(table)), fold.validation, fold.test)


def _jobs(
    request: Request, corpora: dict, group: str, protocol: str, rows: list[PrintedRow], initial: dict
) -> list[Job]:
    """The trainings of one group under one protocol: rows × seeds × folds."""
    corpus, made = corpora[GROUPS[group].corpus], []
    for row in rows:
        for options, some in _configured(request, corpus, group, protocol, row):
            for seed in request.seeds:
                made += trainings.jobs(
                    request,
                    corpus,
                    options,
                    experiment=group,
                    name=row.name,
                    protocol=protocol,
                    folds=some,
                    seed=seed,
                    initial=initial.get((row.name, seed)),
                )
    return made


def _configured(
    request: Request, corpus: Corpus, group: str, protocol: str, row: PrintedRow
) -> Iterator[tuple[dict, list]]:
    """The folds of a group with the configuration that a row has in them.

    A configuration that a new search chose by the tested sequences is that of the paper's protocol alone: the strict
    one takes for each fold the winner of the search that has not seen its subjects.

    Raises:
        UserError: if there is no such search.
    """
    word = corpus.origin.word
    table = corpus.samples(request, request.paper.hyperparameters["best"]["clahe"]).table
    divided = folds(request, group, table, protocol)
    chosen_here = row.best_of == corpus.name == OULU and request.settings["oulu_best"] == "search_again"
    if not chosen_here or protocol == "published":
        yield trainings.configuration(request, row.best_of, word), divided
        return
    if protocol != "strict":
        raise UserError(
            f"Every search on {corpus.name} has seen sequences that {protocol} tests.",
            "With oulu_best=search_again take the protocol published or strict.",
        )
    for name, fold in divided:
        yield trainings.configuration(request, row.best_of, word, outer=name), [(name, fold)]


def folds(request: Request, group: str, table, protocol: str) -> list[tuple[str, Fold]]:
    """The folds of a group that the profile computes, with the name that each has in every protocol."""
    if group == "ckplus-one-out":
        divided = data.one_subject_out(request, table, protocol)
        return [(fold.name.removesuffix(splitters.ON_TEST), fold) for fold in divided[: request.sizes.get("subjects")]]
    divided = data.ten_folds(request, GROUPS[group].corpus, table, protocol)
    named = [(fold.name.removesuffix(splitters.ON_TEST), fold) for fold in divided]
    return named[: request.sizes.get("folds")]


def _together(jobs: Sequence[Job]) -> SplitSummary:
    """What the splits of all folds of a group and protocol have in common with their training parts."""
    splits = {job.training.fold_name: job.split for job in jobs}
    total = summarise_folds(list(splits.values()))
    tested, seen, on_test = total.test.samples, total.test.of_seen_subjects, total.selected_on_test
    leakage = "Nobody who is tested was trained on."
    if seen:
        leakage = f"Of {tested:,} tested sequences, {seen:,} ({seen / tested:.1%}) show subjects that are trained on."
    if on_test:
        leakage += " The epoch is chosen on the tested fold itself."
    else:
        held_out = data.HELD_OUT[jobs[0].training.protocol]
        leakage += f" Every tenth training {held_out} chooses the epoch instead of training."
    folds = {name: split.sizes.test for name, split in splits.items()}
    return total.model_copy(update={"leakage": leakage, "clean": not seen and not on_test, "folds": folds})


def _summary(request: Request, corpus: Corpus) -> Summary:
    """Sequences and their augmented ones by emotion, and what became of the frames."""
    samples = corpus.samples(request, request.paper.hyperparameters["best"]["clahe"])
    table, augmentation = samples.table, trainings.augmentation(request, corpus)
    sequences = table.emotion.value_counts()
    return Summary(
        key=samples.key,
        subjects=int(table.subject.nunique()),
        found={"sequences": len(corpus.clips), "subjects": len({clip.subject for clip in corpus.clips})},
        sequences={
            str(emotion): {
                "sequences": int(sequences.get(str(emotion), 0)),
                "shown": int(sequences.get(str(emotion), 0)) * augmentation.per_sample(number),
            }
            for number, emotion in enumerate(corpus.classes)
        },
        ledger=counted(samples.ledger)[corpus.instead or corpus.name],
        broken=broken(samples.ledger),
        detector=preprocessing.detector_title(
            preprocessing.settings(request, corpus.name, clahe=True, cropped=bool(corpus.instead)).detector
        ),
        instead=corpus.instead,
    )
