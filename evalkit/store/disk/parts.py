"""Parts: Parquet files that are written once and named by their content; `opened` reads them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from hashlib import blake2b
from shlex import quote
from urllib.parse import unquote

from evalkit.errors import StoreError
from evalkit.store.disk.files import Files

GROUP_ROWS = 512
"""Rows of a row group: what is decoded together should fit the processor's cache."""
PART_ROWS = 4096
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


def _footer(data: bytes) -> bytes:
    length = struct.unpack("<I", data[-TAIL:-4])[0]
    return data[-(length + TAIL) :]
