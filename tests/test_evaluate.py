"""Weights that others have trained: tested as they are, found out where they do not fit, never taken for a training."""

import numpy as np
import pytest
from test_training import DRAWN, FOLD, SAMPLES, little

from common.protocols.leakage import summarise
from common.runs import store
from common.support.errors import UserError
from common.training.evaluate import Evaluation, evaluate
from common.training.train import train

SPLIT = summarise(SAMPLES.table, FOLD)


@pytest.fixture
def weights(tmp_path):
    """A file of weights that do not come from a training here."""
    model = little().network.build(classes=3)
    model.set_weights([np.full_like(weight, 0.02) for weight in model.get_weights()])
    path = tmp_path / "theirs.weights.h5"
    model.save_weights(path)
    return path


def test_what_they_were_trained_on_stands_apart_from_what_they_are_tested_on(tmp_path, weights):
    evaluation = Evaluation(little(), weights, "CK+, by its makers", SPLIT)
    run = evaluate(evaluation, tmp_path / "runs", DRAWN)
    record = run.record
    assert (record["kind"], run.given, record["tested_on"]) == ("evaluate", "CK+, by its makers", "Little")
    assert record["samples"] == {"train": 0, "validation": 0, "test": 15} and record["split"] == SPLIT.to_json()
    assert run.synthetic and not run.has_curves and len(run.predictions()) == 15
    assert store.finished(evaluation.identity, tmp_path / "runs") == run


def test_a_test_is_done_once_and_another_file_is_another_test(tmp_path, weights):
    evaluation = Evaluation(little(), weights, "CK+", SPLIT)
    first = evaluate(evaluation, tmp_path / "runs", DRAWN)
    assert evaluate(evaluation, tmp_path / "runs", DRAWN).record["ended"] == first.record["ended"]
    assert evaluation.identity != little().identity
    model = little().network.build(classes=3)
    model.save_weights(weights)
    assert evaluation.identity != first.identity


def test_weights_of_our_own_training_answer_as_they_did(tmp_path):
    run = train(little(), tmp_path / "runs", provenance=DRAWN)
    again = evaluate(Evaluation(little(), run.folder / "model.keras", "the same", SPLIT), tmp_path / "again", DRAWN)
    probabilities = [f"p_{name}" for name in run.record["classes"]]
    assert np.allclose(run.predictions()[probabilities], again.predictions()[probabilities], atol=1e-5)


def test_weights_that_do_not_fit_are_named_with_their_network(tmp_path, weights):
    with pytest.raises(UserError, match="does not hold the weights of little"):
        evaluate(Evaluation(little(settings={"width": 5}), weights, "CK+", SPLIT), tmp_path / "runs", DRAWN)
    weights.write_bytes(b"no weights")
    with pytest.raises(UserError, match="does not hold the weights of little"):
        evaluate(Evaluation(little(), weights, "CK+", SPLIT), tmp_path / "runs", DRAWN)
    weights.unlink()
    with pytest.raises(UserError, match="MODELS="):
        evaluate(Evaluation(little(), weights, "CK+", SPLIT), tmp_path / "runs", DRAWN)
