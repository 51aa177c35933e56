"""One: single runs of a stored part, without the others of their row group."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import pyarrow as pa

from evalkit.model.run import Run
from evalkit.store.disk.opened import PartFile
from evalkit.store.runs.rows import Batch, RunFields, Touched


def places_in(rows: Sequence[int]) -> pa.Array:
    """Return numbers as an Arrow array; `pa.array` would import pandas where that is installed."""
    return pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(array("q", rows))])


class SomeRows(Batch):
    """Some rows of a row group: nothing of the others becomes a value of Python."""

    def __init__(self, part: PartFile, group: int, rows: Sequence[int], touched: Touched) -> None:
        self._rows = places_in(rows)
        super().__init__(part, group, touched)

    def _table(self, names: list[str]) -> pa.Table:
        found = super()._table(names)
        return found if len(self._rows) == found.num_rows else found.take(self._rows)


def some_of(part: PartFile, group: int, rows: Sequence[int], touched: Touched) -> Iterator[Run]:
    """Yield the runs in some rows, which go upwards, of a row group."""
    fields = RunFields(SomeRows(part, group, rows, touched))
    for place in range(len(rows)):
        found: Run = Run._lazy(fields, place)
        yield found


def run_of(part: PartFile, group: int, row: int, touched: Touched) -> Run:
    """Return one run of a row group."""
    return next(some_of(part, group, [row], touched))
