"""Payloads of spans: JSON text is undone exactly as often as the tracer wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from evalkit.fetchers.values import too_much

JSON_TYPES = ("application/json", "json")
NO_JSON = object()


def once(value: Any) -> Any:
    """Return what JSON text holds; other text stays text."""
    if not isinstance(value, str) or too_much(value):
        return value
    try:
        return orjson.loads(value)
    except ValueError:
        return value


def structure(value: Any) -> Any:
    """Return the object or list that JSON text holds; text, numbers and the like stay as written.

    For attributes of which nobody says whether they are JSON.
    """
    if not isinstance(value, str) or value[:1] not in "{[":
        return value
    found = once(value)
    return found if isinstance(found, dict | list) else value


def typed(value: Any, mime: Any, *, stated: bool) -> Any:
    """Return a payload beside which its media type may stand.

    `stated`: whether the tracer writes media types at all; then one without a type is plain text.
    """
    if isinstance(mime, str):
        return once(value) if mime.partition(";")[0].strip().lower() in JSON_TYPES else value
    return value if stated else structure(value)


def nested(attributes: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Undo the flattening of an object below `prefix`: `metadata.a.b` becomes `{a: {b: ...}}`."""
    found: dict[str, Any] = {}
    for name, value in attributes.items():
        if not name.startswith(prefix):
            continue
        at, (*path, last) = found, name[len(prefix) :].split(".")
        for step in path:
            inner = at.setdefault(step, {})
            if not isinstance(inner, dict):
                inner = at[step] = {"": inner}
            at = inner
        at[last] = value
    return found
