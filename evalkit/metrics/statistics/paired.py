"""Paired tests: one difference per example, repetitions already averaged inside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, inf, sqrt

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.documents.figures import Figure, Interval
from evalkit.metrics.statistics.bootstrap import Studentised
from evalkit.metrics.statistics.bounded import extreme_bounds
from evalkit.metrics.statistics.intervals import ROUNDING, Sums, cluster_sums
from evalkit.metrics.statistics.quantiles import Sample
from evalkit.metrics.statistics.students_t import t_quantile, two_sided

MOVED = 20
"""Examples that moved from which on their spread is trusted as it is, see `_steadied`."""
WHOLE = (-1.0, 1.0)
"""Where the change of a share can lie."""


@dataclass(frozen=True, slots=True)
class PairedTest:
    """A difference with its standard error and what was made of them."""

    n: int
    difference: float | None
    se: float | None
    """Standard error that the interval, the margin tests and the power use."""
    df: float
    """Degrees of freedom; infinite where the normal is used."""
    p: float | None
    sd: float | None
    """Standard deviation of the differences."""
    method: str
    units: int | None = None
    """Independent units, when they are fewer than the pairs."""
    centre: float | None = None
    """Middle of the interval, where the method moves it off the difference."""
    limits: Interval | None = None
    """Where the difference can lie at all."""
    draws: Studentised | None = None
    """The t of resamples, of skewed differences: the interval holds its ends and Student's.

    The one holds where differences are skewed, the other where they have two heavy tails.
    """
    parts: Floats | None = None
    """Differences of shares, one a unit, for bounds that rest on no standard error."""

    def bounds(self, alpha: float) -> Interval | None:
        """Return the lower and the upper one-sided bound of the difference, at `alpha` each."""
        if self.se is None or self.difference is None:
            return None
        half = t_quantile(1 - alpha, self.df) * self.se
        middle = self.difference if self.centre is None else self.centre
        ends = (middle - half, middle + half)
        drawn = self.draws.interval(1 - 2 * alpha) if self.draws is not None else None
        if drawn is not None:
            ends = (min(ends[0], drawn[0]), max(ends[1], drawn[1]))
        if self.limits is None:
            return ends
        return (max(ends[0], self.limits[0]), min(ends[1], self.limits[1]))

    def sure_bounds(self, alpha: float) -> Interval | None:
        """Return bounds as `bounds`, for shares never inside those no distribution breaks.

        What is claimed absent (a difference beyond a margin) must not rest on the spread of the
        few examples that moved.
        """
        ends = self.bounds(alpha)
        if ends is None or self.parts is None:
            return ends
        low, high = extreme_bounds(self.parts, WHOLE, alpha)
        return (min(ends[0], low), max(ends[1], high))

    def interval(self, confidence: float) -> Interval | None:
        """Return the interval of the difference."""
        return self.bounds((1 - confidence) / 2)

    def figure(self, confidence: float) -> Figure:
        """Return the difference as a Figure."""
        low, high = self.interval(confidence) or (None, None)
        return Figure(
            self.difference, low, high, self.n, self.method, self.units or self.n, self.se
        )

    def with_draws(self, draws: Studentised) -> PairedTest:
        """Return the test with the t of resamples beside Student's."""
        p = max(draws.p(self.df), self.p or 0.0)
        method = self.method.replace("paired t", "bootstrap-t")
        return replace(self, draws=draws, p=p, method=method)

    @property
    def effect(self) -> float | None:
        """Cohen's d_z (Cohen, 1988, 2.3.5): difference over the deviation of differences."""
        if self.difference is None or not self.sd:
            return None
        return self.difference / self.sd


def paired_test(
    baseline: Floats,
    candidate: Floats,
    *,
    bounded: bool,
    single: bool,
    units: Codes | None = None,
) -> PairedTest:
    """Test example means pair by pair.

    `bounded`: values lie in 0..1. `single`: true or false from one run on each side, for which
    McNemar's mid-p is used (Fagerland, Lydersen and Laake, BMC Med. Res. Methodol. 13, 2013) with
    Bonett and Price's interval (J. Educ. Behav. Stat. 37, 2012), good when few examples differ.
    Otherwise Student's paired t over examples, of shares with part of a pair won and lost in
    addition. `units` are codes of examples that belong together; then t is clustered by them.
    """
    d = candidate - baseline
    n = len(d)
    if n < 2:
        value = float(d[0]) if n else None
        return PairedTest(n, value, None, 1, None, None, "none: too few pairs")
    size = max(float(np.abs(baseline).max()), float(np.abs(candidate).max()))
    d = np.where(np.abs(d) <= ROUNDING * size, 0.0, d)
    sums = cluster_sums(d, np.arange(n) if units is None else units)
    together = sums.clusters < n
    if bounded:
        if single and not together:
            return _discordance(d)
        return _steadied(d, sums, together)
    mean, sd, se = _moments(d, Sums(d, np.ones(n), units))
    if sums.clusters < 2:
        return PairedTest(n, mean, None, 1, None, sd, "none: one unit of examples", 1)
    if se <= 1e-12 * abs(mean) or sd <= 1e-12 * float(np.abs(d).max()):
        return PairedTest(n, mean, None, n - 1, _same(d), 0.0, "none: all differences equal")
    df = sums.clusters - 1
    method = "paired t, clustered" if together else "paired t over examples"
    p = two_sided(mean / se, df)
    return PairedTest(n, mean, se, df, p, sd, method, sums.clusters if together else None)


def _moments(d: Floats, sums: Sums) -> tuple[float, float, float]:
    """Return mean, deviation and standard error, whatever the size of the numbers."""
    top = float(np.abs(d).max())
    if top == 0:
        return 0.0, 0.0, 0.0
    return float((d / top).mean()) * top, float((d / top).std(ddof=1)) * top, sums.se


def _same(d: Floats) -> float | None:
    """Return the sign test's p where every pair moved by the same amount; None: none moved."""
    return min(1.0, 2 * 0.5 ** len(d)) if d[0] != 0 else None


def _steadied(d: Floats, sums: Sums, together: bool) -> PairedTest:
    """Test a change of shares; where few examples moved, their spread says little of the rest.

    After Bonett and Price one pair won and one lost are added, each of the weight 1 - moved / 20:
    all of it where nothing moved, none from twenty examples on, where the spread of those that did
    carries itself (the twenty were chosen by simulation, `benchmarks/simulations.py`).
    """
    n, m = len(d), sums.clusters
    mean, sd = float(d.mean()), float(d.std(ddof=1))
    if m < 2:
        return PairedTest(n, mean, None, 1, None, sd, "none: one unit of examples", 1)
    tops, sizes = sums.totals, sums.sizes
    moved = int(np.count_nonzero(tops))
    extra, size = max(0.0, 1 - moved / MOVED), n / m
    whole = n + 2 * extra * size
    centre = float(tops.sum()) / whole
    squares = float(np.sum((tops - centre * sizes) ** 2))
    squares += extra * size**2 * ((1 - centre) ** 2 + (1 + centre) ** 2)
    wide = m + 2 * extra
    se = sqrt(wide / (wide - 1) * squares) / whole
    if se <= 0:
        return PairedTest(n, mean, None, m - 1, _same(d), 0.0, "none: all differences equal")
    p = two_sided(centre / se, m - 1) if moved else None
    method = "paired t, clustered" if together else "paired t over examples"
    if extra:
        method += ", pseudo pair" if moved else ", pseudo pair: no difference seen"
    return PairedTest(
        n,
        mean,
        se,
        m - 1,
        p,
        sd,
        method,
        m if together else None,
        centre,
        WHOLE,
        None,
        tops / sizes,
    )


def _discordance(d: Floats) -> PairedTest:
    """Bonett and Price: two more pairs, one won and one lost, before the Wald interval."""
    n = len(d)
    centre = float(d.sum()) / (n + 2)
    variance = (float(np.sum(d * d)) + 2) / (n + 2) - centre**2
    won, lost = int((d > 0).sum()), int((d < 0).sum())
    p = mcnemar_mid_p(won, lost) if won + lost else None
    se = sqrt(variance / (n + 2))
    method = "mcnemar mid-p, bonett-price" if p is not None else "bonett-price: no difference seen"
    mean, sd = float(d.mean()), float(d.std(ddof=1))
    return PairedTest(n, mean, se, inf, p, sd, method, None, centre, WHOLE, None, d)


def mcnemar_mid_p(won: int, lost: int) -> float:
    """Return McNemar's mid-p from the discordant pairs."""
    n, k = won + lost, min(won, lost)
    if n == 0:
        return 1.0
    if n > 1000:
        z = (abs(won - lost)) / sqrt(n)
        return two_sided(z, inf)
    point = float(comb(n, k) / 2**n)
    tail = float(sum(comb(n, i) for i in range(k)) / 2**n)
    return min(1.0, 2 * tail + point)


def quantile_difference(
    baseline: Sample, candidate: Sample, probability: float, pairs: int, confidence: float = 0.95
) -> PairedTest:
    """Compare a quantile of runs, examples as units; both samples number the same pairs.

    One rule for the levels and their change: where either level has no interval, neither has the
    change. Its error is the sum over examples of what their runs add to both quantiles.
    """
    if not len(baseline.values) or not len(candidate.values):
        return PairedTest(pairs, None, None, 1, None, None, "none: no pairs")
    value_b, reached_b = baseline.quantile(probability)
    value_c, reached_c = candidate.quantile(probability)
    difference = value_c - value_b if reached_b and reached_c else None
    for sample, value in ((baseline, value_b), (candidate, value_c)):
        ends, why = sample.interval(probability, value, confidence)
        if ends is None:
            return PairedTest(pairs, difference, None, 1, None, None, why)
    parts_b, parts_c = baseline.influence(probability), candidate.influence(probability)
    if parts_b is None or parts_c is None:
        return PairedTest(pairs, difference, None, 1, None, None, "none: too few values")
    parts = _by_unit(candidate, parts_c, pairs) - _by_unit(baseline, parts_b, pairs)
    parts = parts[_known(baseline, candidate, pairs)]
    m = len(parts)
    error = m / max(m - 1, 1) * float(np.sum(parts * parts)) + _clock(baseline, candidate)
    se = sqrt(error)
    if m < 2 or se <= 0 or difference is None:
        return PairedTest(pairs, difference, None, 1, None, None, "none: ties")
    p = two_sided(difference / se, m - 1)
    method = "linearised quantiles over examples"
    return PairedTest(pairs, difference, se, m - 1, p, se * sqrt(pairs), method, m)


def _by_unit(sample: Sample, parts: Floats, pairs: int) -> Floats:
    own = sample.examples if sample.units is None else sample.units
    assert own is not None
    found: Floats = np.bincount(own, weights=parts, minlength=pairs).astype(np.float64)
    return found


def _known(baseline: Sample, candidate: Sample, pairs: int) -> Codes:
    """Return the codes of the units that either side has runs of."""
    there = np.zeros(pairs, bool)
    for sample in (baseline, candidate):
        own = sample.examples if sample.units is None else sample.units
        there[own] = True
    return np.flatnonzero(there)


def _clock(baseline: Sample, candidate: Sample) -> float:
    """Return the variance that clocks of whole seconds leave in the difference of two times."""
    return sum(each.tick**2 / 12 for each in (baseline, candidate))
