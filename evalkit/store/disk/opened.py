"""Opened: parts as Parquet files, checked when they are read, and tables as the bytes of one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.errors import StoreError
from evalkit.store.disk.files import Files, LocalFiles
from evalkit.store.disk.older import completed, lacking, readable
from evalkit.store.disk.parts import TAIL, Part, broken, mending

STEP_TEXTS = ("steps.list.element.kind", "steps.list.element.name")
"""Few texts that stand in many rows: who reads row by row gets them as codes."""


class PartFile:
    """An open part; columns named in `coded` are read as codes of their different texts."""

    def __init__(self, files: Files, part: Part, coded: Sequence[str] = ()) -> None:
        self._files, self.part, self._coded = files, part, list(coded)
        self.where = f"{files}/{part.name}"

    @cached_property
    def _parquet(self) -> pq.ParquetFile:
        try:
            self._check_footer()
            return pq.ParquetFile(
                self._files.open(self.part.name),
                pre_buffer=False,
                page_checksum_verification=True,
                read_dictionary=self._coded or None,
            )
        except FileNotFoundError:
            raise StoreError(
                f"{self.where}: the file is gone. Run the command again, somebody else may have "
                f"changed the store; if it was deleted, {mending(self._files, self.part.name)}"
            ) from None
        except (pa.ArrowException, OSError) as error:
            raise broken(self._files, self.part.name, error) from None

    @cached_property
    def _lacks(self) -> frozenset[str]:
        """Columns that came after the part was written."""
        return lacking(self._parquet.schema_arrow)

    def _check_footer(self) -> None:
        if not isinstance(self._files, LocalFiles):
            return  # one request less; Parquet still checks every page that is read
        with open(self._files.open(self.part.name), "rb") as file:
            if file.seek(0, 2) != self.part.size:
                raise OSError(f"it has {file.tell()} bytes instead of {self.part.size}")
            file.seek(-TAIL, 2)
            length = struct.unpack("<I", file.read(4))[0]
            file.seek(-min(self.part.size, length + TAIL), 2)
            if zlib.crc32(file.read()) != self.part.footer:
                raise OSError("its footer does not match its checksum")

    @property
    def groups(self) -> int:
        """The number of row groups."""
        return int(self._parquet.num_row_groups)

    def group_rows(self, group: int) -> int:
        """The number of rows of a row group."""
        return int(self._parquet.metadata.row_group(group).num_rows)

    def read_groups(self, groups: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Read columns of some row groups."""
        try:
            wanted = readable(columns, self._lacks) if self._lacks else list(columns)
            found = self._parquet.read_row_groups(list(groups), columns=wanted, use_threads=False)
            return completed(found, columns, self._lacks) if self._lacks else found
        except (pa.ArrowException, OSError) as error:
            raise broken(self._files, self.part.name, error) from None

    def read(self, columns: Sequence[str] | None) -> pa.Table:
        """Read columns of all rows."""
        try:
            if columns is None:
                return self._parquet.read(use_threads=False)
            wanted = readable(columns, self._lacks) if self._lacks else list(columns)
            found = self._parquet.read(columns=wanted, use_threads=False)
            return completed(found, columns, self._lacks) if self._lacks else found
        except (pa.ArrowException, OSError) as error:
            raise broken(self._files, self.part.name, error) from None


def write_table(table: pa.Table, **options: Any) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **(WRITING | options))
    data: bytes = sink.getvalue().to_pybytes()
    return data


WRITING: dict[str, Any] = {
    "compression": "zstd",
    "write_page_checksum": True,
    "write_statistics": False,
    "version": "2.6",
}


def groups_of(files: Files, parts: Sequence[Part]) -> Iterator[tuple[PartFile, int]]:
    """Yield every row group of parts, in order, to be read row by row."""
    for part in parts:
        opened = PartFile(files, part, STEP_TEXTS)
        for group in range(opened.groups):
            yield opened, group
