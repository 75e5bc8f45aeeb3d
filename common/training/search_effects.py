"""What one option of a search did: how its trials rank among the others.

A mean accuracy cannot be taken, because pruned trials have none. Their rank is known: behind every completed trial,
and the farther they came the better.
"""

from collections.abc import Sequence

import numpy as np


def standing(trial: dict) -> tuple:
    """What ranks a trial, the greater the better.

    Args:
        trial: of a record: "pruned", "folds", "correct" and "tested" of the folds that were run.
    """
    if trial["pruned"]:
        return (0, trial["folds"], trial["correct"] / trial["tested"])
    return (1, 0, trial["correct"] / trial["tested"])


def dominance(
    having: Sequence[tuple], lacking: Sequence[tuple], resamples: int = 4000
) -> tuple[float, tuple[float, float]]:
    """How much likelier a trial with an option is better than one without than the other way about (Cliff's delta).

    The interval draws trials anew, on each side by itself. A search draws its trials by those before them, so they
    are not independent and the interval is rather too narrow.

    Args:
        having, lacking: standings of the trials with the option and of those without, at least one each.

    Returns:
        the difference of the two probabilities, -1 to 1, and its 95 % interval.
    """
    order = {value: place for place, value in enumerate(sorted({*having, *lacking}))}
    a, b = (np.array([order[value] for value in side]) for side in (having, lacking))
    wins = np.sign(a[:, None] - b[None, :]).astype(float)
    rng = np.random.default_rng(0)
    rows, columns = (rng.multinomial(n, np.full(n, 1 / n), resamples) / n for n in wins.shape)
    draws = np.einsum("ri,ij,rj->r", rows, wins, columns, optimize=True)
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(wins.mean()), (float(low), float(high))
