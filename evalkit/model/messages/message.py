"""Message and ToolCall: what every form of chat message is read as."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from evalkit.model.messages.blocks import read_block
from evalkit.model.messages.part import Part

# fmt: off
SILENT = frozenset(
    ("reasoning", "thinking", "redacted_thinking", "reasoning_content", "text_reasoning",
     "reasoning_text", "summary_text", "tool_use", "tool_result", "tool_call", "tool-call",
     "tool_call_response", "tool-result", "server_tool_use", "server_tool_call",
     "server_tool_call_response", "server_tool_result", "mcp_tool_use", "mcp_tool_result",
     "function_call", "function_result", "refusal", "blob", "file", "image"))
# fmt: on
"""Types of blocks whose text is not what the message says to its reader."""


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
    arguments_recorded: bool = True
    """False where the source kept that a tool was called, but not with what."""


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
        """The text of the content; blocks that hold no text are left out, reasoning too."""
        content = self.get("content")
        if content is None or isinstance(content, str):
            return content or ""
        return "".join(part.text for part in self.parts if part.kind == "text")

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the message holds besides calls and answers, in order, whatever its form."""
        content, found = self.get("content"), []
        for kind in ("reasoning", "refusal"):
            if self.get(kind):
                found.append(Part(kind=kind, text=self[kind]))
        blocks = (
            content if isinstance(content, list) else [] if content in (None, "") else [content]
        )
        for block in blocks:
            atoms = read_block(block)
            read = [Part(kind="other")] if atoms is None else atoms
            kept = [atom for atom in read if isinstance(atom, Part)]
            found += [p for p in kept if p.kind not in ("reasoning", "refusal")]
        return tuple(found)

    @property
    def images(self) -> tuple[Part, ...]:
        """The pictures in the message."""
        return tuple(part for part in self.parts if part.kind == "image")

    @property
    def reasoning(self) -> str:
        """What the model thought, as far as it was recorded; it is no part of `text`."""
        return str(self.get("reasoning") or "")

    @property
    def refusal(self) -> str:
        """What the model said instead of an answer, where its form keeps that apart."""
        return str(self.get("refusal") or "")

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls this message asks for, without results."""
        calls = self.get("tool_calls") or ()
        return tuple(
            ToolCall(
                name=call["function"]["name"],
                arguments=parse_arguments(call["function"]["arguments"]),
                id=call.get("id"),
                error=call.get("error"),
            )
            for call in calls
        )


def text_of(content: Any) -> str:
    """Return the text inside message content of any form; reasoning and tool blocks are none."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        kind = content.get("type")
        if (type(kind) is str and kind in SILENT) or content.get("thought") is True:
            return ""
        held = content.get("text")
        return text_of(content.get("content", content.get("value")) if held is None else held)
    if isinstance(content, Sequence):
        return "".join(text_of(block) for block in content)
    return str(content)


def plain_result(content: Any) -> Any:
    """Return what a tool gave back: a list of nothing but text blocks is their text."""
    if not isinstance(content, list) or not content:
        return content
    texts = []
    for block in content:
        if not (isinstance(block, Mapping) and isinstance(block.get("text"), str)):
            return content
        if block.get("type", "text") not in ("text", "input_text", "output_text") or len(block) > 4:
            return content
        texts.append(block["text"])
    return "".join(texts)


def parse_arguments(raw: Any) -> Any:
    """Return tool arguments as a dict where they are one, however they were written down."""
    if isinstance(raw, str):
        try:
            parsed = _loads(raw) if raw.strip() else {}
        except (ValueError, RecursionError):
            return raw
        return parsed if isinstance(parsed, dict) else raw
    return {} if raw is None else raw


def _loads(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:  # NaN, whole numbers beyond 64 bits, halves of surrogate pairs
        return json.loads(text)


def arguments_text(arguments: Any) -> str:
    """Return tool arguments as the JSON text that OpenAI's form holds; text stays as it is."""
    if isinstance(arguments, str):
        return arguments
    try:
        return orjson.dumps({} if arguments is None else arguments, default=str).decode()
    except TypeError:
        return json.dumps(arguments, default=str)
