"""Quantiles of times of which some were cut short: Kaplan and Meier, with examples as units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, Mask
from evalkit.metrics.documents.figures import Interval
from evalkit.metrics.statistics.students_t import t_quantile


@dataclass(frozen=True, slots=True)
class Survival:
    """The product-limit estimate (Kaplan and Meier, JASA 53, 1958) of weighted, clustered times.

    Made by `survival`; arrays are in ascending order of time, events before what was cut then.
    """

    x: Floats
    cdf: Floats
    order: Codes
    """Place of each entry in the values as given."""
    weight: Floats
    hazard: Floats
    """Of each event its share of those at risk; 0 for what was cut."""
    spent: Floats
    """Running sum of hazard over those at risk."""
    units: Codes
    m: int
    """Independent units."""

    def quantile(self, share: float) -> tuple[float, bool]:
        """Return the quantile and whether the data reach it; if not, the longest time."""
        at = int(np.searchsorted(self.cdf, share - 1e-12))
        return (float(self.x[at]), True) if at < len(self.x) else (float(self.x[-1]), False)

    def influence(self, at: int) -> Floats:
        """Return what each time, in this order, adds to the error of log S after `at` of them.

        Williams, Biometrics 51, 1995, and Ying and Wei, J. Multivar. Anal. 50, 1994: the
        linearised hazard, whose sums within units are independent.
        """
        rows = np.arange(len(self.x))
        own = np.where(rows < at, self.hazard, 0.0)
        found: Floats = own - self.weight * self.spent[np.minimum(rows, at - 1)]
        return found

    def _deviation(self, at: int) -> float:
        """Return the standard error of log S after `at` times, units as independent."""
        parts = np.bincount(self.units, weights=self.influence(at), minlength=self.m)
        return float(np.sqrt(self.m / max(self.m - 1, 1) * np.sum(parts * parts)))

    def interval(self, share: float, confidence: float) -> Interval | None:
        """Return the times at which the quantile cannot be told from lying there.

        Brookmeyer and Crowley, Biometrics 38, 1982, on the scale log(-log S); with t for few
        units. None when the data bound it on one side only.
        """
        if self.m < 2:
            return None
        limit = t_quantile((1 + confidence) / 2, self.m - 1)
        events = np.flatnonzero(self.hazard > 0)
        if not len(events):
            return None
        last = np.append(self.x[events][1:] != self.x[events][:-1], True)
        ends = events[last] + 1  # number of times up to and with each distinct event

        def beyond(place: int) -> float:
            left = 1.0 - float(self.cdf[ends[place] - 1])
            if left <= 0:
                return np.inf
            gap = np.log(-np.log(left)) - np.log(-np.log1p(-share))
            error = self._deviation(int(ends[place])) / -np.log(left)
            return float(gap / error) if error > 0 else float(np.sign(gap) * np.inf)

        low = _first(len(ends), lambda place: beyond(place) >= -limit)
        high = _first(len(ends), lambda place: beyond(place) > limit)
        if low >= len(ends) or high >= len(ends):
            return None
        return (float(self.x[ends[low] - 1]), float(self.x[ends[high] - 1]))


def survival(values: Floats, cut: Mask, weights: Floats | None, units: Codes | None) -> Survival:
    """Fit the curve; `cut` marks times known to be too short, `weights` default to one each."""
    order = np.lexsort((cut, values))
    x, events = values[order], ~cut[order]
    weight = np.ones(len(x)) if weights is None else weights[order]
    at_risk = np.cumsum(weight[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(events, 1.0 - np.minimum(weight / at_risk, 1.0), 1.0)
    left[-1] = 0.0 if events[-1] else 1.0
    first = np.searchsorted(x, x, "left")
    hazard = np.where(events, weight / at_risk[first], 0.0)
    ends = np.searchsorted(x, x, "right") - 1
    spent = np.cumsum(hazard / at_risk[first])[ends]
    place = order if units is None else np.unique(units[order], return_inverse=True)[1]
    cdf: Floats = np.asarray(1.0 - np.cumprod(left), np.float64)
    return Survival(
        x, cdf, order, weight, hazard, spent, place.astype(np.int64), int(place.max()) + 1
    )


def _first(n: int, holds: object) -> int:
    """Return the first place at which a condition that stays true holds, n for none."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)  # type: ignore[operator]
    return low
