"""The bytes of a file as UTF-8 text, unpacked from .gz and .zst, with every cut noticed."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from typing import IO, Any

from evalkit.fetchers.files.reading.paths import GZIP, ZSTD, SourceFile, open_raw

PACKED_CHUNK = 1 << 14
"""Small, because a little compressed text may unpack to very much."""
HEAD = 1 << 12
ZSTD_STEP = 512
"""Bytes of .zst unpacked at once: four may stand for 128 KiB, so at most 16 MiB come of them."""
WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",  # it begins as UTF-16's mark does
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Marks of the encodings with more than a byte for every character."""
BROKEN = (EOFError, OSError, ValueError, zlib.error)
"""What reading raises when a compressed file is cut off or damaged."""


def open_bytes(file: SourceFile) -> IO[bytes]:
    """Open the file unpacked (.gz and .zst are known by their first bytes) and as UTF-8."""
    if file.span is not None:
        some: Any = io.BufferedReader(_Span(open_raw(file), *file.span), 1 << 20)
        return some if file.span[0] else _as_utf8(some)
    raw: Any = io.BufferedReader(open_raw(file), 1 << 20)
    head = raw.peek(4)[:4]
    if head.startswith(GZIP):
        raw = io.BufferedReader(_Gzip(raw), 1 << 20)
    elif head.startswith(ZSTD):
        raw = io.BufferedReader(_Zstd(raw), 1 << 20)
    return _as_utf8(raw)


class _Span(io.RawIOBase):
    """A reader of some of a file's bytes."""

    def __init__(self, whole: IO[bytes], first: int, last: int) -> None:
        self._whole, self._left = whole, last - first
        whole.seek(first)

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give what is there, up to the last of these bytes."""
        data = self._whole.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file behind it too."""
        super().close()
        self._whole.close()


class _Recoded(io.RawIOBase):
    """A reader that writes wide characters as UTF-8, a little at a time."""

    def __init__(self, wide: IO[bytes], encoding: str) -> None:
        self._wide = wide
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give what is there; half a character at the end is one that cannot be read."""
        while not self._ready and not self._ended:
            data = self._wide.read(PACKED_CHUNK)
            self._ended = not data
            self._ready = self._decoder.decode(data, self._ended).encode("utf-8", "replace")
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file behind it too."""
        super().close()
        self._wide.close()


class _Gzip(gzip.GzipFile):
    """A reader that closes the file it unpacks, which gzip leaves to its caller."""

    def __init__(self, packed: IO[bytes]) -> None:
        super().__init__(fileobj=packed)
        self._packed = packed

    def readinto(self, buffer: Any) -> int:
        """Give what is there, so that a file cut off still gives what came before the cut."""
        data = self.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the packed file too."""
        super().close()
        self._packed.close()


class _Zstd(io.RawIOBase):
    """A reader of .zst that notices, unlike the library's own, when the file is cut off."""

    def __init__(self, packed: IO[bytes]) -> None:
        import zstandard

        self._packed = packed
        self._library = zstandard
        self._frame: Any = None
        self._waiting = memoryview(b"")
        """Packed, not looked at yet."""
        self._ready = memoryview(b"")
        self._failed: OSError | None = None

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give what is there; a frame that is damaged or never ends raises only then."""
        while not self._ready:
            if not self._waiting and not self._failed:
                self._waiting = memoryview(self._packed.read(PACKED_CHUNK))
            if not self._waiting:
                self._check_end()
                return 0
            self._unpack(bytes(self._waiting[:ZSTD_STEP]))
            self._waiting = self._waiting[ZSTD_STEP:]
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _check_end(self) -> None:
        if self._failed:
            raise self._failed
        if self._frame is not None:
            raise EOFError("the file ends in the middle of its compressed data")

    def _unpack(self, packed: bytes) -> None:
        made = []
        while packed and not self._failed:
            if self._frame is None:
                self._frame = self._library.ZstdDecompressor().decompressobj()
            try:
                made.append(self._frame.decompress(packed))
            except self._library.ZstdError as error:
                self._failed = OSError(str(error))
                self._waiting = memoryview(b"")
                break
            packed = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None
        self._ready = memoryview(b"".join(made))

    def close(self) -> None:
        """Close the packed file too."""
        super().close()
        self._packed.close()


def _as_utf8(stream: Any) -> IO[bytes]:
    """Skip a byte-order mark, and recode the UTF-16 that some shells write."""
    head = peek(stream, 4)
    if head.startswith(codecs.BOM_UTF8):
        stream.read(3)
    for mark, encoding in WIDE.items():
        if head.startswith(mark):
            return io.BufferedReader(_Recoded(stream, encoding), 1 << 16)
    opened: IO[bytes] = stream
    return opened


def peek(stream: Any, size: int) -> bytes:
    """Return up to `size` first bytes without consuming them; empty where unpacking fails."""
    try:
        head: bytes = stream.peek(size)[:size]
    except BROKEN:
        return b""
    return head


def is_empty(file: SourceFile) -> bool:
    """Tell whether there is nothing but white space in a file, unpacked where it is packed."""
    with open_raw(file) as raw:
        head = raw.read(HEAD)
    if head.startswith((GZIP, ZSTD)):
        with open_bytes(file) as stream:
            return not peek(stream, 1) and _ends_well(stream)
    return len(head) < HEAD and not head.strip()


def _ends_well(stream: IO[bytes]) -> bool:
    """Tell whether a stream ends here, and not because it is damaged."""
    try:
        return not stream.read(1)
    except BROKEN:
        return False
