"""Saurav et al.: variants, trainings and tables; trainings are replaced by their predictions except in one test."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fake_runs import answers, evidence_of, finish

import datasets
from common.media.clips import Provenance
from common.paper import load as papers
from common.protocols.leakage import audit_split
from common.results import plans
from common.results.config import check
from common.results.loading import load_complete
from common.runs import scores, store
from common.support.errors import UserError
from datasets.synthetic import corpora
from reproductions.convlstm import data, experiments, findings, measured, tables, trainings, variants
from reproductions.convlstm.data import AFEW, CKPLUS, SAVEE, Corpus
from reproductions.convlstm.variants import VARIANTS

PAPER = papers.load("convlstm")
CLASSES = {
    CKPLUS: ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Contempt"),
    SAVEE: ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise"),
    AFEW: ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise"),
}
# The drawn tables have fewer clips than CK+ and Val of AFEW.
CLAIMS = [one.model_copy(update={"tested": {327: 140, 383: 21}.get(one.tested)}) for one in PAPER.claims]
TINY = {
    "synthetic": "tiny",
    "narrow": {"filters": [2, 2, 2], "dense_units": 4},
    "epochs": 1,
    "steps_per_epoch": 1,
    "folds": 1,
    "runs": 1,
    "fer": {"epochs": 1, "steps_per_epoch": 1},
}


def request(profile=None, **options):
    """A request of the quick profile, which is `profile`, or of the paper's own."""
    small = PAPER.model_copy(update={"profiles": PAPER.profiles | {"quick": profile or {}}, "claims": CLAIMS})
    return check(small, experiments.EXPERIMENTS, profile="quick" if profile else "paper", **options)


def clips(corpus, each=5):
    """A table of samples as `common.samples.build` has it, one a clip: as many people as in the corpus."""
    names, people = CLASSES[corpus], {CKPLUS: 20, SAVEE: 4, AFEW: 70}[corpus]
    rows = [
        (corpus, f"{s:03d}/{c:03d}", f"{corpus}/{s:03d}", names[(s + c) % len(names)], "", 0, 29)
        for s in range(people)
        for c in range({CKPLUS: 7, SAVEE: 7 * each, AFEW: 1}[corpus])
    ]
    table = pd.DataFrame(
        rows, columns=["corpus", "clip", "subject", "emotion", "partition", "first_frame", "last_frame"]
    )
    if corpus == AFEW:
        table["partition"] = np.where(np.arange(len(table)) < 49, "Train", "Val")
    return table.assign(sample=np.arange(len(table)))


class DrawnSamples:
    """Samples that are a table alone."""

    def __init__(self, name):
        self.table, self.key = clips(name), f"drawn {name}"
        counts = {"frames_read": 30, "frames_followed": 29, "searches": 1, "without_any_face": 0}
        columns = ["corpus", "clip", "subject", "emotion", "partition"]
        self.ledger = self.table[columns].assign(problem="", rows=8, **counts)

    def __len__(self):
        return len(self.table)


class Drawn(Corpus):
    """A corpus without images."""

    def __init__(self, name):
        both = ("Train_AFEW/Angry/001703120.avi",) if name == AFEW else ()
        super().__init__(name, CLASSES[name], [], Provenance(False), both)

    def _built(self, request):
        return DrawnSamples(self.name)


# --- variants ---------------------------------------------------------------------------------------


def divided(name, protocol, **options):
    """The folds of a variant and the table that they divide."""
    asked = request(**options)
    corpus = Drawn(VARIANTS[name].corpus)
    table = corpus.samples(asked, variants.divides_augmented(name, asked.settings)).table
    return [one.fold for one in variants.folds(asked, name, table, protocol, corpus.lost(asked))], table


ALL = [(name, protocol) for name, variant in VARIANTS.items() for protocol in variant.protocols]


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_published_chooses_on_what_it_tests_and_the_others_on_training_clips(name, protocol):
    folds, table = divided(name, protocol)
    for fold in folds:
        assert np.array_equal(fold.validation, fold.test) == (protocol == "published")
        assert len(fold.validation) and not set(fold.train) & {*fold.validation, *fold.test}
        if protocol != "published":
            assert not set(fold.validation) & set(fold.test)
            assert len(fold.train) + len(fold.validation) + len(fold.test) == len(table)


@pytest.mark.parametrize(("name", "protocol"), ALL)
def test_what_is_called_strict_has_nobody_on_both_sides(name, protocol):
    folds, table = divided(name, protocol)
    clean = all(audit_split(table, fold).test.clean for fold in folds)
    # A clip of AFEW is a subject of its own, because nobody knows who is seen.
    assert clean == (name in ("ckplus-folds", "savee-speakers", "afew-parts", "afew-random"))
    if protocol == "strict":
        assert clean


def test_a_split_of_augmented_samples_trains_on_nearly_every_tested_clip():
    folds, table = divided("savee-copies", "published")
    assert len(table) == 140 * 10 and len(folds) == 5
    for fold in folds:
        assert len(fold.test) == 280
        assert audit_split(table, fold).test.copied == 280
    folds, table = divided("savee-clips", "published")
    assert all(audit_split(table, fold).test.copied == 0 and len(fold.test) == 28 for fold in folds)
    assert len({fold.test.tobytes() for fold in folds}) == 5


def test_augmented_samples_of_a_clip_never_choose_the_epoch_and_train():
    folds, table = divided("savee-copies", "published", settings=["validation_part=inner_validation"])
    for fold in folds:
        original = np.where(table.original >= 0, table.original, table["sample"])
        assert len(fold.validation) and not set(original[fold.validation]) & set(original[fold.train])


def test_both_parts_can_be_enlarged_after_the_split():
    """The same clips as without augmentation, with all of their augmented samples, and none of them on both sides."""
    enlarged, table = divided("savee-both", "published")
    plain, clips_alone = divided("savee-clips", "published")
    for some, alone in zip(enlarged, plain, strict=True):
        assert len(some.test) == 10 * len(alone.test) and len(some.train) == 10 * len(alone.train)
        assert set(table["clip"].iloc[some.test]) == set(clips_alone["clip"].iloc[alone.test])
        audit = audit_split(table, some).test
        assert (audit.copied, audit.clips) == (0, 0) and audit.of_seen_subjects == len(some.test)


class Unseen(Drawn):
    """With ten clips without a face: five of each part, where there are parts."""

    def lost(self, request):
        rows = self.samples(request).table.iloc[-10:].assign(partition=5 * ["Train", "Val"])
        return rows.assign(clip=[f"lost {n}" for n in range(10)])[
            ["corpus", "clip", "subject", "emotion", "partition"]
        ].reset_index(drop=True)


@pytest.mark.parametrize("name", VARIANTS)
def test_clips_without_a_face_are_left_out_or_count_where_they_are_tested(name):
    corpus = Unseen(VARIANTS[name].corpus)
    kept, counted = request(), request(settings=["lost_clips=count_as_errors"])
    augmented = variants.divides_augmented(name, kept.settings)
    table = corpus.samples(kept, augmented).table
    lost = corpus.lost(kept)
    without, same = (variants.folds(one, name, table, "published", lost) for one in (kept, kept))
    plain = variants.folds(kept, name, table, "published")
    assert [one.fold.test.tolist() for one in without] == [one.fold.test.tolist() for one in plain]
    assert not any(one.lost for one in without) and len(same) == len(without)
    errors = variants.folds(counted, name, table, "published", lost)
    named = [one["clip"] for part in errors for one in part.lost]
    # All of them where everything is tested once, Val's where it is; of a random fifth some, augmented where clips are.
    if name == "afew-parts":
        assert len(named) == 5
    elif name not in variants.RANDOM:
        assert sorted(named) == sorted(lost["clip"])
    else:
        assert 0 < len(named) < 5 * 10 * (10 if augmented else 1)
    if name == "savee-both":
        assert all(named.count(clip) % 10 == 0 for clip in named)
    for part in errors:
        assert part.fold.test.max() < len(table) and part.fold.train.max() < len(table)
    expected = {"afew-parts": 5}.get(name, 10)
    assert variants.left_out(kept, name, lost) == expected and variants.left_out(counted, name, lost) == 0


def test_five_runs_can_be_five_trainings_on_one_split():
    asked = request(settings=["five_runs=seeds"])
    (one,), _ = divided("savee-clips", "published", settings=["five_runs=seeds"])
    (first, *_), _ = divided("savee-clips", "published")
    assert one.test.tolist() == first.test.tolist()
    assert variants.seeds(asked, "savee-clips", 0) == [0, 1, 2, 3, 4]
    assert variants.seeds(asked, "savee-clips", 1) == [5, 6, 7, 8, 9]
    assert variants.seeds(asked, "ckplus-folds", 1) == variants.seeds(request(), "savee-clips", 1) == [1]


def test_the_training_on_fer2013_is_a_matter_of_settings():
    plain = trainings.recipe_of_fer2013(request())
    assert (plain.epochs, plain.batch_size, plain.learning_rate, plain.augmentation) == (30, 32, 1e-3, None)
    settings = ["fer_epochs=60", "fer_batch_size=64", "fer_learning_rate=0.0001", "fer_augmentation=flip"]
    for profile in (None, TINY):
        chosen = trainings.recipe_of_fer2013(request(profile=profile, settings=settings))
        assert (chosen.epochs, chosen.batch_size, chosen.learning_rate) == (60, 64, 1e-4)
        assert chosen.augmentation.flip and chosen.augmentation.rotation == 0
    assert trainings.recipe_of_fer2013(request(profile=TINY)).epochs == 1


def test_settings_change_the_variants_that_they_are_about():
    def sides(name, *settings):
        folds, table = divided(name, "published", settings=settings)
        return len(table), [fold.test.tolist() for fold in folds]

    for setting, changed in {
        "ckplus_folds=subjects_random": {"ckplus-folds"},
        "first_split_seed=7": {"savee-copies", "savee-both", "savee-clips", "afew-random"},
        "stratified=false": {"savee-copies", "savee-both", "savee-clips", "afew-random"},
        "five_runs=seeds": {"savee-copies", "savee-both", "savee-clips", "afew-random"},
        "afew_augment_before_split=true": {"afew-random"},
        "aug_factor=8": {"savee-copies", "savee-both"},
    }.items():
        assert {name for name in VARIANTS if sides(name, setting) != sides(name)} == changed, setting


def test_train_and_val_are_the_official_parts():
    for protocol in ("published", "strict"):
        (fold,), table = divided("afew-parts", protocol)
        assert set(table.partition.iloc[fold.test]) == {"Val"} and len(fold.test) == 21
        assert set(table.partition.iloc[fold.train]) == {"Train"}
        assert set(table.partition.iloc[fold.validation]) == {"Val" if protocol == "published" else "Train"}


# --- augmentation -----------------------------------------------------------------------------------------


def test_the_augmentation_is_that_of_the_paper():
    assert [Drawn(name).augmentation(request()).per_sample(0) for name in (CKPLUS, SAVEE, AFEW)] == [14, 10, 10]
    stated = request(settings=["aug_factor=8", "border_fill=edge"])
    assert [Drawn(name).augmentation(stated).per_sample(0) for name in (CKPLUS, SAVEE, AFEW)] == [14, 8, 8]
    augmentation = Drawn(SAVEE).augmentation(stated)
    assert augmentation.fill == "edge"
    kinds = [augmentation.change(0, number, 8, (0,)) for number in range(8)]
    assert {(kind.mirror, kind.angles) for kind in kinds} == {
        (mirror, (angle,)) for mirror in (False, True) for angle in (-10.0, -5.0, 5.0, 10.0)
    }


# --- trainings --------------------------------------------------------------------------------------


def test_the_recipe_is_that_of_the_paper():
    how = trainings.recipe(request(), Drawn(CKPLUS), "ckplus-folds", augmented=False)
    assert (how.epochs, how.learning_rate, how.optimizer, how.batch_size) == (80, 1e-4, "adam", 16)
    assert how.checkpoint == "best_validation_accuracy" and how.schedule == () and how.steps_per_epoch is None
    assert how.augmentation.per_sample(0) == 14
    assert trainings.recipe(request(), Drawn(SAVEE), "savee-copies", augmented=True).augmentation is None
    small = TINY | {"batch_size": 8}
    sizes = [
        trainings.recipe(request(profile=one, settings=chosen), Drawn(SAVEE), "savee-clips", augmented=False).batch_size
        for one, chosen in ((None, ["batch_size=32"]), (small, []), (small, ["batch_size=32"]))
    ]
    assert sizes == [32, 8, 32]
    longer = request(profile=TINY | {"longer": {"savee-copies": {"epochs": 9}}})
    epochs = [trainings.recipe(longer, Drawn(SAVEE), name, True).epochs for name in ("savee-copies", "savee-speakers")]
    assert epochs == [9, TINY["epochs"]]


def test_settings_reach_the_network():
    # With and without blanks, which a Makefile cannot have.
    settings = ["filters=[32, 32, 32]", "pool_size=[2,2,2]", "fer_frozen=false", "convlstm_kernel=5"]
    asked = request(settings=settings)
    plain, afew = (trainings.network_settings(asked, name) for name in (SAVEE, AFEW))
    assert (plain["filters"], plain["pool_size"]) == ([32, 32, 32], [2, 2, 2])
    assert plain["convlstm_kernel"] == 5 and "fer_frozen" not in plain
    assert afew["fer_frozen"] is False and {k: v for k, v in afew.items() if not k.startswith("fer_")} == plain
    narrow = request(profile=TINY, settings=["filters=[32,32,32]"])
    assert trainings.network_settings(narrow, CKPLUS)["filters"] == [32, 32, 32]
    assert trainings.network_settings(narrow, CKPLUS)["dense_units"] == 4


# --- from the plan to the tables --------------------------------------------------------------------


def publish(job, root, right):
    """A finished run of a job in which a share `right` of the tested samples is recognised."""
    return finish(job, root, answers(job, right), right)


RIGHT = {
    ("savee-copies", "published"): 0.99,
    ("savee-both", "published"): 0.85,
    ("savee-both", "clip-disjoint"): 0.8,
    ("savee-clips", "published"): 0.8,
    ("savee-clips", "clip-disjoint"): 0.75,
    ("savee-speakers", "published"): 0.5,
    ("savee-speakers", "strict"): 0.4,
    ("ckplus-folds", "published"): 0.95,
    ("ckplus-folds", "strict"): 0.9,
    ("ckplus-clips", "clip-disjoint"): 0.97,
    ("afew-parts", "published"): 0.5,
    ("afew-parts", "strict"): 0.4,
    ("afew-random", "published"): 0.83,
    ("afew-random", "clip-disjoint"): 0.8,
    ("fer2013", "official"): 0.6,
}


class DrawnFer2013(data.Fer2013):
    def __init__(self):
        rows = [("FER2013", f"row {n}", f"FER2013/row {n}", CLASSES[AFEW][n % 7], part, 0, 0)
                for n, part in enumerate(70 * ["Training", "PublicTest", "PrivateTest"])]  # fmt: skip
        columns = ["corpus", "clip", "subject", "emotion", "partition", "first_frame", "last_frame"]
        samples = DrawnSamples(SAVEE)
        samples.table = pd.DataFrame(rows, columns=columns).assign(sample=np.arange(len(rows)))
        super().__init__(samples, Provenance(False))


def reproduce(folder, monkeypatch, **options):
    """Evidence of a reproduction without trainings, on tables instead of images."""

    def launch(jobs, root, origin, **_):
        return [
            store.finished(job.training.identity, root)
            or publish(job, root, RIGHT[job.training.experiment, job.training.protocol])
            for job in jobs
        ]

    monkeypatch.setattr("reproductions.train.launch", launch)
    monkeypatch.setattr(data, "load", lambda asked, names: ({n: Drawn(n) for n in names}, Provenance(False)))
    monkeypatch.setattr(data, "load_fer2013", lambda asked: DrawnFer2013())
    asked = request(**{"results": folder, "cache": folder} | options)
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
        return reproduce(tmp_path_factory.mktemp("whole"), patch, protocol="all")


def by_name(evidence):
    return {table.name: table for table in tables.tables(evidence)}


@pytest.fixture(scope="module")
def made(whole):
    return by_name(whole)


def test_every_variant_is_run_under_its_protocols(whole):
    counted = pd.Series([(run.identity.experiment, run.identity.protocol) for run in whole.runs]).value_counts()
    each = {
        "ckplus-folds": 10,
        "ckplus-clips": 10,
        "savee-copies": 5,
        "savee-both": 5,
        "savee-clips": 5,
        "savee-speakers": 4,
        "afew-random": 5,
    }
    expected = {(name, protocol): each.get(name, 1) for name, protocol in ALL} | {("fer2013", "official"): 1}
    assert counted.to_dict() == expected
    begins = {run.identity.experiment for run in whole.runs if "initial" in run.identity.recipe}
    assert begins == {"afew-parts", "afew-random"}
    assert {run.identity.network for run in whole.runs} == {"convlstm", "convlstm_afew", "cnn_fer2013_64"}


def test_only_what_an_experiment_needs_is_trained(reproduced):
    evidence = reproduced(experiment="table2", protocol="strict")
    assert {(run.identity.experiment, run.identity.protocol) for run in evidence.runs} == {("savee-speakers", "strict")}
    assert set(by_name(evidence)) == {"ledger", "copies", "table2"} and evidence.plan.branch == {}


def test_a_protocol_that_a_table_does_not_have_gives_no_empty_table(reproduced):
    evidence = reproduced(experiment="table2,table3", protocol="clip-disjoint")
    assert {run.identity.experiment for run in evidence.runs} == {"savee-both", "savee-clips"}
    assert set(by_name(evidence)) == {"ledger", "copies", "table2"}


def test_the_five_runs_are_one_training_seed(whole):
    """So that a test part of 5 × 96 clips is what the interval rests on, as in the paper."""
    score = measured.score(whole, ("savee-clips", "published"))
    assert (score.samples, score.subjects, score.seeds) == (5 * 28, 4, 1)


def test_the_four_variants_of_savee_stand_side_by_side(made):
    rows = {(row["variant"], row["protocol"]): row for row in made["table2"].rows}
    assert [row["published"] for row in rows.values()] == ["98.83"] * 7
    first = rows["augment, then split 80:20", "published"]
    assert (first["tested"], first["validation"], first["reproduced"]) == ("1,400 copies", "the tested part", "98.93")
    strict = rows["one speaker left out, then augment", "strict"]
    assert (strict["tested"], strict["validation"]) == ("140 clips", "one of the training speakers")
    assert first["verdict"] == "match"
    assert {row["verdict"] for row in rows.values() if row is not first} == {"not comparable"}
    text = made["table2"].markdown()
    assert "1,400 (100.0%) have a copy of their clip in training" in text
    assert "no number of correct answers out of 480" in text and "4744/4800 = 98.833" in text
    assert "one speaker left out, then augment, strict: 70 clips train on average" in text


def test_the_variant_that_stands_for_the_printed_number_is_a_setting(reproduced):
    evidence = reproduced(experiment="table2", settings=["savee_reading=one_speaker_out"])
    found = measured.measurements(evidence)["table2-savee-accuracy"]
    plain = [one for one in found if not one.differs]
    assert [one.run.split("/")[3] for one in plain] == ["savee-speakers"]
    assert "one speaker left out" in next(one for one in found if "savee-copies" in one.run).differs


def test_leaks_are_the_differences_of_the_variants(whole, made):
    found = tables.leaks(whole)
    assert [leak.name for leak in found] == [f"{pair.corpus}, {pair.what}" for pair in measured.PAIRS]
    accuracy = {row: measured.score(whole, row).accuracy for row in ALL}
    for pair, leak in zip(measured.PAIRS, found, strict=True):
        assert leak.points == pytest.approx(100 * (accuracy[pair.first] - accuracy[pair.second]))
        assert leak.low - 1e-9 <= leak.points <= leak.high + 1e-9
    rows = made["leaks"].rows
    assert [row["size"] for row in rows] == [leak.cell for leak in found]
    note = next(note for note in made["table2"].notes if note.startswith("Leak size"))
    assert all(f"{row['what']} {row['size'].split()[0]} points" in note for row in rows if row["corpus"] == SAVEE)


def test_nothing_is_told_of_the_leak_of_a_network_that_learnt_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(RIGHT, ("ckplus-folds", "published"), 0.1)
    evidence = reproduce(tmp_path, monkeypatch, experiment="table1")
    assert tables.leaks(evidence) == []
    (row,) = by_name(evidence)["leaks"].rows
    assert row["first_accuracy"] and "size" not in row


def test_a_network_that_was_trained_longer_is_not_compared(reproduced):
    longer = TINY | {"folds": 2, "longer": {name: {"epochs": 9} for name in ("savee-copies", "savee-both")}}
    evidence = reproduced(experiment="table2", profile=longer, protocol="published")
    steps = {one.pair.what: one for one in measured.steps(evidence)}
    assert steps["augmented samples of tested clips trained on"].leak.points > 0
    shorter = steps["augmented samples of tested clips tested as well"]
    assert not shorter.alike and shorter.leak is None
    assert "longer than the other" in by_name(evidence)["leaks"].markdown()


def test_clip_names_in_both_parts_are_told(made):
    assert "1 clip name of AFEW in both parts: Train_AFEW/Angry/001703120.avi." in made["ledger"].markdown()
    assert "cannot be known: AFEW names no films" in made["afew_random"].markdown()
    people = {row["corpus"]: row["people"] for row in made["ledger"].rows}
    assert people == {CKPLUS: 20, SAVEE: 4, AFEW: None}


def test_numbers_of_augmented_samples_stand_beside_the_stated_ones(made):
    rows = {row["corpus"]: (row["stated"], row["copies"], row["shown"]) for row in made["copies"].rows}
    assert rows == {CKPLUS: (14, 14, 1960), SAVEE: (8, 10, 1400), AFEW: (8, 10, 700)}


def test_measured_values_carry_what_sets_them_apart(whole):
    found = measured.measurements(whole)
    read_in_part = {"text4a-ckplus-all-sequences", "text4a-ckplus-all-subjects", "text4a-afew-all-test"}
    assert set(found) == {claim.id for claim in PAPER.claims if not claim.cited} - read_in_part
    published, strict, of_clips = found["table1-ckplus-accuracy"]
    assert published.value == pytest.approx(100 * measured.score(whole, ("ckplus-folds", "published")).accuracy)
    assert published.differs == "" and "not tested" in strict.differs
    assert "ten folds of clips instead of ten folds of subjects" in of_clips.differs


def test_a_narrow_network_on_some_folds_is_never_set_beside_the_paper(reproduced):
    evidence = reproduced(profile=TINY | {"learning_rate": 0.002})
    for claim, several in measured.measurements(evidence).items():
        if PAPER.claim(claim).kind == "count":
            continue
        for one in several:
            assert "a narrow network" in one.differs and "1 epochs instead of 80" in one.differs
            assert "learning rate 0.002 instead of 0.0001" in one.differs
    assert "1 of 10 folds" in measured.measurements(evidence)["table1-ckplus-accuracy"][0].differs
    assert "1 of 5 folds" in measured.measurements(evidence)["table2-savee-accuracy"][0].differs
    tables_made = by_name(evidence)
    assert {row["verdict"] for name in tables.TITLES for row in tables_made[name].rows} <= {
        "not comparable",
        "budget too small",
    }
    assert all("narrow network" in tables_made[name].title for name in (*tables.TITLES, "leaks"))


def test_a_branch_from_drawn_images_under_real_clips_is_told(tmp_path, monkeypatch):
    evidence = reproduce(tmp_path, monkeypatch, experiment="table3", protocol="published")
    (one,) = measured.measurements(evidence)["table3-afew_val-accuracy"]
    assert one.differs == ""
    branch = dict.fromkeys(evidence.plan.branch, True)
    evidence = replace(evidence, plan=evidence.plan.model_copy(update={"branch": branch}))
    (one,) = measured.measurements(evidence)["table3-afew_val-accuracy"]
    assert "the second branch trained on synthetic images" in one.differs
    assert by_name(evidence)["fer2013"].rows[0]["data"] == "synthetic"


def test_statements_are_judged_by_their_intervals(whole, made):
    rows = {(row["corpus"], row["said"], row["protocol"]): row for row in made["statements"].rows}
    over = rows[CKPLUS, "over 95 %", "published"]
    assert over["bound"] == "more than 95" and over["verdict"] in ("holds", "does not hold", "undecided")
    best = rows[SAVEE, "We achieve state-of-the-art accuracy on the SAVEE dataset", "published"]
    assert best["figure"] == "accuracy, less 98.00 of an audio-visual method (Banda and Robinson 2011 [27])"
    score = measured.score(whole, ("savee-copies", "published"))
    assert best["reproduced"] == f"{100 * score.accuracy - 98:+.1f}"
    assert rows[CKPLUS, "over 95 %", "strict"]["verdict"] == "not comparable"
    emotions = {claim.emotion for claim in PAPER.claims if claim.metric == "recall, less that of the other classes"}
    assert emotions == {"Fear", "Sad", "Contempt", "Angry", "Happy", "Neutral", "Disgust", "Surprise"}
    assert "3DCNN 98.77 (Zhao et al. 2018 [17])" in made["table1"].markdown()


def answered(rows):
    """Predictions (subject, emotion, predicted), as the findings read them."""
    return pd.DataFrame(rows, columns=["subject", "emotion", "predicted"]).assign(seed=0, fold="")


def test_a_recall_stands_beside_that_of_the_others():
    people = [f"p{n}" for n in range(20)]
    rows = [(one, "Fear", "Fear" if n % 4 == 0 else "Sad") for n, one in enumerate(people)]
    rows += [(one, "Sad", "Sad" if n % 2 else "Happy") for n, one in enumerate(people)]
    rows += [(one, "Happy", "Happy") for one in people]
    value, low, high = findings.recall_beside_the_others(answered(rows), "Fear")
    assert value == pytest.approx(0.25 - 30 / 40) and low < value < high < 0
    # Of 15 + 10 wrong answers 15 are the other of the two; with three classes an even spread is a half.
    value, low, high = findings.confused_with_each_other(answered(rows), ("Fear", "Sad"))
    assert value == pytest.approx(15 / 25 - 1 / 2) and low < value < high
    assert findings.recall_beside_the_others(answered(rows), "Disgust") is None
    right = [(one, emotion, emotion) for one in people for emotion in ("Fear", "Sad", "Happy")]
    assert findings.confused_with_each_other(answered(right), ("Fear", "Sad")) is None
    # Where no wrong answer is the other of the two, a few of them do not show that none ever is.
    never = [(one, "Fear", "Happy") for one in people[:6]] + [(one, "Sad", "Sad") for one in people]
    value, low, high = findings.confused_with_each_other(answered([*never, ("p0", "Happy", "Happy")]), ("Fear", "Sad"))
    assert value == low == -1 / 2 and high > -1 / 4


def test_clips_that_are_left_out_forbid_a_comparison_and_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("test_convlstm.Drawn.lost", Unseen.lost, raising=False)
    evidence = reproduce(tmp_path, monkeypatch, experiment="table3", protocol="published")
    (one,) = measured.measurements(evidence)["table3-afew_val-accuracy"]
    assert "5 clips without a face left out" in one.differs
    text = by_name(evidence)["ledger"].markdown()
    assert "AFEW: 10 clips without a face (5 of Train, 5 of Val) are neither trained on nor tested" in text
    assert "168/383" in text


# --- data and one training --------------------------------------------------------------------------


def test_drawn_corpora_go_through_the_whole_chain(cache, tmp_path):
    """Clips, and augmented ones, with the second branch."""
    options = {"cache": cache, "results": tmp_path, "protocol": "published", "workers": 1}
    settings = ["afew_augment_before_split=true"]
    asked = request(profile=TINY, experiment="table3,afew_random", settings=settings, **options)
    assert experiments.reproduce(asked).synthetic
    made = {table.name: table for table in tables.tables(load_complete(asked.paper, "quick", "synthetic", tmp_path))}
    assert set(made) == {"ledger", "copies", "fer2013", "table3", "afew_random", "statements", "leaks"}
    rows = [*made["table3"].rows, *made["afew_random"].rows]
    assert all(row["verdict"] in ("not comparable", "budget too small") for row in rows)
    assert rows[0]["tested"].endswith(" clips") and rows[1]["tested"].endswith(" copies")
    assert made["fer2013"].rows[0]["data"] == "synthetic"
    (parts,), _ = store.find(tmp_path / "runs", experiment="afew-parts")
    (random,), _ = store.find(tmp_path / "runs", experiment="afew-random")
    (branch,), _ = store.find(tmp_path / "runs", experiment="fer2013")
    assert parts.identity.recipe["initial"] == random.identity.recipe["initial"] == branch.identity.key
    assert random.record["samples"]["test"] == round(0.2 * 10 * _clips(asked))
    _weights_are_those_of_the_branch(parts, branch)


def _clips(asked):
    """Clips of AFEW that have a face."""
    plan = plans.read(plans.plan_path(asked.paper, asked.profile, "synthetic", asked.results), asked.paper)
    return sum(plan.summary[AFEW].clips.values())


def _weights_are_those_of_the_branch(run, branch):
    """Frozen, they are after the training what they were before it."""
    import keras

    ours, theirs = (keras.models.load_model(one.folder / "model.keras", compile=False) for one in (run, branch))
    taken = {layer.name: layer for layer in ours.layers if layer.name.startswith("fer_") and layer.weights}
    assert taken
    for name, layer in taken.items():
        for a, b in zip(layer.get_weights(), theirs.get_layer(name).get_weights(), strict=True):
            assert np.array_equal(a, b)


def test_fer2013_is_drawn_where_the_data_have_none(cache, copy_of_tiny):
    drawn = data.load_fer2013(request(profile=TINY, cache=cache, data=copy_of_tiny))
    assert drawn.origin.synthetic and len(drawn.samples) > 0
    place = corpora.ensure(cache / "synthetic", "tiny", sets=["fer2013"])
    there = data.load_fer2013(request(profile=TINY, cache=cache, data=place))
    assert drawn.samples.key == there.samples.key


def test_a_class_without_clips_is_named(cache, copy_of_tiny):
    for file in copy_of_tiny.rglob("*_emotion.txt"):
        if float(file.read_text()) == 2:
            file.unlink()
    asked = request(profile=TINY, cache=cache, data=copy_of_tiny)
    with pytest.raises(UserError, match=r"No clip of CK\+ in .* shows Contempt"):
        data.load(asked, (CKPLUS,))
    six, _ = data.load(request(profile=TINY, data=copy_of_tiny, settings=["ckplus_seventh_class=none"]), (CKPLUS,))
    assert len(six[CKPLUS].classes) == 6


def test_what_needs_a_missing_corpus_is_left_out_unless_asked_for(copy_of_tiny, capsys):
    asked = request(profile=TINY, data=copy_of_tiny)
    there = {name for name, key in data.KEYS.items() if datasets.load(key).locate(copy_of_tiny)}
    possible = experiments._wanted(asked)
    assert possible == [name for name in experiments.EXPERIMENTS if corpus_of(name) in there] and "table1" in possible
    told = capsys.readouterr().out
    assert all((f"{name} is not at or below" in told) == (name not in there) for name in data.KEYS)
    place = copy_of_tiny / "CK+"
    with pytest.raises(UserError, match="SAVEE is not at or below"):
        data.load(request(profile=TINY, data=place, experiment="table2"), (SAVEE,))


def corpus_of(experiment):
    return VARIANTS[variants.of_table(experiment)[0]].corpus


def test_a_random_fifth_of_afew_is_rounded_as_chosen():
    table = pd.DataFrame({"emotion": ["Happy", "Sad"] * 578, "clip": range(1156), "corpus": AFEW, "subject": "nobody"})

    def tested(**chosen) -> int:
        asked = replace(request(), settings=request().settings | chosen)
        return len(variants.folds(asked, variants.AFEW_RANDOM, table, "published")[0].fold.test)

    assert (tested(), tested(afew_random_fifth="up")) == (231, 232)


def test_the_accuracy_of_ten_folds_is_pooled_or_a_mean_over_folds(whole):
    claim, row = PAPER.claim("table1-ckplus-accuracy"), ("ckplus-folds", "published")
    pooled = measured.measure(whole, claim, *row)
    settings = whole.plan.settings | {"ckplus_accuracy": "mean_over_folds"}
    other = replace(whole, plan=whole.plan.model_copy(update={"settings": settings}))
    mean = measured.measure(other, claim, *row)
    assert pooled.value == pytest.approx(100 * measured.score(whole, row).accuracy)
    assert mean.value == pytest.approx(100 * scores.fold_mean(measured.runs_of(whole, row))[0])
