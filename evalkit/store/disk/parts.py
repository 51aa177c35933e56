"""Parts: Parquet files that are written once, named by their content and checked when read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from shlex import quote
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.errors import StoreError
from evalkit.store.disk.files import Files, LocalFiles
from evalkit.store.disk.older import completed, lacking, readable

GROUP_ROWS = 512
"""Rows of a row group: what is decoded together should fit the processor's cache."""
PART_ROWS = 4096
STEP_TEXTS = ("steps.list.element.kind", "steps.list.element.name")
"""Few texts that stand in many rows: who reads row by row gets them as codes."""
TAIL = 8  # length of the footer, then "PAR1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One Parquet file as the manifest knows it."""

    name: str
    rows: int
    size: int
    footer: int
    """Checksum of the footer; Parquet's own checksums guard the pages."""
    recorded: int | None = None
    """Of runs, how many have recorded scores; None: look."""

    @property
    def number(self) -> int:
        """Its place in the order the parts were written in."""
        return number_of(self.name)


def part_of(folder: str, number: int, data: bytes, rows: int, recorded: int | None = None) -> Part:
    """Describe a part; its name holds the hash of its bytes."""
    return Part(
        name=f"{folder}/part-{number:06d}-{digest(data)}.parquet",
        rows=rows,
        size=len(data),
        footer=zlib.crc32(_footer(data)),
        recorded=recorded,
    )


def digest(data: bytes) -> str:
    """Return the hash that part names end in."""
    return blake2b(data, digest_size=8).hexdigest()


def number_of(name: str) -> int:
    """Return the number in the name of a part."""
    return int(name.rpartition("/")[2].split("-")[1])


def is_intact(name: str, data: bytes) -> bool:
    """Tell whether the bytes are those the name was given for."""
    return name.rpartition("-")[2].removesuffix(".parquet") == digest(data)


def broken(files: Files, name: str, why: object) -> StoreError:
    """Return the error for a part that cannot be read."""
    what = str(why).strip().splitlines() or ["unreadable"]
    return StoreError(
        f"{files}/{name}: the file is damaged ({what[0][:200]}). {mending(files, name)}"
    )


def mending(files: Files, name: str) -> str:
    """Say what brings back what a damaged file held."""
    experiment = experiment_of(files)
    if name.startswith("scores/"):
        return f"`evalkit score {experiment}` makes its cells again."
    return f"`evalkit fetch {experiment}` brings back what it held; what can be read is kept."


def name_of(files: Files) -> str:
    """Return the experiment's name: that of its folder."""
    return unquote(str(files).replace("\\", "/").rstrip("/").rpartition("/")[2])


def experiment_of(files: Files) -> str:
    """Return the experiment's name as it is typed in a shell."""
    return quote(name_of(files))


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


def _footer(data: bytes) -> bytes:
    length = struct.unpack("<I", data[-TAIL:-4])[0]
    return data[-(length + TAIL) :]


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
