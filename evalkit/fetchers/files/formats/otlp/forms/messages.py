"""Messages on spans, brought into the one form that evaluators look for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.model.messages.build import openai_call
from evalkit.model.messages.read import read_messages


def conversation(value: Any, instructions: Any = None) -> Any:
    """Put a bare list of messages under the key where evaluators look for it, in one form.

    What is no message stays as it is, to be named as not read. `instructions` are the system
    prompt where a tracer keeps it apart.
    """
    if not isinstance(value, list) or not value or not all(map(_is_message, value)):
        return value
    if any("parts" in item for item in value):
        groups = [(item, read_messages([item])) for item in value]
        value = [each for item, found in groups for each in map(dict, found) or [item]]
    system = _system(instructions)
    if system is not None and not any(item.get("role") == "system" for item in value):
        value = [system, *value]
    return {"messages": value}


def _is_message(item: Any) -> bool:
    return isinstance(item, dict) and "role" in item


def _system(instructions: Any) -> dict[str, Any] | None:
    if isinstance(instructions, str):
        return {"role": "system", "content": instructions} if instructions else None
    if not isinstance(instructions, list) or not instructions:
        return None
    found = read_messages([{"role": "system", "parts": instructions}])
    said = "\n".join(each.text for each in found if each.text)
    return {"role": "system", "content": said} if said else None


def asked_for(text: Any, calls: Any) -> dict[str, Any]:
    """Return the answer of a model: what it said, and the tools it asked for.

    `calls` is a list of `{toolCallId, toolName, input | args}`.
    """
    message: dict[str, Any] = {"role": "assistant", "content": text}
    made = [_call(each) for each in calls or () if isinstance(each, Mapping)]
    if made:
        message["tool_calls"] = made
    return {"messages": [message]}


def _call(raw: Mapping[str, Any]) -> dict[str, Any]:
    given = raw.get("input", raw.get("args"))
    key = raw.get("toolCallId")
    return openai_call(str(raw.get("toolName") or "tool"), given, None if key is None else str(key))
