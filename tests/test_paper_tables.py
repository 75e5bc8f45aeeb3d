"""Tables of a paper.yaml become claims: what a group states holds for all, and what a row states goes before it."""

import re
import textwrap
from pathlib import Path

import pytest

from common.paper import load

GUIDE = Path(__file__).parents[1] / "docs" / "adding-a-paper.md"
HEAD = """\
key: smith2024
title: A paper
authors: ["Smith, A."]
year: 2024
entry: misc
venue: arXiv
text: smith.txt
tables:
"""
WHERE = '{dataset: CK+, protocol: LOSO, experiment: t1, metric: accuracy, unit: "%"}'


@pytest.fixture
def read(tmp_path):
    """`read(tables)`: the claims of a paper with these tables, as they stand under the key `tables`."""

    def claims(tables: str) -> list[load.Claim]:
        path = tmp_path / "paper.yaml"
        path.write_text(HEAD + textwrap.indent(textwrap.dedent(tables), "  "), encoding="utf-8")
        return load.read(path).claims

    return claims


def test_what_a_table_states_holds_for_all_its_rows(read):
    claims = read(f"""\
        - id: table1
          source: Table I
          where: {WHERE}
          rows: {{ours: "95.10", theirs: {{value: "90", cited: Jones 2020}}}}
        """)
    shared = {"dataset": "CK+", "protocol": "LOSO", "experiment": "t1", "metric": "accuracy", "unit": "%"}
    assert claims == [
        load.Claim(id="table1-ours", source="Table I", value="95.10", **shared),
        load.Claim(id="table1-theirs", source="Table I", value="90", cited="Jones 2020", **shared),
    ]


def test_a_row_overrides_what_its_table_states_and_the_others_keep_it(read):
    first, second, third = read(f"""\
        - where: {WHERE}
          source: Table I
          rows:
            a: {{value: "1", metric: recall, emotion: Fear}}
            b: "2"
            c: {{value: "3", id: another, unit: fraction}}
        """)
    assert (first.metric, first.emotion, first.unit) == ("recall", "Fear", "%")
    assert (second.id, second.metric, second.emotion, second.unit) == ("b", "accuracy", None, "%")
    assert (third.id, third.metric, third.unit) == ("another", "accuracy", "fraction")


def test_columns_make_a_claim_of_each_cell_and_null_is_none(read):
    claims = read(f"""\
        - id: t2
          source: Table II
          where: {WHERE}
          columns:
            accuracy: {{source: column Top 1}}
            size: {{source: column Size, metric: parameters, unit: parameters, dataset: none}}
          rows:
            c3d: {{source: row C3D, network: c3d, values: ["97.9", "58,423"]}}
            lstm: {{source: row LSTM, network: lstm, values: [null, {{value: "1,000", relation: about}}]}}
            plain: ["50", null]
        """)
    assert [(c.id, c.source, c.network, c.dataset, c.metric, c.value, c.relation) for c in claims] == [
        ("t2-c3d-accuracy", "Table II, row C3D, column Top 1", "c3d", "CK+", "accuracy", "97.9", "equal"),
        ("t2-c3d-size", "Table II, row C3D, column Size", "c3d", "none", "parameters", "58,423", "equal"),
        ("t2-lstm-size", "Table II, row LSTM, column Size", "lstm", "none", "parameters", "1,000", "about"),
        ("t2-plain-accuracy", "Table II, column Top 1", None, "CK+", "accuracy", "50", "equal"),
    ]


def test_the_later_of_where_row_column_and_cell_wins(read):
    claims = read(f"""\
        - where: {WHERE}
          source: Table I
          columns: {{x: {{}}, y: {{note: of the column}}, z: {{note: of the column}}}}
          rows: {{a: {{note: of the row, values: ["1", "2", {{value: "3", note: of the cell}}]}}}}
        """)
    assert [claim.note for claim in claims] == ["of the row", "of the column", "of the cell"]


def test_placeholders_stand_for_names_and_fields(read):
    (claim,) = read("""\
        - id: t4
          source: "Table 4, row {row}"
          where: {dataset: CK+, protocol: LOSO, experiment: "{network}", metric: "{column}, {emotion}", unit: "%"}
          columns:
            recall: {fold: 3, source: "fold {fold}", check: {auditor: total, parts: ["claim:{id}", "{1,2}"]}}
          rows: {c1: {network: net, emotion: Fear, values: ["9"]}}
        """)
    assert (claim.id, claim.source, claim.experiment, claim.metric, claim.fold) == (
        "t4-c1-recall",
        "Table 4, row c1, fold 3",
        "net",
        "recall, Fear",
        3,
    )
    assert claim.check.arguments == {"parts": ["claim:t4-c1-recall", "{1,2}"]}


def test_a_check_without_an_auditor_adds_arguments_and_one_with_an_auditor_replaces(read):
    more, same, other, none = read(f"""\
        - where: {WHERE[:-1]}, check: {{auditor: attainability, n: 48, digits: 1}}}}
          source: Table I
          rows:
            a: {{value: "1", check: {{n: 33, part: fold 1}}}}
            b: "2"
            c: {{value: "3", check: {{auditor: mean}}}}
            d: {{value: "4", check: null}}
        """)
    assert (more.check.auditor, more.check.arguments) == ("attainability", {"n": 33, "digits": 1, "part": "fold 1"})
    assert same.check.arguments == {"n": 48, "digits": 1}
    assert (other.check.auditor, other.check.arguments, none.check) == ("mean", {}, None)


def test_claims_keep_the_order_of_the_file_across_tables_of_one_id(read):
    claims = read(f"""\
        - {{id: t, source: Table I, where: {WHERE}, rows: {{b: "1", a: "2"}}}}
        - {{id: s, source: Table II, where: {WHERE}, rows: {{c: "3"}}}}
        - {{id: t, source: Table I, where: {WHERE}, rows: {{d: "4"}}}}
        """)
    assert [claim.id for claim in claims] == ["t-b", "t-a", "s-c", "t-d"]


def test_the_examples_of_the_guide_are_the_claims_that_it_names(read):
    page = GUIDE.read_text(encoding="utf-8")
    examples = re.findall(r"^```yaml\ntables:\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    claims = [claim for example in examples for claim in read(example)]
    assert [claim.id for claim in claims] == re.findall(r"`(table\d-[^`]+)`", page) and len(claims) == 5
    assert "Table II, row ResNet20, column Accuracy" in page and claims[2].source in page
