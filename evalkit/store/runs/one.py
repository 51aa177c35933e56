"""One: a single run of a stored part, without the others of its row group."""

from __future__ import annotations

import pyarrow as pa

from evalkit.model.run import Run
from evalkit.store.disk.parts import PartFile
from evalkit.store.runs.rows import Batch, RunFields, Touched


class OneRow(Batch):
    """One row of a row group: nothing of the others becomes a value of Python."""

    def __init__(self, part: PartFile, group: int, row: int, touched: Touched) -> None:
        self._row = row
        super().__init__(part, group, touched)

    def _table(self, names: list[str]) -> pa.Table:
        return super()._table(names).take([self._row])


def run_of(part: PartFile, group: int, row: int, touched: Touched) -> Run:
    """Return one run of a row group."""
    found: Run = Run._lazy(RunFields(OneRow(part, group, row, touched)), 0)
    return found
