"""History: each metric over saved summaries, with the points where it changed for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.charts import numbers
from evalkit.report.charts.strips import Point
from evalkit.report.values.panels import HistoryPart, TablePart

if TYPE_CHECKING:
    from evalkit.metrics.summaries.history import ChangePoint, History, Strip


def build(history: History | None) -> tuple[HistoryPart, ...]:
    """Return one part a metric; none without a history."""
    return tuple(_part(history, strip) for strip in history.strips) if history else ()


def _part(history: History, strip: Strip) -> HistoryPart:
    changes = {change.index: change for change in strip.changes}
    labels = _labels(history, strip)
    points, rows = [], []
    for place, point in enumerate(strip.points):
        figure, change = point.figure, changes.get(place)
        if figure.value is not None:
            mark = Point(place, labels[place], figure.value, figure.low, figure.high, bool(change))
            points.append(mark)
        rows.append(
            (
                point.experiment,
                (point.at or "")[:16].replace("T", " ") or numbers.DASH,
                numbers.in_unit(figure.value, strip.unit),
                numbers.interval(figure.low, figure.high, strip.unit) or numbers.DASH,
                numbers.count(figure.n),
                _change(change, strip.unit),
            )
        )
    heads = ("Summary", "Last run", strip.metric, "95% interval", "n", "Change")
    table = TablePart(f"History of {strip.metric}", heads, tuple(rows))
    return HistoryPart(strip.metric, strip.unit, tuple(points), labels, table, _note(strip))


def _labels(history: History, strip: Strip) -> tuple[str, ...]:
    """Return the names of the summaries, or their days when all bear the same name."""
    if len(set(history.experiments)) > 1:
        return tuple(history.experiments)
    return tuple((point.at or point.experiment)[:10] for point in strip.points)


def _change(change: ChangePoint | None, unit: str) -> str:
    if change is None:
        return ""
    reading = {True: "\u25b2 better", False: "\u25bc worse", None: "changed"}[change.better]
    before, after = numbers.in_unit(change.before, unit), numbers.in_unit(change.after, unit)
    return f"{reading}: {before} \u2192 {after}"


def _note(strip: Strip) -> str:
    if not strip.changes:
        return "No lasting change beyond chance."
    last = strip.changes[-1]
    return f"Last lasting change at {last.experiment}: {_change(last, strip.unit)}."
