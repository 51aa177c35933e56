"""Quantiles of runs, each example once: their value, their interval and what moves them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import exp, pi, sqrt

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, Mask
from evalkit.metrics.documents.figures import Interval
from evalkit.metrics.statistics.intervals import (
    Sums,
    cluster_sums,
    effective_size,
    quantile_ranks,
)
from evalkit.metrics.statistics.students_t import t_quantile, z_quantile
from evalkit.metrics.statistics.survival import Survival, survival


@dataclass(frozen=True)
class Sample:
    """Values of runs with their examples; with `cut` some are known to be too short.

    Examples count once: a run weighs one over the number of runs of its example. Where all ran
    equally often that is the plain quantile.
    """

    values: Floats
    examples: Codes | None = None
    units: Codes | None = None
    cut: Mask | None = None

    @cached_property
    def weights(self) -> Floats | None:
        """Weight of each run, in all one; None: the same for all."""
        if self.examples is None:
            return None
        sizes = np.bincount(self.examples)
        there = sizes[sizes > 0]
        if (there == there[0]).all():
            return None
        found = 1.0 / (sizes[self.examples] * float(len(there)))
        return np.asarray(found, np.float64)

    @property
    def tick(self) -> float:
        """One second where the clock shows whole seconds only, else 0."""
        return 1.0 if bool(np.all(self.values == np.floor(self.values))) else 0.0

    @cached_property
    def order(self) -> Codes:
        """Places of the values in ascending order."""
        return np.argsort(self.values, kind="stable")

    @cached_property
    def curve(self) -> Survival | None:
        """The Kaplan-Meier curve; None when nothing was cut short."""
        if self.cut is None or not bool(self.cut.any()):
            return None
        own = self.examples if self.units is None else self.units
        return survival(self.values, self.cut, self.weights, own)

    @cached_property
    def cumulated(self) -> tuple[Floats, Floats]:
        """The values in order with P(X <= x) at each."""
        if self.curve is not None:
            return self.curve.x, self.curve.cdf
        if self.weights is None:
            x = np.sort(self.values)
            return x, np.arange(1.0, len(x) + 1) / len(x)
        return self.values[self.order], np.cumsum(self.weights[self.order])

    def quantile(self, share: float) -> tuple[float, bool]:
        """Return a quantile and whether the data reach it.

        Interpolated between values as numpy does it; with weights by Akinshin's generalisation of
        that (arXiv 2304.07265); with times that were cut short, the Kaplan-Meier one.
        """
        if self.curve is not None:
            return self.curve.quantile(share)
        x, cdf = self.cumulated
        if self.weights is None:
            return float(_plain(x, share)), True
        return _weighted(x, cdf, float(1 / np.sum(self.weights**2)), share), True

    def interval(
        self, share: float, value: float, confidence: float
    ) -> tuple[Interval | None, str]:
        """Return order statistics that bound a quantile, or Brookmeyer and Crowley's interval.

        With repetitions the share below the quantile has a design effect; the ranks are those of
        the effective sample, carried over to the real one (Woodruff, JASA 47, 1952), with
        Student's t for the number of units (Korn and Graubard, Surv. Methodol. 24, 1998).
        """
        if self.curve is not None:
            ends = self.curve.interval(share, confidence)
            return (ends, "brookmeyer-crowley") if ends else (None, "none: cut short by timeouts")
        n, effective = len(self.values), self._effective(value, confidence)
        ranks = quantile_ranks(int(effective), share, confidence)
        if ranks is None:
            return None, "none: too few values"
        x, cdf = self.cumulated
        if effective >= n and self.weights is None:
            return _ends(float(x[ranks[0] - 1]), float(x[ranks[1] - 1]), "order statistics")
        low = int(np.searchsorted(cdf, ranks[0] / int(effective) - 1e-12))
        high = min(int(np.searchsorted(cdf, ranks[1] / int(effective) - 1e-12)), n - 1)
        return _ends(float(x[low]), float(x[high]), "order statistics, clustered")

    def _effective(self, value: float, confidence: float) -> float:
        """Return how many independent values these are worth where the quantile lies."""
        n = len(self.values)
        if self.examples is None and self.units is None:
            return float(n)
        sums = cluster_sums((self.values <= value).astype(np.float64), self.examples, self.units)
        return effective_values(sums, n, confidence)

    def influence(self, share: float) -> Floats | None:
        """Return what each run adds to the error of a quantile; None where ties hide the spread.

        Linearised: (share - [x <= q]) / f(q), f from the distance of neighbouring quantiles with
        Hall and Sheather's bandwidth (JRSS B 50, 1988). Values that a coarse clock made equal are
        spread over their tick first. Sums within examples then go the way of a clustered mean
        (Shao, Linearization in surveys, 1994).
        """
        n = len(self.values)
        width = min(_bandwidth(share, n), 0.9 * min(share, 1 - share))
        slope = self._slope(share, width)
        if slope is None:
            return None
        if self.curve is None:
            value, _ = self.quantile(share)
            below = self.values <= value
            weights = np.full(n, 1.0 / n) if self.weights is None else self.weights
            share_below = float(weights[below].sum())
            return (share_below - below) * slope * weights
        at = int(np.searchsorted(self.curve.cdf, share - 1e-12)) + 1
        found = np.empty(n)
        found[self.curve.order] = -self.curve.influence(at) * (1 - share) * slope
        return found

    def _slope(self, share: float, width: float) -> float | None:
        """Return 1 / f at a quantile."""
        x, cdf = self.cumulated
        if self.curve is not None:
            events = self.curve.hazard > 0
            x, cdf = x[events], cdf[events]
        if not len(x) or cdf[-1] < share + width - 1e-12:
            return None
        spread = _untied(x)
        low, high = np.interp([share - width, share + width], cdf, spread)
        return float(high - low) / (2 * width) if high > low else None


def effective_values(below: Sums, n: int, confidence: float) -> float:
    """Return how many independent values n are worth, by which of them lie below a quantile."""
    m = below.clusters
    if m == n or m < 2:
        return float(m)
    tail = (1 + confidence) / 2
    few = (z_quantile(tail) / t_quantile(tail, m - 1)) ** 2
    return max(effective_size(below) * few, 1.0)


def _plain(x: Floats, share: float) -> float:
    """Interpolate between sorted values as numpy's default does."""
    place = share * (len(x) - 1)
    at = int(place)
    if at + 1 >= len(x):
        return float(x[-1])
    part, gap = place - at, x[at + 1] - x[at]
    return float(x[at + 1] - gap * (1 - part) if part >= 0.5 else x[at] + gap * part)


def _weighted(x: Floats, cdf: Floats, size: float, share: float) -> float:
    """Average the values over a window of one effective value around the quantile."""
    low = (size - 1) * share / size
    parts = np.clip((np.append(0.0, cdf) - low) * size, 0.0, 1.0)
    parts[-1] = 1.0
    return float(np.sum(np.diff(parts) * x))


def _ends(low: float, high: float, method: str) -> tuple[Interval | None, str]:
    """Return an interval; between two equal values lies no spread, only a coarse clock."""
    return ((low, high), method) if low < high else (None, "none: ties")


def _untied(x: Floats) -> Floats:
    """Spread equal values of a sorted array over the gap that values keep from one another."""
    distinct, first, counts = np.unique(x, return_index=True, return_counts=True)
    if len(distinct) in (1, len(x)):
        return x
    tick = float(np.diff(distinct).min())
    rank = np.arange(len(x)) - np.repeat(first, counts)
    found: Floats = x + tick * ((rank + 0.5) / np.repeat(counts, counts) - 0.5)
    return found


def _bandwidth(share: float, n: int) -> float:
    z = z_quantile(share)
    density = exp(-z * z / 2) / sqrt(2 * pi)
    shape = (1.5 * density**2 / (2 * z * z + 1)) ** (1 / 3)
    return float(n ** (-1 / 3) * z_quantile(0.975) ** (2 / 3) * shape)
