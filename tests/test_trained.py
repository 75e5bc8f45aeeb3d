"""Which network is taken, what is said about it, and that nothing foreign is loaded."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import fake_runs
import little_trained
import numpy as np
import pytest

from common.runs import store
from common.runs.identity import Identity
from common.support.errors import UserError
from common.training import model_file
from inference import quick, trained


def test_the_best_run_is_taken_recorded_faces_first_then_the_strict_protocol(tmp_path):
    def best() -> Identity:
        return trained.find("timeconvnet", tmp_path).record.identity

    little_trained.run(tmp_path, seed=1, accuracy=0.9)
    assert best().seed == 1
    little_trained.run(tmp_path, seed=2, accuracy=0.5, protocol="strict")
    assert best().seed == 2
    little_trained.run(tmp_path, seed=3, accuracy=0.6, protocol="strict")
    assert best().seed == 3
    little_trained.run(tmp_path, seed=4, accuracy=0.4, synthetic=False)
    assert best().seed == 4
    little_trained.run(
        tmp_path, seed=5, accuracy=1.0, experiment="control-shuffled", protocol="strict", synthetic=False
    )
    assert best().seed == 4
    assert trained.find("", tmp_path).record.identity.seed == 4


def test_a_network_that_learnt_nothing_comes_after_one_that_did(tmp_path):
    def best() -> store.Identity:
        return trained.find("", tmp_path).record.identity

    little_trained.run(tmp_path, seed=1, accuracy=0.15, protocol="strict", synthetic=False)
    assert best().seed == 1
    little_trained.run(tmp_path, seed=2, accuracy=0.6, synthetic=False)
    assert best().seed == 2
    little_trained.run(tmp_path, seed=3, accuracy=0.5, protocol="strict", synthetic=False)
    assert best().seed == 3
    little_trained.run(tmp_path, seed=4, accuracy=0.9, protocol="strict")  # of synthetic faces
    assert best().seed == 3


def test_accuracies_count_relative_to_those_of_a_constant_answer(tmp_path):
    little_trained.run(tmp_path, seed=1, accuracy=0.6, synthetic=False)
    easy = little_trained.run(tmp_path, seed=2, accuracy=0.7, synthetic=False)
    table = easy.predictions()
    table["emotion"] = ["Happy"] * 84 + ["Sad"] * 56
    table["predicted"] = ["Happy"] * 98 + ["Sad"] * 42
    table.to_csv(easy.folder / "predictions.csv", index=False)
    fake_runs.seal(easy.folder)
    assert trained.find("", tmp_path).record.identity.seed == 2  # 0.9 where 0.6 is nothing
    table["predicted"] = ["Happy"] * 126 + ["Sad"] * 14
    table.to_csv(easy.folder / "predictions.csv", index=False)
    fake_runs.seal(easy.folder)
    assert trained.find("", tmp_path).record.identity.seed == 1  # 0.6 of seven emotions, and 0.7 where 0.6 is nothing


def test_given_weights_are_not_called_trained_on_synthetic_faces(tmp_path):
    little_trained.run(tmp_path, seed=1, accuracy=0.9)
    run = little_trained.run(tmp_path, seed=2, accuracy=0.5)
    record = json.loads((run.folder / "run.json").read_text())
    record |= {
        "kind": "evaluate",
        "trained_on": "FER2013, by its makers",
        "tested_on": "CK+",
        "hardware": {"cpu": "any"},
    }
    (run.folder / "run.json").write_text(json.dumps(record))
    fake_runs.seal(run.folder)
    found = trained.find("", tmp_path)
    assert found.record.identity.seed == 2 and not found.synthetic
    assert "weights of others, trained on FER2013, by its makers; tested on synthetic faces" in found.description
    assert "trained on synthetic" not in found.description


def test_a_run_is_taken_by_its_folder(tmp_path):
    worse = little_trained.run(tmp_path, accuracy=0.3)
    little_trained.run(tmp_path, seed=1, accuracy=0.9)
    found = trained.find(str(worse.folder), tmp_path)
    assert found.record.folder == worse.folder
    assert found.paper == "timeconvnet" and found.network == "TimeConvNet (mini-Xception)"
    assert found.classes == fake_runs.CLASSES


def test_what_it_was_trained_on_is_said(tmp_path):
    drawn = little_trained.make(tmp_path)
    assert "synthetic faces" in drawn.description and "published" in drawn.description and drawn.synthetic
    recorded = little_trained.make(tmp_path, seed=1, synthetic=False)
    assert "real faces (CK+)" in recorded.description and "0.80" in recorded.description and not recorded.synthetic


def test_without_a_network_the_command_that_makes_one_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("FER_DATA", raising=False)
    with pytest.raises(UserError, match="make reproduce PAPER=thesis"):
        trained.find("thesis", tmp_path)
    with pytest.raises(UserError, match="make reproduce PAPER=timeconvnet"):
        trained.find("", tmp_path)


def test_with_the_real_fer2013_on_disk_the_small_network_is_offered(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    monkeypatch.setenv("FER_DATA", str(tmp_path / "data"))
    with pytest.raises(UserError, match=f"PAPER=thesis DATA={tmp_path / 'data'} PROFILE=quick EXPERIMENT=cnn_fer2013"):
        trained.find("", tmp_path)


@pytest.mark.parametrize("which", ["timeconvnets", "no/such/folder"])
def test_what_is_neither_run_nor_paper_is_refused(tmp_path, which):
    with pytest.raises(UserError, match=which):
        trained.find(which, tmp_path)


def test_a_run_without_its_network_is_refused(tmp_path):
    run = little_trained.run(tmp_path)
    (run.folder / "model.keras").unlink()
    record = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps(record | {"contents": ["predictions.csv", "curves.csv"]}))
    with pytest.raises(UserError, match=r"no model\.keras"):
        trained.find(str(run.folder), tmp_path)
    with pytest.raises(UserError, match="trained yet"):
        trained.find("timeconvnet", tmp_path)


class Trap:
    """What runs where a pickle of it is opened."""

    def __reduce__(self):
        return Path.touch, (Path("trapped"),)


def archive(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, content in files.items():
            file.writestr(name.replace("_", "."), content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no network that Keras has saved"),
        (pickle.dumps(Trap()), "no network that Keras has saved"),
        (archive(archive_data=b"x"), "no network that Keras has saved"),
        (archive(metadata_json=b'{"keras_version": "3.12.0"}', data_pkl=pickle.dumps(Trap())), "pickle"),
        (archive(metadata_json=b'{"keras_version": "99.1.0"}'), "newer than the one here"),
        (archive(metadata_json=b'{"keras_version": "3.12.0"}', config_json=b"{}"), "damaged"),
    ],
)
def test_foreign_and_damaged_files_are_not_loaded(tmp_path, monkeypatch, content, told):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(UserError, match=told) as caught:
        model_file.load(path)
    assert str(path) in str(caught.value) and not (tmp_path / "trapped").exists()


def test_code_in_a_network_is_not_run(tmp_path):
    import keras

    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2)]).save(path)
    with pytest.raises(UserError, match="not safe to load"):
        model_file.load(path)


def rewritten(path: Path, pack=zipfile.ZIP_STORED, **parts: bytes) -> None:
    """Write a network's file anew with other parts, named as in config_json."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", pack) as archive:
        for name, part in (content | {name.replace("_", "."): part for name, part in parts.items()}).items():
            archive.writestr(name, part)


def weights(path: Path, change) -> None:
    """Change the HDF5 file of weights within a network's file."""
    import h5py

    with zipfile.ZipFile(path) as archive:
        memory = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(memory, "r+") as file:
        change(file)
    rewritten(path, model_weights_h5=memory.getvalue())


def packed(file) -> None:
    """A gigabyte of zeros in a few bytes."""
    file.create_dataset("more", (250_000_000,), "f4", chunks=(1_000_000,), compression="gzip")


def flagged(path: Path, place: int, value: int) -> None:
    """Set a byte in every entry of the archive's directory."""
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        content[at + place] = value
        at = content.find(b"PK\x01\x02", at + 4)
    path.write_bytes(content)


ODD = {
    "metadata null": (lambda path: rewritten(path, metadata_json=b"null"), "no network that Keras has saved"),
    "metadata a list": (lambda path: rewritten(path, metadata_json=b"[1]"), "no network that Keras has saved"),
    "version a word": (
        lambda path: rewritten(path, metadata_json=b'{"keras_version": "new"}'),
        "no network that Keras has saved",
    ),
    "version a number": (lambda path: rewritten(path, metadata_json=b'{"keras_version": 3}'), None),
    "metadata of megabytes": (lambda path: rewritten(path, metadata_json=b" " * 2_000_000), "no network"),
    "config of megabytes": (lambda path: rewritten(path, config_json=b" " * 2_000_000), "more than 1,000,000 bytes"),
    "config null": (lambda path: rewritten(path, config_json=b"null"), "damaged"),
    "compressed": (lambda path: rewritten(path, zipfile.ZIP_DEFLATED), None),
    "compressed from more than it may": (
        lambda path: rewritten(path, zipfile.ZIP_DEFLATED, config_json=b" " * 20_000_000),
        "is compressed and unpacks to more than 16,000,000 bytes",
    ),
    "another part": (lambda path: rewritten(path, more_txt=b""), "does not hold just"),
    "encrypted": (lambda path: flagged(path, 8, 1), "no network that Keras has saved"),
    "unknown method": (lambda path: flagged(path, 10, 99), "no network that Keras has saved"),
    "packed weights": (lambda path: weights(path, packed), "packed or left out"),
    "no weights": (lambda path: rewritten(path, model_weights_h5=b""), "no network that Keras has saved"),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_files_are_told_in_a_sentence_and_never_unpacked(tmp_path, kind):
    import keras

    path, (make, told) = tmp_path / "model.keras", ODD[kind]
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(7)]).save(path)
    make(path)
    if told is None:
        assert model_file.load(path).count_params() == 28
        return
    with pytest.raises(UserError, match=told) as caught:
        model_file.load(path)
    assert str(path) in str(caught.value)


def test_networks_that_are_no_classifiers_are_told(tmp_path):
    import keras

    x = keras.Input((3,))
    y = keras.layers.Dense(7)(x)
    keras.Model(x, [y, y]).save(tmp_path / "two.keras")
    keras.Model(x, keras.layers.Reshape((7, 1))(y)).save(tmp_path / "grid.keras")
    for name in ("two", "grid"):
        with pytest.raises(UserError, match=r"one row of numbers for each sample"):
            model_file.load(tmp_path / f"{name}.keras")


@pytest.mark.parametrize("sealed", [False, True])
def test_another_network_in_place_of_a_runs_own_is_refused(tmp_path, sealed):
    """By its checksum; where that was changed too, by its parameters and classes."""
    import keras

    def network(*units: int):
        return keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(one) for one in units)])

    run = fake_runs.put_network(little_trained.run(tmp_path), network(7))
    assert model_file.of(run).count_params() == 28
    for other in (network(5, 7), network(3)):
        other.save(run.folder / "model.keras")
        if sealed:
            fake_runs.seal(run.folder)
            run = store.read(run.folder)
        with pytest.raises(UserError, match="another network" if sealed else r"not the network that this run"):
            model_file.of(run)


def test_litert_gives_what_keras_gives_and_is_kept(tmp_path, monkeypatch):
    from reproductions.timeconvnet.models import NETWORKS

    built = NETWORKS["tcn_mini_xception"].build(classes=7)
    one = trained.of(fake_runs.put_network(little_trained.run(tmp_path), built))
    monkeypatch.setenv("FER_CACHE", str(tmp_path / "cache"))
    windows = np.random.default_rng(0).random((3, 48, 48, 5), np.float32)
    found = one.probabilities(windows)
    assert found.shape == (3, 7) and found.dtype == np.float32
    assert np.abs(found - one.model.predict_on_batch(windows)).max() <= 1e-4
    (kept,) = (tmp_path / "cache" / "litert").glob("*.tflite")

    again = trained.of(one.record)
    monkeypatch.setattr(model_file, "of", lambda run: pytest.fail("needs no Keras model any more"))
    assert np.array_equal(quick.network(again.files, lambda: again.model, kept.parent)(windows), found)
    monkeypatch.undo()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:5000] + b"damage" + whole[5006:])
    assert np.array_equal(quick.network(again.files, lambda: again.model, kept.parent)(windows), found)
    assert len(kept.read_bytes()) == len(whole)


def test_what_is_watched_is_laid_out_as_in_the_training(tmp_path):
    windows = np.random.default_rng(0).integers(0, 256, (2, 5, 48, 48, 1), np.uint8)
    preparation = little_trained.make(tmp_path).preparation
    assert (preparation.frames, preparation.step, preparation.reach()) == (5, 2, 9)
    inputs = preparation.inputs(windows)
    assert inputs.shape == (2, 48, 48, 5) and inputs.dtype == np.float32
    assert np.allclose(inputs[1, :, :, 3], windows[1, 3, :, :, 0] / 255)
    assert preparation.blank().shape == (1, 5, 48, 48, 1) and len(preparation.description) == 5


def test_a_network_of_single_frames_needs_no_window(tmp_path):
    preparation = trained.of(little_trained.run(tmp_path, network="mini_xception_2d")).preparation
    assert (preparation.frames, preparation.step, preparation.reach()) == (1, 1, 1)
    assert preparation.inputs(preparation.blank()).shape == (1, 48, 48, 1)
