"""Hashes: what tells whether evaluators would see another run, made of its rows.

A hash that begins with `2-` is of the rows as one MessagePack value. One without a mark is what
evalkit made at first; it is only made again to tell whether a stored run that has one is the same,
which then keeps it, with all scores it was given.
"""

from __future__ import annotations

from hashlib import blake2b, sha256
from operator import itemgetter
from typing import Any

import orjson

from evalkit.model.schema.columns import RUN_COLUMNS, STEP_COLUMNS, USAGE

RowValues = tuple[Any, ...]
RUN_NAMES = [column.name for column in RUN_COLUMNS]
STEP_NAMES = [column.name for column in STEP_COLUMNS]
MARK = "2-"
CONTENT_HASH = RUN_NAMES.index("content_hash")
REPETITION = RUN_NAMES.index("repetition")
UPDATED_AT = RUN_NAMES.index("updated_at")
UNSEEN = frozenset({"content_hash", "repetition", "updated_at", "cost_source"})
"""The repetition is taken in last: copies of a run in one source are counted differently. What
costs were computed from is a name for the same costs."""
SEEN = itemgetter(*(i for i, name in enumerate(RUN_NAMES) if name not in UNSEEN))
STEP_SOURCE = STEP_NAMES.index("cost_source")
_source_of = itemgetter(STEP_SOURCE)
PAYLOADS = ("inputs", "outputs", "metadata", "interrupts", "attachments", "feedback", "extra")
RUN_HEADS = tuple(f"{name} %d ".encode() for name in PAYLOADS)
STEP_HEADS = RUN_HEADS[:3]
OF_OLD = 8
"""Columns of usage that a first hash always has."""


def body_hash(row: RowValues, steps: list[RowValues]) -> bytes:
    """Return the hash of a run without its repetition: that of a copy is the same."""
    from msgspec import msgpack  # 10 ms of commands that store nothing

    if [*map(_source_of, steps)].count(None) != len(steps):
        steps = [(*step[:STEP_SOURCE], None, *step[STEP_SOURCE + 1 :]) for step in steps]
    return sha256(msgpack.encode((SEEN(row), steps))).digest()


def content_hash_of(body: bytes, repetition: int | None) -> str:
    """Return the hash of all that evaluators can see."""
    return MARK + sha256(body + repr(repetition).encode()).hexdigest()[:32]


def is_first(content_hash: str) -> bool:
    """Tell whether a stored hash is of the kind made at first."""
    return len(content_hash) == 32 and not content_hash.startswith(MARK)


def first_hash(row: RowValues, steps: list[RowValues]) -> str:
    """Return the hash that evalkit gave to these rows at first."""
    pieces: list[bytes] = []
    usage = RUN_NAMES.index(USAGE[0].name)
    more = usage + len(USAGE)
    small = [*row[:UPDATED_AT], *row[UPDATED_AT + 1 : usage], *row[more:CONTENT_HASH]]
    details = CONTENT_HASH + 1
    _feed(pieces, small, RUN_HEADS, row[details + 1 :], row[usage:more], row[details])
    usage = STEP_NAMES.index(USAGE[0].name)
    more = usage + len(USAGE)
    for step in steps:
        _feed(
            pieces, [*step[:usage], step[more]], STEP_HEADS, step[more + 2 :], step[usage:more],
            step[more + 1],
        )  # fmt: skip
    return joined_hash(pieces)


def _feed(
    pieces: list[bytes],
    seen: list[Any],
    heads: tuple[bytes, ...],
    payloads: RowValues,
    counts: RowValues,
    details: bytes | None,
) -> None:
    """Add a row to what is hashed: `seen` and the usage as JSON, after the payloads."""
    take(pieces, seen, heads, payloads)
    if details is None and all(value is None for value in counts):
        seen += (*counts, None)
    else:
        first, second, total, *costs, cached, reasoning = counts[:OF_OLD]
        seen += (first, second, total, cached, reasoning, *costs)
        later = counts[OF_OLD:-1]  # not what a cost was computed from: its name is no change
        if any(value is not None for value in later):  # hashes of before stay
            seen += later
        take(pieces, seen, (b"usage_details %d ",), (details,))
    pieces.append(orjson.dumps(seen))


def take(
    pieces: list[bytes], seen: list[Any], heads: tuple[bytes, ...], payloads: RowValues
) -> None:
    """Add payloads to what is hashed, each after its name and length."""
    for head, data in zip(heads, payloads, strict=True):
        if data is None:
            seen.append(None)
        else:
            pieces += (head % len(data), data)


def joined_hash(pieces: list[bytes]) -> str:
    """Return the hash of pieces one after the other."""
    return blake2b(b"".join(pieces), digest_size=16).hexdigest()
