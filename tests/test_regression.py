"""The regression check: as strict as the seeds scatter, in both directions, and deaf to nothing."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import regression
from commands.regression import compare
from common.support.errors import UserError

TOLERANCE = 0.1
BASELINE = {
    "paper": "timeconvnet",
    "tolerance": TOLERANCE,
    "accuracy": {"strict/table2/a": {"mean": 0.5, "sd": 0.02}},
    "parameters": {"a": 58_423},
}


def verdicts(accuracies: dict, parameters: dict) -> tuple[dict, bool]:
    table, failed = compare(BASELINE, accuracies, parameters)
    return {row["what"]: row["verdict"] for row in table.rows}, failed


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_the_mean_over_seeds_decides_in_both_directions(seeds):
    found, failed = verdicts({"strict/table2/a": dict(enumerate(seeds))}, {"a": 58_423})
    gap = float(np.mean(seeds)) - 0.5
    expected = "ok" if abs(gap) <= TOLERANCE else "worse" if gap < 0 else "too good"
    assert found == {"strict/table2/a": expected, "parameters a": "ok"}
    assert failed == (expected != "ok")


def test_what_was_not_measured_fails():
    assert verdicts({}, {"a": 58_423}) == ({"strict/table2/a": "missing", "parameters a": "ok"}, True)


@pytest.mark.parametrize("count", [58_422, 58_424, None])
def test_one_parameter_more_or_less_fails(count):
    found, failed = verdicts({"strict/table2/a": {0: 0.5}}, {"a": count} if count else {})
    assert found["parameters a"] == "changed"
    assert failed


def test_what_has_no_baseline_is_no_regression():
    assert verdicts({"strict/table2/a": {0: 0.5}, "strict/table2/new": {0: 0.1}}, {"a": 58_423, "new": 1})[1] is False


def test_the_tolerance_lets_one_more_seed_pass():
    """Of new seeds that scatter as the old ones did, one in a thousand fails."""
    rng = np.random.default_rng(0)
    rows, seeds, trials = 6, 5, 10_000
    old, new = rng.normal(0.5, 0.03, (trials, rows, seeds)), rng.normal(0.5, 0.03, trials)
    pooled = np.sqrt(old.var(axis=2, ddof=1).mean(axis=1))
    allowed = pooled * regression._tolerance(1.0, seeds, rows)
    failures = np.mean(np.abs(new - old[:, 0].mean(axis=1)) > allowed)
    assert 0.0002 < failures < 0.002


@pytest.fixture
def project(tmp_path, monkeypatch, finished):
    """A repository without baselines in which the little reproduction was run last."""
    monkeypatch.setattr(regression, "ROOT", tmp_path)
    monkeypatch.setenv("FER_RESULTS", str(finished))
    return tmp_path / "results" / "baselines" / "timeconvnet.json"


def test_a_run_agrees_with_itself_and_not_with_a_better_one(project, finished, capsys):
    accuracies, parameters = regression._measured("timeconvnet", finished)
    shuffled = {"control-shuffled/tcn_mini_xception": 58_711}
    assert parameters == {"table2/mini_xception_2d": 58_423, "table2/tcn_mini_xception": 58_711} | shuffled
    assert len(accuracies) == 6
    baseline = {
        "paper": "timeconvnet",
        "tolerance": 0.01,
        "accuracy": {key: {"mean": row[0], "sd": 0} for key, row in accuracies.items()},
        "parameters": parameters,
    }
    project.parent.mkdir(parents=True)
    project.write_text(json.dumps(baseline))
    regression.check()
    assert "No regression." in capsys.readouterr().out

    next(iter(baseline["accuracy"].values()))["mean"] += 0.02
    project.write_text(json.dumps(baseline))
    with pytest.raises(SystemExit) as stopped:
        regression.check()
    assert stopped.value.code == 1
    assert "worse" in capsys.readouterr().out


def test_what_no_seed_changes_has_a_baseline_too(project, monkeypatch):
    measured = {"strict/a/network": {0: 0.4, 1: 0.5, 2: 0.6}, "strict/b/machine": {0: 0.8}}
    monkeypatch.setattr(regression, "_measured", lambda name, results: (measured, {"a/network": 7}))
    regression.write("thesis", "0,1,2")
    written = json.loads(project.with_name("thesis.json").read_text())
    assert written["accuracy"] == {
        "strict/a/network": {"mean": pytest.approx(0.5), "sd": pytest.approx(0.1)},
        "strict/b/machine": {"mean": 0.8},
    }
    assert written["pooled_sd"] == pytest.approx(0.1) and written["tolerance"] > 0.3
    assert compare(written, measured, {"a/network": 7})[1] is False


def test_the_folds_of_a_seed_count_together(tmp_path, monkeypatch):
    from fake_runs import publish

    runs = [publish(tmp_path / str(accuracy), accuracy=accuracy) for accuracy in (0.5, 1.0)]
    monkeypatch.setattr(regression, "load_complete", lambda *args, **kwargs: SimpleNamespace(runs=runs))
    accuracies, parameters = regression._measured("timeconvnet", tmp_path)
    assert accuracies == {"published/table2/tcn_resnet20": {0: 0.75}}
    assert parameters == {"table2/tcn_resnet20": 274_535}


def test_a_baseline_needs_just_the_seeds_that_were_run_and_several(project):
    with pytest.raises(UserError, match=r"had the seeds \[0\], not \[0, 1\]"):
        regression.write("timeconvnet", "0,1")
    with pytest.raises(UserError, match="Run several seeds"):
        regression.write("timeconvnet", "0")
    assert not project.exists()
