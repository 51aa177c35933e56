"""The power of a t test, and the solving of equations in it."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from scipy.special import nctdtr

from evalkit.metrics.statistics.students_t import NORMAL, t_quantile


def power_of_t(difference: float, se: float, df: float, alpha: float) -> float:
    """Return the power of the two-sided t test, by the noncentral t (Cohen, 1988, 2.3)."""
    shift = abs(difference) / se
    critical = t_quantile(1 - alpha / 2, df)
    if df == inf or df > 1e5:
        return NORMAL.cdf(shift - critical) + NORMAL.cdf(-shift - critical)
    return float(1 - nctdtr(df, shift, critical) + nctdtr(df, shift, -critical))


def solve(excess: Callable[[float], float], top: float, steps: int = 60) -> float:
    """Bisect an increasing function for its zero between 0 and `top`."""
    low, high = 0.0, top
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return (low + high) / 2
