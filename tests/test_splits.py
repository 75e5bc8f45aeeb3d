"""Splits, what the auditor says of them, and the controls, against brute force on small tables."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from common.protocols import baselines, splitters
from common.protocols.leakage import SplitSummary, audit_split, summarise, summarise_folds
from common.protocols.splitters import Fold
from common.support.errors import UserError

PROTOCOLS = [splitters.random_windows, splitters.clip_disjoint, splitters.subject_disjoint]


def corpus(subjects=12, clips=("Angry", "Happy", "Sad", "Angry"), windows=6, name="CK+"):
    rows = [
        (name, f"{s}/{c}", f"{name}/{s:03d}", emotion, w, w + 4)
        for s in range(subjects)
        for c, emotion in enumerate(clips)
        for w in range(windows)
    ]
    return table_of(rows)


def table_of(rows):
    table = pd.DataFrame(rows, columns=["corpus", "clip", "subject", "emotion", "first_frame", "last_frame"])
    return table.assign(sample=np.arange(len(table)))


@st.composite
def tables(draw, least=1):
    """Small tables of two corpora, where a clip has one subject and one emotion."""
    clips = draw(
        st.lists(
            st.tuples(st.sampled_from("AB"), st.integers(0, 3), st.sampled_from(["Angry", "Happy", "Sad"])),
            min_size=least,
            max_size=12,
        )
    )
    rows = []
    for number, (name, subject, emotion) in enumerate(clips):
        for first in draw(st.lists(st.integers(0, 9), min_size=1, max_size=4)):
            rows.append((name, f"{number}", f"{name}/{subject}", emotion, first, first + 4))
    return table_of(rows)


@st.composite
def tables_with_folds(draw):
    table = draw(tables())
    sides = np.array(draw(st.lists(st.integers(0, 3), min_size=len(table), max_size=len(table))))
    return table, Fold("any", *(np.flatnonzero(sides == side) for side in range(3)))


def parts(fold):
    return fold.train, fold.validation, fold.test


# --- splits -----------------------------------------------------------------------------------------


def test_sizes_of_the_published_split():
    table = pd.DataFrame({"emotion": np.resize(["Happy", "Sad"], 68_363)})
    for stratify in (False, True):
        fold = splitters.random_windows(table, seed=0, stratify=stratify)
        assert [len(part) for part in parts(fold)] == [47_853, 6_837, 13_673]


@pytest.mark.parametrize("split", PROTOCOLS)
def test_a_split_is_a_partition_that_only_the_seed_decides(split):
    table = corpus()
    fold = split(table, seed=3)
    assert np.array_equal(np.sort(np.concatenate(parts(fold))), np.arange(len(table)))
    again, other = split(table, seed=3), split(table, seed=4)
    assert fold.name == again.name != other.name
    assert all(np.array_equal(a, b) for a, b in zip(parts(fold), parts(again), strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(parts(fold), parts(other), strict=True))
    assert all((np.diff(part) > 0).all() for part in parts(fold))


@pytest.mark.parametrize("split", PROTOCOLS)
def test_without_validation_nothing_is_kept_back(split):
    fold = split(corpus(), seed=0, fractions=(0.8, 0.0, 0.2))
    assert len(fold.validation) == 0
    assert len(fold.train) + len(fold.test) == len(corpus())


def test_stratified_windows_keep_the_share_of_each_emotion():
    table = corpus()
    for part in parts(splitters.random_windows(table, 0, stratify=True)):
        assert (table.emotion.iloc[part] == "Angry").mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("split", [splitters.clip_disjoint, splitters.subject_disjoint])
def test_grouped_splits_reach_the_fractions_with_every_emotion_on_every_side(split):
    table = pd.concat([corpus(40), corpus(15, ("Neutral", "Fear"), 9, "BAUM-1")], ignore_index=True)
    for seed in range(5):
        fold = split(table, seed)
        for part, fraction in zip(parts(fold), (0.7, 0.1, 0.2), strict=True):
            shares = table.emotion.iloc[part].value_counts() / table.emotion.value_counts()
            assert shares.notna().all()
            assert shares.to_numpy() == pytest.approx(fraction, abs=0.05)


@given(tables(least=3), st.integers(0, 5), st.sampled_from(["clip_disjoint", "subject_disjoint"]))
@settings(max_examples=80)
def test_grouped_splits_keep_groups_whole_or_refuse(table, seed, protocol):
    groups = table.corpus + table["clip"] if protocol == "clip_disjoint" else table.subject
    try:
        fold = getattr(splitters, protocol)(table, seed)
    except UserError as error:
        assert protocol.split("_")[0] in error.problem and error.remedy
        return
    members = [set(groups.iloc[part]) for part in parts(fold)]
    assert not members[0] & members[1] and not members[0] & members[2] and not members[1] & members[2]
    for part in (fold.train, fold.test):
        assert set(table.emotion.iloc[part]) == set(table.emotion)


def test_subjects_are_divided_by_chance_and_every_corpus_alike():
    """Subjects of one corpus have more windows than those of the other, and still stand on all sides."""
    table = pd.concat([corpus(20, windows=3), corpus(20, windows=12, name="BAUM-1")], ignore_index=True)
    table["sample"] = np.arange(len(table))
    folds = [splitters.subject_disjoint(table, seed) for seed in range(5)]
    for fold in folds:
        test = table.iloc[fold.test]
        assert test.groupby("corpus").subject.nunique().to_dict() == {"BAUM-1": 4, "CK+": 4}
    assert len({tuple(fold.test) for fold in folds}) > 3


def test_subject_disjoint_refuses_what_cannot_be():
    with pytest.raises(UserError, match="needs at least 3 subjects, and there are 2"):
        splitters.subject_disjoint(corpus(2), 0)
    lone = pd.concat([corpus(8), corpus(1, ("Fear",), 3, "BAUM-1")], ignore_index=True)
    with pytest.raises(UserError, match="Fear into both training and test: only 1 of 9 subjects"):
        splitters.subject_disjoint(lone, 0)


def test_three_subjects_are_enough():
    fold = splitters.subject_disjoint(corpus(3), 0)
    assert [len(part) for part in parts(fold)] == [24, 24, 24]


def test_step_folds_test_everybody_once():
    table = corpus(118, ("Happy",), 1).sample(frac=1, random_state=0)
    folds = splitters.step_folds(table)
    assert [len(fold.test) for fold in folds] == [12] * 8 + [11] * 2
    assert np.array_equal(np.sort(np.concatenate([fold.test for fold in folds])), np.arange(118))
    assert set(table.subject.iloc[folds[0].test]) == {f"CK+/{s:03d}" for s in range(0, 118, 10)}
    assert all(len(fold.train) + len(fold.test) == 118 for fold in folds)
    with pytest.raises(UserError, match="at least 10 subjects"):
        splitters.step_folds(corpus(9))


def test_shuffled_folds_deal_out_the_same_sizes_by_chance():
    table = corpus(23, ("Happy", "Sad"), 1)
    folds, others = splitters.shuffled_folds(table, seed=0), splitters.shuffled_folds(table, seed=1)
    assert [len(names(table, fold.test)) for fold in folds] == [3] * 3 + [2] * 7
    assert np.array_equal(np.sort(np.concatenate([fold.test for fold in folds])), np.arange(len(table)))
    assert all(audit_split(table, fold).clean for fold in folds)
    chosen = [[names(table, fold.test) for fold in some] for some in (folds, others, splitters.step_folds(table))]
    assert chosen[0] != chosen[1] != chosen[2] != chosen[0]


def names(table, positions):
    return set(table.subject.iloc[positions])


def test_random_folds_test_every_sample_once_whoever_shows_it():
    table = corpus()
    folds = splitters.random_folds(table, 5)
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(len(table)))
    assert {len(fold.test) for fold in folds} <= {len(table) // 5, len(table) // 5 + 1}
    for fold in folds:
        assert sorted([*fold.train, *fold.test]) == list(range(len(table))) and len(fold.validation) == 0
        assert audit_split(table, fold).test.of_seen_subjects == len(fold.test)
    assert not np.array_equal(folds[0].test, splitters.random_folds(table, 5, seed=1)[0].test)
    with pytest.raises(UserError, match="at least 5 samples"):
        splitters.random_folds(table[:4], 5)


def test_subject_blocks_are_neighbours():
    table = corpus(23, ("Happy", "Sad"), 1).sample(frac=1, random_state=0)
    folds = splitters.subject_blocks(table)
    assert [len(names(table, fold.test)) for fold in folds] == [3] * 3 + [2] * 7
    assert names(table, folds[1].test) == {"CK+/003", "CK+/004", "CK+/005"}
    assert all(audit_split(table, fold).clean for fold in folds)


@pytest.mark.parametrize("blocks", [False, True])
def test_clip_folds_have_the_sizes_that_the_printed_accuracies_fit(blocks):
    table = corpus(109, ("Happy", "Sad", "Angry"), 2).sample(frac=1, random_state=0)
    folds = splitters.clip_folds(table, 10, blocks)
    assert [len(fold.test) for fold in folds] == [2 * size for size in [33] * 7 + [32] * 3]
    assert np.array_equal(np.sort(np.concatenate([fold.test for fold in folds])), np.arange(len(table)))
    audits = [audit_split(table, fold).test for fold in folds]
    assert all(audit.clips == 0 for audit in audits)
    shared = [audit.subjects for audit in audits]
    assert max(shared) <= 2 if blocks else min(shared) >= 32
    with pytest.raises(UserError, match="at least 10 clips"):
        splitters.clip_folds(corpus(3, ("Happy",)))


def test_leave_one_subject_out():
    table = corpus(5).sample(frac=1, random_state=0)
    folds = splitters.leave_one_subject_out(table)
    assert [fold.name for fold in folds] == [f"CK+-{s:03d}" for s in range(5)]
    assert [names(table, fold.test) for fold in folds] == [{f"CK+/{s:03d}"} for s in range(5)]
    assert all(len(fold.test) == 24 and audit_split(table, fold).clean for fold in folds)
    with pytest.raises(UserError, match="at least 2 subjects"):
        splitters.leave_one_subject_out(corpus(1))


@given(tables(least=2), st.integers(2, 5))
def test_validation_takes_whole_subjects_from_training_alone(table, every):
    assume(table.subject.nunique() > 2)
    before = splitters.leave_one_subject_out(table)[0]
    fold = splitters.with_validation(table, before, every)
    assert np.array_equal(fold.test, before.test) and fold.name == before.name
    assert np.array_equal(np.sort(np.concatenate([fold.train, fold.validation])), before.train)
    assert len(fold.train) and not names(table, fold.validation) & names(table, fold.train)
    assert len(names(table, fold.validation)) == max(1, (table.subject.nunique() - 1) // every)


def test_validation_needs_two_subjects_to_train_on():
    with pytest.raises(UserError, match="at least 2 subjects"):
        splitters.with_validation(corpus(2), splitters.leave_one_subject_out(corpus(2))[0])


@given(tables(least=3), st.integers(2, 10))
def test_validation_clips_are_whole_clips_from_training_alone(table, every):
    clip = table.groupby(["corpus", "clip"]).ngroup().to_numpy()
    assume(clip.max() > 1)
    before = Fold("f", np.flatnonzero(clip != 0), np.array([], int), np.flatnonzero(clip == 0))
    fold = splitters.with_validation_clips(table, before, every)
    assert np.array_equal(fold.test, before.test) and fold.name == before.name
    assert np.array_equal(np.sort(np.concatenate([fold.train, fold.validation])), before.train)
    assert len(fold.train) and not set(clip[fold.validation]) & set(clip[fold.train])
    assert len(set(clip[fold.validation])) == max(1, clip.max() // every)


def test_validation_clips_are_of_every_emotion_and_need_two_clips():
    table = corpus(4, ("Angry", "Happy", "Sad") * 10, 1)
    fold = splitters.with_validation_clips(table, splitters.leave_one_subject_out(table)[0])
    assert table.emotion.iloc[fold.validation].value_counts().to_dict() == {"Angry": 3, "Happy": 3, "Sad": 3}
    with pytest.raises(UserError, match="at least 2 clips to train on"):
        splitters.with_validation_clips(table, Fold("f", np.array([0]), np.array([], int), np.array([1])))


# --- auditor ----------------------------------------------------------------------------------------


@given(tables_with_folds(), st.data())
def test_audit_agrees_with_comparing_every_pair(table_and_fold, data):
    table, fold = table_and_fold
    originals = st.integers(-1, len(table) - 1)
    table["original"] = data.draw(st.lists(originals, min_size=len(table), max_size=len(table)))
    audit = audit_split(table, fold)
    rows = list(table.itertuples())
    family = [row.original if row.original >= 0 else row.sample for row in rows]

    def same_clip(a, b):
        return (a.corpus, a.clip) == (b.corpus, b.clip)

    def overlap(a, b):
        return same_clip(a, b) and a.first_frame <= b.last_frame and b.first_frame <= a.last_frame

    for leak, held in ((audit.test, fold.test), (audit.validation, fold.validation)):
        pairs = [(rows[h], rows[t]) for h in held for t in fold.train]
        assert leak.samples == len(held)
        assert leak.subjects == len({h.subject for h, t in pairs if h.subject == t.subject})
        assert leak.clips == len({(h.corpus, h.clip) for h, t in pairs if same_clip(h, t)})
        assert leak.of_seen_subjects == len({h.Index for h, t in pairs if h.subject == t.subject})
        assert leak.of_seen_clips == len({h.Index for h, t in pairs if same_clip(h, t)})
        assert leak.sharing_frames == len({h.Index for h, t in pairs if overlap(h, t)})
        assert leak.copied == len({h for h in held if family[h] in {family[t] for t in fold.train}})


def test_protocols_leak_what_their_names_say():
    table = corpus(30)
    by_window, by_clip, by_subject = (audit_split(table, split(table, 0)) for split in PROTOCOLS)
    assert by_window.test.share(by_window.test.sharing_frames) > 0.9
    assert by_clip.test.clips == by_clip.test.sharing_frames == 0 < by_clip.test.subjects
    assert by_subject.clean and not by_clip.clean
    assert "share frames with a training sample" in str(by_window)
    assert "show subjects that are trained on" in str(by_clip) and "share frames" not in str(by_clip)
    assert str(by_subject).startswith("No test sample has a subject, clip, frame or copy in common with training.")


def test_audit_without_validation_says_so():
    audit = audit_split(corpus(10), splitters.step_folds(corpus(10))[0])
    assert audit.clean and "no validation samples" in str(audit)


# --- controls ---------------------------------------------------------------------------------------


def test_majority_counts_training_only():
    table = table_of([("A", "c", "s", emotion, 0, 4) for emotion in ("Sad", "Sad", "Happy", "Happy", "Happy")])
    fold = Fold("f", np.array([0, 1, 2]), np.array([], int), np.array([3, 4]))
    assert baselines.majority(table, fold).tolist() == ["Sad", "Sad"]
    assert baselines.accuracy(table, fold, baselines.majority(table, fold)) == 0


def test_corpus_only_profits_from_an_emotion_that_one_corpus_has():
    table = pd.concat([corpus(10), corpus(10, ("Neutral",), 8, "BAUM-1")], ignore_index=True)
    fold = splitters.subject_disjoint(table, 0)
    predicted = baselines.corpus_only(table, fold)
    by_corpus = dict(zip(table.corpus.iloc[fold.test], predicted, strict=True))
    assert by_corpus == {"CK+": "Angry", "BAUM-1": "Neutral"}
    assert baselines.accuracy(table, fold, predicted) > baselines.accuracy(table, fold, baselines.majority(table, fold))


def test_corpus_only_guesses_the_majority_for_an_unseen_corpus():
    table = table_of([("A", "c", "s", "Sad", 0, 4)] * 3 + [("B", "d", "t", "Happy", 0, 4)])
    fold = Fold("f", np.arange(3), np.array([], int), np.array([3]))
    assert baselines.corpus_only(table, fold).tolist() == ["Sad"]


@given(tables_with_folds(), st.integers(0, 9))
def test_shuffled_labels_permute_training_and_nothing_else(table_and_fold, seed):
    table, fold = table_and_fold
    labels = np.arange(len(table))
    shuffled = baselines.shuffled_labels(labels, fold, seed)
    rest = np.setdiff1d(labels, fold.train)
    assert np.array_equal(shuffled[rest], labels[rest])
    assert sorted(shuffled[fold.train]) == sorted(labels[fold.train])
    assert np.array_equal(shuffled, baselines.shuffled_labels(labels, fold, seed))
    assert np.array_equal(labels, np.arange(len(table)))


def test_folds_that_are_tested_together_are_summed_and_said():
    table = corpus(10)
    folds = splitters.step_folds(table)
    clean = summarise_folds([summarise(table, fold) for fold in folds])
    assert clean.sizes.test == clean.test.samples == len(table) and clean.folds == len(folds)
    assert clean.leakage.startswith("No test sample has a subject")
    leaky = summarise_folds([summarise(table, splitters.random_windows(table, seed)) for seed in (0, 1)])
    assert f"({leaky.test.share(leaky.test.of_seen_subjects):.1%}) show subjects" in leaky.leakage


def test_summaries_of_earlier_versions_are_read():
    table = corpus(10)
    split = summarise(table, splitters.random_windows(table, 0), augmented=True)
    content = split.to_json()
    content |= {"said": content.pop("leakage"), "copies": content.pop("augmented")}
    assert SplitSummary.model_validate_json(json.dumps(content)) == split
