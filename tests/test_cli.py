"""The command line: what it prints, how soon, and how it tells of everything that is wrong with the input."""

import csv
import ctypes
import io
import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from commands import cli
from common.support.console import console

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(monkeypatch, capsys, cache, tmp_path):
    """`run(*words)` runs a command and gives its exit status and all that it printed, in one line."""
    monkeypatch.setenv("FER_CACHE", str(cache))
    monkeypatch.setenv("FER_RESULTS", str(tmp_path / "results"))
    monkeypatch.delenv("FER_DATA", raising=False)
    monkeypatch.setattr(console, "width", 1000)

    def command(*words) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["commands", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return stopped.value.code or 0, " ".join((told.out + told.err).split())

    return command


def refuse(run, words, *told: str) -> None:
    """The command ends with status 2 and one sentence that says all this, and what to do."""
    status, output = run(*words)
    assert status == 2, output
    assert output.count("error:") == output.count("what to do:") == 1, output
    for part in told:
        assert part in output


# --- what it shows ---------------------------------------------------------------------------------


def test_help_names_every_command(run):
    status, output = run("--help")
    assert status == 0
    for command in ("reproduce", "table", "list", "verify-data", "study", "regression"):
        assert command in output


def test_list_knows_papers_experiments_and_data(run, tiny):
    status, output = run("list", "--data", tiny)
    assert status == 0
    for word in ("timeconvnet", "convlstm", "table2", "Inference", "CK+", "BAUM-1", "eNTERFACE'05", "(synthetic)"):
        assert word.lower() in output.lower()
    assert "not there" in run("list", "--data", ROOT / "tests")[1]


def test_verify_data_counts_names_sources_and_oddities(run, tiny):
    status, output = run("verify-data", "--data", tiny)
    assert status == 0
    assert "A synthetic corpus" in output
    assert "593" in output and "ReadMe of the distribution" in output
    assert "label without clip (1): S031_023" in output
    assert "missing" in output


def test_the_data_folder_may_come_from_the_environment(run, tiny, monkeypatch):
    refuse(run, ["verify-data"], "Which folder?", "DATA=<folder>")
    monkeypatch.setenv("FER_DATA", str(tiny))
    assert run("verify-data")[0] == 0


@pytest.mark.parametrize("form", ["text", "markdown", "csv", "json"])
def test_tables_are_printed_again_in_every_form(run, finished, monkeypatch, capsys, form):
    monkeypatch.setenv("FER_RESULTS", str(finished))
    monkeypatch.setattr(sys, "argv", ["commands", "table", "timeconvnet", "--format", form])
    with pytest.raises(SystemExit):
        cli.main()
    printed = capsys.readouterr().out
    assert "68,363" in printed
    assert "58,711" in printed
    if form == "csv":
        assert ["Total", "68,363"] in [[row[0], row[-4]] for row in csv.reader(io.StringIO(printed)) if len(row) > 4]
    if form == "json":
        first, _ = json.JSONDecoder().raw_decode(printed)
        assert first["name"] == "table1"
        assert first["meta"]["data"] == "synthetic"


def test_printed_tables_are_saved_with_their_images_on_request(run, finished, tmp_path, monkeypatch):
    results = shutil.copytree(finished, tmp_path / "results")
    monkeypatch.setenv("FER_RESULTS", str(results))
    places = [results / part / "timeconvnet/quick-synthetic" for part in ("tables", "figures")]
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
    assert run("table", "timeconvnet")[0] == 0
    assert not any(place.exists() for place in places)
    assert run("table", "timeconvnet", "--save")[0] == 0
    assert (places[0] / "table2.csv").read_text().count("58,711")
    assert list(places[1].glob("*.png"))


def test_a_reproduction_says_first_and_last_what_was_run(run, tiny, tmp_path):
    words = ("--profile", "quick", "--experiment", "table1", "--seeds", "3", "--setting", "pool=gap")
    status, output = run("reproduce", "timeconvnet", "--data", tiny, *words)
    assert status == 0, output
    said = f"profile quick · data {tiny} · protocol published and strict · seed 3 · settings default, pool=gap"
    assert output.count(said) == 2
    assert "not comparable" in output
    assert "say nothing about the paper" in output
    folder = tmp_path / "results/tables/timeconvnet/quick-synthetic"
    assert {path.name for path in folder.iterdir()} == {
        f"{t}.{s}" for t in ("table1", "ledger", "reconstruction") for s in ("md", "csv", "json")
    }


QUICK = """
import runpy, sys, time
sys.argv = ["commands", *{words!r}]
try:
    runpy.run_module("commands", run_name="__main__")
except SystemExit as stopped:
    assert not stopped.code, stopped.code
print(sorted({{"tensorflow", "keras", "jax", "torch"}} & set(sys.modules)), time.process_time())
"""


@pytest.mark.parametrize("command", ["--help", "list", "table", "verify-data"])
def test_looking_is_quick_and_needs_no_backend(command, tiny, finished):
    words = [command, *{"table": ["timeconvnet"], "verify-data": ["--data", str(tiny)]}.get(command, [])]
    done = subprocess.run(
        [sys.executable, "-c", QUICK.format(words=words)],
        cwd=ROOT,
        env=os.environ | {"FER_RESULTS": str(finished)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    backends, seconds = done.stdout.splitlines()[-1].rsplit(" ", 1)
    assert backends == "[]"
    assert float(seconds) < 3  # of the processor, so that a busy machine changes nothing


# --- names that do not exist -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "problem", "remedy"),
    [
        ("reproduce timeconvnets", "There is no paper called 'timeconvnets'.", "Did you mean timeconvnet?"),
        ("table convlsmt", "There is no paper called 'convlsmt'.", "Did you mean convlstm?"),
        ("reproduce timeconvnet --experiment tabel2", "no experiment of timeconvnet called", "Did you mean table2?"),
        ("reproduce timeconvnet --profile quik", "There is no profile called 'quik'.", "Did you mean quick?"),
        ("table timeconvnet --profile papre", "There is no profile called 'papre'.", "Did you mean paper?"),
        ("reproduce timeconvnet --protocol strcit", "no protocol called 'strcit'.", "Did you mean strict?"),
        ("reproduce timeconvnet --setting pol=gap", "no setting of timeconvnet called 'pol'.", "Did you mean pool?"),
        ("reproduce timeconvnet --setting pool=gab", "no choice for pool called 'gab'.", "Did you mean gap?"),
        ("reproduce timeconvnet --setting pool", "The setting 'pool' has no value.", "name=value"),
        ("reproduce timeconvnet --seeds 0,one", "'0,one' are not whole numbers.", "SEEDS=0,1,2"),
        ("reproduce timeconvnet --seeds -1", "'-1' are not between 0 and", "SEEDS=0,1,2"),
        ("fingerprints --paper thesi", "There is no paper with networks", "thesis"),
        ("table timeconvnet --format mardown", "There is no format called 'mardown'.", "Did you mean markdown?"),
    ],
)
def test_unknown_names_suggest_the_nearest(run, words, problem, remedy):
    refuse(run, words.split(), problem, remedy)


def test_tables_of_nothing(run):
    refuse(run, ["table", "cnn3d", "--epochs", "1"], "no such runs of cnn3d yet", "make reproduce PAPER=cnn3d")


# --- folders ---------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("command", [("reproduce", "timeconvnet"), ("verify-data",)])


@BOTH
def test_missing_and_empty_roots(run, command, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no folder")
    remedy = "Give the folder that holds the data sets"
    for name, told in (("missing", "does not exist"), ("empty", "is empty"), ("file", "is a file")):
        refuse(run, [*command, "--data", tmp_path / name], str(tmp_path / name), told, remedy)


@BOTH
def test_a_folder_without_any_data_set(run, command):
    refuse(run, [*command, "--data", ROOT / "tests"], str(ROOT / "tests"), "Sign the agreement")


HALVES = [
    ("CK+/Emotion", "CK+ at {} has images but no folder Emotion", "Unpack the archive Emotion_labels"),
    ("CK+/cohn-kanade-images", "CK+ at {} has emotion labels but no images", "Unpack the archive cohn-kanade-images"),
    ("BAUM-1/BAUM1a_MP4_all", "BAUM-1 at {} has no videos of part 1a", "Unpack BAUM1a_MP4_all"),
    ("BAUM-1/Annotations_BAUM1s.xlsx", "BAUM-1 at {} has no spreadsheet Annotations_BAUM1s.xlsx", "Copy it there"),
]


@pytest.mark.parametrize(("lost", "problem", "remedy"), HALVES)
def test_a_set_that_is_half_there(run, copy_of_tiny, lost, problem, remedy):
    path = copy_of_tiny / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    problem = problem.format(path.parent)
    refuse(run, ["reproduce", "timeconvnet", "--data", copy_of_tiny], problem, remedy)
    status, output = run("verify-data", "--data", copy_of_tiny)
    assert status == 1
    assert problem in output and remedy in output
    assert "subjects" in output  # the others are counted


def test_a_missing_set_and_how_to_get_it(run, copy_of_tiny):
    shutil.rmtree(copy_of_tiny / "eNTERFACE05")
    told, remedy = f"not at or below {copy_of_tiny}.", "Download project2_database.zip"
    refuse(run, ["reproduce", "timeconvnet", "--data", copy_of_tiny], f"eNTERFACE'05 is {told}", remedy)
    output = run("verify-data", "--data", copy_of_tiny)[1]
    assert f"eNTERFACE'05: {told}" in output and remedy in output


def test_a_class_without_clips(run, copy_of_tiny):
    sheet = copy_of_tiny / "BAUM-1" / "Annotations_BAUM1s.xlsx"
    relabel(sheet, "Neutral", "Unsure")  # only BAUM-1 has neutral clips
    refuse(run, ["reproduce", "timeconvnet", "--data", copy_of_tiny], str(copy_of_tiny), "shows Neutral", "verify-data")


def relabel(path: Path, old: str, new: str) -> None:
    from openpyxl import load_workbook

    from datasets.synthetic.write_baum1 import CODES

    book = load_workbook(path)
    for row in book.active.iter_rows():
        for word, code in pairwise(row):
            if word.value == old:
                word.value, code.value = new, CODES["1s"].index(new) + 1
    path.unlink()
    book.save(path)


def test_a_spreadsheet_that_is_none(run, copy_of_tiny):
    sheet = copy_of_tiny / "BAUM-1" / "Annotations_BAUM1a.xlsx"
    replace(sheet, b"no workbook")
    told = f"{sheet} cannot be read as an Excel workbook."
    refuse(run, ["reproduce", "timeconvnet", "--data", copy_of_tiny], told, "Restore it")


def test_drawn_and_recorded_corpora_are_not_mixed(run, copy_of_tiny):
    (copy_of_tiny / "SYNTHETIC.json").rename(copy_of_tiny / "CK+" / "SYNTHETIC.json")
    refuse(run, ["reproduce", "timeconvnet", "--data", copy_of_tiny], "mixes real corpora with synthetic ones (CK+)")


# --- clips -----------------------------------------------------------------------------------------


def replace(path: Path, content: bytes) -> None:
    """New content; the old file is the same on disk as the one that all tests share."""
    path.unlink()
    path.write_bytes(content)


def test_clips_that_cannot_be_read_and_clips_without_use(run, copy_of_tiny, tmp_path):
    video = min(copy_of_tiny.glob("eNTERFACE05/*/subject 1/anger/*/*.avi"))
    replace(video, video.read_bytes()[: video.stat().st_size // 2])
    empty = sorted(copy_of_tiny.glob("CK+/cohn-kanade-images/S005/001/*.png"))[2]
    other = min(copy_of_tiny.glob("CK+/cohn-kanade-images/S008/001/*.png"))
    replace(empty, b"")
    replace(other, b"this is a text\n")
    short = min(copy_of_tiny.glob("CK+/cohn-kanade-images/S011/001"))
    for frame in sorted(short.glob("*.png"))[3:]:
        frame.unlink()
    for frame in min(copy_of_tiny.glob("CK+/cohn-kanade-images/S014/001")).glob("*.png"):
        replace(frame, cv2.imencode(".png", np.full((490, 640), 90, np.uint8))[1].tobytes())

    words = ["reproduce", "timeconvnet", "--data", copy_of_tiny, "--profile", "quick", "--experiment", "table1"]
    refuse(
        run,
        words,
        "3 of ",
        "clips cannot be read",
        f"{video}",
        f"{empty} is empty (0 bytes).",
        f"{other} is damaged or not an image.",
        "skip_broken",
    )
    status, output = run(*words, "--skip-broken")
    assert status == 0, output
    assert output.count("Left out:") == 3
    ledger = json.loads((tmp_path / "results/tables/timeconvnet/quick-synthetic/ledger.json").read_text())
    total = ledger["rows"][-1]
    assert (total["too_short"], total["without_any_face"]) == (1, 1)


# --- disks -----------------------------------------------------------------------------------------


def as_ordinary_user() -> None:
    """Take from the superuser what lets it write everywhere (CAP_DAC_OVERRIDE, for this process and its children)."""
    drop_from_bounding_set, override = 24, 1
    ctypes.CDLL(None).prctl(drop_from_bounding_set, override)


@pytest.mark.parametrize("folder", ["FER_CACHE", "FER_RESULTS"])
def test_no_write_permission(cache, tiny, finished, tmp_path, folder):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    words = ["timeconvnet", "--profile", "quick", "--experiment", "table1"]
    if folder == "FER_RESULTS":
        words += ["--data", str(tiny)]  # its samples are in the cache already
    places = {"FER_CACHE": str(cache), "FER_RESULTS": str(tmp_path)} | {folder: str(closed)}
    done = subprocess.run(
        [sys.executable, "-m", "commands", "reproduce", *words],
        cwd=ROOT,
        env=os.environ | places | {"COLUMNS": "1000"},
        preexec_fn=as_ordinary_user,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert str(closed) in done.stderr
    assert "cannot be written to (permission denied)" in done.stderr
    assert "Give yourself write permission there" in done.stderr


def test_a_file_where_a_folder_should_be(run, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("FER_CACHE", str(tmp_path / "file"))
    refuse(run, ["reproduce", "timeconvnet"], f"{tmp_path / 'file'}", "cannot be written to (not a directory)")
