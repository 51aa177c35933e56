"""Gluing: tool calls that a tracer of a stream ran together, taken apart where that is sure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

MOST = 32
"""Calls that are looked for in one; a stream of more is left as it is."""


def unglued(call: Mapping[str, Any], offered: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return the calls that one call is made of, with the names of the tools that were `offered`.

    OpenInference for openai-node appends the pieces of parallel calls of a stream to one another:
    name `weatheradd`, arguments `{..}{..}`, id `c1c2`. As many objects of arguments as there are,
    so many calls. Where the name is so many offered names in one way only, or one name so many
    times over, it is those; what cannot be told apart stays one call.
    """
    function = dict(call.get("function") or {})
    name, text = str(function.get("name") or ""), function.get("arguments")
    parts = _objects(text) if isinstance(text, str) else []
    names = _names(name, len(parts), offered) if 1 < len(parts) <= MOST else None
    if names is None or name in offered:
        return [dict(call)]
    ids = _equal(call.get("id"), len(parts))
    return [
        {**call, "id": key, "function": {**function, "name": one, "arguments": each}}
        for key, one, each in zip(ids, names, parts, strict=True)
    ]


def _names(text: str, count: int, offered: Collection[str]) -> list[str] | None:
    """Return the names that a text is made of, where that can be one thing only."""
    ways, one_way = _ways(text, count, [name for name in offered if name])
    if ways:
        return one_way if ways == 1 else None
    size, rest = divmod(len(text), count)
    one = text[:size]
    return [one] * count if size and not rest and text == one * count else None


def _ways(text: str, count: int, offered: Sequence[str]) -> tuple[int, list[str]]:
    """Count in how many ways a text is so many offered names, and return one of them."""
    ended: list[dict[int, tuple[int, list[str]]]] = [{0: (1, [])}, *({} for _ in text)]
    for at in range(len(text)):
        for name in offered:
            if not text.startswith(name, at):
                continue
            into = ended[at + len(name)]
            for used, (ways, way) in ended[at].items():
                if used < count:
                    known = into.get(used + 1, (0, []))[0]
                    into[used + 1] = (known + ways, [*way, name])
    return ended[-1].get(count, (0, []))


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
