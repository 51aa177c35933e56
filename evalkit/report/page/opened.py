"""Opened: a page read back as a stranger would: its figures, its columns, its traces."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import orjson

from evalkit.report.page.trailer import MARK
from evalkit.report.runs.traces import MEMBER_RUNS, MEMBER_TEXTS, NOT_KEPT
from evalkit.report.runs.unpack import Columns, inflate

OURS = b'<meta name="generator" content="evalkit '
BEGINNING = 65_536
"""Bytes in which a page says whose it is."""
FIGURES = b'<script type="application/json" id="evalkit-summary">'
CORE = b'<script type="text/plain" id="ek-core">'
BLOCK = re.compile(rb'<script type="text/plain" id="ek-([a-z]\d{1,9})">')
CLOSE = b"</script>"
HELD = 24
"""Members that are held unpacked: runs come in order, and lie in one member a priority."""
REFERENCE = re.compile(rb'"\\u0000([rb])(\d{1,9})"')
BACKSLASH = ord("\\")
Item = tuple[list[msgspec.Raw], msgspec.Raw]
_members = msgspec.json.Decoder(list[Item])
_texts = msgspec.json.Decoder(list[msgspec.Raw])


def is_page(path: Path) -> bool:
    """Tell whether a file begins as a page of evalkit does."""
    with path.open("rb") as file:
        return OURS in file.read(BEGINNING)


@dataclass(slots=True)
class Opened:
    """A page in its pieces; `ValueError` where one is not as evalkit writes it."""

    data: bytes
    head: bytes = b""
    """What stands before the columns, after the figures too."""
    middle: bytes = b""
    tail: bytes = b""
    figures: dict[str, Any] = field(default_factory=dict)
    core: bytes = b""
    blocks: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def opened(data: bytes) -> Opened:
    """Find the pieces of a page."""
    page = Opened(data)
    start, end = _block(data, FIGURES)
    page.figures = orjson.loads(data[start:end])
    if not isinstance(page.figures, dict):
        raise ValueError("its figures are no JSON object")
    start, end = _block(data, CORE)
    page.core, page.head = _decoded(data[start:end]), data[:start]
    stop = data.rfind(MARK) if MARK in data else len(data)
    found = list(BLOCK.finditer(data, end, stop))
    first = found[0].start() if found else data.rfind(b"\n</body>", end, stop)
    blocks, at = {}, first
    for each in found:
        at = data.index(CLOSE, each.end()) + len(CLOSE) + 1
        blocks[each[1].decode()] = (each.end(), at - len(CLOSE) - 1)
    page.blocks, page.middle, page.tail = blocks, data[end:first], data[at:stop]
    return page


def _block(data: bytes, begin: bytes) -> tuple[int, int]:
    start = data.index(begin) + len(begin)
    return start, data.index(CLOSE, start)


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"it is no base64 ({error})") from None


class Traces:
    """The traces of a page by the row of their run, each as the JSON it was written from."""

    def __init__(self, page: Opened, columns: Columns, side: bytes | None = None) -> None:
        self._page, self._side = page, side
        self._index = columns.head.get("index") or {}
        where: Sequence[int] = columns.column("where")
        self.where = {row: at for row, at in enumerate(where) if at != NOT_KEPT}
        self._runs = lru_cache(HELD)(self._read_runs)
        self._texts = lru_cache(HELD)(self._read_texts)

    def of(self, row: int) -> bytes | None:
        """Return the JSON of the run in `row`; None: the page does not hold it."""
        if row not in self.where:
            return None
        member, at = divmod(self.where[row], MEMBER_RUNS)
        try:
            own, run = self._runs(member)[at]
            return self._expanded(bytes(run), own)
        except (IndexError, KeyError, msgspec.MsgspecError) as error:
            raise ValueError(f"its trace cannot be read ({error!r})") from None

    def _expanded(self, data: bytes, own: Sequence[msgspec.Raw]) -> bytes:
        """Put texts that stand elsewhere in the place of what refers to them."""

        def text(found: re.Match[bytes]) -> bytes:
            if data[found.start() - 1] == BACKSLASH:
                return found[0]  # within a text that holds a quote
            number = int(found[2])
            if found[1] == b"r":
                return bytes(own[number])
            block, at = divmod(number, MEMBER_TEXTS)
            return bytes(self._texts(block)[at])

        return REFERENCE.sub(text, data)

    def _read_runs(self, number: int) -> list[Item]:
        return _members.decode(self._member(f"m{number}"))

    def _read_texts(self, number: int) -> list[msgspec.Raw]:
        return _texts.decode(self._member(f"b{number}"))

    def _member(self, name: str) -> bytes:
        if self._side is not None:
            at, size = self._index[name]
            return inflate(self._side[at : at + size])
        start, end = self._page.blocks[name]
        return inflate(_decoded(self._page.data[start:end]))
