"""Powered: people's rate from an evaluator's of all runs and labels of some, drawn on purpose.

Prediction-powered inference (Angelopoulos et al., Science 382, 2023), tuned as in PPI++
(Angelopoulos, Duchi and Zrnic, arXiv 2311.01453), with labels drawn where the evaluator is likely
to err (Zrnic and Candès, Active Statistical Inference, ICML 2024): each label counts for one over
its chance to be drawn, so that it does not matter for the value whether the guess was good.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, unique
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.intervals import Sums, effective_size
from evalkit.metrics.statistics.students_t import t_quantile

LEAST_ERROR, MOST_ERROR = 0.05, 0.5
"""What is guessed of an evaluator's errors on the easiest and on the hardest runs."""
MORE = 1.0
"""Labels that are added to the variance, half of them wrong each way, among as many as the weighted
ones are worth (Kish): few labels may show no error by chance.
"""


def draw_chances(hardness: Floats, size: int) -> Floats:
    """Return each run's chance to be labelled, `size` in all; the best are as the root of its
    chance of an error.

    `hardness` is from 0 to 1. The root keeps a run that looks easy within about a third of the
    chance of one that looks hard, so that a bad guess costs little.
    """
    wanted = np.sqrt(LEAST_ERROR + (MOST_ERROR - LEAST_ERROR) * np.clip(hardness, 0.0, 1.0))
    sure = np.zeros(len(wanted), np.bool_)
    while True:
        rest = wanted[~sure].sum()
        found: Floats = np.where(sure, 1.0, wanted * (size - sure.sum()) / max(rest, 1e-12))
        over = (found >= 1.0) & ~sure
        if not over.any():
            return found
        sure |= over
        if sure.all():
            return np.ones(len(wanted))


def drawn(chance: Floats, start: float) -> Codes:
    """Return the places drawn with exactly these chances, by one start in 0..1 (systematic).

    As many as the chances add up to, in the order given, which has to be a random one (Hartley and
    Rao, Ann. Math. Stat. 33, 1962).
    """
    ends = np.floor(np.cumsum(chance) + start + 1e-9)
    places: Codes = np.flatnonzero(np.diff(ends, prepend=np.floor(start)) > 0)
    return places


def powered_rate(
    observed: Sums,
    said: Floats,
    people: Floats,
    weights: Floats,
    cluster: Codes,
    confidence: float = 0.95,
) -> Figure:
    """Return people's rate over all runs with its interval.

    `observed` is the evaluator's passes over all its runs; the others are of labelled runs: what
    the evaluator said, what people did (0 or 1), one over the chance of having been drawn, and the
    example.
    """
    units = len(unique(cluster))
    if observed.n == 0 or units < 2:
        return Figure(None, n=observed.n, method="none: too few labels")
    share = weights / weights.sum()
    trust = _trust(said, people, share)
    rest = people - trust * said
    level = float(np.sum(share * rest))
    value = min(1.0, max(0.0, trust * observed.mean + level))
    _, place = np.unique(cluster, return_inverse=True)
    parts = np.bincount(place, weights=share * (rest - level))
    variance = units / (units - 1) * float(np.sum(parts**2))
    variance += MORE * float(np.sum(share**2)) ** 2
    variance += value * (1 - value) / max(effective_size(observed), 1.0)
    half = t_quantile((1 + confidence) / 2, units - 1) * sqrt(variance)
    low, high = max(0.0, value - half), min(1.0, value + half)
    method = "prediction-powered, active"
    return Figure(value, low, high, observed.n, method, observed.clusters, sqrt(variance))


def _trust(said: Floats, people: Floats, share: Floats) -> float:
    """Return how far the evaluator is followed: the slope of people's word on its own, 0 to 1."""
    middle = said - np.sum(share * said)
    spread = float(np.sum(share * middle**2))
    slope = float(np.sum(share * middle * people)) / spread if spread > 0 else 1.0
    return min(1.0, max(0.0, slope))
