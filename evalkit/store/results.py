"""StoredResults: an experiment and its current cells, read as tables or as objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.errors import StoreError
from evalkit.model.columns import TABLES
from evalkit.model.example import Example
from evalkit.model.experiment import Manifest
from evalkit.model.run import Run
from evalkit.model.score import EvaluatorInfo
from evalkit.store import cells, recorded
from evalkit.store.cells import Living
from evalkit.store.examples import StoredExamples
from evalkit.store.files import Files
from evalkit.store.parts import PartFile, groups_of
from evalkit.store.rows import STEP_PREFIX, Touched, runs_of
from evalkit.store.schema import CELLS, EXAMPLES, RUNS, STEPS, empty
from evalkit.store.state import State


class StoredResults:
    """What `evalkit.model.results.Results` reads from: one experiment as its manifest describes it.

    Text that repeats in the cells (`run_id`, `evaluator`, `key` and so on) is dictionary-encoded.
    """

    def __init__(self, files: Files, state: State, evaluators: Sequence[EvaluatorInfo]) -> None:
        self._files, self._state = files, state
        self.evaluators: Sequence[EvaluatorInfo] = tuple(evaluators)

    @property
    def manifest(self) -> Manifest:
        """How the experiment was obtained."""
        return self._state.manifest

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the table `runs`, `steps`, `cells` or `examples`, or some columns of it."""
        known = [column.name for column in TABLES.get(name, ())]
        wanted = known if columns is None else list(columns)
        unknown = [each for each in wanted if each not in known]
        if not known or unknown:
            what = f"table {name!r}" if not known else f"column {unknown[0]!r} in {name}"
            raise StoreError(f"{self.manifest.experiment}: there is no {what}. See the columns.")
        read = {"runs": self._runs, "steps": self._steps, "cells": self._cells}
        return read.get(name, self._examples)(wanted)

    def runs(self) -> Iterator[Run]:
        """Yield every run, fields decoded as they are touched."""
        touched = Touched()
        for part, group in groups_of(self._files, self._state.parts):
            yield from runs_of(part, group, touched)

    def run(self, run_id: str) -> Run:
        """Return one run; an unknown id raises `KeyError`."""
        place = pc.index(self._ids, pa.scalar(run_id, self._ids.type)).as_py()
        if place < 0:
            raise KeyError(run_id)
        for part, group in groups_of(self._files, self._state.parts):
            rows = part.group_rows(group)
            if place < rows:
                found: Run = runs_of(part, group, self._touched)[place]
                return found
            place -= rows
        raise KeyError(run_id)

    def examples(self) -> Mapping[str, Example]:
        """Return the examples by id, decoded as they are touched."""
        return StoredExamples(self._examples(EXAMPLES.names))

    @cached_property
    def _ids(self) -> pa.ChunkedArray:
        return self._runs(["run_id"]).column("run_id")

    @cached_property
    def _touched(self) -> Touched:
        return Touched()

    def _runs(self, columns: Sequence[str]) -> pa.Table:
        tables = [PartFile(self._files, part).read(columns) for part in self._state.parts]
        nothing = empty(pa.schema([RUNS.field(name) for name in columns]))
        return pa.concat_tables([nothing, *tables]).select(list(columns))

    def _steps(self, columns: Sequence[str]) -> pa.Table:
        leaves = [name for name in columns if name != "run_id"] or ["kind"]
        tables = [empty(STEPS).select(list(columns))]
        for part in self._state.parts:
            table = PartFile(self._files, part).read(["run_id", *(STEP_PREFIX + n for n in leaves)])
            for batch in table.to_batches():
                tables.append(_steps_of(batch, columns))
        return pa.concat_tables(tables)

    def _examples(self, columns: Sequence[str]) -> pa.Table:
        if self._state.examples is None:
            return empty(EXAMPLES).select(list(columns))
        return PartFile(self._files, self._state.examples).read(columns).select(list(columns))

    def _cells(self, columns: Sequence[str]) -> pa.Table:
        prints = [info.fingerprint for info in self.evaluators if info.fingerprint]
        found = cells.current_blocks(self._files, self.living, prints, columns)
        tables = [empty(pa.schema([CELLS.field(name) for name in columns]))]
        for fingerprint in prints:
            tables += [block.table.select(list(columns)) for block in found[fingerprint]]
        tables += recorded.tables(self._files, self._state.parts, columns)
        return pa.concat_tables(tables)

    @cached_property
    def living(self) -> Living:
        """The hashes of what is stored now."""
        return living(self._files, self._state)


def living(files: Files, state: State) -> Living:
    """Return the hashes of what is stored now, in the order of the runs."""
    columns = ["content_hash", "example_id"]
    tables = [PartFile(files, part).read(columns) for part in state.parts]
    nothing = empty(pa.schema([RUNS.field(name) for name in columns]))
    table = pa.concat_tables([nothing, *tables]).combine_chunks()
    content, answered = (_whole(table.column(name)) for name in columns)
    if state.examples is None:
        hashes = pa.array([], pa.string())
        example = pa.nulls(len(content), pa.int32())
    else:
        known = PartFile(files, state.examples).read(["example_id", "example_hash"])
        ids, hashes = (_whole(known.column(name)) for name in known.column_names)
        example = pc.index_in(answered, value_set=ids)
    return Living(content, example, hashes)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    return array if isinstance(array, pa.Array) else pa.concat_arrays(array.chunks)


def _steps_of(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.Table:
    lists = batch.column("steps")
    struct = lists.flatten()
    arrays = []
    for name in columns:
        if name == "run_id":
            arrays.append(batch.column("run_id").take(pc.list_parent_indices(lists)))
        else:
            arrays.append(struct.field(name))
    return pa.Table.from_arrays(arrays, schema=pa.schema([STEPS.field(n) for n in columns]))
