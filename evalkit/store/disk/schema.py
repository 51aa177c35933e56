"""The Parquet schemas of the store, made from the documented columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from evalkit.model.schema.columns import (
    CELL_COLUMNS,
    EXAMPLE_COLUMNS,
    RUN_COLUMNS,
    RUN_PLACE,
    STEP_COLUMNS,
    Column,
)
from evalkit.store.disk.arrow import put_off_pandas

put_off_pandas()

TYPES = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
    "list": pa.list_(pa.string()),
}
CATEGORY = pa.dictionary(pa.int32(), pa.string())
"""Text that repeats; pandas reads it as a categorical, DuckDB as text."""
CATEGORIES = frozenset(
    {
        *("run_id", "example_id", "evaluator", "key", "fingerprint", "outcome", "score_type"),
        *("source", "content_hash", "example_hash", "error_type", "error_message", "traceback"),
        *("run_part", "examples_part"),
    }
)
STORED_CELLS = (
    *CELL_COLUMNS,
    Column("content_hash", "str", "Hash of the run that was scored."),
    Column("example_hash", "str", "Hash of the example, for evaluators that see it."),
    Column("scope", "str", "Hash of all runs and examples, for a score of the experiment."),
    Column("run_part", "str", "Part of runs that held the run when it was scored."),
    Column("run_row", "int", "The run's row in that part, from 0."),
    Column("examples_part", "str", "Part of examples then, for evaluators that see the example."),
)
DICTIONARIES = (
    *("thread_id", "assistant_id", "name", "status", "outcome", "stopped", "multitask_strategy"),
    *("example_id", "error_type", "error", "url", "metadata", "extra", "tags.list.element"),
    *(
        f"steps.list.element.{name}"
        for name in ("kind", "name", "model", "error", "metadata", "tags.list.element")
    ),
)


def field(column: Column) -> pa.Field:
    """Return a column's Arrow field."""
    return pa.field(column.name, TYPES[column.type])


def schema(columns: Iterable[Column]) -> pa.Schema:
    """Return the Arrow schema of documented columns."""
    return pa.schema([field(column) for column in columns])


STEP = pa.struct([field(column) for column in STEP_COLUMNS])
RUNS = schema(RUN_COLUMNS).append(pa.field("steps", pa.list_(STEP)))
EXAMPLES = schema(EXAMPLE_COLUMNS).append(pa.field("example_hash", pa.string()))
STEPS = pa.schema([pa.field("run_id", pa.string()), *STEP])
CELLS = pa.schema(
    [
        pa.field(column.name, CATEGORY if column.name in CATEGORIES else TYPES[column.type])
        for column in CELL_COLUMNS
    ]
)
ANSWERED = CELLS.append(pa.field(RUN_PLACE.name, pa.int32()))
"""The columns of cells with those that are given to who asks by name."""
JSON_COLUMNS = frozenset(
    column.name
    for column in (*RUN_COLUMNS, *STEP_COLUMNS, *EXAMPLE_COLUMNS)
    if column.type == "json"
)


def to_array(values: Sequence[Any], kind: pa.DataType, name: str) -> pa.Array:
    """Return values as an Arrow array; JSON text comes as bytes known to be UTF-8."""
    if values and values[0] is None and values.count(None) == len(values):
        return pa.nulls(len(values), kind)
    if name in JSON_COLUMNS:
        return pa.array(values, pa.binary()).view(pa.string())
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).view(kind)
    return pa.array(values, kind)


def with_later(table: pa.Table, schema: pa.Schema, columns: Sequence[str]) -> pa.Table:
    """Return the columns asked for; those that came after the part was written are null."""
    for name in columns:
        if name not in table.column_names:
            nothing = pa.nulls(table.num_rows, schema.field(name).type)
            table = table.append_column(schema.field(name), pa.chunked_array([nothing]))
    return table.select(list(columns))


def empty(schema: pa.Schema) -> pa.Table:
    """Return a table without rows; `schema.empty_table()` would import pandas."""
    return pa.Table.from_batches([], schema)
