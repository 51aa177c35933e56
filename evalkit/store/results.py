"""StoredResults: an experiment and its current cells, read as tables or as objects."""

from __future__ import annotations

from bisect import bisect_left
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
from evalkit.store.cells.piles import Span, piles, spans
from evalkit.store.cells.some import blocks_of
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile, groups_of
from evalkit.store.disk.parts import digest
from evalkit.store.disk.schema import ANSWERED, CELLS, EXAMPLES, RUNS, empty, with_later
from evalkit.store.disk.state import State
from evalkit.store.experiment import StoredExperiment
from evalkit.store.runs.examples import StoredExamples
from evalkit.store.runs.one import places_in, run_of, some_of
from evalkit.store.runs.rows import Touched, one_array, runs_of
from evalkit.store.runs.steps import steps_by_part
from evalkit.store.upkeep.kept import KeptBlocks, kept_blocks

OF_THE_RUN = frozenset({"run_id", "example_id", "repetition", RUN_PLACE.name})
"""Columns of cells that are those of their runs."""
FEW_PARTS = 16
"""Parts of scores that are read at once: finding out which belong together would cost more."""


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
        self._spans: dict[tuple[str, ...], list[Span]] = {}
        """Where the cells of all parts lie, once somebody asked."""
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
        wanted = self._wanted(name, columns)
        if name == "steps":
            return pa.concat_tables(steps_by_part(self._files, self._state.parts, wanted))
        read = {"runs": self._runs, "cells": self._cells}
        return read.get(name, self._examples)(wanted)

    def tables(self, name: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield a table piece by piece, in the order of the runs."""
        wanted = self._wanted(name, columns)
        if name == "cells":
            yield from self._cells_by_pile(wanted)
        elif name == "steps":
            yield from steps_by_part(self._files, self._state.parts, wanted)
        elif name == "runs":
            yield empty(pa.schema([RUNS.field(each) for each in wanted]))
            for part in self._state.parts:
                yield PartFile(self._files, part).read(wanted).select(wanted)
        else:
            yield self._examples(wanted)

    def _wanted(self, name: str, columns: Sequence[str] | None) -> list[str]:
        known = [column.name for column in TABLES.get(name, ())]
        wanted = known if columns is None else list(columns)
        known = [*known, RUN_PLACE.name] if name in ("cells", "steps") else known
        unknown = [each for each in wanted if each not in known]
        if not known or unknown:
            what = f"table {name!r}" if not known else f"column {unknown[0]!r} in {name}"
            raise StoreError(f"{self.manifest.experiment}: there is no {what}. See the columns.")
        return wanted

    def runs(self) -> Iterator[Run]:
        """Yield every run, fields decoded as they are touched."""
        touched = Touched()
        for part, group in groups_of(self._files, self._state.parts):
            yield from runs_of(part, group, touched)

    def runs_at(self, places: Sequence[int]) -> Iterator[Run]:
        """Yield the runs at some places, which go upwards; row groups without any are not read."""
        touched, at, first = Touched(), 0, 0
        for part in self._state.parts:
            if at == len(places) or places[at] >= first + part.rows:
                first += part.rows
                continue
            for opened, group in groups_of(self._files, [part]):
                end = bisect_left(places, first + opened.group_rows(group), at)
                if end > at:
                    rows = [place - first for place in places[at:end]]
                    yield from some_of(opened, group, rows, touched)
                at, first = end, first + opened.group_rows(group)

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

    def _examples(self, columns: Sequence[str]) -> pa.Table:
        if self._state.examples is None:
            return empty(EXAMPLES).select(list(columns))
        table = PartFile(self._files, self._state.examples).read(columns)
        return with_later(table, EXAMPLES, columns)

    def cells_at(self, places: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Return columns of the cells of the runs at some places."""
        those = places_in(places).cast(pa.int32())
        with_place = list(dict.fromkeys([*columns, RUN_PLACE.name]))
        schema = pa.schema([ANSWERED.field(name) for name in with_place])
        now, own = Now(self._files, self._state), _own(columns)
        found = blocks_of(self._files, now, self._prints, own, those)
        tables = [self._with_run(each, schema) for one in self._prints for each in found[one]]
        for table in recorded.tables(self._files, self._state.parts, schema):
            tables.append(table.filter(pc.is_in(table.column(RUN_PLACE.name), value_set=those)))
        return pa.concat_tables([empty(schema), *tables]).select(list(columns))

    @property
    def _prints(self) -> list[str]:
        return [info.fingerprint for info in self.evaluators if info.fingerprint]

    def _cells(self, columns: Sequence[str]) -> pa.Table:
        return pa.concat_tables(self._cells_of(columns, Now(self._files, self._state), None))

    def _cells_by_pile(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield cells a few parts at a time, those of the source's own last."""
        now = Now(self._files, self._state)
        names = tuple(part_names(self._files))
        if len(names) <= FEW_PARTS:
            yield from self._cells_of(columns, now, None)
            return
        if names not in self._spans:  # parts are named by their content
            self._spans = {names: spans(self._files, now)}
        for pile in piles(self._spans[names]):
            yield from self._made(columns, now, [span.name for span in pile])
        yield from self._recorded(columns)

    def _cells_of(
        self, columns: Sequence[str], now: Now, among: list[str] | None
    ) -> Iterator[pa.Table]:
        yield empty(pa.schema([ANSWERED.field(name) for name in columns]))
        yield from self._made(columns, now, among)
        yield from self._recorded(columns)

    def _made(
        self, columns: Sequence[str], now: Now, among: list[str] | None
    ) -> Iterator[pa.Table]:
        own = _own(columns)
        found = current_blocks(self._files, now, self._prints, own, among=among)
        schema = pa.schema([ANSWERED.field(name) for name in columns])
        for fingerprint in self._prints:
            yield from (self._with_run(block, schema) for block in found[fingerprint])

    def _recorded(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        schema = pa.schema([ANSWERED.field(name) for name in columns])
        yield from recorded.tables(self._files, self._state.parts, schema)
        yield from recorded.whole(self.manifest.scores, schema)

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


def _own(columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name not in OF_THE_RUN]


def _groups(opened: PartFile, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield a part piece by piece, so that bodies need not all be held at once."""
    for group in range(opened.groups):
        yield opened.read_groups([group], columns)
