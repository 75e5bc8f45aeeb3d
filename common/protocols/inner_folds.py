"""Folds within a training part, for whoever chooses settings there: as strict as the protocol of the test.

A choice that is made on people who were trained on prefers what remembers people. Under `strict` no subject, and under
`clip-disjoint` no clip, therefore stands on both sides of an inner fold. Scaling, principal components and whatever
else learns from data are fitted anew on the training side of each.
"""

from typing import NamedTuple

import numpy as np

from common.support.errors import UserError

# Protocol -> what stays whole; under any other, samples are dealt out whatever they come from.
UNITS = {"clip-disjoint": "clip", "strict": "subject"}


class Inner(NamedTuple):
    """Positions in the table that was divided, ascending: (trained on,) and (held out,) int."""

    train: np.ndarray
    held_out: np.ndarray


def unit(protocol: str) -> str:
    """What no inner fold divides: "subject", "clip" or "sample"."""
    return UNITS.get(protocol, "sample")


def inner_folds(table, protocol: str, folds: int, seed: int = 0) -> list[Inner]:
    """Divide the rows of a training part, the share of every emotion as even as whole units allow.

    The same table, protocol and seed give the same folds. They are scikit-learn's StratifiedKFold for samples and
    StratifiedGroupKFold for subjects and clips, both shuffled.

    Args:
        table: of the training part alone, with the columns corpus, clip, subject and emotion.
        folds: at most so many; fewer where there are fewer subjects or clips, or no emotion has so many samples.

    Raises:
        UserError: if that leaves a single fold.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    emotions = table.emotion.to_numpy(str)
    if unit(protocol) == "sample":
        return _divided(StratifiedKFold(folds, shuffle=True, random_state=seed), emotions)
    groups = owners(table, protocol)
    folds = min(folds, len(np.unique(groups)), np.unique(emotions, return_counts=True)[1].max(initial=0))
    if folds < 2:
        raise UserError(
            f"{len(table)} samples to train on are too few to choose settings: that takes two {unit(protocol)}s and "
            "two samples of an emotion.",
            "Use a larger corpus.",
        )
    return _divided(StratifiedGroupKFold(folds, shuffle=True, random_state=seed), emotions, groups)


def owners(table, protocol: str) -> np.ndarray:
    """The number of the unit that each row belongs to, equal for rows that no fold may part: (rows,) int."""
    columns = {"subject": ["subject"], "clip": ["corpus", "clip"]}.get(unit(protocol))
    return np.arange(len(table)) if columns is None else table.groupby(columns).ngroup().to_numpy()


def _divided(splitter, emotions: np.ndarray, groups: np.ndarray | None = None) -> list[Inner]:
    return [Inner(*sides) for sides in splitter.split(np.zeros(len(emotions)), emotions, groups)]
