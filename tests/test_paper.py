"""The paper.yaml files hold every printed result, and mistakes in such a file are told by line and key."""

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from common.paper import load
from common.support.errors import UserError

TEXTS = Path(__file__).parents[2] / "shared" / "papers"

CLAIMS = {"timeconvnet": 48, "cnn3d": 109, "convlstm": 46, "emotionalvlan": 61, "thesis": 76}
MATRICES = {"timeconvnet": 0, "cnn3d": 2, "convlstm": 4, "emotionalvlan": 4, "thesis": 3}
AUDITS = {"timeconvnet": 11, "cnn3d": 10, "convlstm": 14, "emotionalvlan": 18, "thesis": 14}


def test_the_papers_are_found():
    assert set(CLAIMS) <= set(load.names())
    with pytest.raises(UserError, match="Did you mean timeconvnet"):
        load.load("timeconvnets")


@pytest.mark.parametrize("name", CLAIMS)
def test_every_printed_result_is_there(name):
    one = load.load(name)
    assert (len(one.claims), len(one.matrices), len(one.audits)) == (CLAIMS[name], MATRICES[name], AUDITS[name])


def test_the_tables_are_complete():
    def cells(name, pattern):
        return len(load.load(name).select(pattern))

    assert cells("timeconvnet", "table1-*") == 7 + 1
    assert cells("timeconvnet", "table2-*") == 6 * 3
    assert cells("cnn3d", "table4-*") == cells("cnn3d", "table5-*") == 3 * 10 + 3 + 2
    assert cells("emotionalvlan", "table1-*") == 2 * 4
    assert all(cells("emotionalvlan", f"table{t}-*") == 6 + 1 for t in (2, 3, 4, 5))
    assert cells("emotionalvlan", "table6-*") == 3 * 4
    assert cells("thesis", "fig4_4-*") == 7 * 4 + 1 + 6
    assert [len(table.rows) for table in load.load("thesis").layers] == [31, 35]


# How the note of a claim begins whose value the paper says in words, such as "twice".
WORDS = "in words: "


def text_of(paper: load.Paper) -> str:
    """The text of a paper; skips the test where it is not beside this checkout."""
    if not paper.text or not (TEXTS / paper.text).is_file():
        pytest.skip(f"the text of {paper.name} is not beside this checkout")
    return (TEXTS / paper.text).read_text(encoding="utf-8")


def test_a_paper_needs_no_text(tmp_path):
    (tmp_path / "paper.yaml").write_text("key: k\ntitle: t\nauthors: [a]\nyear: 1\nentry: misc\nvenue: v\ntables: []\n")
    assert load.read(tmp_path / "paper.yaml").text == ""


def numbers(line: str) -> Counter:
    return Counter(re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", line))


@pytest.mark.parametrize("name", CLAIMS)
def test_every_printed_value_stands_in_one_line_of_the_text_with_its_row(name):
    one = load.load(name)
    lines = [numbers(line.replace("\\", "")) for line in text_of(one).splitlines()]
    rows = defaultdict(list)
    for claim in one.claims:
        if not claim.note.startswith(WORDS):
            rows[re.split(r", (?:column|fold)", claim.source)[0]].append(claim.value)
    for source, values in rows.items():
        assert any(Counter(values) <= line for line in lines), f"{source}: {values}"


@pytest.mark.parametrize("name", CLAIMS)
def test_every_statement_in_words_stands_in_the_text(name):
    one = load.load(name)
    text = " ".join(text_of(one).split())
    for claim in one.claims:
        if claim.note.startswith(WORDS):
            assert re.split("[,;]", claim.note.removeprefix(WORDS))[0] in text, claim.id


@pytest.mark.parametrize("name", CLAIMS)
def test_every_printed_matrix_row_and_layer_stands_in_the_text(name):
    one = load.load(name)
    lines = [numbers(line) for line in text_of(one).splitlines()]
    for matrix in one.matrices:
        for row in matrix.values or []:
            assert any(Counter(cell for cell in row if cell) <= line for line in lines), (matrix.source, row)
    for table in one.layers:
        for kind, shape, count in table.rows:
            assert any(Counter(map(str, [*shape, count])) <= line for line in lines), (table.source, kind, shape)


def test_digits_survive_as_printed():
    timeconvnet = load.load("timeconvnet")
    time = timeconvnet.claim("table2-resnet20_2plus1d-inference_time")
    assert (time.value, time.number, time.digits, time.kind) == ("52.70", 52.7, 2, "time")
    size = timeconvnet.claim("table2-tcn_mobilenetv2-parameters")
    assert (size.value, size.number, size.digits, size.kind) == ("2,267,527", 2267527, 0, "count")
    accuracy = timeconvnet.claim("table2-tcn_resnet20-accuracy")
    assert (accuracy.number, accuracy.digits, accuracy.kind, accuracy.scale) == (0.979, 3, "proportion", 1)
    assert load.load("cnn3d").claim("table5-c2_c1-p").value == "0.03650"


def test_timeconvnet_names_its_networks_and_open_questions():
    timeconvnet = load.load("timeconvnet")
    assert {c.network for c in timeconvnet.select("table2-*")} == {
        "mini_xception_2d",
        "tcn_mini_xception",
        "tcn_resnet20",
        "tcn_mobilenetv2",
        "resnet20_3d",
        "resnet20_2plus1d",
    }
    assert {c.experiment for c in timeconvnet.claims} == {"table1", "table2", "speed"}
    assert timeconvnet.settings["nin"] == "spatial_bug" and timeconvnet.settings["batch_size"] == 32


def test_published_matrices_agree_with_the_claims_and_counts_beside_them():
    vlan = load.load("emotionalvlan")
    for table, matrix in enumerate(vlan.matrices, start=2):
        claims = vlan.select(f"table{table}-*-recall")
        assert [c.value for c in claims] == matrix.diagonal and [c.emotion for c in claims] == matrix.labels
    sizes = {"Fig. 5": [45, 59, 25, 69, 28, 83, 18], "Fig. 6": [80] * 6}
    for matrix in load.load("cnn3d").matrices:
        assert [sum(column) for column in zip(*matrix.counts, strict=True)] == sizes[matrix.source]


@pytest.mark.parametrize("name", CLAIMS)
def test_decisions_offer_a_real_choice(name):
    for decision in load.load(name).decisions:
        assert decision.alternatives and decision.default not in decision.alternatives and decision.why, decision.name


def test_every_paper_yaml_fits_the_screen_and_a_template_a_page():
    root = load.REPRODUCTIONS.parent
    templates = sorted(root.glob("docs/*/paper.yaml"))
    files = [*templates, *sorted(root.glob("reproductions/*/paper.yaml"))]
    lines = {file: file.read_text(encoding="utf-8").splitlines() for file in files}
    assert len(templates) == 2 and len(files) == 2 + len(load.names())
    assert max(len(lines[template]) for template in templates) <= 60
    assert [f"{file}:{n}" for file in files for n, line in enumerate(lines[file], start=1) if len(line) > 120] == []


@pytest.mark.parametrize("name", CLAIMS)
def test_a_paper_can_be_cited(name):
    one = load.load(name)
    entry = one.bibtex()
    assert entry.startswith(f"@{one.entry}{{{one.key},") and one.title in entry and entry.count("{") == entry.count("}")


# ---------------------------------------------------------------------------------------------------------- mistakes

GOOD = """\
key: smith2024
title: A paper
authors: ["Smith, A."]
year: 2024
entry: misc
venue: arXiv
text: smith.txt
tables:
  - source: Table 1
    where: {dataset: CK+, protocol: LOSO, experiment: t1, metric: accuracy}
    rows:
      a: {value: "95.1", unit: "%"}
      b: {value: "9.1", unit: "%"}
  - id: t2
    source: Table 2
    where: {dataset: CK+, protocol: LOSO, experiment: t2, network: "{row}", unit: "%", metric: accuracy}
    columns:
      all: {source: column All}
      angry: {source: column Angry, emotion: Angry, metric: recall, check: {auditor: total, parts: "claim:{id}"}}
    rows:
      c3d: ["81.2", "70.0"]
      lstm: {source: row LSTM, values: ["80", {value: "75.5", note: two digits}]}
decisions:
  - {name: batch_size, default: 32, alternatives: [64], why: Not stated.}
"""


def read(tmp_path, text):
    path = tmp_path / "smith" / "paper.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return load.read(path)


def test_a_sixth_paper_needs_only_its_file(tmp_path):
    one = read(tmp_path, GOOD)
    assert (one.name, one.claim("b").number, one.settings) == ("smith", 9.1, {"batch_size": 32})
    with pytest.raises(UserError, match="no claim of smith"):
        one.claim("zzz")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("venue: arXiv", "venu: arXiv", 6, ["'venu'", "'venue'"]),
        ("alternatives:", "alternative:", 24, ["'alternative'", "'alternatives'"]),
        ("  - {name: batch_size, ", "  - {", 24, ["lacks", "'name'"]),
        ("entry: misc", "entry: misc\nyear: 2023", 6, ["repeats the key 'year'", "line 4"]),
        ("authors: [", "authors: [[", 4, ["not YAML"]),
        # In the fields that a table's claims share, and in its rows, columns and cells.
        ("t1, metric: accuracy}", "t1, metrc: accuracy}", 10, ["'metrc'", "'metric'"]),
        ("t1, metric: accuracy}", "t1, metric: 1}", 10, ["'metric'", "quotes"]),
        ("experiment: t1, metric: accuracy}", "experiment: t1}", 12, ["lacks", "'metric'"]),
        ('b: {value: "9.1", unit: "%"}', 'b: {value: "9.1", unit: percent}', 13, ["'unit'", "'percent'"]),
        ('b: {value: "9.1", ', 'b: {vale: "9.1", ', 13, ["'vale'", "'value'"]),
        ('a: {value: "95.1", ', "a: {value: 95.1, ", 12, ["'value'", "quotes"]),
        ("source: column Angry, emotion", "source: column Angry, emoton", 19, ["'emoton'", "'emotion'"]),
        ("auditor: total", "auditr: total", 19, ["lacks the key 'auditor'", "known keys: auditor."]),
        ('["81.2", "70.0"]', '["81.2", 70.0]', 21, ["'value'", "quotes"]),
        ("note: two digits", "notes: two digits", 22, ["'notes'", "'note'"]),
        ("{source: row LSTM, values:", "{source: row LSTM, vales:", 22, ["'vales'", "'values'"]),
        # Rows that do not fit the columns.
        ('["81.2", "70.0"]', '["81.2"]', 21, ["values of row 'c3d' is 1, of columns 2", "all, angry"]),
        ('["81.2", "70.0"]', '"81.2"', 21, ["row 'c3d' lacks its list of `values`"]),
        # The parts of a table, names and placeholders.
        ("    columns:", "    colums:", 17, ["'colums'", "'columns'"]),
        ("\n    rows:\n      a:", "\n    row:\n      a:", 11, ["'row'", "'rows'"]),
        ('parts: "claim:{id}"', 'parts: "claim:{ide}"', 19, ["unknown placeholder {ide}", "{row}, {column}"]),
        ('  c3d: ["81.2", "70.0"]', '  no: ["81.2", "70.0"]', 21, ["key False is not text", "quotes"]),
        ("      b: {", "      a: {", 13, ["repeats the key 'a'", "line 12"]),
        ("      b: {", "      b: {id: a, ", 13, ["repeats 'a' among the claims", "line 12"]),
        ("note: two digits}", "id: t2-c3d-all}", 22, ["repeats 't2-c3d-all' among the claims", "line 21"]),
        ("tables:", "claims:", 8, ["'claims'", "`tables`"]),
    ],
)
def test_a_mistake_names_file_line_and_key(tmp_path, old, new, line, words):
    assert old in GOOD
    with pytest.raises(UserError) as mistake:
        read(tmp_path, GOOD.replace(old, new))
    told = str(mistake.value)
    assert re.search(rf"paper\.yaml:{line}\b", told) and all(word in told for word in words), told


def test_a_file_that_is_no_mapping_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not describe a paper"):
        read(tmp_path, "- 1\n- 2\n")
