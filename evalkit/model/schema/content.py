"""Content: payloads as JSON text, texts and times as columns hold them.

JSON text here is always valid: lone surrogates become U+FFFD, NaN and the infinities become the
strings `"NaN"`, `"Infinity"` and `"-Infinity"`, integers beyond 64 bits become text, and what JSON
cannot hold becomes the nearest thing it can. A `Counter` says how often.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SURROGATES = re.compile("[\ud800-\udfff]")
DEEPEST = 120
"""Payloads nested deeper are cut there and end in text; orjson reads back at most 1,024 levels."""


def dumps(value: Any, notes: Counter[str] | None = None) -> bytes:
    """Return the value as JSON text in UTF-8; whatever cannot be written exactly is counted."""
    try:
        text = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError, RecursionError):
        return orjson.dumps(_clean(value, Counter() if notes is None else notes, 0))
    if b"null" in text and _not_finite(value):  # orjson writes NaN as null
        return orjson.dumps(_clean(value, Counter() if notes is None else notes, 0))
    return text


def text(value: Any, notes: Counter[str] | None = None) -> str | None:
    """Return text that UTF-8 can hold, or `None`."""
    if value is None or (type(value) is str and value.isascii()):
        return value
    value = value if isinstance(value, str) else str(value)
    if not SURROGATES.search(value):
        return value if type(value) is str else str.__str__(value)
    if notes is not None:
        notes["lone surrogates replaced"] += 1
    return SURROGATES.sub("\ufffd", value)


def micros(value: datetime | None) -> int | None:
    """Return microseconds since 1970 in UTC."""
    if value is None:
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return (value - EPOCH) // MICROSECOND


def from_micros(value: int | None) -> datetime | None:
    """Return the UTC time of microseconds since 1970."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


def _plain(value: Any) -> Any:
    """Say what orjson should write for a value it does not know."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    for name in ("model_dump", "tolist", "to_dict"):  # pydantic, numpy, many others
        method = getattr(value, name, None)
        if callable(method):
            return method()
    return str(value)


def _not_finite(value: Any) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)  # exact types first: payloads are almost all plain JSON
        if kind is str or kind is int or kind is bool or item is None:
            continue
        if kind is dict or isinstance(item, Mapping):
            waiting.extend(item.values())
        elif kind is list or isinstance(item, list | tuple):
            waiting.extend(item)
        elif isinstance(item, float) and not math.isfinite(item):
            return True
    return False


def _clean(value: Any, notes: Counter[str], depth: int) -> Any:
    """Return the value with everything replaced that JSON text cannot hold."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, notes)
    if isinstance(value, int):
        if -(2**63) <= value < 2**64:
            return int(value)
        notes["integers beyond 64 bits written as text"] += 1
        return str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _name_of(value, notes)
    if depth > DEEPEST:
        notes["payloads nested too deeply cut"] += 1
        return "(nested too deeply)"
    if isinstance(value, Mapping):
        return {
            text(key, notes) or "": _clean(each, notes, depth + 1) for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_clean(each, notes, depth + 1) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return _clean(_plain(value), notes, depth + 1)


def _name_of(value: float, notes: Counter[str]) -> str:
    notes["NaN and infinities in payloads written as text"] += 1
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
