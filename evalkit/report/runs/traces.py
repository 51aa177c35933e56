"""Traces: runs packed into compressed members as they come, so that memory stays bounded.

A member holds up to 64 runs. A long string that occurs twice in one run stands once in the run's
own list; one that was seen in an earlier run goes to a shared member, because gzip's window of
32 KiB cannot see it. Members lie in a temporary file until it is known which of them fit.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from typing import IO, Any

import orjson

from evalkit.report.runs.pack import compress, scrub

MEMBER_RUNS = 64
MEMBER_TEXTS = 256
LONG = 200
"""Strings of this many bytes or more, written as JSON, are worth sharing."""
DEEPEST = 100
"""Levels of nesting that are kept; a browser and we walk values by recursion."""
NUL = rb"\u0000"
SHORTER, LONGER = b"%d" % (LONG - 1), b"%d" % LONG
NEXT_LONG = re.compile(
    rb'(?:[^"]*+"[^"]{0,' + SHORTER + rb'}+")*+[^"]*+"([^"]{' + LONGER + rb',}+)"'
)
"""What stands before the next long string, and the string; matched from outside of any string."""
EXACT = 2**53
"""Whole numbers beyond this are no longer exact in a browser: kept as digits."""
NOT_KEPT = 2**32 - 1


@dataclass(slots=True)
class Member:
    """One compressed member in the temporary file."""

    at: int
    size: int
    rows: list[int] = field(default_factory=list)
    texts: set[int] = field(default_factory=set)
    """Numbers of the text members that its runs refer to."""
    priority: int = 0


@dataclass(slots=True)
class Kept:
    """Which members stand in the report, in order."""

    runs: list[Member]
    texts: dict[int, Member]
    where: dict[int, int]
    """Row of a run to its place: member times 64 plus position."""
    size: int


class Seen:
    """Remembers hashes in a fixed 16 MiB of bits; says seldom yes when it should say no."""

    def __init__(self, bits: int = 27) -> None:
        self._bits = bytearray(1 << (bits - 3))
        self._mask = (1 << bits) - 1

    def before(self, mark: int) -> bool:
        """Return whether `mark` was here already, and remember it."""
        place = mark & self._mask
        octet, bit = place >> 3, 1 << (place & 7)
        known = bool(self._bits[octet] & bit)
        self._bits[octet] |= bit
        return known


class TraceWriter:
    """Takes one run at a time and keeps compressed members on disk; a context manager."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._open: dict[int, list[tuple[int, bytes, set[int]]]] = {}
        self._seen = Seen()
        self._shared: dict[bytes, int] = {}
        self._pending: list[bytes] = []
        self._spent: Counter[int] = Counter()
        self.members: list[Member] = []
        self.texts: dict[int, Member] = {}

    def __enter__(self) -> TraceWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def add(self, row: int, run: Any, priority: int = 0) -> None:
        """Pack the document of the run in `row`; lower priorities are kept first."""
        self.add_written(row, written(run), priority)

    def add_written(self, row: int, data: bytes, priority: int = 0) -> None:
        """Pack a document that is JSON already, as `written` writes it."""
        used: set[int] = set()
        packed = self._intern(data, used)
        group = self._open.setdefault(priority, [])
        group.append((row, packed, used))
        if len(group) == MEMBER_RUNS:
            self._close(priority)

    def spent(self, priority: int) -> int:
        """Return the bytes of closed members that would be kept no later than `priority`."""
        return sum(size for level, size in self._spent.items() if level <= priority)

    def finish(self) -> None:
        """Write what is still open."""
        for priority in sorted(self._open):
            self._close(priority)
        self._close_texts()

    def keep(self, budget: int | None) -> Kept:
        """Choose members in order of priority until `budget` bytes are spent; None: all."""
        kept = Kept([], {}, {}, 0)
        for member in sorted(self.members, key=lambda m: m.priority):
            texts = {t: self.texts[t] for t in member.texts if t not in kept.texts}
            cost = member.size + sum(text.size for text in texts.values())
            if budget is not None and kept.size + cost > budget:
                continue
            place = len(kept.runs) * MEMBER_RUNS
            kept.where.update({row: place + i for i, row in enumerate(member.rows)})
            kept.runs.append(member)
            kept.texts |= texts
            kept.size += cost
        return kept

    def read(self, member: Member) -> bytes:
        """Return a member's compressed bytes."""
        self._file.seek(member.at)
        return self._file.read(member.size)

    def read_all(self, kept: Kept) -> Iterator[tuple[str, bytes]]:
        """Yield (name, compressed bytes) of every kept member, shared texts first."""
        for number, member in sorted(kept.texts.items()):
            yield f"b{number}", self.read(member)
        for number, member in enumerate(kept.runs):
            yield f"m{number}", self.read(member)

    def _close(self, priority: int) -> None:
        group = self._open.pop(priority, [])
        if not group:
            return
        member = self._write([packed for _, packed, _ in group])
        member.rows = [row for row, _, _ in group]
        member.texts = set().union(*(used for _, _, used in group))
        member.priority = priority
        self.members.append(member)
        self._spent[priority] += member.size

    def _close_texts(self) -> None:
        if self._pending:
            self.texts[(len(self._shared) - 1) // MEMBER_TEXTS] = self._write(self._pending)
            self._pending = []

    def _write(self, items: list[bytes]) -> Member:
        data = compress(b"[" + b",".join(items) + b"]")
        at = self._file.seek(0, 2)
        self._file.write(data)
        return Member(at, len(data))

    def _intern(self, data: bytes, used: set[int]) -> bytes:
        """Return the JSON of [own strings, run] with every recurring long string as a reference.

        Strings are found in the written JSON, which costs a tenth of walking the values.
        """
        spans = [(start, end, data[start:end]) for start, end in _long_strings(data)]
        counts: dict[bytes, int] = {}
        for _, _, literal in spans:
            counts[literal] = counts.get(literal, 0) + 1
        own: list[bytes] = []
        places: dict[bytes, bytes] = {}
        for literal, n in counts.items():
            reference = self._share(literal, used)
            if reference is None and n > 1:
                own.append(literal)
                reference = b'"\\u0000r%d"' % (len(own) - 1)
            if reference is not None:
                places[literal] = reference
        parts, at = [b"[[", b",".join(own), b"],"], 0
        for start, end, literal in spans:
            reference = places.get(literal)
            if reference is not None:
                parts += [data[at:start], reference]
                at = end
        return b"".join([*parts, data[at:], b"]"])

    def _share(self, literal: bytes, used: set[int]) -> bytes | None:
        """Return the reference of a string an earlier run had; None the first time."""
        mark = blake2b(literal, digest_size=16).digest()
        number = self._shared.get(mark)
        if number is None:
            if not self._seen.before(int.from_bytes(mark[:8], "little")):
                return None
            number = self._shared[mark] = len(self._shared)
            self._pending.append(literal)
            if len(self._pending) == MEMBER_TEXTS:
                self._close_texts()
        used.add(number // MEMBER_TEXTS)
        return b'"\\u0000b%d"' % number


def _long_strings(data: bytes) -> list[tuple[int, int]]:
    """Return where the long strings of written JSON stand, quotes included; keys are left out."""
    masked = data
    if b'\\"' in data:  # a quote inside of a string, or a backslash at its end
        masked = data.replace(b"\\\\", b"\0\0").replace(b'\\"', b"\0\0")
    spans, at, next_long = [], 0, NEXT_LONG.match
    while (found := next_long(masked, at)) is not None:
        start, end = found.span(1)
        at = end + 1
        if data[at : at + 1] != b":":
            spans.append((start - 1, at))
    return spans


def written(run: Any) -> bytes:
    """Write a run as JSON in which a string that begins with NUL is one of our references."""
    try:
        data = orjson.dumps(run, default=_default, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:  # a lone surrogate, an odd key, or a number that a browser cannot hold
        return dumps(escaped(plain(run)))
    return dumps(escaped(plain(run))) if NUL in data else data


def packed_alone(run: Any) -> bytes:
    """Write [own strings, run] of a run that shares nothing with others."""
    return b"[[]," + written(run) + b"]"


def plain(value: Any, depth: int = 0) -> Any:
    """Return JSON-ready values: times as ISO text, mappings as dicts, anything else as text."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if depth == DEEPEST:
        return f"(what is nested deeper than {DEEPEST} levels is left out)"
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    return _default(value) if isinstance(value, datetime | date) else str(value)


def _default(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def escaped(value: Any) -> Any:
    """Copy plain values: NUL at the start of a string is escaped, long numbers become digits."""
    if isinstance(value, str):
        return "\0s" + value if value[:1] == "\0" else value
    if isinstance(value, dict):
        return {key: escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [escaped(item) for item in value]
    inexact = isinstance(value, int) and not -EXACT <= value <= EXACT
    return f"\0i{value}" if inexact else value


def dumps(value: Any) -> bytes:
    """Write JSON; what UTF-8 cannot hold becomes U+FFFD, NaN and infinity null."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(_clean(value), ensure_ascii=False, separators=(",", ":")).encode()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {scrub(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, float) and value - value != 0:
        return None
    return value
