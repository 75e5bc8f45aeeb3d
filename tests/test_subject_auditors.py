"""Errors behind printed accuracies: means over subjects, and two protocols on the same samples."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from common.paper import auditors
from common.paper import load as papers
from common.paper.auditors.subjects import mcnemar, mean_over_subjects, same_samples, subject_means

PAPER = papers.load("cnn3d")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(20, 120))
def test_the_true_sizes_are_among_the_ways(sizes, subjects):
    mean = 100 * (1 - sum(Fraction(1, n) for n in sizes) / subjects)
    assert tuple(sorted(sizes)) in subject_means(f"{float(mean):.2f}", len(sizes), subjects, most=5)


def test_9756_is_a_mean_over_subjects_in_one_way_only():
    assert subject_means("97.56", 8, 118, 6) == [(1, 2, 3, 4, 5, 5, 5, 5)]
    assert all(subject_means("97.56", errors, 118, 6) == [] for errors in range(1, 8))
    assert subject_means("97.57", 8, 118, 6) != subject_means("97.56", 8, 118, 6)
    found = mean_over_subjects("97.56", 8, 118, 6, 327)
    assert found.finding == "holds" and not found.settles
    assert (
        "97.554 % of 327" in found.arithmetic and "(1 + 1/2 + 1/3 + 1/4 + 4·1/5) / 118 = 97.5565 %" in found.arithmetic
    )
    assert mean_over_subjects("97.56", 3, 118, 6, 327).finding == "contradicted"


@given(st.integers(0, 20), st.integers(0, 20))
def test_mcnemar_is_the_exact_binomial_test(first, second):
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(first, second) == pytest.approx(expected)


def test_eight_errors_against_none_are_a_hint_and_no_proof():
    found = same_samples(["97.56", "100"], [8, 0], 327)
    assert found.finding == "not shown" and "p = 0.0078" in found.arithmetic
    assert same_samples(["98.47", "100"], [5, 0], 327).finding == "holds"  # p = 0.0625
    with pytest.raises(ValueError, match="7 errors on 327 samples are not"):
        same_samples(["97.56", "100"], [7, 0], 327)
    with pytest.raises(ValueError, match="which samples both miss"):
        same_samples(["97.56", "99.69"], [8, 1], 327)


def test_no_audit_of_haddad_accuses_where_only_a_word_is_missing():
    findings = {item.id: auditors.run(PAPER, item.check).finding for item in PAPER.audits if item.check}
    assert findings["haddad-cm"] == findings["haddad-lr"] == "holds" and findings["haddad-loso-folds"] == "not shown"
    matrix = next(one for one in PAPER.matrices if one.source == "Fig. 5")
    errors = sum(map(sum, matrix.counts)) - sum(matrix.counts[i][i] for i in range(7))
    checks = {item.id: item.check.arguments for item in PAPER.audits if item.check}
    assert checks["haddad-lr"]["errors"] == errors == 8 and checks["haddad-loso-folds"]["errors"] == [errors, 0]
    assert {one.rows for one in PAPER.matrices} == {"unknown"}
