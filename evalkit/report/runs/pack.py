"""Pack: the columns of the report as one compressed block, exact and small.

Layout: a little-endian u32 with the length of the JSON header, the header, then the columns, each
on an 8-byte boundary, all in one gzip member. Numbers are kept exactly: as codes into a list of
values, as whole numbers with a power of ten, or as doubles. Texts are UTF-8 with the end of each.
"""

from __future__ import annotations

import gzip
import math
from array import array
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

LEVEL = 6
CODES = 255
"""Most different values kept as one-byte codes; the next code means missing."""
POWERS = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)
WIDEST = 2**32 - 1

Number = int | float | None


def compress(data: bytes) -> bytes:
    """Compress to one gzip member that is the same for the same bytes."""
    return gzip.compress(data, LEVEL, mtime=0)


def scrub(text: str) -> str:
    """Return text that can be written as UTF-8: lone surrogates become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class Core:
    """Collects columns and writes them as one block."""

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, Any]] = {}
        self._parts: list[bytes] = []
        self._at = 0

    def codes(self, name: str, values: Sequence[int]) -> None:
        """Add whole numbers of 0 or more as they are."""
        most = max(values, default=0)
        kind, letter = (
            ("u8", "B") if most < 2**8 else ("u16", "H") if most < 2**16 else ("u32", "I")
        )
        self._add(name, kind, len(values), array(letter, values).tobytes())

    def numbers(self, name: str, values: Sequence[Number]) -> None:
        """Add numbers with gaps, in the smallest form that gives them back exactly."""
        seen: dict[Number, None] = dict.fromkeys(v for v in values if v is not None)
        if len(seen) <= CODES:
            place = {value: i for i, value in enumerate(seen)}
            codes = bytes(CODES if v is None else place[v] for v in values)
            self._add(name, "u8", len(values), codes, dict=list(seen), missing=CODES)
            return
        scale = _scale(seen)
        if scale is None:
            plain = array("d", (math.nan if v is None else float(v) for v in values))
            self._add(name, "f64", len(values), plain.tobytes())
            return
        whole = [None if v is None else round(v * scale) for v in values]
        wide = max(v for v in whole if v is not None) >= 2**16 - 1
        kind, letter, missing = ("u32", "I", WIDEST) if wide else ("u16", "H", 2**16 - 1)
        packed = array(letter, (missing if v is None else v for v in whole))
        extra = {"scale": scale} if scale != 1 else {}
        self._add(name, kind, len(values), packed.tobytes(), missing=missing, **extra)

    def texts(self, name: str, values: Sequence[str]) -> None:
        """Add texts; ids that are all UUIDs take 16 bytes each."""
        identifiers = _uuids(values)
        if identifiers is not None:
            self._add(name, "uuid", len(values), identifiers)
            return
        encoded = [scrub(value).encode() for value in values]
        ends, total = array("I"), 0
        for one in encoded:
            total += len(one)
            ends.append(total)
        self._add(name, "str", len(values), ends.tobytes())
        self.columns[name] |= {"bytes": self._place(b"".join(encoded)), "size": total}

    def pack(self, header: Mapping[str, Any]) -> bytes:
        """Return the compressed block with `header` and the directory of columns in front."""
        head = orjson.dumps({**header, "columns": self.columns})
        head += b" " * (-(len(head) + 4) % 8)
        return compress(len(head).to_bytes(4, "little") + head + b"".join(self._parts))

    def _add(self, name: str, kind: str, n: int, data: bytes, **rule: Any) -> None:
        self.columns[name] = {"t": kind, "at": self._place(data), "n": n, **rule}

    def _place(self, data: bytes) -> int:
        at = self._at
        padded = data + b"\0" * (-len(data) % 8)
        self._parts.append(padded)
        self._at += len(padded)
        return at


def _scale(values: Mapping[Number, Any]) -> int | None:
    """Find the power of ten that makes every value whole, or None when there is none."""
    power = 0
    for value in values:
        if value is None or value < 0 or not math.isfinite(value):
            return None
        while round(value * POWERS[power]) / POWERS[power] != value:
            power += 1
            if power == len(POWERS):
                return None
    fits = max(v for v in values if v is not None) * POWERS[power] < WIDEST
    return POWERS[power] if fits else None


def _uuids(values: Sequence[str]) -> bytes | None:
    out = bytearray()
    for value in values:
        try:
            one = UUID(value)
        except ValueError:
            return None
        if str(one) != value:
            return None
        out += one.bytes
    return bytes(out) if out else None
