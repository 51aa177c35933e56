"""Gluing: tool calls that a tracer of a stream ran together, taken apart where that is sure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def unglued(call: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the calls that one call is made of.

    OpenInference for openai-node appends the pieces of parallel calls of a stream to one another:
    name `weatherweather`, arguments `{..}{..}`, id `c1c2`. As many objects of arguments as there
    are, so many calls: where the name is one name so many times over, each is a call of that tool.
    What cannot be told apart stays one call.
    """
    function = dict(call.get("function") or {})
    name, text = str(function.get("name") or ""), function.get("arguments")
    parts = _objects(text) if isinstance(text, str) else []
    count = len(parts)
    if count < 2 or len(name) % count or name != name[: len(name) // count] * count:
        return [dict(call)]
    one, ids = name[: len(name) // count], _equal(call.get("id"), count)
    return [
        {**call, "id": key, "function": {**function, "name": one, "arguments": each}}
        for key, each in zip(ids, parts, strict=True)
    ]


def _equal(text: Any, count: int) -> list[str | None]:
    """Cut an id into parts of one length, or say that none is known."""
    if not isinstance(text, str) or not text or len(text) % count:
        return [None] * count
    size = len(text) // count
    return [text[at : at + size] for at in range(0, len(text), size)]


def _objects(text: str) -> list[str]:
    """Return the texts of JSON objects that stand one behind the other; none where it is not so."""
    decoder, at, found = json.JSONDecoder(), 0, []
    text = text.strip()
    while at < len(text):
        if text[at] != "{":
            return []
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        found.append(text[at:end])
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return found
