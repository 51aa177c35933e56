"""Message and ToolCall: chat messages of any common form, read as one form.

Understood are OpenAI's form (`role`, `content`, `tool_calls[].function.arguments` as JSON text),
LangChain's flat dicts (`type: human|ai|tool|system`, `tool_calls[].args`), LangChain's constructor
dumps (`{"lc": 1, "id": [..., "AIMessage"], "kwargs": {...}}`), `{"type", "data"}` pairs, and
content given as a list of blocks (`text`, `tool_use`, `tool_result` and so on).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ROLES = {
    "human": "user",
    "humanmessage": "user",
    "humanmessagechunk": "user",
    "ai": "assistant",
    "aimessage": "assistant",
    "aimessagechunk": "assistant",
    "assistant": "assistant",
    "model": "assistant",
    "toolmessage": "tool",
    "function": "tool",
    "functionmessage": "tool",
    "systemmessage": "system",
    "developer": "system",
    "chat": "user",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call of a tool, with what came back when that was recorded."""

    name: str
    arguments: Any
    """Usually a dict; the raw text when it was no JSON object."""
    id: str | None = None
    result: Any = None
    error: str | None = None
    step_id: str | None = None
    """The step that is this call, where steps were recorded."""


class Message(dict[str, Any]):
    """A chat message in OpenAI's form (a dict), with attributes for what evaluators ask of it."""

    @property
    def role(self) -> str:
        """`user`, `assistant`, `tool`, `system`, or the source's own word."""
        return str(self["role"])

    @property
    def content(self) -> Any:
        """The content as recorded: text, or a list of blocks."""
        return self.get("content")

    @property
    def text(self) -> str:
        """The text of the content; blocks that hold no text are left out."""
        return text_of(self.get("content"))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls this message asks for, without results."""
        calls = self.get("tool_calls") or ()
        return tuple(
            ToolCall(
                name=call["function"]["name"],
                arguments=parse_arguments(call["function"]["arguments"]),
                id=call.get("id"),
            )
            for call in calls
        )


def text_of(content: Any) -> str:
    """Return the text inside message content of any form."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return text_of(content.get("text", content.get("content")))
    if isinstance(content, Sequence):
        return "".join(text_of(block) for block in content)
    return str(content)


def parse_arguments(raw: Any) -> Any:
    """Return tool arguments as a dict where they are one, however they were written down."""
    if isinstance(raw, str):
        try:
            parsed = json.loads(raw) if raw.strip() else {}
        except ValueError:
            return raw
        return parsed if isinstance(parsed, dict) else raw
    return {} if raw is None else raw


def read_messages(raw: Any) -> list[Message]:
    """Read a list of messages (or one) of any common form; what is no message is left out."""
    if isinstance(raw, Mapping) and "messages" in raw:
        raw = raw["messages"]
    if isinstance(raw, Mapping):
        raw = [raw]
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        return []
    flat: list[Any] = []
    for item in raw:  # LangChain chat models record their input as a batch: a list of lists
        flat.extend(item if isinstance(item, list) else [item])
    return [message for item in flat if (message := read_message(item)) is not None]


def read_message(raw: Any) -> Message | None:
    """Read one message, or return `None` when `raw` is none."""
    if isinstance(raw, Message):
        return raw
    if not isinstance(raw, Mapping):
        return None
    kind, body = _kind_and_body(raw)
    if kind is None:
        return None
    message = Message(role=ROLES.get(kind.lower(), kind.lower()), content=body.get("content"))
    _copy(message, body, ("id", "name", "tool_call_id", "status"))
    calls = _calls(body)
    if calls:
        message["tool_calls"] = calls
    _results_in_blocks(message)
    metadata = body.get("usage_metadata") or body.get("usage")
    if isinstance(metadata, Mapping):
        message["usage_metadata"] = dict(metadata)
    return message


def _kind_and_body(raw: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    if isinstance(raw.get("kwargs"), Mapping) and "lc" in raw:
        path = raw.get("id") or ["message"]
        return str(raw["kwargs"].get("type") or path[-1]), raw["kwargs"]
    if isinstance(raw.get("data"), Mapping) and isinstance(raw.get("type"), str):
        return raw["type"], raw["data"]
    kind = raw.get("role") or raw.get("type")
    if not isinstance(kind, str) or not ({"content", "tool_calls"} & raw.keys()):
        return None, raw
    return kind, raw


def _copy(message: Message, body: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if body.get(name) is not None:
            message[name] = body[name]


def _calls(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    raw = body.get("tool_calls") or (body.get("additional_kwargs") or {}).get("tool_calls") or []
    calls = [call for item in raw if isinstance(item, Mapping) and (call := _call(item))]
    if calls or not isinstance(body.get("content"), list):
        return calls
    uses = [block for block in body["content"] if isinstance(block, Mapping)]
    return [call for b in uses if b.get("type") == "tool_use" and (call := _call(b))]


def _call(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    function = raw.get("function")
    if isinstance(function, Mapping):
        name, arguments = function.get("name"), function.get("arguments")
        if arguments is None:
            arguments = raw.get("args")
    else:
        name = raw.get("name") or function
        arguments = raw.get("args", raw.get("arguments", raw.get("input")))
    if not isinstance(name, str):
        return None
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {}, default=str)
    return {"id": raw.get("id"), "type": "function", "function": {"name": name, "arguments": text}}


def _results_in_blocks(message: Message) -> None:
    """Anthropic puts tool results into a user message: make it the tool message it is."""
    content = message.get("content")
    if message["role"] != "user" or not isinstance(content, list) or len(content) != 1:
        return
    block = content[0]
    if isinstance(block, Mapping) and block.get("type") == "tool_result":
        message["role"] = "tool"
        message["tool_call_id"] = block.get("tool_use_id")
        message["content"] = block.get("content")
        if block.get("is_error"):
            message["status"] = "error"


def pair_tool_calls(messages: Sequence[Message]) -> list[ToolCall]:
    """Return the calls the messages ask for, each with the tool message that answers it.

    Answers are found by `tool_call_id`; where ids are missing, by order.
    """
    answers = [message for message in messages if message["role"] == "tool"]
    by_id = {message.get("tool_call_id"): message for message in answers}
    unnamed = iter([message for message in answers if not message.get("tool_call_id")])
    paired = []
    for message in messages:
        for call in message.tool_calls:
            answer = by_id.get(call.id) if call.id else next(unnamed, None)
            paired.append(_answered(call, answer))
    return paired


def _answered(call: ToolCall, answer: Message | None) -> ToolCall:
    if answer is None:
        return call
    failed = answer.get("status") == "error"
    return ToolCall(
        name=call.name,
        arguments=call.arguments,
        id=call.id,
        result=answer.get("content"),
        error=answer.text if failed else None,
    )
