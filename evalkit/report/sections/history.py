"""History: each metric over saved summaries, its change since the one before, and its breaks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from evalkit.metrics.documents.reading import FEWEST, drawn
from evalkit.report.charts import numbers
from evalkit.report.charts.strips import Point
from evalkit.report.sections.changes import change
from evalkit.report.sections.metrics import FIRST, MEAN, P50, P95
from evalkit.report.values.panels import HistoryPanel, HistoryPart, TablePart

if TYPE_CHECKING:
    from evalkit.metrics.summaries.history import History, Strip
    from evalkit.metrics.summaries.lasting import ChangePoint

NAMES = {
    "success_rate": "Success rate",
    "tokens.mean": "Tokens per run",
    "cost.mean": "Cost per run",
    **{name: label for name, label, _ in (P50, P95, MEAN, FIRST)},
}
"""What people read for a metric; a score has its own name."""
ONE = "One summary so far"
BROKEN = {"evaluator": "its evaluator was changed", "data set": "the data set was changed"}


def build(history: History | None) -> HistoryPanel | None:
    """Return the panel of a history; None without one."""
    if history is None:
        return None
    names, n = ", ".join(dict.fromkeys(history.experiments)), len(history.experiments)
    if n == 1:
        more = "With the next one there is a line for each metric."
        return HistoryPanel(names, ONE, (_where(history) + ".", more), "", ())
    parts = tuple(_part(history, strip) for strip in history.strips)
    its = "its" if len(set(history.experiments)) == 1 else "their"
    of = f" of {numbers.count(n + history.earlier)}" if history.earlier else ""
    over = f"over {its} last {numbers.count(n)}{of} saved summaries"
    return HistoryPanel(
        names, over, (_where(history) + ".", *_told(history)), _baseline(history), parts
    )


def _where(history: History) -> str:
    """Say from where, over how many examples, and whether all summaries are of one kind."""
    points = history.strips[0].points if history.strips else []
    sizes = sorted({p.examples for p in points if p.examples is not None})
    parts = [history.folder] if history.folder else []
    if len(sizes) == 1:
        each = " each" if len(points) > 1 else ""
        parts.append(f"{numbers.times(sizes[0], 'example')}{each}")
    elif sizes:
        parts.append(f"{numbers.count(sizes[0])} to {numbers.times(sizes[-1], 'example')}")
    if len(points) > 1 and history.same:
        parts.append(f"same {' and '.join(history.same)} in all")
    return " \u00b7 ".join(parts) or "Saved summaries"


def _told(history: History) -> list[str]:
    """Say what stands behind the changes and their intervals."""
    k = sum(s.since is not None and s.since.simultaneous is not None for s in history.strips)
    if not k:
        return []
    hold = f"their {k} intervals hold together at 95%" if k > 1 else "its interval is at 95%"
    return [
        f"Changes since the one before are not paired by example, for a summary keeps no single "
        f"scores; {hold}."
    ]


def _baseline(history: History) -> str:
    known = any(s.baseline and s.baseline.value is not None for s in history.strips)
    return history.baseline or "" if known else ""


def _part(history: History, strip: Strip) -> HistoryPart:
    changes = {each.index: each for each in strip.changes}
    broken = {each.index: BROKEN[each.why] for each in strip.breaks}
    labels = _labels(history, strip)
    points, rows = [], []
    for place, point in enumerate(strip.points):
        figure, lasting = point.figure, changes.get(place)
        if figure.value is not None:
            mark = Point(place, labels[place], figure.value, figure.low, figure.high, bool(lasting))
            points.append(mark)
        rows.append(
            (
                point.experiment,
                _minute(point.at),
                numbers.in_unit(figure.value, strip.unit),
                numbers.interval(figure.low, figure.high, strip.unit) or numbers.DASH,
                numbers.count(figure.n),
                "; ".join(filter(None, (broken.get(place, ""), _change(lasting, strip.unit)))),
            )
        )
    heads = ("Summary", "Last run", strip.metric, "95% interval", "n", "Change")
    latest = numbers.in_unit(points[-1].value, strip.unit) if points else numbers.DASH
    level = strip.baseline.value if strip.baseline else None
    return HistoryPart(
        NAMES.get(strip.metric, strip.metric),
        strip.unit,
        tuple(points),
        labels,
        TablePart(f"History of {strip.metric}", heads, tuple(rows)),
        latest=latest,
        since=_since(strip),
        **_reading(strip),
        notes=(*_notes(strip, labels), *_sizes(strip, labels)),
        breaks=tuple(broken),
        level=level,
        level_text="" if level is None else numbers.in_unit(level, strip.unit),
    )


def _minute(at: str | None) -> str:
    return (at or "")[:16].replace("T", " ") or numbers.DASH


def _labels(history: History, strip: Strip) -> tuple[str, ...]:
    """Return the names of the summaries; when all bear one, their days, and minutes within one."""
    if len(set(history.experiments)) > 1:
        return tuple(history.experiments)
    days = [(point.at or point.experiment)[:10] for point in strip.points]
    if len(set(days)) == len(days):
        return tuple(days)
    return tuple(_minute(point.at) if point.at else point.experiment for point in strip.points)


def _since(strip: Strip) -> str:
    """Say how far the last point is from the one before it, or why that is not read."""
    found = strip.since
    if found is None:
        last = strip.breaks[-1] if strip.breaks else None
        if last is None:
            return "Nothing to hold it against: one summary has it"
        return f"No change is read: {BROKEN[last.why]} since the one before"
    part = change(found, strip.unit, 1.0)
    if drawn(found):
        return f"Since the one before: {part.text} ({part.interval})"
    n = found.difference.n
    why = f"{numbers.times(n, 'example')} are too few" if n < FEWEST else part.why
    return f"Since the one before: {part.text}; no interval: {why}"


def _reading(strip: Strip) -> dict[str, str]:
    if strip.since is None or strip.since.simultaneous is None:
        return {}
    part = change(strip.since, strip.unit, 1.0)
    said = (part.reading, part.verdict, part.glyph, part.margin)
    return dict(zip(("reading", "verdict", "glyph", "margin"), said, strict=True))


def _change(found: ChangePoint | None, unit: str) -> str:
    if found is None:
        return ""
    reading = {True: "\u25b2 better", False: "\u25bc worse", None: "changed"}[found.better]
    before, after = numbers.in_unit(found.before, unit), numbers.in_unit(found.after, unit)
    return f"{reading}: {before} \u2192 {after}"


def _notes(strip: Strip, labels: tuple[str, ...]) -> list[str]:
    """Say where the level changed for good, and where the line is broken."""
    said = [
        f"Broken at {labels[each.index]}: {BROKEN[each.why]}; no change is read across it."
        for each in strip.breaks
    ]
    if strip.changes:
        last = strip.changes[-1]
        said.append(f"Last lasting change at {labels[last.index]}: {_change(last, strip.unit)}.")
    return said


def _sizes(strip: Strip, labels: tuple[str, ...]) -> list[str]:
    """Name the summaries that have another number of examples than most."""
    sizes = Counter(p.examples for p in strip.points if p.examples is not None)
    if len(sizes) < 2:
        return []
    usual = max(sizes, key=lambda size: (sizes[size], size))
    others = [
        f"{label} ({numbers.count(p.examples)})"
        for p, label in zip(strip.points, labels, strict=True)
        if p.examples not in (None, usual)
    ]
    return [f"Another number of examples than {numbers.count(usual)}: {', '.join(others)}."]
