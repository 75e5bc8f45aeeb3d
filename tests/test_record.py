"""Records: the same figures as the runs they were made of, without weights, and not one byte of another run."""

import shutil

import fake_runs
import pytest

from commands import findings, readme, record, reproduce, standings
from common.paper import load as papers
from common.results import evidence, plans
from common.results.config import RECORDS, ROOT
from common.runs import store
from common.support.errors import UserError

PAPER = papers.load("timeconvnet")


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Runs of this machine, real ones of the paper's own profile."""
    place = tmp_path / "results"
    fake_runs.reproduce(place, data="real", profile="paper")
    fake_runs.write_speed(place, "paper")
    monkeypatch.setenv("FER_RESULTS", str(place))
    return place


@pytest.fixture
def records(tmp_path, results, monkeypatch):
    """The records of these runs, in the place of the repository's."""
    place = tmp_path / "records"
    for module in (evidence, standings, reproduce):
        monkeypatch.setattr(module, "RECORDS", place)
    monkeypatch.setattr(evidence, "ROOT", tmp_path)
    record.record("timeconvnet", "paper", "real", records=place)
    return place


def by_claim(*places):
    return {one.claim.id: one for one in standings.collect(["timeconvnet"], *places).standings}


def test_records_give_the_verdicts_of_their_runs_and_say_when_they_were_made(results, records):
    here, there = by_claim(results), by_claim(records)
    measured = [id for id, one in here.items() if one.measured and "parameters.json" not in one.run]
    assert len(measured) > 15
    for id in measured:
        assert there[id].name == here[id].name
        assert there[id].measured.value == pytest.approx(here[id].measured.value, rel=1e-5)
        assert there[id].measured.recorded and not here[id].measured.recorded
    assert "recorded" in there["table2-tcn_resnet20-accuracy"].run


def test_runs_of_this_machine_come_before_records(results, records):
    both = by_claim(results, records)
    assert not any(one.measured.recorded for one in both.values() if one.measured)
    assert "recorded" not in both["table2-tcn_resnet20-accuracy"].run


def test_a_record_has_predictions_and_curves_and_no_weights(records):
    runs, skipped = store.find(records / "runs")
    assert len(runs) == 4 * len(fake_runs.NETWORKS) + 2 * 2 and not skipped
    names = {path.name for run in runs for path in run.folder.iterdir()}
    assert names == {"run.json", "predictions.csv.gz", "curves.csv.gz"}
    assert all(len(run.predictions()) == 140 and len(run.curves()) == 3 for run in runs)


def test_the_same_run_gives_the_same_bytes(results, records, tmp_path):
    record.record("timeconvnet", "paper", "real", records=tmp_path / "again")
    for path in records.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(records)).read_bytes()


@pytest.mark.parametrize("name", ["predictions.csv.gz", "curves.csv.gz", "run.json"])
def test_one_damaged_byte_is_noticed(records, name):
    path = next(iter(sorted((records / "runs").rglob(name))))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(UserError, match=path.parent.name):
        store.read(path.parent)


def test_a_record_that_does_not_belong_to_its_key_is_refused(results):
    run = store.find(results / "runs")[0][0]
    path = run.folder / store.RECORD
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 5').replace('"seed": 1', '"seed": 5'))
    with pytest.raises(UserError, match="runs are missing"):
        record.record("timeconvnet", "paper", "real", records=results / "records")


def test_what_is_recorded_of_other_experiments_stays(results, records):
    path = plans.plan_path(PAPER, "paper", "real", results)
    before = plans.read(path, PAPER)
    some = [run for run in before.runs if run.experiment == "table2"]
    assert 0 < len(some) < len(before.runs)
    plans.write(path, before.model_copy(update={"experiments": ["table2"], "runs": some}))
    record.record("timeconvnet", "paper", "real", records=records)
    after = plans.read(plans.plan_path(PAPER, "paper", "real", records), PAPER)
    assert set(after.experiments) == set(before.experiments)
    assert {run.key for run in after.runs} == {run.key for run in before.runs}


def test_a_finding_is_of_the_best_measurement_as_the_claim_is(results, records):
    """A command of this machine that was stopped half-way does not stand for the whole record."""
    runs, _ = store.find(results / "runs", paper="timeconvnet", network="tcn_resnet20", protocol="published")
    shutil.rmtree(runs[-1].folder)
    collection = standings.collect(["timeconvnet"], results, records)
    (claimed,) = [one for one in collection.standings if one.claim.id == "table2-tcn_resnet20-accuracy"]
    says = "{runs table2-tcn_resnet20-accuracy published}"
    paper = PAPER.model_copy(update={"findings": [findings.Finding(id="one", says=says)]})
    (told,) = findings.stated(paper, collection)
    assert told.text == str(claimed.measured.runs) == str(len(runs)) and claimed.measured.recorded


def test_tables_are_made_of_records_where_this_machine_has_no_runs(records, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FER_RESULTS", str(tmp_path / "nothing"))
    reproduce.table("timeconvnet", "paper", "real", "markdown")
    shown = capsys.readouterr()
    assert "Table II" in shown.out and "these are the tables of the records" in shown.err


def test_reference_tables_are_those_of_the_records(records, tmp_path):
    stale = tmp_path / "reference/timeconvnet/paper-real/former.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}")
    readme.keep("timeconvnet", tmp_path / "reference", records)
    assert not stale.exists()
    (table,) = [one for one in reproduce.all_tables(PAPER, "paper", "real", records) if one.name == "table2"]
    assert (tmp_path / "reference/timeconvnet/paper-real/table2.json").read_text(encoding="utf-8") == table.json()


def test_without_records_there_are_no_reference_tables(tmp_path):
    with pytest.raises(UserError, match="There are no records of timeconvnet yet"):
        readme.keep("timeconvnet", tmp_path / "reference", tmp_path / "records")


def test_a_finding_is_told_when_all_of_its_figures_are_known(records):
    says = (
        "{printed table2-tcn_resnet20-accuracy} is {ours table2-tcn_resnet20-accuracy published}, "
        "{ours table2-tcn_resnet20-accuracy strict} on unknown subjects."
    )
    paper = PAPER.model_copy(update={"findings": [findings.Finding(id="one", says=says)]})
    collection = standings.collect(["timeconvnet"], records)
    (told,) = findings.stated(paper, collection)
    assert told.text.startswith("0.979 is 0.850 (")
    nothing = standings.collect(["timeconvnet"], records / "nothing")
    (told,) = findings.stated(paper, nothing)
    assert not told.text and len(told.missing) == 2


def test_every_finding_of_every_paper_asks_for_figures_that_there_are():
    for told in findings.all_of(papers.names()):
        assert told.text or told.missing
        assert "{" not in told.text


@pytest.mark.parametrize("name", papers.names())
def test_what_readmes_show_is_what_the_records_of_the_repository_give(name):
    paper = papers.load(name)
    for plan, data in record.recorded(paper):
        for table in reproduce.all_tables(paper, plan, data, RECORDS):
            kept = ROOT / "results" / "reference" / name / f"{plan}-{data}" / f"{table.name}.json"
            assert kept.read_text(encoding="utf-8") == table.json()


def test_the_records_of_the_repository_are_whole_and_small():
    runs, skipped = store.find(RECORDS / "runs")
    assert not skipped
    assert all(run.identity.folder(RECORDS / "runs") == run.folder for run in runs)
    assert sum(path.stat().st_size for path in RECORDS.rglob("*") if path.is_file()) < 20_000_000
    names = {
        path.name for path in RECORDS.rglob("*") if path.is_file() and not path.name.startswith(("plan-", "speed-"))
    }
    assert all(name == "run.json" or name.endswith(".csv.gz") for name in names)
