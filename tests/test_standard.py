"""What standard experiments read from paper.yaml and from images, and which claims they measure."""

from types import SimpleNamespace

import numpy as np
import pytest

from common.paper import load
from common.protocols import leakage
from common.results.config import Request
from common.support.errors import UserError
from common.training.recipe import Plateau
from datasets import fer2013
from datasets.synthetic import corpora
from reproductions import prepared
from reproductions.standard import Experiment, Weights, official, recipe
from reproductions.standard_results import measured
from reproductions.standard_runs import blueprints, experiments

PAPER = load.read(load.REPRODUCTIONS.parent / "docs" / "still_paper" / "paper.yaml")
NET = SimpleNamespace(key="small_stills", title="Small", build=None, layout="last")
GIVEN = {
    "table1": Experiment(
        "Table 1", "fer2013", ("Happy", "Sad"), (NET,), None, weights=(Weights("makers", "a.h5", NET, "FER2013"),)
    )
}


@pytest.fixture(scope="module")
def images(cache):
    return corpora.ensure(cache / "synthetic", "tiny", sets=("fer2013",))


def request(**more) -> Request:
    return Request(PAPER, settings=PAPER.settings, **more)


def test_the_recipe_is_what_paper_yaml_states_in_the_size_of_the_profile():
    stated = recipe(request(profile="paper", xla=True), plateau=Plateau("val_loss", 0.1, 5))
    assert (stated.epochs, stated.batch_size, stated.learning_rate, stated.xla) == (40, 64, 0.001, True)
    assert stated.checkpoint == "best_validation_accuracy" and stated.plateau.patience == 5
    assert recipe(request()).epochs == 2 and recipe(request(epochs=7)).epochs == 7
    assert recipe(Request(PAPER, settings={"checkpoint": "last"})).checkpoint == "last"


def test_a_paper_without_a_learning_rate_is_named():
    paper = PAPER.model_copy(update={"hyperparameters": {}})
    with pytest.raises(UserError, match="states no learning_rate and no batch_size"):
        recipe(Request(paper))


def test_images_are_samples_and_can_be_resized(images, tmp_path):
    asked = request(cache=tmp_path)
    plain, small = prepared.stills(asked, fer2013, images), prepared.stills(asked, fer2013, images, size=32)
    assert plain.read([0]).shape == (1, 1, 48, 48, 1) and small.read([0]).shape == (1, 1, 32, 32, 1)
    assert plain.key != small.key and len(plain.table) == len(small.table) == 140
    assert plain.read([3]).std() == pytest.approx(small.read([3]).std(), rel=0.3)


def test_the_official_parts_of_a_set_without_persons_are_never_called_clean(images, tmp_path):
    table = prepared.stills(request(cache=tmp_path), fer2013, images).table
    fold = official(fer2013.PARTITIONS)(table, 0)
    assert set(table.partition.iloc[fold.test]) == {"PrivateTest"}
    split = leakage.summarise(table, fold)
    assert split.clean is False and split.leakage.startswith(leakage.NAMELESS)
    assert leakage.summarise_folds([split, split]).leakage == split.leakage
    assert leakage.summarise(table.assign(subject="one"), fold).leakage.startswith("Of ")


def run(experiment="table1", network="small_stills"):
    identity = SimpleNamespace(experiment=experiment, network=network, recipe={"weights": "abc"})
    return SimpleNamespace(identity=identity, given="x" if "makers" in experiment else "")


def test_a_claim_is_about_trainings_and_tests_of_its_network():
    claim, stated = PAPER.claims[0], measured(GIVEN).stated
    assert stated(request(profile="paper"), claim, run()).recipe.epochs == 40
    assert stated(request(), claim, run("table1-makers")).recipe == {"weights": "abc"}
    assert stated(request(), claim, run("table2")) is None and stated(request(), claim, run(network="other")) is None
    cited = claim.model_copy(update={"experiment": "table9"})
    assert stated(request(), cited, run("table9")) is None


def test_networks_of_weights_can_be_asked_for_without_being_trained():
    only = {"table1": Experiment("Table 1", "fer2013", ("Happy",), (), None, weights=GIVEN["table1"].weights)}
    assert experiments(only).NETWORKS_OF == {"table1": ("small_stills",)}
    assert [one.name for one in blueprints(only).networks(request())] == ["small_stills"]
    assert not list(blueprints(only).networks(request(experiments=("table2",))))
    assert np.array_equal(experiments(only).CORPORA, ["fer2013"])
