"""Records: those of an answer one by one, so that one which is too large costs itself alone.

What a list of an answer holds is cut out of its bytes, and only what may be in memory is read. Of a
record that takes more there remain its short plain members, by which it can be named.
"""

from __future__ import annotations

from typing import Any

import msgspec

from evalkit.fetchers.http.answers import decoded
from evalkit.fetchers.http.transport import httpx
from evalkit.fetchers.values import may_take, too_much

LARGE = "evalkit:larger_than_max_record_mb"
"""Marks what remains of a record that was too large to be read."""
SHORT = 1_000
"""Bytes of a member that remains."""
Raw = msgspec.Raw


def by_record(body: bytes | bytearray, headers: httpx.Headers, room: int) -> Any:
    """Parse an answer; records in its lists that take more than `room` bytes are marked stubs."""
    if not may_take(body, room):
        return decoded(body, headers)
    try:
        members = msgspec.json.decode(body, type=dict[str, Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decoded(body, headers)  # no object, or what only others read
    return {name: _member(bytes(raw), headers, room) for name, raw in members.items()}


def _member(raw: bytes, headers: httpx.Headers, room: int) -> Any:
    if not raw.startswith(b"["):
        return decoded(raw, headers)
    records = map(bytes, msgspec.json.decode(raw, type=list[Raw]))
    return [(_stub if too_much(each, room) else decoded)(each, headers) for each in records]


def _stub(raw: bytes, headers: httpx.Headers) -> dict[str, Any]:
    if not raw.startswith(b"{"):
        return {LARGE: True}
    members = msgspec.json.decode(raw, type=dict[str, Raw])
    plain = {name: bytes(value) for name, value in members.items() if len(bytes(value)) <= SHORT}
    kept = {name: value for name, value in plain.items() if value[:1] not in b"[{"}
    return {**{name: decoded(value, headers) for name, value in kept.items()}, LARGE: True}
