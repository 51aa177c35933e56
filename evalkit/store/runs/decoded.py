"""Decoded: what gives the values of a column by row, made once for all rows of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

Getter = Callable[..., Any]


def texts(column: pa.Array) -> tuple[list[str], Sequence[int]]:
    """Return the different texts of a column, and for each row which of them it has."""
    codes = column.indices
    if codes.null_count:
        values: list[str] = column.to_pylist()
        return values, range(len(values))
    first = codes.offset
    held = memoryview(codes.buffers()[1]).cast("i")[first : first + len(codes)]
    return column.dictionary.to_pylist(), held


def is_text(column: pa.Array, text: str) -> pa.Array:
    """Tell row by row whether a column of coded texts has this one."""
    code = column.dictionary.index(text).as_py()
    return pc.equal(column.indices, pa.scalar(code, column.indices.type))


def plain(column: pa.Array) -> Getter:
    """Return values by row."""
    getter: Getter = column.to_pylist().__getitem__
    return getter


def integers(column: pa.Array) -> list[int | None]:
    """Return a time column as microseconds."""
    return list(column.view(pa.int64()).to_pylist())


def lists(column: pa.Array) -> Getter:
    """Return lists by row."""
    values = column.to_pylist()
    return lambda row: list(values[row] or ())


def json_getter(column: pa.Array, empty: Callable[[], Any]) -> Getter:
    """Return what decodes JSON text by row, from Arrow's buffer without copying it first."""
    _, ends, data = column.buffers()
    if data is None:
        return lambda row: empty()
    first = column.offset
    offsets = memoryview(ends).cast("i")[first : first + len(column) + 1].tolist()
    text, loads = memoryview(data), orjson.loads
    last: tuple[int, memoryview] = (-1, text[:0])

    def get(row: int) -> Any:
        nonlocal last
        held, piece = last  # evaluators of one run ask for the same; one name, as threads may too
        if held != row:
            piece = text[offsets[row] : offsets[row + 1]]
            last = (row, piece)
        return loads(piece) if piece else empty()

    return get
