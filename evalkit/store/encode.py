"""Encode: runs and examples become Arrow tables and the bytes of parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.errors import StoreError
from evalkit.model.content import Values, example_hash, example_values, run_values
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.store.parts import GROUP_ROWS, WRITING, write_table
from evalkit.store.schema import DICTIONARIES, EXAMPLES, RUNS, STEP, to_array


class PartBuilder:
    """One part in the making: rows are encoded as they come and compressed by row group."""

    def __init__(self) -> None:
        self._sink = pa.BufferOutputStream()
        self._writer: pq.ParquetWriter | None = None
        self._rows: list[Values] = []
        self._steps: list[list[Values]] = []
        self._written = 0

    def add(self, run: Run, notes: Counter[str]) -> None:
        """Add a run; one with a field of the wrong type raises `StoreError`."""
        try:
            values, steps = run_values(run, notes)
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise StoreError(
                f"run {run.run_id!r}: cannot be stored ({error}). Correct the field at its source."
            ) from None
        self._rows.append(values)
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

    def finish(self) -> bytes:
        """Return the part's bytes."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
        data: bytes = self._sink.getvalue().to_pybytes()
        return data


def _table(rows: Sequence[Values], steps: Sequence[Sequence[Values]]) -> pa.Table:
    try:
        arrays = [
            to_array([row[field.name] for row in rows], field.type, field.name)
            for field in RUNS
            if field.name != "steps"
        ]
        return pa.Table.from_arrays([*arrays, _steps(steps)], schema=RUNS)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        ids = f"{rows[0]['run_id']!r} to {rows[-1]['run_id']!r}"
        raise StoreError(
            f"runs {ids}: cannot be stored ({error}). Correct the field at its source."
        ) from None


def _steps(steps: Sequence[Sequence[Values]]) -> pa.Array:
    offsets = [0]
    for each in steps:
        offsets.append(offsets[-1] + len(each))
    flat = [values for each in steps for values in each]
    arrays = [to_array([row[f.name] for row in flat], f.type, f.name) for f in STEP]
    struct = pa.StructArray.from_arrays(arrays, fields=list(STEP))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), struct)


def examples_part(examples: Iterable[Example], notes: Counter[str]) -> tuple[bytes, int]:
    """Return the bytes of the examples' part and how many there are; the last of an id wins."""
    rows = {}
    for example in examples:
        values = example_values(example, notes)
        rows[values["example_id"]] = {**values, "example_hash": example_hash(values)}
    arrays = [to_array([row[f.name] for row in rows.values()], f.type, f.name) for f in EXAMPLES]
    table = pa.Table.from_arrays(arrays, schema=EXAMPLES)
    return write_table(table, row_group_size=GROUP_ROWS), len(rows)
