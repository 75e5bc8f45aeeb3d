"""Every printed number has a standing: from runs, from counts, from arithmetic, or the name of what is missing."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import fake_runs
import pytest

from commands import claims, obtain, parameters, standings
from common.paper import load as papers
from common.paper.verdicts import Measured

ROOT = Path(__file__).parents[1]
KEYS = [
    *("id", "paper", "source", "dataset", "protocol", "metric"),
    *("relation", "published", "measured", "interval", "verdict", "data", "run", "why", "remarks"),
]
TIMECONVNET = papers.load("timeconvnet")


def run(results: Path, *words: str) -> subprocess.CompletedProcess:
    """Run a command on these results in a process of its own; the last line of stderr tells what was imported."""
    code = (
        "import sys, time; from commands import cli; sys.argv = ['commands', *sys.argv[1:]]\n"
        "status = 0\n"
        "try: cli.main()\n"
        "except SystemExit as stopped: status = stopped.code or 0\n"
        "heavy = {'tensorflow', 'keras', 'jax', 'torch'} & set(sys.modules)\n"
        "print(f'imported {sorted(heavy)}', file=sys.stderr); sys.exit(status)\n"
    )
    environment = os.environ | {"FER_RESULTS": str(results)}
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def rows(results: Path, *names: str) -> dict[tuple[str, str], dict]:
    collection = standings.collect(list(names) or papers.names(), results)
    return {(one.paper.name, one.claim.id): one.row for one in collection.standings}


# ------------------------------------------------------------------------------------------------ without any run


def test_json_is_one_list_of_objects_with_just_these_keys(tmp_path):
    done = run(tmp_path / "results", "claims", "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == sum(len(papers.load(name).claims) for name in papers.names()) > 200
    assert all(list(row) == KEYS for row in found)
    assert len({(row["paper"], row["id"]) for row in found}) == len(found)
    assert {row["verdict"] for row in found} <= set(claims.VERDICTS)
    assert done.stderr.strip() == "imported []"


def test_checks_that_need_no_data_are_settled_without_a_run(tmp_path):
    found = rows(tmp_path)
    assert {row["verdict"] for row in found.values() if row["dataset"] == "none"} <= {"exact", "consistent", "holds"}
    assert all(row["data"] == "none" for row in found.values())
    counts = {key: row for key, row in found.items() if row["metric"] == "parameters" and key[0] == "timeconvnet"}
    assert len(counts) == 6
    assert all(f"{row['measured']:,}" == row["published"] for row in counts.values())
    assert found["thesis", "text2_1-total-images"]["verdict"] == "contradicted"
    assert found["timeconvnet", "table1-total-windows"]["run"] == "arithmetic: total"
    assert not {"match", "close", "below", "above", "not comparable"} & {row["verdict"] for row in found.values()}


def test_missing_data_come_with_the_way_to_get_them(tmp_path):
    notes = claims.table(standings.collect(papers.names(), tmp_path)).notes
    for name in papers.names():
        for claim in papers.load(name).claims:
            if claim.dataset != "none" and not claim.cited:
                assert obtain.how(claim.dataset)
    assert any("BigFaceX" in note and "jeffcohn.net" in note and "enterface" in note for note in notes)


def test_csv_and_markdown_hold_the_same_rows(tmp_path):
    lines = list(csv.DictReader(io.StringIO(run(tmp_path, "claims", "--paper", "thesis", "--format", "csv").stdout)))
    assert list(lines[0]) == KEYS
    assert len(lines) == len(papers.load("thesis").claims)
    told = run(tmp_path, "claims", "--paper", "thesis", "--format", "markdown").stdout
    assert all(f"| {line['id']} " in told for line in lines)


def test_the_summary_counts_every_claim_once(tmp_path):
    table = claims.summary(standings.collect(papers.names(), tmp_path))
    for row in table.rows:
        assert sum(row.get(verdict, 0) for verdict in claims.VERDICTS) == row["all"]
    assert table.rows[-1]["all"] == sum(row["all"] for row in table.rows[:-1])


def test_the_committed_parameter_counts_are_those_of_the_networks():
    assert json.loads(parameters.PATH.read_text(encoding="utf-8")) == parameters.count(), "run: make parameters"


# ------------------------------------------------------------------------------------------------------ with runs


def test_synthetic_figures_are_shown_and_never_praised(tmp_path):
    fake_runs.reproduce(tmp_path)
    found = rows(tmp_path, "timeconvnet")
    drawn = [row for row in found.values() if row["data"] == "synthetic"]
    assert len(drawn) == 7 + 6 + 3 + 2
    assert {row["verdict"] for row in drawn} == {"not comparable"}
    accuracy = found["timeconvnet", "table2-tcn_resnet20-accuracy"]
    low, high = accuracy["interval"]
    assert accuracy["measured"] == pytest.approx(0.85) and low < 0.85 < high
    assert accuracy["run"].endswith("runs/timeconvnet/table2/published/tcn_resnet20 (2 runs)")
    # The printed counts add up: that is no measurement of ours.
    assert found["timeconvnet", "table1-total-windows"]["measured"] is None


def test_recorded_data_come_before_drawn_ones(tmp_path):
    fake_runs.reproduce(tmp_path)
    real = fake_runs.publish(tmp_path, accuracy=0.98, synthetic=False, profile="paper")
    fake_runs.write_plan(tmp_path, [real], "real", "paper")
    row = rows(tmp_path, "timeconvnet")["timeconvnet", "table2-tcn_resnet20-accuracy"]
    assert (row["data"], row["verdict"]) == ("real", "match")
    assert row["measured"] == pytest.approx(137 / 140)
    assert row["run"].endswith(real.folder.name)


def test_another_protocol_is_not_comparable_and_only_a_second_choice(tmp_path):
    strict = fake_runs.publish(tmp_path, protocol="strict", accuracy=0.98, synthetic=False)
    fake_runs.write_plan(tmp_path, [strict], "real")
    row = rows(tmp_path, "timeconvnet")["timeconvnet", "table2-tcn_resnet20-accuracy"]
    assert (row["data"], row["verdict"]) == ("real", "not comparable")


def test_runs_that_lead_to_different_verdicts_are_shown_as_such():
    claim = TIMECONVNET.claim("table2-tcn_resnet20-accuracy")
    found = [Measured(0.98, "real", (0.97, 0.99), run="a"), Measured(0.6, "real", (0.5, 0.7), run="b")]
    standing = standings.stand(TIMECONVNET, claim, found)
    assert standing.name == "runs disagree"
    assert standing.run == "a gives 0.98 (match); b gives 0.6 (below)"


def test_of_runs_that_differ_the_one_that_differs_in_less_stands_whatever_is_remarked_of_it():
    claim = TIMECONVNET.claim("table2-tcn_resnet20-accuracy")
    narrow = Measured(0.9, "real", differs="a narrow network instead of the paper's; 12 epochs instead of 200")
    own = Measured(0.8, "real", differs="6 epochs instead of 200", note="computed in 16 bits", recorded=True)
    for found in ([narrow, own], [own, narrow]):
        assert standings.stand(TIMECONVNET, claim, found).measured is own
    assert (own.differences, narrow.differences, Measured(0.7, "real").differences) == (1, 2, 0)


def test_a_run_of_the_quick_profile_does_not_stand_against_one_of_the_paper(tmp_path):
    for profile, accuracy in (("paper", 0.98), ("quick", 0.6)):
        one = fake_runs.publish(tmp_path, accuracy=accuracy, synthetic=False, profile=profile)
        fake_runs.write_plan(tmp_path, [one], "real", profile)
    row = rows(tmp_path, "timeconvnet")["timeconvnet", "table2-tcn_resnet20-accuracy"]
    assert (row["verdict"], round(row["measured"], 2)) == ("match", 0.98)


def test_a_quick_run_on_real_data_is_not_comparable_and_says_why(tmp_path):
    one = fake_runs.publish(tmp_path, accuracy=0.6, synthetic=False, profile="quick")
    fake_runs.write_plan(tmp_path, [one], "real", "quick")
    (standing,) = [
        one
        for one in standings.collect(["timeconvnet"], tmp_path).standings
        if one.claim.id.endswith("tcn_resnet20-accuracy")
    ]
    assert standing.name == "not comparable" and "epochs instead of 200" in standing.verdict.why


def test_counts_that_differ_disagree_too():
    claim = TIMECONVNET.claim("table2-tcn_resnet20-parameters")
    found = standings.stand(TIMECONVNET, claim, [Measured(274_535, "none", run="a"), Measured(7, "none", run="b")])
    assert found.name == "runs disagree"
    assert standings.stand(TIMECONVNET, claim, [Measured(274_535, "none", run="a")] * 2).name == "exact"


# --------------------------------------------------------------------------------------------------------- faults


def spoil(results: Path, number: int, name: str, text: str) -> Path:
    """Overwrite a file of one of the finished runs; returns the run's folder."""
    folder = sorted(results.glob("runs/timeconvnet/table2/published/*/*"))[number]
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_unusable_files_are_named_and_left_out(tmp_path):
    fake_runs.reproduce(tmp_path, seeds=(0, 1))
    record = json.loads((sorted(tmp_path.glob("runs/*/*/*/*/*"))[0] / "run.json").read_text())
    spoilt = [
        spoil(tmp_path, 0, "run.json", '{"schema": 1, "ke'),
        spoil(tmp_path, 2, "run.json", '["foreign"]'),
        spoil(tmp_path, 4, "run.json", json.dumps(record | {"schema": 99})),
        spoil(tmp_path, 6, "predictions.csv", "sample,emotion\n1,Happy\n"),
    ]
    half = tmp_path / "runs" / "timeconvnet" / "table2" / "strict" / "tcn_resnet20" / "seed7-00000000.partial"
    half.mkdir(parents=True)
    plan = tmp_path / "runs" / "timeconvnet" / "plan-paper-real.json"
    plan.write_text('{"runs": [{"paper": 3}]}')
    damaged = tmp_path / "runs" / "thesis" / "plan-paper-real.json"
    damaged.parent.mkdir()
    damaged.write_text("{")

    done = run(tmp_path, "claims", "--format", "json")
    assert done.returncode == 0
    for path in [*spoilt, half, plan, damaged]:
        assert sum(str(path) in line for line in done.stderr.splitlines()) == 1, done.stderr
    assert all(line.startswith(("warning: left out: ", "imported")) for line in done.stderr.splitlines())
    found = {row["id"]: row for row in json.loads(done.stdout) if row["paper"] == "timeconvnet"}
    # Of every network one of two seeds is left, except where both are read together.
    assert found["table2-tcn_resnet20-accuracy"]["measured"] is not None
    assert run(tmp_path, "claims", "--format", "json", "--strict").returncode == 1
    # Other papers' files are none of this one's business.
    assert run(tmp_path, "claims", "--paper", "cnn3d", "--strict").returncode == 0


@pytest.mark.parametrize("changes", [{"summary": {}}, {"protocols": None}, {"experiments": 3}, {"data": "real"}])
def test_a_plan_of_another_make_is_named(tmp_path, changes):
    one = fake_runs.publish(tmp_path)
    path = fake_runs.write_plan(tmp_path, [one], **{"profile": "quick"} | changes)
    if changes == {"data": "real"}:  # its name says something else than its content
        path = path.rename(path.with_name("plan-quick-synthetic.json"))
    collection = standings.collect(["timeconvnet"], tmp_path)
    assert len(collection.problems) == 1 and path.name in collection.problems[0]
    assert len(collection.standings) == len(TIMECONVNET.claims)


def test_seeds_that_are_not_there_yet_are_counted(tmp_path):
    found = [fake_runs.publish(tmp_path, seed=s, synthetic=False, accuracy=0.98, profile="paper") for s in (0, 1)]
    fake_runs.write_plan(tmp_path, found, "real", "paper")
    for path in found[1].folder.iterdir():
        path.unlink()
    found[1].folder.rmdir()
    collection = standings.collect(["timeconvnet"], tmp_path)
    (standing,) = [one for one in collection.standings if one.claim.id == "table2-tcn_resnet20-accuracy"]
    assert (standing.name, standing.verdict.why) == ("not comparable", "1 of 2 runs")


def test_a_thousand_runs_are_read_without_a_backend(tmp_path):
    found = [
        fake_runs.publish(tmp_path, network, protocol, seed)
        for network in fake_runs.NETWORKS
        for protocol in ("published", "strict")
        for seed in range(84)
    ]
    assert len(found) > 1000
    fake_runs.write_plan(tmp_path, found)
    fake_runs.write_speed(tmp_path)
    for words in (["claims", "--format", "json"], ["table", "timeconvnet"], ["report"]):
        done = run(tmp_path, *words)
        assert done.returncode == 0 and done.stderr.strip() == "imported []", done.stderr
