"""The experiments of the paper: what each table needs, computed where it is missing.

`reproduce` goes from the corpora to finished runs and writes down in a plan which files belong together;
`reproductions.convlstm.tables` makes the tables from that plan alone.
"""

from collections import Counter
from collections.abc import Sequence

from common.media.clips import Provenance
from common.protocols.leakage import SplitSummary, summarise_folds
from common.results import plans
from common.results.config import Request
from common.results.plan_schema import Summary
from common.runs.store import Run
from common.samples.build import broken, counted
from common.support.console import console
from common.training.spec import Job
from datasets import ckplus48, fer2013
from reproductions.convlstm import data, trainings, variants
from reproductions.convlstm.data import AFEW, Corpus
from reproductions.convlstm.variants import VARIANTS, of_table
from reproductions.data_root import missing_sets, or_copies
from reproductions.train import train

EXPERIMENTS = {
    "table1": "Table I: CK+, ten folds of subjects or clips",
    "table2": "Table II: SAVEE, 80:20 with copies or clips divided, and one speaker left out",
    "table3": "Table III: AFEW, trained on Train and tested on Val",
    "afew_random": "Section IV.C: AFEW, both parts together split 80:20",
}
PROTOCOLS = tuple(dict.fromkeys(one for variant in VARIANTS.values() for one in variant.protocols))
CORPORA = (*data.KEYS.values(), ckplus48.KEY, fer2013.KEY)


# Which protocols and which networks an experiment has.
PROTOCOLS_OF = {
    name: tuple(dict.fromkeys(one for variant in of_table(name) for one in VARIANTS[variant].protocols))
    for name in EXPERIMENTS
}
NETWORKS_OF = {
    name: tuple(dict.fromkeys(trainings.key(VARIANTS[variant].corpus) for variant in of_table(name)))
    for name in EXPERIMENTS
}
CONTROLS = ()
# What the profiles of paper.yaml may set.
SIZES = (
    *("narrow.filters", "narrow.dense_units", "epochs", "steps_per_epoch", "batch_size", "learning_rate"),
    *("longer.*.epochs", "longer.*.steps_per_epoch", "longer.*.batch_size", "longer.*.learning_rate"),
    *("folds", "runs", "fer.epochs", "fer.steps_per_epoch"),
)


def reproduce(request: Request) -> Provenance:
    """Compute what the experiments need and is not there yet; returns whether the data are synthetic or real.

    Where the user named no experiment, those whose corpus is missing are left out and named.

    Raises:
        UserError: if data are missing or broken, or the disk cannot take what is written.
    """
    wanted = _wanted(request)
    rows = [
        (name, protocol)
        for name, variant in VARIANTS.items()
        for protocol in request.protocols
        if variant.experiment in wanted and protocol in variant.protocols
    ]
    corpora, origin = data.load(request, _corpora(wanted))
    branches = _branches(request) if any(VARIANTS[name].corpus == AFEW for name, _ in rows) else {}
    jobs = {
        (name, protocol): _jobs(request, corpora[VARIANTS[name].corpus], name, protocol, branches)
        for name, protocol in rows
    }
    everything = [job for some in jobs.values() for job in some]
    plan = plans.planned(
        request,
        origin,
        wanted,
        runs=[*(run.identity for run in branches.values()), *(job.training.identity for job in everything)],
        splits={
            (name, protocol): _together(request, name, corpora[VARIANTS[name].corpus], some)
            for (name, protocol), some in jobs.items()
        },
        summary={name: _summary(request, corpus) for name, corpus in corpora.items()},
        branch={str(run.identity): run.synthetic for run in branches.values()},
        narrow=request.sizes.get("narrow"),
        learning_rate=request.sizes.get("learning_rate"),
    )
    plans.keep(request, plan)
    train(request, everything, origin)
    return origin


def _corpora(wanted: Sequence[str]) -> tuple[str, ...]:
    """The corpora that some experiments need."""
    needed = {variant.corpus for variant in VARIANTS.values() if variant.experiment in wanted}
    return tuple(name for name in data.KEYS if name in needed)


def _wanted(request: Request) -> list[str]:
    """What the user asked for, without the experiments that are left out because their corpus is not there."""
    missing = missing_sets(request, or_copies(request, data.KEYS))
    return [name for name in EXPERIMENTS if request.wants(name) and not missing & set(_corpora([name]))]


def _branches(request: Request) -> dict[int, Run]:
    """The finished networks on FER2013, by seed."""
    images = data.load_fer2013(request)
    if request.data is not None and images.origin.synthetic:
        console.print(
            f"FER2013 is not at or below {request.data}: the second branch is trained on synthetic images.",
            markup=False,
        )
    jobs = [trainings.on_fer2013(request, images, seed) for seed in request.seeds]
    return dict(zip(request.seeds, train(request, jobs, images.origin), strict=True))


def _jobs(request: Request, corpus: Corpus, name: str, protocol: str, branches: dict[int, Run]) -> list[Job]:
    """The trainings of one variant under one protocol: seeds × folds (or × runs on one split)."""
    augmented = variants.divides_augmented(name, request.settings)
    table = corpus.samples(request, augmented).table
    folds = variants.folds(request, name, table, protocol, corpus.lost(request))
    return [
        job
        for asked in request.seeds
        for seed in variants.seeds(request, name, asked)
        for job in trainings.jobs(
            request,
            corpus,
            experiment=name,
            protocol=protocol,
            folds=folds,
            seed=seed,
            augmented=augmented,
            branch=branches[asked] if corpus.name == AFEW else None,
        )
    ]


def _together(request: Request, name: str, corpus: Corpus, jobs: Sequence[Job]) -> SplitSummary:
    """What the folds of a variant have in common with their training parts, all of them together."""
    split = summarise_folds(list({job.training.fold_name: job.split for job in jobs}.values()))
    left_out = variants.left_out(request, name, corpus.lost(request))
    return split.model_copy(update={"leakage": variants.overlap_sentence(name, split.test), "left_out": left_out})


def _summary(request: Request, corpus: Corpus) -> Summary:
    """Clips and their augmented samples by emotion, and what became of the frames."""
    samples = corpus.samples(request)
    table = samples.table
    return Summary(
        key=samples.key,
        subjects=int(table.subject.nunique()),
        clips={str(emotion): int((table.emotion == str(emotion)).sum()) for emotion in corpus.classes},
        copies=corpus.augmentation(request).per_sample(0),
        in_both_parts=list(corpus.in_both_parts),
        lost={part: int(count) for part, count in corpus.lost(request).partition.value_counts().items()},
        found=_clip_counts(corpus),
        ledger=counted(samples.ledger)[corpus.instead or corpus.name],
        broken=broken(samples.ledger),
        instead=corpus.instead,
    )


def _clip_counts(corpus: Corpus) -> dict[str, int]:
    """Labelled clips by emotion, and of AFEW by part, whether they show a face or not: "Fear", "Train"."""
    counts = Counter(str(clip.emotion) for clip in corpus.clips)
    return dict(counts + Counter(clip.partition for clip in corpus.clips if clip.partition))
