"""Bootstrap intervals, resampling examples so that repetitions stay together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.metrics.columns.arrays import Floats
from evalkit.metrics.documents.figures import Interval
from evalkit.metrics.documents.seeds import BOOTSTRAP
from evalkit.metrics.statistics.students_t import NORMAL, t_quantile, t_tail, z_quantile

RESAMPLES = 2000
ROUNDING = 1e-13
TAIL = 10
"""Resamples beyond a statistic that are enough to say how rare it is."""
_CHUNK = 400_000
"""Drawn indices held at once: 3 MB, which stay in the cache."""


@dataclass(frozen=True, slots=True)
class Studentised:
    """A ratio of sums with the distribution of its t statistic, by resampling its units."""

    value: float
    se: float
    draws: Floats
    """t of each resample, ascending; one in which nothing varies is infinite."""
    log: bool = False
    """t is that of the logarithm: of quantities that cannot be below zero."""

    def quantile(self, probability: float) -> float:
        """Return a quantile of t, the outer of two neighbours."""
        place = probability * (len(self.draws) - 1)
        at = np.floor(place) if probability < 0.5 else np.ceil(place)
        return float(self.draws[int(at)])

    def interval(self, confidence: float) -> Interval | None:
        """Return Efron's bootstrap-t interval; None when resamples bound it on one side only."""
        tail = (1 - confidence) / 2
        return self.between(self.quantile(tail), self.quantile(1 - tail))

    def between(self, least: float, most: float) -> Interval | None:
        """Return the values whose t lies between two quantiles."""
        if not (np.isfinite(least) and np.isfinite(most)):
            return None
        if self.log:
            rough = self.se / self.value
            with np.errstate(over="ignore"):
                ends = self.value * np.exp(-np.array([most, least]) * rough)
            return (float(ends[0]), float(ends[1])) if np.isfinite(ends).all() else None
        return (self.value - most * self.se, self.value - least * self.se)

    def p(self, df: float) -> float:
        """Return the two-sided p of zero, which agrees with the interval.

        Beyond what the resamples reach, the tail is that of a t stretched to fit where they do.
        """
        t, n = self.value / self.se, len(self.draws)
        beyond = self.draws >= t if t > 0 else self.draws <= t
        count = int(beyond.sum())
        if count >= TAIL:
            return min(1.0, 2 * count / n)
        reached = abs(self.quantile(1 - TAIL / n if t > 0 else TAIL / n))
        if not np.isfinite(reached):
            return 2 * (count + 1) / (n + 1)
        stretch = max(reached / t_quantile(1 - TAIL / n, df), 1.0)
        return min(2 * (count + 1) / (n + 1), 2 * t_tail(abs(t) / stretch, df))


def studentised(
    tops: Floats, bottoms: Floats, *, log: bool = False, resamples: int = RESAMPLES
) -> list[Any]:
    """Return a `Studentised` of sum(tops) / sum(bottoms) for each column, None where all is equal.

    Efron, The jackknife, the bootstrap and other resampling plans, 1982, 10.10; Hall, Ann.
    Statist. 16, 1988: the bootstrap-t is second-order correct, as BCa is, and of the two holds
    more at small n (`benchmarks/simulations.py`). Rows are independent units; columns share draws.
    """
    m, columns = tops.shape
    values = tops.sum(0) / bottoms.sum(0)
    excess = tops - values * bottoms
    top = np.abs(excess).max(0)
    flat = ~(top > ROUNDING * np.abs(tops).max(0))
    excess = excess / np.where(flat, 1.0, top)
    plain = bool((bottoms == 1).all())
    parts = [excess, excess**2] if plain else [excess, excess**2, bottoms, excess * bottoms]
    if m < 2:
        return [None] * columns
    if not plain:
        parts.append(bottoms**2)
    sums = _resampled(np.hstack(parts), resamples).reshape(resamples, len(parts), columns)
    size = bottoms.sum(0)
    se = np.sqrt(m / (m - 1) * (excess**2).sum(0)) / size
    t = _t_of(sums, m, plain, values / np.where(flat, 1.0, top) if log else None)
    return [
        None
        if flat[j]
        else Studentised(float(values[j]), float(se[j] * top[j]), np.sort(t[:, j]), log)
        for j in range(columns)
    ]


def _t_of(sums: Floats, m: int, plain: bool, positive: Floats | None) -> Floats:
    """Return the t statistic of each resample from its sums; of the log of `positive` values."""
    size: Any = float(m)
    if plain:
        gap = sums[:, 0] / size
        squares = _beyond_rounding(sums[:, 1], m * gap**2)
    else:
        size = sums[:, 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = sums[:, 0] / size
            squares = _beyond_rounding(sums[:, 1] + gap**2 * sums[:, 4], 2 * gap * sums[:, 3])
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(m / (m - 1) * np.maximum(squares, 0.0)) / size
        moved = gap
        if positive is not None:
            moved = np.log1p(gap / positive) * (positive + gap)
        t: Floats = np.where(error > ROUNDING, moved / error, np.sign(gap) * np.inf)
    return np.nan_to_num(t, nan=0.0, posinf=np.inf, neginf=-np.inf)


def _beyond_rounding(first: Any, second: Any) -> Any:
    """Return the difference, zero where it is what rounding leaves of two equal sums."""
    left = first - second
    return np.where(left > ROUNDING * (np.abs(first) + np.abs(second)), left, 0.0)


def bca_of(
    rows: Floats,
    statistic: Callable[[Floats], Floats],
    confidence: float = 0.95,
    *,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """Return the BCa interval of a statistic of summed rows, one row a cluster.

    `statistic` takes a table with one sum of rows a line and returns one number a line.
    """
    if len(rows) < 2:
        return None
    sums = _resampled(rows, resamples)
    total = rows.sum(0)
    left_out = statistic(total - rows)
    left_out = left_out[np.isfinite(left_out)]
    return _bca(statistic(sums), float(statistic(total[None, :])[0]), left_out, confidence)


def _resampled(columns: Floats, resamples: int) -> Floats:
    """Sum rows drawn with replacement, `resamples` times."""
    m = len(columns)
    counts = _multiplicities(m, resamples)
    sums = np.empty((resamples, columns.shape[1]))
    batch = max(1, min(resamples, _CHUNK // m))
    for start in range(0, resamples, batch):
        stop = min(resamples, start + batch)
        sums[start:stop] = counts[start:stop].astype(np.float64) @ columns
    return sums


@lru_cache(maxsize=4)
def _multiplicities(m: int, resamples: int) -> NDArray[np.uint8]:
    """Draw how often each of m units is in each resample; many figures are of the same m."""
    rng = np.random.default_rng(BOOTSTRAP)
    counts = np.empty((resamples, m), np.uint8)
    batch = max(1, min(resamples, _CHUNK // m))
    for start in range(0, resamples, batch):
        rows = min(resamples, start + batch) - start
        drawn = rng.integers(0, m, size=(rows, m), dtype=np.int64)
        drawn += np.arange(rows, dtype=np.int64)[:, None] * m
        found = np.bincount(drawn.ravel(), minlength=rows * m)
        counts[start : start + rows] = np.minimum(found, 255).reshape(rows, m)
    return counts


def _bca(draws: Floats, whole: float, left_out: Floats, confidence: float) -> Interval | None:
    draws = np.sort(draws[np.isfinite(draws)])
    if len(draws) < 100 or len(left_out) < 2 or draws[0] == draws[-1]:
        return None
    below = np.searchsorted(draws, whole, "left") + np.searchsorted(draws, whole, "right")
    share = float(np.clip(below / (2 * len(draws)), 1 / (len(draws) + 1), 1 - 1 / (len(draws) + 1)))
    bias = NORMAL.inv_cdf(share)
    centred = left_out.mean() - left_out
    spread = float(np.sum(centred**2)) ** 1.5
    acceleration = float(np.sum(centred**3)) / (6 * spread) if spread > 0 else 0.0
    ends = []
    for z in (z_quantile((1 - confidence) / 2), z_quantile((1 + confidence) / 2)):
        shifted = bias + (bias + z) / (1 - acceleration * (bias + z))
        ends.append(float(np.quantile(draws, NORMAL.cdf(shifted))))
    return (ends[0], ends[1])
