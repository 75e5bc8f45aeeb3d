"""What a score is worth: the scores of classifiers that never look at a face.

A network has learnt about faces only as far as it is better than these, and only if it falls to chance when its
training labels are shuffled.
"""

import numpy as np

from common.protocols.splitters import Fold


def majority(table, fold: Fold) -> np.ndarray:
    """The most frequent training emotion as the prediction for every test sample: (test samples,) str."""
    return np.full(len(fold.test), _most_frequent(table.emotion.iloc[fold.train]), object)


def corpus_only(table, fold: Fold) -> np.ndarray:
    """The most frequent training emotion of each test sample's corpus: (test samples,) str.

    It shows how much of an accuracy comes from telling corpora apart, as when one emotion exists in one corpus
    only. A corpus that is not trained on gets the most frequent emotion of all.
    """
    train = table.iloc[fold.train]
    of_corpus = train.groupby("corpus").emotion.agg(_most_frequent)
    predicted = table.corpus.iloc[fold.test].map(of_corpus)
    return predicted.fillna(_most_frequent(train.emotion)).to_numpy(object)


def accuracy(table, fold: Fold, predicted: np.ndarray) -> float:
    """Share of test samples whose emotion was predicted, between 0 and 1."""
    return float(np.mean(table.emotion.to_numpy(object)[fold.test] == predicted))


def shuffled_labels(labels: np.ndarray, fold: Fold, seed: int) -> np.ndarray:
    """A copy of all samples' labels with those of the training samples permuted among themselves."""
    shuffled = labels.copy()
    shuffled[fold.train] = np.random.default_rng(seed).permutation(labels[fold.train])
    return shuffled


def _most_frequent(emotions) -> str:
    # Equally frequent ones in alphabetical order, so that the control does not depend on the order of samples.
    return emotions.value_counts().sort_index().idxmax()
