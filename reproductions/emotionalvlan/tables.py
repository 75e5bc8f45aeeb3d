"""The paper's tables beside ours, made from finished runs alone."""

from collections.abc import Sequence
from dataclasses import replace

from common.paper.load import Claim
from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.evidence import Evidence
from common.results.plan_schema import Plan
from common.results.tables import Table
from reproductions.emotionalvlan import confusion_tables, groups, measured, sweep
from reproductions.emotionalvlan.control import control
from reproductions.emotionalvlan.data import FER2013
from reproductions.emotionalvlan.dimensions import dimensions
from reproductions.emotionalvlan.measured import Pair
from reproductions.emotionalvlan.models import NO_WEIGHTS

STREAMS = {"spatial": "Spatial CNN", "temporal": "Temporal CNN"}
STRUCTURES = {
    "dcnn1": "DCNN-1",
    "dcnn2": "DCNN-2",
    "dcnn3": "DCNN-3",
}
COLUMNS = {
    "network": "Network",
    "corpus": "Data set",
    "protocol": "Protocol",
    "tested": "Tested",
    "chance": "Constant answer",
    **comparison.COLUMNS,
}
INTERVALS = "Intervals are bootstraps over people, of whom RML has eight; for FER2013, which names nobody, over images."

AVERAGES = {
    "over_groups": "Accuracies are means over the tested groups, each of which counts the same.",
    "pooled": "Accuracies are of all tested samples together, whatever group they are in.",
}

TIMED = ()


def tables(evidence: Evidence) -> list[Table]:
    """The tables of the experiments that were run."""
    title, experiments = _made_with(evidence.plan), evidence.plan.experiments
    all_tables = [_ledger(evidence.plan), dimensions(evidence.paper)]
    all_tables += [_accuracies(evidence, "table1", f"Table 1: single streams, accuracy in %{title}", STREAMS)]
    all_tables += confusion_tables.tables(evidence, title)
    all_tables += [_accuracies(evidence, "table6", f"Table 6: three DCNN structures, accuracy in %{title}", STRUCTURES)]
    if measured.CONTROL in experiments:
        all_tables.append(control(evidence, title))
    if sweep.EXPERIMENT in experiments:
        all_tables.append(sweep.table(evidence, title))
    all_tables.append(_leaks(measured.pairs(evidence), title))
    return [table for table in all_tables if table.rows]


def leaks(evidence: Evidence) -> list[LeakEffect]:
    """What accuracies owe to the choice of the epoch on the tested part, where something was learnt."""
    pairs = measured.pairs(evidence)
    return [replace(pair.leak, name=f"{pair.corpus}, {pair.leak.name}") for pair in pairs if pair.leak]


def _made_with(plan: Plan) -> str:
    """What every title says of the network."""
    narrow, weights = plan.narrow, plan.weights
    if narrow:
        return f" (narrow AlexNet, 1/{narrow['width']} of its filters and units, random initial weights)"
    return " (AlexNet, random initial weights)" if weights == NO_WEIGHTS else f" (AlexNet, {weights})"


def _ledger(plan: Plan) -> Table:
    columns = {
        "corpus": "Data set",
        "people": "People",
        "clips": "Clips",
        "left_out": "Of other emotions, left out",
        "frames_read": "Frames",
        "frames_dropped": "Dropped",
        "frames_repeated": "Repeated",
        "frames_without_face": "Of 16 without face",
        "frames_without_eyes": "Of 16 with a face, but not both eyes",
        "crops_over_border": "Faces beyond the border",
        "segments_turned": "Clips turned",
        "segments_of_half_a_frame": "Clips of half a frame",
        "segments_with_usual_eyes": "Clips without eyes",
        "segments_without_face": "Clips without face, left out",
    }
    summary = plan.summary
    rows = [
        {"corpus": name, "people": part.subjects, "left_out": part.left_out} | part.ledger
        for name, part in summary.items()
    ]
    notes = [
        f"{name}: {', '.join(f'{emotion} {count}' for emotion, count in part.emotions.items())}."
        for name, part in summary.items()
    ]
    fer2013 = summary.get(FER2013)
    if fer2013 and (unused := fer2013.of - fer2013.ledger["clips"]):
        notes.append(f"{FER2013}: {unused:,} of {fer2013.of:,} images are not used in this profile.")
    notes += comparison.left_out_notes(plan.broken)
    return Table("ledger", "What became of the clips and their frames", columns, rows, notes)


def _accuracies(evidence: Evidence, experiment: str, title: str, networks: dict[str, str]) -> Table:
    """A row a printed accuracy and protocol."""
    table = Table(experiment, title, COLUMNS)
    if experiment not in evidence.plan.experiments:
        return table
    claims = [claim for claim in evidence.paper.claims if claim.experiment == experiment]
    for claim in claims:
        for protocol in evidence.plan.protocols:
            ours = measured.measure(evidence, claim, protocol)
            if ours is not None:
                table.rows.append(_row(evidence, claim, protocol, networks[claim.network], ours))
    corpora = list(dict.fromkeys(claim.dataset for claim in claims))
    if experiment == "table1":
        table.notes += [
            _divided(evidence.plan, corpus, p, evidence.setting("subject_groups"))
            for corpus in corpora
            for p in evidence.plan.protocols
        ]
    else:
        chosen = evidence.setting("dcnn_structures")
        table.notes.append(
            f"undefined: {claims[0].undefined}. Ours are an interpretation of them (setting dcnn_structures="
            f"{chosen}), no reproduction: {confusion_tables.STRUCTURES}."
        )
    table.notes = [note for note in table.notes if note] + _selection(evidence, corpora, networks)
    table.notes += [AVERAGES[evidence.setting("accuracy_average")], INTERVALS]
    table.notes += comparison.budget_note(table.rows, f"{evidence.paper.settings['epochs']} epochs")
    return table


def _row(evidence: Evidence, claim: Claim, protocol: str, network: str, ours) -> dict:
    score = measured.score(evidence, claim.dataset, claim.network, protocol)
    return comparison.row(
        evidence,
        claim,
        ours,
        network=network,
        corpus=claim.dataset,
        protocol=protocol,
        tested=score.samples,
        chance=f"{100 * score.chance:.2f}",
    )


_HOW = {
    groups.SUBJECTS: "groups of subjects",
    groups.RANDOM: "random parts",
    groups.OFFICIAL: "the official parts",
}
# The setting subject_groups, where that means no groups.
_ALONE = {"five_subjects": "five people, one at a time", "leave_one_out": "one person at a time"}


def _divided(plan: Plan, corpus: str, protocol: str, subject_groups: str) -> str:
    """How a corpus is divided, and what the tested part has in common with training."""
    split = plan.split(corpus, protocol)
    if split is None:
        return ""
    how, folds = _HOW[split.kind], split.folds
    if split.kind == groups.SUBJECTS:
        how = _ALONE.get(subject_groups, how)
    several = f", all {folds} times together" if folds > 1 else ""
    chosen = "the epoch is that which does best on the tested part" if split.selected_on_test else "the last epoch"
    if split.kind == groups.OFFICIAL:
        chosen = "the epoch that does best on PublicTest"
    overlap = "Nobody knows who is seen." if corpus == FER2013 else "Nobody who is tested is trained on."
    trained = round(split.sizes.train / folds)
    sizes = f"{trained:,} train, {split.sizes.test:,} are tested{several}"
    return f"{corpus}, {protocol}: {how}; {sizes}; {chosen}. {overlap}"


def _selection(evidence: Evidence, corpora: Sequence[str], networks) -> list[str]:
    """What testing the epoch that is best on the tested part adds to testing the last one."""
    members = {}
    for corpus in corpora:
        split = evidence.plan.split(corpus, measured.PUBLISHED)
        if split and split.selected_on_test:
            runs = [measured.runs_of(evidence, corpus, network, measured.PUBLISHED) for network in networks]
            members[corpus] = [run for some in runs for run in some]
    return comparison.best_epoch_note(members)


def _leaks(pairs: Sequence[Pair], title: str) -> Table:
    rows = []
    for pair in pairs:
        row = {"corpus": pair.corpus, "published": f"{100 * pair.published.accuracy:.2f}"}
        row |= {"strict": f"{100 * pair.strict.accuracy:.2f}"}
        rows.append(row | ({"what": pair.leak.name, "size": pair.leak.cell} if pair.leak else {}))
    columns = {"corpus": "Data set", "what": "What only published does", "published": "published, %"}
    columns |= {"strict": "strict, %", "size": "Leak size, points (95 % interval)"}
    notes = [AVERAGES["pooled"], INTERVALS]
    if any(pair.leak is None for pair in pairs):
        notes.append("No size where the published accuracy is no better than a constant answer beyond doubt.")
    return Table("leaks", f"What the protocols differ by, EmotionalVLAN{title}", columns, rows, notes)
