"""`reproduce all` runs every paper, outlives those that fail, and ends with ctrl-C."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from commands import reproduce_all
from common.support.errors import UserError

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "docs" / "sixth_paper"
PAPERS = [path.parent.name for path in ROOT.glob("reproductions/*/paper.yaml")]

# Instead of the template's work: a mistake of the user's, one of ours, and a process that the system kills.
FAILURES = {
    "a_missing_set": 'raise UserError("SAVEE is not there.", "Unpack it.")',
    "b_mistake": "raise ZeroDivisionError('of ours')",
    "c_killed": "import os; os._exit(9)",
}
WAITS = "import time; print('It waits', flush=True); time.sleep(600)"


def add(root: Path, name: str, instead: str = "") -> None:
    """Put the template into a suite under a name; `instead` is what it does when it is run."""
    folder = shutil.copytree(TEMPLATE, root / "reproductions" / name)
    if instead:
        path, first = folder / "experiments.py", "    return prepared("
        code = path.read_text(encoding="utf-8")
        assert first in code
        code = code.replace(first, f"    {instead}\n{first}")
        path.write_text(f"from common.support.errors import UserError\n{code}")


@pytest.fixture(scope="module")
def suite(tmp_path_factory) -> Path:
    """A copy of the suite whose papers are the template and three copies of it that fail."""
    root = tmp_path_factory.mktemp("suite")
    unwanted = shutil.ignore_patterns("__pycache__", *PAPERS)
    for package in ("common", "datasets", "reproductions", "inference", "commands"):
        shutil.copytree(ROOT / package, root / package, ignore=unwanted if package == "reproductions" else None)
    (root / "results").mkdir()
    (root / "README.md").write_text("# A suite of one paper\n")
    shutil.copy(ROOT / "results" / "parameters.json", root / "results")
    add(root, TEMPLATE.name)
    for name, failure in FAILURES.items():
        add(root, name, failure)
    return root


@pytest.fixture(scope="module")
def start(suite, cache):
    """`start(*words)`: a command of that suite, in a session of its own."""

    def command(*words: str) -> subprocess.Popen:
        places = {"FER_CACHE": str(cache), "FER_RESULTS": str(suite / "results"), "COLUMNS": "1000"}
        return subprocess.Popen(
            [sys.executable, "-m", "commands", *map(str, words)],
            cwd=suite,
            env=os.environ | places,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Background jobs of a shell, as in some CI, ignore ctrl-C, and what they start inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    return command


@pytest.fixture(scope="module")
def run(start):
    """`run(*words)`: exit status and all that a command printed."""

    def command(*words: str) -> SimpleNamespace:
        process = start(*words)
        stdout, stderr = process.communicate()
        return SimpleNamespace(returncode=process.returncode, stdout=stdout, stderr=stderr)

    return command


@pytest.fixture(scope="module")
def everything(run) -> SimpleNamespace:
    return run("reproduce", "all", "--workers", "1")


@pytest.fixture
def runs(suite, everything) -> dict[Path, float]:
    """The template's finished runs, and when each was written."""
    return {path: path.stat().st_mtime for path in (suite / "results/runs" / TEMPLATE.name).rglob("run.json")}


def test_the_template_runs_from_raw_video_to_its_table(everything, runs, suite):
    table = json.loads((suite / f"results/tables/{TEMPLATE.name}/quick-synthetic/table1.json").read_text())
    verdicts = {row["protocol"]: row["verdict"] for row in table["rows"]}
    assert set(verdicts) == {"published", "strict"} and set(verdicts.values()) <= {"not comparable", "budget too small"}
    assert any("subjects that are trained on" in note for note in table["notes"])
    assert len(runs) == 2
    assert (suite / f"results/figures/{TEMPLATE.name}/quick-synthetic/curves-strict.png").is_file()


def test_failing_papers_are_named_at_the_end_and_the_others_still_run(everything, suite):
    assert everything.returncode == 2, everything.stderr
    end = everything.stderr[everything.stderr.index("error: 3 of 4 papers could not be finished") :]
    assert "a_missing_set (SAVEE is not there. Unpack it.)" in end
    assert "b_mistake (ZeroDivisionError: of ours)" in end
    assert "c_killed (A worker process ended with status 9 before its work was done." in end
    assert TEMPLATE.name not in end
    assert "what is finished is kept" in end
    assert "b_mistake/experiments.py" in everything.stderr  # where our mistake is
    assert everything.stdout.rindex("results/report.html") > everything.stdout.index("Table 1: accuracy on SAVEE")
    assert "The One-Frame Net" in (suite / "results" / "report.html").read_text()


def test_what_is_finished_is_not_run_again(run, runs, suite):
    for name in FAILURES:
        shutil.rmtree(suite / "reproductions" / name)
    again = run("reproduce", "all", "--workers", "1")
    assert again.returncode == 0, again.stderr
    assert {path: path.stat().st_mtime for path in runs} == runs
    assert "Training: nothing left to do" in again.stdout


def living(session: int) -> list[str]:
    """The processes of a session that have not ended, as Linux lists them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ends while we look
            state, _, _, member, *_ = path.read_text().rpartition(")")[2].split()
            if int(member) == session and state != "Z":
                found.append(path.parent.name)
    return found


def test_ctrl_c_ends_all_papers(start, suite):
    add(suite, "a_waits", WAITS)
    process = start("reproduce", "all")
    try:
        assert any("It waits" in line for line in iter(process.stdout.readline, ""))
        assert len(living(process.pid)) > 1
        os.killpg(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    finally:
        shutil.rmtree(suite / "reproductions" / "a_waits")
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert "the same command continues from here" in stderr
    assert "One-Frame" not in stdout  # of the paper that would have been next
    deadline = time.monotonic() + 20
    while living(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert living(process.pid) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"experiment": "table1"}, "Experiments, networks and settings belong to one paper"),
        ({"settings": ["checkpoint=last"]}, "Experiments, networks and settings belong to one paper"),
        ({"profile": "quik"}, "Did you mean quick?"),
        ({"protocol": "strcit"}, "Did you mean strict?"),
        ({"seeds": "0,one"}, "are not whole numbers"),
        ({"data": Path("missing")}, "The data folder missing does not exist."),
    ],
)
def test_what_no_paper_can_be_run_with_is_refused_before_anything_runs(monkeypatch, options, told):
    monkeypatch.setattr(reproduce_all, "_row", lambda *_: pytest.fail("a paper was run"))
    with pytest.raises(UserError, match=re.escape(told)):
        reproduce_all.reproduce_all(**options)
