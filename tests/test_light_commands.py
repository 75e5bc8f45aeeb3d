"""No command that runs nothing ends in a traceback, whatever the paper and however little was run of it."""

import sys

import pytest

from commands import cli
from commands.record import recorded
from common.paper import load as papers

COMMANDS = [one.name or one.callback.__name__.replace("_", "-") for one in cli.app.registered_commands]


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """`run(*words)`: exit status and output of a command; anything but a planned end fails the test."""
    monkeypatch.setenv("FER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FER_RESULTS", str(tmp_path / "results"))
    monkeypatch.delenv("FER_DATA", raising=False)

    def command(*words) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["commands", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        output = told.out + told.err
        assert "Traceback" not in output and "[/" not in output  # no markup of rich either
        return ended.value.code or 0, output

    return command


@pytest.mark.parametrize("name", papers.names())
@pytest.mark.parametrize(
    "words",
    [("claims", "--paper"), ("audit", "--paper"), ("findings", "--paper"), ("claims", "--format", "json", "--paper")],
)
def test_what_needs_no_run_is_shown_without_one(run, words, name):
    status, output = run(*words, name)
    assert status == 0 and output.strip()


@pytest.mark.parametrize("name", papers.names())
def test_tables_of_nothing_are_those_of_the_records_or_one_sentence(run, name):
    status, output = run("table", name)
    if any(plan == "quick" for plan, _ in recorded(papers.load(name))):
        assert status == 0 and "these are the tables of the records" in output
    else:
        assert (status, output.count("error:"), output.count("what to do:")) == (2, 1, 1), output


@pytest.mark.parametrize("name", papers.names())
@pytest.mark.parametrize(
    "words",
    [
        ("table", "{}", "--epochs", "1"),
        ("table", "{}", "--profile", "no-such"),
        ("predict", "no-such.mp4", "--model", "{}"),
        ("export", "{}"),
        ("baseline", "{}"),
        *(("reproduce", "{}", f"--{option}", "no-such") for option in ("protocol", "experiment", "network", "seeds")),
        ("reproduce", "{}", "--epochs", "0"),
        ("reproduce", "{}", "--setting", "no-such=1"),
        ("reproduce", "{}", "--data", "no/such/folder"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_one_sentence_and_a_remedy(run, words, name):
    status, output = run(*(word.format(name) for word in words))
    assert (status, output.count("error:"), output.count("what to do:")) == (2, 1, 1), output


@pytest.mark.parametrize("words", [("list",), ("report",), ("readme", "--check"), ("regression",), ("models",)])
def test_what_is_about_all_papers_ends_well_without_runs(run, words):
    status, output = run(*words)
    assert status in ((0, 2) if words == ("regression",) else (0,)), output


def test_a_folder_that_is_no_run_is_not_compared(run, tmp_path):
    assert run("compare", tmp_path, "published")[0] == 2


@pytest.mark.parametrize("command", ["", *dict.fromkeys(COMMANDS)])
def test_every_command_has_a_help(run, command):
    status, output = run(*filter(None, [command]), "--help")
    assert status == 0 and "Usage" in output


def test_all_commands_are_known_here():
    assert {"reproduce", "table", "list", "claims", "audit", "compare", "report", "readme"} <= set(COMMANDS)
