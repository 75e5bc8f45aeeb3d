"""The regression check: as strict as the seeds scatter, in both directions, and deaf to nothing."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from fake_runs import publish
from hypothesis import given
from hypothesis import strategies as st

from commands import baseline, regression
from commands.baseline import Baseline, BaselineRow, Result
from commands.regression import compare
from common.support.errors import UserError

TOLERANCE = 0.1
ROW = BaselineRow(mean=0.5, sd=0.02, trained=True, tested=200, chance=0.2, tolerance=TOLERANCE)
BASELINE = Baseline("timeconvnet", (0, 1, 2), {"strict/table2/a": ROW}, {"a": 58_423})


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
    rows, seeds, trials = 12, 5, 4_000
    old, new = rng.normal(0.5, 0.03, (trials, rows, seeds)), rng.normal(0.5, 0.03, trials)
    spread, mean = old.std(axis=2, ddof=1), old.mean(axis=2)
    failures = 0
    for sd, centre, one in zip(spread, mean, new, strict=True):
        row = BaselineRow(centre[0], sd[0], trained=True, tested=100, chance=0.1)
        failures += abs(one - centre[0]) > baseline._tolerance(row, float(np.mean(sd**2)), seeds)
    assert 0 < failures / trials < 0.003


def test_a_row_that_scatters_more_is_allowed_more():
    calm, wild = (BaselineRow(0.5, sd, trained=True, tested=100, chance=0.1) for sd in (0.01, 0.05))
    assert baseline._tolerance(calm, 0.001, 5) < baseline._tolerance(wild, 0.001, 5)


def test_a_row_says_why_it_guards_little():
    rows = {
        "wide": BaselineRow(0.5, 0.06, trained=True, tested=28, chance=0.2),
        "chance": BaselineRow(0.22, 0.001, trained=True, tested=500, chance=0.2),
        "machine": BaselineRow(0.9, None, trained=False, tested=300, chance=0.2),
    }
    found = baseline.with_tolerances(rows, {}, {}, 3)
    assert "seeds scatter by 0.060 on 28 tested samples" in found["wide"].why
    assert "a constant answer, 0.200, is within the tolerance" in found["chance"].why
    assert found["machine"].why == "" and found["machine"].tolerance == baseline.FITTED
    notes = compare(Baseline("thesis", (0, 1, 2), found, {}), {}, {})[0].notes
    assert len(notes) == 2


def test_a_network_of_a_single_seed_is_allowed_what_others_scatter():
    alone = BaselineRow(0.5, None, trained=True, tested=100, chance=0.1)
    several = BaselineRow(0.5, 0.01, trained=True, tested=100, chance=0.1)
    found = baseline.with_tolerances({"alone": alone, "several": several}, {}, {}, 3)
    assert found["alone"].tolerance > found["several"].tolerance
    assert baseline.with_tolerances({"alone": alone}, {}, {}, 1)["alone"].tolerance == baseline.WIDE


def test_a_row_on_few_samples_is_allowed_more():
    few, many = (BaselineRow(0.5, 0.05, trained=True, tested=tested, chance=0.1) for tested in (25, 400))
    found = baseline.with_tolerances({"few": few, "many": many}, {}, {}, 3)
    assert found["few"].tolerance > 1.5 * found["many"].tolerance


def test_the_mean_of_many_networks_guards_what_no_single_row_does():
    """Twelve networks on 24 samples each: a constant answer passes every row, and not their mean."""
    rng = np.random.default_rng(0)
    accuracies = {
        f"strict/a/n{network}": {seed: round(24 * rng.normal(0.4, 0.08)) / 24 for seed in range(3)}
        for network in range(12)
    }
    accuracies["strict/control-shuffled/n0"] = dict.fromkeys(range(3), 0.2)
    runs = {key: {seed: [SimpleNamespace(record={"parameters": 1})] for seed in row} for key, row in accuracies.items()}
    rows = {
        key: BaselineRow(float(np.mean(list(row.values()))), float(np.std(list(row.values()), ddof=1)), True, 24, 0.2)
        for key, row in accuracies.items()
    }
    groups = Result(runs, controls=("control-shuffled",)).together
    (key,) = groups
    assert len(groups[key]) == 12
    mean = baseline._mean_row([rows[one] for one in groups[key]], baseline.mean_over(accuracies, groups[key]))
    found = baseline.with_tolerances(rows, groups, {key: mean}, 3)
    assert all(found[one].mean - found[one].tolerance <= 0.2 for one in groups[key])
    assert found[key].mean - found[key].tolerance > 0.2
    assert found[key].why == ""


def test_a_mean_is_taken_over_the_networks_of_the_baseline_alone():
    row = {0: [SimpleNamespace(record={"parameters": 1})]}
    runs = {f"strict/table2/{network}": row for network in "abc"}
    result = Result(runs).only({"strict/table2/a", "strict/table2/b", "strict/mean of all networks"})
    assert result.together == {"strict/mean of all networks": ["strict/table2/a", "strict/table2/b"]}


@pytest.fixture
def project(tmp_path, monkeypatch, finished):
    """A repository without baselines in which the little reproduction was run last."""
    monkeypatch.setattr(regression, "ROOT", tmp_path)
    monkeypatch.setenv("FER_RESULTS", str(finished))
    return tmp_path / "results" / "baselines" / "timeconvnet.json"


def test_a_run_agrees_with_itself_and_not_with_a_better_one(project, finished, capsys):
    found = Result.of("timeconvnet", "quick", "synthetic", finished)
    shuffled = {"control-shuffled/tcn_mini_xception": 58_711}
    assert found.parameters == {"table2/mini_xception_2d": 58_423, "table2/tcn_mini_xception": 58_711} | shuffled
    assert len(found.accuracies) == 6 + 2
    rows = {key: BaselineRow(row[0], 0.0, True, 100, 0.1, tolerance=0.01) for key, row in found.accuracies.items()}
    project.parent.mkdir(parents=True)
    Baseline("timeconvnet", (0,), rows, found.parameters).write(project)
    regression.check()
    assert "No regression." in capsys.readouterr().out

    key = next(iter(rows))
    better = rows | {key: replace(rows[key], mean=rows[key].mean + 0.02)}
    Baseline("timeconvnet", (0,), better, found.parameters).write(project)
    with pytest.raises(SystemExit) as stopped:
        regression.check("timeconvnet")
    assert stopped.value.code == 1
    assert "worse" in capsys.readouterr().out


def test_a_damaged_baseline_and_none_are_named(project):
    with pytest.raises(UserError, match="timeconvnet has no baseline"):
        regression.check("timeconvnet")
    project.parent.mkdir(parents=True)
    project.write_text('{"paper": "timeconvnet"}')
    with pytest.raises(UserError, match=r"timeconvnet\.json is no baseline"):
        regression.check()


def test_what_no_seed_changes_has_a_baseline_too(project, tmp_path, monkeypatch):
    """A support vector machine has one seed, and stands beside a network with three."""
    network = {seed: [publish(tmp_path / f"n{seed}", accuracy=0.4 + seed / 10, seed=seed)] for seed in (0, 1, 2)}
    machine = publish(tmp_path / "m", accuracy=0.8)
    machine.record.pop("parameters")
    measured = Result({"strict/a/network": network, "strict/b/machine": {0: [machine]}})
    monkeypatch.setattr(Result, "of", lambda *args: measured)
    regression.write("thesis", "0,1,2")
    written = Baseline.read(project.with_name("thesis.json"))
    assert written.rows["strict/a/network"].sd == pytest.approx(0.1)
    assert written.rows["strict/b/machine"].sd is None
    assert compare(written, measured.accuracies, measured.parameters)[1] is False


def test_the_folds_of_a_seed_count_together(tmp_path, monkeypatch):
    runs = [publish(tmp_path / str(accuracy), accuracy=accuracy) for accuracy in (0.5, 1.0)]
    monkeypatch.setattr(baseline, "load_complete", lambda *args, **kwargs: SimpleNamespace(runs=runs))
    found = Result.of("timeconvnet", "quick", "synthetic", tmp_path)
    assert found.accuracies == {"published/table2/tcn_resnet20": {0: 0.75}}
    assert found.parameters == {"table2/tcn_resnet20": 274_535}


def test_real_runs_are_compared_with_the_records(tmp_path, monkeypatch, capsys):
    recorded, worse = (
        Result({"strict/svm/machine": {0: [publish(tmp_path / str(accuracy), accuracy=accuracy)]}})
        for accuracy in (0.75, 0.25)
    )
    monkeypatch.setattr(regression.record, "recorded", lambda paper: [("paper", "real"), ("quick", "synthetic")])
    monkeypatch.setattr(Result, "of", lambda name, plan, data, results: recorded)
    regression.check("thesis", data=tmp_path)
    assert "No regression." in capsys.readouterr().out
    places = {regression.RECORDS: recorded}
    monkeypatch.setattr(Result, "of", lambda name, plan, data, results: places.get(results, worse))
    with pytest.raises(SystemExit):
        regression.check("thesis", data=tmp_path)
    assert "worse" in capsys.readouterr().out


def test_a_baseline_needs_just_the_seeds_that_were_run_and_several(project):
    with pytest.raises(UserError, match=r"had the seeds \[0\], not \[0, 1\]"):
        regression.write("timeconvnet", "0,1")
    with pytest.raises(UserError, match="Run several seeds"):
        regression.write("timeconvnet", "0")
    assert not project.exists()
