"""The auditors: on the papers of the suite, and on random tables whose truth is known."""

import csv
import lzma
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split

from common.paper import auditors, load
from common.paper.auditors.arithmetic import agreement, classes, mean, product, ratio, total
from common.paper.auditors.attainable import attainability, attainable, counts, fold_accuracies
from common.paper.auditors.augmentation import multiplicity
from common.paper.auditors.confusion import cell_steps, orientation, reconstruct, row_sums
from common.paper.auditors.layers import layer_table
from common.paper.auditors.report import report_consistency
from common.paper.auditors.significance import paired_p_values, paired_t, significance
from common.paper.auditors.splits import recover_seed
from common.paper.printed import printed, significant
from common.support.errors import UserError

SHARED = Path(__file__).parents[2] / "shared"
FER2013 = SHARED / "data" / "fer2013.csv.xz"
CKPLUS_CLASSES = [45, 59, 25, 69, 28, 83, 18]


# ------------------------------------------------------------------------------------------------- printed numbers


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 4))
def test_a_value_stands_for_what_python_prints(k, n, digits):
    exact = Fraction(k, n)
    assert printed(f"{k / n:.{digits}f}").stands_for(exact) or abs(exact * 10**digits % 1 - Fraction(1, 2)) < 1e-6


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_significant_digits_read_back_what_c_prints(trial):
    k, n = trial
    low, high = significant(f"{k / n:.2g}", 2).bounds(["round"])
    assert low <= Fraction(k, n) <= high


# ---------------------------------------------------------------------------------------------------- attainability


def test_accuracies_of_several_sets_are_counts_of_their_own_samples():
    fine = counts({"A": ["50.00", ["25.0", "33.33"]], "B": ["97.4"]}, {"A": "12", "B": 1_000})
    assert fine.finding == "holds" and fine.arithmetic.startswith("0 of 4")
    # 33.33 is 4 of 12 but no count of 10 samples; 1,222 is read as it is printed.
    wrong = counts({"A": ["33.33"], "B": [["66.78", "54.54"]]}, {"A": 10, "B": "1,222"})
    assert wrong.finding == "not shown" and wrong.arithmetic.startswith("2 of 3")
    assert "33.33 of 10, 54.54 of 1,222; possible: 66.78 = 816/1,222" in wrong.arithmetic


def test_cells_in_coarse_steps_are_told():
    fine, coarse = [["90", "2.4"], ["0", "100"]], [["79.0", "2.5"], ["5", "95"]]
    assert cell_steps([fine, coarse], "2.5").finding == "holds"
    found = cell_steps([coarse, [["100", None], ["0", "97.5"]]], "2.5")
    assert found.finding == "not shown"
    assert found.arithmetic == "2 of 2 non-zero cells off the diagonal are multiples of 2.5, and 3 of 4 on it"
    assert cell_steps([[["100", "0"], ["0", "100"]]], "2.5").finding == "holds"


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.integers(0, 4))
def test_every_true_count_is_found(trial, digits):
    k, n = trial
    exact = Fraction(100 * k, n)
    truncated = exact * 10**digits // 1
    text = f"{Fraction(truncated, 10**digits).__float__():.{digits}f}"
    assert k in attainable(text, n, digits, rounding=["truncate"])
    assert all(printed(text).stands_for(Fraction(100 * j, n)) for j in attainable(text, n))


@pytest.mark.parametrize(
    ("value", "n", "counts"),
    [("95.10", 327, [311]), ("98.83", 480, []), ("43.86", 383, [168]), ("83.12", 1155, [960]), ("83.12", 1160, [])],
)
def test_the_accuracies_of_the_convlstm_paper(value, n, counts):
    assert attainable(value, n) == counts


def test_98_83_needs_an_augmented_test_part():
    fits = [n for n in range(69, 103) if attainable("98.83", 5 * n)]
    assert fits == [86]  # 425/430 = 98.837 truncated; a fifth of 480 clips is 96
    assert attainable("98.83", 8 * 480) == [3795] and 4744 in attainable("98.83", 10 * 480)


def test_rounding_habits_are_kept_apart():
    assert attainable("95.10", 327, rounding=["round"]) == []
    assert attainable("0.95", 20, scale=1) == [19]
    assert "474/480 = 98.750 and 475/480 = 98.958" in attainability("98.83", 480).arithmetic


def test_folds_of_equal_size_fit_haddads_table_4_and_the_stated_ones_do_not():
    values = [c.value for c in load.load("cnn3d").select("table4-c2-fold*")]
    assert fold_accuracies(values[:9], [33] * 7 + [32] * 2, digits=1).finding == "holds"
    cited = [33, 39, 40, 35, 30, 37, 29, 29, 33, 22]
    outcome = fold_accuracies(values, cited, digits=1)
    assert outcome.finding == "contradicted" and "5 of 10 printed values" in outcome.arithmetic
    assert fold_accuracies(values, cited[::-1], digits=1).arithmetic.startswith("at most 5 of 10")


def test_folds_in_another_order_than_their_sizes_are_possible():
    assert fold_accuracies(["50", "33.3"], [3, 2], digits=1).finding == "holds"
    # Each size is that of one fold only.
    outcome = fold_accuracies(["50", "50", "33.3", "10"], [3, 2], digits=1)
    assert outcome.finding == "contradicted" and outcome.arithmetic.startswith("at most 2 of 4")
    assert outcome.arithmetic.endswith("10 cannot occur at all")


def test_the_thesis_accuracy_on_picked_images_needs_full_batches():
    assert [n for n in (1408, 1414, 1415, 1418, 1419) if attainable("87.78", n)] == [1408]


# -------------------------------------------------------------------------------------------------------- arithmetic


@given(st.lists(st.integers(0, 10**5), min_size=1, max_size=8))
def test_totals(parts):
    assert total([f"{x:,}" for x in parts], f"{sum(parts):,}").finding == "holds"
    assert total([str(x) for x in parts], str(sum(parts) + 1)).finding == "contradicted"


@given(st.lists(st.integers(0, 10000), min_size=2, max_size=12))
def test_the_mean_of_truncated_parts_is_granted_its_rounding(hundredths):
    parts = [f"{x // 10 / 10:.1f}" for x in hundredths]
    true_mean = f"{np.mean(hundredths) / 100:.2f}"
    assert mean(parts, true_mean, digits=1, parts_rounded=True).finding == "holds"


def test_small_checks():
    assert mean(["79", "90", "71.5", "89", "84.5", "78.5"], "82.03").finding == "contradicted"
    assert mean(["90", "90", "87.5", "92.5", "92.5", "90"], "90.41").settles
    assert product([4096, 30], "122,880").finding == "holds"
    assert product([4096, 15], "122,880").finding == "contradicted"
    assert ratio(3, 2, [165, 110]).finding == "holds"
    assert ratio(3, 2, [150, 110]).finding == "contradicted"
    assert agreement({"text": "97.9", "table": "0.979"}).finding == "contradicted"
    assert agreement({"text": "98", "table": "97.9"}).finding == "holds"
    assert agreement({"text": "1", "figure": "2"}).finding == "contradicted"
    assert classes(["a", "b"], ["b", "a"]).finding == "holds"
    assert "shown and not stated: c" in classes(["a", "b"], ["b", "c"]).arithmetic


# ------------------------------------------------------------------------------------------------- confusion matrices


def test_fig_6_has_one_solution_and_shows_precision():
    fig6 = load.load("cnn3d").matrices[1]
    assert reconstruct(fig6.values, row_totals=[80] * 6) == []
    (counts,) = reconstruct(fig6.values, column_totals=[80] * 6)
    assert counts.tolist() == fig6.counts
    assert counts.diagonal().tolist() == [59, 61, 68, 77, 62, 77] and counts.trace() == 404


def test_fig_5_has_one_solution_once_its_lost_cell_is_moved():
    fig5 = load.load("cnn3d").matrices[0]
    assert reconstruct(fig5.values, column_totals=CKPLUS_CLASSES) == []
    moved = [list(row) for row in fig5.values]
    moved[2][0], moved[2][6] = moved[2][6], "0"
    assert reconstruct(moved, row_totals=CKPLUS_CLASSES) == []
    (counts,) = reconstruct(moved, column_totals=CKPLUS_CLASSES)
    assert counts.tolist() == fig5.counts and counts.trace() == 319


small_matrices = st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=3, max_size=3).filter(
    lambda rows: all(sum(row) for row in rows) and all(sum(column) for column in zip(*rows, strict=True))
)


@settings(max_examples=40, deadline=None)
@given(small_matrices)
def test_the_true_counts_are_among_the_solutions(rows):
    counts = np.array(rows)
    shares = [[f"{cell / sum(row):.2g}" for cell in row] for row in rows]
    for solutions in (
        reconstruct(shares, row_totals=counts.sum(axis=1).tolist(), most=5000),
        reconstruct(shares, column_totals=counts.sum(axis=0).tolist(), most=5000),
    ):
        assert any((solution == counts).all() for solution in solutions)
    turned = [list(column) for column in zip(*shares, strict=True)]
    by_column = reconstruct(turned, column_totals=counts.sum(axis=1).tolist(), normalised="columns", most=5000)
    assert any((solution == counts.T).all() for solution in by_column)


def test_orientation_is_found_and_not_assumed():
    counts = np.array([[50, 10, 4], [3, 33, 9], [7, 2, 41]])
    recalls = [[f"{cell / row.sum():.2g}" for cell in row] for row in counts]
    precisions = [[f"{cell / row.sum():.2g}" for cell in row] for row in counts.T]
    sizes = counts.sum(axis=1).tolist()
    assert orientation(recalls, sizes, "actual").finding == "holds"
    assert orientation(precisions, sizes, "actual").finding == "contradicted"
    assert orientation(precisions, sizes, "predicted").finding == "holds"


def test_row_sums():
    assert row_sums([[["90", "10"], ["0.3", "99.7"]]]).finding == "holds"
    refuted = row_sums([[["90", "10"], ["5", "97.5"]]])
    assert refuted.finding == "contradicted" and "1 of 2 rows do not add up to 100 (102.5)" in refuted.arithmetic
    assert "2 of 2 columns do not either" in refuted.arithmetic


def test_shares_of_columns_are_no_contradiction_and_lines_with_a_lost_cell_none():
    shares = row_sums([[["90", "20"], ["10", "80"]]])
    assert shares.finding == "holds" and "(110, 90), and 0 of 2 columns" in shares.arithmetic
    assert row_sums([[["90", None], ["0.3", "99.7"]]]).finding == "holds"


# ------------------------------------------------------------------------------------------------------ significance


@given(st.integers(0, 2**31), st.integers(3, 15))
def test_the_t_test_is_scipys(seed, folds):
    a, b = np.random.default_rng(seed).random((2, folds))
    ours = paired_t(a, b)
    assert ours["one-sided paired t-test"] == pytest.approx(stats.ttest_rel(a, b, alternative="greater").pvalue)
    assert ours["two-sided paired t-test"] == pytest.approx(stats.ttest_rel(a, b).pvalue)


def test_what_only_a_one_sided_test_finds_is_not_refuted():
    worse = ["70", "72", "74", "71"]
    assert significance(["75", "78", "79", "77"], worse).finding == "holds"
    assert significance(["70.5", "72", "74.8", "71.3"], worse).finding == "not shown"
    assert significance(["71", "71", "75", "70"], worse).finding == "contradicted"


@pytest.mark.parametrize(
    ("id", "two_sided"),
    [
        ("table4-c1_c2-p", "0.0012"),
        ("table4-c1_c3-p", "0.0014"),
        ("table5-c2_c1-p", "0.0731"),
        ("table5-c2_c4-p", "0.0120"),
    ],
)
def test_the_four_p_values_are_one_sided(id, two_sided):
    cnn3d = load.load("cnn3d")
    outcome = auditors.run(cnn3d, cnn3d.claim(id).check)
    assert outcome.settles and outcome.arithmetic.startswith("one-sided")
    assert outcome.arithmetic.endswith(f"two-sided t-test gives {two_sided}")


def test_other_tests_do_not_give_them():
    cnn3d = load.load("cnn3d")
    c2, c1 = ([c.number for c in cnn3d.select(f"table5-{row}-fold*")] for row in ("c2", "c1"))
    values = paired_p_values(c2, c1)
    assert values["one-sided Wilcoxon test"] > 0.05 and values["two-sided Wilcoxon test"] > 0.1
    with pytest.raises(ValueError, match="same in every fold"):
        paired_t([1, 2, 3], [0, 1, 2])
    with pytest.raises(ValueError, match="equally many"):
        paired_t([1, 2, 3], [0, 1])


# ------------------------------------------------------------------------------------------- reports, splits, layers


def printed_report(truth, guess):
    """A report as scikit-learn prints it: columns of strings, and the averages."""
    lines = classification_report(truth, guess, zero_division=0).splitlines()
    rows = [line.split() for line in lines if line.strip()]
    body = [row for row in rows if row[0].isdigit()]
    columns = dict(
        zip(("precision", "recall", "f1", "support"), zip(*(row[1:] for row in body), strict=True), strict=True)
    )
    averages = {row[0]: row[2:5] for row in rows if row[1] == "avg"}
    return columns | averages | {"accuracy": next(row[1] for row in rows if row[0] == "accuracy")}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.2, 0.95))
def test_true_reports_are_consistent(seed, skill):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 5, 400)
    guess = np.where(random.random(400) < skill, truth, random.integers(0, 5, 400))
    cells = report_consistency(**printed_report(truth, guess))
    assert len(cells) == 5 + 1 + 6 and all(cell.consistent for cell in cells)


def test_a_changed_report_is_caught():
    random = np.random.default_rng(0)
    truth, guess = random.integers(0, 5, (2, 400))
    columns = printed_report(truth, guess) | {"accuracy": "0.91"}
    assert [cell.name for cell in report_consistency(**columns) if not cell.consistent] == ["accuracy"]


@pytest.mark.parametrize("seed", [0, 7, 19])
def test_a_seed_is_recovered_as_scikit_learn_splits(seed):
    labels = np.random.default_rng(1).integers(0, 7, 2001)
    _, test = train_test_split(labels, test_size=0.25, random_state=seed)
    supports = np.bincount(test, minlength=7).tolist()
    assert recover_seed(labels, supports, 0.25, range(25)) == [seed]
    assert recover_seed(labels, [n + 1 for n in supports], 0.25, range(25)) == []


@pytest.mark.skipif(not FER2013.is_file(), reason=f"{FER2013.name} is not beside this checkout")
def test_the_thesis_split_of_fer2013_is_seed_0_and_no_other():
    with lzma.open(FER2013, "rt", encoding="ascii") as lines:
        labels = [int(row[0]) for row in csv.reader(lines) if row[0].isdigit()]
    supports = [int(c.number) for c in load.load("thesis").select("fig4_4-class*-support")]
    assert len(labels) == 35887
    assert recover_seed(labels, supports, 0.25, range(3000)) == [0]


def test_layer_tables_notice_one_wrong_layer():
    table = load.load("thesis").layers[0].model_dump(exclude={"source", "network"})
    assert layer_table(**table).settles
    wrong = table | {"rows": [("Conv2D", [48, 48, 64], 640), *table["rows"][1:]]}
    assert layer_table(**wrong).finding == "contradicted"


def test_augmentation_multiplicities():
    assert multiplicity(6, 1, 14).finding == "holds"
    assert "4 x 2" in multiplicity(4, 1, 8).arithmetic
    copies = {name: sum(n) for name, n in load.load("cnn3d").hyperparameters["augmentation_ckplus"].items()}
    names = ["Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Contempt"]
    sizes = dict(zip(names, CKPLUS_CLASSES, strict=True))
    kept = [count * (copies[name] + 1) for name, count in sizes.items()]
    assert sum(kept) == 1722 and (min(kept), max(kept)) == (225, 276)
    assert sum(kept) - sum(sizes.values()) == 1395


# ------------------------------------------------------------------------------------------- as named in a paper.yaml


@pytest.mark.parametrize("name", load.names())
def test_every_check_of_a_paper_runs_and_every_audit_with_a_check_weakens_what_is_said(name):
    one = load.load(name)
    for item in one.audits:
        if item.check:
            outcome = auditors.run(one, item.check)
            # What a paper leaves unsaid its figures may decide; that is no contradiction.
            allowed = ("holds",) if item.kind == "not stated" else ("contradicted", "not shown")
            assert outcome.finding in allowed and outcome.arithmetic, item.id
    for item in one.claims:
        if item.check:
            outcome = auditors.run(one, item.check)
            assert outcome.arithmetic, item.id


def test_what_arithmetic_alone_refutes_and_settles():
    found = {"contradicted": set(), "settled": set()}
    for one in map(load.load, load.names()):
        for claim in one.claims:
            if claim.check:
                outcome = auditors.run(one, claim.check)
                if outcome.finding == "contradicted" and claim.fold is None:
                    found["contradicted"].add(claim.id)
                elif outcome.settles:
                    found["settled"].add(claim.id)
    assert found["contradicted"] == {"table2-average", "text2_1-total-images"}
    assert len(found["settled"]) >= 35


def test_a_check_with_an_unknown_name_is_told():
    thesis = load.load("thesis")
    with pytest.raises(UserError, match="Did you mean attainability"):
        auditors.run(thesis, load.Check(auditor="atainability", value="1", n=2))
    with pytest.raises(UserError, match="no claim of thesis"):
        auditors.run(thesis, load.Check(auditor="total", parts="claim:fig9-*", value="1"))
    with pytest.raises(UserError, match="Known: Fig 3"):
        auditors.run(thesis, load.Check(auditor="layer_table", layers="layers:Fig 3.9"))
