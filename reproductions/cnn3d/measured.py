"""What finished runs give for the printed numbers of this paper: one `Measured` a claim and protocol."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from common import scores
from common.evidence import Evidence
from common.intervals import clustered
from common.paper import Claim
from common.runs import Run
from common.scores import Score
from common.verdicts import TOO_SMALL, Measured

if TYPE_CHECKING:
    pass

OTHER_PROTOCOL = {
    "clip-disjoint": "sequences instead of subjects divided, the epoch chosen on training subjects",
    "honest": "the epoch chosen on training subjects instead of the tested fold",
}
# Where the trainings of an experiment are kept.
GROUPS = {
    "table4": "ckplus-folds",
    "table5": "oulu-folds",
    "table6": "ckplus-one-out",
    "table7": "ckplus-folds",
    "table8": "oulu-folds",
}


def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
    """Everything that was measured, by the id of its claim; claims without a measurement are absent."""
    protocols = evidence.plan["protocols"]
    return evidence.measured(lambda claim: (measure(evidence, claim, protocol) for protocol in protocols))


def measure(evidence: Evidence, claim: Claim, protocol: str) -> Measured | None:
    """What one protocol gives for an accuracy, in percent; None where nothing was run for it."""
    if claim.experiment not in GROUPS or claim.metric not in ("accuracy", "mean accuracy over folds"):
        return None
    members = runs_of(evidence, claim.experiment, claim.network, protocol)
    # Asked first, because it tells of files that cannot be read.
    if not members or evidence.score(*_group(evidence, claim.experiment, claim.network, protocol)) is None:
        return None
    if claim.fold is not None:
        members = [run for run in members if run.identity.fold == fold_name(claim.fold)]
        if not members:
            return None
    score = scores.score(members)
    value, interval = _asked(evidence, claim, members, score)
    return Measured(
        100 * value,
        evidence.data,
        (100 * interval[0], 100 * interval[1]),
        differs="; ".join(_differences(evidence, claim, protocol, members)),
        note="; ".join(_remarks(evidence, claim, protocol, score)),
        run=evidence.place(members),
    )


def runs_of(evidence: Evidence, experiment: str, row: str, protocol: str) -> list[Run]:
    """The runs behind a row ("c1" ...) of a table, one a fold and seed."""
    return evidence.of(*_group(evidence, experiment, row, protocol))


def _group(evidence: Evidence, experiment: str, row: str, protocol: str) -> tuple[str, str, str]:
    return GROUPS[experiment], f"{row}_narrow" if evidence.plan["narrow"] else row, protocol


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


def _asked(evidence: Evidence, claim: Claim, members: Sequence[Run], score: Score) -> tuple[float, tuple[float, float]]:
    settings = evidence.paper.settings | evidence.plan["settings"]
    if claim.metric == "mean accuracy over folds":
        return mean_over_folds(members, score)
    if claim.experiment == "table6" and settings["ckplus_loso_accuracy"] == "mean_over_subjects":
        return mean_over_subjects(members)
    return score.accuracy, score.interval


def _differences(evidence: Evidence, claim: Claim, protocol: str, members: Sequence[Run]) -> list[str]:
    """What keeps a measurement from standing for the printed number."""
    plan, stated = evidence.plan, evidence.paper.hyperparameters
    found = [OTHER_PROTOCOL[protocol]] if protocol in OTHER_PROTOCOL else []
    if plan["narrow"]:
        found.append(f"a narrow C3D (1/{plan['narrow']['width']} of the filters) instead of the paper's")
    planned = sorted({run.identity.recipe["epochs"] for run in members})
    if planned != [stated["epochs"]]:
        found.append(f"{'/'.join(map(str, planned))} epochs instead of {stated['epochs']}")
    folds = len({run.identity.fold for run in members})
    everything = plan["census"]["CK+"]["subjects"] if claim.experiment == "table6" else stated["folds"]
    if claim.fold is None and folds < everything:
        found.append(f"{folds} of {everything} folds")
    return found


def _remarks(evidence: Evidence, claim: Claim, protocol: str, score: Score) -> list[str]:
    remarks = [] if score.learnt else [TOO_SMALL]
    if claim.network in ("c2", "c3"):
        remarks.append("Table 3 is lost, so the configuration is not the paper's")
    lacking = evidence.lacking(*_group(evidence, claim.experiment, claim.network, protocol))
    return [*remarks, lacking] if lacking else remarks


def too_small(evidence: Evidence) -> str:
    """What a table says below verdicts of that name."""
    stated = evidence.paper.hyperparameters["epochs"]
    return (
        f"{TOO_SMALL}: this profile trains too briefly to be better than a constant answer; the paper profile trains "
        f"{stated} epochs of all copies."
    )
