"""One answer a clip from those of its samples, by their mean probabilities or by the vote of most of them."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from common.support.errors import UserError

if TYPE_CHECKING:
    import pandas

How = Literal["mean", "vote"]
_OF_CLIP = ["seed", "fold", "corpus", "clip"]


def by_clip(table: "pandas.DataFrame", how: How) -> "pandas.DataFrame":
    """The predictions of clips: one a seed, fold and clip, with the columns of its first sample but no probabilities.

    Args:
        table: as `common.runs.scores.predictions` gives it, with a column p_<class> for every class.
        how: "mean" predicts the class with the largest mean probability; "vote" that which most samples are taken
            for, of several the one of these with the largest mean probability.

    Raises:
        UserError: if the predictions have no probabilities.
    """
    columns = [name for name in table.columns if name.startswith("p_")]
    if not columns:
        raise UserError(
            "The answers for a clip cannot be joined: its predictions hold no probabilities.",
            "Choose that each sample counts alone, or a network that gives probabilities.",
        )
    clips = table.groupby(_OF_CLIP, sort=False, dropna=False)
    names = np.array([name.removeprefix("p_") for name in columns])
    means = clips[columns].mean().to_numpy()
    if how == "vote":
        votes = (table.predicted.to_numpy()[:, None] == names).astype(int)
        counts = table[_OF_CLIP].assign(**dict(zip(columns, votes.T, strict=True)))
        counted = counts.groupby(_OF_CLIP, sort=False, dropna=False)[columns].sum().to_numpy()
        means = np.where(counted == counted.max(axis=1, keepdims=True), means, -1.0)
    first = table.drop_duplicates(_OF_CLIP).drop(columns=columns).reset_index(drop=True)
    return first.assign(predicted=names[means.argmax(axis=1)])
