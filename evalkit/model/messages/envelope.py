"""The outer shape of a message: whose it is, and which blocks, calls and answers it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.model.messages.blocks import BY_TYPE
from evalkit.model.messages.fields import as_id, first, tag_of
from evalkit.model.messages.part import Answer
from evalkit.model.messages.tools import is_failure

# fmt: off
ROLES = {
    **dict.fromkeys(("human", "humanmessage", "humanmessagechunk", "usermessage", "chat",
                     "chatmessage", "userproxyagent"), "user"),
    **dict.fromkeys(("ai", "aimessage", "aimessagechunk", "assistant", "assistantmessage", "model",
                     "gpt", "bot", "chatbot", "agent", "role_agent"), "assistant"),
    **dict.fromkeys(("tool", "toolmessage", "toolmessagechunk", "function", "functionmessage",
                     "ipython", "tool_response", "tool_result", "observation",
                     "tool_execution_result", "functionexecutionresultmessage"), "tool"),
    **dict.fromkeys(("systemmessage", "systemmessagechunk", "developer", "instructions"), "system"),
    "user": "user", "system": "system", "role_user": "user",
}
"""Words for roles, in lower case; any other word beside a `role` key is kept."""
LANGCHAIN = frozenset(ROLES) - {"instructions", "bot", "agent", "model", "gpt"} | {"remove"}
"""Words that make a message of a table that has a `type` and no `role`."""
BODIES = ("content", "parts", "blocks", "contents", "items", "text", "tool_calls", "toolCalls",
          "function_call", "toolExecutionRequests", "responses", "reasoning_content", "refusal",
          "thinking", "reasoning", "toolInvocations", "additional_kwargs", "tool_plan", "message",
          "value", "output", "audio", "kwargs")
"""Keys of which a table with a role holds at least one when it is a message."""
EVENTS = {
    "TextMessage": None, "MultiModalMessage": None, "StopMessage": None, "HandoffMessage": None,
    "ToolCallSummaryMessage": "assistant", "ThoughtEvent": "reasoning",
    "ToolCallRequestEvent": "calls", "ToolCallExecutionEvent": "answers",
    "MemoryQueryEvent": "system", "StructuredMessage": None,
    "UserMessage": "user", "SystemMessage": "system", "AssistantMessage": "assistant",
    "FunctionExecutionResultMessage": "answers",
}
"""AutoGen's messages, by type."""
# fmt: on


@dataclass(slots=True)
class Envelope:
    """A message before its blocks are read."""

    role: str
    body: Mapping[str, Any]
    """Where id, name, usage and the rest of the message stand."""
    content: Any = None
    recorded: bool = True
    """Whether `content` stands under the name `content`, so that it is kept as it was."""
    calls: list[Any] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    item: bool = False
    """Whether the record is one of several that make up one answer of a model."""


def open_envelope(raw: Mapping[str, Any]) -> Iterator[Envelope] | None:
    """Return the messages that one record holds, or `None` when it is no message."""
    kind = raw.get("type")
    if "lc" in raw and isinstance(raw.get("kwargs"), Mapping):
        path = raw.get("id")
        last = path[-1] if isinstance(path, list) and path else "message"
        body = raw["kwargs"]
        return iter([_of_body(str(body.get("type") or last), body)])
    data = raw.get("data")
    if isinstance(kind, str) and isinstance(data, Mapping) and "role" not in raw:
        return iter([_of_body(kind, data)]) if "content" in data else None
    role = raw.get("role")
    if isinstance(role, str):
        if not any(name in raw for name in BODIES):
            return None
        whole = kind == "message" and "status" in raw  # an item of OpenAI's Responses
        return iter([_of_body(role, raw, item=whole)])
    if isinstance(raw.get("message.role"), str):
        return open_envelope(_undotted(raw, "message."))
    return _without_role(raw, kind)


def _without_role(raw: Mapping[str, Any], kind: Any) -> Iterator[Envelope] | None:
    inner = raw.get("message")
    if inner is not None and isinstance(inner, Mapping):  # a choice, a log line around a message
        return open_envelope(inner)
    if raw.get("kind") in ("request", "response") and isinstance(raw.get("parts"), list):
        return _pydantic_ai(raw)
    if isinstance(kind, str):
        if (kind in EVENTS and "source" in raw) or kind == "FunctionExecutionResultMessage":
            return iter([_autogen(raw, kind)])
        low = kind.lower()
        if low in LANGCHAIN and any(name in raw for name in BODIES):
            return iter([_of_body(low, raw)])
        tag = tag_of(raw) or ""
        if tag in BY_TYPE and ("call" in tag or tag in ("reasoning", "tool-search-output")):
            answers = tag.endswith("-output")
            role, about = ("tool", {}) if answers else ("assistant", {"id": raw.get("id")})
            return iter([Envelope(role, about, [raw], recorded=False, item=not answers)])
    said = raw.get("messageType")
    if isinstance(said, str):  # Spring AI
        return iter([_of_body(said.lower(), raw)])
    spoken = raw.get("from")
    if isinstance(spoken, str) and spoken.lower() in ROLES and "value" in raw:  # ShareGPT
        return iter([Envelope(_role(spoken), raw, raw["value"], recorded=False)])
    if isinstance(raw.get("content"), Mapping) and isinstance(raw["content"].get("parts"), list):
        return open_envelope({"role": "model", **raw["content"]})  # a candidate of Gemini
    if isinstance(raw.get("parts"), list) and raw["parts"]:  # Gemini may leave the role out
        return iter([_of_body("user", raw)])
    return None


def _role(word: str) -> str:
    low = word.lower()
    return ROLES.get(low, low)


def _of_body(word: str, body: Mapping[str, Any], *, item: bool = False) -> Envelope:
    """Open a message whose role is `word`: its content, and calls that stand beside it."""
    content, recorded = body.get("content"), True
    if isinstance(body.get("parts"), list) and (body["parts"] or not content):
        content, recorded = body["parts"], False
    elif content is None:
        held = first(body, ("blocks", "contents", "items", "text", "value"))
        if held is not None:
            content, recorded = held, False
    if isinstance(content, Mapping) and isinstance(content.get("parts"), list):  # Google's ADK
        content, recorded = content["parts"], False
    more = body.get("additional_kwargs")
    envelope = Envelope(_role(word), body, content, recorded, item=item)
    envelope.calls = list(_calls(body, more if isinstance(more, Mapping) else {}))
    if envelope.role == "tool" and isinstance(body.get("responses"), list):
        envelope.answers = [
            Answer(r.get("responseData"), as_id(r.get("id")), r.get("name"), is_failure(r))
            for r in body["responses"]
            if isinstance(r, Mapping)
        ]
    return envelope


def _calls(body: Mapping[str, Any], more: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the calls that stand beside a message's content, valid ones first."""
    listed = first(body, ("tool_calls", "toolCalls", "toolExecutionRequests"))
    if not listed:
        listed = more.get("tool_calls")
    if not listed and not isinstance(body.get("parts"), list):
        listed = body.get("toolInvocations")
    yield from listed if isinstance(listed, list | tuple) else ()
    if not listed:
        legacy = body.get("function_call") or more.get("function_call")
        if isinstance(legacy, Mapping):
            yield legacy
    invalid = body.get("invalid_tool_calls")
    for call in invalid if isinstance(invalid, list) else ():
        if isinstance(call, Mapping):
            yield {"error": "the arguments are no JSON", **_stated(call)}


def _stated(call: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in call.items() if value is not None}


def _pydantic_ai(raw: Mapping[str, Any]) -> Iterator[Envelope]:
    """Open a request or a response of pydantic-ai; the parts of a request have roles of their own.

    A response stays one message, its answers of built-in tools between its parts.
    """
    if raw["kind"] == "response":
        yield Envelope("assistant", raw, raw["parts"], recorded=False)
        return
    for part in raw["parts"]:
        tag = tag_of(part) if isinstance(part, Mapping) else None
        role = "system" if tag in ("system-prompt", "instructions") else "user"
        content = part.get("content") if tag in ("user-prompt", "system-prompt") else [part]
        yield Envelope(role, {}, content, recorded=isinstance(content, str))


def _autogen(raw: Mapping[str, Any], kind: str) -> Envelope:
    """Open a message or event of AutoGen; calls and results stand in its content."""
    meant, content = EVENTS[kind], raw.get("content")
    listed = content if isinstance(content, list) else []
    about = {name: raw.get(name) for name in ("id", "usage")} | {"name": raw.get("source")}
    if meant == "answers":
        found = [
            Answer(r.get("content"), as_id(r.get("call_id")), r.get("name"), is_failure(r))
            for r in listed
            if isinstance(r, Mapping)
        ]
        return Envelope("tool", {}, answers=found)
    if meant == "reasoning":
        return Envelope("assistant", {**about, "reasoning": content}, item=True)
    if meant == "calls" or (meant == "assistant" and listed):
        made = Envelope("assistant", {**about, "reasoning": raw.get("thought")}, item=True)
        made.calls = listed
        return made
    role = meant or ("user" if raw.get("source") == "user" else "assistant")
    if role == "assistant":
        about["reasoning"] = raw.get("thought")
    return Envelope(role, about if role == "assistant" else {}, content)


def _undotted(raw: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Undo OpenInference's dotted names: `message.role`, `tool_call.function.name`."""
    plain: dict[str, Any] = {}
    for name, value in raw.items():
        at, path = plain, str(name).removeprefix(prefix).split(".")
        for step in path[:-1]:
            inner = at.setdefault(step, {})
            at = inner if isinstance(inner, dict) else at
        at[path[-1]] = value
    for listed, inside in (("tool_calls", "tool_call."), ("contents", "message_content.")):
        if isinstance(plain.get(listed), list):
            each = [i.get("tool_call", i.get("message_content", i)) for i in plain[listed]]
            plain[listed] = [_undotted(i, inside) if isinstance(i, Mapping) else i for i in each]
    return plain
