"""The experiments of the paper: what each table needs, computed where it is missing.

`reproduce` goes from the data sets to finished runs in the five steps of the paper and writes down in a plan which
files belong together; `reproductions.emotionalvlan.tables` makes the tables from that plan alone.
"""

from collections.abc import Sequence

from common.media.clips import Provenance
from common.protocols.leakage import SplitSummary, summarise_folds
from common.results import plans
from common.results.config import Request
from common.results.plan_schema import Summary
from common.runs import store
from common.samples.build import broken, counted
from common.support.console import bar, console
from common.training import devices
from common.training.spec import Job
from reproductions.data_root import missing_sets
from reproductions.emotionalvlan import data, models, sweep, trainings
from reproductions.emotionalvlan.data import BAUM1S, FER2013, KEYS, MMI, RML, Corpus
from reproductions.emotionalvlan.trainings import STRUCTURES, Stages
from reproductions.emotionalvlan.weights import missing as missing_weights
from reproductions.train import train

EXPERIMENTS = {
    "table1": "Table 1: the spatial and the temporal stream alone, on all four data sets",
    "table2": "Table 2: confusion on BAUM-1s",
    "table3": "Table 3: confusion on FER2013",
    "table4": "Table 4: confusion on MMI",
    "table5": "Table 5: confusion on RML",
    "table6": "Table 6: three DCNN structures, which the paper does not describe, as one can read them",
    "fer2013_control": "The temporal stream on images that do not move",
    sweep.EXPERIMENT: "The whole network on RML with 2 to 20 frames of a video; runs only where it is asked for",
}
ON_REQUEST = {sweep.EXPERIMENT}
PROTOCOLS = ("published", "strict")
CORPORA = tuple(KEYS.values())
MATRICES = {"table2": BAUM1S, "table3": FER2013, "table4": MMI, "table5": RML}
# Experiment -> its networks and its data sets.
NEEDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "table1": (("spatial", "temporal"), tuple(KEYS)),
    **{name: (("emotionalvlan",), (corpus,)) for name, corpus in MATRICES.items()},
    "table6": (STRUCTURES, tuple(KEYS)),
    "fer2013_control": (("spatial", "temporal"), (FER2013,)),
    sweep.EXPERIMENT: ((), (RML,)),
}


# Which protocols and which networks an experiment has.
PROTOCOLS_OF = dict.fromkeys(EXPERIMENTS, PROTOCOLS) | {"table6": ("published",)}
NETWORKS_OF = {name: networks for name, (networks, _) in NEEDS.items()} | {sweep.EXPERIMENT: (sweep.NETWORK,)}
CONTROLS = ()
# What the profiles of paper.yaml may set.
SIZES = (
    *("narrow.width", "narrow.size", "groups", "fer2013_pictures", "learning_rate", "frames_swept"),
    *(f"{stage}.epochs" for stage in ("pictures", "features", "end_to_end")),
    *(f"{stage}.steps_per_epoch" for stage in ("pictures", "features", "end_to_end")),
    *(f"{stage}.accumulation" for stage in ("pictures", "features", "end_to_end")),
)


def reproduce(request: Request) -> Provenance:
    """Compute what the experiments need and is not there yet; returns whether the data are synthetic or real.

    Where the user named no experiment, what needs a missing data set is left out and named.

    Raises:
        UserError: if data are missing or broken, or the disk cannot take what is written.
    """
    wanted = [name for name in EXPERIMENTS if request.wants(name)]
    wanted = [name for name in wanted if request.experiments or name not in ON_REQUEST]
    present = set(KEYS) - missing_sets(request, KEYS)
    wanted = [name for name in wanted if present & set(NEEDS[name][1])]
    corpora, origin = data.load(request, [name for name in KEYS if name in present & _corpora(wanted)])
    stages = {
        (corpus.name, protocol): trainings.stages(
            request, corpus, protocol, _networks(request, wanted, corpus.name, protocol)
        )
        for corpus in corpora.values()
        for protocol in request.protocols
    }
    swept = list(sweep.stages(request, corpora[RML], request.protocols)) if sweep.EXPERIMENT in wanted else []
    weights = trainings.pretrained(request)
    shown = [job for group in (*stages.values(), *(sweep_stages for _, sweep_stages in swept)) for job in group.shown]
    plan = plans.planned(
        request,
        origin,
        wanted,
        runs=[job.training.identity for job in shown],
        splits={group: _together(group_stages.shown) for group, group_stages in stages.items() if group_stages.shown},
        summary={name: _summary(request, corpus) for name, corpus in corpora.items()},
        weights=weights,
        narrow=request.sizes.get("narrow"),
        learning_rate=request.sizes.get("learning_rate"),
    )
    plans.keep(request, plan)
    if weights == models.NO_WEIGHTS and request.settings["pretrained"] != "none" and not plan.narrow:
        console.print(missing_weights(), markup=False)
    _train(request, list(stages.values()), origin)
    for asked, sweep_stages in swept:
        _train(asked, [sweep_stages], origin)
    return origin


def _train(request: Request, stages: Sequence[Stages], origin: Provenance) -> None:
    """Steps 3 to 5. Two protocols with the same training parts share the networks of single images."""
    images = {job.training.identity.key: job for group in stages for job in group.images}
    train(request, list(images.values()), origin)
    on_features = [job for group in stages for job in group.features]
    _describe(request, on_features)
    train(request, on_features, origin)
    train(request, [job for group in stages for job in group.whole], origin)


def _corpora(wanted: Sequence[str]) -> set[str]:
    return {corpus for name in wanted for corpus in NEEDS[name][1]}


def _networks(request: Request, wanted: Sequence[str], corpus: str, protocol: str) -> list[str]:
    """What is trained on a corpus under a protocol, each once, in the order of the tables.

    What the paper leaves undefined is read once, as its authors would have run it.
    """
    names = [name for experiment in wanted for name in NEEDS[experiment][0] if corpus in NEEDS[experiment][1]]
    names = [name for name in names if request.wants_network(name)]
    if protocol != "published" or request.settings["dcnn_structures"] == "none":
        names = [name for name in names if name not in STRUCTURES]
    return list(dict.fromkeys(names))


def _describe(request: Request, jobs: Sequence[Job]) -> None:
    """Step 4: the features that trainings which are not finished yet will read."""
    root = request.results / "runs"
    todo = [job for job in jobs if request.fresh or store.finished(job.training.identity, root) is None]
    streams = {(stream.trained.key, stream.layer): stream for stream in trainings.streams(todo)}
    if not streams:
        return
    devices.prepare(seed=0, mixed_precision=request.mixed_precision)
    from reproductions.emotionalvlan import networks  # Keras, whose backend is chosen now

    with bar("Describing images", "networks") as progress:
        for done, stream in enumerate(streams.values(), start=1):
            stream.store(networks.extractor)
            progress(done, len(streams), str(stream.trained))


def _together(jobs: Sequence[Job]) -> SplitSummary:
    """What the folds of a protocol have in common with their training parts, all of them together."""
    splits = list({job.training.fold_name: job.split for job in jobs}.values())
    return summarise_folds(splits).model_copy(update={"clean": all(split.clean for split in splits)})


def _summary(request: Request, corpus: Corpus) -> Summary:
    """Clips, or images, by emotion, and what became of their frames."""
    videos = corpus.videos(request)
    table, stills = videos.table, corpus.name == FER2013
    emotions = {str(emotion): int((table.emotion == str(emotion)).sum()) for emotion in corpus.classes}
    return Summary(
        key=videos.key,
        subjects=None if stills else int(table.subject.nunique()),
        emotions=emotions,
        left_out=corpus.left_out,
        whole=corpus.whole,
        of=int(corpus.images.table.emotion.isin(list(emotions)).sum()) if stills else len(corpus.clips),
        ledger={"clips": len(videos)} if stills else next(iter(counted(videos.ledger).values())),
        broken=[] if stills else broken(videos.ledger),
    )
