"""What one row of Tables 4 to 6 is in the variants that the paper leaves open, from runs alone and without training.

The paper reports "the results of the best epoch" (section 3.1): of each fold, or one for all folds? A mean over
sequences, or over subjects? And rows c2 and c4 of Table 5 are in fortieths where a fold has 48 sequences, as if what
fills no batch of 10, 20 or 40 had not been tested.
"""

from collections.abc import Sequence

from common.paper.load import Paper
from common.results.evidence import Evidence
from common.results.tables import Table
from common.runs import scores
from common.runs.store import Run
from reproductions.cnn3d import measured
from reproductions.cnn3d.fold_tables import TABLES

ROWS = [(table, key) for table, (_, keys) in TABLES.items() for key in keys] + [("table6", "c1")]
BATCH = 10


def table(evidence: Evidence, title: str) -> Table:
    """A row a printed row and protocol: its accuracy in each variant, in percent."""
    rows = []
    for name, key in ROWS:
        for protocol in evidence.plan.protocols if name in evidence.plan.experiments else ():
            members = measured.runs_of(evidence, name, key, protocol)
            if members:
                split = evidence.plan.split(measured.GROUPS[name], protocol)
                row = {
                    "row": f"Table {name[-1]}, {key}",
                    "protocol": protocol,
                    "printed": _printed(evidence.paper, name, key),
                }
                rows.append(row | _variants(members, selected_on_test=split.selected_on_test))
    columns = {"row": "Row", "protocol": "Protocol", "printed": "Printed", "pooled": "All sequences"}
    columns |= {"folds": "Mean over folds", "subjects": "Mean over subjects", "common": "One epoch for all folds"}
    columns |= {"last": "Last epoch", "full": f"Full batches of {BATCH}"}
    notes = [
        "All sequences and both means: each fold in the epoch that its own selection gave. One epoch for all folds is "
        "the one that is best for the tested folds together; it and the last epoch are read from the curves, which "
        "hold them only where the tested fold is the one that is monitored.",
        f"Full batches of {BATCH}: what fills no batch at the end of a fold is not tested (number of those that are). "
        "Rows c2 and c4 of Table 5 are printed in fortieths, so 40 of 48 may have been tested: plausible, not proved.",
    ]
    return Table("variants", f"Tables 4 to 6 in other variants, accuracy in %{title}", columns, rows, notes)


def _printed(paper: Paper, name: str, key: str) -> str:
    return paper.claim("table6-ours-accuracy" if name == "table6" else f"{name}-{key}-mean").value


def _variants(members: Sequence[Run], selected_on_test: bool) -> dict[str, str]:
    right, tested = full_batches(members, BATCH)
    found = {
        "pooled": f"{100 * scores.score(members).accuracy:.2f}",
        "folds": f"{100 * scores.by_fold(members).mean():.2f}",
        "subjects": f"{100 * measured.mean_over_subjects(members)[0]:.2f}",
        "full": f"{100 * right / tested:.2f} ({tested:,})" if tested else None,
    }
    if selected_on_test:
        epoch, best, last = common_epoch(members)
        found |= {"common": f"{100 * best:.2f} (epoch {epoch})", "last": f"{100 * last:.2f}"}
    return found


def common_epoch(runs: Sequence[Run]) -> tuple[int, float, float]:
    """The epoch (from 1) in which all folds and seeds together are best, their accuracy in it, and in the last one.

    Every run must have monitored the part that it was tested on, in equally many epochs. Of equally good epochs it is
    the first, as within a fold.
    """
    counts = [run.record["samples"]["test"] for run in runs]
    curves = [run.curves().val_accuracy.to_numpy(float) for run in runs]
    together = sum(count * curve for count, curve in zip(counts, curves, strict=True)) / sum(counts)
    best = int(together.argmax())
    return best + 1, float(together[best]), float(together[-1])


def full_batches(runs: Sequence[Run], size: int) -> tuple[int, int]:
    """Right and tested samples if each fold is tested in its order by batches, and what fills none is dropped."""
    right = tested = 0
    for run in runs:
        found = run.predictions()
        kept = found.iloc[: len(found) // size * size]
        right, tested = right + int((kept.emotion == kept.predicted).sum()), tested + len(kept)
    return right, tested
