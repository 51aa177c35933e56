"""BCa bootstrap intervals, resampling examples so that repetitions stay together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.metrics.columns.arrays import Floats
from evalkit.metrics.documents.figures import Interval
from evalkit.metrics.statistics.students_t import NORMAL, z_quantile

RESAMPLES = 2000
SEED = 20231127
_CHUNK = 400_000
"""Drawn indices held at once: 3 MB, which stay in the cache."""


def bca_ratio(
    totals: Floats, sizes: Floats, confidence: float = 0.95, *, resamples: int = RESAMPLES
) -> Interval | None:
    """Return the BCa interval of sum(totals) / sum(sizes), clusters resampled.

    Efron, "Better bootstrap confidence intervals", JASA 82, 1987. `totals` and `sizes` are one
    entry per cluster; with sizes of one it is the interval of a plain mean. None when fewer than
    two clusters or nothing varies.
    """
    found = bca_ratios(totals[:, None], sizes[:, None], confidence, resamples=resamples)
    return found[0]


def bca_ratios(
    totals: Floats, sizes: Floats, confidence: float = 0.95, *, resamples: int = RESAMPLES
) -> list[Interval | None]:
    """Return BCa intervals of several ratios at once; columns share the resamples."""
    m, columns = totals.shape
    if m < 2:
        return [None] * columns
    tops, bottoms = _resampled(np.hstack([totals, sizes]), resamples, columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = tops / bottoms
        whole = totals.sum(0) / sizes.sum(0)
        left_out = (totals.sum(0) - totals) / (sizes.sum(0) - sizes)
    return [
        _bca(draws[:, j], float(whole[j]), left_out[sizes[:, j] > 0, j], confidence)
        for j in range(columns)
    ]


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
    sums, _ = _resampled(rows, resamples, rows.shape[1])
    total = rows.sum(0)
    left_out = statistic(total - rows)
    left_out = left_out[np.isfinite(left_out)]
    return _bca(statistic(sums), float(statistic(total[None, :])[0]), left_out, confidence)


def _resampled(columns: Floats, resamples: int, split: int) -> tuple[Floats, Floats]:
    """Sum rows drawn with replacement, `resamples` times."""
    m = len(columns)
    rng = np.random.default_rng(SEED)
    sums = np.empty((resamples, columns.shape[1]))
    batch = max(1, min(resamples, _CHUNK // m))
    for start in range(0, resamples, batch):
        stop = min(resamples, start + batch)
        weights = _multiplicities(rng, m, stop - start)
        sums[start:stop] = weights @ columns
    return sums[:, :split], sums[:, split:]


def _multiplicities(rng: np.random.Generator, m: int, rows: int) -> Floats:
    """Draw how often each of m clusters is in each of `rows` resamples."""
    drawn = rng.integers(0, m, size=(rows, m), dtype=np.int64)
    drawn += np.arange(rows, dtype=np.int64)[:, None] * m
    counts: NDArray[Any] = np.bincount(drawn.ravel(), minlength=rows * m)
    return counts.reshape(rows, m).astype(np.float64)


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
