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


def strip(points: Sequence[Point], labels: Sequence[str], unit: str, height: float = 132) -> Markup:
    """Draw a metric over time: line, interval band, dashed lines where its level changed.

    `labels` names all summaries, oldest first.
    """
    ends = [v for p in points for v in (p.value, p.low, p.high) if v is not None]
    room = (max(ends) - min(ends)) * 0.08 or abs(max(ends)) * 0.05 or 1
    low, high = min(ends) - room, max(ends) + room
    plot = height - TOP - BOTTOM

    def x(point: Point) -> float:
        return point.place / (len(labels) - 1) if len(labels) > 1 else 0.5

    def y(value: float) -> float:
        return (value - low) / (high - low)

    def at(point: Point, value: float | None) -> str:
        level = y(point.value if value is None else value)
        return f"{x(point) * 1000:.1f} {(1 - level) * 1000:.1f}"

    ring = [at(p, p.high) for p in points] + [at(p, p.low) for p in reversed(points)]
    band = element("path", d="M" + "L".join(ring) + "Z", class_="band")
    drawn = "M" + "L".join(at(p, p.value) for p in points)
    line = element("path", d=drawn, class_="line s1", vector_effect="non-scaling-stroke")
    body = stretched([band, line], TOP, plot)
    for point in points:
        body += _history_mark(point, share(x(point)), TOP + (1 - y(point.value)) * plot, plot, unit)
    ticks = [(0.0, labels[0]), (1.0, labels[-1])] if len(labels) > 1 else [(0.5, labels[0])]
    levels = [(y(v), in_unit(v, unit)) for v in dict.fromkeys((low + room, high - room))]
    return frame(height, ticks, levels, body, left=64)


def _history_mark(point: Point, cx: str, cy: float, plot: float, unit: str) -> Markup:
    title = element("title", f"{point.label}: {in_unit(point.value, unit)}")
    mark = element("circle", title, cx=cx, cy=f"{cy:.1f}", r="3.5", class_="dot s1")
    if point.change:
        end = f"{TOP + plot:g}"
        mark += element("line", x1=cx, x2=cx, y1=f"{TOP}", y2=end, class_="change")
    return mark
