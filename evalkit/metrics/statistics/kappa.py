"""Kappa and alpha: agreement beyond chance, with bootstrap intervals over examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.bootstrap import bca_of

Array = NDArray[Any]


def agreement_figures(
    human: Array,
    judge: Array,
    cluster: Array,
    numbers: Array | None,
    k: int,
    confidence: float,
    weights: Array | None = None,
) -> dict[str, Figure]:
    """Return kappa, alpha and, for three or more numeric categories, weighted kappa.

    `human` and `judge` are category codes below `k`, `cluster` the example codes from 0. `weights`
    say how many runs each stands for; only their ratios count.
    """
    units = int(cluster.max()) + 1
    tables = np.zeros((units, k * k))
    each = 1.0 if weights is None else weights / weights.mean()
    np.add.at(tables, (cluster, human * k + judge), each)
    nominal = 1.0 - np.eye(k)
    wanted: dict[str, Callable[[Array], Array]] = {"kappa": lambda t: cohen(t, nominal)}
    distance = nominal
    if numbers is not None and k > 2:
        distance = (numbers[:, None] - numbers[None, :]) ** 2
        wanted["weighted_kappa"] = lambda t: cohen(t, distance)
    wanted["alpha"] = lambda t: krippendorff(t, distance)
    return {name: _figure(tables, f, len(human), confidence) for name, f in wanted.items()}


def cohen(tables: Array, weights: Array) -> Array:
    """Return Cohen's (weighted) kappa of flattened confusion tables, one a row; NaN: undefined.

    1 - sum(w o) / sum(w e) with disagreement weights w (Cohen, Psych. Bull. 70, 1968).
    """
    k = len(weights)
    shares = tables.reshape(-1, k, k)
    n = shares.sum((1, 2))
    expected = shares.sum(2)[:, :, None] * shares.sum(1)[:, None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = (shares * weights).sum((1, 2)) / n
        chance = (expected * weights).sum((1, 2)) / n**2
        found: Array = 1 - seen / chance
    return np.where(chance > 0, found, np.nan)


def krippendorff(tables: Array, distance: Array) -> Array:
    """Return Krippendorff's alpha for two raters of flattened confusion tables, one a row.

    From the coincidence matrix (Krippendorff, Content Analysis, 2004, 11.3).
    """
    k = len(distance)
    pairs = tables.reshape(-1, k, k)
    pairs = pairs + pairs.transpose(0, 2, 1)
    totals = pairs.sum(2)
    n = totals.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = (pairs * distance).sum((1, 2)) / n
        apart = totals[:, :, None] * totals[:, None, :]
        chance = (apart * distance).sum((1, 2)) / (n * (n - 1))
        found: Array = 1 - seen / chance
    return np.where(chance > 0, found, np.nan)


def _figure(
    tables: Array, statistic: Callable[[Array], Array], n: int, confidence: float
) -> Figure:
    value = float(statistic(tables.sum(0)[None, :])[0])
    if np.isnan(value):
        return Figure(None, n=n, method="none: one category only", clusters=len(tables))
    ends = bca_of(tables, statistic, confidence)
    low, high = ends or (None, None)
    return Figure(value, low, high, n, "bca over examples" if ends else "none", len(tables))
