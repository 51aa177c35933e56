"""Student's t without scipy is scipy's Student's t."""

import pytest
from scipy import stats

from evalkit.metrics.statistics.students_t import normal_tail, t_quantile, t_tail, two_sided

INF = float("inf")


@pytest.mark.parametrize("df", [1, 1.5, 2, 3, 5.7, 30, 199, 1999, 2001, 1e5, 1e6])
@pytest.mark.parametrize("probability", [0.025, 0.5, 0.6, 0.9, 0.975, 0.995, 0.9999])
def test_quantiles_are_scipys(df, probability):
    assert t_quantile(probability, df) == pytest.approx(
        stats.t.ppf(probability, df), rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize("df", [1, 2, 5, 50, 1999, 1e6])
@pytest.mark.parametrize("t", [-3.0, 0.0, 0.1, 1.0, 2.0, 5.0, 40.0])
def test_tails_are_scipys(df, t):
    assert t_tail(t, df) == pytest.approx(stats.t.sf(t, df), rel=1e-9)


def test_infinite_degrees_are_the_normal():
    assert t_quantile(0.975, INF) == pytest.approx(stats.norm.ppf(0.975), abs=1e-12)
    assert t_tail(1.3, INF) == normal_tail(1.3) == pytest.approx(stats.norm.sf(1.3), abs=1e-12)
    assert two_sided(-1.3, INF) == pytest.approx(2 * stats.norm.sf(1.3), abs=1e-12)


def test_a_huge_statistic_has_no_tail():
    assert t_tail(1e200, 5) == 0.0
