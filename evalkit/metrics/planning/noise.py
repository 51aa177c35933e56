"""Noise: what chance makes of a metric, within examples and between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, log, sqrt

import numpy as np
from scipy.special import betaln, gammaln

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.comparing.pairing import Side
from evalkit.metrics.statistics.designs import MENDED, STEPS, Design
from evalkit.metrics.statistics.noncentral import power_of_t, solve
from evalkit.metrics.statistics.students_t import t_quantile

TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Noise:
    """Two versions of an application, as far as one experiment (or two) shows their noise."""

    level: float
    """Mean of the metric; of shares, of what can be lost (or mended, where little is)."""
    within: float
    """Deviation between runs of one example."""
    between: float
    """Deviation of true changes between examples, beside what is asked about."""
    spread: float
    """Deviation of true example means."""
    bounded: bool
    binary: bool

    def sd(self, repetitions: int) -> float:
        """Return the deviation of the differences of example means."""
        return sqrt(self.between**2 + 2 * self.within**2 / repetitions)

    def power(self, change: float, examples: int, repetitions: int, alpha: float) -> float:
        """Return the chance that a change is found."""
        if examples < 2:
            return 0.0
        if self.bounded:
            design = self._design(examples, repetitions)
            return design.whole(change, alpha) if change <= design.level else 1.0
        sd = self.sd(repetitions)
        if sd <= 0:
            return 1.0
        return power_of_t(change, sd / sqrt(examples), examples - 1, alpha)

    def detectable(
        self, examples: int, repetitions: int, alpha: float, power: float
    ) -> float | None:
        """Return the smallest change found with `power`; None where no possible one is."""
        if examples < 2:
            return None
        if self.bounded:
            return self._design(examples, repetitions).smallest(alpha, whole=True, power=power)
        se = self.sd(repetitions) / sqrt(examples)
        if se <= 0:
            return 0.0
        top = (t_quantile(1 - alpha / 2, examples - 1) + t_quantile(power, examples - 1) + 1) * se
        found = solve(lambda d: power_of_t(d, se, examples - 1, alpha) - power, 2 * top, 2 * STEPS)
        return found

    def _design(self, examples: int, repetitions: int) -> Design:
        moved, full = self._chances(repetitions)
        return Design(
            n=examples,
            sd=self.sd(repetitions),
            level=self.level,
            level_sd=sqrt(self.spread**2 + self.within**2 / repetitions),
            moved=moved,
            full=full,
            runs=repetitions,
            single=self.binary and repetitions == 1,
        )

    def _chances(self, repetitions: int) -> tuple[float, float]:
        """Return the share of examples that differ by chance, and of those that always pass."""
        if not self.binary:
            return 1.0, 0.0
        moved, full = by_chance(round(self.level, 6), round(self.spread, 6), repetitions)
        extra = self.between**2 / max(2 * self.level * (1 - self.level), TINY)
        return min(moved + extra, 1.0), full


@lru_cache(maxsize=256)
def by_chance(level: float, spread: float, runs: int) -> tuple[float, float]:
    """Return how often two times `runs` runs of one example differ, and how often all pass.

    Pass rates of examples are taken to follow the beta distribution with this mean and deviation.
    """
    room = level * (1 - level)
    if room <= TINY or spread**2 >= room * (1 - 1e-6):
        return 0.0, level
    size = room / max(spread**2, room * 1e-6) - 1
    a, b = level * size, (1 - level) * size

    def moment(passes: int, fails: int) -> float:
        return exp(betaln(a + passes, b + fails) - betaln(a, b))

    ways = [
        2 * (gammaln(runs + 1) - gammaln(k + 1) - gammaln(runs - k + 1)) for k in range(runs + 1)
    ]
    same = sum(
        exp(way + log(max(moment(2 * k, 2 * (runs - k)), 1e-300))) for k, way in enumerate(ways)
    )
    return max(0.0, 1 - same), moment(2 * runs, 0)


def noise_of(
    side: Side, other: Side | None, *, bounded: bool, binary: bool, lower: bool
) -> tuple[Noise, list[str]]:
    """Read the noise off one side, or off two; return it with what had to be assumed."""
    notes = []
    within = _within([each for each in (side, other) if each is not None])
    level = float(np.mean(side.means))
    if bounded and lower != ((1 - level if lower else level) < MENDED):
        level = 1 - level
    if within is None:
        within = sqrt(level * (1 - level)) if binary else float(np.std(side.means, ddof=1))
        notes.append(
            "Every example ran once: how far its runs differ is not known and taken at its "
            "largest. Run some examples twice for a smaller plan."
        )
    sizes = float(len(side.sizes) / np.sum(1 / side.sizes))
    spread = sqrt(max(float(np.var(side.means, ddof=1)) - within**2 / sizes, 0.0))
    between = 0.0
    if other is None:
        notes.append(
            "Without a baseline every example is taken to change alike, or to break whole. "
            "Give --baseline to see how differently examples change."
        )
    else:
        d = other.means - side.means
        chance = within**2 * float(np.mean(1 / side.sizes + 1 / other.sizes))
        between = sqrt(max(float(np.var(d, ddof=1)) - chance, 0.0))
    return Noise(level, within, between, spread, bounded, binary), notes


def _within(sides: list[Side]) -> float | None:
    """Return the pooled deviation of the runs of one example; None: none ran twice."""
    squares, degrees = 0.0, 0.0
    for each in sides:
        centred: Floats = each.values - each.means[_codes(each.pair)]
        squares += float(np.sum(centred**2))
        degrees += float(np.sum(np.maximum(each.sizes - 1, 0)))
    return sqrt(squares / degrees) if degrees else None


def _codes(pairs: Codes) -> Codes:
    return pairs.astype(np.int64)
