"""Lists: slices and rankings as plain rows, for renderers that draw text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from evalkit.report.charts import numbers
from evalkit.report.values.panels import SliceCell, SlicePart, TablePart
from evalkit.report.values.parts import ReportView

RANKING = "Ranking by "
"""What the titles of comparative results begin with."""
MARKS = {"m": "\u25bc", "p": "\u25b2"}
"""Worse and better beyond chance."""


class Listed(NamedTuple):
    """A table of texts, and how many rows there are beyond those shown."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    more: int


def lists_of(view: ReportView, most: int) -> Iterator[Listed]:
    """Yield comparative results and slices, at most so many rows each, the worst first."""
    for table in view.tables:
        if table.title.startswith(RANKING):
            yield _of_table(table, most)
    for part in view.slices:
        yield _of_slices(part, most)


def more_of(listed: Listed) -> str:
    """Say how many rows are not shown and where they are; empty when all are."""
    if not listed.more:
        return ""
    total = len(listed.rows) + listed.more
    rest = "the page and --json have all"
    return f"{numbers.count(len(listed.rows))} of {numbers.count(total)} are shown; {rest}."


def _of_table(table: TablePart, most: int) -> Listed:
    rows = table.rows[:most]
    return Listed(table.title, table.heads, rows, table.note, len(table.rows) - len(rows))


def _of_slices(part: SlicePart, most: int) -> Listed:
    rows = tuple(
        (
            name,
            *map(_cell, cells),
        )
        for name, cells in part.rows[:most]
    )
    return Listed(part.title, part.heads, rows, part.note, len(part.rows) - len(rows))


def _cell(cell: SliceCell | None) -> str:
    return numbers.DASH if cell is None else f"{cell.text} {MARKS.get(cell.tone[0], '')}".strip()
