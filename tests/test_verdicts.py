"""The rule of `common.paper.verdicts` and the intervals it rests on; error rates by simulation."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from common.paper.auditors.result import AuditResult
from common.paper.load import Claim
from common.paper.verdicts import CLOSE_MARGIN, Measured, judge
from common.runs.intervals import clustered, wilson

CKPLUS = 327


def claim(value="95.10", unit="%", **more):
    given = {"id": "c", "source": "Table 1", "dataset": "CK+", "protocol": "10 folds", "experiment": "table1"}
    return Claim(**given, metric="accuracy", value=value, unit=unit, **more)


def right(k: int, n: int = CKPLUS, scale: int = 100) -> Measured:
    """What a run gives that has k of n samples right."""
    low, high = wilson(k, n)
    return Measured(scale * k / n, "real", (scale * low, scale * high))


def share_of_verdicts(printed: str, truth: float, n: int) -> dict[str, float]:
    """Probability of every verdict when each of n samples is right with probability `truth`."""
    shares = {}
    for k in range(n + 1):
        name = judge(claim(printed), right(k, n)).name
        shares[name] = shares.get(name, 0) + binom.pmf(k, n, truth)
    return shares


# ------------------------------------------------------------------------------------------ the rule, item by item


def test_a_number_that_the_paper_refutes_is_contradicted_whatever_was_measured():
    audit = AuditResult("contradicted", "1 + 1 = 2, printed 3")
    verdict = judge(claim(), Measured(95.1, "real"), audit)
    assert (verdict.name, verdict.why) == ("contradicted", "1 + 1 = 2, printed 3")


def test_a_number_that_the_paper_does_not_define_is_undefined():
    verdict = judge(claim(undefined="DCNN-1 is not described"), Measured(95.1, "real"))
    assert (verdict.name, verdict.why) == ("undefined", "DCNN-1 is not described")


def test_an_audit_makes_consistent_only_what_it_recomputes():
    assert judge(claim(), audit=AuditResult("holds", "", settles=True)).name == "consistent"
    assert judge(claim(), audit=AuditResult("holds", "", settles=False)).name == "data needed"


def test_without_a_measurement_data_are_needed_and_named():
    verdict = judge(claim())
    assert verdict.name == "data needed" and "CK+" in verdict.why and verdict.difference is None


@given(st.floats(0, 1), st.sampled_from(["%", "fraction", "ms", "parameters", "images", "p"]))
def test_synthetic_data_never_carry_more_than_not_comparable(value, unit):
    printed = "50" if unit in ("parameters", "images") else "50.0"
    assert judge(claim(printed, unit), Measured(value, "synthetic")).name == "not comparable"


def test_another_protocol_is_not_comparable_and_says_which():
    verdict = judge(claim(), Measured(95.1, "real", differs="subject-disjoint split"))
    assert (verdict.name, verdict.why) == ("not comparable", "subject-disjoint split")


def test_times_are_never_compared_across_machines():
    assert judge(claim("6.14", "ms"), Measured(6.14, "real")).name == "not comparable"


@pytest.mark.parametrize(("built", "name"), [(58423, "exact"), (58422, "below"), (58424, "above")])
def test_parameters_need_no_data_and_must_be_equal(built, name):
    verdict = judge(claim("58,423", "parameters"), Measured(built, "none"))
    assert (verdict.name, verdict.difference) == (name, built - 58423)


def test_other_deterministic_figures_are_exact_if_they_print_alike():
    assert judge(claim("0.00067", "p"), Measured(0.000676, "none")).name == "exact"
    assert judge(claim("0.00067", "p"), Measured(0.00069, "none")).name == "above"


@pytest.mark.parametrize(
    ("relation", "interval", "name"),
    [
        ("more", (0.1, 4.0), "holds"),
        ("more", (-1.0, 4.0), "undecided"),
        ("more", (-4.0, -0.5), "does not hold"),
        ("less", (-4.0, -0.5), "holds"),
        ("less", (-1.0, 4.0), "undecided"),
        ("less", (0.1, 4.0), "does not hold"),
    ],
)
def test_a_statement_is_judged_by_the_interval_of_its_difference(relation, interval, name):
    ours = Measured(sum(interval) / 2, "real", interval)
    assert judge(claim("0", relation=relation), ours).name == name
    assert judge(claim("0", relation=relation), dataclasses.replace(ours, data="synthetic")).name == "not comparable"


def test_a_statement_about_counts_needs_no_interval():
    statement = claim("58,423", "parameters", relation="less")
    names = [judge(statement, Measured(built, "none")).name for built in (58422, 58423, 58424)]
    assert names == ["holds", "does not hold", "does not hold"]


@pytest.mark.parametrize(
    ("value", "unit", "low", "high"),
    [("60,000", "images", 55_000, 65_000), ("10", "%", 5, 15), ("35", "ms", 34.5, 35.5), ("1.9", "ratio", 1.85, 1.95)],
)
def test_about_stands_for_all_that_rounds_to_the_last_digit_that_is_not_zero(value, unit, low, high):
    assert claim(value, unit, relation="about").bounds == pytest.approx((low, high))


def test_an_approximate_count_need_not_agree_to_the_unit():
    assert judge(claim("60,000", "parameters", relation="about"), Measured(58_423, "none")).name == "exact"
    assert judge(claim("60,000", "parameters"), Measured(58_423, "none")).name == "below"


def test_ratios_within_one_run_are_compared_across_machines():
    twice = claim("2", "ratio", relation="about")
    assert [judge(twice, Measured(ours, "real")).name for ours in (1.2, 1.9, 4)] == ["below", "match", "above"]


def test_numbers_of_other_methods_are_shown_and_never_judged():
    verdict = judge(claim(cited="Zhao et al. 2016"), Measured(20.0, "real"))
    assert verdict.name == "cited" and "Zhao et al. 2016" in verdict.why


def test_remarks_travel_along_and_are_no_verdict():
    verdict = judge(claim(), Measured(60.0, "real", (55.0, 65.0), note="budget too small"))
    assert (verdict.name, verdict.note) == ("below", "budget too small")


def test_the_printed_value_stands_for_all_values_that_print_so():
    barely = Measured(90.0, "real", interval=(85.0, 94.46))
    assert judge(claim("94.5"), barely).name == "match"
    assert judge(claim("94.50"), barely).name == "close"


@pytest.mark.parametrize(("value", "name"), [(60.0, "below"), (92.5, "close"), (95.0, "match"), (99.9, "above")])
def test_proportions_run_from_below_to_above(value, name):
    assert judge(claim("95.10"), Measured(value, "real", interval=(value - 1, value + 1))).name == name


def test_fractions_and_percentages_get_the_same_verdict():
    for k in range(280, 328):
        percent = judge(claim("95.10"), right(k))
        fraction = judge(claim("0.9510", "fraction"), right(k, scale=1))
        assert percent.name == fraction.name


def test_a_proportion_without_an_interval_is_refused():
    with pytest.raises(ValueError, match="interval"):
        judge(claim(), Measured(95.0, "real"))


# --------------------------------------------------------------------------------------------- error rates and power


@pytest.mark.parametrize("printed", ["95.10", "97.56", "84.17", "70.00"])
def test_under_equality_false_alarms_come_at_the_nominal_rate(printed):
    random = np.random.default_rng(1)
    runs = 4000
    counts = random.binomial(CKPLUS, float(printed) / 100, runs)
    names = {k: judge(claim(printed), right(k)).name for k in set(counts.tolist())}
    alarms = np.mean([names[k] != "match" for k in counts])
    monte_carlo = 3 * np.sqrt(0.05 * 0.95 / runs)
    assert alarms == pytest.approx(0.05, abs=0.01 + monte_carlo)  # 0.01: Wilson's interval steps with k


def test_power_at_the_size_of_ckplus():
    noticed = {
        deficit: 1 - share_of_verdicts("95.10", 0.951 - deficit, CKPLUS)["match"] for deficit in (0.02, 0.03, 0.05)
    }
    assert noticed[0.03] == pytest.approx(0.676, abs=0.01)
    assert noticed[0.05] == pytest.approx(0.955, abs=0.01)
    assert noticed[CLOSE_MARGIN] < 0.5  # why smaller gaps are called close


def test_a_random_test_part_that_cannot_be_repeated_brings_its_own_noise():
    random = np.random.default_rng(2)
    n, runs = 480, 1500
    pairs = random.binomial(n, 0.9, (runs, 2)).tolist()

    def alarms(test_size):
        return np.mean(
            [
                judge(claim(f"{100 * theirs / n:.2f}", test_size=test_size), right(ours, n)).name != "match"
                for theirs, ours in pairs
            ]
        )

    assert alarms(n) == pytest.approx(0.05, abs=0.02)
    assert alarms(None) > 0.12


# ------------------------------------------------------------------------------------------------------- intervals


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.9, 0.95]))
def test_wilson_agrees_with_scipy(trial, level):
    k, n = trial
    assert wilson(k, n, level) == pytest.approx(tuple(binomtest(k, n).proportion_ci(level, "wilson")), abs=1e-12)


def test_wilson_takes_arrays_and_refuses_nonsense():
    low, high = wilson(np.array([0, 5, 10]), 10)
    assert low[0] == 0 and high[2] == 1 and np.all(low < high)
    for k, n in [(5, 0), (-1, 5), (6, 5)]:
        with pytest.raises(ValueError, match="not a proportion"):
            wilson(k, n)


def people(random, groups, per_group):
    """Right or wrong for subjects of different difficulty, 80 % right on average."""
    ability = random.beta(8, 2, groups)
    subject = np.repeat(np.arange(groups), random.integers(1, 2 * per_group, groups))
    return random.random(subject.size) < ability[subject], subject


@pytest.mark.parametrize(("groups", "per_group"), [(60, 20), (10, 20)])
def test_the_cluster_bootstrap_covers_where_wilson_does_not(groups, per_group):
    random = np.random.default_rng(3)
    runs, hits, naive = 200, 0, 0
    for run in range(runs):
        correct, subject = people(random, groups, per_group)
        low, high = clustered(correct, subject, resamples=800, seed=run)
        hits += low <= 0.8 <= high
        low, high = wilson(correct.sum(), correct.size)
        naive += low <= 0.8 <= high
    assert hits / runs == pytest.approx(0.95, abs=0.045)
    assert naive < hits - 0.05 * runs


def test_over_seeds_the_interval_knows_that_training_varies():
    random = np.random.default_rng(4)
    seeds, groups, each, runs = 5, 80, 3, 150
    seed, subject, _ = (x.ravel() for x in np.indices((seeds, groups, each)))
    hits, naive = 0, 0
    for run in range(runs):
        skill = random.normal(0, 0.03, seeds)[seed] + random.beta(8, 2, groups)[subject]
        correct = random.random(seed.size) < np.clip(skill, 0, 1)
        low, high = clustered(correct, subject, seed, resamples=600, seed=run)
        hits += low <= 0.8 <= high
        low, high = wilson(correct.sum(), correct.size)
        naive += low <= 0.8 <= high
    assert hits / runs >= 0.93
    assert naive / runs < 0.85


def test_the_bootstrap_is_deterministic_and_ignores_the_order():
    correct, subject = people(np.random.default_rng(5), 30, 6)
    order = np.random.default_rng(6).permutation(correct.size)
    assert clustered(correct, subject) == clustered(correct, subject)
    assert clustered(correct[order], subject[order]) == clustered(correct, subject)
    assert clustered(correct, subject, seed=1) != clustered(correct, subject, seed=2)


def test_degenerate_cases_stay_honest():
    assert clustered([True] * 30, np.arange(30) % 10) == wilson(10, 10)
    weights = np.linspace(0.1, 3, 30)
    assert clustered([False] * 30, np.arange(30) % 10, weights=weights) == wilson(0, 10)
    assert clustered([True, False, True], ["DC"] * 3) == (0.0, 1.0)
    with pytest.raises(ValueError, match="at least one sample"):
        clustered([], [])
