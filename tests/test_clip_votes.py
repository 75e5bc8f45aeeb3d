"""One answer a clip from those of its samples."""

import pandas as pd
import pytest

from common.runs.clip_votes import by_clip
from common.support.errors import UserError

# Two samples that lean to Happy a little, one that is sure of Sad.
SURE = [("a", "Happy", 0.6), ("a", "Happy", 0.6), ("a", "Sad", 0.1)]
TIED = [("b", "Happy", 0.6), ("b", "Sad", 0.1)]
ALONE = [("c", "Happy", 0.9)]


def table(*rows, seed=0, fold=""):
    shown = [
        {"sample": n, "corpus": "RML", "clip": clip, "subject": "RML/s1", "emotion": "Happy", "predicted": predicted}
        | {"p_Happy": share, "p_Sad": 1 - share, "seed": seed, "fold": fold}
        for n, (clip, predicted, share) in enumerate(rows)
    ]
    return pd.DataFrame(shown)


def test_the_mean_and_the_vote_of_a_clip_can_differ():
    everything = table(*SURE, *TIED, *ALONE)
    mean, vote = by_clip(everything, "mean"), by_clip(everything, "vote")
    assert mean["clip"].tolist() == vote["clip"].tolist() == ["a", "b", "c"]
    # Means of Happy: 0.43 and 0.35; the vote of b is tied, so its mean decides.
    assert mean.predicted.tolist() == ["Sad", "Sad", "Happy"]
    assert vote.predicted.tolist() == ["Happy", "Sad", "Happy"]
    assert mean["sample"].tolist() == [0, 3, 5] and not [name for name in mean if name.startswith("p_")]


def test_clips_of_other_seeds_and_folds_are_clips_of_their_own():
    several = [table(*ALONE), table(*ALONE, seed=1), table(*ALONE, fold="fold-02"), table(*TIED, fold="fold-02")]
    found = by_clip(pd.concat(several, ignore_index=True), "mean")
    assert list(zip(found.seed, found.fold, found["clip"], strict=True)) == [
        (0, "", "c"),
        (1, "", "c"),
        (0, "fold-02", "c"),
        (0, "fold-02", "b"),
    ]


def test_a_class_with_few_votes_never_wins_by_its_mean():
    rows = pd.DataFrame(
        {"sample": range(3), "corpus": "RML", "clip": "a", "subject": "s", "emotion": "Sad", "seed": 0, "fold": ""}
        | {"predicted": ["Happy", "Happy", "Sad"], "p_Happy": [0.4, 0.4, 0.0], "p_Sad": [0.3, 0.3, 1.0]}
        | {"p_Fear": [0.3, 0.3, 0.0]}
    )
    assert by_clip(rows, "vote").predicted.tolist() == ["Happy"]
    assert by_clip(rows, "mean").predicted.tolist() == ["Sad"]


def test_predictions_without_probabilities_are_refused():
    bare = table(*ALONE).drop(columns=["p_Happy", "p_Sad"])
    with pytest.raises(UserError, match="hold no probabilities"):
        by_clip(bare, "vote")
