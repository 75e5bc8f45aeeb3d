"""The paper's tables beside ours, made from finished runs alone."""

from collections.abc import Sequence

from common.paper import auditors
from common.paper.load import Claim, Paper
from common.paper.verdicts import TOO_SMALL
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from reproductions.emotionalvlan import confusion_tables, groups, measured, sweep
from reproductions.emotionalvlan.control import control
from reproductions.emotionalvlan.data import FER2013
from reproductions.emotionalvlan.dimensions import dimensions
from reproductions.emotionalvlan.measured import Leak
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
    "published": "Published",
    "reproduced": "Reproduced",
    "difference": "Difference",
    "interval": "95 % interval",
    "chance": "Constant answer",
    "verdict": "Verdict",
}
INTERVALS = (
    "Intervals are bootstraps over people, of whom RML has eight; for FER2013, which names nobody, over pictures."
)

AVERAGES = {
    "over_groups": "Accuracies are means over the tested groups, each of which counts the same.",
    "pooled": "Accuracies are of all tested samples together, whatever group they are in.",
}

TIMED = ()


def tables(evidence: Evidence) -> list[Table]:
    """The tables of the experiments that were run."""
    title, asked = _made_with(evidence), evidence.plan["experiments"]
    made = [_ledger(evidence), dimensions(evidence.paper)]
    made += [_accuracies(evidence, "table1", f"Table 1: single streams, accuracy in %{title}", STREAMS)]
    made += confusion_tables.tables(evidence, title)
    made += [_accuracies(evidence, "table6", f"Table 6: three DCNN structures, accuracy in %{title}", STRUCTURES)]
    if "fer2013_control" in asked:
        made.append(control(evidence, title))
    if sweep.EXPERIMENT in asked:
        made.append(sweep.table(evidence, title))
    made.append(_leaks(measured.leaks(evidence), title))
    for table in made:
        table.meta = evidence.meta
    return [table for table in made if table.rows]


def leaks(evidence: Evidence) -> list[tuple[str, float, float, float]]:
    """What accuracies owe to the choice of the epoch on the tested part, in points.

    Returns:
        (data set, difference, low, high) for every data set on which the network learnt something.
    """
    return [
        (f"{one.corpus}, {_reason(one.corpus)}", *(100 * value for value in (one.difference, *one.interval)))
        for one in measured.leaks(evidence)
        if one.difference is not None
    ]


def _reason(corpus: str) -> str:
    return "random parts and epoch" if corpus == FER2013 else "epoch chosen on the tested part"


def _made_with(evidence: Evidence) -> str:
    """What every title says of the network."""
    narrow, weights = evidence.plan["narrow"], evidence.plan["weights"]
    if narrow:
        return f" (narrow AlexNet, 1/{narrow['width']} of its filters and units, random initial weights)"
    return " (AlexNet, random initial weights)" if weights == NO_WEIGHTS else f" (AlexNet, {weights})"


def _ledger(evidence: Evidence) -> Table:
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
    summary = evidence.plan["summary"]
    rows = [
        {"corpus": name, "people": one["subjects"], "left_out": one["left_out"]} | one["ledger"]
        for name, one in summary.items()
    ]
    notes = [
        f"{name}: {', '.join(f'{emotion} {count}' for emotion, count in one['emotions'].items())}."
        for name, one in summary.items()
    ]
    fer2013 = summary.get(FER2013)
    if fer2013 and (unused := fer2013["of"] - fer2013["ledger"]["clips"]):
        notes.append(f"{FER2013}: {unused:,} of {fer2013['of']:,} pictures are not used in this profile.")
    notes += [f"Left out: {problem}" for one in summary.values() for problem in one["broken"]]
    return Table("ledger", "What became of the clips and their frames", columns, rows, notes)


def _accuracies(evidence: Evidence, experiment: str, title: str, networks: dict[str, str]) -> Table:
    """A row a printed accuracy and protocol."""
    table = Table(experiment, title, COLUMNS)
    if experiment not in evidence.plan["experiments"]:
        return table
    claims = [claim for claim in evidence.paper.claims if claim.experiment == experiment]
    for claim in claims:
        for protocol in evidence.plan["protocols"]:
            ours = measured.measure(evidence, claim, protocol)
            if ours is not None:
                table.rows.append(_row(evidence, claim, protocol, networks[claim.network], ours))
    corpora = list(dict.fromkeys(claim.dataset for claim in claims))
    if experiment == "table1":
        table.notes += [_divided(evidence, corpus, p) for corpus in corpora for p in evidence.plan["protocols"]]
    else:
        chosen = measured.setting(evidence, "dcnn_structures")
        table.notes.append(
            f"undefined: {claims[0].undefined}. Ours are a reading of them (setting dcnn_structures="
            f"{chosen}), no reproduction: {confusion_tables.STRUCTURES}."
        )
    table.notes = [note for note in table.notes if note] + _selection(evidence, corpora, networks)
    table.notes += [AVERAGES[measured.setting(evidence, "accuracy_average")], INTERVALS]
    if any(row["verdict"] == TOO_SMALL for row in table.rows):
        epochs = evidence.paper.settings["epochs"]
        table.notes.append(
            f"{TOO_SMALL}: no better than a constant answer beyond doubt; the paper trains {epochs} epochs."
        )
    return table


def _row(evidence: Evidence, claim: Claim, protocol: str, network: str, ours) -> dict:
    found = measured.score(evidence, claim.dataset, claim.network, protocol)
    low, high = ours.interval
    return {
        "network": network,
        "corpus": claim.dataset,
        "protocol": protocol,
        "tested": found.samples,
        "published": claim.value,
        "reproduced": f"{ours.value:.2f}",
        "difference": f"{ours.value - claim.number:+.2f}",
        "interval": f"{low:.2f} to {high:.2f}",
        "chance": f"{100 * found.chance:.2f}",
        "verdict": evidence.verdict_label(claim, ours),
    }


_HOW = {
    groups.SUBJECTS: "groups of subjects",
    groups.RANDOM: "random parts",
    groups.OFFICIAL: "the official parts",
}
# The setting subject_groups, where that means no groups.
_ALONE = {"five_subjects": "five people, one at a time", "leave_one_out": "one person at a time"}


def _divided(evidence: Evidence, corpus: str, protocol: str) -> str:
    """How a corpus is divided, and what the tested part has in common with training."""
    split = evidence.plan["splits"].get(f"{corpus}, {protocol}")
    if split is None:
        return ""
    how, folds = _HOW[split["kind"]], split["folds"]
    if split["kind"] == groups.SUBJECTS:
        how = _ALONE.get(measured.setting(evidence, "subject_groups"), how)
    several = f", all {folds} times together" if folds > 1 else ""
    chosen = "the epoch is that which does best on the tested part" if split["selected_on_test"] else "the last epoch"
    if split["kind"] == groups.OFFICIAL:
        chosen = "the epoch that does best on PublicTest"
    known = "Nobody knows who is seen." if corpus == FER2013 else "Nobody who is tested is trained on."
    trained = round(split["sizes"]["train"] / folds)
    sizes = f"{trained:,} train, {split['sizes']['test']:,} are tested{several}"
    return f"{corpus}, {protocol}: {how}; {sizes}; {chosen}. {known}"


def _selection(evidence: Evidence, corpora: Sequence[str], networks) -> list[str]:
    """What testing the epoch that is best on the tested part adds to testing the last one."""
    gains = []
    for corpus in corpora:
        split = evidence.plan["splits"].get(f"{corpus}, {measured.PUBLISHED}", {})
        members = [run for one in networks for run in measured.runs_of(evidence, corpus, one, measured.PUBLISHED)]
        if members and split.get("selected_on_test"):
            gains.append(f"{corpus} {100 * scores.best_epoch_gain(members):+.1f}")
    told = "published: the epoch that is best on the tested part, instead of the last one, adds"
    return [f"{told} {', '.join(gains)} points."] if gains else []


def _leaks(found: Sequence[Leak], title: str) -> Table:
    rows = []
    for one in found:
        row = {"corpus": one.corpus, "what": _reason(one.corpus)}
        row |= {"published": f"{100 * one.published.accuracy:.2f}", "strict": f"{100 * one.strict.accuracy:.2f}"}
        if one.difference is not None:
            low, high = one.interval
            row |= {"size": f"{100 * one.difference:+.1f}", "interval": f"{100 * low:+.1f} to {100 * high:+.1f}"}
        rows.append(row)
    columns = {"corpus": "Data set", "what": "What only published does", "published": "published, %"}
    columns |= {"strict": "strict, %", "size": "Leak size, points", "interval": "95 % interval"}
    notes = [AVERAGES["pooled"], INTERVALS]
    if any(one.difference is None for one in found):
        notes.append("No size where the published accuracy is no better than a constant answer beyond doubt.")
    return Table("leaks", f"What the protocols differ by, EmotionalVLAN{title}", columns, rows, notes)


def arithmetic(paper: Paper, audit: str) -> str:
    """What the check of an audit item computes, in a sentence."""
    item = next(one for one in paper.audits if one.id == audit)
    return auditors.run(paper, item.check).arithmetic
