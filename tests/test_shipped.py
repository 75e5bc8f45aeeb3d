"""The network that ships: its calibration and figures, how it is packed from a training, and that only it is used."""

import inspect
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from test_fer2013 import ballots, ckplus_copy, rows, write, write_votes

from commands import maintenance, readme, ship
from common.media import video
from common.media.emotions import Emotion
from common.runs import store
from common.support.errors import UserError
from common.training import devices, model_file
from datasets.fer2013_csv import CODES
from datasets.synthetic.performance import Performance, draw
from inference import available, export, formats, light, stream
from inference.light import brightened
from inference.shipped import adjustment, card, files, halves, measured, network, pack, training, use
from inference.shipped.adjustment import Adjustment

devices.choose_backend()


# --- figures ---------------------------------------------------------------------------------------


def answers(count: int, sharpness: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, 7) of logits that are `sharpness` times too large, and labels drawn from the true ones."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(count, 7)) * 1.5
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(7, p=row) for row in true])
    return measured.cooled(true, 1 / sharpness), labels


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.5])
def test_the_temperature_undoes_what_made_a_network_too_sure(sharpness):
    probabilities, labels = answers(6000, sharpness)
    degree = measured.temperature(probabilities, labels)
    assert degree == pytest.approx(sharpness, rel=0.08)
    cooler = measured.cooled(probabilities, degree)
    assert np.array_equal(cooler.argmax(axis=1), probabilities.argmax(axis=1))
    assert measured.calibration_error(cooler, labels) < 0.03
    if sharpness != 1:
        assert measured.calibration_error(probabilities, labels) > 0.1


def test_the_calibration_error_of_answers_that_can_be_counted():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.3, 0.7]] * 10)
    labels = np.array([0] * 5 + [1] * 5 + [1] * 10)
    assert measured.calibration_error(probabilities, labels) == pytest.approx((0.4 + 0.3) / 2)


def test_the_threshold_leaves_out_what_is_more_likely_wrong_than_right():
    probabilities, labels = answers(20000, 1.0)
    below = measured.least_confidence(probabilities, labels)
    assert below == pytest.approx(0.5, abs=0.06)
    told = measured.threshold(below, probabilities, labels)
    everything = (probabilities.argmax(axis=1) == labels).mean()
    assert told.right.share > everything and 0 < told.named < 1
    assert told.right.of == round(told.named * len(labels))
    sure = np.eye(7)[labels] * 0.9 + 0.1 / 7
    assert measured.least_confidence(sure, labels) == 0  # nothing is gained by being silent


def test_figures_of_answers_that_can_be_counted():
    truth = np.array([0, 0, 0, 1, 1, 2])
    said = np.eye(4)[[0, 0, 1, 1, 1, 0]]
    one = measured.tested("six images", truth, said, ("a", "b", "c", "d"))
    assert (one.total.right, one.total.of) == (4, 6) and one.total.low < 4 / 6 < one.total.high
    assert {name: rate.share for name, rate in one.emotions.items()} == {"a": 2 / 3, "b": 1.0, "c": 0.0}
    assert one.confusion == [[2, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    people = measured.tested("six images", truth, said, ("a", "b", "c", "d"), np.array(list("xxyyzz")))
    assert people.total.share == one.total.share and people.total.high - people.total.low > 0.2


def test_the_rare_class_is_named_again_when_the_frequencies_are_taken_back():
    """Two classes, one nine times as frequent in training, alike where they are tested."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 4000)
    likelihood = np.exp(rng.normal(1.0, 1.0, 4000) * (2 * truth - 1))  # of the rare class 1 against class 0
    rare = likelihood * 0.1 / (likelihood * 0.1 + 0.9)
    probabilities, shares = np.stack([1 - rare, rare], axis=1), np.array([0.9, 0.1])
    assert adjustment.best_power(probabilities, [truth], shares) > 0.8
    undone = Adjustment(power=1.0, shares=[0.9, 0.1]).applied(probabilities)
    np.testing.assert_allclose(undone[:, 1], likelihood / (1 + likelihood))
    assert (undone.argmax(1) == truth).mean() > (probabilities.argmax(1) == truth).mean() + 0.1
    # Images that are none of the classes do not count, and nothing is taken back without need.
    even = np.concatenate([truth, np.full(500, -1)])
    padded = np.concatenate([probabilities, np.tile([[0.5, 0.5]], (500, 1))])
    assert adjustment.best_power(padded, [even, even], shares) == adjustment.best_power(probabilities, [truth], shares)
    assert adjustment.best_power(np.eye(2)[truth] * 0.998 + 0.001, [truth], shares) == 0


def test_folded_and_rounded_the_network_answers_alike():
    rng = np.random.default_rng(0)
    trained = network.plain8()
    trained.set_weights(
        [
            weight + np.abs(rng.normal(0, 0.2, weight.shape)).astype(np.float32) if weight.ndim == 1 else weight
            for weight in trained.get_weights()
        ]
    )
    windows = rng.random((8, 48, 48, 1), np.float32)
    wanted = trained.predict(windows, verbose=0)
    folded = network.folded(trained)
    assert not any("batch_norm" in layer.name for layer in folded.layers)
    np.testing.assert_allclose(folded.predict(windows, verbose=0), wanted, atol=1e-5)
    # Light and contrast count for nothing, as long as nothing is cut off.
    np.testing.assert_allclose(folded.predict(windows * 0.5 + 0.2, verbose=0), wanted, atol=0.02)
    halves.round_weights(folded)
    assert all(np.array_equal(one, one.astype(np.float16)) for one in folded.get_weights())
    np.testing.assert_allclose(folded.predict(windows, verbose=0), wanted, atol=0.02)


# --- packing ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A FER2013 of noise with ten rows of each class in each part, its votes, and a CK+48."""
    folder = tmp_path_factory.mktemp("data")
    usages = ("Training", "PublicTest", "PrivateTest")
    table = [(label, pixels, usages[row // 28]) for row, (label, pixels, _) in enumerate(rows(84))]
    write(folder / "fer2013", table)
    votes = ballots(table)
    votes[-1] |= {name: "0" for name in votes[-1] if votes[-1][name] == "10"} | {"contempt": "10"}
    write_votes(folder / "ferplus.csv", votes)
    ckplus_copy(folder / "CK+48")
    return folder


@pytest.fixture(scope="module")
def of(data, tmp_path_factory):
    return training.material(data, tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def trained(of, tmp_path_factory):
    place = tmp_path_factory.mktemp("trained")
    return training.fit(of, place / "cache", place / "results", lambda *_: None, plan=training.Plan(epochs=1))


@pytest.fixture(scope="module")
def run(trained):
    return trained.run


@pytest.fixture(scope="module")
def packed(trained, of, data, tmp_path_factory):
    """The folder of a network that was trained for an epoch, what is said of it, and the folder of records."""
    place = tmp_path_factory.mktemp("packed")
    about = pack.pack(trained, of, data, place / "cache", place / "records", place / "shipped")
    return place / "shipped", about, place / "records"


def test_what_is_packed_is_complete(packed, run):
    folder, about, records = packed
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.keras", "model.tflite"]
    assert files.read(folder) == about
    assert all(
        files.described(folder / name) == one and one.bytes <= files.LARGEST for name, one in about.files.items()
    )
    scales = 2 * sum(filters * convolutions for filters, convolutions in network.SCALES)
    shifts = scales // 2  # what is left of the four numbers that batch normalisation has for each filter
    assert about.classes == list(CODES)
    assert about.parameters == run.record["parameters"] - 2 * scales + shifts
    assert (about.images.training, about.images.validation, about.images.test) == (28, 28, 28)
    assert [one.total.of for one in about.tests] == [one.of for one in about.eight_bit] == [28, 27, 21, 28]
    assert "without the 0 images that have a copy" in about.tests[3].on
    assert "1 images without" in about.tests[1].on and "Contempt" not in about.tests[2].emotions
    table = run.predictions()
    assert abs(about.unadjusted[0].right - (table.emotion == table.predicted).sum()) <= 1  # weights were rounded
    (record,), _ = store.find(records / "runs")
    assert record.identity == run.identity and about.run.key == record.identity.key
    assert not (record.folder / "model.keras").exists()


def test_both_files_give_the_calibrated_probabilities_of_the_training(packed, trained):
    folder, about, _ = packed
    job, run = trained.job, trained.run
    windows = use.inputs(job.samples.read(job.fold.test))
    raw = model_file.of(run).predict(windows, verbose=0)
    wanted = measured.cooled(about.adjustment.applied(raw), about.calibration.temperature)
    # Weights were rounded to 16 bits, in LiteRT to 8.
    for name, key, rounding in ((files.KERAS, "keras", 2e-3), (files.LITERT, "litert", 0.03)):
        found = formats.read(folder / name, formats.FORMATS[key])(windows)
        np.testing.assert_allclose(found, wanted, atol=rounding)
    np.testing.assert_array_equal(found, use.load(folder).probabilities(windows))
    np.testing.assert_array_equal(windows, job.batches(job.fold.test, train=False)[0][0][: len(windows)])


def test_packing_twice_changes_nothing(packed, trained, of, data, tmp_path):
    folder, about, _ = packed
    again = pack.pack(trained, of, data, folder.parent / "cache", tmp_path / "records", tmp_path / "shipped")
    assert again.tests == about.tests and again.files[files.LITERT] == about.files[files.LITERT]
    assert again.adjustment == about.adjustment and again.unadjusted == about.unadjusted
    assert again.eight_bit == about.eight_bit
    assert again.calibration == about.calibration and again.unsure == about.unsure


def test_a_network_too_large_for_the_repository_is_refused(trained, of, data, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 900_000)
    with pytest.raises(UserError, match=r"more than 900,000"):
        pack.pack(trained, of, data, tmp_path / "cache", tmp_path / "records", tmp_path / "shipped")
    assert list((tmp_path / "shipped").iterdir()) == []


def test_the_command_needs_data_and_a_plan_that_there_is(tmp_path):
    with pytest.raises(UserError, match="make ship DATA="):
        ship.ship(None)
    with pytest.raises(UserError, match="thaught"):
        ship.ship(tmp_path, plan="thaught")


def test_where_only_training_is_possible_the_training_is_kept(data, tmp_path, monkeypatch):
    """As on a GPU machine that has JAX alone."""
    monkeypatch.setenv("FER_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("FER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(training, "PLANS", {training.SHIPS: training.Plan(epochs=1)})
    monkeypatch.setattr(ship, "choose_backend", lambda: "jax")
    with pytest.raises(UserError, match="only TensorFlow writes") as caught:
        ship.ship(data)
    (kept,), _ = store.find(tmp_path / "results" / "runs", paper="shipped")
    assert str(kept.folder) in str(caught.value) and kept.weights.is_file()


def test_the_network_that_ships_is_trained_by_the_plan_that_the_command_takes(of):
    """Another recipe would have another key, and `make ship` would not make the committed network again."""
    record = files.FOLDER.parents[1] / "results" / "records" / "runs"
    known = [run for run in store.find(record, paper="shipped")[0] if run.identity.key == files.read().run.key]
    assert inspect.signature(maintenance.ship).parameters["plan"].default == training.SHIPS
    plan = training.PLANS[training.SHIPS]
    job = training.job(of, plan, files.read().run.seed, [of.targets] * len(plan.taught_by))
    assert [run.identity.recipe for run in known] == [job.identity.recipe]
    assert [run.identity.settings for run in known] == [job.identity.settings]


def test_what_ships_learns_from_other_networks_and_from_labels_alike(of, data, tmp_path, monkeypatch):
    """The answers of teachers are the mean over an image and its mirror image, and are made once."""
    alike = training.Plan(epochs=1)
    plan = training.Plan(epochs=1, mixed_precision=True, taught_by=(alike, replace(alike, width=2)))
    fitted = training.fit(of, tmp_path / "cache", tmp_path / "results", lambda *_: None, plan=plan)
    assert fitted.run.identity.key not in {run.identity.key for run in fitted.teachers}
    small, wide, ours = (run.record["parameters"] for run in (*fitted.teachers, fitted.run))
    assert small == ours and wide > 3 * ours
    faces = use.inputs(of.samples.read(np.arange(len(of.labels))))
    said = []
    for teacher in fitted.teachers:
        model = model_file.of(teacher)
        said.append((model.predict(faces, verbose=0) + model.predict(faces[:, :, ::-1], verbose=0)) / 2)
    np.testing.assert_allclose(fitted.job.targets, (of.targets + np.mean(said, axis=0)) / 2, atol=1e-5)
    monkeypatch.setattr(model_file, "of", lambda run: pytest.fail("asked again"))
    again = training.fit(of, tmp_path / "cache", tmp_path / "results", lambda *_: None, plan=plan)
    assert again.run.identity == fitted.run.identity
    monkeypatch.undo()
    about = pack.pack(fitted, of, data, tmp_path / "cache", tmp_path / "records", tmp_path / "shipped")
    assert about.run.teachers == tuple(one.identity.key for one in fitted.teachers)
    assert "2 other networks" in card.markdown(about) and "PLAN=" not in card.markdown(about)
    assert len(store.find(tmp_path / "records" / "runs")[0]) == 3


# --- its use ---------------------------------------------------------------------------------------


@pytest.fixture
def shipped(packed, monkeypatch):
    monkeypatch.setattr(files, "FOLDER", packed[0])
    return packed[1]


def test_it_is_used_where_nothing_else_is_named(shipped, tmp_path):
    found = available.find("", tmp_path)
    assert found.description == shipped.description == available.find("shipped", tmp_path).description
    assert not found.synthetic and found.classes == tuple(CODES) and found.unsure_below == shipped.unsure.below
    with pytest.raises(UserError, match="make reproduce PAPER=timeconvnet"):
        available.find("timeconvnet", tmp_path)


def test_without_it_finished_runs_are_used(tmp_path, monkeypatch):
    import little_trained

    monkeypatch.setattr(files, "FOLDER", tmp_path)
    with pytest.raises(UserError, match="make reproduce"):
        available.find("", tmp_path)
    little_trained.run(tmp_path, seed=1)
    assert available.find("", tmp_path).record.identity.seed == 1
    with pytest.raises(UserError, match="make ship DATA="):
        available.find("shipped", tmp_path)


@pytest.mark.parametrize("name", [files.KERAS, files.LITERT])
@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_another_file_than_the_one_described_is_not_used(packed, tmp_path, name, harm):
    for path in packed[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / name
    if harm == "changed":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        path.unlink()
    with pytest.raises(UserError, match="git checkout") as caught:
        use.load(tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "null", "{}", '{"network": 3}'])
def test_a_damaged_description_is_told(tmp_path, text):
    (tmp_path / files.ABOUT).write_text(text)
    with pytest.raises(UserError, match=r"model\.json does not describe .*git checkout"):
        use.load(tmp_path)


def test_it_is_exported_with_its_card(shipped, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FER_RESULTS", str(tmp_path))
    export.show("", "litert", None)
    place = tmp_path / "exported" / "shipped-plain8.tflite"
    assert place.is_file() and str(place) in capsys.readouterr().out.replace("\n", "")
    text = export.card_of(place).read_text(encoding="utf-8")
    assert "## Known failures" in text and "LiteRT, for" in text


def test_the_card_tells_copies_of_training_images_from_the_others(packed):
    _, about, _ = packed
    whole, *others, alone = about.tests
    whole, alone = (
        one.model_copy(update={"total": measured.Rate(right=right, of=of, low=0.0, high=1.0)})
        for one, right, of in ((whole, 70, 100), (alone, 55, 80))
    )
    text = card.markdown(about.model_copy(update={"tests": [whole, *others, alone]}))
    assert (
        "Of the images with a copy in Training 75.0% (53.1% to 88.8%; 15 of 20) are right, of the others 68.8%" in text
    )


def test_the_card_says_what_was_measured(packed, monkeypatch):
    folder, about, _ = packed
    text = card.markdown(about)
    assert "`make ship DATA=<root> PLAN=alone` does it again" in text
    assert f"{about.tests[0].total.share:.1%}" in text and about.files[files.KERAS].sha256 in text
    assert f"divided by {about.calibration.temperature:.3f}" in text and f"Below {about.unsure.below:.0%}" in text
    assert "with a copy in Training" not in text.partition("## Accuracy")[2]
    weakest = min(about.tests[0].emotions.items(), key=lambda one: one[1].share)[0]
    assert f"{weakest} is recognised least" in text
    assert all(f"| **{name}** |" in text for name in about.classes)
    monkeypatch.setattr(files, "FOLDER", folder)
    page = "<!-- card: shipped -->\nold\n<!-- end -->"
    assert readme.generated(page) == f"<!-- card: shipped -->\n{text}<!-- end -->"
    monkeypatch.setattr(files, "FOLDER", folder.parent)
    assert "make ship DATA=" in readme.generated(page)


def test_faces_larger_than_its_input_are_reduced_by_area():
    stripes = np.tile(np.array([0, 255], np.uint8), (96 * 4, 48 * 4))[..., None].repeat(3, axis=2)
    crop = use.preparation().crop(stripes, np.array([0, 0, *stripes.shape[1::-1]]))
    assert crop.shape == (48, 48, 1) and abs(int(crop.mean()) - 127) <= 1 and crop.std() < 2


def test_dark_frames_are_brightened_and_others_left_alone(packed):
    frame = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    assert np.array_equal(brightened(frame), video.grey(frame))
    dark = (frame * 0.2).astype(np.uint8)
    lit = brightened(dark)
    assert lit.shape == frame.shape[:2] and np.percentile(lit, 99) > 125
    black = np.zeros_like(frame)
    assert not brightened(black).any()
    faces = drawn()
    found = use.load(packed[0])
    seen, unlit = (stream.still(image, found) for image in ((faces * 0.15).astype(np.uint8), faces))
    assert len(seen.faces) == len(unlit.faces) == 1 and seen.frame.max() < 40  # what is shown stays dark
    assert np.abs(np.subtract(seen.faces[0].box, unlit.faces[0].box)).max() < 0.1 * unlit.faces[0].box[2]


def drawn() -> np.ndarray:
    """A frame with one face."""
    return next(iter(draw(Performance(0, 97, 1, 0, Emotion.SURPRISE, 1, 25.0, (288, 360), False))))


# --- the network of this repository ------------------------------------------------------------------


@pytest.mark.skipif(not files.there(), reason="no network ships yet: make ship DATA=<root>")
def test_the_network_that_ships_is_the_one_that_is_described():
    about = files.read()
    found = use.load()
    for name, one in about.files.items():
        assert files.described(files.FOLDER / name) == one and one.bytes <= files.LARGEST
    windows = np.random.default_rng(0).random((4, 48, 48, 1), np.float32)
    keras = found.model.predict(windows, verbose=0)
    np.testing.assert_allclose(found.probabilities(windows), keras, atol=0.05)  # 8 bits against 32
    record = files.FOLDER.parents[1] / "results" / "records" / "runs"
    (kept,) = [run for run in store.find(record, paper="shipped")[0] if run.identity.key == about.run.key]
    table = kept.predictions()
    probabilities = about.adjustment.applied(table[[f"p_{name}" for name in about.classes]].to_numpy())
    right = (np.array(about.classes)[probabilities.argmax(axis=1)] == table.emotion).sum()
    assert abs(about.tests[0].total.right - right) <= 0.002 * len(table)  # weights were rounded to 16 bits
    assert json.loads((files.FOLDER / files.ABOUT).read_text())["run"]["key"] == kept.identity.key


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_the_brightest_hundredth_is_the_percentile(grey):
    assert light._brightest_hundredth(grey) == pytest.approx(np.percentile(grey, 99), abs=1e-9)
