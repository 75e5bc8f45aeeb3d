"""A figure is held against a printed number only if its runs differ in nothing from what the paper states."""

import ast
import dataclasses
from pathlib import Path

import fake_runs
import pytest

from common.paper import load as papers
from common.paper.load import Decision
from common.results.differences import differences, remarks
from common.runs.store import Run
from reproductions import registry
from reproductions.timeconvnet import measured

ROOT = Path(__file__).parents[1]
PAPER = papers.load("timeconvnet")
CLAIM = PAPER.claim("table2-tcn_resnet20-accuracy")


@pytest.fixture
def run(tmp_path) -> Run:
    """A real run that differs in nothing from the paper."""
    return fake_runs.publish(tmp_path, synthetic=False, profile="paper")


def changed(run: Run, **identity) -> Run:
    return dataclasses.replace(run, identity=dataclasses.replace(run.identity, **identity))


def recorded(run: Run, **record) -> Run:
    return dataclasses.replace(run, record=run.record | record)


def found(*members: Run, paper=PAPER, claim=CLAIM) -> list[str]:
    return differences(paper, claim, members, measured.stated)


def test_a_run_as_the_paper_states_it_differs_in_nothing(run):
    assert found(run) == [] == remarks(PAPER, [run])


def test_every_field_of_the_recipe_counts(run):
    for name, value in run.identity.recipe.items():
        if name in ("mixed_precision", "xla"):
            continue
        other = changed(run, recipe=run.identity.recipe | {name: "other" if isinstance(value, str) else 7})
        assert len(found(other)) == 1, name
    assert found(changed(run, recipe=run.identity.recipe | {"epochs": 3})) == ["3 epochs instead of 200"]
    (told,) = found(changed(run, recipe=run.identity.recipe | {"steps_per_epoch": 5}))
    assert told == "5 steps an epoch instead of all"
    # A field that came later and a run of before does not have.
    assert found(changed(run, recipe=run.identity.recipe | {"accumulation": 4})) == ["accumulation 4 instead of 1"]


def test_what_the_network_is_built_with_counts(run):
    assert found(changed(run, settings={"pool": "gap"})) == ["pool gap instead of avg8"]
    narrow = changed(run, network="tcn_resnet20_narrow", settings={"width": 4})
    with pytest.raises(ValueError, match="is not what table2-tcn_resnet20-accuracy is about"):
        found(narrow)


def test_a_choice_among_what_the_paper_leaves_open_is_a_remark(run):
    chosen = changed(recorded(run, decisions=PAPER.settings | {"pool": "gap"}), settings={"pool": "gap"})
    assert (found(chosen), remarks(PAPER, [chosen])) == ([], ["pool=gap"])
    half = changed(run, recipe=run.identity.recipe | {"mixed_precision": True})
    assert (found(half), remarks(PAPER, [half])) == ([], ["computed in 16 bits"])


def test_a_choice_that_departs_from_the_paper_forbids_a_comparison(run):
    decision = Decision(
        name="pool", default="avg8", alternatives=["gap", "any"], why="", departs={"gap": "pools the whole map"}
    )
    others = [one for one in PAPER.decisions if one.name != "pool"]
    paper = PAPER.model_copy(update={"decisions": [*others, decision]})
    chosen = recorded(changed(run, settings={"pool": "gap"}), decisions={"pool": "gap"})
    assert found(chosen, paper=paper) == ["pools the whole map"]
    assert (decision.departure("avg8"), decision.departure("GAP")) == ("", "pools the whole map")
    other = decision.model_copy(update={"departs": {"other": "not what is printed"}})
    assert (other.departure("avg8"), other.departure(3)) == ("", "not what is printed")


def test_classes_protocols_and_profiles_count(run):
    names = list(fake_runs.CLASSES)
    assert found(recorded(run, classes=[*names[:-1], "Contempt"])) == ["Contempt instead of Neutral"]
    assert found(recorded(run, classes=names[:-1])) == ["without Neutral"]
    assert found(recorded(run, classes=[*names, "Contempt"])) == ["with Contempt"]
    assert found(changed(run, protocol="strict")) == ["no subject on both sides instead of windows at random"]
    assert found(changed(run, protocol="somehow")) == ["protocol somehow"]
    assert found(changed(run, profile="quick")) == ["the sizes of the quick profile"]


def test_folds_and_tested_samples_count(run):
    folds = CLAIM.model_copy(update={"tested": 383})
    assert found(run, claim=folds) == ["140 of 383 samples tested"]
    twice = [changed(run, seed=seed) for seed in (0, 1)]
    assert found(*twice, claim=CLAIM.model_copy(update={"tested": 140})) == []

    def ten_folds(*arguments):
        return dataclasses.replace(measured.stated(*arguments), folds=10)

    two = [changed(run, fold=fold) for fold in ("fold-01", "fold-02")]
    assert differences(PAPER, CLAIM, two, ten_folds) == ["2 of 10 folds"]
    assert differences(PAPER, CLAIM.model_copy(update={"fold": 1}), two[:1], ten_folds) == []


def test_differences_of_any_run_behind_a_figure_count(run):
    short = changed(run, seed=1, recipe=run.identity.recipe | {"epochs": 3})
    assert found(run, short) == found(short, run) == ["3 epochs instead of 200"]


@pytest.mark.parametrize("name", registry.runnable())
def test_no_paper_makes_a_measurement_of_runs_past_the_records(name):
    """`Measured(...)` is written by `Evidence.measurement` alone where runs stand behind a figure."""
    assert callable(registry.reproduction(name).measured.stated)
    for path in (ROOT / "reproductions" / name).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            made = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Measured"
            arguments = {word.arg for word in node.keywords} if made else set()
            assert not {"interval", "n"} & arguments, f"{path.name}:{node.lineno} makes a measurement of its own"
            assert not made or len(node.args) < 3, f"{path.name}:{node.lineno} makes a measurement of its own"
