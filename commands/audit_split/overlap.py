"""What a test part has in common with training, counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from common.results.tables import Table
from common.samples.duplicate_search import Pairs
from datasets.labelled import Labelled

UNKNOWN = "not known"


@dataclass(frozen=True)
class Overlap:
    """One test part against training; counts are of test images.

    Attributes:
        tested: all of them.
        exact: with a copy of the same pixels.
        near: with a changed copy and none of the same pixels.
        contradicted: with a copy that has another label; None where labels are not known on both sides.
        seen: of subjects that are trained on; None where subjects are not known on both sides.
        subjects: that stand on both sides.
        frequent: those with the most frequent label of training; None as above.
        copied: those with a copy, labels known.
        right: those of them whose nearest copy has their label.
        guessed: those right if images without a copy get the most frequent label.
    """

    tested: int
    exact: int
    near: int
    contradicted: int | None
    seen: int | None
    subjects: tuple[str, ...]
    frequent: int | None
    copied: int
    right: int
    guessed: int


@dataclass(frozen=True)
class Audit:
    """What was found: the counts as a table, and the pairs of positions in `train` and `test`."""

    train: Labelled
    test: Labelled
    pairs: Pairs
    table: Table


def overlap(train: Labelled, test: Labelled, pairs: Pairs, chosen: np.ndarray) -> Overlap:
    """Count one part.

    Args:
        pairs: of images or clips, not of single frames.
        chosen: (tests,) bool, which of `test` belong to the part.
    """
    pairs = Pairs(*(column[chosen[pairs.test]] for column in vars(pairs).values()))
    exact = np.unique(pairs.test[pairs.exact])
    copied = np.unique(pairs.test)
    ours, theirs = np.array(test.labels, object), np.array(train.labels, object)
    known = comparable(train, test)
    other = (ours[pairs.test] != theirs[pairs.train]) & (ours[pairs.test] != "") & (theirs[pairs.train] != "")
    _, nearest = np.unique(pairs.test, return_index=True)  # the first of each is its best
    right = int((ours[pairs.test[nearest]] == theirs[pairs.train[nearest]]).sum())
    most = Counter(filter(None, train.labels)).most_common(1)[0][0] if known else None
    frequent = chosen & (ours == most)
    alone = np.ones(len(test), bool)
    alone[copied] = False
    subjects = sorted({test.subjects[i] for i in np.flatnonzero(chosen)} & set(train.subjects) - {""})
    named = any(test.subjects) and any(train.subjects)
    return Overlap(
        tested=int(chosen.sum()),
        exact=len(exact),
        near=len(copied) - len(exact),
        contradicted=len(np.unique(pairs.test[other])) if known else None,
        seen=int(sum(test.subjects[i] in subjects for i in np.flatnonzero(chosen))) if named else None,
        subjects=tuple(subjects),
        frequent=int(frequent.sum()) if known else None,
        copied=len(copied),
        right=right,
        guessed=right + int((frequent & alone).sum()),
    )


def comparable(train: Labelled, test: Labelled) -> bool:
    """Whether both sides have labels, and at least one in common."""
    return bool(set(train.labels) & set(test.labels) - {""})


def summary(parts: dict[str, Overlap], what: str) -> Table:
    """One column a part.

    Args:
        what: the word for what is counted, "images" or "clips".
    """
    rows = [{"quantity": quantity} for quantity in _quantities(what)]
    for name, part in parts.items():
        for row, cell in zip(rows, _cells(part), strict=True):
            row[f"part {name}"] = cell
    columns = {"quantity": "Quantity", **{f"part {name}": name for name in parts}}
    return Table("audit_split", f"What the test {what} have in common with training", columns, rows)


def _quantities(what: str) -> Sequence[str]:
    return (
        f"test {what}",
        "in training, the same pixels",
        "in training, changed (recoded, mirrored, cropped, brightened, turned)",
        "in training, either",
        "with a copy that has another label",
        "subjects on both sides",
        f"test {what} of these subjects",
        "accuracy of the most frequent label",
        "accuracy of the nearest copy, where there is one",
        "accuracy of the nearest copy, else the most frequent label",
    )


def _cells(overlap: Overlap) -> list[str]:
    def share(count: int | None, of: int = overlap.tested) -> str:
        return UNKNOWN if count is None else f"{count:,} ({count / of:.1%})" if of else "0"

    def accuracy(count: int, of: int = overlap.tested) -> str:
        return UNKNOWN if overlap.frequent is None else f"{count / of:.3f}" if of else "–"

    return [
        f"{overlap.tested:,}",
        share(overlap.exact),
        share(overlap.near),
        share(overlap.copied),
        share(overlap.contradicted),
        UNKNOWN if overlap.seen is None else f"{len(overlap.subjects):,}",
        share(overlap.seen),
        accuracy(overlap.frequent or 0),
        accuracy(overlap.right, overlap.copied),
        accuracy(overlap.guessed),
    ]
