"""Sizes: bytes that rows of Arrow take once nothing in them is shared, and as objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from evalkit.fetchers.values import ITEM, LIST, NAMED, OBJECT

if TYPE_CHECKING:
    from pyarrow import Array, RecordBatch


def decoded_size(batch: RecordBatch) -> int:
    """Return how many bytes the rows of a batch hold, each text counted wherever it stands."""
    return sum(_size(leaf) for column in batch.columns for leaf in _leaves(column))


def size_beside(batch: RecordBatch) -> int:
    """Return what the rows' values take beside their bytes, as in JSON that says the same."""
    each = OBJECT + NAMED * batch.num_columns
    beside: int = batch.num_rows * each + sum(map(_beside, batch.columns))
    return beside


def _beside(array: Array) -> int:
    import pyarrow
    import pyarrow.types as types

    each, inside = ITEM, 0
    if isinstance(array, pyarrow.StructArray):
        each = OBJECT + NAMED * array.type.num_fields
        inside = sum(map(_beside, array.flatten()))
    elif isinstance(array, pyarrow.MapArray):
        first, last = (array.offsets[at].as_py() for at in (0, -1))
        each, inside = OBJECT, _beside(array.items.slice(first, last - first))
        inside += NAMED * (last - first)
    elif types.is_nested(array.type) and hasattr(array, "flatten"):
        each, inside = LIST, _beside(array.flatten())
    return len(array) * each + inside


def longest_shared(batch: RecordBatch) -> int:
    """Return the bytes of the longest text in any dictionary of a batch."""
    import pyarrow
    import pyarrow.compute as compute

    leaves = (leaf for column in batch.columns for leaf in _leaves(column))
    shared = [leaf.dictionary for leaf in leaves if isinstance(leaf, pyarrow.DictionaryArray)]
    lengths = (compute.max(compute.binary_length(each)) for each in shared if _is_text(each))
    return max((length.as_py() or 0 for length in lengths), default=0)


def _leaves(array: Array) -> Iterator[Array]:
    """Yield the columns inside a column, as far as its rows reach."""
    import pyarrow
    import pyarrow.types as types

    if isinstance(array, pyarrow.StructArray):
        for field in array.flatten():
            yield from _leaves(field)
    elif isinstance(array, pyarrow.MapArray):
        first, last = (array.offsets[at].as_py() for at in (0, -1))
        for part in (array.keys, array.items):
            yield from _leaves(part.slice(first, last - first))
    elif types.is_nested(array.type) and hasattr(array, "flatten"):
        yield from _leaves(array.flatten())
    else:
        yield array


def _size(leaf: Any) -> int:
    import pyarrow
    import pyarrow.compute as compute

    if isinstance(leaf, pyarrow.DictionaryArray) and _is_text(leaf.dictionary):
        lengths = compute.binary_length(leaf.dictionary)
        return compute.sum(lengths.take(leaf.indices)).as_py() or 0
    return int(leaf.nbytes)


def _is_text(array: Any) -> bool:
    import pyarrow.types as types

    checks = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    return any(check(array.type) for check in checks)
