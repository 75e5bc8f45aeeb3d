"""Tables about single images: votes, near-duplicates, and what the printed accuracies of the networks could be."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from common.paper.load import Paper
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from common.runs.store import Run
from reproductions.thesis import side_tables, votes
from reproductions.thesis.candidates import ANY, CLEAREST, SETTINGS_OF_SLOWER, SLOWER
from reproductions.thesis.trainings import attempts

if TYPE_CHECKING:
    import pandas

FER2013, CKPLUS = "cnn_fer2013", "cnn_ckplus"
UNANIMOUS = 8
_SLOWER_RATE = f"learning rate {SETTINGS_OF_SLOWER['learning_rate']}"
# Experiment -> the variant of the text that it is, and its short name before what its epochs say.
TRAINED_FOR_THIS = {
    FER2013: {
        CLEAREST: ("five classes in the printed sizes, the clearest images by FER+", "five classes, the clearest: "),
        ANY: ("five classes in the printed sizes, images at random", "five classes, at random: "),
    },
    CKPLUS: {SLOWER: (f"{_SLOWER_RATE}, random 80:20, last epoch", f"{_SLOWER_RATE}: ")},
}


def tables(evidence: Evidence) -> list[Table]:
    """Those tables for which the runs and the side tables are on disk."""
    images, duplicates, trained = (_read(evidence, kind) for kind in ("images", "near-duplicates", "trained"))
    if "FER2013" not in evidence.plan.summary:
        images = None  # the votes belong to another plan
    tables = []
    if images is not None and "dataset" in evidence.plan.experiments:
        tables.append(_agreement(evidence.paper, images))
    if images is not None:
        tables.append(_confirmed(evidence, images))
    if duplicates is not None:
        tables.append(_near_duplicates(evidence, duplicates))
    if attempts(evidence, FER2013, FER2013, "published"):
        tables.append(_candidates("candidates", evidence, FER2013, images, duplicates, trained))
    if attempts(evidence, SLOWER, CKPLUS, "published"):
        tables.append(_candidates("candidates_ckplus", evidence, CKPLUS, None, duplicates, trained))
    return [table for table in tables if table.rows]


def _read(evidence: Evidence, kind: str):
    return side_tables.read(side_tables.path(kind, evidence.paper, evidence.profile, evidence.data, evidence.results))


def _agreement(paper: Paper, images) -> Table:
    claims = paper.select("fig4_4-class*-support")
    rows = [
        row | {"share": f"{row['share']:.1%}", "votes": f"{row['votes']:.1%}"}
        for row in votes.agreement(images, [claim.emotion for claim in claims])
    ]
    columns = {"emotion": "Label", "images": "Images", "confirmed": "Confirmed", "share": "Share"}
    columns["votes"] = "Votes for the label"
    notes = [
        "Confirmed: the label has the most of ten FER+ votes. The last column is how often one of these annotators "
        "chooses the label. A classifier can agree with the labels more often, by learning how they were given.",
    ]
    return Table("agreement", "FER2013 labels against the votes of ten annotators", columns, rows, notes)


def _confirmed(evidence: Evidence, images) -> Table:
    label = (images.majority == images.emotion).to_numpy()
    rows = []
    for experiment, network, protocol, members in _groups(evidence, "FER2013"):
        table = scores.predictions(members)
        right = (table.emotion == table.predicted).to_numpy()
        confirmed = label[table["sample"].to_numpy()]
        by_votes = images.majority.to_numpy()[table["sample"].to_numpy()]
        rows.append(
            {
                "network": network,
                "experiment": experiment,
                "protocol": protocol,
                "all": _share(right),
                "confirmed": _share(right[confirmed]),
                "disputed": _share(right[~confirmed]),
                "majority": _share((table.predicted.to_numpy() == by_votes)[~confirmed]),
            }
        )
    columns = {"experiment": "Experiment", "network": "Network", "protocol": "Protocol", "all": "All"}
    columns |= {"confirmed": "Confirmed", "disputed": "Disputed", "majority": "Disputed, against the votes"}
    notes = ["The last column counts a disputed image as right where the network says what most annotators say."]
    return Table("confirmed", "Accuracy on confirmed and on disputed test images", columns, rows, notes)


def _near_duplicates(evidence: Evidence, duplicates) -> Table:
    flagged = duplicates.groupby("split")["sample"].agg(set).to_dict()
    rows = []
    for experiment, network, protocol, members in _groups(evidence):
        right, duplicated = _with_near_duplicates(members, flagged)
        rows.append(
            {
                "experiment": experiment,
                "network": network,
                "protocol": protocol,
                "tested": len(right),
                "near_duplicates": int(duplicated.sum()),
                "share": f"{duplicated.mean():.1%}",
                "all": _share(right),
                "with": _share(right[duplicated]),
                "without": _share(right[~duplicated]),
            }
        )
    columns = {"experiment": "Experiment", "network": "Network", "protocol": "Protocol", "tested": "Tested"}
    columns |= {"near_duplicates": "With a near-duplicate", "share": "Share", "all": "Accuracy"}
    columns |= {"with": "Those with a near-duplicate", "without": "All others"}
    notes = [
        "A near-duplicate in training is the same image again, recoded, brightened, slightly moved or mirrored, as far "
        "as a perceptual hash finds it. `make audit-split` finds more, so all others may still contain some."
    ]
    return Table("near_duplicates", "Test images with a near-duplicate in the training part", columns, rows, notes)


def _with_near_duplicates(members: Sequence[Run], flagged: Mapping[str, set]) -> tuple[np.ndarray, np.ndarray]:
    """Over all runs: whether a tested image was recognised, and whether it has a near-duplicate in training."""
    right, duplicated = [], []
    for run in members:
        table = scores.predictions([run])
        right.append((table.emotion == table.predicted).to_numpy())
        duplicated.append(table["sample"].isin(flagged.get(run.identity.split, ())).to_numpy())
    return np.concatenate(right), np.concatenate(duplicated)


def _groups(evidence: Evidence, corpus: str = "") -> Iterable[tuple[str, str, str, list[Run]]]:
    """(experiment, network, protocol, runs) in the order of the plan; of one data set where it is named."""
    keys = dict.fromkeys(
        (run.identity.experiment, run.identity.network, run.identity.protocol) for run in evidence.runs
    )
    for key in keys:
        members = evidence.of(*key)
        if not corpus or (scores.predictions(members[:1]).corpus == corpus).all():
            yield *key, members


def _candidates(name: str, evidence: Evidence, network: str, images, duplicates, trained) -> Table:
    """One row a variant of the text, all measured on the published protocol.

    Args:
        images: the votes on them; None for a data set without votes.
    """
    claim = evidence.paper.claim(f"text5-{network}-accuracy")
    members = attempts(evidence, network, network, "published")
    table = scores.predictions(members)
    rows = [_variant("random 80:20 of all images, last epoch", table), *_of_training(members, trained)]
    if duplicates is not None:
        flagged = duplicates.groupby("split")["sample"].agg(set).to_dict()
        duplicated = _with_near_duplicates(members, flagged)[1]
        rows.append(_variant("only test images with a near-duplicate in training", table[duplicated]))
    if images is not None:
        seen = table["sample"].to_numpy()
        confirmed = (images.majority == images.emotion).to_numpy()[seen]
        clear = images.votes.to_numpy()[seen] >= UNANIMOUS
        variant = f"only test images with at least {UNANIMOUS} of ten votes for their label"
        rows.append(_variant("only test images that FER+ confirms", table[confirmed]))
        rows.append(_variant(variant, table[clear]))
    for experiment, (variant, short) in TRAINED_FOR_THIS[network].items():
        others = attempts(evidence, experiment, network, "published")
        if others:
            rows += [_variant(variant, scores.predictions(others)), *_of_training(others, trained, short)]
    for row in rows:
        difference = 100 * float(row["accuracy"]) - claim.number
        row["difference"] = f"{difference:+.1f}"
    columns = {"variant": "Protocol variant", "accuracy": "Accuracy", "interval": "95 % interval", "tested": "Tested"}
    columns["difference"] = f"Points from {claim.value} %"
    title = f"What could the {claim.value} % of section 5 be?"
    return Table(name, title, columns, rows, _remains(rows, evidence.data))


def _of_training(members: Sequence[Run], trained, prefix: str = "") -> list[dict]:
    """What the epochs of these runs say, and what their networks do on the images that they were trained on."""
    curves = [run.curves() for run in members]
    in_training = np.mean([float(curve.accuracy.iloc[-1]) for curve in curves])
    accuracies = {"accuracy in training, last epoch": in_training}
    monitored = [curve.val_accuracy.max() for curve in curves if curve.val_accuracy.notna().any()]
    if monitored:
        accuracies["best epoch on the part that is monitored"] = np.mean(monitored)
    if len(monitored) > 1:
        accuracies["best epoch of the best attempt"] = np.max(monitored)
    if trained is not None:
        own = trained[trained.key.isin([run.identity.key for run in members])].accuracy
        if len(own) == len(members):
            accuracies["tested on the images it was trained on"] = own.mean()
    return [{"variant": prefix + variant, "accuracy": f"{accuracy:.3f}"} for variant, accuracy in accuracies.items()]


def _remains(rows: Sequence[dict], data: str) -> list[str]:
    """Whether any variant comes within two points."""
    if data == "synthetic":
        return ["Synthetic faces: which variant comes nearest says nothing about the thesis."]
    near = [row["variant"] for row in rows if abs(float(row["difference"])) <= 2]
    if near:
        return [f"Within 2 points: {'; '.join(near)}. That a variant fits does not show that it is the right one."]
    return ["No variant comes within 2 points: the number remains unexplained."]


def _variant(title: str, answers: "pandas.DataFrame") -> dict:
    """Accuracy of these answers, with its interval over subjects and seeds."""
    if answers.empty:
        return {"variant": title, "accuracy": "nan", "tested": 0}
    score = scores.score(answers)
    return {
        "variant": title,
        "accuracy": f"{score.accuracy:.3f}",
        "interval": f"{score.interval[0]:.3f} to {score.interval[1]:.3f}",
        "tested": len(answers),
    }


def _share(right: np.ndarray) -> str | None:
    return f"{right.mean():.3f}" if len(right) else None
