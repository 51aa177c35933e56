"""Distributions: quantiles, what is cut short, what is missing, and pictures."""

import numpy as np
import pytest

from evalkit.metrics.statistics.distribution import describe, histogram, pooled_sd

RNG = np.random.default_rng(7)


def test_quantiles_and_mean_are_numpys():
    values = RNG.lognormal(size=500)
    found = describe(values, unit="s")
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
        assert getattr(found, name) == pytest.approx(np.quantile(values, share), abs=1e-12)
    assert found.mean == pytest.approx(values.mean(), abs=1e-12)
    assert found.sd == pytest.approx(values.std(ddof=1), abs=1e-12)
    assert found.total == pytest.approx(values.sum())
    assert found.figure("p95").n == 500


def test_nothing_recorded_is_not_zero():
    found = describe(np.array([]), missing=37, unit="s")
    assert (found.n, found.mean, found.p50, found.total) == (0, None, None, None)
    assert found.missing_share == 1.0


def test_a_quantile_that_few_values_cannot_bound_has_no_interval():
    found = describe(RNG.random(40))
    assert found.intervals["p50"] is not None
    assert found.intervals["p99"] is None
    assert found.methods["p99"] == "none: too few values"


def test_runs_that_were_cut_short_push_the_quantiles_up():
    values = np.concatenate([np.linspace(1, 5, 80), np.full(20, 5.0)])
    cut = np.array([False] * 80 + [True] * 20)
    found = describe(values, censored=cut)
    assert found.censored == 20
    assert found.p50 == describe(values).p50 or found.p50 > describe(values[:80]).p50
    assert found.p90 == 5.0
    assert set(found.lower_bounds) == {"mean", "max", "p90", "p95", "p99"}


def test_an_early_cancellation_counts_as_unknown_not_as_fast():
    values = np.array([1.0] * 10 + [10.0] * 10)
    cut = np.array([True] * 10 + [False] * 10)
    assert describe(values, censored=cut).p50 == 10.0


def test_repetitions_widen_the_quantile_interval():
    base = RNG.lognormal(size=100)
    values, cluster = np.repeat(base, 5), np.repeat(np.arange(100), 5)
    narrow, wide = describe(values).intervals["p50"], describe(values, cluster).intervals["p50"]
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_tiny_samples_have_their_values(n):
    found = describe(np.arange(1.0, n + 1))
    assert found.n == n
    assert found.max == n
    assert (found.sd is None) == (n == 1)


def test_the_histogram_counts_everything_once():
    for values in (RNG.normal(size=333), np.array([1.0, 2, 2, 3]), np.array([4.0])):
        found = histogram(values)
        assert sum(found.counts) == len(values)
        assert len(found.edges) == len(found.counts) + 1
        assert len(found.counts) <= 18


def test_few_whole_numbers_get_a_bin_each():
    assert histogram(np.array([0.0, 1, 1, 3])).counts == [1, 2, 0, 1]


def test_the_curve_is_short_and_rises_to_one():
    curve = describe(RNG.normal(size=20_000)).ecdf
    assert len(curve.x) <= 165
    assert curve.y[-1] == 1.0
    assert curve.x == sorted(curve.x)
    assert curve.y == sorted(curve.y)


def test_spread_inside_examples_is_pooled():
    values = np.array([1.0, 3.0, 10.0, 10.0, 5.0])
    assert pooled_sd(values, np.array([0, 0, 1, 1, 2])) == pytest.approx(1.0)
    assert pooled_sd(values, np.arange(5)) is None
