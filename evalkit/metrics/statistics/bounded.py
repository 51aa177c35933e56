"""Bounds of the mean of bounded values that hold whatever their distribution."""

from __future__ import annotations

import numpy as np

from evalkit.metrics.columns.arrays import Floats
from evalkit.metrics.documents.figures import Interval
from evalkit.metrics.documents.seeds import BOUNDED

DRAWS = 5000
MOVED_MOST = 200
"""Units that moved from which on a standard error is as good, and this takes too long."""


def extreme_bounds(values: Floats, ends: Interval, alpha: float) -> Interval:
    """Return one-sided bounds of the mean, at `alpha` each, of values inside `ends`.

    Gaffke's bound (Advances in Stochastics, 2005; Phan, Thomas and Learned-Miller, ICML 2021): the
    quantile of the mean of the values and one more at the end, weighted by a flat Dirichlet. Of
    values that are 0 or 1 it is Clopper and Pearson's, which no share of examples breaks; it is
    the Bayesian bootstrap made to reckon with what was not seen. With many units that moved the
    answer is minus and plus infinity: `bounds` of the test are then enough.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if np.count_nonzero(values) > MOVED_MOST:
        return (float("inf"), float("-inf"))
    rng = np.random.default_rng(BOUNDED)
    weights = rng.gamma(counts.astype(np.float64), size=(DRAWS, len(counts)))
    more = rng.standard_exponential(DRAWS)
    totals, size = weights @ distinct, weights.sum(1) + more
    low = np.quantile((totals + more * ends[0]) / size, alpha)
    high = np.quantile((totals + more * ends[1]) / size, 1 - alpha)
    return (float(low), float(high))
