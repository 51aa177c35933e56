"""Cells: parts of scores, and which of their rows stand for what is stored now.

A cell is current when the run it was made from, the example its evaluator saw and the evaluator's
fingerprint are those of today. Anything else is stale and never shown. Where two parts hold the
same cell, the later one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evalkit.errors import StoreError
from evalkit.store.files import Files
from evalkit.store.parts import broken, digest, is_intact, number_of, write_table
from evalkit.store.schema import CATEGORIES, CATEGORY, STORED_CELLS, TYPES

FOLDER = "scores"
SCHEMA = pa.schema(
    [(c.name, CATEGORY if c.name in CATEGORIES else TYPES[c.type]) for c in STORED_CELLS]
)
DICTIONARIES = [*sorted(CATEGORIES), "repetition", "step_id", "scope"]
IDENTITY = ("fingerprint", "content_hash", "example_hash")


@dataclass(frozen=True, slots=True)
class Living:
    """The hashes of what is stored now, one entry a run, in the order of the runs."""

    content: pa.Array
    example: pa.Array
    """Place of the example each run answered among `hashes`; null without one."""
    hashes: pa.Array
    """Of the examples."""

    @property
    def everything(self) -> str:
        """Hash of all of it, for evaluators of the whole experiment."""
        seen = self.hashes.take(self.example).fill_null("-")
        arrays = (self.content, seen, self.hashes)
        return digest(b"|".join(bytes(array.buffers()[2] or b"") for array in arrays))


@dataclass(frozen=True, slots=True)
class Block:
    """The current cells of one evaluator in one part, with the place of each cell's run."""

    table: pa.Table
    places: pa.Array
    part: int


def part_names(files: Files) -> list[str]:
    """Return the names of the score parts, oldest first."""
    return [f"{FOLDER}/{name}" for name in files.names(FOLDER) if name.startswith("part-")]


def add_part(files: Files, data: bytes, number: int) -> str:
    """Put a part of scores in place."""
    name = f"{FOLDER}/part-{number:06d}-{digest(data)}.parquet"
    files.write(name, data)
    return name


def next_number(files: Files) -> int:
    """Return the number of the next part."""
    return 1 + max((number_of(name) for name in part_names(files)), default=0)


def encode(columns: Sequence[tuple[str, Any]], rows: int) -> bytes:
    """Return the bytes of a part; a column is an Arrow array, a list, or one value for all rows."""
    given = dict(columns)
    arrays = [_array(given.get(f.name), f.type, rows) for f in SCHEMA]
    table = pa.Table.from_arrays(arrays, schema=SCHEMA)
    return to_bytes(table)


def to_bytes(table: pa.Table) -> bytes:
    """Return the bytes of a part; its name will hold their hash, so pages need no checksums."""
    return write_table(
        table,
        row_group_size=max(table.num_rows, 1),
        compression_level=1,
        use_dictionary=DICTIONARIES,
        write_page_checksum=False,
    )


def _array(value: Any, kind: pa.DataType, rows: int) -> pa.Array:
    if isinstance(value, pa.Array):
        return value if value.type == kind else value.cast(kind)
    if isinstance(value, list):
        return (
            pa.array(value, pa.string()).dictionary_encode()
            if kind == CATEGORY
            else pa.array(value, kind)
        )
    if kind == CATEGORY and value is not None:
        codes = pa.array(memoryview(bytes(4 * rows)).cast("i"), pa.int32())
        return pa.DictionaryArray.from_arrays(codes, pa.array([value], pa.string()))
    return pa.nulls(rows, kind) if value is None else pa.repeat(pa.scalar(value, kind), rows)


def read_part(files: Files, name: str, columns: Iterable[str]) -> pa.Table:
    """Read columns of a part whose bytes are checked against its name."""
    try:
        data = files.read(name)
    except OSError as error:
        raise broken(files, name, error.strerror or error) from None
    if not is_intact(name, data):
        raise broken(files, name, "its bytes do not match the hash in its name")
    wanted = list(columns)
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        table = file.read(columns=wanted, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise broken(files, name, error) from None
    return table.select(wanted).combine_chunks()


def read_parts(
    files: Files, columns: Iterable[str], damaged: list[str] | None = None
) -> Iterator[tuple[str, pa.Table]]:
    """Yield all parts; with a list for them, damaged ones are put there instead of raised."""
    for name in part_names(files):
        try:
            yield name, read_part(files, name, columns)
        except StoreError:
            if damaged is None:
                raise
            damaged.append(name)


def damaged_parts(files: Files) -> list[str]:
    """Return the names of the parts that cannot be read."""
    damaged: list[str] = []
    for _ in read_parts(files, ["outcome"], damaged):
        pass
    return damaged


def current_blocks(
    files: Files,
    living: Living,
    fingerprints: Sequence[str],
    columns: Sequence[str],
    damaged: list[str] | None = None,
) -> dict[str, list[Block]]:
    """Return the current cells by fingerprint, each block in the order of the runs.

    `damaged` takes the names of parts that cannot be read; without it, one of them raises.
    """
    wanted = list(dict.fromkeys((*columns, *IDENTITY, "scope")))
    found: dict[str, list[Block]] = {fingerprint: [] for fingerprint in fingerprints}
    parts = dict(read_parts(files, wanted, damaged))
    names, tables = list(parts), list(parts.values())
    spots = _spots(tables, "content_hash", living.content)
    seen = _spots(tables, "example_hash", living.hashes)
    for name, table, places, example in zip(names, tables, spots, seen, strict=True):
        keep = _kept(table, places, example, living)
        kept = table.drop_columns([each for each in wanted if each not in columns])
        for fingerprint, first, rows in _stretches(table.column("fingerprint")):
            if fingerprint in found:
                block = Block(kept.slice(first, rows), places.slice(first, rows), number_of(name))
                block = _filtered(block, keep.slice(first, rows))
                if block.table.num_rows:
                    found[fingerprint].append(block)
    return {fingerprint: _latest(blocks) for fingerprint, blocks in found.items()}


def _category(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.chunk(0) if column.num_chunks else pa.array([], CATEGORY)


def _spots(tables: Sequence[pa.Table], name: str, among: pa.Array) -> list[pa.Array]:
    """Return, by row of each table, where its value lies in `among`: one search for all tables."""
    columns = [_category(table.column(name)) for table in tables]
    if not columns:
        return []
    at = pc.index_in(pa.concat_arrays([each.dictionary for each in columns]), value_set=among)
    spots, first = [], 0
    for each in columns:
        size = len(each.dictionary)
        spots.append(at.slice(first, size).take(each.indices))
        first += size
    return spots


def _kept(table: pa.Table, places: pa.Array, seen: pa.Array, living: Living) -> pa.Array:
    """Tell which cells were made of a run and an example that are still what they were."""
    unseen = pc.is_null(_category(table.column("example_hash")).indices)
    same = pc.or_(unseen, pc.fill_null(pc.equal(seen, living.example.take(places)), False))
    scope = table.column("scope")
    kept = pc.and_(pc.is_valid(places), same)
    if scope.null_count == len(scope):
        return kept
    return pc.or_(kept, pc.fill_null(pc.equal(scope.combine_chunks(), living.everything), False))


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


def _latest(blocks: list[Block]) -> list[Block]:
    """Put blocks in the order of the runs; where they overlap, the latest part wins."""
    if len(blocks) < 2:
        return blocks
    spans = sorted((_span(block), number) for number, block in enumerate(blocks))
    ordered = [blocks[number] for _, number in spans]
    if all(one[0][1] < two[0][0] for one, two in pairwise(spans)):
        return ordered
    return [_merged(blocks)]


def _span(block: Block) -> tuple[int, int]:
    bounds = pc.min_max(block.places).as_py()
    return (bounds["min"], bounds["max"]) if bounds["min"] is not None else (-1, -1)


def _merged(blocks: list[Block]) -> Block:
    places = pc.fill_null(pa.concat_arrays([block.places for block in blocks]), -1)
    parts = pa.concat_arrays([pa.repeat(block.part, block.table.num_rows) for block in blocks])
    newest = (
        pa.table({"place": places, "part": parts}).group_by("place").aggregate([("part", "max")])
    )
    at = pc.index_in(places, value_set=newest.column("place").combine_chunks())
    keep = pc.equal(parts, newest.column("part_max").take(at).combine_chunks())
    table = pa.concat_tables([block.table for block in blocks]).unify_dictionaries()
    table, places = table.combine_chunks().filter(keep), places.filter(keep)
    order = pc.sort_indices(pa.table({"place": places}), sort_keys=[("place", "ascending")])
    return Block(table.take(order), places.take(order), max(block.part for block in blocks))
