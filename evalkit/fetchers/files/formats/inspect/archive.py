"""The members of an `.eval` file: a zip whose members are deflate, or zstd in newer logs.

Python's `zipfile` reads zstd members (method 93) from 3.14 on only, so they are unpacked here. A
file that was cut off has lost its directory; its members are then found by their own headers.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO

ZSTD, DEFLATE, STORED = 93, 8, 0
LOCAL, LOCAL_SIZE = b"PK\x03\x04", 30
WIDE = 0xFFFFFFFF
"""A size that stands in the extra field instead (zip64)."""


@dataclass(frozen=True, slots=True)
class Member:
    """One packed file, and where its bytes lie."""

    name: str
    method: int
    offset: int
    """Of its local header."""
    packed: int
    unpacked: int


class Archive:
    """An open `.eval` file; `cut_off` tells that its end is missing."""

    def __init__(self, raw: IO[bytes], limit: int = WIDE, too_large: str = "too large") -> None:
        self._raw = raw
        self._limit, self._too_large = limit, too_large
        self.cut_off = False
        try:
            with zipfile.ZipFile(raw) as archive:
                found = [
                    Member(
                        i.filename, i.compress_type, i.header_offset, i.compress_size, i.file_size
                    )
                    for i in archive.infolist()
                ]
        except (zipfile.BadZipFile, NotImplementedError, ValueError):  # its directory lies
            self.cut_off = True
            found = list(_scanned(raw))
        self._members = {member.name: member for member in found}

    @property
    def names(self) -> list[str]:
        """The names of the members, in the order they were written."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """Return a member unpacked; raises `OSError` or `ValueError` for one that is damaged."""
        member = self._members[name]
        if max(member.unpacked, member.packed) > self._limit:
            raise ValueError(f"it is {self._too_large}")
        self._raw.seek(member.offset)
        head = self._raw.read(LOCAL_SIZE)
        if len(head) < LOCAL_SIZE or not head.startswith(LOCAL):
            raise ValueError("its header is damaged")
        name_length, extra_length = struct.unpack("<HH", head[26:30])
        self._raw.seek(name_length + extra_length, 1)
        packed = self._raw.read(member.packed)
        if len(packed) < member.packed:
            raise EOFError("the file ends inside it")
        data = _unpacked(packed, member)
        if len(data) != member.unpacked:
            raise ValueError(f"it has {len(data)} bytes instead of {member.unpacked}")
        return data


def _unpacked(packed: bytes, member: Member) -> bytes:
    """Unpack at most one byte more than a member says it has: what says less is a bomb."""
    most = member.unpacked + 1
    if member.method == STORED:
        return packed
    if member.method == DEFLATE:
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
        except zlib.error as error:
            raise ValueError(str(error)) from None
    if member.method == ZSTD:
        import zstandard

        try:
            with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
                return reader.read(most)
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from None
    raise NotImplementedError(f"compression method {member.method} is not supported")


def _scanned(raw: IO[bytes]) -> list[Member]:
    """Return the members of a file without directory, as far as they are whole."""
    found: list[Member] = []
    raw.seek(0, 2)
    end, offset = raw.tell(), 0
    while True:
        raw.seek(offset)
        head = raw.read(LOCAL_SIZE)
        if len(head) < LOCAL_SIZE or not head.startswith(LOCAL):
            return found
        method, packed, unpacked, named, extra = struct.unpack("<8xH8xIIHH", head)
        name = raw.read(named).decode("utf-8", "replace")
        packed, unpacked = _wide(raw.read(extra), packed, unpacked)
        following = offset + LOCAL_SIZE + named + extra + packed
        if following > end:
            return found
        found.append(Member(name, method, offset, packed, unpacked))
        offset = following


def _wide(extra: bytes, packed: int, unpacked: int) -> tuple[int, int]:
    """Return the sizes, from the zip64 field where they stand there."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4])
        if kind == 1 and length >= 16 and WIDE in (packed, unpacked):
            unpacked, packed = struct.unpack("<QQ", extra[at + 4 : at + 20])
        at += 4 + length
    return packed, unpacked
