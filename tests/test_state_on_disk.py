"""Plans, times, runs and caches that were damaged, or written by another version or at the same time: told, or anew."""

import dataclasses
import json
import multiprocessing

import fake_runs
import numpy as np
import pytest

from commands import compare, report, reproduce, standings
from commands.baseline import Result
from common.media.clips import Provenance
from common.paper import load as papers
from common.results import loading, plans
from common.results.config import Request
from common.results.plan_schema import Plan, SpeedFile
from common.support import arrays, files
from common.support.errors import UserError
from reproductions import buildable, registry

PAPER = papers.load("timeconvnet")


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A finished quick reproduction with two seeds."""
    fake_runs.reproduce(tmp_path / "results")
    monkeypatch.setenv("FER_RESULTS", str(tmp_path / "results"))
    return tmp_path / "results"


def halved(run) -> None:
    path = run.folder / "predictions.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: len(lines) // 2]))


def of_another_class(run) -> None:
    path = run.folder / "predictions.csv"
    path.write_text(path.read_text().replace(",Happy,", ",Bored,", 1))


# ---------------------------------------------------------------------------------------------------------- runs


@pytest.mark.parametrize("damage", [halved, of_another_class])
def test_overviews_name_a_damaged_run_and_leave_it_out(results, damage):
    whole = standings.collect(["timeconvnet"], results)
    run = whole.evidence["timeconvnet"][0].of("table2", "resnet20_3d", "strict")[0]
    damage(run)
    found = standings.collect(["timeconvnet"], results)
    (problem,) = found.problems
    assert str(run.folder) in problem
    (one,) = found.evidence["timeconvnet"]
    assert one.missing_runs("table2", "resnet20_3d", "strict") == "1 of 2 runs"
    standing = {one.claim.id: one for one in found.standings}["table2-resnet20_3d-accuracy"]
    assert "1 of 2 runs" in standing.measured.differs or standing.measured.run.endswith("(2 runs)")
    if damage is halved:
        assert run.folder.name in report.write(strict=False).read_text(encoding="utf-8")


@pytest.mark.parametrize("damage", [halved, of_another_class])
def test_what_is_made_of_whole_plans_refuses_a_damaged_run(results, damage):
    run = loading.load_complete(PAPER, "quick", "synthetic", results).runs[0]
    damage(run)
    for command in (
        lambda: reproduce.table("timeconvnet", "quick", "synthetic"),
        lambda: Result.of("timeconvnet", "quick", "synthetic", results).accuracies,
        lambda: compare.show(str(run.folder), "published"),
    ):
        with pytest.raises(UserError, match=r"predictions.csv is not what the run wrote") as error:
            command()
        assert str(run.folder) in str(error.value)


# --------------------------------------------------------------------------------------------------------- plans

KEYS = ("paper", "profile", "data", "details", "protocols", "experiments", "seeds", "settings")
KEYS += ("runs", "splits", "summary", "timed", "networks", "others", "epochs")
LATER = ("timed", "networks", "others", "epochs")  # may be missing


@pytest.mark.parametrize("value", ["gone", None, 3.5, "word", [None], {"one": None}, [{}]])
@pytest.mark.parametrize("key", KEYS)
def test_a_plan_is_read_whole_or_named(tmp_path, key, value):
    path = fake_runs.write_plan(tmp_path, [fake_runs.publish(tmp_path)])
    content = json.loads(path.read_text()) | {key: value}
    if value == "gone":
        del content[key]
    path.write_text(json.dumps(content))
    if (value == "gone" and key in LATER) or (key, value) == ("epochs", None):
        assert plans.read(path, PAPER).model_dump(exclude_unset=True) == content
        return
    if key in ("details", "settings") and value == {"one": None}:
        assert getattr(plans.read(path, PAPER), key) == value
        return
    if key in ("paper", "profile") and value == "word":
        return
    with pytest.raises(UserError, match=r"is damaged, or of another version") as error:
        plans.read(path, PAPER)
    assert str(path) in str(error.value) and key in str(error.value)


@pytest.mark.parametrize("change", [{"seed": None}, {"settings": 3}, {"paper": 1}, {"more": 1}])
def test_the_runs_of_a_plan_are_checked_too(tmp_path, change):
    run = fake_runs.publish(tmp_path)
    path = fake_runs.write_plan(tmp_path, [run], runs=[dataclasses.asdict(run.identity) | change])
    with pytest.raises(UserError, match=r"runs\.0"):
        plans.read(path, PAPER)


@pytest.mark.parametrize("key", ["leakage", "sizes", "test", "selected_on_test"])
def test_what_every_split_says_is_checked_too(tmp_path, key):
    path = fake_runs.write_plan(tmp_path, [fake_runs.publish(tmp_path)])
    content = json.loads(path.read_text())
    content["splits"]["published"].pop(key, None)
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=rf"splits\.published\.{key}"):
        plans.read(path, PAPER)


def test_what_only_the_paper_has_in_its_plan_is_told_as_well(results):
    path = plans.plan_path(PAPER, "quick", "synthetic", results)
    content = json.loads(path.read_text())
    del content["summary"]["windows"]
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"cannot be used.*'windows'") as error:
        reproduce.table("timeconvnet", "quick", "synthetic")
    assert str(path) in str(error.value)
    assert standings.collect(["timeconvnet"], results).standings
    assert "&#39;windows&#39;" in report.write(strict=False).read_text(encoding="utf-8")


@pytest.mark.parametrize("value", ["gone", None, "word", [], {"one": None}])
@pytest.mark.parametrize("key", ["asked", "runs", "networks", "pipeline", "machine"])
def test_times_are_read_whole_or_named(tmp_path, key, value):
    path = fake_runs.write_speed(tmp_path)
    content = json.loads(path.read_text()) | {key: value}
    if value == "gone":
        del content[key]
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=str(path)):
        plans.read(path, PAPER, SpeedFile)


def asked(results, *seeds: int) -> Request:
    return Request(PAPER, settings=PAPER.settings, seeds=seeds, results=results)


def test_a_command_makes_its_tables_from_its_own_plan(results, monkeypatch, capsys):
    """Another one, with other seeds, writes its plan while the first one trains."""
    path = plans.plan_path(PAPER, "quick", "synthetic", results)
    both = plans.read(path, PAPER)

    def of_seed(seed: int) -> Plan:
        runs = [run for run in both.runs if run.seed == seed]
        changes = {"seeds": [seed], "runs": runs, "experiments": ["table1", "table2"], "timed": False}
        return both.model_copy(update=changes)

    def trains(request):
        plans.keep(request, of_seed(0))
        plans.write(path, of_seed(1))
        return Provenance(True, {})

    monkeypatch.setattr(registry.reproduction("timeconvnet").experiments, "reproduce", trains)
    monkeypatch.setattr(buildable, "check", lambda request: None)
    tables = reproduce.reproduce("timeconvnet", profile="quick", seeds="0")
    assert {table.name: table.meta["seeds"] for table in tables if table.name in ("table1", "table2")} == {
        "table1": [0],
        "table2": [0],
    }
    (later,) = standings.collect(["timeconvnet"], results).evidence["timeconvnet"]
    assert later.plan.seeds == [1]


def keep(results, number: int) -> None:
    request, origin = asked(results, 0), Provenance(True, {})
    plans.keep(request, plans.planned(request, origin, [f"experiment{number}"], runs=[], splits={}, summary={}))


def test_plans_that_are_kept_at_once_lose_none(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=keep, args=(tmp_path, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    kept = plans.read(plans.plan_path(PAPER, "quick", "synthetic", tmp_path), PAPER)
    assert sorted(kept.experiments) == ["experiment0", "experiment1", "experiment2"]


# -------------------------------------------------------------------------------------------------------- caches


def test_any_changed_byte_of_kept_arrays_is_seen(tmp_path):
    path = tmp_path / "kept.npz"
    wanted = {"pixels": np.arange(12, dtype=np.uint8).reshape(3, 4), "about": np.array('{"key": 1}')}
    arrays.save(path, wanted)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for value in (0, 255, whole[place] ^ 1):
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            found = arrays.load(path)
            assert found is None or all(np.array_equal(found.get(name), wanted[name]) for name in found)
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert arrays.load(path) is None
    path.unlink()
    assert arrays.load(path) is None


def test_a_sealed_file_is_known_again_until_it_changes(tmp_path):
    path = tmp_path / "file"
    assert not files.sealed(path)
    path.write_bytes(b"content")
    assert not files.sealed(path)
    files.seal(path)
    assert files.sealed(path)
    path.write_bytes(b"Content")
    assert not files.sealed(path)
