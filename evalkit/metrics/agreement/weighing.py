"""Weighing: shares of labelled runs that were not all drawn with the same chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.calibration import Hits
from evalkit.metrics.statistics.intervals import wilson
from evalkit.metrics.statistics.students_t import t_quantile


@dataclass(frozen=True, slots=True)
class Share:
    """A weighted share of yes among labelled runs, with what its examples are worth."""

    value: float
    worth: float
    """Independent draws that would say as much."""
    n: int
    units: int


def share(yes: Floats, weights: Floats, cluster: Codes) -> Share | None:
    """Return sum(w y) / sum(w), and its worth with examples as units; None without a run.

    The worth is p (1 - p) over the linearised variance of the ratio (Cochran, Sampling Techniques,
    1977, 6.3), and never above Kish's (sum w)^2 / sum w^2 (Survey Sampling, 1965, 11.7), which
    alone counts where everything is yes or no.
    """
    if len(yes) == 0:
        return None
    _, place = np.unique(cluster, return_inverse=True)
    tops, sizes = np.bincount(place, weights=weights * yes), np.bincount(place, weights=weights)
    total, units = float(sizes.sum()), len(sizes)
    value = float(tops.sum()) / total
    most = total**2 / float(np.sum(sizes**2))
    if units < 2 or not 0 < value < 1:
        return Share(value, most, len(yes), units)
    squares = float(np.sum((tops - value * sizes) ** 2))
    variance = units / (units - 1) * squares / total**2
    worth = value * (1 - value) / variance if variance > 0 else most
    return Share(value, max(1.0, min(worth, most)), len(yes), units)


def weighted_figure(found: Share | None, confidence: float) -> Figure:
    """Return the share with Wilson's interval on what it is worth, by Student's quantile."""
    if found is None:
        return Figure(None, n=0)
    quantile = t_quantile((1 + confidence) / 2, max(found.units - 1, 1))
    low, high = wilson(found.value * found.worth, found.worth, confidence, quantile)
    se = sqrt(max(found.value * (1 - found.value), 0.0) / found.worth)
    return Figure(found.value, low, high, found.n, "wilson, weighted", found.units, se)


def weighted_hits(good: Share | None, bad: Share | None) -> Hits | None:
    """Return what an evaluator got right on runs people passed, and on those they failed."""
    if good is None or bad is None:
        return None
    return Hits(good.value, good.worth, bad.value, bad.worth, min(good.units, bad.units))
