"""Messages and documents in payloads answer attributes as well as items.

LangSmith's guides read `outputs["messages"][-1].content` and `doc.page_content`: objects in a live
run, JSON in a stored one. What looks like either is a dict here that answers both ways. Only dicts
near the top of a payload are looked at, so that a large payload costs no walk.
"""

from __future__ import annotations

from typing import Any

DEEPEST = 2
EMPTY: dict[str, Any] = {
    "tool_calls": list, "invalid_tool_calls": list, "additional_kwargs": dict,
    "response_metadata": dict, "metadata": dict,
}  # fmt: skip
"""What LangChain's objects have when nothing was recorded; made anew each time."""
ABSENT = frozenset({"name", "id", "usage_metadata", "tool_call_id", "artifact", "status"})


class Answering(dict[str, Any]):
    """A message or document as recorded; its keys answer as attributes.

    Of LangChain's constructor form (`{"lc": 1, "kwargs": {...}}`) the arguments answer.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        held = self["kwargs"] if "lc" in self and isinstance(self.get("kwargs"), dict) else self
        if name in held:
            return held[name]
        if name in EMPTY:
            return EMPTY[name]()
        if name in ABSENT:
            return None
        if name == "type" and isinstance(self.get("id"), list):
            return TYPES.get(str(self["id"][-1]))
        raise AttributeError(f"this message or document has no {name!r}. It has: {', '.join(held)}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Answering, (dict(self),)


TYPES = {
    "HumanMessage": "human", "AIMessage": "ai", "AIMessageChunk": "ai", "ToolMessage": "tool",
    "SystemMessage": "system", "FunctionMessage": "function",
}  # fmt: skip


def answering(payload: Any, depth: int = 0) -> Any:
    """Return the payload with messages and documents that answer attributes; others as they are.

    Of a list the first entry tells; nothing is looked at below `DEEPEST` levels.
    """
    kind = type(payload)
    if kind is list:
        return _list(payload)
    if kind is not dict:
        return payload
    found = None
    for name, value in payload.items():
        kind = type(value)
        made: Any
        if kind is list:
            made = _list(value)
        elif kind is dict:
            made = Answering(value) if _is_either(value) else value
            if made is value and depth < DEEPEST:
                made = answering(value, depth + 1)
        else:
            continue
        if made is not value:
            if found is None:
                found = payload.copy()
            found[name] = made
    return payload if found is None else found


def _list(values: list[Any]) -> list[Any]:
    if not values or type(values[0]) is not dict or not _is_either(values[0]):
        return values
    return [Answering(each) if type(each) is dict else each for each in values]


def _is_either(value: dict[str, Any]) -> bool:
    """Tell whether an object is a message (a role or type beside its content) or a document."""
    if "content" in value:
        return "type" in value or "role" in value
    return "page_content" in value or ("lc" in value and "kwargs" in value)
