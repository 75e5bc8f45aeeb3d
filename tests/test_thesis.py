"""The thesis: networks layer by layer, splits, training rules, CK+ images, and all of it once from data to tables."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest

from common.media.clips import Clip
from common.media.emotions import Emotion
from common.media.images import StillImages
from common.paper import load as papers
from common.paper.verdicts import judge
from common.protocols import splitters
from common.results import plans
from common.results.config import Request, check
from common.results.loading import load_complete
from common.results.tables import DASH
from common.runs import scores, store
from common.support.errors import UserError
from common.training.recipe import EarlyStopping
from reproductions.thesis import data, experiments, measured, preprocessing, svm_measured, tables, trainings
from reproductions.thesis.models import NETWORKS

THESIS = papers.load("thesis")


def request(**options) -> Request:
    return check(THESIS, experiments.EXPERIMENTS, **options)


# --- networks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("printed", THESIS.layers, ids=lambda one: one.network)
def test_every_layer_is_the_printed_one(printed):
    network = NETWORKS[printed.network]
    model = network.build()
    built = [(type(layer).__name__, list(layer.output.shape[1:]), layer.count_params()) for layer in model.layers[1:]]
    assert built == [(kind, shape, count) for kind, shape, count in printed.rows]
    assert f"{model.count_params():,}" == f"{network.parameters:,}" == printed.total
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert f"{trainable:,}" == f"{network.trainable:,}" == printed.trainable


def test_dropout_is_a_setting_and_acts_at_every_place():
    rates = {
        layer.rate for layer in NETWORKS["cnn_ckplus"].build(dropout=0.5).layers if "Dropout" in type(layer).__name__
    }
    assert rates == {0.5}


# --- splits ----------------------------------------------------------------------------------------


def table(count: int = 60, partitions=("Training", "PublicTest", "PrivateTest")) -> pd.DataFrame:
    number = np.arange(count)
    return pd.DataFrame(
        {
            "sample": number,
            "corpus": "Drawn",
            "clip": [f"clip {n // 3}" for n in number],
            "subject": [f"Drawn/s{n // 6}" for n in number],
            "emotion": [data.CKPLUS[n % 7].value for n in number],
            "partition": [partitions[n * len(partitions) // count] for n in number],
            "first_frame": number % 3,
            "last_frame": number % 3,
        }
    )


def test_the_authors_watch_the_part_that_they_test_on():
    fold = trainings._fold(request(), table(), "FER2013", "published", seed=3)
    assert len(fold.test) == 12 and len(fold.train) == 48
    np.testing.assert_array_equal(fold.validation, fold.test)
    again, other = (trainings._fold(request(), table(), "FER2013", "published", seed) for seed in (3, 4))
    assert fold.test.tolist() == again.test.tolist() != other.test.tolist()
    split = trainings.split(table(), fold)
    assert split.selected_on_test and not split.clean and "decide when training ends" in split.leakage
    assert "come from clips that are trained on" in split.leakage


def test_a_set_without_persons_is_never_called_clean():
    rows = table().assign(subject=[f"Drawn/{n}" for n in range(60)], clip=[f"row {n}" for n in range(60)])
    split = trainings.split(rows, trainings._fold(request(), rows, "FER2013", "strict", seed=0))
    assert not split.clean and not split.selected_on_test and "names no persons" in split.leakage


def test_a_part_of_its_own_can_be_watched_instead():
    fold = trainings._fold(request(settings=["early_stopping_part=inner_validation"]), table(), "CK+", "published", 0)
    assert not set(fold.validation) & set(fold.test)
    assert [len(getattr(fold, side)) for side in splitters.SIDES] == [42, 6, 12]


def test_attempts_can_share_one_split():
    def tested(seed, *settings):
        return trainings._fold(request(settings=list(settings)), table(), "CK+", "published", seed).test.tolist()

    assert tested(3) != tested(0)
    assert tested(3, "attempt_split=fixed") == tested(0, "attempt_split=fixed") == tested(0)


def test_strict_is_the_split_of_the_makers_for_fer2013_and_by_person_for_ckplus():
    rows = table()
    official = trainings._fold(request(), rows, "FER2013", "strict", seed=5)
    assert [set(rows.partition[getattr(official, side)]) for side in splitters.SIDES] == [
        {"Training"},
        {"PublicTest"},
        {"PrivateTest"},
    ]
    for protocol, unit in (("strict", "subject"), ("clip-disjoint", "clip")):
        fold = trainings._fold(request(), table(210), "CK+", protocol, seed=0)
        assert not set(table(210)[unit][fold.train]) & set(table(210)[unit][fold.test]), protocol


def test_a_copy_without_the_official_parts_is_told():
    with pytest.raises(UserError, match="official part PublicTest or PrivateTest"):
        splitters.official(table(partitions=("Training", "Test")), ("Training", "PublicTest", "PrivateTest"))


def test_a_fold_of_a_selection_names_positions_of_the_whole():
    positions = np.array([3, 5, 8, 13, 21])
    fold = splitters.within(splitters.Fold("f", np.array([0, 1]), np.array([2]), np.array([3, 4])), positions)
    assert (fold.train.tolist(), fold.validation.tolist(), fold.test.tolist()) == ([3, 5], [8], [13, 21])


# --- the recipe ------------------------------------------------------------------------------------


def test_the_recipe_is_that_of_sections_4_1_and_4_2():
    recipe = trainings.recipe(request(profile="paper"), "published", "FER2013")
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (25, 32, 0.01)
    assert recipe.stopping == EarlyStopping("val_loss", patience=10, min_delta=0.0001)
    assert (recipe.checkpoint, recipe.pixel_scaling) == ("last", "unit")
    assert trainings.recipe(request(), "strict", "CK+").checkpoint == "best_validation_accuracy"


def test_settings_change_the_recipe():
    changed = ["augmentation=none", "pixel_scaling=none", "learning_rate=0.001", "published_epoch=best_on_test_part"]
    changed += ["early_stopping_monitor=val_accuracy", "early_stopping_patience=4"]
    recipe = trainings.recipe(request(settings=changed), "published", "CK+")
    assert recipe.augmentation is None and recipe.pixel_scaling == "none" and recipe.learning_rate == 0.001
    assert recipe.checkpoint == "best_validation_accuracy"
    assert (recipe.stopping.monitor, recipe.stopping.patience) == ("val_accuracy", 4)


def test_the_flip_mirrors_to_the_pixel_and_moves_nothing_else():
    from common.samples.augmentation import warp

    image = np.random.default_rng(0).integers(0, 256, (1, 48, 48, 1)).astype(np.float32)
    seen = set()
    for seed in range(12):
        moved = warp(image, trainings.FLIP.draw(1, 48, 48, np.random.default_rng(seed)))
        mirrored = np.array_equal(moved, image[:, :, ::-1])
        assert mirrored or np.array_equal(moved, image)
        seen.add(mirrored)
    assert seen == {True, False}


# --- images of CK+ -------------------------------------------------------------------------------


class FaceInTheMiddle:
    """Finds a face in bright frames only."""

    version = "test"

    def detect(self, grey):
        return np.array([[10, 20, 60, 60]], np.int32) if grey.mean() > 50 else np.empty((0, 4), np.int32)


@pytest.fixture
def sequence(tmp_path):
    """Six frames, each of one grey value: 10, 30, 90, 110, 40, 130; at most 50 means that no face is found."""
    for number, value in enumerate((10, 30, 90, 110, 40, 130), start=1):
        cv2.imwrite(str(tmp_path / f"S005_001_{number:08d}.png"), np.full((100, 120), value, np.uint8))
    return Clip("CK+", "S005/001", "S005", Emotion.HAPPY, tmp_path)


def test_the_last_three_frames_become_images_and_lost_faces_take_the_nearest_box(sequence, monkeypatch):
    monkeypatch.setattr(preprocessing.Settings, "detector", FaceInTheMiddle())
    made = preprocessing.prepare(sequence, preprocessing.Settings())
    assert made.frames.shape == (3, 48, 48, 1) and made.length == 1
    assert made.frames[:, 0, 0, 0].tolist() == [110, 40, 130]
    assert made.frame_numbers.tolist() == [3, 4, 5] and made.starts.tolist() == [0, 1, 2]
    counts = {"frames_read": 6, "frames_skipped": 3, "frames_without_face": 1, "pictures": 3, "without_any_face": 0}
    assert made.counts == counts


def test_a_sequence_without_any_face_gives_no_image(sequence, monkeypatch):
    monkeypatch.setattr(preprocessing.Settings, "detector", FaceInTheMiddle())
    (sequence.source / "S005_001_00000006.png").unlink()
    made = preprocessing.prepare(sequence, preprocessing.Settings(frames=1))
    assert made.frames.shape == (0, 48, 48, 1) and made.counts["without_any_face"] == 1


def test_the_last_frames_of_a_cut_copy_are_chosen_by_number():
    clips = np.array(["a", "b", "a", "a", "b"])
    frames = np.array([9, 4, 8, 7, 5])
    blank = np.full(5, "")
    read = StillImages("CK+", np.zeros((5, 48, 48), np.uint8), blank, blank, clips, clips, frames)
    kept = data._last(read, 1)
    assert (kept.clips.tolist(), kept.frames.tolist()) == (["a", "b"], [9, 5])
    assert len(data._last(read, 3)) == 5


# --- from data to tables ---------------------------------------------------------------------------

LITTLE = {
    "synthetic": "tiny",
    "epochs": {"FER2013": 2, "CK+": 1},
    "svm": [{"components": 5, "scaling": "none", "kernel": "rbf", "c": [1.0, 10.0]}],
}

NARROW = LITTLE | {"narrow": {"width": 16}}


def little(cache: Path, results: Path, profile=LITTLE, **more) -> Request:
    paper = THESIS.model_copy(update={"profiles": THESIS.profiles | {"quick": profile}})
    return Request(paper, cache=cache, results=results, settings=paper.settings, workers=1, **more)


@pytest.fixture(scope="session")
def reproduced(once, cache) -> Path:
    """The results of FER2013 under both protocols, and of CK+ under the published one, in folders of their own."""

    def make(folder: Path) -> None:
        of_fer2013 = ("dataset", "cnn_fer2013", "svm_fer2013", "candidates")
        experiments.reproduce(little(cache, folder / "fer2013", experiments=of_fer2013))
        of_ckplus = {"experiments": ("cnn_ckplus", "svm_ckplus", "candidates_ckplus"), "protocols": ("published",)}
        experiments.reproduce(little(cache, folder / "ckplus", **of_ckplus))
        experiments.reproduce(little(cache, folder / "narrow", NARROW, experiments=("cnn_fer2013", "candidates")))

    return once("thesis", make)


def made(results: Path) -> dict[str, tables.Table]:
    paper = THESIS.model_copy(update={"profiles": THESIS.profiles | {"quick": LITTLE}})
    return {table.name: table for table in tables.tables(load_complete(paper, "quick", "synthetic", results))}


def test_every_experiment_has_its_tables(reproduced):
    assert {"dataset", "cnn_fer2013", "svm_report", "candidates", "near_duplicates"} <= set(
        made(reproduced / "fer2013")
    )
    assert {"cnn_ckplus", "candidates_ckplus", "near_duplicates"} <= set(made(reproduced / "ckplus"))


def test_a_narrow_network_is_named_so_wherever_it_stands_for_that_of_the_thesis(reproduced):
    evidence = load_complete(THESIS, "quick", "synthetic", reproduced / "narrow")
    assert {run.identity.network for run in evidence.runs} == {"cnn_fer2013_narrow"}
    assert {run.identity.settings["width"] for run in evidence.runs} == {16}
    assert max(run.record["parameters"] for run in evidence.runs) < 3_931_975 / 200
    found = {table.name: table for table in tables.tables(evidence)}
    assert "narrow network, 1/16" in found["cnn_fer2013"].title
    assert "parameters" not in [row["quantity"] for row in found["cnn_fer2013"].rows]
    trained = "five classes in the printed sizes, images at random"
    assert trained in [row["variant"] for row in found["candidates"].rows]
    assert "tested on the images it was trained on" in [row["variant"] for row in found["candidates"].rows]
    both_protocols = measured.measurements(evidence)["text5-cnn_fer2013-accuracy"]
    assert len(both_protocols) == 2
    assert all("a narrow network instead of the paper's" in ours.differs for ours in both_protocols)
    assert measured.parameters(evidence, THESIS.claim("fig3_7-parameters")) is None


def test_the_networks_of_the_thesis_are_trained_where_no_size_makes_them_narrow():
    asked = Request(THESIS, "paper", settings=THESIS.settings)
    for key, network in NETWORKS.items():
        assert trainings.network_of(asked, key) is network
    assert trainings.settings_of_network(asked) == {"dropout": 0.25}


def test_what_the_network_on_ckplus_could_have_been_is_a_row_each(reproduced):
    table = made(reproduced / "ckplus")["candidates_ckplus"]
    variants = [row["variant"] for row in table.rows]
    assert variants == [
        "random 80:20 of all images, last epoch",
        "accuracy in training, last epoch",
        "best epoch on the part that is monitored",
        "tested on the images it was trained on",
        "only test images with a near-duplicate in training",
        "learning rate 0.001, random 80:20, last epoch",
        "learning rate 0.001: accuracy in training, last epoch",
        "learning rate 0.001: best epoch on the part that is monitored",
        "learning rate 0.001: tested on the images it was trained on",
    ]
    runs, _ = store.find(reproduced / "ckplus" / "runs", experiment="ckplus_slower")
    assert {run.identity.recipe["learning_rate"] for run in runs} == {0.001}


def test_the_table_of_a_network_has_last_and_best_epoch(reproduced):
    rows = made(reproduced / "fer2013")["cnn_fer2013"].rows
    published = [row for row in rows if row.get("protocol") == "published"]
    assert [row.get("published") for row in published] == ["87.78", "0.85", "0.89", None]
    assert published[-1]["difference"].endswith("by selection")
    assert float(published[-1]["reproduced"]) >= float(published[1]["reproduced"])
    assert [row["verdict"] for row in rows if row["quantity"] == "parameters"] == ["exact"]


def test_drawn_images_confirm_nothing(reproduced):
    for results in (reproduced / "fer2013", reproduced / "ckplus"):
        rows = [row for table in made(results).values() for row in table.rows if row.get("verdict", DASH) != DASH]
        assert rows
        allowed = {"not comparable", "undefined", "contradicted", "budget too small"}
        assert {row["verdict"] for row in rows if row.get("quantity") != "parameters"} <= allowed


def test_claims_have_a_measurement_a_protocol(reproduced):
    paper = THESIS.model_copy(update={"profiles": THESIS.profiles | {"quick": LITTLE}})
    found = measured.measurements(load_complete(paper, "quick", "synthetic", reproduced / "fer2013", timed=()))
    accuracy = found["text5-cnn_fer2013-accuracy"]
    assert len(accuracy) == 2 and "persons" not in accuracy[0].differs and accuracy[1].differs
    assert accuracy[0].differs == f"{measured.NOT_PICKED}; 2 epochs instead of 25"
    assert "no person on both" in accuracy[1].differs
    assert 0 <= accuracy[0].interval[0] <= accuracy[0].value <= accuracy[0].interval[1] <= 100
    assert len(found["fig4_4-accuracy"]) == 2 and "text5-cnn_ckplus-accuracy" not in found
    assert found["text4_2-cnn_fer2013-accuracy_lowest"][0].differs.endswith("attempts: 1 instead of 10")
    (built,) = found["fig3_7-parameters"]
    assert (built.value, built.data, built.differs) == (3_931_975, "none", "") and "fig3_8-parameters" not in found
    (images,) = found["text2_1-all-images"]
    assert images.value == sum(row["all"] for row in made(reproduced / "fer2013")["dataset"].rows[:-1])
    # What compares two data sets, and what nobody can repeat, has none.
    assert not {"text5-cnn-fer2013_less_ckplus", "text4_2-cnn_fer2013-min_delta"} & set(found)


def test_two_data_sets_are_compared_although_each_was_asked_for_by_a_command_of_its_own(reproduced):
    paper = THESIS.model_copy(update={"profiles": THESIS.profiles | {"quick": LITTLE}})
    parts = {name: load_complete(paper, "quick", "synthetic", reproduced / name) for name in ("fer2013", "ckplus")}
    found = measured.measurements(replace(parts["fer2013"], beside=(parts["ckplus"],)))
    (less,) = found["text5-cnn-fer2013_less_ckplus"]
    each = [parts[name].score(f"cnn_{name}", f"cnn_{name}", "published") for name in parts]
    assert less.value == pytest.approx(100 * (each[0].accuracy - each[1].accuracy)) and less.runs == 2
    assert "text5-cnn-fer2013_less_ckplus" not in measured.measurements(parts["ckplus"])


def test_the_plan_tells_the_searched_machines_from_the_one_that_stands_for_the_claims(reproduced):
    plan = plans.read(plans.plan_path(THESIS, "quick", "synthetic", reproduced / "fer2013"), THESIS)
    assert len(plan.searched) == 2 * 2
    assert sum(run.experiment == "svm_fer2013" for run in plan.runs) == 2
    assert set(plan.splits) == {f"cnn_fer2013, {p}" for p in ("published", "strict")} | {
        "five_clearest, published",
        "five_any, published",
    }


def test_the_machine_for_ckplus_is_the_one_that_the_search_chooses(reproduced):
    paper = THESIS.model_copy(update={"profiles": THESIS.profiles | {"quick": LITTLE}})
    evidence = load_complete(paper, "quick", "synthetic", reproduced / "ckplus", timed=())
    everything = svm_measured.all_runs(evidence, "svm_ckplus", "published")
    chosen = svm_measured.machine(evidence, "svm_ckplus", "published")
    assert len(everything) == 3
    assert chosen.record["selection"]["accuracy"] == max(run.record["selection"]["accuracy"] for run in everything)
    (ours,) = measured.measurements(evidence)["text5-svm_ckplus-accuracy"]
    assert ours.value == pytest.approx(100 * scores.score([chosen]).accuracy)
    assert f"{chosen.identity.network}, chosen by 3-fold" in ours.note
    rows = {row["quantity"]: row for row in made(reproduced / "ckplus")["svm_ckplus"].rows}
    assert rows["accuracy"]["published"] == "97" and rows["share of Sad taken for Fear"]["published"] == "more than 0"
    first = rows["images in the first cell of the confusion matrix"]
    assert int(first["reproduced"]) == chosen.record["confusion"][0][0] and first["verdict"] == "undefined"


def test_the_parameters_of_a_table_are_those_of_the_trained_network(reproduced):
    paper = THESIS.model_copy(update={"profiles": THESIS.profiles | {"quick": LITTLE}})
    evidence = load_complete(paper, "quick", "synthetic", reproduced / "ckplus", timed=())
    for run in evidence.runs:
        run.record["parameters"] = 12_345
    assert tables._parameters(evidence, "cnn_ckplus") == {
        "quantity": "parameters",
        "why": "12,345 instead of 4,062,535",
        "published": "4,062,535",
        "reproduced": "12,345",
        "difference": "-4,050,190",
        "verdict": "below",
    }


def test_what_the_thesis_rules_out_or_lost_forbids_a_comparison():
    departs = {one.name: one.departs for one in THESIS.decisions if one.departs}
    assert set(departs) == {"learning_rate", "fer2013_pictures"}
    for one in THESIS.decisions:
        assert one.departure(one.default) == "" and set(one.departs) <= {str(choice) for choice in one.alternatives}


def test_numbers_of_others_are_cited_and_never_judged():
    others = [claim for claim in THESIS.claims if claim.cited]
    assert len(others) == 9 and {judge(claim).name for claim in others} == {"cited"}


def test_experiments_whose_data_set_is_missing_are_named_or_refused(cache, tmp_path, capsys):
    from datasets.synthetic import corpora

    place = corpora.ensure(cache / "synthetic", "tiny", sets=("fer2013",)) / "FER2013"
    asked = little(cache, tmp_path, data=place)
    assert experiments._wanted(asked, place) == ["dataset", "cnn_fer2013", "svm_fer2013", "candidates"]
    assert "CK+ is not at or below" in capsys.readouterr().out.replace("\n", " ")
    with pytest.raises(UserError, match=r"CK\+ is not at or below"):
        experiments._wanted(little(cache, tmp_path, data=place, experiments=("cnn_ckplus",)), place)


def test_the_csv_of_ckplus_is_read_where_nothing_better_is_there(tmp_path, capsys):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 48 * 48))
    rows = [f"{row % 8},{' '.join(map(str, one))},Training" for row, one in enumerate(pixels)]
    (tmp_path / "ckextended.csv").write_text("\n".join(["emotion,pixels,Usage", *rows]) + "\n")
    request = SimpleNamespace(settings={"ckplus_pictures": "last_three_frames"}, cache=tmp_path / "cache")
    assert data.available(tmp_path)["CK+"]
    part = data.load_ckplus(request, tmp_path)
    assert sorted(part.samples.table.emotion) == sorted(2 * list(map(str, data.CKPLUS)))
    assert part.samples.table.subject.is_unique
    assert "no subjects and no sequences" in capsys.readouterr().out
