"""Experiments that are run one by one stand together, and never mixed with what was asked for otherwise."""

import dataclasses
import json
import shutil

import fake_runs
import numpy as np
import pandas as pd
import pytest

from commands import claims, standings
from common.media.clips import Provenance
from common.paper import load as papers
from common.protocols import leakage
from common.protocols.splitters import Fold
from common.results import loading, plans
from common.results.config import Request
from common.results.plan_schema import Plan, Summary
from common.runs.identity import Identity

PAPER = papers.load("timeconvnet")
DRAWN = Provenance(True, {"version": 1, "seed": 0})
GAP = PAPER.settings | {"pool": "gap"}
ASKED = Request(PAPER, settings=PAPER.settings)


TABLE = pd.DataFrame({"subject": ["A", "B", "B"], "corpus": "c", "clip": ["1", "2", "3"], "first_frame": 0})
FOLD = Fold("fold", np.array([0]), np.array([1]), np.array([2]))
SPLIT = leakage.summarise(TABLE.assign(last_frame=9), FOLD)


def run_of(experiment: str, network: str = "n", seed: int = 0) -> Identity:
    return Identity("timeconvnet", experiment, "published", "quick", network, {}, {}, seed, "d", "s")


def plan(request: Request, *experiments: str, networks=("n",), key="pixels", **entries) -> Plan:
    return plans.planned(
        request,
        DRAWN,
        experiments,
        runs=[run_of(name, network, seed) for name in experiments for network in networks for seed in request.seeds],
        splits={(name, "published"): SPLIT for name in experiments},
        summary=Summary(key=key, ledger={}, broken=[]),
        timed=False,
        **entries,
    )


def joined(*asked: Plan) -> Plan:
    """What is kept after these commands."""
    kept = asked[0]
    for one in asked[1:]:
        kept = plans.joined(one, plans.parts(kept), finished=lambda run: True)
    return kept


def changed(**changes) -> Request:
    return dataclasses.replace(ASKED, **changes)


def test_experiments_run_one_by_one_are_the_plan_of_both():
    both = joined(plan(ASKED, "table1"), plan(ASKED, "table2"))
    assert both == plan(ASKED, "table2", "table1")


def test_an_experiment_that_is_run_again_takes_the_place_of_its_runs():
    first = plan(ASKED, "table1", "table2")
    assert joined(first, first) == first
    run = dataclasses.replace(run_of("table2"), data="new")
    renewed = plan(ASKED, "table2").model_copy(update={"runs": [run]})
    assert joined(first, renewed).runs == [run, run_of("table1")]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (plan(changed(seeds=(0, 1)), "table1"), "seeds 0,1 instead of 0"),
        (plan(changed(protocols=("published",)), "table1"), "protocols published instead of published,strict"),
        (
            plan(changed(settings=PAPER.settings | {"pool": "gap"}), "table1"),
            "settings pool=gap instead of the defaults",
        ),
        (plan(ASKED, "table1", narrow={"width": 4}), "narrow width=4 instead of none"),
        (plan(ASKED, "table1", of_the_paper=[1, 2]), "of the paper 1,2 instead of none"),
        (plan(ASKED, "table1", key="other pixels"), "other data, or another version of this program"),
    ],
)
def test_experiments_asked_for_with_other_answers_keep_theirs(other, told):
    kept = joined(other, plan(ASKED, "table2"))
    main, aside = plans.parts(kept)
    assert main == plan(ASKED, "table2") and aside == other
    assert plans.unlike(aside, main) == told
    again = joined(kept, plan(ASKED, "table1"))
    assert not again.others and set(again.experiments) == {"table1", "table2"}


def test_of_several_experiments_with_other_answers_those_that_are_not_run_again_stay():
    kept = joined(plan(changed(seeds=(1,)), "table1", "table2"), plan(ASKED, "table2"))
    assert [one.experiments for one in plans.parts(kept)] == [["table2"], ["table1"]]


def test_a_command_that_was_stopped_does_not_block_one_that_asks_for_fewer_seeds():
    stopped = plan(changed(seeds=(0, 1, 2)), "table1", "table2")
    fewer = plan(changed(seeds=(0, 1)), "table2")
    (aside,) = plans.parts(joined(stopped, fewer))[1:]
    assert aside.experiments == ["table1"] and run_of("table2", seed=2) in aside.runs
    needed = plans.without_replaced(aside, fewer, finished=lambda run: False).runs
    assert needed == [run_of("table1", seed=seed) for seed in (0, 1, 2)]


def test_what_a_stopped_command_has_not_finished_stays_beside_until_it_is():
    stopped, one = plan(ASKED, "table1", "table2"), plan(ASKED, "table2")
    there = {run_of("table2")}
    kept = plans.joined(one, [stopped], finished=there.__contains__)
    main, aside = plans.parts_now(kept, there.__contains__)
    assert main == one and aside.experiments == ["table1"] and plans.unlike(aside, main) == ""
    assert plans.unfinished(aside, main, there.__contains__) == [run_of("table1")]
    (whole,) = plans.parts_now(kept, lambda run: True)
    assert whole == plan(ASKED, "table2", "table1")


def test_networks_run_one_by_one_add_up_and_what_was_not_run_is_said():
    first = plan(changed(networks=("a",)), "table2", networks=("a",))
    second = plan(changed(networks=("b",)), "table2", networks=("b",))
    kept = joined(first, second)
    assert kept.networks == {"table2": ["a", "b"]}
    assert [run.network for run in kept.runs] == ["b", "a"]
    whole = plan(ASKED, "table2", networks=("a", "b", "c"))
    assert not joined(kept, whole).networks and joined(whole, first).experiments == ["table2"]
    assert not joined(whole, first).networks and len(joined(whole, first).runs) == 3
    assert joined(plan(ASKED, "table1"), first).networks == {"table2": ["a"]}


def test_networks_that_a_stopped_command_has_not_finished_do_not_block_one_that_asks_for_others():
    stopped = plan(ASKED, "table2", networks=("a", "b", "c"))
    one = plan(changed(networks=("a",)), "table2", networks=("a",))
    there = {run_of("table2", "a"), run_of("table2", "b")}
    kept = plans.joined(one, [stopped], finished=there.__contains__)
    assert {run.network for run in kept.runs} == {"a", "b"} and kept.networks == {"table2": ["a", "b"]}
    alone = plans.joined(one, [stopped], finished=lambda run: False)
    assert alone.runs == one.runs and alone.networks == {"table2": ["a"]}


def test_what_is_on_disk_is_what_was_planned_and_no_default(tmp_path):
    path, one = tmp_path / "plan.json", plan(ASKED, "table1", narrow=None, of_the_paper=[1, 2])
    plans.write(path, one)
    content = json.loads(path.read_text())
    assert content["narrow"] is None and not {"searched", "branch", "others", "networks"} & set(content)
    assert content["splits"] == {"table1, published": SPLIT.to_json()} and content["of_the_paper"] == [1, 2]
    assert plans.read(path, PAPER) == one and one.split("table1", "strict") is None
    assert one.split_notes("table1") == [f"published: {SPLIT.leakage}"]


def test_a_file_that_is_no_plan_is_replaced(tmp_path):
    request = changed(results=tmp_path)
    path = plans.plan_path(PAPER, "quick", "synthetic", tmp_path)
    for content in ("[]", "{}", '{"experiments": 3}', "half a fi", "null"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        plans.keep(request, plan(request, "table1"))
        assert plans.read(path, PAPER) == plan(request, "table1")


def test_a_trial_with_other_epochs_and_a_variant_leave_the_plan_of_the_profile_alone(tmp_path):
    whole, trial, variant = ({"results": tmp_path} | more for more in ({}, {"epochs": 3}, {"variant": "two_seeds"}))
    for options in (whole, trial, variant):
        request = changed(**options)
        plans.keep(request, plan(request, "table1"))
    names = sorted(path.name for path in (tmp_path / "runs" / "timeconvnet").iterdir())
    assert names == [f"plan-quick{more}-synthetic.json" for more in ("-3-epochs", "", "-two_seeds")]


@pytest.fixture
def two_plans(tmp_path):
    """A finished Table II with one seed, and after it Table I and the times with two."""
    fake_runs.reproduce(tmp_path, seeds=(0,))
    path = plans.plan_path(PAPER, "quick", "synthetic", tmp_path)
    first = plans.read(path, PAPER)
    second = first.model_copy(update={"experiments": ["table1", "speed"], "seeds": [0, 1], "runs": []})
    plans.write(path, plans.joined(second, [first], finished=lambda run: True))
    return tmp_path


def test_claims_of_both_are_measured_each_from_its_own_plan(two_plans):
    collection = standings.collect(["timeconvnet"], two_plans)
    found = {one.claim.id: one for one in collection.standings}
    assert collection.problems == []
    assert found["table2-tcn_resnet20-accuracy"].measured is not None
    assert found["text6-pipeline-time"].measured is not None
    main, aside = collection.evidence["timeconvnet"]
    assert (main.elsewhere, aside.elsewhere) == ({"table2"}, {"table1", "speed"})
    note = "Run by a separate command, with other options (seeds 0 instead of 0,1): table2."
    assert aside.notes == [note] and main.notes == []
    assert f"timeconvnet: {note}" in claims.table(collection).notes


def test_no_claim_is_measured_in_two_plans(two_plans):
    from reproductions.timeconvnet import measured

    main, aside = standings.collect(["timeconvnet"], two_plans).evidence["timeconvnet"]
    assert set(measured.measurements(main)) & set(measured.measurements(aside)) == set()


def test_tables_of_both_are_shown_and_say_which_is_which(two_plans):
    from commands import reproduce

    tables = {one.name: one for one in reproduce.all_tables(PAPER, "quick", "synthetic", two_plans)}
    assert {"table1", "speed", "table2", "controls"} <= set(tables)
    assert "seeds 0 instead of 0,1" in tables["table2"].notes[-1]
    assert not any("seeds 0 instead" in note for note in tables["table1"].notes)
    assert tables["table2"].meta["seeds"] == [0] and tables["table1"].meta["seeds"] == [0, 1]


def test_a_run_that_is_missing_aside_is_named(two_plans):
    from commands import reproduce
    from common.support.errors import UserError

    (aside,) = loading.aside(PAPER, "quick", "synthetic", two_plans)
    (aside.runs[0].folder / "run.json").unlink()
    with pytest.raises(UserError):
        loading.aside(PAPER, "quick", "synthetic", two_plans)
    with pytest.raises(UserError):  # it is damaged
        reproduce.all_tables(PAPER, "quick", "synthetic", two_plans)


def test_what_a_stopped_command_has_left_unfinished_is_left_out_and_said(two_plans, capsys):
    from commands import reproduce

    (aside,) = loading.aside(PAPER, "quick", "synthetic", two_plans)
    shutil.rmtree(aside.runs[0].folder)
    tables = {one.name for one in reproduce.all_tables(PAPER, "quick", "synthetic", two_plans)}
    assert "table1" in tables and "table2" not in tables
    told = " ".join(capsys.readouterr().err.split())
    assert f"Left out: table2 (seeds 0 instead of 0,1). Not finished: 1 of {len(aside.runs)} runs." in told
