"""Confidence intervals for accuracies that respect how the test samples depend on each other.

- `wilson`: one test set of independent samples.
- `of_difference`: the difference of two proportions that were measured apart.
- `clustered`: samples that come in clusters (windows of one clip, clips of one subject): whole clusters are
  resampled. Over several seeds the seeds are resampled too, since every seed tests the same people.

All functions work with fractions in 0..1 and are deterministic.
"""

from functools import lru_cache
from math import hypot
from statistics import NormalDist

import numpy as np

RESAMPLES = 4000
SAME = 1e-9  # resamples that differ by less are alike


def wilson(k, n, level: float = 0.95):
    """Wilson's score interval for a proportion (Wilson 1927).

    Args:
        k: number of successes; a number or an array.
        n: number of trials, at least 1; a number or an array.
        level: confidence level.

    Returns:
        (low, high): floats, or arrays of the common shape of k and n.

    Raises:
        ValueError: if k is not within 0..n or n is not positive.

    >>> [round(x, 4) for x in wilson(311, 327)]
    [0.922, 0.9697]
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    if np.any(n <= 0) or np.any(k < 0) or np.any(k > n):
        raise ValueError(f"{k} successes of {n} trials are not a proportion")
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    low = np.where(k == 0, 0.0, centre - half)
    high = np.where(k == n, 1.0, centre + half)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


def clustered(
    correct, clusters, seeds=None, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0, weights=None
) -> tuple[float, float]:
    """Bootstrap interval of an accuracy over clusters, and over training seeds where there are several.

    Clusters are drawn with replacement and bring all their samples along (cluster bootstrap). With several
    seeds a resample draws seeds and clusters independently and multiplies their weights (the pigeonhole
    bootstrap of Owen 2007), since a subject stands in the test parts of all seeds. Folds need no term of their
    own: they divide the subjects, and each is tested once a seed; what retraining adds is seen through the seeds.
    The percentiles are moved outwards as Hesterberg (2015, "expanded percentile") does for few clusters.
    Where all resamples are alike (all right, all wrong, or every cluster the same share) the clusters count as trials
    of `wilson`.

    Args:
        correct: (n,) bool or 0/1, one a tested sample and seed.
        clusters: (n,) identifiers of what is drawn as a whole, usually the subject.
        seeds: (n,) training seed of each entry, or None for a single training.
        level: confidence level.
        resamples: number of bootstrap resamples.
        seed: of the random draws; equal arguments give equal intervals.
        weights: (n,) what each entry counts, all above zero; None where all count the same.

    Returns:
        (low, high). With a single cluster (0.0, 1.0): one person says nothing about the next.

    Raises:
        ValueError: if the arrays are empty or differ in length.
    """
    correct = np.asarray(correct, float)
    if correct.size == 0 or correct.shape != np.shape(clusters):
        raise ValueError("an interval needs one cluster for every one of at least one sample")
    _, cluster = np.unique(np.asarray(clusters).astype(str), return_inverse=True)
    seeds = np.zeros(correct.size, int) if seeds is None else np.asarray(seeds)
    _, training = np.unique(seeds.astype(str), return_inverse=True)
    shape = (training.max() + 1, cluster.max() + 1)
    hits, tested = np.zeros(shape), np.zeros(shape)
    weights = np.ones(correct.size) if weights is None else np.asarray(weights, float)
    np.add.at(hits, (training, cluster), correct * weights)
    np.add.at(tested, (training, cluster), weights)

    groups = shape[1]
    if groups == 1:
        return 0.0, 1.0
    accuracies = _resampled(hits, tested, resamples, seed)
    if np.ptp(accuracies) < SAME and np.isin(correct, (0, 1)).all():
        return wilson(groups * accuracies.mean(), groups, level)
    outside = expanded_tail(groups, level)
    low, high = np.quantile(accuracies, [outside, 1 - outside])
    return float(low), float(high)


def clustered_gain(gain: np.ndarray, clusters, seeds=None) -> tuple[float, float]:
    """`clustered` for what two classifiers differ by: (n,) of -1, 0 or 1, one a sample that both were asked about.

    Where they differ by the same in all resamples, `of_constant`.
    """
    # The bootstrap takes values in [0, 1].
    low, high = clustered((gain + 1) / 2, clusters, seeds)
    low, high = 2 * low - 1, 2 * high - 1
    return (low, high) if low < high else of_constant(low, len(set(clusters)))


def of_constant(gain: float, groups: int, level: float = 0.95) -> tuple[float, float]:
    """The interval of a difference that is the same in all resamples, such as 0 of two that are always right.

    It reaches as far as the share of the clusters in which something else may happen that never happened in these.
    """
    _, unseen = wilson(0, groups, level)
    return max(gain - unseen, -1.0), min(gain + unseen, 1.0)


def of_difference(
    first: tuple[float, tuple[float, float]], second: tuple[float, tuple[float, float]]
) -> tuple[float, float]:
    """The interval of the first value less the second, of two values measured apart, each with its own interval.

    Newcombe (1998, method 10) for Wilson's intervals, Zou and Donner (2008) for others, such as those of a bootstrap.

    >>> [round(end, 4) for end in of_difference((56 / 70, wilson(56, 70)), (48 / 80, wilson(48, 80)))]
    [0.0524, 0.3339]
    """
    (one, (low, high)), (other, (least, most)) = first, second
    return one - other - hypot(one - low, most - other), one - other + hypot(high - one, other - least)


def _resampled(hits, tested, resamples: int, seed: int) -> np.ndarray:
    """Accuracies of the resamples, those without any tested sample left out."""
    trainings = len(hits)
    # Clusters with the same figures are drawn together: of ten thousand single images only two kinds are left.
    kinds, sizes = np.unique(np.concatenate([hits, tested]), axis=1, return_counts=True)
    cluster_weights, training_weights = _drawn(tuple(sizes.tolist()), trainings, resamples, seed)
    right, total = (drawn_sum(training_weights, part, cluster_weights) for part in np.split(kinds, 2))
    return right[total > 0] / total[total > 0]


def drawn_sum(trainings: np.ndarray, figures: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """The sum of figures (trainings, clusters) in each resample, (resamples,).

    Args:
        trainings, clusters: how often each resample has each, (resamples, trainings) and (resamples, clusters).
    """
    return np.einsum("bs,sg,bg->b", trainings, figures, clusters, optimize=True)


@lru_cache(maxsize=64)
def _drawn(sizes: tuple[int, ...], trainings: int, resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each resample has clusters of each kind (resamples, kinds), and each training (resamples, trainings).

    Kept, for a report asks for hundreds of intervals over the same few people.

    Args:
        sizes: how many clusters there are of each kind.
    """
    random, groups = np.random.default_rng(seed), sum(sizes)
    clusters = random.multinomial(groups, np.array(sizes) / groups, resamples)
    return clusters, random.multinomial(trainings, np.full(trainings, 1 / trainings), resamples)


def expanded_tail(groups: int, level: float) -> float:
    """The share to cut off at either end so that few clusters come nearer to the nominal coverage.

    They do not quite reach it: with four or five clusters, or accuracies near 1, simulations cover 80 to 90 % instead
    of 95 %.
    """
    from scipy.special import stdtrit

    t = stdtrit(groups - 1, (1 + level) / 2)
    return NormalDist().cdf(-float(np.sqrt(groups / (groups - 1)) * t))
