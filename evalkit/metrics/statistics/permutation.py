"""Permutation tests: is the mean of some examples lower than chance would have picked?"""

from __future__ import annotations

from math import sqrt

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.statistics.students_t import t_tail

EXACT = 60
"""Examples in the smaller part up to which the distribution is counted out."""
LEVELS = {20: 60, 40: 30, EXACT: 20}
"""Steps that values are rounded to, by the size of the part; true or false needs no rounding."""


def lower_than_rest(here: Floats, rest: Floats) -> float:
    """Return the one-sided p that `here` has a mean this low, or lower, by chance alone.

    Exact given the values: every choice of as many examples is as likely (Fisher, The Design of
    Experiments, 1935; of true or false it is Fisher's exact test). From sixty examples on,
    Student's t with Johnson's correction for skewness (JASA 73, 1978).
    """
    values = np.concatenate([here, rest])
    low, high = float(values.min()), float(values.max())
    if not low < high:
        return 1.0
    values = (values - low) / (high - low)
    few = len(here) <= len(rest)
    part = values[: len(here)] if few else values[len(here) :]
    if bool(np.all((values == 0) | (values == 1))):
        return _fisher(len(values), int(values.sum()), len(part), int(part.sum()), few)
    if len(part) > EXACT:
        return _student(values, part, few)
    levels = next(steps for size, steps in LEVELS.items() if len(part) <= size)
    grid = np.rint(values * levels).astype(np.int64)
    at = int(grid[: len(here)].sum() if few else grid[len(here) :].sum())
    chances = _sums(grid, len(part), levels)
    tail = chances[: at + 1] if few else chances[at:]
    return min(1.0, float(tail.sum()))


def _log_factorials(n: int) -> Floats:
    """Return log k! for k from 0 to n.

    Not from scipy: its import takes ten times as long as the summary of a small experiment, and
    slices are part of summaries.
    """
    found: Floats = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, n + 1)))])
    return found


def _fisher(n: int, ones: int, drawn: int, found: int, low: bool) -> float:
    """Return the hypergeometric tail: at most (or at least) `found` ones among those drawn."""
    logs_of = _log_factorials(n)
    k = np.arange(max(0, drawn - (n - ones)), min(drawn, ones) + 1)

    def choose(a: int, b: Codes) -> Floats:
        found: Floats = logs_of[a] - logs_of[b] - logs_of[a - b]
        return found

    logs = choose(ones, k) + choose(n - ones, drawn - k) - choose(n, np.array(drawn))
    tail = k <= found if low else k >= found
    return min(1.0, float(np.exp(logs)[tail].sum()))


def _sums(grid: Codes, drawn: int, levels: int) -> Floats:
    """Return the chance of every sum of `drawn` of the whole numbers `grid`, by counting choices.

    The product over distinct values v of sum_j C(count, j) x^j z^(j v), cut at x^drawn.
    """
    logs_of = _log_factorials(len(grid))
    ways = np.zeros((drawn + 1, drawn * levels + 1))
    ways[0, 0] = 1.0
    distinct, counts = np.unique(grid, return_counts=True)
    for value, count in zip(distinct.tolist(), counts.tolist(), strict=True):
        j = np.arange(min(count, drawn) + 1)
        choices = np.exp(logs_of[count] - logs_of[j] - logs_of[count - j])
        more = np.zeros_like(ways)
        for take in j.tolist():
            shift = take * value
            width = ways.shape[1] - shift
            more[take:, shift:] += choices[take] * ways[: drawn + 1 - take, :width]
        ways = more / more.max()
    last = ways[drawn]
    found: Floats = last / last.sum()
    return found


def _student(values: Floats, part: Floats, low: bool) -> float:
    n, m = len(values), len(part)
    spread = float(values.std())
    se = spread * sqrt((n - m) / (m * (n - 1)))
    t = (float(part.mean()) - float(values.mean())) / se
    skew = float(np.mean(((values - values.mean()) / spread) ** 3))
    t += skew * (1 - 2 * m / n) / (6 * sqrt(m)) * (1 - t * t)
    return t_tail(-t if low else t, n - 2)
