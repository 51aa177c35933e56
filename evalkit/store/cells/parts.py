"""Cells: parts of scores, written once and read by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.errors import StoreError
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import write_table
from evalkit.store.disk.parts import broken, digest, is_intact, number_of
from evalkit.store.disk.schema import CATEGORIES, CATEGORY, STORED_CELLS, TYPES

FOLDER = "scores"
NO_EXAMPLE = "-"
"""Hash of the example of a run that has none, for an evaluator that would have seen it."""
SCHEMA = pa.schema(
    [(c.name, CATEGORY if c.name in CATEGORIES else TYPES[c.type]) for c in STORED_CELLS]
)
DICTIONARIES = [*sorted(CATEGORIES), "repetition", "step_id", "scope"]
ENCODINGS = {"run_row": "DELTA_BINARY_PACKED"}
"""Rows of runs count upwards: as differences they take next to nothing."""


def part_names(files: Files) -> list[str]:
    """Return the names of the score parts, oldest first.

    Two writers may have given one number to two parts, where a store has no locks. The names differ
    all the same, for they hold the content, so the order is the same for every reader.
    """
    found = [f"{FOLDER}/{name}" for name in files.names(FOLDER) if name.startswith("part-")]
    return sorted(found, key=_age)


def _age(name: str) -> tuple[int, str]:
    return number_of(name), name


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
        use_dictionary=[name for name in DICTIONARIES if _repeats(table.column(name))],
        column_encoding=ENCODINGS,
        write_page_checksum=False,
    )


def _repeats(column: pa.ChunkedArray) -> bool:
    """Tell whether text repeats: a dictionary of what is all different is work for nothing."""
    return column.type != CATEGORY or any(
        len(each.dictionary) < len(each) for each in column.chunks
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
        codes = pa.Array.from_buffers(pa.int32(), rows, [None, pa.py_buffer(bytes(4 * rows))])
        return pa.DictionaryArray.from_arrays(codes, pa.array([value], pa.string()))
    return pa.nulls(rows, kind) if value is None else pa.repeat(pa.scalar(value, kind), rows)


def read_part(files: Files, name: str, columns: Iterable[str]) -> pa.Table:
    """Read columns of a part whose bytes are checked against its name.

    A column that the evalkit which wrote the part did not know is null.
    """
    try:
        data = files.read(name)
    except OSError as error:
        raise broken(files, name, error.strerror or error) from None
    if not is_intact(name, data):
        raise broken(files, name, "its bytes do not match the hash in its name")
    wanted = list(columns)
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        known = set(file.schema_arrow.names)
        table = file.read(columns=[each for each in wanted if each in known], use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise broken(files, name, error) from None
    for each in wanted:
        if each not in known:
            nothing = pa.nulls(table.num_rows, SCHEMA.field(each).type)
            table = table.append_column(SCHEMA.field(each), nothing)
    return table.select(wanted).combine_chunks()


def read_parts(
    files: Files,
    columns: Iterable[str],
    damaged: list[str] | None = None,
    among: Sequence[str] | None = None,
) -> Iterator[tuple[str, pa.Table]]:
    """Yield all parts, or some of them, the oldest first.

    With a list for them, damaged ones are put there instead of raised.
    """
    for name in part_names(files) if among is None else sorted(among, key=_age):
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
