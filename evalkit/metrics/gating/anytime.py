"""Anytime: bounds that hold however often one looks while examples arrive."""

from __future__ import annotations

from collections.abc import Callable
from math import log, log1p, sqrt

from scipy.special import betaincc, betaln

FEWEST = 20
"""Pairs from which on a change has bounds: with fewer the normal is no guide."""
TUNED = 100
"""Pairs at which those bounds are tightest. Chosen beforehand: the data must not choose it."""
PRIOR = 0.5
"""Both parameters of the mixture of rates, Jeffreys': none is favoured."""
STEPS = 60


def rate_bounds(mean: float, n: int, alpha: float) -> tuple[float, float]:
    """Return bounds of the mean of n values between 0 and 1, each wrong at any look with `alpha`.

    A likelihood ratio of Bernoulli rates, mixed over all rates on the far side of the one asked
    about, is a supermartingale for any values in 0..1 with that mean (it is convex in them), so by
    Ville's inequality it ever reaches 1 / alpha with that chance: the beta-binomial mixture of
    Robbins, Ann. Math. Statist. 41, 1970, and Howard, Ramdas, McAuliffe and Sekhon, Ann. Statist.
    49, 2021. No number of examples is too small for it.
    """
    if n < 1:
        return (0.0, 1.0)
    passed, failed = n * mean, n * (1 - mean)
    low = _edge(lambda p: _evidence(passed, failed, p), 0.0, mean, alpha)
    high = _edge(lambda p: _evidence(failed, passed, p), 0.0, 1 - mean, alpha)
    return (low, 1 - high)


def _evidence(passed: float, failed: float, rate: float) -> float:
    """Return the logarithm of the mixed likelihood of higher rates over that of `rate`."""
    if rate <= 0:
        return float("inf") if passed else 0.0
    a, b = PRIOR + passed, PRIOR + failed
    tail = betaincc(a, b, rate) / max(betaincc(PRIOR, PRIOR, rate), 1e-300)
    if tail <= 0:
        return -float("inf")
    own = passed * log(rate) + (failed * log1p(-rate) if failed else 0.0)
    return float(betaln(a, b) - betaln(PRIOR, PRIOR) + log(tail) - own)


def _edge(evidence: Callable[[float], float], low: float, high: float, alpha: float) -> float:
    """Return the largest rate below `high` that the evidence speaks against."""
    limit = log(1 / alpha)
    if evidence(min(low + 1e-12, high)) < limit:
        return low
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if evidence(middle) >= limit else (low, middle)
    return low


def half_width(se: float, pairs: int, alpha: float) -> float:
    """Return how far a mean change may be off on one side, over all looks at once.

    `se` is the standard error now. The one-sided asymptotic confidence sequence of Waudby-Smith,
    Arbour, Sinha, Kennedy and Ramdas, Time-uniform central limit theory and asymptotic confidence
    sequences, Ann. Statist. 52, 2024; the mixture's width is chosen as they do, for `TUNED` pairs.
    """
    level = -2 * log(min(2 * alpha, 0.99))
    t = pairs * (level + log(level + 1)) / TUNED
    return se * sqrt(2 * (t + 1) / t * log1p(sqrt(t + 1) / (2 * alpha)))
