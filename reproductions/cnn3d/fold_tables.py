"""Tables 4 and 5: ten folds of three networks, the printed ones above ours."""

from common.paper.load import Paper
from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.evidence import Evidence
from common.results.plan_schema import Plan
from common.results.tables import Table
from common.runs import scores
from reproductions.cnn3d import measured, significance
from reproductions.cnn3d.data import CKPLUS, OULU
from reproductions.cnn3d.trainings import ROWS

# The rows in the order of the paper.
TABLES = {"table4": (CKPLUS, ("c1", "c2", "c3")), "table5": (OULU, ("c2", "c1", "c4"))}
PAPER = "paper"


def table(evidence: Evidence, name: str, title: str) -> Table:
    """A row a network and source: ten folds, their mean, and the p-value against the first network."""
    plan, paper = evidence.plan, evidence.paper
    corpus, names = TABLES[name]
    rows = []
    for key in names:
        rows.append(_printed(paper, name, key))
        for protocol in plan.protocols:
            row = _reproduced(evidence, name, key, protocol)
            rows += [row] if row else []
    rows += _tested(plan, measured.GROUPS[name])
    stated = paper.hyperparameters["folds"]
    columns = {"network": "Network", "source": "Source"}
    columns |= {measured.fold_name(number): str(number) for number in range(1, stated + 1)}
    columns |= {"mean": "Average", "p": "p-value", "verdict": "Verdict (average)"}
    title = f"Table {name[-1]}: {corpus}, accuracy of each of {stated} folds in %{title}"
    notes = _notes(evidence, name)
    notes += comparison.budget_note(rows, f"{paper.hyperparameters['epochs']} epochs of all copies")
    if any(row.get("p") == significance.UNDEFINED for row in rows):
        notes.append(significance.NO_TEST)
    return Table(name, title, columns, rows, notes)


def _tested(plan: Plan, group: str) -> list[dict]:
    """How many sequences each fold tests, once for protocols with the same folds."""
    sizes: dict[str, list[str]] = {}
    splits = {protocol: plan.split(group, protocol) for protocol in plan.protocols}
    for protocol, split in splits.items():
        if split:
            sizes.setdefault(str(split.folds), []).append(protocol)
    return [
        {"network": "sequences tested", "source": ", ".join(protocols)}
        | {fold: str(count) for fold, count in splits[protocols[0]].folds.items()}
        for protocols in sizes.values()
    ]


def _printed(paper: Paper, name: str, key: str) -> dict:
    row = {"network": ROWS[key].title, "source": PAPER, "mean": paper.claim(f"{name}-{key}-mean").value}
    row |= {measured.fold_name(claim.fold): claim.value for claim in paper.select(f"{name}-{key}-fold*")}
    p = [pair for pair in significance.PAIRS if (pair.table, pair.worse) == (name, key)]
    return row | ({"p": paper.claim(p[0].claim).value} if p else {})


def _reproduced(evidence: Evidence, name: str, key: str, protocol: str) -> dict | None:
    claim = evidence.paper.claim(f"{name}-{key}-mean")
    ours = measured.measure(evidence, claim, protocol)
    if ours is None:
        return None
    members = measured.runs_of(evidence, name, key, protocol)
    row = {"network": ROWS[key].title, "source": protocol, "mean": f"{ours.value:.2f}"}
    row |= {fold: f"{100 * accuracy:.1f}" for fold, accuracy in scores.by_fold(members).items()}
    pairs = [pair for pair in significance.PAIRS if (pair.table, pair.worse) == (name, key)]
    if pairs:
        row["p"] = significance.shown(significance.ours(evidence, pairs[0], protocol), significance.ONE_SIDED)
    # The check of a mean recomputes it from the printed folds: that "consistent" is no verdict on this row.
    return row | {"verdict": evidence.verdict_label(claim.unchecked, ours)}


def _notes(evidence: Evidence, name: str) -> list[str]:
    plan, first = evidence.plan, TABLES[name][1][0]
    notes = [f"{'; '.join(ROWS[key].explained for key in TABLES[name][1])}."]
    notes += plan.split_notes(measured.GROUPS[name])
    notes.append(f"p-value: one-sided paired t-test of {first} against the row, over the folds that were run.")
    lost = plan.configurations.get("c2") or plan.configurations.get("c3")
    if lost and evidence.paper.hyperparameters["best"] != lost:
        stated = evidence.paper.hyperparameters["best"]
        changed = ", ".join(f"{option} {value}" for option, value in lost.items() if value != stated[option])
        notes.append(f"{OULU}'s best options stood in Table 3, which is lost. Here: {changed}, else those of Table 2.")
    notes += [
        f"{row}: begins with the weights of {run}." for row, run in plan.pretrained.items() if row in TABLES[name][1]
    ]
    return notes + _selection(evidence, name) + comparison.leak_note(_leaks(evidence, name))


def _selection(evidence: Evidence, name: str) -> list[str]:
    """What testing the epoch that is best on the tested fold adds to testing the last one."""
    split = evidence.plan.split(measured.GROUPS[name], "published")
    keys = TABLES[name][1] if split and split.selected_on_test else ()
    return comparison.best_epoch_note({key: measured.runs_of(evidence, name, key, "published") for key in keys})


def leaks(evidence: Evidence) -> list[LeakEffect]:
    """How much of another protocol's accuracy the strict one does not confirm.

    A leak a row of Tables 4 to 6 for the published protocol, and one a row of Table 4 for folds of sequences.
    """
    return leaks_of_published(evidence) + leaks_of_sequences(evidence)


def leaks_of_published(evidence: Evidence) -> list[LeakEffect]:
    """How much of the published protocol's accuracy the strict one does not confirm, one a row of Tables 4 to 6."""
    return [leak for name in ("table4", "table5", "table6") for leak in _leaks(evidence, name)]


def leaks_of_sequences(evidence: Evidence) -> list[LeakEffect]:
    """How much of the accuracy in folds of sequences the strict protocol does not confirm, one a row of Table 4."""
    groups = _groups(evidence, "table4", f"{CKPLUS}, ten folds of sequences")
    return comparison.protocol_leaks(evidence, groups, scores.difference_by_subject, protocol="clip-disjoint")


def _leaks(evidence: Evidence, name: str) -> list[LeakEffect]:
    # Pairs exist where both protocols test the same folds.
    changed = evidence.setting("ckplus_folds") != evidence.paper.settings["ckplus_folds"]
    compare = scores.difference if name == "table4" and changed else scores.paired_difference
    where = f"{TABLES[name][0]}, ten folds" if name in TABLES else f"{CKPLUS}, one subject left out"
    return comparison.protocol_leaks(evidence, _groups(evidence, name, where), compare)


def _groups(evidence: Evidence, name: str, where: str) -> list[tuple[str, str, str]]:
    """What each leak of a table is called, with experiment and network."""
    keys = TABLES[name][1] if name in TABLES else ("c1",)
    return [(f"{key} ({where})", *measured.group(evidence.plan, name, key)) for key in keys]
