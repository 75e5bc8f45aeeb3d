"""The search: pruned at the twelfth error, taken up again after a kill, never continued with another space."""

import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from little_search import QUESTION, SPACE, objective, score
from scipy import stats
from test_training import DRAWN, little

from commands import search as search_command
from common.media.clips import Provenance
from common.paper import load as papers
from common.results import plans
from common.results.config import check
from common.results.evidence import Evidence
from common.runs import selection_bias, store
from common.support import files
from common.support.errors import UserError
from common.training import launch, search, search_effects, search_sampler, search_store
from common.training.search import FoldScore, Interval, Question
from common.training.train import train
from reproductions.cnn3d import (
    data,
    experiments,
    measured,
    preprocessing,
    search_figures,
    search_record,
    search_tables,
    trainings,
)
from reproductions.cnn3d import search as table1
from reproductions.cnn3d import searched as searched_module
from reproductions.cnn3d.data import CKPLUS, CLASSES, OULU

ROOT = Path(__file__).parents[1]


def found(study):
    return [(trial.params, trial.value, trial.state) for trial in search.finished(study)]


@pytest.fixture
def database(tmp_path):
    return search_store.url(str(tmp_path / "s.db"), tmp_path)


# --- trials -----------------------------------------------------------------------------------------


def test_loso_is_pruned_at_the_twelfth_error_and_asks_for_no_fold_after_it(tmp_path, database):
    loso = Question("loso", SPACE, samples=327, prune_below=0.965)
    sizes = [3] * 91 + [2] * 27
    asked = []

    def every_third_fold_wrong(options):
        asked.clear()
        for fold, size in enumerate(sizes):
            asked.append(fold)
            yield FoldScore(size - (fold % 3 == 0), size)

    def eleven_errors(options):
        return (FoldScore(size - (fold % 10 == 0 and fold > 0), size) for fold, size in enumerate(sizes))

    study = search.search(loso, every_third_fold_wrong, database, 1, tmp_path)
    (trial,) = search.finished(study)
    assert search.pruned(trial) and asked == list(range(34))  # folds 0, 3, ..., 33 hold the twelve errors
    assert trial.user_attrs[search.COUNTS] == [sum(sizes[:34]) - 12, sum(sizes[:34])]

    study = search.search(loso, eleven_errors, database, 2, tmp_path)
    best, worst = search.ranked(study)
    assert best.value == 316 / 327 and not search.pruned(best) and worst.number == 0


def test_a_search_has_as_many_trials_as_asked_for_over_all_commands(tmp_path, database):
    told = []
    for wanted in (2, 5, 5):
        study = search.search(
            QUESTION, objective, database, wanted, tmp_path, ended=lambda done, trial: told.append(done)
        )
        assert len(search.finished(study)) == wanted
    assert told == [1, 2, 3, 4, 5]
    for trial in search.finished(study):
        assert trial.value == sum(score(trial.params, fold) for fold in range(4)) / 40
        assert set(trial.params) == set(SPACE)
    assert len({trial.params["dropout"] for trial in search.finished(study)}) == 5
    whole = search.search(QUESTION, objective, f"{database}2", 5, tmp_path / "other")
    assert found(study) == found(whole), "how a search is cut into commands does not matter"


SCRIPT = """
import sys, time
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
import little_search
from common.training.search import FoldScore, search

def slow(options):
    for fold in range(4):
        kept = Path({folder!r}) / f"{{options['dropout']:.12f}}-{{fold}}"
        if not kept.exists():
            kept.write_text(str(little_search.score(options, fold)))
            with open({log!r}, "a") as log:
                log.write(f"{{kept.name}}\\n")
            time.sleep(0.2)
        yield FoldScore(int(kept.read_text()), 10)

search(little_search.QUESTION, slow, {database!r}, 4, Path({locks!r}))
"""


def test_a_killed_search_ends_like_one_that_was_not_and_computes_no_fold_twice(tmp_path, database):
    folds, log, locks = tmp_path / "folds", tmp_path / "log", tmp_path / "locks"
    folds.mkdir()
    script = tmp_path / "run.py"
    places = {"folder": str(folds), "log": str(log), "locks": str(locks), "database": database}
    script.write_text(SCRIPT.format(root=str(ROOT), tests=str(Path(__file__).parent), **places))

    for folds_done in (6, 11):  # in the second trial, and in the third
        process = subprocess.Popen([sys.executable, script])
        deadline = time.monotonic() + 120
        while not log.exists() or len(log.read_text().splitlines()) < folds_done:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run([sys.executable, script], check=True, timeout=120)

    computed = log.read_text().splitlines()
    assert len(computed) == len(set(computed)) == 16
    unbroken = search.search(QUESTION, objective, f"{database}2", 4, tmp_path / "other")
    assert found(search.opened(QUESTION, database)) == found(unbroken)


AT_ONCE = """
import sys, time
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
import little_search
from common.training.search import search
import optuna, sqlalchemy
Path({folder!r}, sys.argv[1]).touch()
while len(list(Path({folder!r}).iterdir())) < 3:
    time.sleep(0.001)
search(little_search.QUESTION, little_search.objective, {database!r}, 6, Path({locks!r}))
"""


def test_searches_that_begin_at_once_share_a_new_database(tmp_path, database):
    (tmp_path / "ready").mkdir()
    places = {"folder": str(tmp_path / "ready"), "database": database, "locks": str(tmp_path / "locks")}
    script = tmp_path / "run.py"
    script.write_text(AT_ONCE.format(root=str(ROOT), tests=str(Path(__file__).parent), **places))
    processes = [subprocess.Popen([sys.executable, script, str(one)], stderr=subprocess.PIPE) for one in range(3)]
    for process in processes:
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said.decode()
    trials = search.finished(search.opened(QUESTION, database))
    assert 6 <= len(trials) <= 8 and len({trial.number for trial in trials}) == len(trials)


def test_a_trial_of_a_living_process_is_left_alone_and_one_of_a_dead_process_is_taken_up(tmp_path, database):
    study = search.opened(QUESTION, database)
    begun = study.ask(search._distributions(SPACE))
    with files.lock(tmp_path / QUESTION.name / str(begun.number)):
        search.search(QUESTION, objective, database, 1, tmp_path)
        assert study.trials[begun.number].state == optuna.trial.TrialState.RUNNING
    search.search(QUESTION, objective, database, 2, tmp_path)
    assert study.trials[begun.number].state == optuna.trial.TrialState.FAIL
    assert begun.params in [trial.params for trial in search.finished(study)]
    assert search.given_up(study) == 0


def test_a_configuration_that_kills_its_process_three_times_is_given_up(tmp_path, database):
    tried = []

    def deadly(options):
        tried.append(options)
        raise MemoryError
        yield

    for _ in range(4):
        with pytest.raises(MemoryError):
            search.search(QUESTION, deadly, database, 1, tmp_path)
    assert tried[0] == tried[1] == tried[2] != tried[3]
    assert search.given_up(search.opened(QUESTION, database)) == 1
    study = search.search(QUESTION, objective, database, 1, tmp_path)
    assert [trial.params for trial in search.finished(study)] == [tried[3]]


# --- the sampler ------------------------------------------------------------------------------------


def drawn(tmp_path, monkeypatch, sampler, name):
    """Configurations of 30 trials that this sampler draws, `sampler(seed)`."""
    monkeypatch.setattr(search_sampler, "sampler", sampler)
    study = search.search(QUESTION, objective, f"sqlite:///{tmp_path}/{name}.db", 30, tmp_path / name)
    return [trial.params for trial in search.finished(study)]


def test_the_sampler_fits_one_mixture_a_parameter_whatever_the_version_of_optuna_does_by_default(tmp_path, monkeypatch):
    tpe, ours = optuna.samplers.TPESampler, drawn(tmp_path, monkeypatch, search_sampler.sampler, "ours")

    def plain(**arguments):
        name = "-".join(f"{key}-{value}" for key, value in arguments.items())
        return drawn(tmp_path, monkeypatch, lambda seed: tpe(seed=seed, **arguments), name)

    # All that is stated besides are the defaults, and alone the liar changes nothing.
    assert ours == plain(multivariate=False) == plain(multivariate=False, constant_liar=False)
    together = plain(multivariate=True)
    assert ours[:10] == together[:10] and ours != together


def test_a_trial_that_runs_elsewhere_counts_as_a_bad_one(tmp_path, database, monkeypatch):
    study = search.search(QUESTION, objective, database, 20, tmp_path)

    def next_ones():
        other = optuna.create_study(sampler=search_sampler.sampler(1), direction="maximize")
        other.add_trials(study.trials)
        return [other.ask(search._distributions(SPACE)).params for _ in range(12)]

    ours = next_ones()
    monkeypatch.setitem(search_sampler.ARGUMENTS, "constant_liar", False)
    assert ours[0] == next_ones()[0] and ours != next_ones()


def test_a_study_of_another_sampler_is_refused_and_stays_as_it_was(tmp_path, database, monkeypatch):
    study = search.search(QUESTION, objective, database, 2, tmp_path)
    noted = study.user_attrs[search.SAMPLER]
    assert noted["optuna"] == optuna.__version__ and noted["multivariate"] is False
    assert set(search_sampler.ARGUMENTS) < set(noted)

    for changed, said in (
        ({"multivariate": True}, "multivariate True instead of False"),
        ({"optuna": "4.2.0"}, f"optuna 4.2.0 instead of {optuna.__version__}"),
    ):
        study.set_user_attr(search.SAMPLER, noted | changed)
        refusal = refused(QUESTION, database)
        assert said in refusal and "STORAGE=" in refusal
        with pytest.raises(UserError):
            search.search(QUESTION, objective, database, 3, tmp_path)
    assert len(search.finished(study)) == 2


# --- databases --------------------------------------------------------------------------------------


def refused(question, storage) -> str:
    with pytest.raises(UserError) as raised:
        search.opened(question, storage)
    return str(raised.value)


def test_a_database_of_another_space_is_refused_and_stays_as_it_was(tmp_path, database):
    search.search(QUESTION, objective, database, 1, tmp_path)
    other = {**SPACE, "kernel": (1, 3, 7), "dropout": Interval(0, 0.5)}
    said = refused(replace(QUESTION, space=other), database)
    assert "space of dropout, space of kernel" in said and "STORAGE=" in said and "mode" not in said
    assert "prune_below" in refused(replace(QUESTION, prune_below=0.9), database)
    assert "data" in refused(replace(QUESTION, details={"data": "y"}), database)
    assert len(search.finished(search.opened(QUESTION, database))) == 1


def test_a_database_of_another_program_is_refused(database):
    study = optuna.create_study(study_name=QUESTION.name, storage=database, direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("dropout", 0, 1), n_trials=1)
    assert "another program" in refused(QUESTION, database)


def test_what_is_no_database_is_named(tmp_path):
    text = tmp_path / "notes.db"
    text.write_text("no database, but long enough to have a heading" * 30)
    assert "notes.db" in refused(QUESTION, f"sqlite:///{text}")
    assert "nowhere" in refused(QUESTION, f"sqlite:///{tmp_path / 'nowhere' / 's.db'}")
    assert "is no address of a database" in refused(QUESTION, "nosuchdatabase://host/name")
    for url in ("postgresql://me:secret@127.0.0.1:1/x", "mysql+pymysql://me:secret@127.0.0.1:1/x"):
        said = refused(QUESTION, url)
        assert "secret" not in said and "***" in said


def test_a_database_of_another_version_of_optuna_is_named(tmp_path, database):
    search.opened(QUESTION, database)
    connection = sqlite3.connect(tmp_path / "s.db")
    connection.execute("update version_info set schema_version = 1")
    connection.execute("update alembic_version set version_num = 'v0.9.0.a'")
    connection.commit()
    connection.close()
    assert "optuna storage upgrade" in refused(QUESTION, database)


def test_a_full_disk_is_told_as_such(database):
    from sqlalchemy.exc import OperationalError

    with pytest.raises(files.StorageError, match="disk is full"), search_store.user_errors(database):
        raise OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))


def test_a_storage_is_a_url_a_file_or_the_default(tmp_path):
    default = tmp_path / "search" / "cnn3d.db"
    assert search_store.url("", default) == f"sqlite:///{default}" and default.parent.is_dir()
    assert search_store.url(str(tmp_path / "a" / "b.db"), default) == f"sqlite:///{tmp_path}/a/b.db"
    assert search_store.url("mysql://h/n", default) == "mysql://h/n"


# --- the winner's optimism --------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(correct=st.integers(150, 199), trials=st.integers(1, 60))
def test_the_best_of_equal_trials_is_as_lucky_as_the_binomial_says(correct, trials):
    accuracy, samples = correct / 200, 200
    simulated = selection_bias.of_the_best([accuracy, accuracy], samples, trials, draws=4000)
    counts = np.arange(samples)

    def share(count):
        """Of searches whose best trial has at most so many right."""
        return stats.binom.cdf(count, samples, accuracy) ** trials

    expected = (1 - stats.binom.cdf(counts, samples, accuracy) ** trials).sum() / samples - accuracy
    assert simulated.expected == pytest.approx(expected, abs=0.0025)
    # The mean of so skewed a gain may lie outside its own interval; the ends are quantiles, up to 4,000 draws.
    for bound, quantile in ((simulated.low, 0.025), (simulated.high, 0.975)):
        best = round((bound + accuracy) * samples, 6)
        assert share(np.ceil(best) - 1) <= quantile + 0.015 and share(np.floor(best)) >= quantile - 0.015


def test_luck_is_not_taken_for_a_difference_and_a_difference_lowers_the_luck():
    rng = np.random.default_rng(0)
    equal = rng.binomial(327, 0.95, 400) / 327
    measured, luck = selection_bias.spread(equal, 327)
    assert measured == pytest.approx(luck, rel=0.1)
    of_equal = selection_bias.of_the_best(equal, 327, 800).expected
    assert of_equal == pytest.approx(selection_bias.of_the_best([0.95, 0.95], 327, 800).expected, abs=0.003)
    # Where a few are far better, they win by merit.
    luck_of_alike = selection_bias.of_the_best([0.6, 0.6], 327, 20).expected
    assert selection_bias.of_the_best([0.98] * 5 + [0.6] * 15, 327, 20).expected < luck_of_alike / 2


# --- Table 1 ----------------------------------------------------------------------------------------

PAPER = papers.load("cnn3d")
SIZES = {"epochs": 2, "trials": 2, "narrow": {"width": 64, "fc_units": 8}}


class Drawn:
    """A corpus whose samples are a table alone."""

    def __init__(self, name, subjects=20, each=3):
        self.name, self.classes, self.origin, self.instead = name, CLASSES[name], Provenance(True), ""
        names = [str(emotion) for emotion in self.classes]
        rows = [
            (f"{name}/S{s:03d}", f"S{s:03d}/{c}", names[(s + c) % len(names)])
            for s in range(subjects)
            for c in range(each)
        ]
        self.table = pd.DataFrame(rows, columns=["subject", "clip", "emotion"])
        self.table = self.table.assign(
            sample=np.arange(len(rows)), corpus=name, first_frame=np.arange(len(rows)) * 10, last_frame=9
        )
        self.key = f"drawn {name}"

    def samples(self, request, clahe):
        return self


@pytest.fixture
def searched(monkeypatch, tmp_path):
    """`searched(profile, wrong, ...)` runs the search; `wrong(training)` says how many samples of a fold are missed.

    Returns the request and the trainings, in the lists in which they were launched.
    """

    def call(profile=SIZES, wrong=lambda training: 0, corpus="ckplus", trials=2, **options):
        launched = []

        def launch_nothing(jobs, root, origin, processes, launcher):
            assert root == tmp_path / "search"
            launched.append([job.training for job in jobs])
            return [_run(job.training, wrong(job.training), root) for job in jobs]

        monkeypatch.setattr(launch, "launch", launch_nothing)
        monkeypatch.setattr(launch, "at_once", lambda processes, launcher: 3)

        def load(request, names, copies=True):
            return {name: Drawn(name) for name in names}, Provenance(True)

        monkeypatch.setattr(data, "load", load)
        small = PAPER.model_copy(update={"profiles": {"quick": profile}})
        request = check(small, experiments.EXPERIMENTS, results=tmp_path, **options)
        table1.run(request, corpus, trials, search_store.url("", tmp_path / "s.db"), lambda *told: None)
        return request, launched

    return call


def _run(training, wrong, root):
    """A finished run that misses so many samples of its fold."""
    classes = [str(name) for name in training.classes]
    table = training.samples.table.iloc[training.fold.test][["sample", "subject", "emotion"]]
    others = [next(name for name in classes if name != emotion) for emotion in table.emotion]
    table = table.assign(predicted=others[:wrong] + table.emotion.tolist()[wrong:], corpus="", clip="", first_frame=0)
    folder = training.identity.folder(root)
    folder.mkdir(parents=True)
    table.to_csv(folder / "predictions.csv", index=False)
    return store.Run(folder, training.identity, {"classes": classes})


def test_the_space_is_table_1():
    request = check(PAPER, experiments.EXPERIMENTS)
    space = table1.space(request.paper)
    assert space.pop("dropout") == Interval(0, 1)
    assert set(space) | {"dropout"} == set(PAPER.hyperparameters["best"])
    assert np.prod([len(options) for options in space.values()]) == 3200
    for name, options in space.items():
        assert PAPER.hyperparameters["best"][name] in options
    paper = check(PAPER, experiments.EXPERIMENTS, profile="paper")
    assert (table1.prune_below(paper, CKPLUS), table1.prune_below(paper, OULU)) == (0.965, 0.0)


def test_the_published_search_leaves_one_subject_out_and_stops_launching_when_it_is_pruned(searched):
    request, launched = searched(wrong=lambda training: 1, trials=1, protocol="published")
    # 20 subjects with 3 sequences each: the third error puts 96.5 % of 60 out of reach.
    assert [len(batch) for batch in launched] == [3]
    for training in launched[0]:
        assert np.array_equal(training.fold.validation, training.fold.test) and not training.keep_weights
        assert len(set(training.samples.table.subject.iloc[training.fold.test])) == 1
    table, _ = search_tables.tables(request.paper, "quick", "synthetic", request.results)
    assert any(f"Optuna {optuna.__version__}, one mixture for each parameter" in note for note in table.notes)
    assert table.rows[0]["accuracy"] == "pruned in fold 3, 3 errors of 9"
    assert "narrow" in table.title and "synthetic" in table.title
    assert table.rows[-1]["dropout"] == "0.2511" and table.rows[-1]["rank"] == "printed"


def test_on_oulu_the_search_runs_over_the_ten_folds_and_nothing_is_pruned(searched):
    request, launched = searched(wrong=lambda training: 3, trials=1, protocol="published", corpus="oulu")
    assert [len(batch) for batch in launched] == [3, 3, 3, 1]
    (table,) = search_tables.tables(request.paper, "quick", "synthetic", request.results)
    assert table.rows[0]["accuracy"] == "50.00% (30 of 60)"
    assert len(table.rows) == 1 and "lost" in table.title


def test_the_nested_search_never_sees_whom_it_tests(searched):
    _, launched = searched({**SIZES, "prune_below": 0}, trials=1, protocol="strict")
    trainings = [training for batch in launched for training in batch]
    winners = [training for training in trainings if training.network.key.startswith("winner")]
    assert len(winners) == 10 and len(trainings) == 10 + 10 * table1.INNER_FOLDS
    tested = np.concatenate([winner.fold.test for winner in winners])
    assert sorted(tested) == list(range(60))
    for winner in winners:
        outside = set(winner.samples.table.subject.iloc[winner.fold.test])
        inner = [one for one in trainings if one.experiment == winner.experiment and one is not winner]
        assert len(inner) == table1.INNER_FOLDS
        for one in inner:
            for side in (one.fold.train, one.fold.validation, one.fold.test):
                assert len(side) and not outside & set(one.samples.table.subject.iloc[side])
        sides = [set(winner.samples.table.subject.iloc[getattr(winner.fold, side)]) for side in ("train", "validation")]
        assert not outside & (sides[0] | sides[1]) and not sides[0] & sides[1]


def by_dropout(training) -> int:
    """A configuration with much dropout misses one of each fold's samples."""
    return int(training.settings["dropout"] > 0.5)


def test_the_best_ten_and_their_warning_come_from_what_was_found(searched):
    request, _ = searched({**SIZES, "prune_below": 0, "subjects": 6}, by_dropout, trials=14, protocol="published")
    best, importances, statements = search_tables.tables(request.paper, "quick", "synthetic", request.results)
    assert next(row for row in statements.rows if "dropout" in row["claim"])["value"] == "-1.00"
    accuracies = [row["accuracy"] for row in best.rows[:-1]]
    assert len(accuracies) == 10 and accuracies == sorted(accuracies, key=lambda text: -float(text.partition("%")[0]))
    assert accuracies[0] == "100.00% (18 of 18)" and float(best.rows[0]["dropout"]) <= 0.5
    assert any("Beware" in note and "best of 800" in note for note in best.notes)
    assert importances.rows[0]["option"] == "Dropout"
    shares = [float(row["importance"]) for row in importances.rows]
    assert sum(shares) == pytest.approx(1, abs=0.01) and len(importances.rows[0]["bar"]) == search_tables.BAR
    winner = search_record.winner(request.paper, "quick", "synthetic", request.results, "ckplus")
    assert winner["dropout"] <= 0.5 and set(winner) == set(PAPER.hyperparameters["best"])


def test_the_nested_table_says_what_the_winners_are_worth(searched):
    request, _ = searched(
        {**SIZES, "prune_below": 0},
        lambda training: int(training.network.key.startswith("winner") and training.fold_name == "fold-01"),
        trials=1,
        protocol="both",
    )
    tables = {table.name: table for table in search_tables.tables(request.paper, "quick", "synthetic", request.results)}
    nested = tables["search_ckplus_nested"]
    assert [row["fold"] for row in nested.rows] == [f"fold-{i:02d}" for i in range(1, 11)]
    assert nested.rows[0]["outer"] == "83.33% (5 of 6)" and nested.rows[1]["outer"] == "100.00% (6 of 6)"
    assert "98.33% of 60 sequences" in nested.notes[0] and "+1.7 points" in nested.notes[1]


def test_a_search_with_other_settings_needs_another_database(searched):
    searched(trials=1, protocol="published")
    with pytest.raises(UserError, match="network settings"):
        searched(trials=1, protocol="published", settings=["fc_units=512"])


def test_what_was_not_searched_and_what_cannot_be_is_told(tmp_path, searched):
    with pytest.raises(UserError, match="make search PAPER=cnn3d CORPUS=oulu"):
        search_record.winner(PAPER, "quick", "synthetic", tmp_path, "oulu")
    assert search_tables.tables(PAPER, "quick", "synthetic", tmp_path) == []
    with pytest.raises(UserError, match="oulu"):
        searched(corpus="oulo")
    path = search_record.place(PAPER, "quick", "synthetic", tmp_path, "oulu")
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(UserError, match=path.name):
        search_tables.tables(PAPER, "quick", "synthetic", tmp_path)
    with pytest.raises(UserError, match="no search"):
        search_command.run("timeconvnet", "", None, "")
    with pytest.raises(UserError, match="0 trials"):
        search_command.run("cnn3d", "", 0, "")
    with pytest.raises(UserError, match="launcher"):
        check(PAPER, experiments.EXPERIMENTS, launcher="rey")


def test_a_run_of_a_search_is_finished_without_its_weights(tmp_path):
    run = train(replace(little(), keep_weights=False), tmp_path, provenance=DRAWN)
    assert sorted(path.name for path in run.folder.iterdir()) == ["curves.csv", "predictions.csv", "run.json"]
    assert store.finished(little().identity, tmp_path) == run


# --- what the search says of section 4.1, Table 2 and Fig. 2 ------------------------------------------


def test_a_trial_that_was_pruned_stands_behind_all_others_and_by_how_far_it_came():
    stand = search_effects.standing
    early, late = {"pruned": True, "folds": 9, "correct": 15, "tested": 27}, {"pruned": True, "folds": 40}
    done = [{"pruned": False, "folds": 118, "correct": right, "tested": 327} for right in (316, 319)]
    late |= {"correct": 100, "tested": 112}
    assert stand(early) < stand(late) < stand(done[0]) < stand(done[1])
    assert search_effects.dominance([stand(done[1])], [stand(early), stand(late)])[0] == 1
    assert search_effects.dominance([stand(early)], [stand(early)]) == (0, (0, 0))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_dominance_is_what_mann_and_whitney_count(a, b):
    value, (low, high) = search_effects.dominance([(x,) for x in a], [(x,) for x in b])
    u = stats.mannwhitneyu(a, b, method="asymptotic").statistic if {*a, *b} != {a[0]} else len(a) * len(b) / 2
    assert value == pytest.approx(2 * u / (len(a) * len(b)) - 1)
    assert low - 1e-9 <= value <= high + 1e-9


def measured_search(request, profile="quick"):
    """What the claims about the search get from what was found, without any other run."""
    nothing = {"runs": [], "splits": {}, "summary": {}}
    plan = plans.planned(replace(request, profile=profile), Provenance(True, {}), [], **nothing)
    evidence = Evidence(request.paper, plan, request.results)
    return evidence, searched_module.measurements(evidence, measured.stated)


def test_statements_and_table_2_are_measured_by_the_search_with_all_that_is_not_the_papers(searched):
    request, _ = searched({**SIZES, "prune_below": 0, "subjects": 6}, by_dropout, trials=14, protocol="published")
    evidence, found = measured_search(replace(request, paper=PAPER))
    wanted = {claim.id for claim in PAPER.claims if claim.experiment == "search"}
    assert set(found) == wanted and len(wanted) == 7 + 9
    (dropout,) = found["section4_1-dropout_from_half"]
    assert dropout.value == -1 and dropout.interval == pytest.approx((-1, -1))
    for one in (dropout, found["table2-clahe"][0]):
        for said in ("a narrow network", "2 epochs instead of 16", "14 of 800 trials", "pruned below 0.0%"):
            assert said in one.differs
        assert "18 of 327 samples tested" in one.differs and "Haar cascade" in one.differs
        assert evidence.judge(PAPER.claim("table2-clahe"), one).name == "not comparable"
    winner = search_record.winner(PAPER, "quick", "synthetic", request.results, "ckplus")
    assert found["table2-pooling"][0].value == float(winner["pooling"] == "average")


def test_a_search_as_the_paper_made_it_is_judged(searched, monkeypatch):
    monkeypatch.setattr(preprocessing, "detector", lambda request: "ssd")
    paper = PAPER.profiles["paper"]
    request, _ = searched(paper, by_dropout, trials=12, protocol="published")
    path = search_record.place(PAPER, "quick", "synthetic", request.results, "ckplus")
    record = search_record.read(path)
    # As it would be of 800 trials on the 327 sequences.
    study = record.content["studies"]["published"]["ckplus"]
    study |= {"samples": 327, "trials": study["trials"] * 67}
    plans.write(search_record.place(PAPER, "paper", "synthetic", request.results, "ckplus"), record.content)
    evidence, found = measured_search(replace(request, paper=PAPER), "paper")
    (dropout,) = found["section4_1-dropout_from_half"]
    assert dropout.differs == "" and "rather too narrow" in dropout.note
    claim = PAPER.claim("section4_1-dropout_from_half")
    assert evidence.judge(claim, replace(dropout, data="real")).name == "holds"


def test_fig_2_has_a_cross_for_each_completed_configuration(searched):
    request, _ = searched({**SIZES, "prune_below": 90, "subjects": 6}, by_dropout, trials=14, protocol="published")
    (path,) = search_figures.draw(request.paper, "quick", "synthetic", request.results)
    assert path.name == "fig2-ckplus.png" and path.read_bytes()[:4] == b"\x89PNG"
    record = search_record.read(search_record.place(PAPER, "quick", "synthetic", request.results, "ckplus"))
    study = record.content["studies"]["published"]["ckplus"]
    points = search_figures.crosses(study)
    kept = [trial for trial in study["trials"] if not trial["pruned"]]
    assert 0 < len(points) == len(kept) < 14 and {accuracy for _, accuracy in points} == {100.0}
    assert [number for number, _ in points] == sorted(trial["number"] for trial in kept)


def test_a_strict_reproduction_takes_no_configuration_that_the_tested_subjects_chose(searched):
    request, _ = searched({**SIZES, "folds": 2}, by_dropout, corpus="oulu", trials=4, protocol="both")
    asked = check(request.paper, experiments.EXPERIMENTS, results=request.results, settings=["oulu_best=search_again"])

    def configured(protocol):
        return list(experiments._configured(asked, Drawn(OULU), "oulu-folds", protocol, trainings.ROWS["c2"]))

    (everywhere,) = configured("published")
    assert everywhere[0] == search_record.winner(PAPER, "quick", "synthetic", request.results, "oulu")
    assert len(everywhere[1]) == 2
    folds = configured("strict")
    assert [[name for name, _ in some] for _, some in folds] == [["fold-01"], ["fold-02"]]
    content = search_record.read(search_record.place(PAPER, "quick", "synthetic", request.results, "oulu")).content
    for options, ((name, _),) in folds:
        assert options == content["studies"]["strict"][f"oulu-{name}"]["trials"][0]["options"]
    with pytest.raises(UserError, match="has seen sequences that clip-disjoint tests"):
        configured("clip-disjoint")
    with pytest.raises(UserError, match="nested search on oulu without fold-09"):
        search_record.winner(PAPER, "quick", "synthetic", request.results, "oulu", outer="fold-09")
