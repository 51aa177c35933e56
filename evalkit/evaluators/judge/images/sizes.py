"""Sizes: what kind of picture bytes are, and its width and height, from their beginning."""

from __future__ import annotations

import base64
import binascii
import struct

Size = tuple[int, int]
"""Width and height, pixels."""
BEGINNING = 1 << 20
"""Characters of base64 that are looked at; in a JPEG a small picture may stand before the size."""
FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
"""Marks of JPEG (ITU T.81, table B.1) after which the size stands."""
ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
"""Marks of JPEG without a length."""


def kind_of(data: bytes) -> str | None:
    """Return the media type that bytes have by their signature, of those that judges take."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def size_of(encoded: str) -> Size | None:
    """Return the size of a picture in base64; None where its beginning does not say."""
    try:
        data = base64.b64decode(encoded[:BEGINNING])
        read = READERS.get(kind_of(data) or "")
        found = read(data) if read is not None else None
    except (binascii.Error, struct.error, IndexError, ValueError):
        return None
    return found if found is not None and min(found) > 0 else None


def _png(data: bytes) -> Size:
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _gif(data: bytes) -> Size:
    width, height = struct.unpack("<HH", data[6:10])
    return width, height


def _jpeg(data: bytes) -> Size | None:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if mark in FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 1 if mark == 0xFF else 2 if mark in ALONE else 2 + data[at + 2] * 256 + data[at + 3]
    return None


def _webp(data: bytes) -> Size | None:
    """Read the three forms of WebP (RFC 9649, chapter 2)."""
    if data[12:16] == b"VP8X" and len(data) >= 30:
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


READERS = {"image/png": _png, "image/gif": _gif, "image/jpeg": _jpeg, "image/webp": _webp}
