"""What picking the best of many trials does to its accuracy, by simulation.

All trials are tested on the same few hundred samples, so each accuracy is partly luck; whoever wins was good and
lucky. The luck is not there when the winner is tested again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Optimism:
    """How much more accurate the best trial looks than it is, as part of 1.

    Attributes:
        expected: on average over simulated searches.
        low, high: 95 % of the simulated searches lie between.
    """

    expected: float
    low: float
    high: float


def spread(accuracies: Sequence[float], samples: int) -> tuple[float, float]:
    """Standard deviations: of what the trials scored, and of what luck alone makes of equally good ones.

    Args:
        accuracies: of completed trials, 0 to 1.
        samples: that each was tested on.
    """
    mean = float(np.mean(accuracies))
    return float(np.std(accuracies, ddof=1)), float(np.sqrt(mean * (1 - mean) / samples))


def of_the_best(accuracies: Sequence[float], samples: int, trials: int, draws: int = 2000, seed: int = 0) -> Optimism:
    """Simulate searches whose settings are as good, and as different, as these.

    What luck alone explains of the measured spread is taken out: each accuracy is drawn towards their mean until the
    rest of the variance is left, and the results are taken as the true ones. A simulated search draws `trials` of
    them, tests each on `samples` independent samples, and takes the best (one of the best at random).

    Args:
        accuracies: of at least two completed trials, 0 to 1.
        samples: that each trial is tested on.
        trials: completed trials of a simulated search.
    """
    measured, luck = spread(accuracies, samples)
    kept = np.sqrt(max(0.0, measured**2 - luck**2)) / measured if measured else 0.0
    mean = np.mean(accuracies)
    true = mean + kept * (np.asarray(accuracies) - mean)
    rng = np.random.default_rng(seed)
    gains = []
    for _ in range(draws):
        drawn = rng.choice(true, trials)
        scored = rng.binomial(samples, drawn)
        best = rng.choice(np.flatnonzero(scored == scored.max()))
        gains.append(scored[best] / samples - drawn[best])
    low, high = np.quantile(gains, [0.025, 0.975])
    return Optimism(float(np.mean(gains)), float(low), float(high))
