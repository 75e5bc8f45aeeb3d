"""Haddad et al.: folds, trainings and tables; trainings are replaced by their predictions except in one test."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fake_runs import evidence_of, finish, labels_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from commands import compare
from common.media.clips import Provenance
from common.paper import load as papers
from common.protocols.leakage import audit_split
from common.results import plans
from common.results.config import check
from common.results.differences import differences
from common.results.loading import load_complete
from common.runs import scores, store
from common.support.errors import UserError
from common.training.batches import class_labels
from reproductions import published
from reproductions.cnn3d import data, experiments, measured, preprocessing, significance, tables, trainings, variants
from reproductions.cnn3d import search as searching
from reproductions.cnn3d.data import CKPLUS, CLASSES, OULU
from reproductions.data_root import missing_sets

PAPER = papers.load("cnn3d")
EXACT = PAPER.profiles["paper"]
QUICK = {
    "synthetic": "tiny",
    "narrow": {"width": 64, "fc_units": 8},
    "epochs": 1,
    "steps_per_epoch": 1,
    "batch_size": 4,
}


def request(profile=None, folds=3, **options):
    """A request of the quick profile with so many folds in all, or of `profile`; CK+ has 20 subjects."""
    stated = PAPER.hyperparameters | {"folds": folds, "ckplus_subjects": 20}
    profiles = {"quick": profile or QUICK, "paper": PAPER.profiles["paper"]}
    small = PAPER.model_copy(update={"hyperparameters": stated, "profiles": profiles})
    named = {"profile": "paper"} if profile is EXACT else {}
    return check(small, experiments.EXPERIMENTS, **named, **options)


def sequences(corpus=CKPLUS, subjects=31, each=4):
    """A table of samples as `common.samples.build` has it, one a sequence."""
    names = [str(emotion) for emotion in CLASSES[corpus]]
    rows = [
        (corpus, f"S{s:03d}/{c:03d}", f"{corpus}/S{s:03d}", names[(s + c) % len(names)], 0, 9)
        for s in range(subjects)
        for c in range(each)
    ]
    table = pd.DataFrame(rows, columns=["corpus", "clip", "subject", "emotion", "first_frame", "last_frame"])
    return table.assign(sample=np.arange(len(table)))


class Drawn:
    """A corpus whose samples are a table alone."""

    def __init__(self, name=CKPLUS, **size):
        self.name, self.table, self.key = name, sequences(name, **size), f"drawn {name}"
        self.classes, self.origin, self.instead = CLASSES[name], Provenance(False), ""
        # One sequence more than samples, in which no face was found.
        self.clips = [SimpleNamespace(subject=subject) for subject in (*self.table.subject, self.table.subject[0])]

    def samples(self, request, clahe):
        return self


# --- folds ------------------------------------------------------------------------------------------


def test_published_and_strict_test_the_same_subjects_and_choose_on_others():
    table, asked = sequences(), request(folds=10)
    published, strict = (data.ten_folds(asked, CKPLUS, table, protocol) for protocol in ("published", "strict"))
    for told, trusted in zip(published, strict, strict=True):
        assert np.array_equal(told.test, trusted.test)
        assert np.array_equal(told.validation, told.test)
        audit = audit_split(table, trusted)
        assert audit.clean and audit.validation.samples > 0
        watched, tested = (set(table.subject.iloc[part]) for part in (trusted.validation, trusted.test))
        assert not watched & tested
    assert sorted(np.concatenate([fold.test for fold in strict])) == list(range(len(table)))


def test_the_setting_ckplus_folds_changes_ckplus_alone_and_the_published_protocol_alone():
    def of(corpus, protocol, *settings):
        asked = request(folds=10, settings=settings)
        return [fold.test.tolist() for fold in data.ten_folds(asked, corpus, sequences(corpus), protocol)]

    usual = of(CKPLUS, "published")
    others = [
        of(CKPLUS, "published", f"ckplus_folds={name}")
        for name in ("subjects_blocks", "sequences_step_10", "sequences_blocks")
    ]
    assert len({str(folds) for folds in [usual, *others]}) == 4
    assert of(CKPLUS, "strict", "ckplus_folds=sequences_step_10") == of(CKPLUS, "strict") == usual
    assert of(OULU, "published", "ckplus_folds=sequences_step_10") == of(OULU, "published")
    assert of(CKPLUS, "clip-disjoint") == others[1]


@settings(max_examples=25, deadline=None)
@given(subjects=st.integers(12, 40), each=st.integers(1, 6), seed=st.integers(0, 999))
def test_who_chooses_the_epoch_is_as_unknown_to_the_training_as_who_is_tested(subjects, each, seed):
    table = sequences(subjects=subjects, each=each)
    lost = np.random.default_rng(seed).random(len(table)) < 0.3
    lost[::each] = False  # everybody keeps a sequence
    table = table[~lost].reset_index(drop=True).assign(sample=np.arange((~lost).sum()))
    asked = request(folds=10)
    for protocol, unit in (("strict", "subject"), ("clip-disjoint", "clip")):
        for fold in [*data.ten_folds(asked, CKPLUS, table, protocol), *data.one_subject_out(asked, table, protocol)]:
            sides = [set(table[unit].iloc[getattr(fold, side)]) for side in ("train", "validation", "test")]
            assert all(sides) and sum(map(len, sides)) == table[unit].nunique(), (protocol, fold.name)
    outer = data.ten_folds(asked, CKPLUS, table, "strict")[0]
    for _, inner in searching._inner_folds(table, outer, 10):
        known = [set(table.subject.iloc[getattr(inner, side)]) for side in ("train", "validation", "test")]
        assert all(known) and sum(map(len, known)) == len(set.union(*known))
        assert not set.union(*known) & set(table.subject.iloc[outer.test])


def test_best_epoch_on_moves_the_choice_into_training():
    table, asked = sequences(), request(folds=10, settings=["best_epoch_on=inner_validation"])
    for fold in [*data.ten_folds(asked, CKPLUS, table, "published"), *data.one_subject_out(asked, table, "published")]:
        assert len(fold.validation) and not set(fold.validation) & set(fold.test)


def test_one_subject_out_has_two_protocols():
    table, asked = sequences(subjects=5), request()
    strict = data.one_subject_out(asked, table, "strict")
    assert [table.subject.iloc[fold.test].unique().tolist() for fold in strict] == [[f"CK+/S{s:03d}"] for s in range(5)]
    assert all(audit_split(table, fold).clean and len(fold.validation) == 4 for fold in strict)
    assert all(np.array_equal(f.validation, f.test) for f in data.one_subject_out(asked, table, "published"))
    assert data.one_subject_out(asked, table, "clip-disjoint") == []


# --- trainings --------------------------------------------------------------------------------------


def test_a_configuration_reaches_recipe_network_and_pixels():
    asked, best = request(profile={"epochs": 16}), PAPER.hyperparameters["best"]
    other = {
        "optimization": "lookahead_adam",
        "normalization": True,
        "activation": "mish",
        "loss_weights": True,
        "temporal_size": 5,
        "initializer": "xavier_normal",
        "pooling": "max",
        "second_convolution": True,
        "dropout": 0.5,
        "clahe": False,
    }
    assert set(other) == set(best)

    def made(options):
        how = trainings.recipe(asked, options, Drawn(), "last")
        return {**vars(how), **trainings.network_settings(asked, options)}

    changed = {name for name, value in made(other).items() if value != made(best)[name]}
    assert changed == {"optimizer", "pixel_scaling", "activation", "class_weights", "temporal", "initializer"} | {
        "pooling",
        "second_convolution",
        "dropout",
    }
    assert made(other)["pixel_scaling"] == "symmetric" and made(best)["optimizer"] == "adam"
    assert (made(best)["batch_size"], made(best)["learning_rate"], made(best)["epochs"]) == (30, 1e-4, 16)
    assert made(best)["fc_units"] == 4096 and "width" not in made(best)


def test_the_augmentation_is_that_of_the_paper():
    asked = request()
    for corpus, total, sizes in (
        (
            CKPLUS,
            1722,
            {"Angry": 45, "Disgust": 59, "Fear": 25, "Happy": 69, "Sad": 28, "Surprise": 83, "Contempt": 18},
        ),
        (OULU, 4320, dict.fromkeys(map(str, CLASSES[OULU]), 80)),
    ):
        augmentation = trainings.augmentation(asked, Drawn(corpus))
        shown = sum(sizes[str(name)] * augmentation.per_sample(number) for number, name in enumerate(CLASSES[corpus]))
        assert shown == total
    without = trainings.augmentation(request(settings=["originals_kept=false"]), Drawn())
    contempt = CLASSES[CKPLUS].index("Contempt")
    assert without.per_sample(contempt) == 12 == trainings.augmentation(asked, Drawn()).per_sample(contempt) - 1
    edge = trainings.augmentation(request(settings=["border_fill=edge", "transform_per=frame"]), Drawn())
    assert (edge.fill, edge.per) == ("edge", "frame")


def test_a_narrow_network_is_named_so_and_takes_what_the_user_says_of_the_dense_layers():
    options = PAPER.hyperparameters["best"]
    assert trainings.network(request(), "c1").key == "c1_narrow"
    assert trainings.network_settings(request(), options)["fc_units"] == 8
    assert trainings.network_settings(request(settings=["fc_units=512"]), options)["fc_units"] == 512
    exact = request(profile={"epochs": 16})
    assert trainings.network(exact, "c1").key == "c1" and "width" not in trainings.network_settings(exact, options)


def test_batches_are_divided_where_memory_is_short():
    how = trainings.recipe(
        request(profile={"epochs": 16}, settings=["batches_per_update=5"]),
        PAPER.hyperparameters["best"],
        Drawn(),
        "last",
    )
    assert (how.batch_size, how.accumulation) == (6, 5)


def test_the_lost_table_3_is_replaced_or_searched_again(tmp_path):
    ours = trainings.configuration(request(), OULU, "synthetic")
    best = trainings.configuration(request(), CKPLUS, "synthetic")
    changed = {name for name in best if best[name] != ours[name]}
    assert changed == {"optimization", "activation", "pooling"}
    with pytest.raises(UserError, match=r"There is no search on oulu yet(.|\n)*make search"):
        trainings.configuration(request(settings=["oulu_best=search_again"], results=tmp_path), OULU, "synthetic")


# --- from the plan to the tables --------------------------------------------------------------------


def publish(job, root, right):
    """A finished run of a job in which a share `right` of the tested sequences is recognised."""
    predicted = labels_of(job)
    wrong = len(predicted) - round(right * len(predicted))
    predicted[:wrong] = (predicted[:wrong] + 1) % len(job.training.classes)
    return finish(job, root, predicted, right)


# One more error in every fold than the row before, and in the strict protocol.
RIGHT = {"c1": 1.0, "c2": 0.9, "c3": 0.85, "c4": 0.8}


def right(training):
    number = int("".join(filter(str.isdigit, training.fold_name)) or 0)
    lost = 0.15 * (training.protocol == "strict") + 0.05 * (number % 3)
    return max(0.2, RIGHT[training.network.key[:2]] - lost)


def reproduce(folder, monkeypatch, **options):
    """Evidence of a reproduction without trainings, on tables instead of images."""

    def launch(jobs, root, origin, **_):
        return [store.finished(job.training.identity, root) or publish(job, root, right(job.training)) for job in jobs]

    def load(asked, names):
        # Enough sequences for every row to be better than a constant answer.
        corpora = {name: Drawn(name, subjects=20, each=6) for name in names}
        for corpus in corpora.values():
            corpus.ledger = pd.DataFrame(
                {"corpus": [corpus.name], "clip": "", "subject": "", "emotion": "", "partition": "", "problem": ""}
                | {"rows": 10, "frames_read": 12, "frames_without_face": 1}
            )
        return corpora, Provenance(False)

    monkeypatch.setattr("reproductions.train.launch", launch)
    monkeypatch.setattr(data, "load", load)
    monkeypatch.setattr(preprocessing, "detector", lambda request: request.settings["detector"])
    asked = request(**{"folds": 10, "results": folder, "cache": folder} | options)
    experiments.reproduce(asked)
    return evidence_of(asked)


@pytest.fixture
def reproduced(tmp_path, monkeypatch):
    """`reproduced(**options)`: as `reproduce`."""
    return lambda **options: reproduce(tmp_path, monkeypatch, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Everything with the paper's own profile."""
    with pytest.MonkeyPatch.context() as patch:
        return reproduce(tmp_path_factory.mktemp("whole"), patch, profile=EXACT)


@pytest.fixture(scope="module")
def made(whole):
    return by_name(whole)


def by_name(evidence):
    return {table.name: table for table in tables.tables(evidence)}


def test_rows_and_folds_are_those_of_the_paper(whole):
    evidence = whole
    counted = pd.Series([(r.identity.experiment, r.identity.network, r.identity.protocol) for r in evidence.runs])
    expected = {("ckplus-folds", row): 10 for row in ("c1", "c2", "c3")}
    expected |= {("oulu-folds", row): 10 for row in ("c2", "c1", "c4")} | {("ckplus-one-out", "c1"): 20}
    assert counted.value_counts().to_dict() == {
        (*group, protocol): number for group, number in expected.items() for protocol in ("published", "strict")
    }
    assert evidence.plan.pretrained == {
        "c3": "cnn3d pretraining, all_sequences, c3_before, seed 0",
        "c4": "cnn3d pretraining, all_sequences, c4_before, seed 0",
    }
    begins = {r.identity.network for r in evidence.runs if "initial" in r.identity.recipe}
    assert begins == {"c3", "c4"}


def test_only_what_an_experiment_needs_is_trained(reproduced):
    evidence = reproduced(profile=EXACT, experiment="table8", protocol="strict")
    assert {(r.identity.experiment, r.identity.network) for r in evidence.runs} == {("oulu-folds", "c2")}
    assert evidence.plan.pretrained == {} and set(evidence.plan.summary) == {OULU}
    assert set(by_name(evidence)) == {"ledger", "sequences", "accuracies", "fig6_predicted", "fig6_true"}


def test_tables_4_and_5_stand_beside_the_printed_ones(made):
    for name, order in (("table4", ["c1", "c2", "c3"]), ("table5", ["c2", "c1", "c4"])):
        rows = made[name].rows
        assert [row["network"][:2] for row in rows if row["source"] == "paper"] == order
        for key in order:
            row = next(row for row in rows if row["source"] == "paper" and row["network"].startswith(key))
            printed = [claim.value for claim in PAPER.select(f"{name}-{key}-fold*")]
            assert [row[f"fold-{n:02d}"] for n in range(1, 11)] == printed
        ours = [row for row in rows if row["source"] == "published" and row.get("network", "")[:2] == order[0]]
        assert ours[0].get("p") is None and len(ours) == 1
        folds = [float(ours[0][f"fold-{n:02d}"]) for n in range(1, 11)]
        assert float(ours[0]["mean"]) == pytest.approx(np.mean(folds), abs=0.06)
        text = made[name].markdown()
        assert (
            "The epoch is chosen on the tested fold itself." in text
            and "Difference of the protocols, published − strict:" in text
        )
        assert "narrow" not in text


def test_measured_values_and_verdicts(whole):
    evidence = whole
    found = measured.measurements(evidence)
    accuracies = [claim for claim in PAPER.claims if claim.unit == "%" and not claim.cited]
    counts = {"text4-ckplus-sequences", "text4-ckplus-subjects", "text4-oulu-subjects"}
    assert set(found) == {claim.id for claim in accuracies} | counts and len(accuracies) == 69 + 3 + 2
    assert found["text4-ckplus-sequences"][0].value == 121 and not found["text4-ckplus-sequences"][0].differs
    published, strict = found["table4-c1-fold1"]
    fold = next(r for r in measured.runs_of(evidence, "table4", "c1", "published") if r.identity.fold == "fold-01")
    table = fold.predictions()
    assert published.value == pytest.approx(100 * (table.emotion == table.predicted).mean())
    assert not published.differs and "epoch" in strict.differs
    assert "Table 3 is missing" in found["table4-c2-mean"][0].differs
    lead = found["section4_3-c1-above-c2"][0]
    own, others = (evidence.score("ckplus-folds", row, "published").accuracy for row in ("c1", "c2"))
    assert lead.value == pytest.approx(100 * (own - others)) and "Table 3 is missing" in lead.differs
    assert lead.interval[0] <= lead.value <= lead.interval[1]
    assert found["table4-c1-mean"][0].differs == "120 of 327 samples tested" and not found["table4-c1-mean"][0].note
    assert found["table7-ours-accuracy"][0].value == pytest.approx(
        100 * evidence.score("ckplus-folds", "c1", "published").accuracy
    )


def test_a_mean_over_subjects_counts_subjects_alike(reproduced):
    evidence = reproduced(profile=EXACT, experiment="table6")
    members = measured.runs_of(evidence, "table6", "c1", "published")
    value, (low, high) = measured.mean_over_subjects(members)
    each = [(run.predictions().emotion == run.predictions().predicted).mean() for run in members]
    assert value == pytest.approx(np.mean(each)) and low < value < high
    rows = by_name(evidence)["accuracies"].rows
    assert [(row["variant"], row["protocol"]) for row in rows] == [
        (variant, protocol)
        for protocol in ("published", "strict")
        for variant in ("all sequences", "mean over subjects")
    ]
    assert rows[1]["reproduced"] == f"{100 * value:.2f}"


def test_the_variant_of_table_6_is_a_setting(reproduced):
    for average, value in (
        ("mean_over_subjects", lambda members: measured.mean_over_subjects(members)[0]),
        ("pooled", lambda members: scores.score(members).accuracy),
    ):
        evidence = reproduced(profile=EXACT, experiment="table6", settings=[f"ckplus_loso_accuracy={average}"])
        members = measured.runs_of(evidence, "table6", "c1", "published")
        (claim,) = measured.measurements(evidence)["table6-ours-accuracy"][:1]
        assert claim.value == pytest.approx(100 * value(members))


def test_a_narrow_network_on_some_folds_is_never_set_beside_the_paper(reproduced):
    narrow = {"epochs": 2, "narrow": {"width": 16, "fc_units": 64}, "folds": 2, "subjects": 3}
    evidence = reproduced(profile=narrow)
    trained = [several for id, several in measured.measurements(evidence).items() if not id.startswith("text4-")]
    for several in trained:
        assert all("a narrow network" in one.differs for one in several)
        assert all("2 epochs instead of 16" in one.differs for one in several)
    made = by_name(evidence)
    assert "2 of 10 folds" in measured.measurements(evidence)["table5-c1-mean"][0].differs
    verdicts = {row.get("verdict") for table in made.values() for row in table.rows} - {None}
    assert verdicts <= {"not comparable", "budget too small"}
    for name in ("ledger", "table4", "table5", "significance", "accuracies", "fig5_true", "fig6_predicted"):
        assert "narrow C3D, 1/16 of the paper's filters" in made[name].title
        assert "embedded Haar cascade, not the paper's SSD" in made[name].title
    row = made["table4"].rows[1]
    assert set(row) >= {"fold-01", "fold-02"} and "fold-03" not in row


def test_folds_of_sequences_leak_and_the_table_says_so(reproduced):
    evidence = reproduced(profile=EXACT, experiment="table7", settings=["ckplus_folds=sequences_step_10"])
    split = evidence.plan.split("ckplus-folds", "published")
    assert split.test.of_seen_subjects == split.sizes.test == 120 and not split.clean
    assert split.leakage.startswith("Of 120 tested sequences, 120 (100.0%) show subjects that are trained on.")
    strict = evidence.plan.split("ckplus-folds", "strict")
    assert strict.clean and strict.leakage.startswith("Nobody who is tested was trained on.")


def test_leaks_are_told_of_every_network_that_learnt(whole):
    found = tables.leaks(whole)
    assert [leak.name for leak in found] == [
        *[f"{row} (CK+, ten folds)" for row in ("c1", "c2", "c3")],
        *[f"{row} (Oulu-CASIA, ten folds)" for row in ("c2", "c1", "c4")],
        "c1 (CK+, one subject left out)",
    ]
    assert all(one.low - 1e-9 <= one.points <= one.high + 1e-9 and one.points > 5 for one in found)


def test_folds_of_sequences_are_compared_with_folds_of_subjects(reproduced):
    found = tables.leaks(reproduced(profile=EXACT, experiment="table7", protocol="all"))
    assert [leak.name for leak in found] == ["c1 (CK+, ten folds)", "c1 (CK+, ten folds of sequences)"]


def test_testing_the_best_epoch_is_told(whole, made, reproduced):
    assert scores.best_epoch_gain(measured.runs_of(whole, "table4", "c1", "published")) == pytest.approx(0.1)
    assert any("adds c1 +10.0; c2 +10.0; c3 +10.0 points" in note for note in made["table4"].notes)
    inner = reproduced(profile=EXACT, experiment="table4", settings=["best_epoch_on=inner_validation"])
    assert not any("best on the tested fold" in note for note in by_name(inner)["table4"].notes)


# --- significance -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pair", "one_sided", "two_sided"),
    zip(significance.PAIRS, (0.00058, 0.00068, 0.03653, 0.00598), (0.0012, 0.0014, 0.073, 0.012), strict=True),
)
def test_printed_p_values_are_one_sided(pair, one_sided, two_sided):
    found = significance.printed(PAPER, pair)
    assert found[significance.ONE_SIDED] == pytest.approx(one_sided, abs=6e-6)
    assert found["two-sided paired t-test"] == pytest.approx(two_sided, abs=6e-5 if two_sided < 0.01 else 6e-4)
    rows = [[c.number for c in PAPER.select(f"{pair.table}-{row}-fold*")] for row in (pair.better, pair.worse)]
    truncated = significance.p_values(*rows, folds=10)
    assert truncated[significance.ONE_SIDED] == pytest.approx(stats.ttest_rel(*rows, alternative="greater").pvalue)
    assert truncated["two-sided Wilcoxon test"] == pytest.approx(stats.wilcoxon(*rows).pvalue)
    assert found[significance.CORRECTED] > found["two-sided paired t-test"]


def test_the_corrected_test_enlarges_the_variance():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.9, 0.05, 10), rng.normal(0.85, 0.05, 10)
    t = stats.ttest_rel(a, b).statistic / np.sqrt(1 + 10 / 9)
    assert significance.p_values(a, b, 10)[significance.CORRECTED] == pytest.approx(2 * stats.t.sf(abs(t), 9))
    assert significance.p_values([0.9, 0.8], [0.8, 0.7], 10) is None


def test_the_table_of_p_values_has_printed_and_own_folds(whole, made):
    tests = made["significance"]
    assert len(tests.rows) == len(significance.PAIRS) * len(significance.TESTS)
    assert [row["paper"] for row in tests.rows if "paper" in row] == ["0.00057", "0.00067", "0.03650", "0.00597"]
    a, b = (scores.by_fold(measured.runs_of(whole, "table4", row, "strict")) for row in ("c1", "c2"))
    assert list(a.index) == [f"fold-{n:02d}" for n in range(1, 11)]
    expected = significance.p_values(a, b, 10)[significance.ONE_SIDED]
    assert tests.rows[0]["strict"] == f"{expected:.5f}"
    assert not any("too few" in note for note in tests.notes)


# --- confusion --------------------------------------------------------------------------------------


def test_confusion_matrices_in_both_orientations(made):
    sizes = {"Angry": 45, "Disgust": 59, "Fear": 25, "Happy": 69, "Sad": 28, "Surprise": 83, "Contempt": 18}
    true = [row for row in made["fig5_true"].rows if row["source"] == "paper"]
    assert {row["row"]: row["shown"] for row in true} == sizes
    assert sum(row[row["row"]] for row in true) == 319
    fear = next(row for row in true if row["row"] == "Fear")
    assert fear["recall"] == "0.88" and fear["Fear"] == 22
    predicted = {row["row"]: row for row in made["fig5_predicted"].rows if row["source"] == "paper"}
    assert predicted["Fear"]["Fear"] == "0.92" and predicted["Fear"]["answers"] == 24
    recalled = [row for row in made["fig6_true"].rows if row["source"] == "paper"]
    assert [row[row["row"]] for row in recalled] == [59, 61, 68, 77, 62, 77]
    assert all(row["shown"] == 80 for row in recalled)
    for name in ("fig5", "fig6"):
        for protocol in ("published", "strict"):
            rows = [row for row in made[f"{name}_true"].rows if row["source"] == protocol]
            answers = [row for row in made[f"{name}_predicted"].rows if row["source"] == protocol]
            assert sum(row["shown"] for row in rows) == sum(row["answers"] for row in answers) == 120
            for row in rows:
                column = next(answer for answer in answers if answer["row"] == row["row"])
                if column["answers"]:
                    assert column[row["row"]] == f"{row[row['row']] / column['answers']:.2f}"


# --- data and one training --------------------------------------------------------------------------


def test_drawn_corpora_go_through_the_whole_chain(cache, tmp_path):
    sizes = QUICK | {"folds": 1}
    options = {"cache": cache, "results": tmp_path, "experiment": "table7", "protocol": "strict", "workers": 1}
    origin = experiments.reproduce(request(profile=sizes, folds=4, **options))
    assert origin.synthetic
    paper = request(profile=sizes, folds=4).paper
    made = {table.name: table for table in tables.tables(load_complete(paper, "quick", "synthetic", tmp_path))}
    (row,) = made["accuracies"].rows
    assert row["verdict"] in ("not comparable", "budget too small") and row["samples"] > 0
    plan = plans.read(plans.plan_path(paper, "quick", "synthetic", tmp_path), paper)
    assert plan.summary[CKPLUS].ledger["clips"] >= len(CLASSES[CKPLUS])


def test_a_class_without_sequences_is_named(cache, copy_of_tiny):
    for file in copy_of_tiny.rglob("*_emotion.txt"):
        if float(file.read_text()) == 2:
            file.unlink()
    with pytest.raises(UserError, match=r"No clip of CK\+ in .* shows Contempt"):
        data.load(request(cache=cache, data=copy_of_tiny), (CKPLUS,))


def test_what_needs_a_missing_corpus_is_left_out_unless_asked_for(cache, copy_of_tiny, capsys):
    oulu = next(path for path in copy_of_tiny.iterdir() if "oulu" in path.name.lower())
    oulu.rename(copy_of_tiny.parent / "elsewhere")
    wanted = list(experiments.EXPERIMENTS)
    rows = {name: group.rows(wanted) for name, group in experiments.GROUPS.items()}
    missing = missing_sets(request(cache=cache, data=copy_of_tiny), data.KEYS)
    possible = experiments._possible(rows, missing)
    assert {name: [row.name for row in some] for name, some in possible.items()} == {
        "ckplus-one-out": ["c1"],
        "ckplus-folds": ["c1", "c2"],
        "oulu-folds": [],
    }
    assert "Oulu-CASIA is not at or below" in capsys.readouterr().out
    asked = request(cache=cache, data=copy_of_tiny, experiment="table8")
    assert missing == {OULU} and missing_sets(asked, data.KEYS) == set()
    with pytest.raises(UserError, match="Oulu-CASIA is not at or below"):
        data.load(asked, (CKPLUS, OULU))


def test_labels_are_in_the_order_of_the_figures():
    for figure, corpus in (("Fig. 5", CKPLUS), ("Fig. 6", OULU)):
        printed = next(matrix for matrix in PAPER.matrices if matrix.source == figure)
        assert [str(name) for name in CLASSES[corpus]] == printed.labels
        assert class_labels(printed.labels, CLASSES[corpus]).tolist() == list(range(len(printed.labels)))


# --- what forbids a comparison, and other variants ------------------------------------------------------


@pytest.fixture(scope="module")
def fold(whole):
    """The first published fold of c1 on CK+."""
    return next(r for r in measured.runs_of(whole, "table4", "c1", "published") if r.identity.fold == "fold-01")


def found(*members, claim="table4-c1-fold1"):
    return differences(PAPER, PAPER.claim(claim), members, measured.stated) + measured._differs(
        [PAPER.claim(claim).network], members
    )


def with_decisions(run, recipe=None, **chosen):
    identity = replace(run.identity, recipe=run.identity.recipe | (recipe or {}))
    return replace(run, identity=identity, record=run.record | {"decisions": run.record["decisions"] | chosen})


def test_a_stand_in_for_the_detector_and_divided_batches_forbid_a_comparison(fold):
    assert found(fold) == []
    (told,) = found(with_decisions(fold, detector="haar"))
    assert "Haar cascade instead of" in told
    parts = {"batch_size": 10, "accumulation": 3}
    assert found(with_decisions(fold, parts, batches_per_update=3)) == [
        "batch normalisation sees parts of the batches of 30"
    ]
    before = replace(fold, record=fold.record | {"decisions": {}})
    assert found(before) == [measured.UNKNOWN_DETECTOR]


def test_a_choice_of_what_is_open_is_computed_and_no_difference(fold):
    assert found(with_decisions(fold, {"rest": "dropped"}, rest_of_batches="dropped")) == []
    assert found(with_decisions(fold, {"rest": "dropped"})) == ["rest dropped instead of runs_on"]
    assert found(with_decisions(fold, {"clahe": "grey"}, clahe_when="after_copies")) == []


def test_known_people_in_the_test_part_forbid_a_comparison(reproduced):
    evidence = reproduced(profile=EXACT, experiment="table7", settings=["ckplus_folds=sequences_step_10"])
    one = measured.measure(evidence, PAPER.claim("table7-ours-accuracy"), "published")
    assert "120 tested sequences show subjects that are trained on" in one.differs


def test_every_accuracy_of_table_3s_options_is_not_comparable(whole):
    for claim in PAPER.claims:
        if claim.network in ("c2", "c3") and claim.unit == "%":
            for one in measured.measurements(whole)[claim.id]:
                assert measured.WITHOUT_TABLE_3 in one.differs
                assert whole.judge(claim.model_copy(update={"check": None}), one).name == "not comparable"


def test_a_run_of_this_paper_is_compared_with_its_printed_accuracies(whole, fold):
    loso = measured.runs_of(whole, "table6", "c1", "published")[0]
    assert [claim.id for claim in published.about(PAPER, loso)] == ["table6-ours-accuracy"]
    assert {claim.id for claim in published.about(PAPER, fold)} == {"table4-c1-fold1", "table7-ours-accuracy"}
    printed = compare.against_published(loso)
    assert "97.56" in printed.markdown()


def test_one_epoch_for_all_folds_is_read_from_the_curves(whole, made):
    class Curves:
        def __init__(self, tested, accuracies):
            self.record, self.accuracies = {"samples": {"test": tested}}, accuracies

        def curves(self):
            return pd.DataFrame({"val_accuracy": self.accuracies})

    runs_of_two = [Curves(30, [0.5, 0.9, 0.8]), Curves(10, [1.0, 0.4, 0.8])]
    assert variants.common_epoch(runs_of_two) == (3, pytest.approx(0.8), pytest.approx(0.8))
    rows = {(row["row"], row["protocol"]): row for row in made["variants"].rows}
    assert len(rows) == 2 * 7
    assert "common" not in rows["Table 4, c1", "strict"] and rows["Table 6, c1", "published"]["printed"] == "97.56"
    members = measured.runs_of(whole, "table5", "c2", "published")
    row = rows["Table 5, c2", "published"]
    assert row["common"].endswith("(epoch 1)") and float(row["last"]) < float(row["common"].split()[0])
    right, tested = variants.full_batches(members, 10)
    assert tested == 10 * 10 and row["full"] == f"{right:.2f} (100)"
    table = members[0].predictions()
    assert variants.full_batches(members[:1], 5) == (int((table.emotion == table.predicted)[:10].sum()), 10)


def test_equalising_after_the_augmentation_takes_plain_faces_and_refuses_what_contradicts_it():
    asked = request(profile=EXACT, settings=["clahe_when=after_copies", "clahe_channel=each_rgb_channel"])
    best = PAPER.hyperparameters["best"]
    for name, channel in ((CKPLUS, "grey"), (OULU, "each_rgb_channel")):
        corpus = data.Corpus(name, [], Provenance(False))
        corpus._samples = {False: "plain", True: "equalised"}
        assert corpus.samples(asked, clahe=True) == "plain" == corpus.samples(request(), clahe=False)
        assert corpus.samples(request(), clahe=True) == "equalised"
        assert trainings.recipe(asked, best, corpus, "last").clahe == channel
        assert trainings.recipe(asked, best | {"clahe": False}, corpus, "last").clahe == "none"
        assert trainings.recipe(request(), best, corpus, "last").clahe == "none"
    both = request(settings=["clahe_when=after_copies", "preprocessing_order=clahe_crop_resize_scale"])
    with pytest.raises(UserError, match="after the offline augmentation"):
        data.load(both, (CKPLUS,))


def test_class_weights_of_originals_reach_the_recipe_where_classes_are_weighted():
    asked, best = request(settings=["class_weights_of=originals"]), PAPER.hyperparameters["best"]
    weighted = trainings.recipe(asked, best | {"loss_weights": True}, Drawn(), "last")
    assert (weighted.class_weights, weighted.weights_of) == (True, "originals")
    assert trainings.recipe(asked, best, Drawn(), "last") == trainings.recipe(request(), best, Drawn(), "last")
