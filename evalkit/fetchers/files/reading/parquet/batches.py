"""Batches: rows of a Parquet file, few at a time where a text is said more often than it is held.

A dictionary holds a text once for all rows that have it, so that kilobytes can mean terabytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any

from evalkit.fetchers.files.reading.parquet.sizes import decoded_size, longest_shared

if TYPE_CHECKING:
    from pyarrow import Array, DataType, RecordBatch, Schema
    from pyarrow.parquet import ParquetFile

BATCH = 64
"""Rows decoded together, where they are small."""
SMALL = 1_000_000
"""Bytes of a column that no batch makes too much of."""
PIECE = 1 << 16
"""Bytes read at once where only the dictionary is wanted."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A Parquet file that can be read."""

    schema: Schema
    """As it was written."""
    _file: ParquetFile
    _packed: ParquetFile
    """The same with texts left in their dictionaries."""
    _texts: dict[int, list[str]]
    """Columns of texts that are not small, by group of rows."""

    def rows(self, limit: int) -> Iterator[dict[str, Any] | None]:
        """Yield every row; None for one that is larger than `limit` bytes."""
        groups = range(self._file.num_row_groups)
        for shared, some in groupby(groups, lambda group: self._shares(group, limit)):
            file = self._packed if shared else self._file
            for batch in file.iter_batches(batch_size=BATCH, row_groups=list(some)):
                yield from self._rows(batch, limit)

    def _shares(self, group: int, limit: int) -> bool:
        """Tell whether a batch of the group could hold too much; its dictionaries come first."""
        texts = self._texts.get(group)
        if not texts:
            return False
        first = next(self._packed.iter_batches(batch_size=1, row_groups=[group], columns=texts))
        return longest_shared(first) * BATCH > limit

    def _rows(self, batch: RecordBatch, limit: int) -> Iterator[dict[str, Any] | None]:
        if decoded_size(batch) <= limit:
            yield from self._whole(batch)
            return
        for at in range(batch.num_rows):
            row = batch.slice(at, 1)
            yield from self._whole(row) if decoded_size(row) <= limit else [None]

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

    file = ParquetFile(handle)
    texts: dict[int, list[str]] = {}
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        for chunk in map(group.column, range(group.num_columns)):
            if chunk.physical_type == "BYTE_ARRAY" and chunk.total_uncompressed_size > SMALL:
                texts.setdefault(number, []).append(chunk.path_in_schema)
    every = sorted({path for paths in texts.values() for path in paths})
    packed = ParquetFile(handle, metadata=file.metadata, read_dictionary=every, buffer_size=PIECE)
    return Opened(file.schema_arrow, file, packed, texts)


def _plain(column: Array, kind: DataType) -> Array:
    """Return a column without dictionaries where Arrow can; with them it takes longer only."""
    import pyarrow

    if isinstance(column, pyarrow.DictionaryArray):
        return column.dictionary_decode()
    try:
        return column if column.type == kind else column.cast(kind)
    except pyarrow.ArrowNotImplementedError:
        return column
