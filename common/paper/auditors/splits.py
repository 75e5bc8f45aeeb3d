"""The seed behind a printed support column."""

from collections.abc import Iterable, Sequence
from math import ceil

import numpy as np


def recover_seed(
    labels: Sequence[int], supports: Sequence[int], test_size: float = 0.25, seeds: Iterable[int] = range(3000)
) -> list[int]:
    """The seeds with which scikit-learn's `train_test_split` gives a test part with these class counts.

    Args:
        labels: (n,) label codes 0, 1, ... in file order.
        supports: printed number of test samples of every class.
        test_size: share of the test part.
        seeds: values of `random_state` to try, about a millisecond each for 35,887 labels.

    Without stratification that function takes the first samples of a permutation as the test part, so the
    permutation alone is drawn here, from the same legacy generator.
    """
    labels, supports = np.asarray(labels, np.int8), list(supports)
    n_test = ceil(test_size * len(labels))
    if n_test != sum(supports):
        return []
    found = []
    for seed in seeds:
        test = np.random.RandomState(seed).permutation(len(labels))[:n_test]
        if np.bincount(labels[test], minlength=len(supports)).tolist() == supports:
            found.append(seed)
    return found
