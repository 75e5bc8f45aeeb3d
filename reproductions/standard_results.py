"""What the runs of standard experiments (`reproductions.standard`) give: measurements, tables and leaks."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace

from common.paper.load import Claim
from common.paper.verdicts import Measured
from common.results import comparison
from common.results.config import Request
from common.results.differences import Stated
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from common.runs.store import Run
from reproductions.standard import Experiment

COLUMNS = {"network": "Network", "quantity": "Quantity", "protocol": "Protocol"} | comparison.COLUMNS


def measured(given: Mapping[str, Experiment]) -> SimpleNamespace:
    """The part `measured` of a paper with these experiments."""

    def stated(request: Request, claim: Claim, run: Run) -> Stated | None:
        experiment, identity = given.get(claim.experiment), run.identity
        if experiment is None or claim.network != identity.network:
            return None
        if identity.experiment == claim.experiment:
            training = experiment.recipe(request)
        elif identity.experiment in _weights(claim.experiment, experiment, claim.network):
            training = identity.recipe  # nothing was trained that could be trained otherwise
        else:
            return None
        return Stated(claim.network, {}, training, experiment.classes, protocols=experiment.otherwise)

    def measurements(evidence: Evidence) -> dict[str, list[Measured]]:
        return evidence.measured(lambda claim: (ours for *_, ours in _measured(evidence, claim, given, stated)))

    return SimpleNamespace(stated=stated, measurements=measurements)


def tables(given: Mapping[str, Experiment]) -> SimpleNamespace:
    """The part `tables` of a paper with these experiments."""
    stated = measured(given).stated

    def tables(evidence: Evidence) -> list[Table]:
        return [_table(evidence, name, given, stated) for name in given if name in evidence.plan.experiments]

    def leaks(evidence: Evidence) -> list[comparison.LeakEffect]:
        groups = [(network.title, name, network.key) for name in given for network in given[name].networks]
        return comparison.protocol_leaks(evidence, groups, scores.difference)

    return SimpleNamespace(TIMED=(), tables=tables, leaks=leaks)


def _weights(name: str, experiment: Experiment, network: str | None) -> dict[str, str]:
    """The experiments in which weights for a network are tested, each with what the weights are called."""
    return {weights.under(name): weights.key for weights in experiment.weights if weights.network.key == network}


def _measured(evidence: Evidence, claim: Claim, given, stated) -> Iterator[tuple[str, str, Measured]]:
    """(experiment, protocol, figure) of all that was run for a claim: trainings, and tests of given weights."""
    if claim.experiment not in given:
        return
    for name in (claim.experiment, *_weights(claim.experiment, given[claim.experiment], claim.network)):
        for protocol in evidence.plan.protocols:
            ours = _measure(evidence, claim, (name, claim.network, protocol), stated)
            if ours is not None:
                yield name, protocol, ours


def _measure(evidence: Evidence, claim: Claim, group: tuple, stated) -> Measured | None:
    """An accuracy over all tested samples, the recall of one emotion, or the mean of all recalls; None for others."""
    members, score = evidence.of(*group), evidence.score(*group)
    if score is None or claim.fold is not None:
        return None
    figures = {
        ("accuracy", False): lambda: (score.accuracy, score.interval),
        ("recall", True): lambda: scores.recall(members, claim.emotion),
        ("mean recall", False): lambda: scores.mean_recall(members),
    }.get((claim.metric, claim.emotion is not None), lambda: None)()
    learnt = score.learnt or bool(members[0].given)  # what given weights lack, no larger budget mends
    return evidence.measurement(claim, members, *figures, stated, learnt=learnt) if figures else None


def _table(evidence: Evidence, name: str, given, stated) -> Table:
    """One row for each claim of the experiment, protocol, and training or test."""
    experiment, rows, notes = given[name], [], []
    for claim in evidence.paper.claims:
        for place, protocol, ours in _measured(evidence, claim, given, stated) if claim.experiment == name else ():
            weights = _weights(name, experiment, claim.network).get(place)
            title = experiment.architectures[claim.network].title + (f", weights {weights}" if weights else "")
            what = f"{claim.metric}, {claim.emotion}" if claim.emotion else claim.metric
            labels = {"network": title, "quantity": what, "protocol": protocol}
            rows.append(comparison.row(evidence, claim, ours, **labels))
    notes += evidence.plan.split_notes(name)
    for run in evidence.runs:
        if run.identity.experiment in {weights.under(name) for weights in experiment.weights}:
            notes.append(f"{run.record['weights']}: trained on {run.given}; here only tested.")
    summary = evidence.plan.summary.get(name)
    notes += comparison.left_out_notes(summary.broken) if summary else []
    return Table(name, experiment.title, COLUMNS, rows, list(dict.fromkeys(notes)))
