"""What is printed and written: any name as it is, any width, any encoding, and a sentence where output ends."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import fake_runs
import pytest
from rich.console import Console

from common.results.tables import Table
from common.support import output
from common.support.errors import UserError

ROOT = Path(__file__).parents[1]
ODD = ["=HYPERLINK(1)", "+1+cmd|' /C'!A0", "-2+3", "@sum", "[red]x[/]", "a [/b] \\", "br[x]", "<script>"]
COLUMNS = {"what": "Quantity", "published": "Published", "ours": "Reproduced", "interval": "95 % interval"}
ROWS = [
    {"what": "(2+1)D ConvNet (ResNet20), channels as meant", "published": 2267527, "ours": "-0.226", "interval": "–"},
    {"what": "TimeConvNet", "published": 274535, "ours": "0.979", "interval": "0.086 to 0.167, seeds ±0.016"},
]


def printed(table: Table, width: int) -> str:
    stream = io.StringIO()
    table.show(Console(file=stream, width=width, highlight=False, markup=False))
    return stream.getvalue()


def command(*words: str, **options) -> subprocess.CompletedProcess:
    call = [sys.executable, "-m", "commands", *words]
    return subprocess.run(call, cwd=ROOT, stdin=subprocess.DEVNULL, timeout=120, **options)


@pytest.mark.parametrize("width", [20, 40, 80, 150])
def test_numbers_and_headings_are_whole_at_any_width(width):
    text = printed(Table("t", "Title of it all", COLUMNS, ROWS, ["A note."]), width)
    assert all(part in text for part in ("2,267,527", "274,535", "-0.226", "0.979", "Published", "Reproduced"))
    assert "…" not in text and max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("name", ODD)
def test_any_name_is_printed_as_it_is(name):
    text = printed(Table("t", f"At {name}", {"a": f"Of {name}"}, [{"a": name}], [f"See {name}."]), 150)
    assert text.count(name) == 4


@pytest.mark.parametrize("name", ODD)
def test_no_name_is_a_formula_in_csv(name):
    ((_, number), (cell, value)) = csv.reader(
        io.StringIO(Table("t", "", {"a": "", "b": ""}, [{"a": name, "b": "-0.2"}]).csv())
    )
    assert cell[0] not in "=+-@" and cell.endswith(name) and (number, value) == ("b", "-0.2")


def test_names_in_a_model_card_are_text():
    from inference import card

    assert card._plain("<script>x</script>\n[a](b) |`c`") == r"&lt;script&gt;x&lt;/script&gt; \[a\](b) \|\`c\`"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_an_encoding_lacks_is_replaced(encoding, tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": encoding, "FER_RESULTS": str(tmp_path), "PYTHONUTF8": "0"}
    for words in (["audit", "--paper", "thesis"], ["claims", "--paper", "thesis", "--format", "markdown"]):
        done = command(*words, env=environment, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr and len(done.stdout) > 1000 and done.stdout.decode(encoding)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_below_the_output_is_told(tmp_path):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = command("audit", stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "The output cannot be written (no space left on device)" in done.stderr
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_closed_errors_and_a_reader_that_has_enough(tmp_path):
    here = f"{sys.executable} -m commands"
    shell = {"cwd": ROOT, "shell": True, "capture_output": True, "text": True, "timeout": 240}
    closed = subprocess.run(f"{here} claims --paper nothing 2>&-", check=False, **shell)
    assert closed.returncode == 2 and closed.stdout == ""
    enough = subprocess.run(f"{here} audit | head -1", check=False, **shell)
    assert enough.stdout and "Traceback" not in enough.stderr and "Broken pipe" not in enough.stderr


def test_another_error_of_the_system_is_not_taken_for_that_of_the_output():
    with pytest.raises(FileNotFoundError), output.user_errors():
        Path("/no such file").read_text()
    with pytest.raises(UserError), output.user_errors():
        raise UserError("a", "b")


def test_python_without_the_environment_is_told_what_to_do():
    done = subprocess.run(
        [sys.executable, "-S", "-m", "commands"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and "is not installed" in done.stderr and "make setup" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_before_anything_began_is_no_traceback():
    code = """
import runpy, sys
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "commands.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Slow())
runpy.run_module("commands", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 130 and done.stderr == "Stopped before anything began.\n"


def test_a_run_in_a_folder_with_brackets_is_found(tmp_path):
    run = fake_runs.publish(tmp_path / "br[x] <b>")
    done = command("compare", str(run.folder), "published", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = command("compare", str(run.folder.parent / "br[red]"), "published", capture_output=True, text=True)
    assert done.returncode == 2 and f"{run.folder.parent}/br[red]." in done.stderr
