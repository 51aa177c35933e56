"""Slices: where it is good and where it broke; tinted only where chance is excluded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evalkit.metrics.documents.lookup import score_unit
from evalkit.metrics.documents.summary import SliceFigure, Summary
from evalkit.report.charts import numbers
from evalkit.report.sections.source import Source, address, term
from evalkit.report.values.panels import SliceCell, SlicePart

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate, SliceDifference

ALPHA = 0.05
NAMED = 4
"""Slices beyond chance that are named above a table."""


def build(source: Source) -> tuple[SlicePart, ...]:
    """Return a table per slicing: differences when experiments are compared, values otherwise."""
    if source.several:
        return tuple(part for c in source.candidates for part in _of_candidate(source, c))
    return tuple(_of_summary(source, source.main))


def _of_candidate(source: Source, candidate: Candidate) -> list[SlicePart]:
    metrics = list(dict.fromkeys(s.metric for s in candidate.slices))
    parts = []
    for by in dict.fromkeys(s.by for s in candidate.slices):
        here = [s for s in candidate.slices if s.by == by]
        values = list(dict.fromkeys(s.value for s in here))
        table = {(s.value, s.metric): s for s in here}
        rows = [(value, [table.get((value, metric)) for metric in metrics]) for value in values]
        rows.sort(key=lambda row: _first(row[1]))
        title = f"Change by {_name(by)}"
        if len(source.candidates) > 1:
            title += f": {candidate.experiment}"
        cells = tuple(
            (value, tuple(_difference_cell(source, cell) for cell in found))
            for value, found in rows
        )
        note = _note(source, candidate, here, cells)
        parts.append(SlicePart(title, note, (_name(by), *metrics), cells))
    return parts


def _size(source: Source, cell: SliceDifference) -> str:
    return numbers.difference(
        cell.difference.value, "share" if _is_rate(source, cell.metric) else ""
    )


def _note(
    source: Source,
    candidate: Candidate,
    here: Sequence[SliceDifference],
    rows: Sequence[tuple[str, tuple[SliceCell | None, ...]]],
) -> str:
    """Say how many cells there are, how many were tested, and which are beyond chance."""
    cells = sum(c is not None for _, row in rows for c in row)
    sure = [
        f"{s.value} on {s.metric} ({_size(source, s)})"
        for s in here
        if s.flagged or (s.p_adjusted is not None and s.p_adjusted <= ALPHA)
    ]
    said = (
        "none."
        if not sure
        else ", ".join(sure[:NAMED])
        + (f" and {len(sure) - NAMED} more." if len(sure) > NAMED else ".")
    )
    tested = numbers.times(candidate.slices_tested, "slice")
    return (
        f"Change of {candidate.experiment}, most lost first: {numbers.times(cells, 'cell')}. "
        f"Beyond chance, corrected for {tested} tested: {said} "
        "Elsewhere an arrow shows the direction only."
    )


def _first(cells: Sequence[SliceDifference | None]) -> float:
    first = next((c.difference.value for c in cells if c is not None), None)
    return 0.0 if first is None else first


def _difference_cell(source: Source, cell: SliceDifference | None) -> SliceCell | None:
    if cell is None or cell.difference.value is None:
        return None
    unit = "share" if _is_rate(source, cell.metric) else ""
    low, high = cell.difference.low, cell.difference.high
    clear = cell.p_adjusted is not None and cell.p_adjusted <= ALPHA
    tone = "z"
    if cell.flagged or clear:
        lower = cell.metric in source.score_names and source.score(cell.metric).direction == "lower"
        worse = cell.flagged or (cell.difference.value < 0) != lower
        tone = ("m" if worse else "p") + _depth(abs(cell.difference.value))
    ends = numbers.interval(low, high, unit, change=True) or "none"
    title = f"n {numbers.count(cell.difference.n)}, 95%: {ends}"
    text = numbers.difference(cell.difference.value, unit).removesuffix(" pp")
    moved = round(cell.difference.value, 12)
    lower = cell.metric in source.score_names and source.score(cell.metric).direction == "lower"
    way = "" if not moved else "up" if (moved > 0) != lower else "down"
    link = _link(source, cell.by, cell.value, "compare")
    return SliceCell(text if moved else "0", title, tone, link, way, not moved, cell.difference.n)


def _is_rate(source: Source, metric: str) -> bool:
    return metric not in source.score_names or source.score(metric).type == "rate"


def _depth(size: float) -> str:
    return str(min(4, 1 + int(size * 100 // 5)))


def _of_summary(source: Source, summary: Summary) -> list[SlicePart]:
    scores = [s for s in summary.scores.values() if s.slices]
    heads = [s.name for s in scores]
    tested = max((search.tested for search in summary.slices), default=0)
    parts = []
    for by in dict.fromkeys(f.by for s in scores for f in s.slices):
        table = {(f.value, s.name): f for s in scores for f in s.slices if f.by == by}
        values = list(dict.fromkeys(value for value, _ in table))
        rows = [(value, [table.get((value, name)) for name in heads]) for value in values]
        rows.sort(key=lambda row: next((f.mean for f in row[1] if f and f.mean is not None), 0.0))
        cells = tuple(
            (
                value,
                tuple(_value_cell(source, name, f) for name, f in zip(heads, found, strict=True)),
            )
            for value, found in rows
        )
        note = (
            "Tinted where the slice differs from the other runs beyond chance, corrected for "
            f"{numbers.times(tested, 'slice')} per score."
        )
        parts.append(SlicePart(f"Scores by {_name(by)}", note, (_name(by), *heads), cells))
    return parts


def _value_cell(source: Source, name: str, figure: SliceFigure | None) -> SliceCell | None:
    if figure is None or figure.mean is None:
        return None
    unit = score_unit(source.score(name))
    low, high = figure.interval or (None, None)
    clear = figure.p_adjusted is not None and figure.p_adjusted <= ALPHA
    tone = "z"
    if (figure.flagged or clear) and figure.difference is not None:
        lower = source.score(name).direction == "lower"
        good = (figure.difference > 0) != lower
        tone = ("p" if good else "m") + _depth(abs(figure.difference))
    title = f"n {numbers.count(figure.n)}, 95%: {numbers.interval(low, high, unit) or 'none'}"
    return SliceCell(
        numbers.in_unit(figure.mean, unit),
        title,
        tone,
        _link(source, figure.by, figure.value, "runs"),
        n=figure.n,
    )


def _name(by: str) -> str:
    return by.removeprefix("metadata.")


def _link(source: Source, by: str, value: str, view: str) -> str | None:
    facet = next((f for f in source.facets if f.by == by and value in f.values), None)
    return address(view, q=term(facet.name, ":", value)) if facet else None
