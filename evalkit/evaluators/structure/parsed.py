"""Parsed: the JSON inside an answer, also when it stands under a key, in prose or a code fence.

One rule for outputs and references. With a path, what it finds. A table is itself the value, unless
it is a wrapper: a table whose only key is one of the usual names (`answer`, `output` ...) and holds
a table, a list, or text that is JSON of a table or a list; or one with several keys, of which the
other side has none of the usual ones. A list of messages stands for the last answer in it. Text is
parsed: whole, or the last fenced block in it.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from evalkit.evaluators.answers import KEYS, REFERENCE_KEYS, answer_of, at

FENCE = re.compile(r"```[\w-]*\s*\n(.*?)```", re.DOTALL)
ABSENT = object()
STRUCTURED = ("structured_response", "structured_output", "parsed", "object", "json")
"""Names under which frameworks put a structured output beside its text."""


class Parsed(NamedTuple):
    """A JSON value, or `ABSENT`, and the key it was taken from."""

    value: Any
    key: str | None = None


def parsed_answer(outputs: Any, answer_at: str = "", *, other: Any = None) -> Parsed:
    """Return the JSON value of the outputs; `other` is what they are compared with."""
    return _parsed(outputs, answer_at, (*STRUCTURED, *KEYS), other)


def parsed_reference(reference: Any, reference_at: str = "", *, other: Any = None) -> Parsed:
    """Return the JSON value of the reference outputs, found as that of the outputs is."""
    return _parsed(reference, reference_at, (*STRUCTURED, *REFERENCE_KEYS), other)


def wrapped_answer(outputs: Any) -> Parsed:
    """Return what stands under the usual name in a table, whatever it is, or `ABSENT`."""
    if not isinstance(outputs, dict):
        return Parsed(ABSENT)
    name = next((n for n in (*STRUCTURED, *KEYS) if outputs.get(n) is not None), None)
    if name is None:
        return Parsed(ABSENT)
    held = outputs[name]
    return Parsed(parsed_text(held) if isinstance(held, str) else held, name)


def _parsed(payload: Any, path: str, names: tuple[str, ...], other: Any) -> Parsed:
    value = at(payload, path)
    if value is None or (value == {} and payload == {}):
        return Parsed(ABSENT)
    if isinstance(value, str):
        return Parsed(parsed_text(value))
    if path or not isinstance(value, dict):
        return Parsed(value)
    named = not value.keys().isdisjoint(names)
    name = next((n for n in names if value.get(n) is not None), None) if named else None
    if name is not None and (len(value) == 1 or _apart(value, name, other)):
        held = parsed_text(value[name]) if isinstance(value[name], str) else value[name]
        if isinstance(held, dict | list):
            return Parsed(held, name)
    if name is None and isinstance(value.get("messages"), list):
        text = answer_of(value)
        return Parsed(parsed_text(text) if isinstance(text, str) else ABSENT, "messages")
    return Parsed(value)


def _apart(value: dict[str, Any], name: str, other: Any) -> bool:
    """Say whether the other side is a table of other things than this one."""
    return isinstance(other, dict) and name not in other and value.keys().isdisjoint(other)


def parsed_text(text: str) -> Any:
    """Return the JSON value of a text, whole or in its last fenced block; `ABSENT`: none."""
    for part in (text, *reversed(FENCE.findall(text))):
        try:
            return json.loads(part, parse_constant=_refuse)
        except (ValueError, RecursionError):
            continue
    return ABSENT


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
