"""Values of columns, made of what a record holds as nearly all records hold it; else `Odd`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from evalkit.model.schema.batch import Odd
from evalkit.model.schema.content import SURROGATES, dumps

Take = Callable[[Any], Any]
REMEMBERED = 4096


def remembering(convert: Take) -> Take:
    """Return what reads words of which there are few."""
    seen: dict[str, str] = {}

    def read(value: Any) -> str:
        found = seen.get(value) if type(value) is str else None
        if found is None:
            found = _text(convert(_text(value)))
            if len(seen) < REMEMBERED:
                seen[value] = found
        return found

    return read


def _text(value: Any) -> str:
    if type(value) is not str or not (value.isascii() or not SURROGATES.search(value)):
        raise Odd("no text as it is")
    return value


def _named(value: Any) -> str:
    if not value:
        raise Odd("an empty id")
    return _text(value)


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not (math.isfinite(value) and value >= 0):
        raise Odd("no seconds")
    return float(value)


def _whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise Odd("no whole number")
    return value


def _names(value: Any) -> list[str]:
    if type(value) is not list or "" in value:
        raise Odd("no list of names")
    return [_text(each) for each in value]


def _object(value: Any) -> bytes:
    if type(value) is not dict:
        raise Odd("no object")
    return _json(value)


def _json(value: Any) -> bytes:
    try:
        text = orjson.dumps(value)
    except (TypeError, ValueError, RecursionError):
        raise Odd("no plain JSON") from None
    if b"null" in text:  # may be NaN
        notes: Counter[str] = Counter()
        text = dumps(value, notes)
        if notes:
            raise Odd("more than JSON holds")
    return text


READERS: dict[str, Take] = {
    **dict.fromkeys(("run_id", "example_id", "thread_id", "assistant_id", "error"), _named),
    **dict.fromkeys(("name", "stopped", "url"), _text),
    **dict.fromkeys(("duration_s", "first_token_s"), _number),
    **dict.fromkeys(("inputs", "outputs"), _json),
    "metadata": _object, "tags": _names, "repetition": _whole,
}  # fmt: skip
"""What makes the value of a column of that of a record."""
