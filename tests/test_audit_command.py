"""The auditors from the command line: what the papers contradict, and tables of any other paper."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import audit, cli
from commands.grids import read_folds, read_matrix
from common.paper import load as papers
from common.support.console import console
from common.support.errors import UserError

OULU = """\
0.75,0.15,0,0,0.1,0
0.14,0.77,0.013,0,0.076,0
0,0.039,0.88,0.039,0.013,0.026
0.012,0,0.012,0.93,0.036,0.012
0.12,0.053,0,0,0.83,0
0,0,0.11,0,0,0.89
"""


@pytest.fixture
def told(monkeypatch, capsys):
    """`told(*words)` runs a command and returns what it printed, in one line."""
    monkeypatch.setattr(console, "width", 1000)

    def run(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["commands", *words])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        told = capsys.readouterr()
        output = " ".join((told.out + told.err).split())
        assert (stopped.value.code or 0) == (2 if "error:" in output else 0)
        return output

    return run


@pytest.fixture
def file(tmp_path):
    """`file(text)` writes a CSV file."""

    def write(text: str | bytes):
        path = tmp_path / "table.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_every_paper_contradicts_itself_with_arithmetic(told):
    output = told("audit")
    for name in papers.names():
        paper = papers.load(name)
        assert paper.title in output
        assert all(item.id in output for item in paper.audits)
    assert "966 + 859 + 2,477 + 1,466 + 1,326 = 7,094, printed 7,074 → contradicted" in output
    refuted = [result for name in papers.names() for _, result in audit.findings(papers.load(name)) if result]
    refuted = [result for result in refuted if result.finding == "contradicted"]
    items = sum(len(papers.load(name).audits) for name in papers.names())
    assert f"{items} items: {len(refuted)} contradicted by arithmetic" in output and len(refuted) > 15
    only = told("audit", "--paper", "thesis")
    assert "patil-sum" in only and "haddad-folds" not in only


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        (("--accuracy", "98.83", "--n", "96"), "contradicted no number of correct answers out of 96"),
        (
            ("--accuracy", "98.83", "--n", "96", "--runs", "5"),
            "contradicted no number of correct answers out of 480 (5 runs of 96)",
        ),
        (("--accuracy", "95.10", "--n", "327"), "holds 95.10 is attainable: 311/327"),
        (("--accuracy", "0.951", "--n", "327"), "holds 0.951 is attainable: 311/327"),
        (("--accuracy", "95.10"), "Give it as --n 96"),
        (("--accuracy", "many", "--n", "3"), "'many' is no printed number"),
        (("--accuracy", "120", "--n", "3"), "'120' is no accuracy"),
        (("--accuracy", "1e99", "--n", "3"), "is no printed number"),
    ],
)
def test_an_accuracy_against_its_number_of_samples(told, words, finding):
    assert finding in told("audit", *words)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_true_accuracy_is_never_contradicted(pair):
    right, n = pair
    assert audit.accuracy(f"{100 * right / n:.2f}", n, 1).finding == "holds" or 100 * right / n < 1


def test_a_matrix_of_shares_has_its_rows_added_up_and_its_direction_found(file):
    sums, direction = audit.matrix(file(OULU), "80")
    assert [row["finding"] for row in sums.rows] == ["holds"] * 6
    assert {row["orientation"]: row["finding"] for row in direction.rows} == {
        "actual": "contradicted",
        "predicted": "holds",
    }
    assert "404 of 480" in direction.rows[1]["arithmetic"]


def test_rows_that_rounding_cannot_explain_are_contradicted(file):
    (sums,) = audit.matrix(file(",Angry,Happy,Sad\nAngry,79.0,0,7.5\nHappy,0,99.9,0\nSad,0,0,71.5\n"), "")
    assert [(row["class"], row["finding"]) for row in sums.rows] == [
        ("Angry", "contradicted"),
        ("Happy", "holds"),
        ("Sad", "contradicted"),
    ]
    assert "2 of 3 rows do not add up to 100" in " ".join(sums.notes)


def test_a_matrix_of_counts_gives_its_accuracy(file):
    sums, direction = audit.matrix(file("10,0,1\n0,9,1\n2,2,2\n"), "11,10,6")
    assert "21 of 27 on the diagonal: accuracy 77.7778%" in " ".join(sums.notes)
    assert [row["finding"] for row in direction.rows] == ["holds", "contradicted"]


def test_a_matrix_with_fixed_decimals_is_tried_row_by_row(file):
    shares = "0.91,0.00,0.09\n0.00,0.90,0.10\n0.33,0.33,0.33\n"
    (_, possible), (_, wrong) = (audit.matrix(file(shares), sizes) for sizes in ("11,10,6", "12,10,6"))
    assert [row["finding"] for row in possible.rows] == ["holds"]
    assert [row["finding"] for row in wrong.rows] == ["contradicted"]
    assert wrong.rows[0]["arithmetic"].endswith(": 1")


def test_folds_are_checked_against_their_sizes_and_each_other(file):
    text = "method,1,2,3,4\nours,97.5,97.5,80,82.5\nbase,81.2,81.2,70.8,75\nsame,98.5,98.5,81,83.5\n"
    sizes, tests = audit.folds(file(text), "48")
    assert {row["method"]: row["finding"] for row in sizes.rows} == {
        "ours": "contradicted",
        "base": "holds",
        "same": "contradicted",
    }
    pairs = {row["pair"]: row for row in tests.rows}
    assert 0 < float(pairs["ours better than base"]["one-sided paired t-test"]) < 0.05
    assert "same in every fold" in pairs["same better than ours"]["remark"]


@pytest.mark.parametrize(
    "text", ["1,2\n3,4\n", "a,b\n1,2\n3,4\n", "x,1,2\ny,3,4\n", ",a,b\nx,1,2\ny,3,4\n", "\ufeff1, 2\n\n3,4"]
)
def test_names_may_stand_above_and_before_the_numbers(file, text):
    assert read_matrix(file(text)).cells == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("reader", "text", "words"),
    [
        (read_matrix, "", "is empty"),
        (read_matrix, "\n \n", "is empty"),
        (read_matrix, "a,b\n", "a heading and no numbers"),
        (read_matrix, "1,2,3\n4,5,6\n", "has 2 rows and 3 columns"),
        (read_matrix, "1,2\n3\n", ":2 has 1 cells"),
        (read_matrix, "1,2\n3,x\n", ":2 has 'x' where a number"),
        (read_matrix, "1,2\n3,1e999999999\n", ":2 has '1e999999999'"),
        (read_matrix, "1,2\n3,1/0\n", ":2 has '1/0'"),
        (read_matrix, "1,2\n3,\n", ":2 has ''"),
        (read_matrix, b"\xff\xfe\x00", "cannot be read as CSV"),
        (read_matrix, b"\x00", "table.csv"),
        (read_matrix, "a;b\n1;2\n", "table.csv"),
        (read_folds, "ours,98\n", "one fold only"),
        (read_folds, "ours\n", "table.csv"),
    ],
)
def test_malformed_files_are_named_with_the_remedy(file, reader, text, words):
    path = file(text)
    with pytest.raises(UserError) as mistake:
        reader(path)
    assert words in str(mistake.value) and str(path) in mistake.value.problem and mistake.value.remedy


@given(st.binary(max_size=60))
def test_no_file_whatever_ends_in_a_traceback(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(content)
    for reader in (read_matrix, read_folds):
        try:
            reader(path)
        except UserError as error:
            assert str(path) in error.problem


@pytest.mark.parametrize("sizes", ["1,2", "a", "-3", "0", "4,,4"])
def test_sizes_must_be_as_many_whole_numbers(file, sizes):
    with pytest.raises(UserError, match="sizes"):
        audit.folds(file("ours,90,80,70\n"), sizes)


def test_a_missing_file_is_said(told, tmp_path):
    assert "There is no file" in told("audit", "--matrix", str(tmp_path / "none.csv"))
    assert "cannot be read" in told("audit", "--folds", str(tmp_path))


# --- commas ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'A,"95,1","2,5","2,4"\nB,"1,0","98,0","1,0"\nC,"10,0","5,0","85,0"\n',
        "A;95,1;2,5;2,4\nB;1,0;98,0;1,0\nC;10,0;5,0;85,0\n",
        "A\t95,1\t2,5\t2,4\nB\t1,0\t98,0\t1,0\nC\t10,0\t5,0\t85,0\n",
        ";A;B;C\nA;95,1;2,5 %;2,4\nB;1;98,0;1,0\nC;10,0;5,000;85,0\n",
        "A;95.1;2.5;2.4\nB;1.0;98.0;1.0\nC;10.0;5.0;85.0\n",
    ],
)
def test_decimal_commas_are_read_as_what_they_are(file, text):
    grid = read_matrix(file(text))
    assert [[float(cell.strip(" %")) for cell in row] for row in grid.cells] == [
        [95.1, 2.5, 2.4],
        [1, 98, 1],
        [10, 5, 85],
    ]
    assert [row["finding"] for row in audit.matrix(file(text), "")[0].rows] == ["holds"] * 3


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('x,"0,979","0,9"\n', ["0.979", "0.9"]),
        ("x;0,979;1\n", ["0.979", "1"]),
        ("x;1.234,5;0,5\n", ["1234.5", "0.5"]),
        ("x;,5;1234,567\n", [".5", "1234.567"]),
        ('x,"1,234.5","1,234"\n', ["1234.5", "1234"]),
        ('x,"1,234,567","1,234"\n', ["1234567", "1234"]),
        ("x;1,234;9,5\n", ["1.234", "9.5"]),
    ],
)
def test_a_comma_means_the_same_in_all_cells(file, text, cells):
    assert read_folds(file(text)).cells == [cells]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x;1,234;56\n", "has '1,234', which can be 1234 or 1.234"),
        ("x;95,1;93.2\n", "has '95,1' with a decimal comma and '93.2' with a point"),
        ("x;95,1;1,234.5\n", "has '95,1' with a decimal comma and '1,234.5' with a point"),
        ("x;95,;93\n", "has '95,' where a number should be"),
        ("x;1,23,456;93\n", "has '1,23,456' where a number should be"),
        ("method,first,second\nx,95,1,93,2\n", "3 names in its first row and 5 cells in the next"),
    ],
)
def test_a_comma_that_can_be_both_is_refused(file, text, words):
    with pytest.raises(UserError, match=re.escape(words)):
        read_folds(file(text))


def test_an_accuracy_may_have_a_decimal_comma():
    assert audit.accuracy("98,83", 96, 1) == audit.accuracy("98.83", 96, 1)
    assert audit.accuracy("0,979", 48, 1) == audit.accuracy("0.979", 48, 1)
    with pytest.raises(UserError, match=r"which can be 1234 or 1\.234"):
        audit.accuracy("1,234", 96, 1)
