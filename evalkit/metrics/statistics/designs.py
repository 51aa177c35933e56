"""Designs: the power of a comparison of shares, from its examples and their repetitions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import sqrt

import numpy as np
from scipy.special import bdtr, gammaln, ndtr, xlog1py, xlogy

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.statistics.noncentral import power_of_t, solve
from evalkit.metrics.statistics.paired import MOVED
from evalkit.metrics.statistics.students_t import t_quantile

POWER = 0.8
STEPS = 24
MENDED = 0.2
"""Level below which hardly anything is left to break: examples that are mended are asked about."""
EXACT = 1000
"""Pairs up to which the power of McNemar's test is summed exactly."""


@dataclass(frozen=True, slots=True)
class Design:
    """What decides the power of a test of shares over examples.

    Two changes are asked about, because the same size is found unequally often: `whole` examples
    that break (or are mended), all runs of one at once, and a change spread evenly over all.
    """

    n: int
    """Independent pairs."""
    sd: float
    """Standard deviation of the differences that chance makes."""
    level: float
    """What an example loses on average when it breaks."""
    level_sd: float
    """How much that differs between examples."""
    moved: float
    """Share of examples that differ by chance alone."""
    full: float = 0.0
    """Share of examples that pass in every run of both sides."""
    runs: float = 1.0
    """Runs of an example on the side that changes (harmonic mean)."""
    single: bool = False
    """One run on each side: McNemar's test, else t over examples."""

    def of_units(self, units: int, se: float) -> Design:
        """Return the design where examples belong together: as many as there are units."""
        return replace(self, n=units, sd=se * sqrt(units), single=False)

    def smallest(self, alpha: float, *, whole: bool, power: float = POWER) -> float | None:
        """Return the smallest change found with `power`; None when no possible one is."""
        if self.n < 2 or self.level <= 0:
            return None
        reached = self.whole if whole or self.single else self.even
        if reached(self.level, alpha) < power:
            return None
        return solve(lambda d: reached(d, alpha) - power, self.level, STEPS)

    def whole(self, change: float, alpha: float) -> float:
        """Return the power for examples that break whole, `change` of the level in all.

        How many break is binomial; given that many, the noise of the others is about normal.
        """
        if self.single:
            return self._mcnemar(change, alpha)
        n, share = self.n, min(change / self.level, 1.0)
        broken = _likely(n, share)
        chance = _binomial(n, share, broken)
        left = n - broken
        extra = np.maximum(0.0, 1 - (broken + self.moved * left) / MOVED)
        size = n + 2 * extra
        centre = broken * self.level / size
        kept = self.level_sd**2 + self.sd**2 / 2
        squares = left * (self.sd**2 + centre**2) + broken * ((self.level - centre) ** 2 + kept)
        squares += extra * ((1 - centre) ** 2 + (1 + centre) ** 2)
        wide = n + 2 * extra
        se = np.sqrt(wide / (wide - 1) * squares) / size
        noise = np.sqrt(left * self.sd**2 + broken * kept) / size
        gap = centre - t_quantile(1 - alpha / 2, n - 1) * se
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(noise > 0, _normal(gap / noise), (gap > 0).astype(float))
        return float(np.sum(chance * found))

    def even(self, change: float, alpha: float) -> float:
        """Return the power for a change that every example shares alike, by the noncentral t."""
        p = self.level
        more = (change * (2 * p - 1) - change**2) / self.runs
        variance = max(self.sd**2 + more, 1e-12)
        moved = self.moved + self.full * (1 - max(1 - change, 0.0) ** self.runs)
        extra = max(0.0, 1 - moved * self.n / MOVED)
        size = self.n + 2 * extra
        se = sqrt((self.n * variance + 2 * extra) * size / (size - 1)) / size
        return power_of_t(change * self.n / size, se, self.n - 1, alpha)

    def _mcnemar(self, change: float, alpha: float) -> float:
        """Return the power of McNemar's mid-p when passes are lost beside what chance moves."""
        share = min(change / self.level, 1.0)
        each = self.moved / 2
        lost, won = each * (1 - share) + change, each * (1 - share)
        return mcnemar_power(self.n, lost, won, alpha)


def mcnemar_power(n: int, lost: float, won: float, alpha: float) -> float:
    """Return how often McNemar's mid-p of n pairs is at most `alpha`, lost and won being shares."""
    both = min(lost + won, 1.0)
    if both <= 0:
        return 0.0
    if n > EXACT:
        gap = sqrt(n) * abs(lost - won) / sqrt(max(both - (lost - won) ** 2, 1e-12))
        ease = sqrt(both / max(both - (lost - won) ** 2, 1e-12))
        critical = t_quantile(1 - alpha / 2, float("inf")) * ease
        return float(_normal(np.array(gap - critical)) + _normal(np.array(-gap - critical)))
    discordant = np.arange(1, n + 1)
    limits = _limits(n, alpha)
    known = limits >= 0
    discordant, limits = discordant[known], limits[known]
    chance = _binomial(n, both, discordant)
    part = won / both
    few = bdtr(limits, discordant, part) + bdtr(limits, discordant, 1 - part)
    return float(np.sum(chance * few))


@lru_cache(maxsize=64)
def _limits(n: int, alpha: float) -> Codes:
    """Return, for 1 to n discordant pairs, the most wins that are still few; -1: none are."""
    discordant = np.arange(1, n + 1)
    low, high = np.full(n, -1, np.int64), discordant // 2 + 1
    while (high - low > 1).any():
        k = np.maximum((low + high) // 2, 0)
        below = np.where(k > 0, bdtr(np.maximum(k - 1, 0), discordant, 0.5), 0.0)
        mid_p = below + bdtr(k, discordant, 0.5)
        few = (mid_p <= alpha) & (k * 2 < discordant)
        low, high = np.where(few, k, low), np.where(few, high, k)
    return low


def _binomial(n: int, share: float, counts: Codes) -> Floats:
    """Return the binomial probabilities of some counts."""
    logs = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)
    logs = logs + xlogy(counts, share) + xlog1py(n - counts, -share)
    found: Floats = np.exp(logs)
    return found


def _likely(n: int, share: float) -> Codes:
    """Return the counts that are not all but impossible."""
    reach = 8 * sqrt(n * share * (1 - share)) + 8
    return np.arange(max(0, int(n * share - reach)), min(n, int(n * share + reach)) + 1)


def _normal(z: Floats) -> Floats:
    found: Floats = ndtr(z)
    return found


def design_of(
    baseline: Floats,
    candidate: Floats,
    runs: tuple[Floats, Floats],
    *,
    single: bool,
    lower: bool,
) -> Design:
    """Read the design off example means: their noise, their level and how many moved.

    For a share of which less is better, breaking is to go from 0 to 1.
    """
    d = candidate - baseline
    mirrored = lower != bool((1 - baseline if lower else baseline).mean() < MENDED)
    passes = 1 - baseline if mirrored else baseline
    others = 1 - candidate if mirrored else candidate
    level = float(passes.mean())
    return Design(
        n=len(d),
        sd=float(d.std(ddof=1)) if len(d) > 1 else 0.0,
        level=level,
        level_sd=float(passes.std()),
        moved=float(np.count_nonzero(np.abs(d) > 1e-12)) / max(len(d), 1),
        full=float(np.mean((passes == 1) & (others == 1))),
        runs=float(len(d) / np.sum(1 / runs[1])) if len(d) else 1.0,
        single=single,
    )
