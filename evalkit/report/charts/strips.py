"""Strips: a metric over saved summaries as a small chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from evalkit.report.charts.numbers import in_unit
from evalkit.report.charts.svg import BOTTOM, TOP, element, frame, share, stretched


class Point(NamedTuple):
    """One saved summary in a history strip."""

    place: int
    """Its number among all summaries: those without a value leave a gap."""
    label: str
    value: float
    low: float | None
    high: float | None
    change: bool
    """Whether a lasting change begins here."""


def strip(
    points: Sequence[Point],
    labels: Sequence[str],
    unit: str,
    *,
    breaks: Sequence[int] = (),
    level: float | None = None,
    height: float = 132,
) -> Markup:
    """Draw a metric over time: line, interval band, dashed lines where its level changed.

    `labels` names all summaries, oldest first. The axis begins at 0 and is that of all shares; the
    line ends before each of `breaks`, and `level` is another experiment's, dashed.
    """
    low, high = _ends(points, unit, level)
    plot = height - TOP - BOTTOM

    def x(place: float) -> float:
        return place / (len(labels) - 1) if len(labels) > 1 else 0.5

    def y(value: float) -> float:
        return (min(max(value, low), high) - low) / (high - low)

    def at(point: Point, value: float | None) -> str:
        up = y(point.value if value is None else value)
        return f"{x(point.place) * 1000:.0f} {(1 - up) * 1000:.0f}"

    drawn = []
    for stretch in _stretches(points, breaks):
        ring = [at(p, p.high) for p in stretch] + [at(p, p.low) for p in reversed(stretch)]
        line = "M" + "L".join(at(p, p.value) for p in stretch)
        drawn.append(element("path", d="M" + "L".join(ring) + "Z", class_="band"))
        drawn.append(element("path", d=line, class_="line s1", vector_effect=FIXED))
    body = stretched(drawn, TOP, plot)
    if level is not None:
        there = f"{TOP + (1 - y(level)) * plot:.1f}"
        body += element("line", x2="100%", y1=there, y2=there, class_="level")
    for place in breaks:
        where = share(x(place - 0.5))
        body += element("line", x1=where, x2=where, y1=TOP, y2=f"{TOP + plot:g}", class_="brk")
    for point in points:
        there = share(x(point.place))
        body += _history_mark(point, there, TOP + (1 - y(point.value)) * plot, plot, unit)
    ticks = [(0.0, labels[0]), (1.0, labels[-1])] if len(labels) > 1 else [(0.5, labels[0])]
    levels = [(f, _tick(low + f * (high - low), unit)) for f in (0.0, 0.5, 1.0)]
    return frame(height, ticks, levels, body, left=64)


FIXED = "non-scaling-stroke"


def _ends(points: Sequence[Point], unit: str, level: float | None) -> tuple[float, float]:
    """Return the ends of the axis: 0 to 1 for shares, else from 0 to beyond what is drawn."""
    if unit == "share":
        return 0.0, 1.0
    ends = [v for p in points for v in (p.value, p.low, p.high) if v is not None]
    ends += [0.0] if level is None else [0.0, level]
    low, high = min(ends), max(ends)
    return (low, low + (high - low) * 1.05) if high > low else (low, low + 1)


def _tick(value: float, unit: str) -> str:
    return f"{value * 100:.0f}%" if unit == "share" else in_unit(value, unit)


def _stretches(points: Sequence[Point], breaks: Sequence[int]) -> list[list[Point]]:
    """Return the points in stretches without a break inside."""
    found: dict[int, list[Point]] = {}
    for point in points:
        found.setdefault(sum(place <= point.place for place in breaks), []).append(point)
    return list(found.values())


def _history_mark(point: Point, cx: str, cy: float, plot: float, unit: str) -> Markup:
    title = element("title", f"{point.label}: {in_unit(point.value, unit)}")
    mark = element("circle", title, cx=cx, cy=f"{cy:.1f}", r="3.5", class_="dot s1")
    if point.change:
        end = f"{TOP + plot:g}"
        mark += element("line", x1=cx, x2=cx, y1=f"{TOP}", y2=end, class_="change")
    return mark
