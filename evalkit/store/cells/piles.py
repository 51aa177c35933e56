"""Piles: neighbouring parts of scores, few enough to be read together, in the order of the runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from evalkit.store.cells.current import Now, placed
from evalkit.store.disk.files import Files

PART_CELLS = 200_000


@dataclass(frozen=True, slots=True)
class Span:
    """A part of scores, how many cells it has, and the first and last run they are of."""

    name: str
    cells: int
    first: int
    last: int


def spans(files: Files, now: Now, damaged: list[str] | None = None) -> list[Span]:
    """Return all parts in the order of their runs."""
    found = []
    for part in placed(files, now, [], damaged):
        bounds = pc.min_max(pc.fill_null(part.places, -1)).as_py()
        first, last = (-1, -1) if bounds["min"] is None else (bounds["min"], bounds["max"])
        found.append(Span(part.name, part.table.num_rows, first, last))
    return sorted(found, key=lambda span: (span.first, span.last, span.name))


def piles(spans: Sequence[Span], most: int = PART_CELLS) -> Iterator[list[Span]]:
    """Group neighbours up to a full part; what is about one run stays together."""
    pile: list[Span] = []
    last = size = 0
    for span in spans:
        if pile and span.first > last and size + span.cells > most:
            yield pile
            pile, last, size = [], 0, 0
        pile.append(span)
        last, size = max(last, span.last), size + span.cells
    if pile:
        yield pile
