"""Steps: the table of steps, a part of the runs at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.model.schema.columns import RUN_PLACE
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.parts import Part
from evalkit.store.disk.schema import STEPS, empty
from evalkit.store.runs.rows import STEP_PREFIX

OF_THE_RUN = ("run_id", RUN_PLACE.name)


def steps_by_part(
    files: Files, parts: Sequence[Part], columns: Sequence[str]
) -> Iterator[pa.Table]:
    """Yield columns of the steps, part by part; an empty table comes first."""
    leaves = [STEP_PREFIX + name for name in columns if name not in OF_THE_RUN]
    owner = ["run_id"] if "run_id" in columns else []
    schema = pa.schema([_field(name) for name in columns])
    yield empty(schema)
    first = 0
    for part in parts:
        read = [*owner, *(leaves or [STEP_PREFIX + "kind"])]
        for batch in PartFile(files, part).read(read).to_batches():
            yield _steps_of(batch, schema, first)
            first += batch.num_rows


def _field(name: str) -> pa.Field:
    return pa.field(name, pa.int32()) if name == RUN_PLACE.name else STEPS.field(name)


def _steps_of(batch: pa.RecordBatch, schema: pa.Schema, first: int) -> pa.Table:
    """Return the steps of some runs, of which the first is in row `first` of all."""
    lists = batch.column("steps")
    struct, owner = lists.flatten(), pc.list_parent_indices(lists)
    arrays = []
    for name in schema.names:
        if name == "run_id":
            arrays.append(batch.column("run_id").take(owner))
        elif name == RUN_PLACE.name:
            arrays.append(pc.add(owner.cast(pa.int32()), pa.scalar(first, pa.int32())))
        else:
            arrays.append(struct.field(name))
    return pa.Table.from_arrays(arrays, schema=schema)
