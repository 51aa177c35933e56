"""History: a metric over many summaries, with the points where it changed for good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.lookup import look_up
from evalkit.metrics.documents.plain import to_plain
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.statistics.students_t import two_sided, z_quantile

HISTORY_VERSION = 1
ALPHA = 0.01
"""Chance of a false change point in one strip, per search."""
MEASURES = ("success_rate", "latency.p50", "latency.p95", "tokens.mean", "cost.mean")


@dataclass(frozen=True, slots=True)
class Point:
    """One experiment's figure."""

    experiment: str
    at: str | None
    """When its last run was made, else when it was fetched; ISO 8601."""
    figure: Figure


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


@dataclass(frozen=True, slots=True)
class Strip:
    """One metric over time, oldest first."""

    metric: str
    unit: str
    direction: str | None
    points: list[Point]
    changes: list[ChangePoint]


@dataclass(frozen=True, slots=True)
class History:
    """Strips of every metric that at least one summary has; `to_dict()` is the JSON document."""

    experiments: list[str]
    strips: list[Strip]
    version: int = HISTORY_VERSION
    type: str = "evalkit.history"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        plain: dict[str, Any] = to_plain(self)
        return plain


def history(summaries: Iterable[Summary], metrics: Sequence[str] = ()) -> History:
    """Return the strips of `metrics` (default: all scores, success, latency, tokens and cost).

    Summaries are put in order of time. A metric that one of them lacks has a gap there.
    """
    ordered = sorted(summaries, key=lambda each: _at(each) or "")
    names = list(metrics) or _default_metrics(ordered)
    strips = [strip for name in names if (strip := _strip(ordered, name)) is not None]
    return History([each.experiment for each in ordered], strips)


def _default_metrics(summaries: Sequence[Summary]) -> list[str]:
    scores = dict.fromkeys(name for each in summaries for name in each.scores)
    return [*scores, *MEASURES]


def _at(summary: Summary) -> str | None:
    return summary.provenance.last_run_at or summary.provenance.fetched_at


def _strip(summaries: Sequence[Summary], metric: str) -> Strip | None:
    found = [look_up(each, metric) for each in summaries]
    known = [each for each in found if each is not None and each.figure.value is not None]
    if not known:
        return None
    points = [
        Point(summary.experiment, _at(summary), each.figure if each else Figure(None))
        for summary, each in zip(summaries, found, strict=True)
    ]
    last = known[-1]
    return Strip(metric, last.unit, last.direction, points, change_points(points, last.direction))


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
