"""Normal and Student's t without scipy: importing scipy takes longer than a whole small summary."""

from __future__ import annotations

from functools import lru_cache
from math import erfc, exp, inf, lgamma, log, pi, sqrt, tan
from statistics import NormalDist

NORMAL = NormalDist()
_TINY = 1e-300


def z_quantile(probability: float) -> float:
    """Return the standard normal quantile."""
    return NORMAL.inv_cdf(probability)


def t_tail(t: float, df: float) -> float:
    """Return P(T > t) of Student's t.

    By the incomplete beta function: I_x(df/2, 1/2) / 2 with x = df / (df + t^2)
    (Abramowitz and Stegun, 26.7.1).
    """
    if t < 0:
        return 1 - t_tail(-t, df)
    if df == inf:
        return normal_tail(t)
    square = t * t
    if square == inf:
        return 0.0
    return 0.5 * _half_beta(df / 2, df / (df + square), square / (df + square))


def two_sided(t: float, df: float) -> float:
    """Return the two-sided p of a t statistic."""
    return min(1.0, 2 * t_tail(abs(t), df))


@lru_cache(maxsize=4096)
def t_quantile(probability: float, df: float) -> float:
    """Return the quantile of Student's t to about twelve digits."""
    if probability <= 0.5:
        return 0.0 if probability == 0.5 else -t_quantile(1 - probability, df)
    if df == inf:
        return z_quantile(probability)
    if df == 1:
        return tan(pi * (probability - 0.5))
    guess = _expansion(z_quantile(probability), df)
    return guess if df > 2000 else _refine(guess, 1 - probability, df)


def _refine(guess: float, tail: float, df: float) -> float:
    """Newton's steps on the tail, kept inside a bracket."""
    low, high = 0.0, max(guess, 1.0)
    while t_tail(high, df) > tail:
        low, high = high, high * 4
    guess = guess if low <= guess <= high else (low + high) / 2
    for _ in range(100):
        excess = t_tail(guess, df) - tail
        low, high = (guess, high) if excess > 0 else (low, guess)
        following = guess + excess / _density(guess, df)
        following = following if low <= following <= high else (low + high) / 2
        if abs(following - guess) <= 1e-13 * max(1.0, guess):
            return following
        guess = following
    return guess


def _expansion(z: float, df: float) -> float:
    """Cornish-Fisher expansion of the t quantile (Abramowitz and Stegun, 26.7.5)."""
    z2 = z * z
    terms = (
        z * (z2 + 1) / 4,
        z * (5 * z2**2 + 16 * z2 + 3) / 96,
        z * (3 * z2**3 + 19 * z2**2 + 17 * z2 - 15) / 384,
        z * (79 * z2**4 + 776 * z2**3 + 1482 * z2**2 - 1920 * z2 - 945) / 92160,
    )
    return z + sum(term / df ** (i + 1) for i, term in enumerate(terms))


def _density(t: float, df: float) -> float:
    return exp(_gamma_step(df / 2) - 0.5 * log(df) - (df + 1) / 2 * log(1 + t * t / df))


def _half_beta(a: float, x: float, y: float) -> float:
    """Return I_x(a, 1/2), `y` being 1 - x kept apart for its precision."""
    if x <= 0 or y <= 0:
        return 0.0 if x <= 0 else 1.0
    front = exp(_gamma_step(a) + a * log(x) + 0.5 * log(y))
    if x < (a + 1) / (a + 2.5):
        return front * _continued(a, 0.5, x) / a
    return 1 - front * _continued(0.5, a, y) / 0.5


def _gamma_step(v: float) -> float:
    """Return log of Gamma(v + 1/2) / (Gamma(v) Gamma(1/2)); a series where lgamma loses digits."""
    if v < 500:
        return lgamma(v + 0.5) - lgamma(v) - lgamma(0.5)
    return 0.5 * log(v) - 1 / (8 * v) + 1 / (192 * v**3) - 1 / (640 * v**5) - lgamma(0.5)


def _continued(a: float, b: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction of the incomplete beta (A&S 26.5.8)."""
    c = 1.0
    d = value = 1 / _away(1 - (a + b) * x / (a + 1))
    for m in range(1, 1000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d = 1 / _away(1 + numerator * d)
            c = _away(1 + numerator / c)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _away(v: float) -> float:
    return _TINY if abs(v) < _TINY else v


def normal_tail(z: float) -> float:
    """Return P(Z > z)."""
    return 0.5 * erfc(z / sqrt(2))
