"""Work: a stored experiment as the scoring engine sees it: missing cells in units, parts back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.model.example import Example
from evalkit.model.experiment import Manifest
from evalkit.model.run import Run
from evalkit.model.score import EvaluatorInfo
from evalkit.model.units import CellBlock, Plan, Unit, Wanted
from evalkit.store.cells import infos
from evalkit.store.cells import parts as cells
from evalkit.store.cells.blocks import Origin, encode_blocks, encode_whole
from evalkit.store.cells.current import Now, current_blocks
from evalkit.store.cells.missing import Missing
from evalkit.store.disk.files import Files
from evalkit.store.disk.journal import mark_scored
from evalkit.store.disk.opened import STEP_TEXTS, PartFile, groups_of
from evalkit.store.disk.parts import GROUP_ROWS, PART_ROWS, Part
from evalkit.store.disk.schema import EXAMPLES, empty, with_later
from evalkit.store.disk.state import State
from evalkit.store.runs.examples import StoredExamples
from evalkit.store.runs.rows import Batch, RunFields, Touched, one_array, runs_of

FAILED = "evaluator_error"
NOTHING = pa.array([], pa.string())
OWNERS = ("run_id", "example_id", "repetition", "content_hash")


class StoredWork:
    """The `ScoreSource` of a stored experiment; the caller holds the experiment's lock."""

    def __init__(self, files: Files, state: State) -> None:
        self._files, self._state = files, state
        self._next = cells.next_number(files)
        self._now = Now(files, state)
        self.made: list[str] = []
        """The evaluators of the last plan."""
        self.damaged: list[str] = []
        """Parts of scores the last plan could not read: it takes their cells to be missing."""

    def plan(self, wanted: Sequence[Wanted], *, fresh: bool = False, shares: int = 4) -> Plan:
        """Say which cells are missing; `fresh` takes all of them to be."""
        todo: dict[str, Missing] = {}
        missing: dict[str, int] = {}
        reused: dict[str, int] = {}
        whole: list[str] = []
        runs = self._state.rows
        found = self._found(wanted, fresh)
        for each in wanted:
            places = found[each.name]
            if each.whole:
                missing[each.name], reused[each.name] = int(not places), int(bool(places))
                whole += [] if places else [each.name]
                continue
            todo[each.name] = Missing(places, runs)
            missing[each.name] = todo[each.name].count
            reused[each.name] = runs - missing[each.name]
        return Plan(
            units=list(self._units(wanted, todo, _unit_rows(runs, shares))),
            runs=runs,
            missing=missing,
            reused=reused,
            why=self._why(wanted, missing, reused, fresh),
            whole=tuple(whole),
        )

    def reader(self) -> StoredReader:
        """Return what reads units."""
        return StoredReader(self._files, self._state)

    def commit(self, part: bytes) -> None:
        """Keep a part of cells."""
        cells.add_part(self._files, part, self._next)
        self._next += 1

    def causes(self) -> dict[str, dict[str, str]]:
        """Return, by evaluator, what the fingerprint it had last was made of."""
        return infos.load_causes(self._files)

    def save_evaluators(
        self,
        infos_: Sequence[EvaluatorInfo],
        causes: Mapping[str, Mapping[str, str]],
        *,
        keep_others: bool,
    ) -> None:
        """Remember the evaluators whose cells are current."""
        infos.save(self._files, infos_, causes, keep_others=keep_others)
        mark_scored(self._files)

    def _found(self, wanted: Sequence[Wanted], fresh: bool) -> dict[str, list[Any]]:
        """Return, by evaluator, the places of the runs whose cells are current, block by block."""
        self.made, self.damaged = [each.name for each in wanted], []
        if fresh:
            self.damaged = cells.damaged_parts(self._files)
            return {each.name: [] for each in wanted}
        prints = [each.fingerprint for each in wanted]
        blocks = current_blocks(self._files, self._now, prints, ["outcome"], self.damaged)
        found = {}
        for each in wanted:
            places = []
            for block in blocks[each.fingerprint]:
                kept = block.places
                if each.retry_errors:
                    failed = pc.equal(block.table.column("outcome").cast("string"), FAILED)
                    kept = kept.filter(pc.invert(failed.combine_chunks()))
                if len(kept):
                    places.append(kept)
            found[each.name] = places
        return found

    def _units(
        self, wanted: Sequence[Wanted], todo: Mapping[str, Missing], unit_rows: int
    ) -> Iterator[Unit]:
        start = 0
        for part in self._state.parts:
            for first in range(0, part.rows, unit_rows):
                rows = min(unit_rows, part.rows - first)
                masks = tuple(
                    todo[each.name].of(start, rows) if each.name in todo else None
                    for each in wanted
                )
                if any(masks):
                    seen = any(w.sees_example for w, m in zip(wanted, masks, strict=True) if m)
                    where = (part, first)
                    yield Unit(number=start, where=where, rows=rows, todo=masks, examples=seen)
                start += rows

    def _why(
        self,
        wanted: Sequence[Wanted],
        missing: Mapping[str, int],
        reused: Mapping[str, int],
        fresh: bool,
    ) -> dict[str, str]:
        known = {info.name: info.fingerprint for info in infos.load(self._files)}
        why = {}
        for each in wanted:
            if not missing[each.name]:
                continue
            if fresh:
                why[each.name] = "asked for anew"
            elif each.name not in known:
                why[each.name] = "never scored before"
            elif known[each.name] != each.fingerprint:
                why[each.name] = "the evaluator changed"
            elif reused[each.name]:
                why[each.name] = "runs or examples are new or changed, or were not reached"
            else:
                why[each.name] = "all runs or examples changed, or none was reached"
        return why


class StoredReader:
    """Reads units of a stored experiment, in whatever process it finds itself."""

    def __init__(self, files: Files, state: State) -> None:
        self._files, self._state = files, state
        self._forget()

    def __getstate__(self) -> tuple[Files, State]:
        return self._files, self._state

    def __setstate__(self, kept: tuple[Files, State]) -> None:
        self._files, self._state = kept
        self._forget()

    def _forget(self) -> None:
        self._touched = Touched()
        self._open: dict[str, PartFile] = {}
        self._examples: StoredExamples | None = None
        self._hashes: tuple[pa.Array, pa.Array] | None = None

    def rows(self, unit: Unit) -> Iterator[tuple[Run, Example | None]]:
        """Yield the runs of a unit in order, each with its example where the unit wants it."""
        part, first = unit.where
        opened, row, new = self._part(part), first, Run.__new__
        set_source, set_row, set_made = (Run._setters[n] for n in ("_source", "_row", "_made"))
        while row < first + unit.rows:
            group, offset = divmod(row, GROUP_ROWS)
            stop = min(GROUP_ROWS, first + unit.rows - group * GROUP_ROWS)
            source = RunFields(Batch(opened, group, self._touched))
            found = self._found(source, offset, stop) if unit.examples else repeat(None)
            for index, example in zip(range(offset, stop), found, strict=False):
                run = new(Run)
                set_source(run, source)
                set_row(run, index)
                set_made(run, {})
                yield run, example
            row += stop - offset

    def _found(self, source: RunFields, first: int, last: int) -> Iterator[Example | None]:
        answered = source.column("example_id").slice(first, last - first)
        return map(self.examples.get, answered.to_pylist())

    def everything(self) -> tuple[list[Run], list[Example | None]]:
        """Return all runs with their examples."""
        runs: list[Run] = []
        for part, group in groups_of(self._files, self._state.parts):
            runs += runs_of(part, group, self._touched)
        find = self.examples.get
        return runs, [find(run.example_id or "") for run in runs]

    def moved(self, old: Path, new: Path) -> StoredReader:
        """Return one for a machine that has in folder `new` what is in `old` here."""
        return StoredReader(self._files.moved(old, new), self._state)

    def for_units(self) -> StoredReader:
        """Return one that knows no parts: units name their own."""
        state = self._state
        bare = State(manifest=Manifest(experiment=state.manifest.experiment))
        return StoredReader(self._files, replace(bare, examples=state.examples))

    def encode(self, unit: Unit | None, blocks: Iterable[CellBlock]) -> bytes:
        """Return the part that holds these cells."""
        if unit is None:
            return encode_whole(list(blocks), Now(self._files, self._state).hashes.everything)
        part, first = unit.where
        owners = self._owners(part, first, unit.rows)
        seen = self._example_hashes(owners["example_id"]) if unit.examples else NOTHING
        examples = self._state.examples.name if self._state.examples else ""
        origin = Origin(run_part=part.name, first=first, examples_part=examples)
        return encode_blocks(list(blocks), owners, seen, origin)

    @property
    def examples(self) -> StoredExamples:
        """The examples by id."""
        if self._examples is None:
            self._examples = StoredExamples(self._example_table(EXAMPLES.names))
        return self._examples

    def _part(self, part: Part) -> PartFile:
        if part.name not in self._open:
            self._open = {part.name: PartFile(self._files, part, STEP_TEXTS)}
        return self._open[part.name]

    def _owners(self, part: Part, first: int, rows: int) -> dict[str, pa.Array]:
        opened = self._part(part)
        groups = range(first // GROUP_ROWS, -(-(first + rows) // GROUP_ROWS))
        table = opened.read_groups(groups, OWNERS).slice(first % GROUP_ROWS, rows).combine_chunks()
        return {name: one_array(table.column(name)) for name in OWNERS}

    def _example_table(self, names: Sequence[str]) -> pa.Table:
        if self._state.examples is None:
            return empty(EXAMPLES).select(list(names))
        table = PartFile(self._files, self._state.examples).read(names)
        return with_later(table, EXAMPLES, names)

    def _example_hashes(self, answered: pa.Array) -> pa.Array:
        """Return the hash of the example of each run; null without one."""
        if self._hashes is None:
            table = self._example_table(["example_id", "example_hash"]).combine_chunks()
            ids, hashes = (table.column(name) for name in ("example_id", "example_hash"))
            self._hashes = (
                (ids.chunk(0), hashes.chunk(0))
                if ids.num_chunks
                else (pa.array([], pa.string()), pa.array([], pa.string()))
            )
        ids, hashes = self._hashes
        return pc.take(hashes, pc.index_in(answered, value_set=ids)).fill_null(cells.NO_EXAMPLE)


def _unit_rows(runs: int, shares: int) -> int:
    """Return how many runs a unit has: whole row groups, up to a whole part."""
    groups = runs // (GROUP_ROWS * max(shares, 1))
    return GROUP_ROWS * min(max(groups, 1), PART_ROWS // GROUP_ROWS)
