"""Current: which stored cells stand for what is stored now.

A cell is current when the run it was made from, the example its evaluator saw and the evaluator's
fingerprint are those of today. Anything else is stale and never shown. Where two parts hold the
same cell, the later one counts.

Parts of runs and examples are named by their content. A cell says which row of which part it was
made from, so where those parts are still there nothing needs to be looked up; of the others the
hashes of the run and the example decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.store.cells import parts as cells
from evalkit.store.cells.parts import NO_EXAMPLE
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.parts import digest
from evalkit.store.disk.schema import CATEGORY, RUNS, empty
from evalkit.store.disk.state import State
from evalkit.store.runs.rows import one_array

MADE_FROM = ("run_part", "run_row", "examples_part")
IDENTITY = ("content_hash", "example_hash", "scope")


@dataclass(frozen=True, slots=True)
class Hashes:
    """The hashes of what is stored now, one entry a run, in the order of the runs."""

    content: pa.Array
    example: pa.Array
    """Place of the example each run answered among `examples`; null without one."""
    examples: pa.Array
    """Of the examples."""

    @property
    def everything(self) -> str:
        """Hash of all of it, for evaluators of the whole experiment."""
        seen = self.examples.take(self.example).fill_null(NO_EXAMPLE)
        arrays = (self.content, seen, self.examples)
        return digest(b"|".join(bytes(each.buffers()[2] or b"") for each in arrays))


class Now:
    """What is stored now, as cells are held against it."""

    def __init__(self, files: Files, state: State) -> None:
        self._files, self._state = files, state
        self.examples = state.examples.name if state.examples else ""

    @cached_property
    def starts(self) -> Mapping[str, int]:
        """Where the runs of each part begin among all runs."""
        found, start = {}, 0
        for part in self._state.parts:
            found[part.name] = start
            start += part.rows
        return found

    @cached_property
    def hashes(self) -> Hashes:
        """The hashes; only cells of parts that are gone need them."""
        return hashes(self._files, self._state)


@dataclass(frozen=True, slots=True)
class Block:
    """The current cells of one evaluator in one part, with the place of each cell's run."""

    table: pa.Table
    places: pa.Array
    """int32, null for a score of the whole experiment."""
    part: int
    """Its turn among all parts, which no two share: of two with one cell, the higher counts."""


def current_blocks(
    files: Files,
    now: Now,
    fingerprints: Sequence[str],
    columns: Sequence[str],
    damaged: list[str] | None = None,
    among: Sequence[str] | None = None,
) -> dict[str, list[Block]]:
    """Return the current cells by fingerprint, each block in the order of the runs.

    `damaged` takes the names of parts that cannot be read; without it, one of them raises. `among`
    are the parts to look at: all, or some that hold every cell of the runs they are about.
    """
    found: dict[str, list[Block]] = {fingerprint: [] for fingerprint in fingerprints}
    for each in placed(files, now, columns, damaged, among):
        share(found, each, columns)
    return {fingerprint: latest(blocks) for fingerprint, blocks in found.items()}


class Placed(NamedTuple):
    """A part of scores, and the runs its cells were made from."""

    name: str
    turn: int
    table: pa.Table
    places: pa.Array
    keep: pa.Array | None
    """Which cells stand, where not all do."""


def placed(
    files: Files,
    now: Now,
    columns: Sequence[str],
    damaged: list[str] | None = None,
    among: Sequence[str] | None = None,
) -> Iterator[Placed]:
    """Yield parts with the place of each cell's run, one after the other."""
    wanted = list(dict.fromkeys((*columns, "fingerprint")))
    doubtful = {}
    parts = cells.read_parts(files, dict.fromkeys([*wanted, *MADE_FROM]), damaged, among)
    for turn, (name, table) in enumerate(parts):
        places = _places(table, now)
        if places is None:
            doubtful[name] = turn
        else:
            yield Placed(name, turn, table, places, None)
    # Nearly every part was made from the runs as they lie now: its places are a sum of numbers.
    # Only after a fetch that changed something are hashes compared, cell by cell, for those parts.
    tables = [
        cells.read_part(files, name, dict.fromkeys([*wanted, *IDENTITY])) for name in doubtful
    ]
    for name, table, places, keep in _compared(list(doubtful), tables, now):
        yield Placed(name, doubtful[name], table, places, keep)


def _places(table: pa.Table, now: Now) -> pa.Array | None:
    """Return the places of the runs the cells were made from; `None`: some part is gone."""
    run_part, seen = _category(table.column("run_part")), _category(table.column("examples_part"))
    if any(each != now.examples for each in seen.dictionary.to_pylist()):
        return None
    starts = [now.starts.get(name) for name in run_part.dictionary.to_pylist()]
    if run_part.null_count or None in starts or not len(run_part):
        return None
    rows = table.column("run_row").chunk(0).cast(pa.int32())
    if starts == [0]:
        return rows
    return pc.add(rows, pa.array(starts, pa.int32()).take(run_part.indices))


def share(found: Mapping[str, list[Block]], part: Placed, columns: Sequence[str]) -> None:
    """Give each evaluator its cells of a part."""
    kept = part.table.select(list(columns))
    for fingerprint, first, rows in _stretches(part.table.column("fingerprint")):
        if fingerprint in found:
            block = Block(kept.slice(first, rows), part.places.slice(first, rows), part.turn)
            if part.keep is not None:
                block = _filtered(block, part.keep.slice(first, rows))
            if block.table.num_rows:
                found[fingerprint].append(replace(block, table=_lean(block.table)))


def _lean(table: pa.Table) -> pa.Table:
    """Let text that is the same in all rows, as most of it is, take no memory a row."""
    for place, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if column.type == CATEGORY and (same := _constant(column.chunk(0))) is not None:
            table = table.set_column(place, name, same)
    return table


def _constant(column: pa.DictionaryArray) -> pa.DictionaryArray | None:
    codes = pc.min_max(column.indices)
    low, high = codes["min"].as_py(), codes["max"].as_py()
    if column.null_count or low != high:
        return None
    return pa.DictionaryArray.from_arrays(_zeros(len(column)), column.dictionary.slice(low, 1))


@lru_cache(maxsize=8)
def _zeros(size: int) -> pa.Array:
    return pa.Array.from_buffers(pa.int32(), size, [None, pa.py_buffer(bytes(4 * size))])


def _compared(
    names: Sequence[str], tables: Sequence[pa.Table], now: Now
) -> Iterator[tuple[str, pa.Table, pa.Array, pa.Array]]:
    """Yield parts with the place of each cell's run and whether it stands, by their hashes."""
    if not tables:
        return
    spots = _spots(tables, "content_hash", now.hashes.content)
    seen = _spots(tables, "example_hash", now.hashes.examples)
    for name, table, places, example in zip(names, tables, spots, seen, strict=True):
        yield name, table, places, _kept(table, places, example, now.hashes)


def _category(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.chunk(0) if column.num_chunks else pa.array([], CATEGORY)


def _spots(tables: Sequence[pa.Table], name: str, among: pa.Array) -> list[pa.Array]:
    """Return, by row of each table, where its value lies in `among`: one search for all tables."""
    columns = [_category(table.column(name)) for table in tables]
    at = pc.index_in(pa.concat_arrays([each.dictionary for each in columns]), value_set=among)
    spots, first = [], 0
    for each in columns:
        size = len(each.dictionary)
        spots.append(at.slice(first, size).take(each.indices))
        first += size
    return spots


def _kept(table: pa.Table, places: pa.Array, seen: pa.Array, known: Hashes) -> pa.Array:
    """Tell which cells were made of a run and an example that are still what they were."""
    hashes = _category(table.column("example_hash"))
    today = known.example.take(places)
    unseen, nor_now = pc.is_null(hashes.indices), pc.is_null(today)
    none = pc.fill_null(pc.equal(hashes, NO_EXAMPLE), False)
    same = pc.or_(unseen, pc.fill_null(pc.equal(seen, today), False))
    same = pc.or_(same, pc.and_(none, nor_now))
    # A cell of an evaluator that saw no example outlives any change of it; one of the whole
    # experiment has no run, and holds while all runs and examples together are what they were.
    scope = table.column("scope")
    kept = pc.and_(pc.is_valid(places), same)
    if scope.null_count == len(scope):
        return kept
    return pc.or_(kept, pc.fill_null(pc.equal(scope.combine_chunks(), known.everything), False))


def _stretches(fingerprints: pa.ChunkedArray) -> Iterator[tuple[str, int, int]]:
    """Yield the neighbouring rows of one fingerprint: it, the first row, how many."""
    column = _category(fingerprints)
    names, first = column.dictionary.to_pylist(), 0
    encoded = pc.run_end_encode(column.indices)
    for code, end in zip(encoded.values.to_pylist(), encoded.run_ends.to_pylist(), strict=True):
        yield names[code], first, end - first
        first = end


def _filtered(block: Block, keep: pa.Array) -> Block:
    if pc.all(keep).as_py():
        return block
    return Block(block.table.filter(keep), block.places.filter(keep), block.part)


def latest(blocks: list[Block]) -> list[Block]:
    """Put blocks in the order of the runs; where they overlap, the latest part wins."""
    if len(blocks) < 2:
        return blocks
    # Parts of a first scoring lie one after the other, so that nothing needs to be sorted by cell.
    spans = sorted((_span(block), number) for number, block in enumerate(blocks))
    ordered = [blocks[number] for _, number in spans]
    if all(one[0][1] < two[0][0] for one, two in pairwise(spans)):
        return ordered
    return [_merged(blocks)]


def _span(block: Block) -> tuple[int, int]:
    bounds = pc.min_max(block.places).as_py()
    return (bounds["min"], bounds["max"]) if bounds["min"] is not None else (-1, -1)


def _merged(blocks: list[Block]) -> Block:
    """Put overlapping blocks together: of each run, the cells of the latest part that has any."""
    places = pc.fill_null(pa.concat_arrays([block.places for block in blocks]), -1)
    parts = pa.concat_arrays([pa.repeat(block.part, block.table.num_rows) for block in blocks])
    table = pa.concat_tables([block.table for block in blocks]).unify_dictionaries()
    both = pa.Table.from_arrays([places, parts], ["place", "part"])
    order = pc.sort_indices(both, sort_keys=[("place", "ascending"), ("part", "descending")])
    places, parts = places.take(order), parts.take(order)
    # Per run, not per cell: an evaluator may say other keys now than it did, and those that only
    # the older part has are no longer said. The newest part stands first within each run.
    turns = pc.not_equal(places.slice(1), places.slice(0, len(places) - 1))
    begins = pa.concat_arrays([pa.array([True]), turns])
    newest = pc.fill_null_forward(pc.if_else(begins, parts, pa.scalar(None, parts.type)))
    keep = pc.equal(parts, newest)
    places = places.filter(keep)
    if any(block.places.null_count for block in blocks):
        places = pc.if_else(pc.less(places, 0), pa.scalar(None, places.type), places)
    kept = table.combine_chunks().take(order.filter(keep))
    return Block(kept, places, max(block.part for block in blocks))


def hashes(files: Files, state: State) -> Hashes:
    """Return the hashes of what is stored now, in the order of the runs."""
    columns = ["content_hash", "example_id"]
    tables = [PartFile(files, part).read(columns) for part in state.parts]
    nothing = empty(pa.schema([RUNS.field(name) for name in columns]))
    table = pa.concat_tables([nothing, *tables]).combine_chunks()
    content, answered = (one_array(table.column(name)) for name in columns)
    if state.examples is None:
        return Hashes(content, pa.nulls(len(content), pa.int32()), pa.array([], pa.string()))
    known = PartFile(files, state.examples).read(["example_id", "example_hash"])
    ids, seen = (one_array(known.column(name)) for name in known.column_names)
    return Hashes(content, pc.index_in(answered, value_set=ids), seen)
