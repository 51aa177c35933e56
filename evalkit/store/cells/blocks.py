"""Blocks: the cells of a unit become one part, without a Python object a cell where possible."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evalkit.model.units import CellBlock
from evalkit.store.cells.parts import SCHEMA, encode
from evalkit.store.disk.schema import CATEGORIES

BY_CELL = (
    *("key", "outcome", "score", "score_type", "duration_ms", "step_id", "value", "comment"),
    *("error_type", "error_message", "traceback", "timed_out", "metadata"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the runs of a unit lie in the store."""

    run_part: str
    first: int
    """Row of the unit's first run in that part."""
    examples_part: str
    """Empty where there are no examples."""


def encode_blocks(
    blocks: Sequence[CellBlock],
    owners: Mapping[str, pa.Array],
    example_hash: pa.Array,
    origin: Origin,
) -> bytes:
    """Return the part of a unit's cells; `owners` are columns of the unit's runs."""
    blocks = [_of_runs(block, owners["run_id"]) for block in blocks]
    places = _places(blocks)
    seen = [
        place if block.wanted.sees_example else pa.nulls(len(place), pa.int32())
        for block, place in zip(blocks, places, strict=True)
    ]
    at, seen_at = _joined(places), _joined(seen)
    whole = all(block.size == len(owners["run_id"]) for block in blocks)
    columns = [
        ("run_id", _by_row(at, owners["run_id"], distinct=whole)),
        ("example_id", _by_row(at, owners["example_id"])),
        ("repetition", owners["repetition"].take(at)),
        ("content_hash", _by_row(at, owners["content_hash"], distinct=whole)),
        ("example_hash", _by_row(seen_at, example_hash)),
        ("run_part", origin.run_part),
        ("run_row", pc.add(at, pa.scalar(origin.first, pa.int32()))),
        ("examples_part", _seen(blocks, origin.examples_part)),
    ]
    return encode([*columns, *_cells(blocks)], len(at))


def _places(blocks: Sequence[CellBlock]) -> list[pa.Array]:
    """Return the rows of each block; those of all runs, which most have, are made once."""
    made = {each: _int32(array("i", each)) for each in _ranges(blocks)}
    return [
        made[block.rows] if isinstance(block.rows, range) else _int32(array("i", block.rows))
        for block in blocks
    ]


def _ranges(blocks: Sequence[CellBlock]) -> set[range]:
    return {block.rows for block in blocks if isinstance(block.rows, range)}


def _of_runs(block: CellBlock, run_ids: pa.Array) -> CellBlock:
    """Return the block with scores that name the run itself as their step said of the run."""
    if block.step_id is None:
        return block
    named = _spread(block.step_id, block.size)
    ids = run_ids.to_pylist()
    if set(ids).isdisjoint(named):
        return block
    steps = [
        None if each == ids[row] else each for each, row in zip(named, block.rows, strict=True)
    ]
    return replace(block, step_id=steps)


def encode_whole(blocks: Sequence[CellBlock], everything: str) -> bytes:
    """Return the part of cells of the whole experiment."""
    return encode([("scope", everything), *_cells(blocks)], sum(block.size for block in blocks))


def _seen(blocks: Sequence[CellBlock], part: str) -> pa.DictionaryArray:
    names = [part if block.wanted.sees_example else None for block in blocks]
    return _categories(names, [block.size for block in blocks])


def _cells(blocks: Sequence[CellBlock]) -> list[tuple[str, Any]]:
    sizes = [block.size for block in blocks]
    columns: list[tuple[str, Any]] = [
        ("evaluator", _categories([block.wanted.name for block in blocks], sizes)),
        ("fingerprint", _categories([block.wanted.fingerprint for block in blocks], sizes)),
        ("source", "evaluator"),
    ]
    for name in BY_CELL:
        values = [getattr(block, name) for block in blocks]
        if name in CATEGORIES and not any(isinstance(value, list) for value in values):
            columns.append((name, _categories(values, sizes)))
        else:
            columns.append((name, _column(name, values, sizes)))
    return columns


def _column(name: str, values: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Return a column of all blocks: one value where all agree, else an array."""
    first = values[0] if values else None
    if not isinstance(first, list | array) and all(
        type(value) is type(first) and value == first for value in values
    ):
        return first
    if name in CATEGORIES:
        return [each for given in zip(values, sizes, strict=True) for each in _spread(*given)]
    kind = SCHEMA.field(name).type
    return _joined([_piece(value, size, kind) for value, size in zip(values, sizes, strict=True)])


def _spread(value: Any, size: int) -> Sequence[Any]:
    return value if isinstance(value, list) else [value] * size


def _piece(value: Any, size: int, kind: pa.DataType) -> pa.Array:
    if isinstance(value, array):
        return pa.Array.from_buffers(kind, size, [None, pa.py_buffer(value)])
    return pa.array(_spread(value, size), kind)


def _categories(values: Sequence[str | None], sizes: Sequence[int]) -> pa.DictionaryArray:
    """Return a text column that is constant in each block."""
    names = [name for name in dict.fromkeys(values) if name is not None]
    pieces = [
        pa.nulls(size, pa.int32())
        if value is None
        else _int32(array("i", [names.index(value)]) * size)
        for value, size in zip(values, sizes, strict=True)
    ]
    return pa.DictionaryArray.from_arrays(_joined(pieces), pa.array(names, pa.string()))


def _by_row(at: pa.Array, column: pa.Array, *, distinct: bool = False) -> pa.DictionaryArray:
    """Return a column of the runs by cell; `distinct`: each value once, all of them needed."""
    if distinct:
        return pa.DictionaryArray.from_arrays(at, column)
    encoded = column.dictionary_encode()
    return pa.DictionaryArray.from_arrays(encoded.indices.take(at), encoded.dictionary)


def _joined(pieces: Sequence[pa.Array]) -> pa.Array:
    return pa.concat_arrays(pieces) if pieces else pa.array([], pa.int32())


def _int32(values: array[int]) -> pa.Array:
    return pa.Array.from_buffers(pa.int32(), len(values), [None, pa.py_buffer(values)])
