"""Paired tests, power and corrections agree with scipy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from evalkit.metrics.statistics.bounded import extreme_bounds
from evalkit.metrics.statistics.designs import design_of, mcnemar_power
from evalkit.metrics.statistics.multiplicity import benjamini_hochberg, holm
from evalkit.metrics.statistics.noncentral import power_of_t
from evalkit.metrics.statistics.paired import mcnemar_mid_p, paired_test, quantile_difference
from evalkit.metrics.statistics.power import detectable, examples_needed
from evalkit.metrics.statistics.quantiles import Sample

RNG = np.random.default_rng(8)
A, B = RNG.normal(0, 1, 60), RNG.normal(0.3, 1, 60)


def test_the_paired_t_is_scipys():
    found = paired_test(A, B, bounded=False, single=False)
    expected = stats.ttest_rel(B, A)
    assert found.p == pytest.approx(expected.pvalue, abs=1e-9)
    assert found.interval(0.95) == pytest.approx(tuple(expected.confidence_interval()), abs=1e-9)
    assert found.effect == pytest.approx((B - A).mean() / (B - A).std(ddof=1))


@pytest.mark.parametrize(("won", "lost"), [(1, 0), (8, 3), (20, 20), (300, 250)])
def test_mcnemars_mid_p_is_the_exact_one_less_half_a_point(won, lost):
    exact = mcnemar([[0, won], [lost, 0]], exact=True).pvalue
    point = stats.binom.pmf(min(won, lost), won + lost, 0.5)
    expected = 1.0 if won == lost else exact - point
    assert mcnemar_mid_p(won, lost) == pytest.approx(min(expected, 1.0), abs=1e-9)


def test_many_discordant_pairs_go_the_normal_way():
    exact = mcnemar([[0, 540], [480, 0]], exact=True).pvalue
    assert mcnemar_mid_p(540, 480) == pytest.approx(exact, abs=0.005)


def test_one_run_each_of_true_or_false():
    a = np.array([1.0] * 20 + [0.0] * 20)
    b = np.array([1.0] * 18 + [0.0] * 2 + [1.0] * 9 + [0.0] * 11)
    found = paired_test(a, b, bounded=True, single=True)
    assert found.difference == pytest.approx(7 / 40)
    assert found.p == pytest.approx(mcnemar_mid_p(9, 2))
    p12, p21 = 10 / 42, 3 / 42  # Bonett and Price, 2012, formula 4
    half = 1.959963985 * np.sqrt((p12 + p21 - (p12 - p21) ** 2) / 42)
    expected = (p12 - p21 - half, p12 - p21 + half)
    assert found.interval(0.95) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("n", [10, 12, 16])
def test_a_change_of_shares_lies_between_minus_and_plus_one(n):
    found = paired_test(np.zeros(n), np.ones(n), bounded=True, single=True)
    middle, half = (
        n / (n + 2),
        1.959963985 * np.sqrt(((n + 2) / (n + 2) - (n / (n + 2)) ** 2) / (n + 2)),
    )
    assert found.interval(0.95) == pytest.approx((middle - half, 1.0), abs=1e-8)
    assert paired_test(np.ones(n), np.zeros(n), bounded=True, single=True).interval(0.95)[0] == -1


def test_one_pair_that_moved_is_no_evidence_that_none_does():
    same = np.repeat([1.0, 0.9], 10)
    one = same.copy()
    one[0] = 0.9
    few = paired_test(same, one, bounded=True, single=False)
    none = paired_test(same, same, bounded=True, single=False)
    for found in (few, none):
        low, high = found.sure_bounds(0.05)
        assert low < -0.05
        assert high > 0.05
    assert few.se > 0.9 * none.se


@pytest.mark.parametrize(("lost", "n"), [(0, 60), (3, 60), (10, 200)])
def test_the_sure_bound_of_lost_pairs_is_clopper_and_pearsons(lost, n):
    d = np.zeros(n)
    d[:lost] = -1.0
    low, _ = extreme_bounds(d, (-1.0, 1.0), 0.05)
    assert low == pytest.approx(-stats.beta.ppf(0.95, lost + 1, n - lost), rel=0.05)


@pytest.mark.parametrize("scale", [1e-300, 1e-17, 1.0, 1e200, 1e300])
def test_differences_follow_a_change_of_unit(scale):
    plain, found = (paired_test(A * s, B * s, bounded=False, single=False) for s in (1.0, scale))
    assert found.p == pytest.approx(plain.p, rel=1e-9)
    expected = [end * scale for end in plain.interval(0.95)]
    assert list(found.interval(0.95)) == pytest.approx(expected, rel=1e-9)


def test_no_difference_seen_is_not_no_difference():
    few = paired_test(np.ones(20), np.ones(20), bounded=True, single=True)
    many = paired_test(np.ones(4000), np.ones(4000), bounded=True, single=True)
    assert (few.difference, few.p) == (0.0, None)
    assert few.interval(0.95)[1] > 0.1
    assert many.interval(0.95)[1] < 0.001


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_pairs_have_no_test(n):
    found = paired_test(np.zeros(n), np.ones(n), bounded=True, single=False)
    assert (found.p, found.interval(0.95), found.n) == (None, None, n)


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_quantile_differences_cover_the_truth(share):
    rng = np.random.default_rng(9)
    held = 0
    truth = stats.lognorm.ppf(share, 0.5) * 0.2
    pair = np.repeat(np.arange(150), 3)
    for _ in range(300):
        own = rng.normal(0, 0.3, 150)
        a = np.exp(own[pair] + rng.normal(0, 0.4, 450))
        b = 1.2 * np.exp(own[pair] + rng.normal(0, 0.4, 450))
        found = quantile_difference(Sample(a, pair), Sample(b, pair), share, 150)
        low, high = found.interval(0.95)
        held += low <= truth <= high
    assert 0.91 <= held / 300 <= 0.99


def test_quantiles_of_few_runs_are_not_compared():
    found = quantile_difference(Sample(A, np.arange(60)), Sample(B, np.arange(60)), 0.95, 60)
    assert found.p is None
    assert found.method == "none: too few values"


@pytest.mark.parametrize("n", [10, 40, 200])
def test_power_is_statsmodels(n):
    expected = TTestPower().power(0.3, n, 0.05)
    assert power_of_t(0.3, 1 / np.sqrt(n), n - 1, 0.05) == pytest.approx(expected, abs=1e-9)
    found = detectable(1 / np.sqrt(n), n - 1, 0.05, whole=0.0)
    assert TTestPower().power(found, n, 0.05) == pytest.approx(0.8, abs=1e-9)


@pytest.mark.parametrize(("n", "runs", "rate"), [(50, 1, 0.9), (50, 5, 0.9), (200, 5, 0.99)])
def test_what_is_printed_is_found_in_eighty_percent(n, runs, rate):
    rng = np.random.default_rng(11)

    def side(broken=0.0):
        return rng.binomial(runs, rate, n) / runs * (rng.random(n) >= broken)

    each, single = (np.full(n, float(runs)),) * 2, runs == 1
    printed = []
    for _ in range(60):
        design = design_of(side(), side(), each, single=single, lower=False)
        printed.append(design.smallest(0.05, whole=True))
    broken = float(np.median(printed)) / rate
    hits = [
        paired_test(side(), side(broken), bounded=True, single=single).p or 1.0 for _ in range(400)
    ]
    assert 0.74 <= np.mean(np.array(hits) <= 0.05) <= 0.87


def test_the_power_of_mcnemar_is_that_of_counting_all_tables():
    n, lost, won = 12, 0.4, 0.1
    expected = 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            chance = stats.multinomial.pmf([a, b, n - a - b], n, [lost, won, 1 - lost - won])
            expected += chance * (a + b > 0 and mcnemar_mid_p(a, b) <= 0.05)
    assert mcnemar_power(n, lost, won, 0.05) == pytest.approx(expected, abs=1e-9)


def test_examples_needed_are_the_fewest_that_do():
    needed = examples_needed(0.2, 1.0, 0.05)
    assert needed == int(np.ceil(TTestPower().solve_power(0.2, None, 0.05, 0.8)))
    assert examples_needed(0.0, 1.0, 0.05) is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_corrections_are_statsmodels(p):
    assert holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]), abs=1e-9)
    expected = list(multipletests(p, method="fdr_bh")[1])
    assert benjamini_hochberg(p) == pytest.approx(expected, abs=1e-9)


def test_tests_that_were_not_done_do_not_count():
    assert holm([0.01, None, 0.04]) == [0.02, None, 0.04]
