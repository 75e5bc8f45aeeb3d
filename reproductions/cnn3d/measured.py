"""What finished runs give for the printed numbers of this paper: one `Measured` a claim and protocol."""

from collections.abc import Sequence

from common.media.clips import Provenance
from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results.config import Request
from common.results.differences import NARROW, Stated, network_name
from common.results.evidence import Evidence
from common.results.plan_schema import Plan
from common.runs import scores
from common.runs.intervals import clustered
from common.runs.scores import Score
from common.runs.store import Run
from datasets import ckplus48
from reproductions.cnn3d import data, searched, trainings
from reproductions.cnn3d.trainings import ROWS

OTHER_PROTOCOL = {
    "clip-disjoint": "sequences instead of subjects divided, the epoch chosen on training sequences",
    "strict": "the epoch chosen on training subjects instead of the tested fold",
}
WITHOUT_TABLE_3 = "Table 3 is missing from our text of the paper, so the configuration is not the paper's"
UNKNOWN_DETECTOR = "no record of which detector found the faces"
# Where the trainings of an experiment are kept.
GROUPS = {
    "table4": "ckplus-folds",
    "table5": "oulu-folds",
    "table6": "ckplus-one-out",
    "table7": "ckplus-folds",
    "table8": "oulu-folds",
}


def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
    """What the paper states of the runs behind a row of Tables 4 to 8, or of a search; None for others.

    Nothing is stated of the options of `c2` and `c3`, which stood in Table 3: they are taken as the run has them.
    """
    identity = run.identity
    if claim.experiment == searched.EXPERIMENT:
        return searched.stated(request, run)
    row = identity.network.removesuffix(NARROW)
    if GROUPS.get(claim.experiment) != identity.experiment or row not in (claim.pair or [claim.network]):
        return None
    if claim.fold is not None and identity.fold != fold_name(claim.fold):
        return None
    corpus = data.Corpus(data.OULU if identity.experiment == "oulu-folds" else data.CKPLUS, [], Provenance(False))
    lost = ROWS[row].best_of == data.OULU
    options = trainings.options_of(run) if lost else request.paper.hyperparameters["best"]
    return Stated(
        row,
        trainings.network_settings(request, options),
        trainings.recipe(request, options, corpus, "best_validation_accuracy"),
        corpus.classes,
        request.paper.hyperparameters["ckplus_subjects" if claim.experiment == "table6" else "folds"],
        OTHER_PROTOCOL,
        {ckplus48.NAME: ckplus48.INSTEAD},
    )


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    found = evidence.measured(lambda claim: _of_claim(evidence, claim))
    return found | searched.measurements(evidence, stated)


def _of_claim(evidence: Evidence, claim: Claim) -> list[Measured | None]:
    if claim.kind == "count":
        return [_size(evidence, claim)]
    measure_one = gap if claim.pair else measure
    return [measure_one(evidence, claim, protocol) for protocol in evidence.plan.protocols]


def _size(evidence: Evidence, claim: Claim) -> Measured | None:
    """How many sequences or subjects a data set has, whether a face was found or not; None where it was not read."""
    summary = evidence.plan.summary.get(claim.dataset)
    if summary is None:
        return None
    # Plans of earlier versions know only what was found to show a face.
    used = {"sequences": sum(row["sequences"] for row in summary.sequences.values()), "subjects": summary.subjects}
    value = getattr(summary, "found", used)[claim.unit]
    return evidence.counted(value, ckplus48.INSTEAD if summary.instead else "")


def measure(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """What one protocol gives for an accuracy, in percent; None where nothing was run for it."""
    if claim.experiment not in GROUPS or claim.metric not in ("accuracy", "mean accuracy over folds"):
        return None
    members = runs_of(evidence, claim.experiment, claim.network, protocol)
    score = evidence.score(*group(evidence.plan, claim.experiment, claim.network), protocol)
    if score is None:
        return None
    if claim.fold is not None:
        members = [run for run in members if run.identity.fold == fold_name(claim.fold)]
        if not members:
            return None
        score = scores.score(members)
    value, interval = _accuracy(claim, members, score, evidence.setting("ckplus_loso_accuracy"))
    return evidence.measurement(
        claim,
        members,
        value,
        interval,
        stated,
        learnt=score.learnt,
        differs=_differs([claim.network], members),
    )


def gap(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """How many points more accurate one row is than another on the same sequences; None where either was not run."""
    groups = [(*group(evidence.plan, claim.experiment, row), protocol) for row in claim.pair]
    members = [run for one in groups for run in evidence.of(*one)]
    return evidence.gap(claim, groups, stated, differs=_differs(claim.pair, members))


def _differs(rows: Sequence[str], members: Sequence[Run]) -> list[str]:
    """What the recipes and settings of these runs do not show."""
    found = [WITHOUT_TABLE_3] if any(ROWS[row].best_of == data.OULU for row in rows) else []
    if any("detector" not in (run.record.get("decisions") or {}) for run in members):
        found.append(UNKNOWN_DETECTOR)
    seen = sum(run.record.get("split", {}).get("test", {}).get("of_seen_subjects", 0) for run in members)
    return found + ([f"{seen:,} tested sequences show subjects that are trained on"] if seen else [])


def runs_of(evidence: Evidence, experiment: str, row: str, protocol: str) -> list[Run]:
    """The runs behind a row ("c1" ...) of a table, one a fold and seed."""
    return evidence.of(*group(evidence.plan, experiment, row), protocol)


def group(plan: Plan, experiment: str, row: str) -> tuple[str, str]:
    """The experiment and the network under which the runs of a row are kept."""
    return GROUPS[experiment], network_name(row, plan.narrow)


def fold_name(number: int) -> str:
    return f"fold-{number:02d}"


def mean_over_folds(members: Sequence[Run], score: Score) -> tuple[float, tuple[float, float]]:
    """Mean of the folds' accuracies, and the interval over subjects moved from that of all sequences together."""
    mean = float(scores.by_fold(members).mean())
    low, high = (min(max(bound + mean - score.accuracy, 0.0), 1.0) for bound in score.interval)
    return mean, (low, high)


def mean_over_subjects(members: Sequence[Run]) -> tuple[float, tuple[float, float]]:
    """Mean of the subjects' accuracies, which counts a subject with one sequence as one with six, and its interval."""
    table = scores.predictions(members)
    each = (table.emotion == table.predicted).groupby([table.subject, table.seed]).mean().reset_index(name="accuracy")
    return float(each.accuracy.mean()), clustered(each.accuracy, each.subject, each.seed)


def _accuracy(claim: Claim, members: Sequence[Run], score: Score, average: str) -> tuple[float, tuple[float, float]]:
    if claim.metric == "mean accuracy over folds":
        return mean_over_folds(members, score)
    if claim.experiment == "table6" and average == "mean_over_subjects":
        return mean_over_subjects(members)
    return score.accuracy, score.interval
