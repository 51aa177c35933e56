"""Arrow columns as numpy arrays through their buffers.

pyarrow's own conversions (`to_numpy`, `pa.array`, scalars as arguments) import pandas when it is
installed: half a second that a summary of ten runs does not need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def let_go() -> None:
    """Give memory back that was read into and is not used: the pool would keep it for later."""
    pa.default_memory_pool().release_unused()


def whole(column: Any) -> Any:
    """Return a column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    merged = column.unify_dictionaries().combine_chunks()
    return merged if isinstance(merged, pa.Array) else merged.chunk(0)


def decoded(column: Any) -> Any:
    """Return a column as one array that is not dictionary-encoded."""
    array = whole(column)
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def valid(column: Any) -> NDArray[np.bool_]:
    """Return where a column is not null."""
    array = whole(column)
    bitmap = array.buffers()[0]
    if bitmap is None:
        return np.full(len(array), array.type != pa.null(), np.bool_)
    return _bits(bitmap, array.offset, len(array))


def numbers(column: Any, missing: float = float("nan")) -> NDArray[Any]:
    """Return a numeric or boolean column as float64, `missing` for null; not to be written to."""
    array = whole(column)
    if array.type == pa.null():
        return np.full(len(array), missing)
    data = array.buffers()[1]
    if pa.types.is_boolean(array.type):
        values = _bits(data, array.offset, len(array)).astype(np.float64)
    else:
        values = _raw(array).astype(np.float64, copy=bool(array.null_count))
    if array.null_count:
        values[~valid(array)] = missing
    return values


def integers(column: Any, missing: int = -1) -> NDArray[Any]:
    """Return an integer column as int64, `missing` for null."""
    array = whole(column)
    values = _raw(array).astype(np.int64)
    if array.null_count:
        values[~valid(array)] = missing
    return values


def indices(rows: NDArray[Any] | Sequence[int]) -> Any:
    """Return row numbers as an arrow array, for `take`."""
    plain = np.ascontiguousarray(rows, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(plain), [None, pa.py_buffer(plain)])


def taken(table: Any, rows: NDArray[Any] | Sequence[int]) -> Any:
    """Return some rows of a table or column."""
    return table.take(indices(rows))


def codes(column: Any) -> tuple[NDArray[Any], list[Any]]:
    """Return a code per row (int32, -1 for null) and the values the codes stand for."""
    array = whole(column)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    return _indices(array), array.dictionary.to_pylist()


def _indices(array: Any) -> NDArray[Any]:
    """Return the indices of a dictionary-encoded array, -1 for null; not to be written to."""
    found = _raw(array.indices).astype(np.int32, copy=bool(array.null_count))
    if array.null_count:
        found[~valid(array.indices)] = -1
    return found


def places_of(chunks: Sequence[Any], among: Any) -> NDArray[Any]:
    """Return the place of each value in `among`, -1 for none, of dictionary-encoded chunks.

    The distinct values of a dictionary are looked up once, however many chunks share it, and not at
    all when it is `among` itself.
    """
    if chunks and all(_identity(each.dictionary) == _identity(among) for each in chunks):
        return np.concatenate([_indices(each) for each in chunks])
    known: dict[tuple[int, int, int], Any] = {}
    for chunk in chunks:
        known.setdefault(_identity(chunk.dictionary), chunk.dictionary)
    if not known:
        return np.array([], np.int64)
    first = dict(zip(known, np.cumsum([0, *map(len, known.values())]), strict=False))
    found = pc.index_in(pa.concat_arrays(list(known.values())), value_set=among)
    places = np.append(integers(found), -1)
    at = [
        np.where(
            valid(chunk.indices),
            integers(chunk.indices) + first[_identity(chunk.dictionary)],
            len(places) - 1,
        )
        for chunk in chunks
    ]
    result: NDArray[Any] = places[np.concatenate(at)]
    return result


def _identity(array: Any) -> tuple[int, int, int]:
    """Return what two views of the same values have in common."""
    buffers = [each.address if each is not None else 0 for each in array.buffers()]
    return buffers[-1], array.offset, len(array)


def _raw(array: Any) -> NDArray[Any]:
    """Return the values of a fixed-width array, whatever is in its null places."""
    kind = array.type
    name = "f" if pa.types.is_floating(kind) else "i"
    if name == "i" and not (pa.types.is_integer(kind) or pa.types.is_temporal(kind)):
        raise TypeError(f"no numbers in a column of {kind}")
    if name == "i" and pa.types.is_unsigned_integer(kind):
        name = "u"
    dtype = np.dtype(f"{name}{kind.bit_width // 8}")
    if len(array) == 0:
        return np.empty(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)]


def _bits(buffer: Any, offset: int, length: int) -> NDArray[np.bool_]:
    packed = np.frombuffer(buffer, np.uint8)
    found = np.unpackbits(packed, count=offset + length, bitorder="little")
    return found[offset:].astype(np.bool_)
