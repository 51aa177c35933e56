"""StoredResults: an experiment and its current cells, read as tables or as objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.errors import StoreError
from evalkit.model.example import Example
from evalkit.model.experiment import Manifest
from evalkit.model.results import Results
from evalkit.model.run import Run
from evalkit.model.schema.columns import RUN_PLACE, TABLES
from evalkit.model.score import EvaluatorInfo
from evalkit.store.cells import infos, recorded
from evalkit.store.cells.current import Block, Now, current_blocks
from evalkit.store.cells.parts import part_names
from evalkit.store.disk.files import Files
from evalkit.store.disk.parts import PartFile, digest, groups_of
from evalkit.store.disk.schema import ANSWERED, CELLS, EXAMPLES, RUNS, STEPS, empty, with_later
from evalkit.store.disk.state import State
from evalkit.store.experiment import StoredExperiment
from evalkit.store.runs.examples import StoredExamples
from evalkit.store.runs.one import run_of
from evalkit.store.runs.rows import STEP_PREFIX, Touched, one_array, runs_of
from evalkit.store.upkeep.kept import KeptBlocks, kept_blocks

OF_THE_RUN = frozenset({"run_id", "example_id", "repetition", RUN_PLACE.name})
"""Columns of cells that are those of their runs."""


def read_results(
    stored: StoredExperiment, evaluators: Sequence[EvaluatorInfo] | None = None
) -> Results:
    """Return the runs of an experiment with their current cells.

    `evaluators` are those whose cells are wanted, with today's fingerprints; without them, those
    that scored last.
    """
    state = stored.settled()
    last = infos.load_whole(stored.files, scored=state.scored)
    given = last if evaluators is None else evaluators
    keys = {each.fingerprint: each.keys for each in last}
    return Results(StoredResults(stored.files, state, infos.with_keys(given, keys)))


class StoredResults:
    """What `evalkit.model.results.Results` reads from: one experiment as its manifest describes it.

    Text that repeats in the cells (`run_id`, `evaluator`, `key` and so on) is dictionary-encoded.
    """

    def __init__(self, files: Files, state: State, evaluators: Sequence[EvaluatorInfo]) -> None:
        self._files, self._state = files, state
        self._ids: pa.Array | None = None
        self._known: dict[str, pa.Array] = {}
        self.evaluators: Sequence[EvaluatorInfo] = tuple(evaluators)

    @property
    def manifest(self) -> Manifest:
        """How the experiment was obtained."""
        return self._state.manifest

    def digest(self) -> str:
        """Return a digest of all that is read; names of parts hold the hash of their bytes."""
        state = self._state
        parts = [(part.name, state.dead.get(part.name, ())) for part in state.parts]
        examples = state.examples.name if state.examples else ""
        said = (self.manifest, parts, examples, part_names(self._files), self.evaluators)
        return digest(repr(said).encode("utf-8", "surrogatepass"))

    def contents(self) -> tuple[str, str]:
        """Return digests of the runs and of the examples, whatever was scored."""
        runs = [part.name for part in self._state.parts]
        return digest(
            repr(runs).encode()
        ), self._state.examples.name if self._state.examples else ""

    def pieces(self, columns: Sequence[str]) -> Iterator[tuple[str, Iterator[pa.Table]]]:
        """Yield each part of the runs: what tells its bytes from any others, and its tables."""
        for part in self._state.parts:
            yield part.name, _groups(PartFile(self._files, part), columns)

    def files(self) -> list[str]:
        """Return the names of all parts; they hold the hash of their bytes."""
        state = self._state
        gone = {name: ",".join(map(str, rows)) for name, rows in state.dead.items() if rows}
        runs = [f"{part.name} {gone.get(part.name, '')}".rstrip() for part in state.parts]
        examples = [state.examples.name] if state.examples else []
        return [*runs, *examples, *part_names(self._files)]

    def blocks(self) -> KeptBlocks | None:
        """Return what keeps the pieces of pages."""
        return kept_blocks(self._files)

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the table `runs`, `steps`, `cells` or `examples`, or some columns of it."""
        known = [column.name for column in TABLES.get(name, ())]
        wanted = known if columns is None else list(columns)
        if name == "cells":
            known = ANSWERED.names
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
        place = pc.index(self._run_ids, pa.scalar(run_id, pa.string())).as_py()
        if place < 0:
            raise KeyError(run_id)
        first = 0
        for part in self._state.parts:
            if place < first + part.rows:
                break
            first += part.rows
        for opened, group in groups_of(self._files, [part]):
            if place < first + opened.group_rows(group):
                return run_of(opened, group, place - first, self._touched)
            first += opened.group_rows(group)
        raise KeyError(run_id)

    def examples(self) -> Mapping[str, Example]:
        """Return the examples by id, decoded as they are touched."""
        return StoredExamples(self._examples(EXAMPLES.names))

    @property
    def _run_ids(self) -> pa.Array:
        if self._ids is None:
            self._runs(["run_id"])
        return self._ids

    @cached_property
    def _touched(self) -> Touched:
        return Touched()

    def _runs(self, columns: Sequence[str]) -> pa.Table:
        """Return columns of the runs; their ids are kept, as cells and figures share them."""
        table = self._read([each for each in columns if each != "run_id" or self._ids is None])
        if "run_id" not in columns:
            return table
        if self._ids is None:
            self._ids = one_array(table.column("run_id"))
        arrays = [self._ids if name == "run_id" else table.column(name) for name in columns]
        schema = pa.schema([RUNS.field(name) for name in columns])
        return pa.Table.from_arrays(arrays, schema=schema)

    def _read(self, columns: Sequence[str]) -> pa.Table:
        if not columns:
            return pa.table({})
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
        table = PartFile(self._files, self._state.examples).read(columns)
        return with_later(table, EXAMPLES, columns)

    def _cells(self, columns: Sequence[str]) -> pa.Table:
        prints = [info.fingerprint for info in self.evaluators if info.fingerprint]
        own = [name for name in columns if name not in OF_THE_RUN]
        found = current_blocks(self._files, Now(self._files, self._state), prints, own)
        schema = pa.schema([ANSWERED.field(name) for name in columns])
        tables = [empty(schema)]
        for fingerprint in prints:
            tables += [self._with_run(block, schema) for block in found[fingerprint]]
        tables += recorded.tables(self._files, self._state.parts, schema)
        tables += recorded.whole(self.manifest.scores, schema)
        return pa.concat_tables(tables)

    def _with_run(self, block: Block, schema: pa.Schema) -> pa.Table:
        """Return a block's cells with what their runs know; all share one list of run ids."""
        arrays = []
        for name in schema.names:
            if name == RUN_PLACE.name:
                arrays.append(block.places)
            elif name == "run_id":
                arrays.append(pa.DictionaryArray.from_arrays(block.places, self._run_ids))
            elif name in OF_THE_RUN:
                arrays.append(self._of_runs(name).take(block.places))
            else:
                arrays.append(one_array(block.table.column(name)))
        return pa.Table.from_arrays(arrays, schema=schema)

    def _of_runs(self, name: str) -> pa.Array:
        """Return a column of the runs, in the form it has among the cells."""
        if name not in self._known:
            column = self._runs([name]).column(name)
            self._known[name] = one_array(column).cast(CELLS.field(name).type)
        return self._known[name]


def _groups(opened: PartFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield a part piece by piece, so that bodies need not all be held at once."""
    for group in range(opened.groups):
        yield opened.read_groups([group], columns)


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
