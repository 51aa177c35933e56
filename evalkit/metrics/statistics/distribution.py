"""A Distribution from measured values: quantiles, intervals, histogram and curve."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, Mask, quantiles_at, unique
from evalkit.metrics.columns.tallied import WITHIN, Tally
from evalkit.metrics.documents.figures import Curve, Distribution, Figure, Histogram, Interval
from evalkit.metrics.statistics.bootstrap import studentised
from evalkit.metrics.statistics.intervals import (
    Sums,
    UnitSums,
    cluster_sums,
    mean_figure,
    quantile_ranks,
)
from evalkit.metrics.statistics.quantiles import Sample, effective_values

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
BINS = 18
CURVE_POINTS = 160
RESAMPLED_LEAST, RESAMPLED_MOST = 6, 800
"""Units between which the bootstrap is worth its time: outside it is Student's t."""
HEAVY = ", heavy tail"
SKEWED = 1.2
"""Skewness of 25 units or fewer beyond which an interval of their mean is called heavy-tailed."""


def describe(
    values: Floats,
    examples: Codes | None = None,
    units: Codes | None = None,
    *,
    censored: Mask | None = None,
    missing: int = 0,
    unit: str = "",
    confidence: float = 0.95,
    shape: bool = True,
) -> Distribution:
    """Summarise recorded `values` (no NaN, none below 0), every example with the same weight.

    `shape=False` leaves histogram and curve out. `units` gives the independent unit of each value
    where that is coarser than the example. `censored` marks values that are known to be too short.
    With any, quantiles are those of the Kaplan-Meier estimator and means are lower bounds.
    """
    n = len(values)
    if n == 0:
        return Distribution(n=0, missing=missing, unit=unit)
    cut = censored if censored is not None and bool(censored.any()) else None
    sums = cluster_sums(values, examples, units)
    mean = above(skewed_mean(sums, confidence), 0.0)
    sample = Sample(values, examples, units, cut)
    quantiles = {name: sample.quantile(share) for name, share in QUANTILES.items()}
    intervals: dict[str, Interval | None] = {"mean": mean.interval}
    methods = {"mean": mean.method}
    for name, share in QUANTILES.items():
        found = sample.interval(share, quantiles[name][0], confidence)
        intervals[name], methods[name] = found
    beyond = [name for name, (_, reached) in quantiles.items() if not reached]
    if cut is not None and bool(cut[values == values.max()].any()):
        beyond.append("max")
    x, cdf = sample.cumulated
    return Distribution(
        n=n,
        missing=missing,
        censored=0 if cut is None else int(cut.sum()),
        unit=unit,
        total=float(values.sum()),
        mean=mean.value,
        sd=_sd(values),
        min=float(x[0]),
        max=float(x[-1]),
        **{name: value for name, (value, _) in quantiles.items()},
        intervals=intervals,
        methods=methods,
        lower_bounds=[*(["mean"] if cut is not None else []), *beyond],
        clusters=sums.clusters,
        se=mean.se,
        histogram=histogram(values) if shape else None,
        ecdf=_curve(x, cdf) if shape else None,
    )


def describe_tally(
    tally: Tally, *, missing: int = 0, unit: str = "", confidence: float = 0.95
) -> Distribution:
    """Summarise what was tallied of values that are too many to keep, each with the same weight.

    Quantiles are the middle of the bin of a log histogram, and say so. Intervals of quantiles need
    `tally.count_below` to have counted below `quantiles_of`.
    """
    sums = UnitSums(*tally.by_unit())
    mean = above(skewed_mean(sums, confidence), 0.0)
    intervals: dict[str, Interval | None] = {"mean": mean.interval}
    methods = {"mean": mean.method}
    p50, p90, p95, p99 = quantiles_of(tally)
    for place, (name, share) in enumerate(QUANTILES.items()):
        below = UnitSums(tally.below(place), sums.sizes)
        worth = effective_values(below, tally.n, confidence)
        ranks = quantile_ranks(int(worth), share, confidence)
        intervals[name] = None
        methods[name] = f"none: too few values, log histogram {WITHIN}"
        if ranks is not None:
            at = [ceil(rank / int(worth) * tally.n - 1e-9) - 1 for rank in ranks]
            ends = [tally.histogram.around(min(max(each, 0), tally.n - 1)) for each in at]
            intervals[name] = (max(ends[0][0], tally.least), min(ends[1][1], tally.most))
            methods[name] = f"order statistics, log histogram {WITHIN}"
    return Distribution(
        n=tally.n,
        missing=missing,
        unit=unit,
        total=tally.total,
        mean=mean.value,
        sd=tally.sd,
        min=tally.least,
        max=tally.most,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        intervals=intervals,
        methods=methods,
        clusters=sums.clusters,
        se=mean.se,
    )


def quantiles_of(tally: Tally) -> list[float]:
    """Return the quantiles a distribution has."""
    return [tally.value(int(share * (tally.n - 1))) for share in QUANTILES.values()]


def skewed_mean(sums: Sums, confidence: float = 0.95) -> Figure:
    """Return the mean with the interval that holds most of those tried.

    Its ends are the outer of the bootstrap-t's and Student's: the one holds where values are
    skewed, the other where they have two heavy tails. Student's alone stands for very few examples,
    for very many, and where resamples have no spread. The method says `heavy tail` where the values
    are so skewed that neither holds what it promises.
    """
    plain = mean_figure(sums, confidence)
    if plain.low is None:
        return plain
    tail = HEAVY if heavy(sums) else ""
    if not RESAMPLED_LEAST <= sums.clusters <= RESAMPLED_MOST:
        return replace(plain, method=plain.method + tail)
    tops, sizes = sums.by_unit
    found = studentised(tops[:, None], sizes[:, None])[0]
    ends = found.interval(confidence) if found else None
    if ends is None:
        return replace(plain, method=plain.method + tail)
    name = "bootstrap-t" if sums.clusters == sums.n else "bootstrap-t, clustered"
    low, high = min(ends[0], plain.low), max(ends[1], plain.high or ends[1])
    return replace(plain, low=low, high=high, method=name + tail)


def heavy(sums: Sums) -> bool:
    """Return whether the mean hangs on few units: skewness beyond what their number carries.

    The limits were chosen by simulation: what they let pass holds 90 % or more of the time.
    """
    tops, sizes = sums.by_unit
    m = len(tops)
    excess = tops / sizes - sums.mean
    top = float(np.abs(excess).max())
    if m < 3 or top == 0:
        return False
    part = excess / top
    spread = float(np.mean(part**2))
    return bool(abs(np.mean(part**3)) / spread**1.5 > SKEWED * max(1.0, m / 25))


def above(figure: Figure, least: float) -> Figure:
    """Cut an interval off below what the quantity can be."""
    if figure.low is None or figure.low >= least:
        return figure
    return replace(figure, low=least)


def _sd(values: Floats) -> float | None:
    if len(values) < 2:
        return None
    top = float(np.abs(values).max())
    return float((values / top).std(ddof=1)) * top if top > 0 else 0.0


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
    low, high = quantiles_at(values, [0.25, 0.75])
    width = 2 * (high - low) / len(values) ** (1 / 3)
    return int(np.clip(np.ceil(span / width), 5, BINS)) if width > 0 else min(BINS, 10)


def _curve(x: Floats, cdf: Floats) -> Curve:
    """Thin the distribution function to points that draw the same line."""
    n = len(x)
    shares = np.concatenate([np.linspace(0, 1, CURVE_POINTS), [0.001, 0.005, 0.99, 0.995, 0.999]])
    at = unique(np.minimum(np.rint(shares * (n - 1)).astype(int), n - 1))
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
