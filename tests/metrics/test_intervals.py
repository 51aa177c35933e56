"""Intervals agree with scipy and statsmodels, and say what they do at the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.proportion import proportion_confint

from evalkit.metrics.statistics.bootstrap import bca_of, studentised
from evalkit.metrics.statistics.distribution import skewed_mean
from evalkit.metrics.statistics.intervals import (
    Sums,
    cluster_sums,
    effective_size,
    mean_figure,
    quantile_ranks,
    share_figure,
    wilson,
)
from evalkit.metrics.statistics.ratios import ratio_figure


@pytest.mark.parametrize(("count", "n"), [(0, 1), (1, 1), (0, 20), (7, 20), (20, 20), (153, 200)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_wilson_is_statsmodels(count, n, confidence):
    expected = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
    assert wilson(count, n, confidence) == pytest.approx(expected, abs=1e-9)


def test_a_rate_without_repetitions_is_plain_wilson():
    values = np.array([1.0] * 7 + [0.0] * 13)
    figure = share_figure(cluster_sums(values, np.arange(20)))
    assert figure.interval == pytest.approx(wilson(7, 20), abs=1e-12)
    assert (figure.method, figure.n, figure.clusters) == ("wilson", 20, 20)


def test_the_mean_has_students_interval():
    values = np.random.default_rng(1).normal(3, 2, 25)
    figure = mean_figure(cluster_sums(values, None))
    expected = stats.t.interval(0.95, 24, values.mean(), stats.sem(values))
    assert figure.interval == pytest.approx(expected, abs=1e-9)


def test_the_clustered_variance_is_statsmodels_cluster_robust_one():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(30), rng.integers(1, 7, 30))
    values = rng.normal(size=30)[cluster] + rng.normal(size=len(cluster))
    unit = np.arange(30) // 3
    sums = cluster_sums(values, cluster, unit[cluster])
    options = {"groups": unit, "use_correction": False}
    fit = OLS(sums.means, np.ones(30)).fit(cov_type="cluster", cov_kwds=options)
    assert sums.se**2 * 9 / 10 == pytest.approx(float(fit.cov_params()[0, 0]), rel=1e-9)
    assert cluster_sums(values, cluster).se == pytest.approx(stats.sem(sums.means), rel=1e-12)


@pytest.mark.parametrize(
    ("values", "cluster", "method"),
    [
        ([], None, "none"),
        ([2.0], None, "none: one value"),
        ([2.0, 3.0], [0, 0], "none: one example"),
        ([2.0, 2.0, 2.0], None, "none: all equal"),
    ],
)
def test_means_without_an_interval_say_why(values, cluster, method):
    codes = None if cluster is None else np.array(cluster)
    figure = mean_figure(cluster_sums(np.array(values), codes))
    assert figure.interval is None
    assert figure.method == method
    assert figure.value == (np.mean(values) if values else None)


def test_two_values_have_the_widest_interval_there_is():
    low, high = mean_figure(cluster_sums(np.array([1.0, 2.0]), None)).interval
    assert (low, high) == pytest.approx(stats.t.interval(0.95, 1, 1.5, 0.5), abs=1e-9)


@pytest.mark.parametrize(("values", "expected"), [([1.0], (0.2065, 1.0)), ([0.0], (0.0, 0.7935))])
def test_one_run_leaves_a_rate_wide_open(values, expected):
    figure = share_figure(cluster_sums(np.array(values), None))
    assert figure.interval == pytest.approx(expected, abs=1e-4)


def test_repetitions_that_say_the_same_are_worth_their_examples():
    values = np.repeat([1.0, 1.0, 0.0, 1.0, 0.0, 1.0] * 5, 4)
    sums = cluster_sums(values, np.repeat(np.arange(30), 4))
    assert effective_size(sums) == pytest.approx(30, rel=0.02)
    narrow = share_figure(cluster_sums(values, None)).interval
    wide = share_figure(sums).interval
    assert wide[1] - wide[0] > 1.8 * (narrow[1] - narrow[0])


def test_repetitions_that_are_independent_are_worth_all_runs():
    rng = np.random.default_rng(3)
    values = (rng.random(400) < 0.5).astype(float)
    size = effective_size(cluster_sums(values, np.repeat(np.arange(100), 4)))
    assert 280 < size <= 400


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=60),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_a_rate_always_has_an_interval_that_holds_it(rows, confidence):
    values = np.array([float(passed) for _, passed in rows])
    cluster = np.array([code for code, _ in rows])
    figure = share_figure(cluster_sums(values, cluster), confidence)
    assert 0 <= figure.low <= figure.value + 1e-12
    assert figure.value - 1e-12 <= figure.high <= 1
    assert figure.clusters <= effective_size(cluster_sums(values, cluster)) <= figure.n


@pytest.mark.parametrize("n", [6, 40, 72, 400, 5000])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.99])
def test_order_statistics_cover_a_quantile_exactly_enough(n, share):
    ranks = quantile_ranks(n, share)
    if ranks is None:
        assert max(share**n, (1 - share) ** n) > 0.025
        return
    low, high = ranks
    inside = stats.binom.cdf(high - 1, n, share) - stats.binom.cdf(low - 1, n, share)
    assert inside >= 0.95
    assert stats.binom.cdf(low - 1, n, share) <= 0.025
    assert stats.binom.sf(high - 1, n, share) <= 0.025


def bca(values, **options):
    rows = np.stack([values, np.ones(len(values))], axis=1)
    return bca_of(rows, lambda sums: sums[:, 0] / sums[:, 1], **options)


def test_bca_is_scipys_within_the_noise_of_resampling():
    values = np.random.default_rng(4).lognormal(size=80)
    found = bca(values, resamples=9999)
    rng = np.random.default_rng(5)
    expected = stats.bootstrap((values,), np.mean, n_resamples=9999, rng=rng).confidence_interval
    width = expected.high - expected.low
    assert found == pytest.approx(tuple(expected), abs=0.05 * width)


def test_bca_has_nothing_to_say_of_one_cluster_or_equal_values():
    assert bca(np.array([3.0])) is None
    assert bca(np.full(20, 3.0)) is None


def test_the_bootstrap_t_is_the_plain_loop_within_the_noise_of_resampling():
    rng = np.random.default_rng(6)
    tops, sizes = rng.lognormal(0, 1, 40), rng.integers(1, 5, 40).astype(float)
    ratio = tops.sum() / sizes.sum()

    def error(rows):
        residual = tops[rows] - tops[rows].sum() / sizes[rows].sum() * sizes[rows]
        return np.sqrt(40 / 39 * np.sum(residual**2)) / sizes[rows].sum()

    t = []
    for _ in range(9999):
        rows = rng.integers(0, 40, 40)
        t.append((tops[rows].sum() / sizes[rows].sum() - ratio) / error(rows))
    se = error(np.arange(40))
    low, high = np.quantile(t, [0.025, 0.975])
    (found,) = studentised(tops[:, None], sizes[:, None], resamples=9999)
    assert found.se == pytest.approx(se, rel=1e-9)
    expected = (ratio - high * se, ratio - low * se)
    assert found.interval(0.95) == pytest.approx(expected, abs=0.05 * 4 * se)


def test_the_bootstrap_t_agrees_with_its_p_and_is_the_same_every_time():
    values = np.random.default_rng(7).lognormal(0, 1.2, 60) - 1.2
    (found,) = studentised(values[:, None], np.ones((60, 1)))
    p = found.p(59)
    low, high = found.interval(1 - p)
    assert min(abs(low), abs(high)) < 0.02 * (high - low)
    assert found.p(59) == studentised(values[:, None], np.ones((60, 1)))[0].p(59)


def test_a_ratio_of_what_is_not_negative_stays_above_zero():
    rng = np.random.default_rng(8)
    spent, won = rng.lognormal(0, 2, 12), (np.arange(12) % 3 == 0).astype(float)
    figure = ratio_figure(Sums(spent, np.ones(12)), Sums(won, np.ones(12)))
    assert figure.value == pytest.approx(spent.sum() / 4)
    assert 0 < figure.low < figure.value < figure.high


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1.0, 1e200, 1e300])
def test_means_follow_a_change_of_unit(scale):
    values = np.random.default_rng(9).random(40)
    plain, found = (skewed_mean(cluster_sums(v, None)) for v in (values, values * scale))
    expected = [end * scale for end in (plain.value, *plain.interval)]
    assert [found.value, *found.interval] == pytest.approx(expected, rel=1e-9)


def test_heavy_tails_say_so():
    rng = np.random.default_rng(10)
    skewed = skewed_mean(cluster_sums(rng.lognormal(0, 1.8, 15), None))
    plain = skewed_mean(cluster_sums(rng.normal(0, 1, 15), None))
    assert skewed.method.endswith("heavy tail")
    assert plain.method == "bootstrap-t"


def test_few_runs_of_one_example_do_not_drown_the_others():
    sums = Sums(np.array([40.0, *[0.0] * 9]), np.array([50.0, *[1.0] * 9]))
    assert sums.mean == pytest.approx(0.08)
    assert share_figure(sums).interval[1] > 0.3


def test_sums_weigh_every_example_the_same():
    assert Sums(np.array([3.0, 0.0]), np.array([3.0, 1.0])).mean == 0.5


@pytest.mark.parametrize("cost", [0.001, 0.004, 1 / 3, 7.0])
@pytest.mark.parametrize("m", [10, 12, 19, 28])
def test_a_resample_in_which_all_cost_the_same_bounds_nothing(m, cost):
    """Cost a success, where one run failed: rounding is no variance, so the t is infinite."""
    worked = np.ones(m)
    worked[3] = 0
    (found,) = studentised(np.full((m, 1), cost), worked[:, None], log=True)
    assert found.draws[0] == -np.inf
    assert found.interval(0.95) is None
