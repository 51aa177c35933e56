"""Intervals for rates, means and quantiles, with examples as the independent units.

Stated answers at the edges: n = 0 has no value and no interval; a rate always has an interval from
n = 1 on; a mean has none for one observation, one cluster or when all values are equal, because a
spread of zero says nothing about what was not seen; a quantile has none when the sample is too
small to bound it on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, tallied
from evalkit.metrics.documents.figures import Figure, Interval
from evalkit.metrics.statistics.students_t import t_quantile, z_quantile

ROUNDING = 1e-13
"""Relative spread below which values are equal but for the rounding of their sums."""
PSEUDO = 0.05
"""Part of an example that is added on either side, see `effective_size`."""
DEGREES_PER_WITNESS = 6
"""Degrees of freedom for each example that shows the rarer answer, see `share_figure`."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Per-example sums and numbers of runs: all that a mean with each example once needs."""

    totals: Floats
    sizes: Floats
    units: Codes | None = None
    """Independent unit of each example, when several belong together (a document, a user)."""

    @property
    def n(self) -> int:
        """Observations."""
        return int(self.sizes.sum())

    @property
    def examples(self) -> int:
        """Examples."""
        return len(self.sizes)

    @property
    def balanced(self) -> bool:
        """Whether every example was observed equally often."""
        return bool(len(self.sizes) == 0 or (self.sizes == self.sizes[0]).all())

    @property
    def means(self) -> Floats:
        """The mean of each example."""
        return self.totals / self.sizes

    @property
    def clusters(self) -> int:
        """Independent units."""
        return len(self.sizes) if self.units is None else _distinct(self.units)

    @property
    def witnesses(self) -> int:
        """Units that show the rarer answer of values in 0..1 at least once."""
        some, full = self.totals > 0, self.totals < self.sizes
        if self.units is not None:
            return min(_distinct(self.units[some]), _distinct(self.units[full]))
        return min(int(np.count_nonzero(some)), int(np.count_nonzero(full)))

    @property
    def mean(self) -> float:
        """Mean over examples, each with the same weight however often it ran."""
        if self.balanced and np.isfinite(total := float(self.totals.sum())):
            return total / float(self.sizes.sum())
        return float((self.means / len(self.sizes)).sum())

    @property
    def by_unit(self) -> tuple[Floats, Floats]:
        """Sum of example means and number of examples of each unit."""
        if self.units is None:
            return self.means, np.ones(len(self.sizes))
        sizes = np.bincount(self.units)  # units are codes from 0, in ascending order
        there = sizes > 0
        tops = np.bincount(self.units, weights=self.means)[there]
        return tops.astype(np.float64), sizes[there].astype(np.float64)

    @property
    def se(self) -> float:
        """Linearised standard error of the mean: m/(m-1) sum (t_i - mean s_i)^2 / n^2, m >= 2.

        The ratio estimator of survey sampling (Cochran, Sampling Techniques, 1977, 6.3) over
        units; where examples are the units it is s/sqrt(n) of their means. Values as large as
        1e300 do not overflow.
        """
        tops, sizes = self.by_unit
        m = len(tops)
        excess = tops - self.mean * sizes
        top = float(np.abs(excess).max())
        if top <= ROUNDING * float(np.abs(tops).max()):
            return 0.0
        return float(top * np.sqrt(m / (m - 1) * np.sum((excess / top) ** 2)) / sizes.sum())

    @property
    def worth(self) -> float:
        """Independent runs that these would be worth if repetitions were as good as examples.

        Kish, Survey Sampling, 1965, 11.7: unequal numbers of runs make unequal weights.
        """
        return float(len(self.sizes) ** 2 / np.sum(1 / self.sizes))


@dataclass(frozen=True, slots=True)
class UnitSums(Sums):
    """Sums of units alone: `totals` of `sizes` values each, of which every one counts."""

    @property
    def balanced(self) -> bool:
        """Whether every value counts the same: each does."""
        return True

    @property
    def examples(self) -> int:
        """Every value is one of its own."""
        return self.n

    @property
    def by_unit(self) -> tuple[Floats, Floats]:
        """Sum and number of each unit's values."""
        return self.totals, self.sizes

    @property
    def worth(self) -> float:
        """Independent values that these would be worth at most: all of them."""
        return float(self.n)


def _distinct(codes: Codes) -> int:
    return int(np.count_nonzero(np.bincount(codes)))


def cluster_sums(values: Floats, examples: Codes | None, units: Codes | None = None) -> Sums:
    """Sum `values` within `examples` (small codes from 0); None: every value on its own.

    `units` gives the independent unit of each value where that is coarser than the example.
    """
    if examples is None:
        ones = np.broadcast_to(np.float64(1.0), len(values))  # one number, however many there are
        return Sums(np.asarray(values, np.float64), ones, units)
    sizes = tallied(examples)
    there = sizes > 0
    totals = tallied(examples, values)
    unit_of = None
    if units is not None:
        unit_of = np.zeros(len(sizes), np.int64)
        unit_of[examples] = units
        unit_of = unit_of[there]
    return Sums(np.asarray(totals, np.float64)[there], sizes[there].astype(np.float64), unit_of)


def wilson(
    count: float, n: float, confidence: float = 0.95, quantile: float | None = None
) -> Interval:
    """Return Wilson's score interval (Wilson, JASA 22, 1927).

    `count` and `n` may be effective, fractional ones; `quantile` replaces the normal one.
    """
    z = z_quantile((1 + confidence) / 2) if quantile is None else quantile
    share, square = count / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * sqrt(max(share * (1 - share) / n + square / (4 * n * n), 0.0))
    low = 0.0 if count <= 0 else middle - half
    high = 1.0 if count >= n else middle + half
    return (max(0.0, low), min(1.0, high))


def share_figure(
    sums: Sums, confidence: float = 0.95, *, ceiling: float | None = None, method: str = ""
) -> Figure:
    """Return the mean of values in 0..1 with a Wilson interval on the effective sample size.

    Without repetitions this is Wilson's interval. With them n is replaced by
    n* = p (1 - p) / var(p), var from the examples, held between the number of units (what the
    data would be worth if repetitions said nothing new; also used when nothing varies) and
    `ceiling` (default `worth`: as good as independent), and the normal quantile by Student's
    (after Dean and Pagano, J. Survey Stat. Methodol. 3, 2015, "modified Wilson"). Its degrees are
    n* - 1, and not more than 6 for every example that shows the rarer answer, because only those
    tell how it clusters. Both constants were chosen by simulation; where they do worse is in the
    README.
    """
    if sums.n == 0:
        return Figure(None, n=0)
    mean, n, m = sums.mean, sums.n, sums.clusters
    effective = effective_size(sums, ceiling)
    quantile = None
    if effective > m:
        degrees = min(effective - 1, DEGREES_PER_WITNESS * max(sums.witnesses, 1) + 1)
        quantile = t_quantile((1 + confidence) / 2, degrees)
    low, high = wilson(mean * effective, effective, confidence, quantile)
    name = method or ("wilson" if m == n else "wilson, clustered")
    return Figure(mean, low, high, n, name, m, sqrt(max(mean * (1 - mean), 0.0) / effective))


def effective_size(sums: Sums, ceiling: float | None = None) -> float:
    """Return how many independent draws of 0 or 1 the clustered values are worth.

    mean (1 - mean) / variance of the mean, between the units and `ceiling` (default `worth`). With
    few passes (or fails) the variance is easily too small by luck; PSEUDO of an example that
    always passes and one that always fails are added to it (calibrated by simulation).
    """
    mean, n, m = sums.mean, sums.n, sums.clusters
    if m < 2 or (m == n and ceiling is None) or not 0 < mean < 1:
        return float(m)
    tops, sizes = sums.by_unit
    examples = sums.examples
    each = PSEUDO * examples / m
    total = examples + 2 * each
    steadied = (mean * examples + each) / total
    excess = tops - steadied * sizes
    squares = float(np.sum(excess * excess)) + PSEUDO * (examples / m) ** 2 * (
        (1 - steadied) ** 2 + steadied**2
    )
    wide = m + 2 * PSEUDO
    variance = wide / (wide - 1) * squares / total**2
    top = sums.worth if ceiling is None else ceiling
    return float(np.clip(steadied * (1 - steadied) / variance, m, max(top, m)))


def mean_figure(sums: Sums, confidence: float = 0.95) -> Figure:
    """Return the mean with Student's interval, m - 1 degrees for m clusters."""
    if sums.n == 0:
        return Figure(None, n=0)
    mean, n, m = sums.mean, sums.n, sums.clusters
    if m < 2:
        return Figure(mean, None, None, n, "none: one value" if n < 2 else "none: one example", m)
    se = sums.se
    if se <= 0:
        return Figure(mean, None, None, n, "none: all equal", m)
    half = t_quantile((1 + confidence) / 2, m - 1) * se
    return Figure(mean, mean - half, mean + half, n, "t" if m == n else "t, clustered", m, se)


def quantile_ranks(n: int, probability: float, confidence: float = 0.95) -> tuple[int, int] | None:
    """Return the ranks (from 1) whose order statistics bound a quantile, or None for small n.

    Exact binomial ranks (David and Nagaraja, Order Statistics, 2003, 7.1): the interval
    [x_(l), x_(u)] has coverage P(l <= B < u) for B binomial(n, probability).
    """
    alpha = (1 - confidence) / 2
    if n < 1:
        return None
    start, cumulated = _binomial_cdf(n, probability)
    low = start + int(np.searchsorted(cumulated, alpha, side="right"))
    high = start + int(np.searchsorted(cumulated, 1 - alpha, side="left")) + 1
    return None if low < 1 or high > n else (low, high)


def _binomial_cdf(n: int, p: float) -> tuple[int, Floats]:
    """Return P(B <= k) for the k within twelve deviations of the mean, and the first such k."""
    spread = 12 * sqrt(n * p * (1 - p)) + 12
    first, last = max(0, int(n * p - spread)), min(n, int(n * p + spread))
    k = np.arange(first, last + 1, dtype=float)
    steps = np.log((n - k[:-1]) / (k[:-1] + 1)) + np.log(p / (1 - p))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(logs - logs.max())
    return first, np.cumsum(weights) / weights.sum()


def joint_error(figures: tuple[Figure, Figure], levels: tuple[float, float]) -> float | None:
    """Return the standard error of a difference of two figures, as of independent samples.

    `levels` are the confidence of their intervals, from which an error is read back that an older
    figure does not say. None: one of them has none.
    """
    errors = [_error(each, level) for each, level in zip(figures, levels, strict=True)]
    if errors[0] is None or errors[1] is None:
        return None
    return sqrt(errors[0] ** 2 + errors[1] ** 2) or None


def around(value: float, se: float, tail: float, unit: str) -> Interval:
    """Return the ends with `tail` outside each; of a share, inside minus and plus 1."""
    half = z_quantile(1 - tail) * se
    low, high = value - half, value + half
    return (max(low, -1.0), min(high, 1.0)) if unit == "share" else (low, high)


def _error(figure: Figure, confidence: float) -> float | None:
    if figure.se:
        return figure.se
    if figure.low is None or figure.high is None:
        return None
    return (figure.high - figure.low) / (2 * z_quantile((1 + confidence) / 2))
