"""Paired tests: one difference per example, repetitions already averaged inside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, inf, sqrt

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.intervals import Sums, cluster_sums
from evalkit.metrics.statistics.students_t import t_quantile, two_sided, z_quantile


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

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """Return the interval of the difference."""
        if self.se is None or self.difference is None:
            return None
        half = t_quantile((1 + confidence) / 2, self.df) * self.se
        return (self.difference - half, self.difference + half)

    def figure(self, confidence: float) -> Figure:
        """Return the difference as a Figure."""
        low, high = self.interval(confidence) or (None, None)
        return Figure(self.difference, low, high, self.n, self.method, self.units or self.n)

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
    Otherwise Student's paired t over examples. `units` are codes of examples that belong together;
    then t is clustered by them.
    """
    d = candidate - baseline
    n = len(d)
    if n < 2:
        value = float(d[0]) if n else None
        return PairedTest(n, value, None, 1, None, None, "none: too few pairs")
    mean, sd = float(d.mean()), float(d.std(ddof=1))
    flat = sd <= 1e-12 * max(1.0, float(np.abs(d).max()))
    together = units is not None and len(np.unique(units)) < n
    if units is not None and together and bounded and flat and mean == 0.0:
        m = len(np.unique(units))
        return replace(_discordance(np.zeros(m), 0.0, 0.0, False), n=n, units=m)
    if bounded and ((single and not together) or (flat and mean == 0.0)):
        return _discordance(d, mean, sd, single)
    if flat:
        return PairedTest(n, mean, None, n - 1, None, 0.0, "none: all differences equal")
    if together:
        return _clustered(d, cluster_sums(d, units), sd)
    se = sd / sqrt(n)
    return PairedTest(n, mean, se, n - 1, two_sided(mean / se, n - 1), sd, "paired t over examples")


def _clustered(d: Floats, sums: Sums, sd: float) -> PairedTest:
    n, m = len(d), sums.clusters
    value = float(d.mean())
    if m < 2 or sums.variance <= 0:
        return PairedTest(n, value, None, 1, None, sd, "none: one unit of examples")
    se = sqrt(sums.variance)
    method = "paired t, clustered"
    return PairedTest(n, value, se, m - 1, two_sided(value / se, m - 1), sd, method, m)


def _discordance(d: Floats, mean: float, sd: float, single: bool) -> PairedTest:
    """Bonett and Price: two more pairs, one won and one lost, before the Wald interval."""
    n = len(d)
    adjusted = float(d.sum()) / (n + 2)
    variance = (float(np.sum(d * d)) + 2) / (n + 2) - adjusted**2
    won, lost = int((d > 0).sum()), int((d < 0).sum())
    p = mcnemar_mid_p(won, lost) if single and won + lost else None
    se = sqrt(variance / (n + 2))
    method = "mcnemar mid-p, bonett-price" if p is not None else "bonett-price: no difference seen"
    return PairedTest(n, mean, se, inf, p, sd, method)


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
    baseline: tuple[Floats, Codes],
    candidate: tuple[Floats, Codes],
    probability: float,
    pairs: int,
    units: Codes | None = None,
) -> PairedTest:
    """Compare a quantile of runs, examples as units; each side is (values, pair of each value).

    The quantile is linearised, (probability - [x <= q]) / f(q) for each run, f from the distance
    of neighbouring quantiles with Hall and Sheather's bandwidth (JRSS B 50, 1988); its sums per
    example then go the way of a clustered mean (Shao, Linearization in surveys, 1994).
    """
    low = min(len(baseline[0]), len(candidate[0]))
    if low * min(probability, 1 - probability) < 5 or pairs < 10:
        return PairedTest(pairs, None, None, 1, None, None, "none: too few values")
    value_b, parts_b = _influence(*baseline, probability, pairs)
    value_c, parts_c = _influence(*candidate, probability, pairs)
    if parts_b is None or parts_c is None:
        return PairedTest(
            pairs, value_c - value_b, None, 1, None, None, "none: too many equal values"
        )
    parts = cluster_sums(parts_c - parts_b, units).totals
    m = len(parts)
    se = sqrt(m / (m - 1) * float(np.sum(parts * parts))) if m > 1 else 0.0
    difference = value_c - value_b
    p = two_sided(difference / se, m - 1) if se > 0 else None
    method = "linearised quantiles over examples"
    return PairedTest(pairs, difference, se or None, m - 1, p, se * sqrt(pairs), method, m)


def _influence(
    values: Floats, pair: Codes, probability: float, pairs: int
) -> tuple[float, Floats | None]:
    n = len(values)
    quantile = float(np.quantile(values, probability))
    z = z_quantile(probability)
    density = float(np.exp(-z * z / 2) / sqrt(2 * np.pi))
    width = (
        n ** (-1 / 3)
        * z_quantile(0.975) ** (2 / 3)
        * (1.5 * density**2 / (2 * z * z + 1)) ** (1 / 3)
    )
    width = min(width, 0.9 * min(probability, 1 - probability))
    low, high = np.quantile(values, [probability - width, probability + width])
    if high <= low:
        return quantile, None
    slope = float(high - low) / (2 * width)
    influence = (probability - (values <= quantile)) * slope / n
    parts: Floats = np.bincount(pair, weights=influence, minlength=pairs).astype(np.float64)
    return quantile, parts
