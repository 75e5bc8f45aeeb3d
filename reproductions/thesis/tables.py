"""The tables of the thesis: printed beside ours, made from finished runs and what is written beside them."""

from collections.abc import Sequence

import numpy as np

from common.paper import auditors
from common.paper.load import Claim, Paper
from common.results import comparison
from common.results.comparison import LeakEffect
from common.results.differences import network_name
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from common.runs.store import Run
from reproductions.thesis import candidate_tables, measured, svm_tables, trainings
from reproductions.thesis.models import NETWORKS

TITLES = {
    "cnn_fer2013": "Sections 4.2 and 5: the network on FER2013",
    "cnn_ckplus": "Sections 4.1 and 5: the network on CK+",
}

COLUMNS = {"quantity": "Quantity", "protocol": "Protocol"} | comparison.COLUMNS
EXTREMES = (
    "Lowest and highest: the interval is that of this one attempt over its subjects; that it was picked is not in it."
)
OVER_IMAGES = "FER2013 names nobody, so its intervals are over images."
TIMED = ()


def tables(evidence: Evidence) -> list[Table]:
    """The tables of the experiments that were run."""
    plan = evidence.plan
    all_tables = [_dataset(evidence)] if "dataset" in plan.experiments else []
    all_tables += [_network(evidence, key) for key in TITLES if key in plan.experiments]
    all_tables += svm_tables.tables(evidence) + candidate_tables.tables(evidence)
    return all_tables


def _dataset(evidence: Evidence) -> Table:
    """The images by class, beside the five classes that the thesis says it picked."""
    counts = evidence.plan.summary["FER2013"].pictures
    partitions = sorted(
        {row["partition"] for row in counts}, key=("Training", "PublicTest", "PrivateTest", "Test").index
    )
    picked = {claim.emotion: claim for claim in evidence.paper.select("text2_1-images-*")}
    rows = []
    for emotion in dict.fromkeys(claim.emotion for claim in evidence.paper.select("fig4_4-class*-support")):
        of = {row["partition"]: row["pictures"] for row in counts if row["emotion"] == emotion}
        row = {"emotion": emotion, "all": sum(of.values()), **of}
        if emotion in picked:
            row |= {"picked": picked[emotion].value, "verdict": evidence.judge(picked[emotion], None).name}
        rows.append(row)
    total = evidence.paper.claim("text2_1-total-images")
    last = {"emotion": "Total", "all": sum(row["all"] for row in rows)}
    last |= {partition: sum(row.get(partition, 0) for row in rows) for partition in partitions}
    audit = auditors.run(evidence.paper, total.check)
    rows.append(last | {"picked": total.value, "verdict": evidence.judge(total, None).name})
    columns = {"emotion": "Class", "all": "FER2013"} | {partition: partition for partition in partitions}
    notes = [f"Total of the picked images: {audit.arithmetic}.", "Which ones were picked is not published."]
    return Table(
        "dataset",
        "Section 2.1: images of FER2013, and those that the thesis says it picked",
        columns | {"picked": "Picked, as printed", "verdict": "Verdict"},
        rows,
        notes,
    )


def _network(evidence: Evidence, key: str) -> Table:
    rows = []
    for protocol in evidence.plan.protocols:
        attempts = trainings.attempts(evidence, key, key, protocol)
        if attempts:
            rows += [_claimed(evidence, claim, protocol) for claim in _claims(evidence.paper, key)]
            rows += [_best_epoch(protocol, attempts)] if protocol == "published" else []
    narrow = evidence.plan.narrow
    rows += [_parameters(evidence, key)] if rows and not narrow else []
    remark = f" (narrow network, 1/{narrow['width']} of the thesis' filters and hidden units)" if narrow else ""
    return Table(key, TITLES[key] + remark, COLUMNS, rows, _notes(evidence, key, rows))


def _claims(paper: Paper, key: str) -> list[Claim]:
    """Mean over the attempts first, then the lowest and the highest."""
    claims = [claim for claim in paper.claims if claim.experiment == key and claim.metric in measured.OF_ATTEMPTS]
    return sorted(claims, key=lambda claim: claim.metric in measured.EXTREMES)


def _claimed(evidence: Evidence, claim: Claim, protocol: str) -> dict:
    attempts = len(trainings.attempts(evidence, claim.experiment, claim.network, protocol))
    of = f"{attempts} attempt{'s' * (attempts > 1)}"
    quantity = f"{claim.metric} of {of}" if claim.metric in measured.EXTREMES else f"accuracy, mean of {of}"
    ours = measured.measure(evidence, claim, protocol)
    return comparison.row(evidence, claim, ours, quantity=quantity, protocol=protocol)


def best_epochs(attempts: Sequence[Run]) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of the last and of the best epoch of each attempt on the part that was monitored."""
    monitored = [run.curves().val_accuracy.to_numpy() for run in attempts]
    return np.array([curve[-1] for curve in monitored]), np.array([curve.max() for curve in monitored])


def _best_epoch(protocol: str, attempts: Sequence[Run]) -> dict:
    last, best = best_epochs(attempts)
    return {
        "quantity": "the same, epoch that is best on the monitored part",
        "protocol": protocol,
        "reproduced": f"{best.mean():.3f}",
        "difference": f"{best.mean() - last.mean():+.3f} by selection",
        "interval": f"{best.min():.3f} to {best.max():.3f} (attempts)",
    }


def _parameters(evidence: Evidence, key: str) -> dict:
    """What the trained networks have, as their runs counted it.

    The paper's own check is left out: it adds up the printed layers, whatever was trained here.
    """
    (claim,) = [item for item in evidence.paper.claims if item.network == key and item.metric == "parameters"]
    return comparison.row(evidence, claim.unchecked, measured.parameters(evidence, claim), quantity="parameters")


def _notes(evidence: Evidence, key: str, rows: list[dict]) -> list[str]:
    notes = []
    for protocol in evidence.plan.protocols:
        split = evidence.plan.split(key, protocol)
        attempts = trainings.attempts(evidence, key, key, protocol)
        if split is None or not attempts:
            continue
        sizes, ended = split.sizes, [len(run.curves()) for run in attempts]
        notes.append(
            f"{protocol}: {sizes.train:,}/{sizes.validation:,}/{sizes.test:,} images to train, validate and "
            f"test. {split.leakage} The most frequent class gives {split.majority:.3f}. Epochs trained: "
            f"{', '.join(map(str, ended))}."
        )
    if rows:
        notes.append(EXTREMES)
    notes += [OVER_IMAGES] if key == "cnn_fer2013" and rows else []
    epochs = evidence.paper.hyperparameters["epochs"]
    notes += comparison.budget_note(rows, f"{epochs} epochs on all images")
    return notes + comparison.leak_note(leak for leak in leaks(evidence) if leak.name == NETWORKS[key].title)


def leaks(evidence: Evidence) -> list[LeakEffect]:
    """How much of the published protocol's accuracy the strict one does not confirm, a leak a network."""
    narrow = evidence.plan.narrow
    groups = [(network.title, key, network_name(key, narrow)) for key, network in NETWORKS.items()]
    return comparison.protocol_leaks(evidence, groups, scores.difference)
