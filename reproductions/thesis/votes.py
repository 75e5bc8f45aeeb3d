"""How good a strict number can be: what ten later annotators (FER+) say about the labels of FER2013.

An image is confirmed where the entry with the most of its ten votes is its FER2013 label, else disputed. Of entries
with equally many votes (5 % of the images) the one that stands first in the ballot counts.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from common.media.images import BALLOT, StillImages
from datasets.ferplus import majority

if TYPE_CHECKING:
    import pandas


def support(votes: np.ndarray, emotions: np.ndarray) -> np.ndarray:
    """How many of an image's ten votes are for its own label: (n,) int, 0 for a label outside the ballot."""
    place = {str(entry): column for column, entry in enumerate(BALLOT)}
    columns = np.array([place.get(str(emotion), -1) for emotion in emotions])
    counted = votes[np.arange(len(votes)), columns].astype(int)
    return np.where(columns >= 0, counted, 0)


def columns(images: StillImages) -> dict[str, np.ndarray]:
    """What tables need of the votes, one entry an image: majority (str) and votes for the own label (int)."""
    return {"majority": majority(images.votes), "votes": support(images.votes, images.emotions)}


def agreement(table: "pandas.DataFrame", classes: Sequence[str]) -> list[dict]:
    """By class and over all: images, those whose majority is the label, and the mean share of votes for it.

    Args:
        table: one row an image with the columns emotion, majority and votes.
    """
    confirmed = (table.majority == table.emotion).to_numpy()
    groups = {name: (table.emotion == name).to_numpy() for name in classes} | {"All": np.ones(len(table), bool)}
    return [
        {
            "emotion": name,
            "images": int(mask.sum()),
            "confirmed": int(confirmed[mask].sum()),
            "share": float(confirmed[mask].mean()),
            "votes": float(table.votes.to_numpy()[mask].mean() / 10),
        }
        for name, mask in groups.items()
        if mask.any()
    ]


def clearest(votes: np.ndarray, emotions: np.ndarray, sizes: Mapping[str, int], seed: int = 0) -> np.ndarray:
    """The images of each class with the most votes for their label; equals are drawn at random.

    Args:
        votes: (n, 10).
        emotions: (n,) str.
        sizes: class -> how many images of it.

    Returns:
        Ascending positions; fewer than asked of a class that has fewer.
    """
    agreed = support(votes, emotions) + np.random.default_rng(seed).random(len(emotions))
    return _most(agreed, emotions, sizes)


def any_of(emotions: np.ndarray, sizes: Mapping[str, int], seed: int = 0) -> np.ndarray:
    """So many images of each class, drawn at random: what `clearest` is to be compared with."""
    return _most(np.random.default_rng(seed).random(len(emotions)), emotions, sizes)


def _most(value: np.ndarray, emotions: np.ndarray, sizes: Mapping[str, int]) -> np.ndarray:
    chosen = []
    for name, size in sizes.items():
        members = np.flatnonzero(emotions == name)
        chosen.append(members[np.argsort(-value[members], kind="stable")[:size]])
    return np.sort(np.concatenate(chosen))
