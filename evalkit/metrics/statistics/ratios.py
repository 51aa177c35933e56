"""Ratios of two means over the same examples, such as what a success costs."""

from __future__ import annotations

import numpy as np

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.bootstrap import Studentised, studentised
from evalkit.metrics.statistics.distribution import (
    HEAVY,
    RESAMPLED_LEAST,
    RESAMPLED_MOST,
    heavy,
)
from evalkit.metrics.statistics.intervals import ROUNDING, Sums
from evalkit.metrics.statistics.students_t import t_quantile


def ratio_figure(tops: Sums, bottoms: Sums, confidence: float = 0.95) -> Figure:
    """Return mean(tops) / mean(bottoms) with its interval; both are of the same examples.

    The error is that of the linearised ratio (Cochran, Sampling Techniques, 1977, 6.3), on the
    scale of logarithms, so that the interval never reaches zero; its quantiles are those of the
    bootstrap-t, or Student's for very few units and very many.
    """
    spent, _ = tops.by_unit
    won, _ = bottoms.by_unit
    m, value = len(spent), float(spent.sum() / won.sum())
    residual = spent - value * won
    top = float(np.abs(residual).max())
    if m < 2 or value <= 0 or top <= ROUNDING * float(np.abs(spent).max()):
        why = "none: one example" if m < 2 else "none: all equal"
        return Figure(value, None, None, tops.n, why, m)
    tail = HEAVY if heavy(Sums(residual, np.ones(m))) else ""
    ends = None
    if RESAMPLED_LEAST <= m <= RESAMPLED_MOST:
        found = studentised(spent[:, None], won[:, None], log=True)[0]
        ends = found.interval(confidence) if found else None
    method = "bootstrap-t, log ratio"
    se = top * float(np.sqrt(m / (m - 1) * np.sum((residual / top) ** 2)) / won.sum())
    if ends is None:
        limit = t_quantile((1 + confidence) / 2, m - 1)
        ends = Studentised(value, se, won, log=True).between(-limit, limit)
        method = "t, log ratio"
    low, high = ends or (None, None)
    return Figure(value, low, high, tops.n, method + tail, m, se)
