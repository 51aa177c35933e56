"""Tallied: what is kept of more values than are held, the same for every order and division.

Counts, exact sums, ends and sums by unit; quantiles are read from a log histogram. A bin is all
floats that share exponent and the first 8 bits of the mantissa, so that the middle of a bin is
within 0.2 % of every value in it (after DDSketch, Masson, Rim and Lee, PVLDB 12, 2019, and
HdrHistogram; here bins are cut by bits, so no logarithm rounds differently elsewhere).
"""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.columns.exact import SMALLEST, exact_sums, rounded

DROPPED = 44
"""Bits of a float that its bin does not tell: 52 of the mantissa less 8."""
WITHIN = "within 0.2 %"
COARSE, FINE = 2.0**-20, 2.0**-48
"""Sums by unit are of whole multiples of these, which add up without rounding up to 2 ** 33."""


class Histogram:
    """Counts of values from 0 up in bins of a relative width."""

    def __init__(self) -> None:
        self._bins = np.empty(0, np.int64)
        self._counts = np.empty(0, np.int64)

    def add(self, values: Floats) -> None:
        """Count further values."""
        bins, counts = np.unique((values + 0.0).view(np.int64) >> DROPPED, return_counts=True)
        known, place = np.unique(np.concatenate([self._bins, bins]), return_inverse=True)
        total = np.zeros(len(known), np.int64)
        np.add.at(total, place, np.concatenate([self._counts, counts]))
        self._bins, self._counts = known, total

    def around(self, rank: int) -> tuple[float, float]:
        """Return the ends of the bin that holds the value of a rank, counted from 0."""
        at = int(np.searchsorted(np.cumsum(self._counts), rank, side="right"))
        low = self._bins[at : at + 1] << DROPPED
        ends = np.concatenate([low, low + (1 << DROPPED)]).view(np.float64)
        return float(ends[0]), float(ends[1])


class Tally:
    """What is known of one measure: of its values no more than this is kept."""

    def __init__(self) -> None:
        self.n = 0
        self.least, self.most = float("inf"), 0.0
        self._sum = self._squares = 0
        self.histogram = Histogram()
        self._by_unit: dict[str, NDArray[np.float64]] = {}
        self._below: NDArray[np.int64] = np.zeros((0, 0), np.int64)

    def add(self, values: Floats, units: Codes) -> None:
        """Take in values from 0 up, and the independent unit of each."""
        self.n += len(values)
        self.least = min(self.least, float(values.min()))
        self.most = max(self.most, float(values.max()))
        self._sum += exact_sums(values)[0]
        self._squares += exact_sums(values * values)[0]
        self.histogram.add(values)
        coarse = np.rint(values / COARSE) * COARSE
        fine = np.rint((values - coarse) / FINE) * FINE
        for name, weights in (("n", None), ("coarse", coarse), ("fine", fine)):
            found = np.bincount(units, weights=weights).astype(np.float64)
            self._by_unit[name] = _longer(self._by_unit.get(name, np.zeros(0)), len(found))
            self._by_unit[name][: len(found)] += found

    @property
    def total(self) -> float:
        """The sum of all values."""
        return rounded(self._sum)

    @property
    def sd(self) -> float | None:
        """Their standard deviation."""
        if self.n < 2:
            return None
        one = Fraction(self._sum, 1 << SMALLEST)
        squares = Fraction(self._squares, 1 << SMALLEST)
        return sqrt(max(float((squares - one * one / self.n) / (self.n - 1)), 0.0))

    def by_unit(self) -> tuple[Floats, Floats]:
        """Return sum and number of the values of each unit that has any."""
        there = self._by_unit["n"] > 0
        sums = self._by_unit["coarse"] + self._by_unit["fine"]
        return sums[there], self._by_unit["n"][there]

    def value(self, rank: int) -> float:
        """Return about the value of a rank, counted from 0."""
        low, high = self.histogram.around(rank)
        return min(max((low + high) / 2, self.least), self.most)

    def count_below(self, limits: list[float], values: Floats, units: Codes) -> None:
        """Count, in a second reading, how many values of each unit are not above limits."""
        size = len(self._by_unit["n"])
        if not len(self._below):
            self._below = np.zeros((len(limits), size), np.int64)
        for place, limit in enumerate(limits):
            self._below[place] += np.bincount(units[values <= limit], minlength=size)

    def below(self, place: int) -> Floats:
        """Return how many values of each unit that has any are not above a limit."""
        counts: Floats = self._below[place][self._by_unit["n"] > 0].astype(np.float64)
        return counts


def _longer(found: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return found if len(found) >= size else np.concatenate([found, np.zeros(size - len(found))])
