"""Grids: the figures of a report as columns of text that fit a width; no number is ever cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from evalkit.report.charts import numbers
from evalkit.report.values.parts import ChangePart, MetricGroup, MetricPart, ReportView

WIDE, NARROW = 80, 60
"""From so many columns on: both levels and the interval; the candidate, its change, its reading."""
GAP = 2
LEAST = 14
"""Columns of a name, at least."""
MOST = 44
HEAD = 13
"""Columns of an experiment's name above its figures."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A head and groups of rows; every cell is (text, tone)."""

    heads: tuple[str, ...]
    groups: tuple[tuple[tuple[tuple[str, str], ...], ...], ...]
    left: frozenset[int]
    """Columns that are flush left; others are flush right."""


def cut(text: str, width: int) -> str:
    """Return text of at most so many columns; what is cut ends in an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


def grids_of(view: ReportView, width: int) -> list[Grid]:
    """Return the tables of the figures for a width; none below 60 columns."""
    if width < NARROW:
        return []
    if len(view.experiments) == 1:
        return [_alone(view)]
    if len(view.experiments) == 2:
        return [_two(view, width >= WIDE)]
    return _several(view, width)


def lines_of(grid: Grid, width: int) -> list[list[tuple[str, str]] | None]:
    """Return the lines, None for a rule between groups; names take what the numbers leave."""
    rows = [row for group in grid.groups for row in group]
    widths = [
        max(cell_len(grid.heads[at]), *(cell_len(row[at][0]) for row in rows), 1)
        for at in range(len(grid.heads))
    ]
    rest = sum(widths[1:]) + GAP * (len(widths) - 1)
    widths[0] = max(min(widths[0], width - rest, MOST), min(LEAST, widths[0]))
    heads = tuple((head, "dim") for head in grid.heads)
    lines: list[list[tuple[str, str]] | None] = [_line(heads, widths, grid.left), None]
    for group in grid.groups:
        lines += [_line(row, widths, grid.left) for row in group]
        lines.append(None)
    return lines


def _line(
    cells: Sequence[tuple[str, str]], widths: Sequence[int], left: frozenset[int]
) -> list[tuple[str, str]]:
    out = []
    for at, ((text, tone), width) in enumerate(zip(cells, widths, strict=True)):
        shown = cut(text, width) if at == 0 else text
        pad = " " * (width - cell_len(shown))
        shown = shown + pad if at in left else pad + shown
        out.append((shown + " " * GAP if at < len(widths) - 1 else shown.rstrip(), tone))
    return out


def _name(row: MetricPart, several: bool = True) -> str:
    marks = "".join(f" [{mark}]" for mark in row.marks)
    return f"{'* ' if row.primary and several else '  '}{row.label}{marks}"


def _rows(group: MetricGroup) -> list[MetricPart]:
    return [row for row in group.rows if any(f.n for f in row.figures)]


def _alone(view: ReportView) -> Grid:
    groups = tuple(
        tuple(
            (
                (_name(row, False)[2:] + (f" ({f.note})" if f.note else ""), ""),
                (f.text, "bold"),
                (f.interval or "no interval", "dim"),
                (f"{f.n:,}", "dim"),
            )
            for row in _rows(group)
            for f in row.figures[:1]
        )
        for group in view.groups
    )
    return Grid(
        ("", cut(view.experiments[0].name, HEAD), "95% interval", "n"), groups, frozenset({0})
    )


def _two(view: ReportView, wide: bool) -> Grid:
    names = [cut(part.name, HEAD) for part in view.experiments]
    heads = (
        "",
        *(names if wide else names[1:]),
        "change",
        *(("interval",) if wide else ()),
        "reading",
    )
    groups = tuple(tuple(_pair(row, wide) for row in _rows(group)) for group in view.groups)
    left = frozenset({0, len(heads) - 1, *((len(heads) - 2,) if wide else ())})
    return Grid(heads, groups, left)


def _pair(row: MetricPart, wide: bool) -> tuple[tuple[str, str], ...]:
    c = row.changes[0] if row.changes else None
    if c is None:
        before, after = row.figures[0].text, row.figures[1].text
        return (
            (_name(row), ""), *(((before, "dim"),) if wide else ()), (after, "bold"), ("", ""),
            *((("", ""),) if wide else ()), (numbers.DASH, "dim"),
        )  # fmt: skip
    return (
        (_name(row), ""),
        *(((c.before, "dim"),) if wide else ()),
        (c.after, "bold"),
        (c.text, c.tone),
        *(((short(c), "dim"),) if wide else ()),
        (c.verdict, c.tone),
    )


def short(change: ChangePart) -> str:
    """Write an interval without its unit, which stands behind the change."""
    if not change.interval:
        return "none"
    low, _, high = change.interval.removesuffix(" pp").partition(" to ")
    if high.endswith("%"):  # no end becomes a zero by rounding
        found = [_whole(end) for end in (low, high.removesuffix("%"))]
        low, high = found
    return f"{low} … {high}"


def _whole(percent: str) -> str:
    size = percent.lstrip("+\u2212")
    whole = numbers.fixed(float(size.replace(",", "")), 0)
    return percent if whole == "0" else percent.removesuffix(size) + whole


def _several(view: ReportView, width: int) -> list[Grid]:
    """Return the primary metric with a row an experiment, then levels of all metrics."""
    rows = [row for group in view.groups for row in group.rows]
    primary = next((row for row in rows if row.primary), None)
    found = [_ranking(view, primary, width >= WIDE)] if primary else []
    return [*found, *_levels(view, width)]


def _ranking(view: ReportView, row: MetricPart, wide: bool) -> Grid:
    lines: list[tuple[tuple[str, str], ...]] = []
    for at, part in enumerate(view.experiments):
        c = row.changes[at - 1] if at and row.changes else None
        level = c.after if c else row.figures[at].text
        interval = (((short(c) if c else ""), "dim"),) if wide else ()
        word = c.verdict if c else "baseline" if not at else "not compared"
        moved = (c.text, c.tone) if c else ("", "")
        lines.append(
            ((part.name, ""), (level, "bold"), moved, *interval, (word, c.tone if c else ""))
        )
    heads = (row.label, "level", "change", *(("interval",) if wide else ()), "reading")
    left = frozenset({0, len(heads) - 1, *((len(heads) - 2,) if wide else ())})
    return Grid(heads, (tuple(lines),), left)


SIGNS = {"better": " ▲", "worse": " ▼"}


def _levels(view: ReportView, width: int) -> list[Grid]:
    """Return levels of all metrics, as many experiments side by side as fit."""
    names = [cut(part.name, HEAD) for part in view.experiments]
    cells = [[_level(row, at) for row in _all(view)] for at in range(len(names))]
    found, at = [], 0
    while at < len(names):
        taken, room = [at], width - LEAST - 10
        room -= max([cell_len(names[at]), *(cell_len(c) for c, _ in cells[at])]) + GAP
        for other in range(at + 1, len(names)):
            room -= max([cell_len(names[other]), *(cell_len(c) for c, _ in cells[other])]) + GAP
            if room < 0:
                break
            taken.append(other)
        groups = tuple(
            tuple(((_name(row), ""), *(_level(row, x) for x in taken)) for row in _rows(group))
            for group in view.groups
        )
        found.append(Grid(("", *(names[x] for x in taken)), groups, frozenset({0})))
        at = taken[-1] + 1
    return found


def _all(view: ReportView) -> list[MetricPart]:
    return [row for group in view.groups for row in _rows(group)]


def _level(row: MetricPart, at: int) -> tuple[str, str]:
    c = row.changes[at - 1] if at and row.changes else None
    return row.figures[at].text + SIGNS.get(c.reading if c else "", ""), c.tone if c else ""
