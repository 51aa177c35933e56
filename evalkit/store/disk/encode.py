"""Encode: runs and examples become Arrow tables and the bytes of parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, islice

import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.errors import StoreError
from evalkit.model.example import Example
from evalkit.model.schema.batch import ExampleRow
from evalkit.model.schema.hashes import RowValues
from evalkit.model.schema.row_values import example_row
from evalkit.store.disk.opened import WRITING, write_table
from evalkit.store.disk.parts import GROUP_ROWS, Part, part_of
from evalkit.store.disk.schema import DICTIONARIES, EXAMPLES, RUNS, STEP, to_array

RUN_FIELDS = list(RUNS)[:-1]
"""All but the steps, which stand last."""


class PartBuilder:
    """One part in the making: rows are encoded as they come and compressed by row group."""

    def __init__(self) -> None:
        self._sink = pa.BufferOutputStream()
        self._writer: pq.ParquetWriter | None = None
        self._rows: list[RowValues] = []
        self._steps: list[list[RowValues]] = []
        self._written = 0
        self._recorded = 0

    def add(self, row: RowValues, steps: list[RowValues]) -> None:
        """Add a run."""
        self._rows.append(row)
        self._steps.append(steps)
        if len(self._rows) >= GROUP_ROWS:
            self._flush()

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return self._written + len(self._rows)

    def _flush(self) -> None:
        if self._rows:
            self.add_table(_table(self._rows, self._steps))
            self._rows, self._steps = [], []

    def add_table(self, table: pa.Table) -> None:
        """Add rows that are a table already, as row groups of their own."""
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._sink, RUNS, use_dictionary=list(DICTIONARIES), **WRITING
            )
        self._writer.write_table(table, row_group_size=GROUP_ROWS)
        self._written += table.num_rows
        self._recorded += table.num_rows - table.column("feedback").null_count

    def finish(self, number: int) -> tuple[Part, bytes]:
        """Return the part of this number and its bytes."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
        data: bytes = self._sink.getvalue().to_pybytes()
        return part_of("runs", number, data, self._written, self._recorded), data


def _table(rows: Sequence[RowValues], steps: Sequence[Sequence[RowValues]]) -> pa.Table:
    try:
        return pa.Table.from_arrays([*_arrays(rows, RUN_FIELDS), _steps(steps)], schema=RUNS)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        ids = f"{rows[0][0]!r} to {rows[-1][0]!r}"
        raise StoreError(
            f"runs {ids}: cannot be stored ({error}). Correct the field at its source."
        ) from None


def _arrays(rows: Sequence[RowValues], fields: Sequence[pa.Field]) -> list[pa.Array]:
    columns = zip(*rows, strict=True) if rows else [()] * len(fields)
    return [to_array(column, f.type, f.name) for f, column in zip(fields, columns, strict=True)]


def _steps(steps: Sequence[Sequence[RowValues]]) -> pa.Array:
    offsets = [0, *accumulate(map(len, steps))]
    fields = list(STEP)
    struct = pa.StructArray.from_arrays(_arrays([*chain(*steps)], fields), fields=fields)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), struct)


def examples_part(
    examples: Iterable[Example | ExampleRow], notes: Counter[str]
) -> tuple[bytes, int]:
    """Return the bytes of the examples' part and how many there are; the last of an id wins.

    They are encoded as they come, for inputs and references may be as large as all runs.
    """
    sink, last, count = pa.BufferOutputStream(), dict[str, int](), 0
    with pq.ParquetWriter(sink, EXAMPLES, **WRITING) as writer:
        rows = (
            each.row if isinstance(each, ExampleRow) else example_row(each, notes)
            for each in examples
        )
        while batch := list(islice(rows, GROUP_ROWS)):
            for row in batch:
                last[str(row[0])] = count
                count += 1
            arrays = _arrays(batch, list(EXAMPLES))
            writer.write_table(pa.Table.from_arrays(arrays, schema=EXAMPLES))
    if count == len(last):
        return sink.getvalue().to_pybytes(), count
    table = pq.read_table(pa.BufferReader(sink.getvalue())).take([*last.values()])
    return write_table(table, row_group_size=GROUP_ROWS), len(last)
