"""Raw: the steps of a run as plain values of their columns, for who writes all of them once.

No step is made and nothing is decoded: JSON stays the text it is stored as, times microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from evalkit.store.disk.schema import JSON_COLUMNS


def raw_steps(
    names: Sequence[str], columns: Sequence[pa.Array], offsets: Sequence[int]
) -> Callable[[int], Iterator[tuple[Any, ...]]]:
    """Return what gives, by the row of a run, these values of each of its steps."""
    held = list(map(_values, names, columns))

    def get(row: int) -> Iterator[tuple[Any, ...]]:
        start, stop = offsets[row], offsets[row + 1]
        return zip(*[values[start:stop] for values in held], strict=True)

    return get


def _values(name: str, column: pa.Array) -> list[Any]:
    if name in JSON_COLUMNS:
        column = column.view(pa.binary())
    elif pa.types.is_timestamp(column.type):
        column = column.view(pa.int64())
    elif pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    values: list[Any] = column.to_pylist()
    return values
