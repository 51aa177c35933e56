"""Values: whether JSON text takes more memory than it should, told before it is read.

An object read takes up to forty times the bytes of its text, so a limit of bytes alone bounds
little: thirty megabytes of `{},{},{}` are a gigabyte. So each value counts what it takes beside its
text, by signs alone: an item of a list, a list or name, and an object, which mostly is made into
something else before it is let go. A step of a run whose text has forty bytes takes nine hundred.

A batch of OpenTelemetry is no record but many: a Collector puts 8,192 spans in one by itself, each
attribute an object in an object. It may take three times as much.
"""

from __future__ import annotations

import re

ROOM = 64_000_000
"""Bytes of a text inside a record, as `max_record_mb` allows them when nobody changes it."""
ITEM, NAMED, LIST, OBJECT = 12, 40, 40, 100
TAKES = (0, ITEM, NAMED, LIST, OBJECT)
"""Bytes beside its text of what a sign stands for, by its group in `TOKENS`."""
TOKENS = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|(,)|(:)|(\[)|(\{)|([\]}])'
BYTES, TEXT = re.compile(TOKENS.encode(), re.DOTALL), re.compile(TOKENS, re.DOTALL)
OPENS, CLOSES = (3, 4), 5
BATCHES, HEAD = 3, 1 << 14
"""How many times as much a batch may take, and in how much of its text it is known as one."""
BATCH = r'"(?:resource|scope|instrumentation_?[Ll]ibrary)_?(?:[Ss]pans|[Ll]ogs)"'
BATCH_BYTES, BATCH_TEXT = re.compile(BATCH.encode()), re.compile(BATCH)


def too_much(text: str | bytes | bytearray, room: int = ROOM) -> bool:
    """Return whether the value that begins a text takes more than `room` bytes."""
    if not may_take(text, room):  # as of nearly all lines: nothing is searched for in them
        return False
    room = room_for(text, room)
    return may_take(text, room) and takes(text, room)


def room_for(text: str | bytes | bytearray, room: int, at: int = 0) -> int:
    """Return what the value that begins at `at` may take where a record may take `room`."""
    if isinstance(text, str):
        batch = bool(BATCH_TEXT.search(text, at, at + HEAD))
    else:
        batch = bool(BATCH_BYTES.search(text, at, at + HEAD))
    return room * BATCHES if batch else room


def may_take(text: str | bytes | bytearray, room: int, at: int = 0) -> bool:
    """Return whether the text from `at` on has signs enough for more than `room` bytes."""
    size = len(text) - at
    if size * (1 + OBJECT) <= room:
        return False
    signs = ",:[{"
    if isinstance(text, str):
        counts = [text.count(sign, at) for sign in signs]
    else:
        counts = [text.count(sign.encode(), at) for sign in signs]
    return size + sum(n * each for n, each in zip(counts, TAKES[1:], strict=True)) > room


def takes(text: str | bytes | bytearray, room: int, at: int = 0) -> bool:
    """Return whether the value that begins at `at` takes more; needs as long as it is long."""
    depth, taken = 0, -at
    tokens = TEXT.finditer(text, at) if isinstance(text, str) else BYTES.finditer(text, at)
    for token in tokens:
        kind = token.lastindex
        if kind == CLOSES:
            depth -= 1
            if depth <= 0:
                return False
        elif depth == 0 and kind not in OPENS:  # a text or number, behind which other values stand
            return False
        elif kind is not None:
            taken += TAKES[kind]
            depth += kind in OPENS
            if taken + token.end() > room:
                return True
    return False
