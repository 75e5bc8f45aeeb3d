"""The command audit-split: what it counts, what it writes, and what it refuses."""

import csv
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from little_copies import CHANGES, face, film, pixels, write

from commands import audit_split, cli
from common.media.emotions import Emotion
from common.support.console import console
from datasets.synthetic import write_fer2013


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """`run(*words)` gives exit status and output of the command, in one line; results go to tmp_path/results."""
    monkeypatch.setenv("FER_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr(console, "width", 1000)

    def command(*words) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["commands", "audit-split", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return stopped.value.code or 0, " ".join((told.out + told.err).split())

    return command


@pytest.fixture
def split(tmp_path) -> tuple[Path, Path]:
    """Four training faces; of five in test two stand there: one exactly, one changed and with another label."""
    train, test = tmp_path / "train", tmp_path / "test"
    for person, emotion in enumerate(("happy", "happy", "sad", "fear")):
        write(train / emotion / f"S00{person}_1.png", face(person))
    write(test / "happy/S000_9.png", face(0))
    write(test / "angry/S002_9.jpg", CHANGES["cropped"](face(2)))
    for person in (11, 12, 13):
        write(test / "happy" / f"S0{person}_1.png", face(person))
    return train, test


def cells(table) -> dict[str, str]:
    return {row["quantity"]: list(row.values())[-1] for row in table.rows}


def test_everything_is_counted(split):
    found = audit_split.audit(audit_split.from_folders(*split))
    assert list(cells(found.table).values()) == [
        "5", "1 (20.0%)", "1 (20.0%)", "2 (40.0%)", "1 (20.0%)", "2", "2 (40.0%)", "0.800", "0.500", "0.800",
    ]  # fmt: skip
    assert "On both sides: S000, S002." in found.table.notes


def test_the_files_show_the_worst_pair_first(run, split, tmp_path):
    page = tmp_path / "new" / "audit.html"
    status, output = run("--train", split[0], "--test", split[1], "--output", page)
    assert status == 0 and "2 (40.0%)" in output and "audit.csv" in output
    assert "same pixels, 1.0000" in page.read_text()
    rows = list(csv.DictReader(page.with_suffix(".csv").open()))
    assert [(row["test"], row["training"], row["copy"], row["labels"]) for row in rows] == [
        ("angry/S002_9.jpg", "sad/S002_1.png", "changed", "other"),
        ("happy/S000_9.png", "happy/S000_1.png", "same pixels", "same"),
    ]
    html = page.read_text()
    assert 0 < html.index("S002_9.jpg") < html.index("S000_9.png") and html.count("<img") == 4
    assert json.loads(page.with_suffix(".json").read_text())["name"] == "audit_split"


def test_two_runs_write_the_same_bytes(run, split, tmp_path):
    pages = [tmp_path / name / "audit.html" for name in ("one", "two")]
    for page in pages:
        run("--train", split[0], "--test", split[1], "--output", page)
    for ending in (".html", ".csv", ".json"):
        assert len({page.with_suffix(ending).read_bytes() for page in pages}) == 1


def test_pages_of_two_data_sets_do_not_replace_each_other(run, split, tmp_path):
    for name in ("first", "second"):
        shutil.copytree(split[1], tmp_path / name / "test")
        assert run("--train", split[0], "--test", tmp_path / name / "test")[0] == 0
    pages = (split[0].parent / "results").rglob("*.html")
    assert sorted(page.name for page in pages) == ["first-test.html", "second-test.html"]


def test_names_are_no_markup_and_no_formula(run, split):
    write(split[1] / "=1+1" / "<script>[red].png", face(3))
    assert run("--train", split[0], "--test", split[1])[0] == 0
    (page,) = (split[0].parent / "results").rglob("*.html")
    assert "<script>" not in page.read_text()
    assert "\n'=1+1/" in page.with_suffix(".csv").read_text()


def test_clips_are_compared_by_frames(run, tmp_path):
    shots = [face(1, emotion) for emotion in (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SURPRISE) for _ in range(4)]
    others = [face(2)] * 12
    film(tmp_path / "a/happy/one.avi", shots)
    film(tmp_path / "a/sad/two.avi", others)
    film(tmp_path / "b/happy/copy.avi", [image[:, ::-1].copy() for image in shots])
    film(tmp_path / "b/sad/new.avi", [face(3)] * 12)
    status, output = run("--train", tmp_path / "a", "--test", tmp_path / "b")
    assert status == 0 and "test clips" in output and "1 (50.0%)" in output
    (table,) = (tmp_path / "results").rglob("*.csv")
    assert [(row["test"], row["copy"]) for row in csv.DictReader(table.open())] == [("happy/copy.avi", "mirrored")]


def test_a_drawn_fer2013_has_the_copies_that_it_was_given(tmp_path):
    (table,) = write_fer2013.plan(tmp_path, 300, 3)
    table.path.parent.mkdir()
    write_fer2013.write(table)
    found = audit_split.audit(audit_split.from_csv(table.path))
    rows = table.rows
    pairs = {
        (found.test.names[i], found.train.names[j]) for i, j in zip(found.pairs.test, found.pairs.train, strict=True)
    }
    made = {
        (f"row {i}", f"row {j}")
        for i, one in enumerate(rows)
        for j, other in enumerate(rows)
        if one.partition != "Training" and other.partition == "Training" and one.image == other.image
    }
    assert made and pairs == made
    assert list(found.table.columns.values())[1:] == ["PublicTest", "PrivateTest", "all"]


def test_one_label_and_no_labels_are_said(tmp_path):
    for side in ("a", "b"):
        write(tmp_path / side / "happy/x.png", face(1))
        write(tmp_path / f"{side}-bare/x.png", face(1))
    notes = " ".join(audit_split.audit(audit_split.from_folders(tmp_path / "a", tmp_path / "b")).table.notes)
    assert "one label only (Happy)" in notes
    bare = audit_split.audit(audit_split.from_folders(tmp_path / "a-bare", tmp_path / "b-bare")).table
    assert "have no label" in " ".join(bare.notes) and cells(bare)["with a copy that has another label"] == "not known"


def test_labels_that_have_nothing_in_common_are_not_compared(tmp_path):
    write(tmp_path / "a/happy/x.png", face(1))
    write(tmp_path / "b/3/x.png", face(1))
    table = audit_split.audit(audit_split.from_folders(tmp_path / "a", tmp_path / "b")).table
    assert "no label in common" in " ".join(table.notes)


def refused(run, told: str, *words) -> None:
    status, output = run(*words)
    assert status == 2 and output.count("error:") == output.count("what to do:") == 1 and told in output, output


def test_what_is_read_is_never_written_over(run, split, tmp_path):
    table = tmp_path / "faces.csv"
    table.write_text("label,split,pixels\n" + "".join(f"3,{part},{pixels(face(1))}\n" for part in ("train", "test")))
    before = table.read_bytes()
    refused(run, "which is read, would be replaced", "--csv", table, "--output", tmp_path / "faces.html")
    refused(run, "is no name of a page", "--csv", table, "--output", table)
    refused(run, "is a folder, not a page", "--csv", table, "--output", tmp_path)
    assert table.read_bytes() == before and not (tmp_path / "faces.json").exists()


def test_one_odd_label_leaves_the_others_comparable(tmp_path):
    table = tmp_path / "faces.csv"
    rows = [("3", "train", 1), ("4", "train", 2), ("3.0", "test", 1), ("", "test", 2)]
    lines = [f"{label},{part},{pixels(face(person))}" for label, part, person in rows]
    table.write_text("\n".join(["label,split,pixels", *lines, "3,lost,x", ""]))
    read = audit_split.from_csv(table)
    assert read.train.labels == ["Happy", "Sad"] and read.tests["test"].labels == ["Happy", ""]
    assert list(read.tests) == ["test"] and any("line 6" in told for told in read.train.left_out)


def test_bad_input_is_one_sentence_and_a_remedy(run, split, tmp_path):
    train, test = split
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    refused(run, "What should be compared?")
    refused(run, "What should be compared?", "--train", train)
    refused(run, "What should be compared?", "--train", train, "--test", test, "--csv", "x.csv")
    refused(run, "is no folder", "--train", train, "--test", tmp_path / "none")
    refused(run, "holds no image", "--train", train, "--test", tmp_path / "empty")
    refused(run, "x.png", "--train", train, "--test", tmp_path / "bad")
    refused(run, "lies within the other", "--train", tmp_path, "--test", test)
    refused(run, "There is no file", "--csv", tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "cannot be read as a csv"),
        ("a,b\n1,2\n", "no column for the label"),
        ("label,split\n1,train\n", "neither pixels nor names of files"),
        ("label,split,pixels\n", "no row that can be read"),
        ("label,split,pixels\n1,train,x\n", "no whole numbers"),
        ("label,split,pixels\n1,train,1\n1,train,1,2\n", "cannot be read as a csv"),
        (f"label,split,pixels\n1,only,{pixels(np.zeros((8, 8), int))}\n", "has the parts only"),
    ],
)
def test_a_bad_csv_is_named(run, tmp_path, text, told):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    refused(run, told, "--csv", path)
