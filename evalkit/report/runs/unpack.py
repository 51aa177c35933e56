"""Unpack: the columns of a page read back; what was altered raises `ValueError`."""

from __future__ import annotations

import math
import zlib
from array import array
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

MOST = 512 * 1024 * 1024
"""Bytes that one block may unpack to: a page may come from anybody."""
KINDS = {"u8": "B", "u16": "H", "u32": "I", "f64": "d"}


def inflate(data: bytes, most: int = MOST) -> bytes:
    """Return what a gzip member holds; one that holds more than `most` bytes is refused."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(data, most)
    except zlib.error as error:
        raise ValueError(f"it cannot be unpacked ({error})") from None
    if unpacking.unconsumed_tail:
        raise ValueError(f"it unpacks to more than {most:,} bytes")
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("it is cut short, or something follows it")
    return plain


class Columns:
    """The block of a page's columns: its header, and each column as Python values."""

    def __init__(self, data: bytes) -> None:
        self._raw = inflate(data)
        self._base = 4 + int.from_bytes(self._raw[:4], "little")
        self.head: dict[str, Any] = orjson.loads(self._raw[4 : self._base])
        if not isinstance(self.head, dict) or not isinstance(self.head.get("columns"), dict):
            raise ValueError("its header is not as evalkit writes it")

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.head["columns"])

    def column(self, name: str) -> list[Any]:
        """Return one column; None where a value is missing."""
        try:
            return self._values(self.head["columns"][name])
        except (KeyError, TypeError, IndexError, OverflowError, ArithmeticError) as error:
            raise ValueError(f"column {name!r} is not as evalkit writes it ({error!r})") from None

    def _values(self, rule: Mapping[str, Any]) -> list[Any]:
        n, kind = rule["n"], rule["t"]
        if kind == "uuid":
            data = self._bytes(rule["at"], 16 * n)
            return [str(UUID(bytes=data[at : at + 16])) for at in range(0, 16 * n, 16)]
        if kind == "str":
            ends = self._numbers("I", rule["at"], n)
            text = self._bytes(rule["bytes"], rule["size"])
            starts = [0, *ends[:-1]]
            return [text[a:b].decode() for a, b in zip(starts, ends, strict=True)]
        values = self._numbers(KINDS[kind], rule["at"], n)
        if "dict" in rule:
            found, missing = rule["dict"], rule["missing"]
            return [None if v == missing else found[v] for v in values]
        if kind == "f64":
            return [None if math.isnan(v) else v for v in values]
        if "missing" not in rule:
            return list(values)
        scale, missing = rule.get("scale", 1), rule["missing"]
        return [None if v == missing else v / scale for v in values]

    def _numbers(self, letter: str, at: int, n: int) -> array[Any]:
        found = array(letter)
        found.frombytes(self._bytes(at, n * found.itemsize))
        return found

    def _bytes(self, at: int, size: int) -> bytes:
        start = self._base + at
        if at < 0 or size < 0 or start + size > len(self._raw):
            raise IndexError("it ends beyond the block")
        return self._raw[start : start + size]
