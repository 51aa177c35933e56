"""Power: what this design could have found, and what it would take to find what was seen."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, sqrt

from evalkit.metrics.statistics.students_t import NORMAL, t_quantile

POWER = 0.8
MOST_EXAMPLES = 10_000_000


def power_of_t(difference: float, se: float, df: float, alpha: float) -> float:
    """Return the power of the two-sided t test, by the noncentral t (Cohen, 1988, 2.3)."""
    shift = abs(difference) / se
    critical = t_quantile(1 - alpha / 2, df)
    if df == inf or df > 1e5:
        return NORMAL.cdf(shift - critical) + NORMAL.cdf(-shift - critical)
    from scipy.special import nctdtr

    return float(1 - nctdtr(df, shift, critical) + nctdtr(df, shift, -critical))


def detectable(se: float, df: float, alpha: float, power: float = POWER) -> float:
    """Return the smallest true difference found with `power`, in the unit of `se`."""
    top = (t_quantile(1 - alpha / 2, df) + t_quantile(power, df) + 1) * se * 2
    return _solve(lambda d: power_of_t(d, se, df, alpha) - power, top)


def examples_needed(difference: float, sd: float, alpha: float, power: float = POWER) -> int | None:
    """Return how many examples would show `difference` with `power`; None when it is nil."""
    if not difference or not sd:
        return None
    enough = 2
    while power_of_t(difference, sd / sqrt(enough), enough - 1, alpha) < power:
        enough *= 2
        if enough > MOST_EXAMPLES:
            return None
    low = enough // 2
    while enough - low > 1:
        middle = (low + enough) // 2
        if power_of_t(difference, sd / sqrt(middle), max(middle - 1, 1), alpha) < power:
            low = middle
        else:
            enough = middle
    return enough


def _solve(excess: Callable[[float], float], top: float) -> float:
    """Bisect an increasing function for its zero."""
    low, high = 0.0, top
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return (low + high) / 2
