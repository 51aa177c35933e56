"""A Distribution from measured values: quantiles, intervals, histogram and curve."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.documents.figures import Curve, Distribution, Figure, Histogram, Interval
from evalkit.metrics.statistics.bootstrap import bca_ratio
from evalkit.metrics.statistics.intervals import Sums, cluster_sums, mean_figure, quantile_ranks

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
BINS = 18
CURVE_POINTS = 160
BCA_LEAST, BCA_MOST = 30, 2000
"""Examples between which the bootstrap is worth its time: below it is too narrow, above it is t."""


def describe(
    values: Floats,
    clusters: Codes | None = None,
    *,
    censored: NDArray[np.bool_] | None = None,
    missing: int = 0,
    unit: str = "",
    confidence: float = 0.95,
    shape: bool = True,
) -> Distribution:
    """Summarise recorded `values` (no NaN in them); `shape=False` leaves histogram and curve out.

    `censored` marks values that are known to be too short. With any, quantiles are those of the
    Kaplan-Meier estimator (JASA 53, 1958) and means are lower bounds.
    """
    n = len(values)
    if n == 0:
        return Distribution(n=0, missing=missing, unit=unit)
    cut = censored if censored is not None and bool(censored.any()) else None
    sums = cluster_sums(values, clusters)
    mean = skewed_mean(sums, confidence)
    x, cdf = _cumulated(values, cut)
    quantiles = _quantiles(values, x, cdf, cut)
    intervals: dict[str, Interval | None] = {"mean": mean.interval}
    methods = {"mean": mean.method}
    for name, share in QUANTILES.items():
        intervals[name], methods[name] = _quantile_interval(
            values, clusters, (x, cdf, cut), share, quantiles[name][0], confidence
        )
    beyond = [name for name, (_, reached) in quantiles.items() if not reached]
    return Distribution(
        n=n,
        missing=missing,
        censored=0 if cut is None else int(cut.sum()),
        unit=unit,
        total=float(values.sum()),
        mean=mean.value,
        sd=float(values.std(ddof=1)) if n > 1 else None,
        min=float(x[0]),
        max=float(x[-1]),
        **{name: value for name, (value, _) in quantiles.items()},
        intervals=intervals,
        methods=methods,
        lower_bounds=[*(["mean"] if cut is not None else []), *beyond],
        clusters=sums.clusters,
        histogram=histogram(values) if shape else None,
        ecdf=_curve(x, cdf) if shape else None,
    )


def skewed_mean(sums: Sums, confidence: float = 0.95) -> Figure:
    """Return the mean with a BCa interval where that is better than Student's, else Student's."""
    plain = mean_figure(sums, confidence)
    if plain.low is None or not BCA_LEAST <= sums.clusters <= BCA_MOST:
        return plain
    ends = bca_ratio(sums.totals, sums.sizes, confidence)
    if ends is None:
        return plain
    name = "bca" if sums.clusters == sums.n else "bca, clustered"
    return Figure(plain.value, *ends, plain.n, name, plain.clusters)


def _cumulated(values: Floats, cut: NDArray[np.bool_] | None) -> tuple[Floats, Floats]:
    """Return the values in order with P(X <= x) at each."""
    if cut is None:
        x = np.sort(values)
        steps: Floats = np.arange(1.0, len(x) + 1) / len(x)
        return x, steps
    order = np.lexsort((cut, values))
    x, events = values[order], ~cut[order]
    at_risk = np.arange(len(x), 0, -1)
    cdf: Floats = np.asarray(1.0 - np.cumprod(1.0 - events / at_risk), np.float64)
    return x, cdf


def _quantiles(
    values: Floats, x: Floats, cdf: Floats, cut: NDArray[np.bool_] | None
) -> dict[str, tuple[float, bool]]:
    """Return each quantile and whether the data reach it."""
    if cut is None:
        found = np.quantile(x, list(QUANTILES.values()))
        return {name: (float(v), True) for name, v in zip(QUANTILES, found, strict=True)}
    return {name: _reach(x, cdf, share) for name, share in QUANTILES.items()}


def _reach(x: Floats, cdf: Floats, share: float) -> tuple[float, bool]:
    at = int(np.searchsorted(cdf, share - 1e-12))
    return (float(x[at]), True) if at < len(x) else (float(x[-1]), False)


def _quantile_interval(
    values: Floats,
    clusters: Codes | None,
    curve: tuple[Floats, Floats, NDArray[np.bool_] | None],
    share: float,
    quantile: float,
    confidence: float,
) -> tuple[Interval | None, str]:
    """Return order statistics that bound a quantile; repetitions lower the effective n.

    With clusters, the share below the quantile has a design effect, and the ranks are those of
    the effective sample, carried over to the real one (Woodruff, JASA 47, 1952).
    """
    n = len(values)
    effective = n if clusters is None else _effective(values <= quantile, clusters)
    method = "order statistics" if effective >= n else "order statistics, clustered"
    ranks = quantile_ranks(effective, share, confidence)
    if ranks is None:
        return None, "none: too few values"
    x, cdf, cut = curve
    if cut is None:
        low = max(int(np.ceil(ranks[0] / effective * n)) - 1, 0) if effective < n else ranks[0] - 1
        high = min(int(np.ceil(ranks[1] / effective * n)), n) - 1
        return (float(x[low]), float(x[high])), method
    low_end, low_known = _reach(x, cdf, ranks[0] / effective)
    high_end, high_known = _reach(x, cdf, ranks[1] / effective)
    if not (low_known and high_known):
        return None, "none: cut short by timeouts"
    return (low_end, high_end), method


def _effective(below: NDArray[np.bool_], clusters: Codes) -> int:
    sums = cluster_sums(below.astype(np.float64), clusters)
    m, n, share = sums.clusters, sums.n, sums.mean
    if m == n or m < 2 or not 0 < share < 1 or (variance := sums.variance) <= 0:
        return m
    return int(np.clip(share * (1 - share) / variance, m, n))


def histogram(values: Floats) -> Histogram:
    """Count values in at most 18 equal bins; few different whole numbers get a bin each."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return Histogram([low, high], [len(values)])
    whole = bool(np.all(values == np.floor(values)))
    if whole and high - low < BINS:
        edges = np.arange(low, high + 2)
    else:
        edges = np.linspace(low, high, _bins(values, high - low) + 1)
    counts, _ = np.histogram(values, edges)
    return Histogram([float(e) for e in edges], [int(c) for c in counts])


def _bins(values: Floats, span: float) -> int:
    """Freedman and Diaconis's number of bins (Z. Wahrscheinlichkeitstheorie 57, 1981), 5 to 18."""
    low, high = np.quantile(values, [0.25, 0.75])
    width = 2 * (high - low) / len(values) ** (1 / 3)
    return int(np.clip(np.ceil(span / width), 5, BINS)) if width > 0 else min(BINS, 10)


def _curve(x: Floats, cdf: Floats) -> Curve:
    """Thin the distribution function to points that draw the same line."""
    n = len(x)
    shares = np.concatenate([np.linspace(0, 1, CURVE_POINTS), [0.001, 0.005, 0.99, 0.995, 0.999]])
    at = np.unique(np.minimum(np.rint(shares * (n - 1)).astype(int), n - 1))
    return Curve([float(v) for v in x[at]], [float(v) for v in cdf[at]])


def step_curve(values: Floats) -> Curve:
    """Return the distribution function at its own steps where they are few, else thinned."""
    x, counts = np.unique(values, return_counts=True)
    cdf = np.cumsum(counts) / len(values)
    if len(x) > CURVE_POINTS:
        return _curve(np.sort(values), np.arange(1, len(values) + 1) / len(values))
    return Curve([float(v) for v in x], [float(v) for v in cdf])


def pooled_sd(values: Floats, clusters: Codes) -> float | None:
    """Return the standard deviation inside clusters, pooled; None without repetitions."""
    sums = cluster_sums(values, clusters)
    squares = cluster_sums(values * values, clusters)
    spare = sums.n - sums.clusters
    if spare < 1:
        return None
    within = float(np.sum(squares.totals - sums.totals**2 / sums.sizes))
    return sqrt(max(within, 0.0) / spare)
