"""Exported networks: the same answers as Keras, nothing run from a file, nothing written over, a card that is true."""

import dataclasses
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import fake_runs
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from common.media import faces
from common.runs.store import Run
from common.support.errors import UserError
from common.training import devices
from inference import card, export, formats, keras_files
from inference.formats import FORMATS, Check
from inference.shipped import network as shipped_network
from inference.trained import Trained
from reproductions.inference import Preparation

devices.choose_backend()
KEYS = [
    pytest.param(
        key,
        marks=pytest.mark.skipif(
            key == "onnx", reason="the optional extra for ONNX is not installed: make setup EXPORT=1"
        ),
    )
    if key == "onnx" and not all(map(formats.find_spec, FORMATS["onnx"].needs))
    else key
    for key in FORMATS
]


WATCHING = Preparation(
    frames=5,
    crop=lambda frame, box: faces.crop(frame, box, 16)[..., :1],
    inputs=lambda crops: np.moveaxis(crops[..., 0], 1, -1).astype(np.float32) / 255,
    description=["Find the face.", "Make it 16 pixels wide."],
)


def little_network():
    """A few layers of the kinds that the papers have, with statistics as a training leaves them."""
    import keras

    keras.utils.set_random_seed(1)
    inputs = keras.Input((16, 16, 5))
    x = keras.layers.SeparableConv2D(8, 3, activation="relu")(inputs)
    x = keras.layers.BatchNormalization(name="normalised")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.MaxPooling2D()(x))
    model = keras.Model(inputs, keras.layers.Dense(7, activation="softmax")(x), name="little")
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.1, 0.6, weight.shape) for weight in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def network():
    return little_network()


@pytest.fixture
def trained(tmp_path, network):
    """A finished run with a network, as `trained.find` gives it."""
    run = fake_runs.publish(tmp_path / "results", "tcn_mini_xception")
    return trained_by(fake_runs.put_network(run, network))


def trained_by(run: Run) -> Trained:
    return Trained(run, "timeconvnet", "A network", fake_runs.CLASSES, WATCHING, "trained on synthetic faces")


def refused(call: Callable, *arguments) -> str:
    with pytest.raises(UserError) as raised:
        call(*arguments)
    return str(raised.value)


@pytest.mark.parametrize("key", KEYS)
def test_an_exported_network_gives_what_keras_gives(key, trained, tmp_path):
    form = formats.choose(key)
    place = tmp_path / "out" / f"network{form.ending}"
    checked = export.export(trained, form, place, tmp_path / "results")
    assert checked.windows == 6
    assert checked.difference <= 1e-4
    assert sorted(path.name for path in place.parent.iterdir()) == [place.name, f"{place.name}.md"]

    windows = np.random.default_rng(3).random((3, 16, 16, 5), np.float32)
    wanted = trained.model.predict(windows, verbose=0)
    assert wanted.std() > 0.01  # or any constant would do
    np.testing.assert_allclose(formats.read(place, form, ours=True)(windows), wanted, atol=1e-4)


def another(model, path: Path) -> None:
    """Write a network that is almost the one asked for."""
    import keras

    other = keras.models.clone_model(model)
    other.set_weights([weight * 1.05 for weight in model.get_weights()])
    other.save(path)


def broken(model, path: Path) -> None:
    """Write a network whose answers are no numbers."""
    import keras

    other = keras.models.clone_model(model)
    other.set_weights([weight * np.nan for weight in model.get_weights()])
    other.save(path)


@pytest.mark.parametrize("write", [another, broken])
def test_a_file_with_other_answers_is_not_left_behind(write, trained, tmp_path):
    form = dataclasses.replace(FORMATS["keras"], write=write)
    place = tmp_path / "out" / "network.keras"
    told = refused(export.export, trained, form, place, tmp_path / "results")
    assert ("nothing was written" if write is another else "weights that are no numbers") in told
    assert list(place.parent.iterdir()) == []


@pytest.mark.parametrize("taken", ["network.keras", "network.keras.md"])
def test_nothing_is_written_over(taken, trained, tmp_path):
    (tmp_path / taken).write_text("mine")
    told = refused(export.export, trained, FORMATS["keras"], tmp_path / "network.keras", tmp_path / "results")
    assert f"{tmp_path / taken} exists already" in told
    assert (tmp_path / taken).read_text() == "mine"
    assert not (tmp_path / "network.keras").exists() or taken == "network.keras"


def test_a_name_must_have_the_ending_of_its_format(trained, tmp_path):
    told = refused(export.export, trained, FORMATS["litert"], tmp_path / "network.onnx", tmp_path / "results")
    assert "no name for a LiteRT file" in told and ".tflite" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(trained, tmp_path):
    tmp_path.chmod(0o500)
    assert "cannot be written to" in refused(
        export.export, trained, FORMATS["keras"], tmp_path / "out" / "network.keras", tmp_path
    )


def test_a_folder_that_is_a_file(trained, tmp_path):
    (tmp_path / "out").write_text("a file")
    assert "cannot be written to" in refused(
        export.export, trained, FORMATS["keras"], tmp_path / "out" / "network.keras", tmp_path
    )


def test_formats_that_cannot_be_written_here(monkeypatch):
    assert "Did you mean litert?" in refused(formats.choose, "litertt")
    monkeypatch.setitem(FORMATS, "onnx", dataclasses.replace(FORMATS["onnx"], needs=("no_such_package",)))
    told = refused(formats.choose, "onnx")
    assert "no_such_package" in told and "make setup EXPORT=1" in told


class Executed:
    """Makes a file when it is unpickled."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("key", KEYS)
def test_pickles_are_not_opened(key, tmp_path):
    form, trace = FORMATS[key], tmp_path / "trace"
    bare, packed = tmp_path / f"bare{form.ending}", tmp_path / f"packed{form.ending}"
    bare.write_bytes(pickle.dumps(Executed(trace)))
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Executed(trace)))
    for path in (bare, packed):
        told = refused(formats.read, path, form)
        assert str(path) in told and "pickle" in told
    assert not trace.exists()
    pickle.loads(bare.read_bytes())
    assert trace.exists()  # the trap works


def test_code_in_a_keras_file_is_not_run(tmp_path):
    import keras

    place, trace = tmp_path / "network.keras", str(tmp_path / "trace")

    trap = lambda x: (open(trace, "w").close(), x)[1]  # noqa: E731, PTH123 - only such code is saved in the file
    inputs = keras.Input((3,))
    keras.Model(inputs, keras.layers.Lambda(trap, output_shape=(3,))(inputs)).save(place)
    Path(trace).unlink(missing_ok=True)
    assert str(place) in refused(formats.read, place, FORMATS["keras"])
    assert not Path(trace).exists()
    keras.models.load_model(place, safe_mode=False).predict(np.zeros((1, 3)), verbose=0)
    assert Path(trace).exists()  # the trap works


def test_a_function_of_another_module_in_a_keras_file_is_not_called(tmp_path, network):
    place = tmp_path / "network.keras"
    network.save(place)
    with zipfile.ZipFile(place) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    trace = tmp_path / "trace"
    config["config"]["layers"][1] |= {
        "module": "pathlib",
        "class_name": "Path.touch",
        "registered_name": None,
        "config": {"self": str(trace)},
    }
    with zipfile.ZipFile(place, "w") as archive:
        for name, content in (parts | {"config.json": json.dumps(config).encode()}).items():
            archive.writestr(name, content)
    assert str(place) in refused(formats.read, place, FORMATS["keras"])
    assert not trace.exists()


def test_a_file_of_a_newer_keras(tmp_path, network):
    place = tmp_path / "network.keras"
    network.save(place)
    with zipfile.ZipFile(place) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(place, "w") as archive:
        for name, content in (parts | {"metadata.json": b'{"keras_version": "99.1.0"}'}).items():
            archive.writestr(name, content)
    assert f"{place} was saved by Keras 99.1.0" in refused(formats.read, place, FORMATS["keras"])


@pytest.mark.parametrize("key", KEYS)
def test_files_that_are_missing_or_something_else(key, tmp_path):
    form = FORMATS[key]
    place = tmp_path / f"network{form.ending}"
    assert f"There is no {place}" in refused(formats.read, place, form, True)
    place.write_bytes(b"GIF89a and so on")
    told = refused(formats.read, place, form, True)
    named = "is no network that Keras has saved" if key == "keras" else f"cannot be read as {form.title}"
    assert f"{place} {named}" in told and f"FORMAT={key}" in told


def test_another_version_of_litert(tmp_path, network):
    from common.training.tf import exports

    place = tmp_path / "network.tflite"
    exports.write_litert(network, place)
    content = place.read_bytes()
    assert content[4:8] == b"TFL3"
    place.write_bytes(content[:4] + b"TFL4" + content[8:])
    assert f"{place} cannot be read as LiteRT" in refused(formats.read, place, FORMATS["litert"])


def test_saved_models_of_others_are_not_loaded(tmp_path):
    import tensorflow as tf

    trace = tmp_path / "trace"

    class Trap(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32)])
        def serve(self, x):
            tf.io.write_file(str(trace), "run")
            return x

    tf.saved_model.save(Trap(), str(tmp_path / "saved"))
    trace.unlink(missing_ok=True)
    told = refused(formats.read, tmp_path / "saved", FORMATS["savedmodel"])
    assert "a program that TensorFlow runs" in told and str(tmp_path / "saved") in told
    assert not trace.exists()
    tf.saved_model.load(str(tmp_path / "saved")).serve(tf.zeros((1, 3)))
    assert trace.exists()  # the trap works


sizes = st.tuples(*[st.integers(1, 3)] * 3)


@given(sizes, sizes, st.sampled_from(["valid", "same"]), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_pooling_for_litert_is_pooling_over_three_axes(size, strides, padding, seed):
    import keras

    from common.training.tf.exports import Pooling

    # Of a stride that leaves two cells or more out, TensorFlow pools three axes otherwise than two, also by itself.
    assume(all(stride <= length + 1 for length, stride in zip(size, strides, strict=True)))
    original = keras.layers.MaxPooling3D(size, strides, padding)
    x = np.random.default_rng(seed).standard_normal((2, 5, 4, 6, 3)).astype(np.float32)
    np.testing.assert_array_equal(Pooling.instead_of(original)(x), original(x))


def check_litert(model, place: Path) -> Check:
    from common.training.tf import exports

    exports.write_litert(model, place)
    windows = np.random.default_rng(2).random((2, *model.input_shape[1:]), np.float32)
    return export.check(model, place, FORMATS["litert"], windows)


def test_recurrent_networks_with_pooling_over_time_in_litert(tmp_path):
    import keras

    keras.utils.set_random_seed(0)
    inputs = keras.Input((4, 8, 8, 1))
    x = keras.layers.ConvLSTM2D(3, 3, return_sequences=True)(inputs)
    x = keras.layers.MaxPooling3D((2, 2, 2))(x)
    x = keras.layers.Conv3D(4, (2, 3, 3))(x)
    outputs = keras.layers.Dense(7, activation="softmax")(keras.layers.Flatten()(x))
    assert check_litert(keras.Model(inputs, outputs), tmp_path / "network.tflite").difference <= 1e-4


def test_litert_in_eight_bits_gives_nearly_the_same_from_a_smaller_file(tmp_path):
    import tensorflow as tf

    from common.training.tf import exports

    model = shipped_network.plain8()
    windows = np.random.default_rng(0).random((40, 48, 48, 1), np.float32)
    whole, short = tmp_path / "whole.tflite", tmp_path / "short.tflite"
    exports.write_litert(model, whole)
    exports.write_litert(model, short, windows)
    assert short.stat().st_size < 0.3 * whole.stat().st_size
    wanted, found = (exports.read_litert(path, threads=1)(windows) for path in (whole, short))
    assert 0 < np.abs(found - wanted).max() < 0.02
    opened = tf.lite.Interpreter(str(short))
    kinds = {one["name"]: one["dtype"] for one in opened.get_tensor_details()}
    assert np.int8 in kinds.values()
    assert {one["dtype"] for one in (*opened.get_input_details(), *opened.get_output_details())} == {np.float32}


def test_what_litert_lacks_is_named(tmp_path):
    import keras

    inputs = keras.Input((4, 4, 4, 1))
    outputs = keras.layers.Flatten()(keras.layers.AveragePooling3D(2)(inputs))
    told = refused(FORMATS["litert"].write, keras.Model(inputs, outputs, name="mean"), tmp_path / "network.tflite")
    assert "AvgPool3D" in told and "mean" in told and "onnx" in told


def test_a_network_trained_in_sixteen_bits_is_exported_in_32(network):
    import keras

    assert keras_files.in_single_precision(network) is network
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = little_network()
    finally:
        keras.config.set_dtype_policy("float32")
    whole = keras_files.in_single_precision(half)
    assert "mixed_" in half.to_json() and "mixed_" not in whole.to_json()
    windows = np.random.default_rng(3).random((3, 16, 16, 5), np.float32)
    assert np.abs(half.predict(windows, verbose=0) - network.predict(windows, verbose=0)).max() > 1e-4
    np.testing.assert_allclose(whole.predict(windows, verbose=0), network.predict(windows, verbose=0), atol=1e-6)


def test_example_windows_show_faces_that_move():
    windows = export.example_windows(WATCHING)
    assert windows.shape == (6, 16, 16, 5) and windows.dtype == np.float32
    assert windows.std(axis=(1, 2)).min() > 0.05  # each crop shows something
    assert np.abs(windows[:, None] - windows).max(axis=(2, 3, 4))[~np.eye(6, dtype=bool)].min() > 0.05


def test_the_command_exports_a_run_with_its_own_preprocessing(tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from commands.cli import app
    from reproductions.timeconvnet.models import NETWORKS

    monkeypatch.setenv("FER_RESULTS", str(tmp_path))
    run = fake_runs.publish(tmp_path, "tcn_mini_xception", "strict")
    fake_runs.put_network(run, NETWORKS["tcn_mini_xception"].build())
    done = CliRunner().invoke(app, ["export", str(run.folder), "--format", "keras"], catch_exceptions=False)
    name = f"timeconvnet-tcn_mini_xception-strict-{run.folder.name}.keras"
    assert f"{tmp_path / 'exported' / name} (" in done.stdout and "synthetic faces" in done.stdout
    assert "(n, 48, 48, 5)" in (tmp_path / "exported" / f"{name}.md").read_text(encoding="utf-8")
    assert "exists already" in refused(export.show, "timeconvnet", "keras", None)


def page(run, results: Path) -> str:
    return card.write(trained_by(run), FORMATS["keras"], (16, 16, 5), Check(6, 3e-7), results)


def test_the_card_of_a_network_trained_on_drawn_faces(tmp_path):
    found = fake_runs.reproduce(tmp_path)
    text = page(next(run for run in found if run.identity.network == "tcn_resnet20"), tmp_path)
    assert "Trained on synthetic faces only" in text.partition("##")[0]
    assert "1. Find the face.\n2. Make it 16 pixels wide." in text
    assert "(n, 16, 16, 5)" in text
    assert "0. Angry\n1. Disgust\n2. Fear\n3. Happy\n4. Sad\n5. Surprise\n6. Neutral" in text
    assert "CK+. 700 samples to train, 100 to validate, 140 to test." in text
    assert "All 140 test samples come from clips that are trained on." in text
    assert "| **this file**: published | 0.850 |" in text
    assert "| published | 0.850 |" in text and "| strict | 0.600 |" in text
    assert "The paper prints 0.979 (Table II" in text and "none to hold against the printed ones" in text
    assert "3.0e-07" in text
    assert "1. Angry" not in text


def test_the_card_of_a_network_trained_on_people(tmp_path):
    found = fake_runs.reproduce(tmp_path, data="real")
    text = page(next(run for run in found if run.identity.protocol == "strict"), tmp_path)
    assert "drawn" not in text.partition("## This file")[0]
    assert "makers license" in text
    assert "strict" in text


def change(run: Run, results: Path, split: str, ended: str) -> None:
    """Say in its record that a run ended then and had another division of the samples."""
    identity = dataclasses.replace(run.identity, split=split)
    record = json.loads((run.folder / "run.json").read_text())
    record |= {"identity": dataclasses.asdict(identity), "key": identity.key, "ended": ended}
    (run.folder / "run.json").write_text(json.dumps(record))
    run.folder.rename(identity.folder(results / "runs"))


def test_the_card_of_a_network_with_one_protocol(tmp_path):
    run = fake_runs.publish(tmp_path, seed=0, accuracy=0.8)
    change(fake_runs.publish(tmp_path, seed=1, accuracy=0.6), tmp_path, "present", "2026-02-01")
    change(fake_runs.publish(tmp_path, seed=1, accuracy=0.1), tmp_path, "earlier", "2026-01-01")
    fake_runs.publish(tmp_path, "tcn_resnet20", "strict", settings={"pool": "gap"})  # another network
    text = page(run, tmp_path)
    assert "| **this file**: published | 0.800 |" in text
    assert "| published | 0.700 |" in text and "| strict" not in text
    assert "make reproduce PAPER=timeconvnet` runs both" in text
