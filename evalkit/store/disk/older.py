"""Parts that an older evalkit wrote: columns that came later are there, and empty."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from evalkit.store.disk.schema import EXAMPLES, RUNS, STEP

STEP_PREFIX = "steps.list.element."
ALWAYS = "kind"
"""A field that every step has had from the beginning: it tells how many steps there are."""


def lacking(have: pa.Schema) -> frozenset[str]:
    """Return the columns (steps' as `steps.list.element.<field>`) that a part of runs lacks."""
    if "steps" not in have.names:
        return frozenset(EXAMPLES.names) - set(have.names)
    steps = have.field("steps").type.value_type
    known = {field.name for field in steps}
    missing = [STEP_PREFIX + field.name for field in STEP if field.name not in known]
    return frozenset([*(set(RUNS.names) - set(have.names)), *missing])


def readable(columns: Sequence[str], lacks: frozenset[str]) -> list[str]:
    """Return what to read of such a part in order to give `columns`."""
    there = [name for name in columns if name not in lacks]
    if any(name.startswith(STEP_PREFIX) for name in set(columns) & lacks):
        there.append(STEP_PREFIX + ALWAYS)
    return there


def completed(table: pa.Table, columns: Sequence[str], lacks: frozenset[str]) -> pa.Table:
    """Return the table with what was asked for and is not there, as nulls, in the order asked."""
    arrays: dict[str, pa.ChunkedArray] = {}
    steps = [name.removeprefix(STEP_PREFIX) for name in columns if name.startswith(STEP_PREFIX)]
    for name in columns:
        top = name.partition(".")[0]
        if top in arrays:
            continue
        if top == "steps":
            fields = [each.name for each in STEP] if "steps" in columns else steps
            arrays[top] = _with_steps(table.column(top), fields)
        elif top in lacks:
            kind = (RUNS if top in RUNS.names else EXAMPLES).field(top).type
            arrays[top] = pa.chunked_array([pa.nulls(table.num_rows, kind)], type=kind)
        else:
            arrays[top] = table.column(top)
    return pa.table(arrays)


def _with_steps(column: pa.ChunkedArray, names: Sequence[str]) -> pa.ChunkedArray:
    chunks = [_completed_steps(chunk, names) for chunk in column.chunks]
    return pa.chunked_array(chunks) if chunks else column


def _completed_steps(lists: pa.ListArray, names: Sequence[str]) -> pa.ListArray:
    struct = lists.values
    have = {field.name for field in struct.type}
    arrays = [
        struct.field(name) if name in have else pa.nulls(len(struct), STEP.field(name).type)
        for name in names
    ]
    fields = [pa.field(name, array.type) for name, array in zip(names, arrays, strict=True)]
    return pa.ListArray.from_arrays(
        lists.offsets, pa.StructArray.from_arrays(arrays, fields=fields)
    )
