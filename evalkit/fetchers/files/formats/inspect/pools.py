"""Pools: newer logs keep every message and call once and refer to them by ranges; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Payload = Mapping[str, Any]


def pooled(events: Sequence[Payload], pools: Any) -> list[Payload]:
    """Return the events with what they refer to put back.

    `input_refs` are half-open ranges into the pool of messages, `call.call_refs` into that of
    calls, which go back to `call.request[call.call_key]`.
    """
    if not isinstance(pools, Mapping):
        return list(events)
    messages, calls = pools.get("messages") or [], pools.get("calls") or []
    return [_whole(event, messages, calls) for event in events]


def _whole(event: Payload, messages: Sequence[Any], calls: Sequence[Any]) -> Payload:
    found = dict(event)
    if found.get("input_refs") is not None and not found.get("input"):
        found["input"] = _of(found["input_refs"], messages)
    call = found.get("call")
    if isinstance(call, Mapping) and call.get("call_refs") is not None:
        key = str(call.get("call_key") or "messages")
        request = {**(call.get("request") or {}), key: _of(call["call_refs"], calls)}
        found["call"] = {**call, "request": request}
    return found


def _of(ranges: Any, pool: Sequence[Any]) -> list[Any]:
    """Return what ranges name; one outside the pool names nothing."""
    found: list[Any] = []
    for pair in ranges if isinstance(ranges, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(n, int) for n in pair):
            found.extend(pool[max(pair[0], 0) : max(pair[1], 0)])
    return found
