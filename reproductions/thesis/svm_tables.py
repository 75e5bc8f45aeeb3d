"""Tables of the support vector machines: the printed report beside ours, and all configurations that were tried."""

from collections.abc import Sequence
from dataclasses import replace

from common.paper.load import Claim, Paper
from common.paper.verdicts import judge
from common.results import comparison
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs.store import Run
from reproductions.thesis import printed_report, svm_measured
from reproductions.thesis.printed_report import CELLS
from reproductions.thesis.svm_measured import report_of

SHOWN = 20
METRICS = ("support", *CELLS, "f1")
TITLES = {"svm_fer2013": "FER2013", "svm_ckplus": "CK+"}


def tables(evidence: Evidence) -> list[Table]:
    """Fig 4.4 beside ours, then one table of all configurations a data set and protocol, those that were run."""
    made = []
    if svm_measured.headline(evidence, "svm_fer2013", "published"):
        made.append(_report(evidence))
    made += [_ckplus(evidence)] if svm_measured.headline(evidence, "svm_ckplus", evidence.plan.protocols[0]) else []
    for experiment in TITLES:
        for protocol in evidence.plan.protocols:
            found = svm_measured.all_runs(evidence, experiment, protocol)
            if found:
                made.append(_search(evidence, found, experiment, protocol))
    return made


def _report(evidence: Evidence) -> Table:
    run = svm_measured.headline(evidence, "svm_fer2013", "published")
    report, classes = report_of(run), run.record["classes"]
    rows = []
    for number, name in enumerate(classes):
        row = {"emotion": name}
        for metric in METRICS:
            claim = evidence.paper.claim(f"fig4_4-class{number}-{metric}")
            value = svm_measured.figure(report, metric, name, classes)
            shown = f"{claim.value} → {value:,.0f}" if metric == "support" else f"{claim.value} → {value:.2f}"
            # What the verdict on a printed F1 says is that it follows from the printed precision and recall.
            if claim.check is None:
                shown += f" ({evidence.judge(claim, svm_measured.measure(evidence, claim, 'published')).name})"
            row[metric] = shown
        rows.append(row)
    for kind in ("macro", "weighted"):
        row = {"emotion": f"{kind} average"}
        for metric in METRICS[1:]:
            claim = evidence.paper.claim(f"fig4_4-{kind}-{metric}")
            row[metric] = f"{claim.value} → {getattr(report, kind)(metric):.2f}"
        rows.append(row)
    printed = evidence.paper.claim("fig4_4-accuracy")
    apart = printed_report.distance(report, evidence.paper, classes)
    notes = [
        f"Each cell: printed → ours. Accuracy {printed.value} → {report.accuracy:.3f}. {_distance_note(apart)}",
        f"Configuration: {run.identity.network}, the one that the settings svm_* name.",
    ]
    columns = {"emotion": "Class", "support": "Support", "precision": "Precision", "recall": "Recall", "f1": "F1"}
    return Table("svm_report", "Fig 4.4: the support vector machine on FER2013", columns, rows, notes)


def _ckplus(evidence: Evidence) -> Table:
    """What section 4.3 says, for the machine that the search chooses under each protocol."""
    claims = [claim for claim in evidence.paper.claims if claim.experiment == "svm_ckplus"]
    rows, notes = [], []
    for protocol in evidence.plan.protocols:
        run = svm_measured.machine(evidence, "svm_ckplus", protocol)
        if run is None:
            continue
        sizes, how = run.record["samples"], svm_measured.chosen_by(evidence, run)
        notes.append(f"{protocol}: {how}; trained on {sizes['train']} images, tested on {sizes['test']}.")
        for claim in claims:
            ours = svm_measured.measure(evidence, claim, protocol)
            rows.append(comparison.row(evidence, claim, ours, quantity=claim.metric, protocol=protocol))
        if protocol == "published":
            notes.append(_said_besides(evidence, claims))
    columns = {"quantity": "Quantity", "protocol": "Protocol"} | comparison.COLUMNS
    return Table("svm_ckplus", "Sections 3.2.4, 4.3 and 5: the support vector machine on CK+", columns, rows, notes)


def _said_besides(evidence: Evidence, claims: Sequence[Claim]) -> str:
    """How many of the statements that need not be about this machine would hold for it."""
    others = [claim for claim in claims if claim.undefined]
    ours = [svm_measured.measure(evidence, claim, "published") for claim in others]
    names = [
        judge(claim.model_copy(update={"undefined": ""}), replace(measured, data="real", differs="")).name
        for claim, measured in zip(others, ours, strict=True)
    ]
    fit = sum(name in ("exact", "match", "holds") for name in names)
    told = f"Of the {len(others)} statements whose machine the thesis does not name, {fit} would hold for this one."
    return told + " So it need not be the one of the printed accuracy." * (fit < len(others))


def _search(evidence: Evidence, runs: Sequence[Run], experiment: str, protocol: str) -> Table:
    compared = (experiment, protocol) == ("svm_fer2013", "published")
    rows = [_row(evidence.paper, run, compared) for run in runs]
    by_test = max(rows, key=lambda row: row["accuracy"])
    by_search = max(rows, key=lambda row: row["selection"])
    notes = [
        f"{len(rows)} configurations. Chosen without the test part ({runs[0].record['selection']['by']}): "
        f"{by_search['name']} with {by_search['accuracy']:.3f}. Chosen on the test part, as section 3.2.3 describes: "
        f"{by_test['name']} with {by_test['accuracy']:.3f}."
    ]
    order = sorted(rows, key=lambda row: (row["mean"], row["differing"]) if compared else -row["accuracy"])
    columns = {"name": "Configuration", "accuracy": "Accuracy"}
    if compared:
        columns |= {"differing": "Cells of 14 that differ", "mean": "Mean difference of a cell"}
        notes.append(_finding(evidence, runs, order[0]))
    columns |= {"selection": "Accuracy of the selection", "seconds": "Seconds", "cpu": "Machine"}
    waiting = 1 + len(svm_measured.searched(evidence.plan, experiment, protocol)) - len(runs)
    notes += [f"{waiting} more configurations are not finished yet."] if waiting else []
    notes += [f"The {SHOWN} nearest are shown."] if compared and len(order) > SHOWN else []
    for row in rows:
        row.update({key: f"{row[key]:.3f}" for key in ("accuracy", "selection")})
        row["mean"] = f"{row['mean']:.4f}"
    title = f"Support vector machines on {TITLES[experiment]}, {protocol}"
    return Table(f"{experiment}-{protocol}", title, columns, order[: SHOWN if compared else None], notes)


def _row(paper: Paper, run: Run, compared: bool) -> dict:
    report = report_of(run)
    row = {
        "name": run.identity.network,
        "accuracy": report.accuracy,
        "selection": run.record["selection"]["accuracy"],
        "seconds": round(run.record["train_seconds"]),
        "cpu": run.record["hardware"]["cpu"],
        "mean": 0.0,
    }
    if compared:
        apart = printed_report.distance(report, paper, run.record["classes"])
        row |= {"differing": apart.differing, "mean": apart.mean}
    return row


def _finding(evidence: Evidence, runs: Sequence[Run], nearest: dict) -> str:
    if evidence.data == "synthetic":
        return "Synthetic faces: that no configuration gives the printed cells says nothing about the thesis."
    hits = [run.identity.network for run in runs if _distance(evidence.paper, run).differing == 0]
    if hits:
        return f"All 14 printed cells of precision and recall come from {' and '.join(hits)}."
    return (
        f"None gives all 14 printed cells of precision and recall. Nearest: {nearest['name']}, {nearest['differing']} "
        f"cells differ, by {nearest['mean']:.4f} in the mean over all 14."
    )


def _distance(paper: Paper, run: Run) -> printed_report.Distance:
    return printed_report.distance(report_of(run), paper, run.record["classes"])


def _distance_note(apart: printed_report.Distance) -> str:
    return (
        f"{apart.differing} of the 14 cells of precision and recall differ at two decimals, by {apart.mean:.3f} in "
        "the mean over all."
    )
