"""Batches: rows of a Parquet file, few at a time where a text is said more often than it is held.

A dictionary holds a text once for all rows that have it, so that kilobytes can mean terabytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any

from evalkit.fetchers.files.reading.parquet.sizes import (
    decoded_size,
    longest_shared,
    size_beside,
)

if TYPE_CHECKING:
    from pyarrow import Array, DataType, RecordBatch, Schema
    from pyarrow.parquet import ParquetFile

BATCH = 64
"""Rows decoded together, where they are small."""
SMALL = 1_000_000
"""Bytes of a group of rows that no batch makes too much of."""
COLUMNS = 20_000
"""Columns that a table may have, structures in it counted: each takes ten kilobytes to be read."""
PIECE = 1 << 16
"""Bytes read at once where only the dictionary is wanted."""
LARGE, MANY = "large", "many"
"""Stand for a row of too many bytes, or of too many values for them."""
SCHEMA = re.compile(rb"\x15(?:[\x80-\xff]*[\x00-\x7f])\x19\xfc([\x80-\xff]{0,4}[\x00-\x7f])")
"""How a footer begins (Thrift's compact protocol): version, then a list of more than 14 structs."""


class TooWide(Exception):
    """A table has more columns than can be read."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A Parquet file that can be read."""

    schema: Schema
    """As it was written."""
    _file: ParquetFile
    _packed: ParquetFile
    """The same with texts left in their dictionaries."""
    _texts: dict[int, list[str]]
    """Columns of texts, by group of rows that is not small."""

    def before(self, groups: tuple[int, int] | None) -> int:
        """Return how many rows come before some groups."""
        about = self._file.metadata
        return sum(about.row_group(group).num_rows for group in range(groups[0] if groups else 0))

    def rows(
        self, limit: int, some: tuple[int, int] | None = None
    ) -> Iterator[dict[str, Any] | str]:
        """Yield every row, or those of some groups; why not, for one larger than `limit` bytes."""
        groups = range(*some) if some else range(self._file.num_row_groups)
        for shared, few in groupby(groups, lambda group: self._shares(group, limit)):
            file = self._packed if shared else self._file
            for batch in file.iter_batches(batch_size=BATCH, row_groups=list(few)):
                yield from self._rows(batch, limit)

    def _shares(self, group: int, limit: int) -> bool:
        """Tell whether a batch of the group could hold too much; its dictionaries come first."""
        texts = self._texts.get(group)
        if not texts:
            return False
        first = next(self._packed.iter_batches(batch_size=1, row_groups=[group], columns=texts))
        return longest_shared(first) * BATCH > limit

    def _rows(self, batch: RecordBatch, limit: int) -> Iterator[dict[str, Any] | str]:
        if not _excess(batch, limit):
            yield from self._whole(batch)
            return
        for at in range(batch.num_rows):
            row = batch.slice(at, 1)
            why = _excess(row, limit)
            yield from [why] if why else self._whole(row)

    def _whole(self, batch: RecordBatch) -> list[dict[str, Any]]:
        """Return rows whose texts stand wherever they are said."""
        import pyarrow

        columns = zip(batch.columns, self.schema, strict=True)
        plain = [_plain(each, field.type) for each, field in columns]
        found: list[dict[str, Any]] = pyarrow.RecordBatch.from_arrays(
            plain, names=batch.schema.names
        ).to_pylist()
        return found


def opened(handle: IO[bytes]) -> Opened:
    """Open a Parquet file; what is none raises what pyarrow raises."""
    from pyarrow.parquet import ParquetFile

    if _columns(handle) > COLUMNS:
        raise TooWide(f"a table of more than {COLUMNS:,} columns")
    file = ParquetFile(handle)
    columns = map(file.schema.column, range(len(file.schema)))
    named = [each.path for each in columns if each.physical_type == "BYTE_ARRAY"]
    # A group says how large it is; asking one of its columns would end the process where the
    # file is damaged (pyarrow 26: an exception of C++ that nothing catches).
    large = (
        number
        for number in range(file.num_row_groups)
        if file.metadata.row_group(number).total_byte_size > SMALL
    )
    texts = dict.fromkeys(large, named) if named else {}
    every = sorted({path for paths in texts.values() for path in paths})
    packed = ParquetFile(handle, metadata=file.metadata, read_dictionary=every, buffer_size=PIECE)
    return Opened(file.schema_arrow, file, packed, texts)


def _excess(rows: RecordBatch, limit: int) -> str:
    """Say why rows are too much at once; empty where they are not."""
    size = decoded_size(rows)
    return LARGE if size > limit else MANY if size + size_beside(rows) > limit else ""


def _columns(handle: IO[bytes]) -> int:
    """Return how many columns a footer begins to name, which is read whole only then."""
    end = handle.seek(0, os.SEEK_END)
    handle.seek(max(0, end - 8))
    size = int.from_bytes(handle.read(4), "little")
    handle.seek(max(0, end - 8 - size))
    found = SCHEMA.match(handle.read(16))
    handle.seek(0)
    return sum((byte & 0x7F) << 7 * at for at, byte in enumerate(found[1])) if found else 0


def _plain(column: Array, kind: DataType) -> Array:
    """Return a column without dictionaries where Arrow can; with them it takes longer only."""
    import pyarrow

    if isinstance(column, pyarrow.DictionaryArray):
        return column.dictionary_decode()
    try:
        return column if column.type == kind else column.cast(kind)
    except pyarrow.ArrowNotImplementedError:
        return column
