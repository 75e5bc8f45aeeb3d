"""Training: repeatable, resumable after a kill, complete in what it writes."""

import dataclasses
import functools
import os
import signal
import subprocess
import sys
import time
import zipfile
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from little_samples import CLASSES, LittleNetwork, LittleSamples

from common.media.clips import Provenance
from common.protocols.leakage import summarise
from common.protocols.splitters import Fold
from common.runs import scores, store
from common.samples.augmentation import Augmentation
from common.support import timing
from common.support.errors import UserError
from common.training import devices, model_cache
from common.training.batch_norm import MovingStatistics
from common.training.batches import class_labels
from common.training.launch import _shares as launch_shares
from common.training.launch import launch
from common.training.recipe import CHECKPOINTS, EarlyStopping, Plateau, Recipe
from common.training.spec import Job, Training
from common.training.stream import feed
from common.training.train import train

SAMPLES = LittleSamples()
FOLD = Fold("f", np.arange(36), np.arange(36, 45), np.arange(45, 60))
RECIPE = Recipe(epochs=4, batch_size=8, learning_rate=1e-2, schedule=((1, 0.5), (2, 0.1)), augmentation=Augmentation())
DRAWN = Provenance(True, {"seed": 1})
HERE = Path(__file__).parent


def little(recipe=RECIPE, seed=0, fold=FOLD, **more) -> Training:
    labels = class_labels(SAMPLES.table.emotion, CLASSES)
    return Training(
        "paper", "exp", "strict", "quick", LittleNetwork(), recipe, seed, SAMPLES, labels, CLASSES, fold, **more
    )


def changed(**changes) -> Recipe:
    return dataclasses.replace(RECIPE, **changes)


def test_the_learning_rate_falls_after_the_named_epochs_and_factors_do_not_multiply():
    recipe = Recipe(200, 32, 1e-3, schedule=((80, 1e-1), (120, 1e-2), (160, 1e-3), (180, 0.5e-3)))
    rates = {0: 1e-3, 80: 1e-3, 81: 1e-4, 120: 1e-4, 121: 1e-5, 160: 1e-5, 161: 1e-6, 180: 1e-6, 181: 0.5e-6}
    assert {epoch: recipe.rate(epoch) for epoch in rates} == pytest.approx(rates)


@settings(deadline=None)  # the first example imports Keras
@given(
    monitor=st.sampled_from(["val_loss", "val_accuracy"]),
    patience=st.integers(1, 4),
    min_delta=st.sampled_from([0.0, 0.0001, 0.25]),
    values=st.lists(st.sampled_from([0.1, 0.2, 0.2001, 0.3, 0.5, 0.9]), min_size=1, max_size=12),
)
def test_early_stopping_ends_where_that_of_keras_does(monitor, patience, min_delta, values):
    import keras

    mode = "min" if monitor == "val_loss" else "max"
    callback = keras.callbacks.EarlyStopping(monitor=monitor, patience=patience, min_delta=min_delta, mode=mode)
    callback.set_model(SimpleNamespace(stop_training=False))
    callback.on_train_begin()
    ours = EarlyStopping(monitor, patience, min_delta)
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {monitor: value})
        # Keras never ends after its very first epoch, ours cannot either: that one always improves.
        assert ours.ends(values[: epoch + 1]) == callback.model.stop_training
        if callback.model.stop_training:
            break


def test_a_training_that_is_stopped_early_tests_the_last_epoch_it_had(tmp_path):
    recipe = changed(stopping=EarlyStopping("val_loss", patience=1, min_delta=100.0), checkpoint="last")
    done = train(little(recipe), tmp_path, provenance=DRAWN)
    assert done.curves().epoch.tolist() == [0, 1]
    assert done.record["chosen_epoch"] == 1


def test_early_stopping_needs_something_to_watch(tmp_path):
    recipe = changed(stopping=EarlyStopping("val_loss", patience=1), checkpoint="last")
    nothing = dataclasses.replace(FOLD, validation=np.empty(0, np.int64))
    with pytest.raises(UserError, match="no samples for validation"):
        train(little(recipe, fold=nothing), tmp_path, provenance=DRAWN)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    told = []
    done = train(
        little(),
        tmp_path_factory.mktemp("runs"),
        provenance=DRAWN,
        split=summarise(SAMPLES.table, FOLD),
        progress=lambda epoch, epochs, logs: told.append((epoch, epochs, logs["loss"])),
    )
    return done, told


def test_a_run_folder_holds_the_predictions_of_every_test_sample(run):
    table = run[0].predictions()
    assert table.columns.tolist() == [
        *("sample", "corpus", "clip", "subject", "first_frame", "emotion", "predicted"),
        *("p_Angry", "p_Happy", "p_Sad"),
    ]
    assert table["sample"].tolist() == list(range(45, 60))
    assert table.emotion.tolist() == SAMPLES.table.emotion[45:].tolist()
    probabilities = table[["p_Angry", "p_Happy", "p_Sad"]].to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert table.predicted.tolist() == [CLASSES[n] for n in probabilities.argmax(axis=1)]


def test_curves_have_a_row_an_epoch_and_are_told_while_training(run):
    curves, told = run[0].curves(), run[1]
    assert curves.epoch.tolist() == [0, 1, 2, 3]
    assert curves.learning_rate.tolist() == pytest.approx([1e-2, 1e-2, 5e-3, 1e-3])
    assert curves[["loss", "accuracy", "val_loss", "val_accuracy"]].notna().all(axis=None)
    assert [(epoch, epochs) for epoch, epochs, _ in told] == [(n, 4) for n in range(1, 5)]
    assert [loss for *_, loss in told] == pytest.approx(curves.loss.tolist())


def test_the_record_says_what_was_run(run):
    record = run[0].record
    assert record["provenance"] == {"synthetic": True, "details": {"seed": 1}}
    assert record["split"] == summarise(SAMPLES.table, FOLD).to_json()
    assert record["samples"] == {"train": 36, "validation": 9, "test": 15}
    assert record["classes"] == list(CLASSES)
    assert record["hardware"]["backend"] == devices.choose_backend()
    assert record["hardware"]["deterministic"] is True
    assert record["versions"]["keras"]
    assert run[0].identity == little().identity


def test_the_chosen_epoch_is_the_first_best_and_its_model_is_kept(run):
    import keras

    done = run[0]
    accuracies = done.curves().val_accuracy.tolist()
    assert done.record["chosen_epoch"] == accuracies.index(max(accuracies))
    model = keras.models.load_model(done.folder / "model.keras")
    x, _ = little().batches(FOLD.test, train=False)[0]
    expected = done.predictions()[["p_Angry", "p_Happy", "p_Sad"]].to_numpy()[:8]
    np.testing.assert_allclose(model(x, training=False), expected, atol=1e-5)


def test_the_same_seed_gives_identical_predictions_and_another_seed_others(run, tmp_path):
    again = train(little(), tmp_path, provenance=DRAWN)
    other = train(little(seed=1), tmp_path, provenance=DRAWN)
    first = (run[0].folder / "predictions.csv").read_bytes()
    assert (again.folder / "predictions.csv").read_bytes() == first
    assert (other.folder / "predictions.csv").read_bytes() != first


def test_a_network_that_is_handed_on_trains_like_a_fresh_one(run, tmp_path):
    network = little().network

    def predictions(seed, place):
        training = dataclasses.replace(little(seed=seed), network=network)
        return (train(training, tmp_path / place, provenance=DRAWN).folder / "predictions.csv").read_bytes()

    predictions(1, "before")
    handed_on = model_cache.compiled(network, len(CLASSES), {}, RECIPE)
    assert predictions(0, "after") == (run[0].folder / "predictions.csv").read_bytes()
    assert model_cache.compiled(network, len(CLASSES), {}, RECIPE) is handed_on
    assert model_cache.compiled(network, len(CLASSES) + 1, {}, RECIPE) is not handed_on


def test_a_finished_run_is_used_as_it_is_unless_fresh_is_asked_for(tmp_path):
    recipe = changed(epochs=1)
    told = []

    def once(**more):
        return train(little(recipe), tmp_path, provenance=DRAWN, progress=lambda *a: told.append(a), **more)

    first = once()
    assert once() == first
    assert len(told) == 1
    once(fresh=True)
    assert len(told) == 2

    def stopped(*_) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(little(recipe), tmp_path, provenance=DRAWN, progress=stopped, fresh=True)
    assert store.finished(first.identity, tmp_path) is not None, "the run that was there is lost"


def test_a_finished_run_names_the_decisions_of_the_command_that_asked_last(tmp_path):
    """What it depends on is in its key; the others are not to stay those of whoever trained it."""
    asked = [little(changed(epochs=1), decisions={"of_another_network": choice}) for choice in ("one", "other")]
    (first,), (again,) = (launch([Job(training)], tmp_path, DRAWN, processes=1) for training in asked)
    assert first.folder == again.folder and first.record["ended"] == again.record["ended"]
    assert first.record["decisions"] == {"of_another_network": "one"}
    assert again.record["decisions"] == {"of_another_network": "other"}
    assert store.read(again.folder).weights.is_file()


@pytest.mark.parametrize(
    ("costs", "shares"),
    [
        ({"a": (2, 2), "b": (2, 2)}, ["a a", "b b"]),  # each network is compiled once
        ({"a": (5, 5), "b": (2, 2)}, ["a", "a", "b", "b"]),  # else one process had 10 to do, and the other 4
        ({"a": (5, 5)}, ["a", "a"]),
        ({"a": (2, 2), "b": (3, 3), "c": (1, 1)}, ["b b", "a a", "c c"]),
    ],
)
def test_protocols_of_a_network_share_a_process_unless_the_other_would_wait(costs, shares):
    jobs = [
        Job(dataclasses.replace(little(), experiment=name, protocol=protocol), cost=cost)
        for name, two in costs.items()
        for protocol, cost in zip(("published", "strict"), two, strict=True)
    ]
    made = launch_shares(jobs, 2)
    assert [" ".join(job.training.experiment for job in share) for share in made] == shares


def test_the_last_epoch_can_be_chosen_and_needs_no_validation(tmp_path):
    fold = Fold("f", FOLD.train, np.array([], int), FOLD.test)
    done = train(little(changed(checkpoint="last"), fold=fold), tmp_path, provenance=DRAWN)
    assert done.record["chosen_epoch"] == 3
    assert done.curves().val_accuracy.isna().all()
    with pytest.raises(UserError, match="no samples for validation"):
        train(little(fold=fold), tmp_path, provenance=DRAWN)


def test_steps_per_epoch_continue_through_the_samples(tmp_path):
    seen = []

    class Watched(LittleSamples):
        def read(self, rows):
            seen.extend(int(row) for row in rows)
            return super().read(rows)

    training = dataclasses.replace(little(changed(steps_per_epoch=1, epochs=5, checkpoint="last")), samples=Watched())
    train(training, tmp_path, provenance=DRAWN)
    assert {row for row in seen if row < 36} == set(range(36))


@pytest.mark.parametrize("steps", [1, 40])
def test_settled_statistics_are_the_average_of_what_was_seen(steps):
    import keras

    model = LittleNetwork().build(3)
    norm = model.layers[1]
    moving = MovingStatistics(model)
    rng = np.random.default_rng(0)
    means, norms = [], []
    for _ in range(steps):
        x = rng.normal(3, 2, (16, 12, 12, 5)).astype("float32")
        convolved = keras.ops.convert_to_numpy(model.layers[0](x))
        means.append(convolved.mean(axis=(0, 1, 2)))
        norms.append(convolved.var(axis=(0, 1, 2)))
        model(x, training=True)
    before = [np.array(weight) for weight in model.get_weights()]
    weights = 0.8 ** np.arange(steps)[::-1]
    with moving.settled(steps):
        expected = np.average(means, axis=0, weights=weights)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_mean), expected, rtol=1e-3, atol=1e-4)
        expected = np.average(norms, axis=0, weights=weights)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(norm.moving_variance), expected, rtol=1e-3)
    for weight, was in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, was)


def test_measured_statistics_are_those_of_the_batches_and_leave_no_trace():
    import keras

    inputs = keras.Input((4,))
    norm = keras.layers.BatchNormalization(momentum=0.9)
    model = keras.Model(inputs, keras.layers.Dropout(0.5, seed=3)(norm(inputs)))
    batches = np.random.default_rng(0).normal(3, 2, (5, 16, 4)).astype("float32")
    before = [keras.ops.convert_to_numpy(variable).copy() for variable in model.variables]
    with MovingStatistics(model).measured(batches):
        mean, variance = (keras.ops.convert_to_numpy(v) for v in (norm.moving_mean, norm.moving_variance))
        np.testing.assert_allclose(mean, batches.mean(axis=(0, 1)), rtol=1e-4)
        np.testing.assert_allclose(variance, batches.var(axis=1).mean(axis=0), rtol=1e-4)
    assert norm.momentum == 0.9
    for variable, was in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), was)


def test_a_training_that_measures_its_statistics_learns_the_same_weights(tmp_path):
    moving, measured = (
        train(little(changed(checkpoint="last", batch_norm_batches=count)), tmp_path, provenance=DRAWN).curves()
        for count in (0, 2)
    )
    assert moving.loss.tolist() == measured.loss.tolist()
    assert moving.val_loss.tolist() != measured.val_loss.tolist()


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_batch_normalisation_is_fused_in_training_and_as_keras_has_it_in_the_file(tmp_path):
    with zipfile.ZipFile(train(little(), tmp_path, provenance=DRAWN).folder / "model.keras") as file:
        config = file.read("config.json").decode()
    assert "BatchNormalization" in config and "common" not in config
    norm = model_cache.compiled(LittleNetwork(), 3, {}, RECIPE).layers[1]
    assert isinstance(norm.call, functools.partial)


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_tensorflow_traces_a_training_step_once():
    model, traced = model_cache.compiled(LittleNetwork(), 3, {"width": 7}, RECIPE), []
    step = model.train_step
    model.train_step = lambda data: traced.append(data) or step(data)
    model.fit(feed(little().batches(FOLD.train, train=True)), steps_per_epoch=2, verbose=0, shuffle=False)
    assert len(traced) == 1


def test_mixed_precision_trains_with_float32_outputs(tmp_path):
    done = train(little(changed(mixed_precision=True, epochs=1)), tmp_path, provenance=DRAWN)
    expected = "mixed_float16" if done.record["hardware"]["gpus"] else "mixed_bfloat16"
    assert done.record["hardware"]["precision"] == expected
    assert done.predictions().p_Angry.between(0, 1).all()


def test_a_clip_without_a_sample_can_be_tested_and_is_an_error(run, tmp_path):
    lost = tuple({"corpus": "little", "clip": f"lost {n}", "subject": "nobody", "emotion": CLASSES[0]} for n in (0, 1))
    training = little(lost=lost)
    assert little(lost=()).identity == little().identity != training.identity != little(lost=lost[:1]).identity
    counted = train(training, tmp_path, provenance=DRAWN)
    before, _ = run
    plain, ours = before.predictions(), counted.predictions()
    assert counted.record["samples"]["test"] == len(ours) == len(plain) + 2 == before.record["samples"]["test"] + 2
    assert list(ours.columns) == list(plain.columns) and ours.dtypes.equals(plain.dtypes)
    pd.testing.assert_frame_equal(ours.iloc[: len(plain)], plain)
    rows = ours.iloc[len(plain) :]
    assert rows["clip"].tolist() == ["lost 0", "lost 1"] and rows["sample"].tolist() == [-1, -2]
    assert rows.filter(like="p_").to_numpy().sum() == 0
    right = (plain.emotion == plain.predicted).sum()
    assert scores.score([counted]).accuracy == pytest.approx(right / (len(plain) + 2))
    assert scores.confusion(ours, CLASSES).sum() == len(plain)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_the_three_checkpoint_choices_test_three_different_epochs(tmp_path, checkpoint):
    import keras

    recipe = changed(learning_rate=5e-3, schedule=(), epochs=6, checkpoint=checkpoint)
    mislabelled = little().labels.copy()
    mislabelled[FOLD.validation[:2]] = (mislabelled[FOLD.validation[:2]] + 1) % len(CLASSES)
    training = dataclasses.replace(little(recipe), labels=mislabelled)
    done = train(training, tmp_path, provenance=DRAWN)
    curves = done.curves()
    epochs = {
        "best_validation_accuracy": int(curves.val_accuracy.to_numpy().argmax()),
        "best_validation_loss": int(curves.val_loss.to_numpy().argmin()),
        "last": 5,
    }
    assert len(set(epochs.values())) == 3
    assert done.record["chosen_epoch"] == epochs[checkpoint]
    # What is tested and kept are the weights of that epoch: their loss on the validation part is the noted one.
    model = keras.models.load_model(done.folder / "model.keras")
    rows = FOLD.validation
    x = np.concatenate([batch for batch, _ in (training.batches(rows, train=False)[n] for n in range(2))])[: len(rows)]
    probabilities = np.asarray(model(x, training=False))[np.arange(len(rows)), mislabelled[rows]]
    penalty = sum(float(loss) for loss in model.losses)
    assert -np.log(probabilities).mean() + penalty == pytest.approx(curves.val_loss[epochs[checkpoint]], rel=1e-3)


@pytest.mark.parametrize("checkpoint", [one for one in CHECKPOINTS if one != "last"])
def test_a_choice_by_validation_needs_a_validation_part(tmp_path, checkpoint):
    nothing = dataclasses.replace(FOLD, validation=np.empty(0, np.int64))
    with pytest.raises(UserError, match="no samples for validation"):
        train(little(changed(checkpoint=checkpoint), fold=nothing), tmp_path, provenance=DRAWN)


def test_every_checkpoint_choice_is_a_run_of_its_own():
    assert len({little(changed(checkpoint=one)).identity.key for one in CHECKPOINTS}) == 3


def test_an_unknown_checkpoint_choice_is_refused(tmp_path):
    with pytest.raises(UserError, match="no checkpoint choice"):
        train(little(changed(checkpoint="best")), tmp_path, provenance=DRAWN)


def test_labels_settings_and_split_are_part_of_the_identity():
    base = little().identity
    shuffled = dataclasses.replace(little(), labels=little().labels[::-1])
    other_fold = little(fold=Fold("f", FOLD.train[:-1], FOLD.validation, FOLD.test))
    keys = {base.key, shuffled.identity.key, other_fold.identity.key, little(settings={"width": 5}).identity.key}
    assert len(keys) == 4
    assert little().identity == base


KILLED = """
import sys, time
sys.path[:0] = [{here!r}, {root!r}]
from pathlib import Path
from test_training import DRAWN, RECIPES, little, train

def slowly(epoch, epochs, logs):
    if epoch == {epoch}:
        Path({mark!r}).touch()
        time.sleep(60)

train(little(RECIPES[{name!r}]), Path({runs!r}), provenance=DRAWN, save_every=0, progress=slowly)
"""
# Nothing improves by 100, so every two epochs the rate falls; the training is killed between two such epochs.
RECIPES = {
    "schedule": RECIPE,
    "plateau": changed(
        epochs=7, schedule=(), plateau=Plateau("val_loss", factor=0.5, patience=2, min_delta=100.0, min_lr=3e-3)
    ),
}


def killed_after(epoch: int, name: str, folder: Path) -> None:
    """Begin the training of a recipe in another process and kill it after so many epochs."""
    mark = folder / "mark"
    code = KILLED.format(
        here=str(HERE), root=str(HERE.parent), mark=str(mark), runs=str(folder / "runs"), epoch=epoch, name=name
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 120
    while not mark.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize(("name", "epochs"), [("schedule", 3), ("plateau", 4)])
def test_a_killed_training_continues_and_ends_as_if_nothing_had_happened(name, epochs, tmp_path):
    killed_after(epochs, name, tmp_path)
    (unfinished,) = store.find(tmp_path / "runs")[1]
    assert unfinished.folder.name.endswith(".partial")

    done = train(little(RECIPES[name]), tmp_path / "runs", provenance=DRAWN)
    assert done.record["epochs_resumed_from"] == epochs
    whole = train(little(RECIPES[name]), tmp_path / "whole", provenance=DRAWN)
    assert (done.folder / "predictions.csv").read_bytes() == (whole.folder / "predictions.csv").read_bytes()
    drop = ["seconds"]
    assert done.curves().drop(columns=drop).equals(whole.curves().drop(columns=drop))
    assert store.find(tmp_path / "runs")[1] == []


def test_the_rate_falls_on_a_plateau_and_no_lower_than_is_said(tmp_path):
    done = train(little(RECIPES["plateau"]), tmp_path, provenance=DRAWN)
    assert done.curves().learning_rate.tolist() == [1e-2, 1e-2, 1e-2, 5e-3, 5e-3, 3e-3, 3e-3]
    steady = train(little(changed(epochs=7, schedule=())), tmp_path, provenance=DRAWN)
    assert done.curves().loss[:3].tolist() == steady.curves().loss[:3].tolist()
    assert done.curves().loss[4] != steady.curves().loss[4]


def test_a_plateau_is_refused_beside_a_schedule_and_without_a_validation_part(tmp_path):
    with pytest.raises(UserError, match="both by a schedule and on a plateau"):
        train(little(changed(plateau=Plateau())), tmp_path, provenance=DRAWN)
    nothing = dataclasses.replace(FOLD, validation=np.empty(0, np.int64))
    with pytest.raises(UserError, match="no samples for validation"):
        recipe = changed(schedule=(), checkpoint="last", plateau=Plateau())
        train(little(recipe, fold=nothing), tmp_path, provenance=DRAWN)


def test_a_damaged_state_only_costs_time(run, tmp_path):
    folder = little().identity.folder(tmp_path)
    partial = folder.with_name(folder.name + ".partial")
    partial.mkdir(parents=True)
    (partial / "state.npz").write_bytes(b"PK\x03\x04 half a file")
    done = train(little(), tmp_path, provenance=DRAWN)
    assert done.record["epochs_resumed_from"] == 0
    assert (done.folder / "predictions.csv").read_bytes() == (run[0].folder / "predictions.csv").read_bytes()


def in_another_process(tmp_path, extra: str, **environment):
    code = f"""
import sys
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]
from pathlib import Path
{extra}
from test_training import DRAWN, changed, little, train
run = train(little(changed(epochs=2)), Path({str(tmp_path)!r}), provenance=DRAWN)
assert len(run.predictions()) == 15
print(run.record["hardware"]["backend"], run.curves().loss.iloc[-1] < run.curves().loss.iloc[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")
def test_training_runs_on_jax_without_tensorflow(tmp_path):
    absent = "sys.modules['tensorflow'] = None"
    assert in_another_process(tmp_path, absent, KERAS_BACKEND="jax") == ["jax", "True"]


@pytest.mark.skipif(find_spec("jax") is None, reason="jax is not installed")
def test_a_batch_is_divided_among_several_devices(tmp_path):
    shown = "import atexit, keras; atexit.register(lambda: print(len(keras.distribution.list_devices())))"
    two = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    assert in_another_process(tmp_path, shown, **two) == ["jax", "True", "2"]


def test_an_unknown_backend_is_named(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflo")
    with pytest.raises(UserError, match="Did you mean tensorflow"):
        devices.choose_backend()


def test_times_are_taken_in_turns_and_compared_with_the_reference():
    called = []

    def call(name, seconds):
        return lambda: (called.append(name), time.sleep(seconds))

    rows = timing.times({"a": call("a", 0.002), "b": call("b", 0.008)}, reference="a", runs=10, warm_up=2)
    assert all(set(called[n : n + 2]) == {"a", "b"} for n in range(0, len(called), 2))
    assert len(called) == 24
    a, b = rows
    assert a.ratio == 1
    assert 2 < b.ratio < 4.5
    assert b.p50 <= b.p95
    assert b.mean >= 8


def test_networks_are_timed_at_batch_one():
    models = {name: LittleNetwork().build(3, width=width) for name, width in (("narrow", 2), ("wide", 8))}
    rows = timing.inference_times(models, reference="narrow", runs=5, warm_up=1)
    assert [row.name for row in rows] == ["narrow", "wide"]
    assert all(row.mean > 0 and row.runs == 5 for row in rows)
