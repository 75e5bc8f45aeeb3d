"""The paper's tables beside ours, made from finished runs alone."""

from collections.abc import Mapping
from typing import Any

from common.results import comparison
from common.results.evidence import Evidence
from common.results.plan_schema import Plan
from common.results.tables import Table
from common.support.errors import UserError
from reproductions.cnn3d import accuracy_tables, confusion_tables, fold_tables, search_tables, significance, variants
from reproductions.cnn3d.data import CKPLUS
from reproductions.cnn3d.fold_tables import leaks

__all__ = ["TIMED", "leaks", "tables"]

TIMED = ()


def tables(evidence: Evidence) -> list[Table]:
    """The tables of the experiments that were run, and of a search."""
    experiments, title = evidence.plan.experiments, _made_with(evidence.plan)
    all_tables = [_ledger(evidence.plan, title), _sequences(evidence.plan, evidence.paper.hyperparameters)]
    all_tables += [fold_tables.table(evidence, name, title) for name in fold_tables.TABLES if name in experiments]
    all_tables += [significance.table(evidence, title)] if "significance" in experiments else []
    all_tables += [accuracy_tables.table(evidence, title)] if {"table6", "table7", "table8"} & set(experiments) else []
    all_tables += [variants.table(evidence, title)] if {"table4", "table5", "table6"} & set(experiments) else []
    all_tables += confusion_tables.tables(evidence, title)
    return all_tables + _of_search(evidence)


def _of_search(evidence: Evidence) -> list[Table]:
    try:
        return search_tables.tables(evidence.paper, evidence.profile, evidence.data, evidence.results)
    except UserError as error:
        if evidence.warn is None:
            raise
        evidence.warn(str(error))
        return []


def _made_with(plan: Plan) -> str:
    """What every title says of the network, the detector and the data, where they are not the paper's."""
    detectors = dict.fromkeys(corpus.detector for corpus in plan.summary.values())
    remarks = [_narrow(plan.narrow)] if plan.narrow else []
    remarks += [detector for detector in detectors if "not the paper" in detector] + plan.instead
    return f" ({'; '.join(remarks)})" if remarks else ""


def _narrow(sizes: Mapping[str, Any]) -> str:
    size = f", images of {sizes['size']}×{sizes['size']}" if "size" in sizes else ""
    return f"narrow C3D, 1/{sizes['width']} of the paper's filters{size}"


def _ledger(plan: Plan, title: str) -> Table:
    columns = {
        "corpus": "Corpus",
        "subjects": "Subjects",
        "clips": "Sequences",
        "frames_read": "Frames",
        "frames_skipped": "Before the last 10",
        "frames_without_face": "Without face",
        "frames_repeated": "Last one repeated",
        "without_any_face": "Sequences lost",
        "detector": "Face detector",
    }
    rows = [
        {"corpus": of_corpus.instead or name, "subjects": of_corpus.subjects, "detector": of_corpus.detector}
        | of_corpus.ledger
        for name, of_corpus in plan.summary.items()
    ]
    notes = ["Without face: such a frame is cut as the nearest one with a face (setting missed_face)."]
    notes += comparison.left_out_notes(plan.broken)
    return Table("ledger", f"What became of the frames{title}", columns, rows, notes)


def _sequences(plan: Plan, stated: Mapping[str, Any]) -> Table:
    """The enlarged training material of section 4, were all sequences trained on."""
    rows = []
    for name, of_corpus in plan.summary.items():
        for emotion, counts in of_corpus.sequences.items():
            flips, rotations, contrasts = (
                stated["augmentation_ckplus"][emotion] if name == CKPLUS else stated["augmentation_oulu"]
            )
            row = {"corpus": name, "emotion": emotion, "flips": flips, "rotations": rotations, "contrasts": contrasts}
            rows.append(row | counts)
        total = {key: sum(counts[key] for counts in of_corpus.sequences.values()) for key in ("sequences", "shown")}
        rows.append({"corpus": name, "emotion": "Total"} | total)
    columns = {"corpus": "Corpus", "emotion": "Emotion", "sequences": "Sequences", "flips": "Flips"}
    columns |= {"rotations": "Rotations", "contrasts": "Contrasts", "shown": "Shown in an epoch"}
    notes = [
        "Copies of each sequence are made on the fly, one random angle or contrast a copy, of training sequences only.",
    ]
    return Table("sequences", "Sections 4.1 and 4.2: sequences and their copies", columns, rows, notes)
