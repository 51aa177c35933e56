"""Lasting: the points of a strip where the level of a metric changed for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.students_t import two_sided, z_quantile

ALPHA = 0.01
"""Chance of a false change point in one strip, per search."""


@dataclass(frozen=True, slots=True)
class Point:
    """One experiment's figure."""

    experiment: str
    at: str | None
    """When its last run was made, else when it was fetched; ISO 8601."""
    figure: Figure
    examples: int | None = None
    """Different examples that had runs."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A lasting change, first seen at `points[index]`."""

    index: int
    experiment: str
    before: float
    """Mean of the stretch before, weighted by precision."""
    after: float
    p: float
    """After correction for every place that was looked at."""
    better: bool | None
    """None: no way is declared better."""


def change_points(points: Sequence[Point], direction: str | None = None) -> list[ChangePoint]:
    """Find lasting changes by binary segmentation (Scott and Knott, Biometrics 30, 1974).

    Each stretch is split where the precision-weighted means on both sides differ most, if that
    difference is beyond chance after correction for every place tried. Points scatter at least as
    their intervals say, and more when they do; points without an interval count for nothing.
    """
    usable = [
        (index, figure.value, se)
        for index, figure in enumerate(point.figure for point in points)
        if figure.value is not None and (se := _se(figure)) is not None
    ]
    splits = sorted(_segment(usable))
    found = []
    for place, (at, p) in enumerate(splits):
        start = splits[place - 1][0] if place else 0
        stop = splits[place + 1][0] if place + 1 < len(splits) else len(usable)
        before, after = _mean(usable[start:at])[0], _mean(usable[at:stop])[0]
        better = None if direction is None else (after > before) == (direction == "higher")
        index = usable[at][0]
        found.append(ChangePoint(index, points[index].experiment, before, after, p, better))
    return found


def _segment(
    usable: Sequence[tuple[int, float, float]], offset: int = 0
) -> list[tuple[int, float]]:
    """Return places of splits in `usable` and their p."""
    n = len(usable)
    if n < 2:
        return []
    tried = [(_contrast(usable, at), at) for at in range(1, n)]
    z, at = max(tried)
    p = min(1.0, (n - 1) * two_sided(z / _scatter(usable, at), inf))
    if p > ALPHA:
        return []
    left, right = _segment(usable[:at], offset), _segment(usable[at:], offset + at)
    return [*left, (offset + at, p), *right]


def _contrast(usable: Sequence[tuple[int, float, float]], at: int) -> float:
    before, weight_before = _mean(usable[:at])
    after, weight_after = _mean(usable[at:])
    return abs(after - before) / sqrt(1 / weight_before + 1 / weight_after)


def _mean(usable: Sequence[tuple[int, float, float]]) -> tuple[float, float]:
    weights = [1 / se**2 for _, _, se in usable]
    total = sum(weights)
    values = (w * value for w, (_, value, _) in zip(weights, usable, strict=True))
    return sum(values) / total, total


def _scatter(usable: Sequence[tuple[int, float, float]], at: int) -> float:
    """Return how much more the points scatter within both sides than their intervals say."""
    spare = len(usable) - 2
    if spare < 1:
        return 1.0
    squares = 0.0
    for side in (usable[:at], usable[at:]):
        mean, _ = _mean(side)
        squares += sum(((value - mean) / se) ** 2 for _, value, se in side)
    return max(1.0, sqrt(squares / spare))


def _se(figure: Figure) -> float | None:
    if figure.low is None or figure.high is None or figure.high <= figure.low:
        return None
    return (figure.high - figure.low) / (2 * z_quantile(0.975))
