"""LangChain's envelopes around what a tool gave back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class ToolMessage(NamedTuple):
    """A tool's result without its envelope."""

    content: Any
    call_id: str | None
    name: str | None
    failed: bool


def tool_message(value: Any) -> ToolMessage | None:
    """Return what is inside a tool message, or nothing where a value is none.

    Seen: `{type: tool, data}` (Python), `{lc, id, kwargs}`, `{output: {...}}` around it
    (JavaScript), and the message's own fields with `type: tool`.
    """
    if isinstance(value, Mapping) and set(value) == {"output"}:
        value = value["output"]
    if not isinstance(value, Mapping):
        return None
    body = value
    if "lc" in value and isinstance(value.get("kwargs"), Mapping):
        path = value.get("id")
        if not isinstance(path, list) or not path or not str(path[-1]).startswith("ToolMessage"):
            return None
        body = value["kwargs"]
    elif isinstance(value.get("data"), Mapping):
        if value.get("type") not in ("tool", "ToolMessage"):
            return None
        body = value["data"]
    elif value.get("type") != "tool" or "content" not in value:
        return None
    key, name = body.get("tool_call_id"), body.get("name")
    return ToolMessage(
        body.get("content"),
        str(key) if key else None,
        str(name) if name else None,
        body.get("status") == "error",
    )
