"""Auditors of printed comparisons: what figures refute, what they do not show, and what they show."""

import pytest

from common.paper.auditors.comparisons import balance, difference


def test_a_gap_within_chance_is_not_shown_and_never_contradicted():
    within = difference("0.855", "0.851", 13673)
    assert within.finding == "not shown" and "0.0043: 0.9 standard errors" in within.arithmetic
    assert difference("0.979", "0.923", 13673).finding == "holds"
    assert difference("0.855", "0.851", 10**6).finding == "holds"
    assert difference("0.851", "0.855", 10**6).finding == "contradicted"
    assert difference("1.0", "1.0", 5).finding == "not shown"
    with pytest.raises(ValueError, match="no two accuracies"):
        difference("85.5", "85.1", 100)


def test_the_best_compromise_lies_above_the_line_between_any_two_others():
    names = ["b", "a", "c"]
    below = balance(names, ["5.64", "3.18", "6.14"], ["0.923", "0.855", "0.979"])
    assert below.finding == "not shown" and "gives 0.958 at 5.64" in below.arithmetic
    # Just above the line there is a price at which it is best; cheaper and better than another it always is.
    assert balance(names, ["5.64", "3.18", "6.14"], ["0.959", "0.855", "0.979"]).finding == "holds"
    assert balance(names, ["3.0", "3.18", "6.14"], ["0.7", "0.855", "0.979"]).finding == "holds"
    assert balance(names, ["7", "3.18", "6.14"], ["0.923", "0.855", "0.979"]).finding == "contradicted"
