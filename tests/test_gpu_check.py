"""What a GPU is asked to show: tried on a processor with a tiny network, kept, gone on with, and told."""

import subprocess
import sys
import time

import numpy as np
import pytest
from little_samples import CLASSES, LittleNetwork, LittleSamples

from bench.gpu import __main__ as check
from bench.gpu import cards, record, steps
from bench.gpu.work import Work, works
from bench.operations import operations
from common.protocols.splitters import Fold
from common.results.config import ROOT
from common.support.errors import UserError
from common.training import devices
from common.training.recipe import Recipe
from common.training.spec import Training

DAY = "2026-01-01"


def little(request, folder) -> Training:
    samples = LittleSamples(count=24)
    rows = np.arange(len(samples))
    names, fold = ("little", "gpu-check", "noise", request.profile), Fold("noise", rows, rows[:0], rows)
    return Training(*names, LittleNetwork(), Recipe(2, 4, 1e-3), 0, samples, rows % 3, CLASSES, fold)


LITTLE = Work("thesis", "little", "nothing", 100.0, little)


def timing(**changed) -> record.Timing:
    times = {"feeding": 3.0, "transfer": 0.5, "compute": 9.5, "step": 10.0, "answer": 2.0}
    told = {"batch_norm": "none", "same_bytes": True, "protocol": "all of it", "day": DAY}
    named = {"network": "c3d_ckplus", "precision": "bfloat16", "batch": 30, "operations": 10**9, "clips": 3.6e6}
    return record.Timing(**named | times | told | changed)


def kept(card="NVIDIA H100 80GB HBM3", **changed) -> record.Record:
    about = {"cpu": "a processor", "cores": 16, "backend": "jax", "versions": {}, "revision": "", "small": False}
    return record.Record(card=card, timings=(timing(),), **about | changed)


def test_a_network_is_measured_in_both_precisions_and_never_twice(tmp_path, monkeypatch):
    measured = steps.measure(LITTLE, tmp_path, small=True)
    (path,) = tmp_path.iterdir()
    assert record.load(path) == measured and measured.backend == devices.choose_backend()
    assert [one.precision for one in measured.timings] == ["bfloat16", "float32"]
    for one in measured.timings:
        assert one.batch == 4 and one.clips == 200 and one.trained > 0 and one.answered > 0
        assert one.batch_norm == ("fused" if measured.backend == "tensorflow" else "Keras") and one.same_bytes
    monkeypatch.setattr(steps, "_timing", lambda *given: pytest.fail("measured again"))
    assert steps.measure(LITTLE, tmp_path, small=True) == measured


def test_a_record_that_is_none_is_refused_by_its_name(tmp_path):
    path = tmp_path / "jax.json"
    path.write_text(kept().model_dump_json().replace('"batch":30', '"batch":-1'))
    with pytest.raises(UserError, match=r"jax\.json is no record of a GPU \(timings\.0\.batch"):
        record.load(path)
    path.write_text("{}")
    with pytest.raises(UserError, match="no record"):
        record.load(path)


def test_what_follows_from_times():
    one = timing()
    assert (one.trained, one.answered, one.busy, one.hours) == (3000, 15000, 0.95, pytest.approx(1 / 3))
    assert kept().share(one) == pytest.approx(3 * 1e9 * 3000 / 989.5e12)
    assert kept("AMD EPYC").share(one) is None


def test_the_table_says_which_card_and_which_goals_are_met():
    shown, times = record.tables(kept())
    assert shown.title == "NVIDIA H100 80GB HBM3, 16 cores, Keras on jax"
    assert shown.rows[0]["trained"] == 3000 and shown.rows[0]["busy"] == "95%"
    assert times.rows[0]["feeding"] == 3 and "same_bytes" in times.columns
    notes = "\n".join(shown.notes)
    assert "Goal missed: 3D-CNN, share of the peak" in notes
    assert "Goal met: 3D-CNN, hours of the protocol" in notes and "Goal met: c3d_ckplus, card busy" in notes
    assert "989.5 (bfloat16) TFLOP/s, NVIDIA H100 data sheet" in notes
    unlisted, _ = record.tables(kept("AMD EPYC"))
    assert not any("Goal" in note for note in unlisted.notes) and unlisted.rows[0]["share"] is None


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H100 PCIe", "H100 PCIe"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("NVIDIA L40S", "L40S"),
        ("NVIDIA L4", "L4"),
    ],
)
def test_cards_are_known_by_what_their_driver_calls_them(told, name):
    assert cards.known(told).name == name


def test_a_processor_or_another_card_is_none_of_them():
    assert cards.known("AMD EPYC 7763") is None and cards.known("NVIDIA A1000") is None


@pytest.mark.parametrize("network", ["c3d_ckplus", "spatial_cnn", "cnn_fer2013", "tcn_mini_xception", "convlstm"])
def test_the_papers_own_networks_recipes_and_batches_are_what_is_measured(network, tmp_path):
    """The exact sizes, laid out without weights; and a real batch fits the network."""
    import keras

    work = next(one for one in works() if one.network == network)
    training, clips = work.made(small=False, folder=tmp_path)
    inputs, labels = training.batches(training.fold.train, train=True)[0]
    with keras.StatelessScope(initialize_variables=False):
        model = training.network.build(classes=len(training.classes), **training.settings)
        counted = operations(model)
    keras.utils.clear_session()
    assert inputs.shape[1:] == model.input_shape[1:] and labels.shape[1:] == model.output_shape[1:]
    assert len(inputs) == training.recipe.batch_size and clips > training.recipe.epochs
    # AlexNet is known for 0.72 billion multiplications. XLA's count of the other one leaves out zeros of the padding.
    expected = {"spatial_cnn": 1.44e9, "cnn_fer2013": 0.301e9}.get(network)
    assert expected is None or counted == pytest.approx(expected, rel=0.06)


def test_operations_are_those_of_a_count_by_hand():
    from keras import Input, Model, Sequential, layers

    inner = Sequential([Input((8, 8, 3)), layers.Conv2D(5, 3, padding="same"), layers.Flatten(), layers.Dense(2)])
    assert operations(inner) == 2 * (3 * 3 * 3 * 5 * 64) + 2 * (8 * 8 * 5 * 2)
    entry = Input((8, 8, 3))
    assert operations(Model(entry, layers.Dense(4)(inner(entry)))) == operations(inner) + 2 * 2 * 4
    split = Sequential([Input((8, 8, 3)), layers.SeparableConv2D(5, 3, padding="same")])
    assert operations(split) == 2 * 64 * (3 * 3 * 3 + 3 * 5)
    memory = Sequential([Input((7, 8, 8, 3)), layers.ConvLSTM2D(2, 3, padding="same")])
    assert operations(memory) == 2 * 7 * 64 * (9 * 3 * 8 + 9 * 2 * 8)


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The commands that the check runs; they take no time and succeed."""
    commands = []
    monkeypatch.setenv("FER_RESULTS", str(tmp_path))
    monkeypatch.setattr(check, "_finished", lambda command, seconds: commands.append(command[2:]) or True)
    return commands


def test_networks_are_measured_first_then_real_results_in_their_order(told, tmp_path):
    with pytest.raises(SystemExit) as ended:
        check.main(data=tmp_path)
    assert ended.value.code == 0
    assert [command[1] for command in told[:6]] == [work.network for work in works()]
    assert [command[2] for command in told[6:]] == ["thesis", "emotionalvlan", "cnn3d"]
    assert all(command[-2:] == ["--data", str(tmp_path)] for command in told[6:])


def test_a_network_that_there_is_not_is_refused(told):
    with pytest.raises(UserError, match="no network of the check"):
        check.main(only="c3d")
    assert not told


def test_the_words_for_real_results_are_understood():
    from commands.reproduce import checked

    for paper, *words in check.REAL:
        options = {word.removeprefix("--"): value for word, value in zip(words[::2], words[1::2], strict=True)}
        assert checked(paper, profile="paper", **options).experiments


def test_when_the_time_is_over_nothing_more_begins_and_the_exit_status_says_so(told, tmp_path):
    with pytest.raises(SystemExit) as ended:
        check.main(minutes=0, data=tmp_path)
    assert ended.value.code == 3 and not told


def test_what_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(check, "sys", type("Fake", (), {"executable": "sleep"}))
    monkeypatch.setattr(check, "_finished", lambda command, seconds: subprocess.run(["sleep", "60"], timeout=seconds))
    began = time.monotonic()
    assert not check._ran(time.monotonic() + 0.2, "bench.gpu.steps", "little", "here")
    assert time.monotonic() - began < 10


WITHOUT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
import bench.gpu.__main__, bench.gpu.steps, bench.gpu.work
print(len(bench.gpu.work.works()))
"""


def test_the_check_is_imported_without_tensorflow():
    done = subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["6"]


def test_small_networks_are_no_exact_ones(tmp_path):
    work = next(one for one in works() if one.network == "c3d_ckplus")
    training, clips = work.made(small=True, folder=tmp_path)
    exact, _ = work.made(small=False, folder=tmp_path)
    assert training.settings["fc_units"] < exact.settings["fc_units"]
    assert clips == work.clips * training.recipe.epochs
