"""Whoever chooses something inside a training part divides it as strictly as the protocol divides the test off."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.paper import load as papers
from common.protocols.inner_folds import inner_folds, owners, unit
from common.protocols.splitters import Fold
from common.results.config import Request
from common.support.errors import UserError
from reproductions.cnn3d import data as cnn3d
from reproductions.cnn3d import search as cnn3d_search
from reproductions.convlstm import variants
from reproductions.emotionalvlan import groups
from reproductions.thesis import svm_search, trainings
from reproductions.timeconvnet import data as timeconvnet

EMOTIONS = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise")


def table(subjects: int = 14, clips: int = 7, frames: int = 3, seed: int = 0) -> pd.DataFrame:
    """Samples of clips that every subject has, each clip of one emotion, in a random order."""
    rows = [(s, c) for s in range(subjects) for c in range(clips) for _ in range(frames)]
    subject, clip = np.random.default_rng(seed).permutation(rows).T
    emotion = (clip + subject) % len(EMOTIONS)
    return pd.DataFrame(
        {
            "sample": np.arange(len(rows)),
            "corpus": "Faces",
            # Names that only the corpus tells apart from those of another.
            "clip": [f"s{s}/clip {c}" for s, c in zip(subject, clip, strict=True)],
            "subject": [f"Faces/s{s:02d}" for s in subject],
            "emotion": np.array(EMOTIONS)[emotion],
            "partition": np.array(("Train", "Val", "Training"))[clip % 3],
            "first_frame": np.arange(len(rows)),
            "last_frame": np.arange(len(rows)),
        }
    )


def crossing(rows, protocol, train, held_out) -> int:
    """How many units of a protocol stand both among these rows of a table and among those."""
    of = owners(rows, protocol)
    return len(np.intersect1d(of[train], of[held_out]))


@pytest.mark.filterwarnings("ignore:The least populated class")
@settings(max_examples=30, deadline=None)
@given(st.integers(2, 14), st.integers(4, 7), st.integers(1, 4), st.integers(2, 5), st.integers(0, 5))
def test_no_unit_of_a_protocol_is_on_both_sides_and_every_sample_is_held_out_once(subjects, clips, frames, folds, seed):
    rows = table(subjects, clips, frames, seed)
    for protocol, whole in (("strict", "subject"), ("clip-disjoint", "clip")):
        made = inner_folds(rows, protocol, folds, seed)
        most = rows.emotion.value_counts().max()
        assert unit(protocol) == whole and len(made) == min(folds, rows[whole].nunique(), most)
        for train, held_out in made:
            assert not set(rows[whole].iloc[train]) & set(rows[whole].iloc[held_out])
            assert len(train) and sorted([*train, *held_out]) == list(range(len(rows)))
        held = np.concatenate([held_out for _, held_out in made])
        assert sorted(held) == list(range(len(rows)))


def test_the_published_protocol_deals_out_samples_as_scikit_learn_does_alone():
    from sklearn.model_selection import StratifiedKFold

    rows = table()
    codes = rows.emotion.map(EMOTIONS[::-1].index)
    theirs = list(StratifiedKFold(3, shuffle=True, random_state=4).split(codes, codes))
    ours = inner_folds(rows, "published", 3, 4)
    for (train, held_out), (other_train, other_held_out) in zip(ours, theirs, strict=True):
        assert train.tolist() == other_train.tolist() and held_out.tolist() == other_held_out.tolist()
    assert crossing(rows, "strict", *ours[0]) > 0 < crossing(rows, "clip-disjoint", *ours[0])
    assert crossing(rows, "published", *ours[0]) == 0


def test_folds_are_the_same_every_time_and_follow_the_seed():
    rows = table()
    first, again, other = (inner_folds(rows, "strict", 3, seed)[0].held_out.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_clips_of_equal_names_in_two_corpora_are_two():
    rows = table(2, 2, 1).assign(clip="same", corpus=["A", "A", "B", "B"])
    assert len(set(owners(rows, "clip-disjoint"))) == 2


def test_fewer_subjects_than_folds_give_fewer_folds_and_one_none():
    assert len(inner_folds(table(subjects=2), "strict", 5)) == 2
    with pytest.raises(UserError, match=r"21 samples to train on are too few .* two subjects"):
        inner_folds(table(subjects=1), "strict", 3)


# --- every paper that chooses or fits something


class Choice(NamedTuple):
    """Rows of `rows` that are trained on, and those by which something is chosen."""

    rows: pd.DataFrame
    fold: Fold


def request(name: str) -> Request:
    paper = papers.load(name)
    return Request(paper, profile="paper", settings=paper.settings)


def of_thesis(protocol: str) -> Iterator[Choice]:
    rows = table()
    yield Choice(rows, trainings._fold(request("thesis"), rows, "CK+", protocol, 0))
    outer = svm_search.fold(rows, "CK+", protocol)
    part = rows.iloc[outer.train].reset_index(drop=True)
    for train, held_out in inner_folds(part, protocol, 3):
        yield Choice(part, Fold("inner", train, held_out, held_out))


def of_cnn3d(protocol: str) -> Iterator[Choice]:
    rows, asked = table(frames=1), request("cnn3d")  # a sample is a sequence
    for fold in (*cnn3d.ten_folds(asked, "CK+", rows, protocol), *cnn3d.one_subject_out(asked, rows, protocol)):
        yield Choice(rows, fold)
        if protocol == "strict":
            for _, inner in cnn3d_search._inner_folds(rows, fold, asked.sizes.get("folds")):
                yield Choice(rows, inner)
                # What the search reports of a configuration comes from subjects that did not choose its epoch.
                yield Choice(rows, Fold(inner.name, inner.validation, inner.test, fold.test))


def of_convlstm(protocol: str) -> Iterator[Choice]:
    rows, asked = table(frames=1).assign(original=-1), request("convlstm")  # a sample is a clip, none is augmented
    for name, variant in variants.VARIANTS.items():
        # AFEW names nobody, so that its parts are whole films by the word of its makers alone.
        if protocol in variant.protocols and variant.corpus != variants.AFEW:
            yield from (Choice(rows, division[1]) for division in variants.folds(asked, name, rows, protocol))


def of_emotionalvlan(protocol: str) -> Iterator[Choice]:
    rows = table()
    yield from (Choice(rows, fold) for _, fold in groups.folds(request("emotionalvlan"), "RML", rows, protocol))


def of_timeconvnet(protocol: str) -> Iterator[Choice]:
    rows = table()
    yield Choice(rows, timeconvnet.fold(request("timeconvnet"), rows, protocol))


CHOICES = [(of, protocol) for of in (of_thesis, of_cnn3d, of_timeconvnet) for protocol in ("strict", "clip-disjoint")]


@pytest.mark.parametrize(
    ("choices", "protocol"),
    [
        *CHOICES,
        (of_emotionalvlan, "strict"),
        (of_convlstm, "clip-disjoint"),
        (of_convlstm, "strict"),
    ],
)
def test_nothing_is_chosen_on_who_was_trained_on_or_is_tested(choices, protocol):
    chosen = list(choices(protocol))
    assert chosen
    for rows, fold in chosen:
        for sides in ((fold.train, fold.validation), (fold.train, fold.test)):
            assert crossing(rows, protocol, *sides) == 0, fold.name


def test_the_check_sees_what_the_authors_do():
    """The same check on their own protocol, where one exists: they choose on images of those who train."""
    rows = table()
    fold = trainings._fold(request("thesis"), rows, "CK+", "published", 0)
    assert crossing(rows, "strict", fold.train, fold.validation) > 0
