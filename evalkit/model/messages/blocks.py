"""Content blocks of every common form: what each says, found by its type or by its only key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evalkit.model.messages.fields import TAGS, WORDS, Block, first, tag_of, words
from evalkit.model.messages.media import MEDIA, media
from evalkit.model.messages.part import Atom, Part, PartKind
from evalkit.model.messages.tools import (
    HOSTED,
    code_result,
    dynamic_tool,
    gemini_answer,
    hosted,
    item_call,
    ran_code,
    read_answer,
    read_call,
    retry,
    ui_invocation,
    ui_tool,
)

# fmt: off
SILENT = ("cache-point", "step-start", "source", "source-url", "source-document", "guard-content",
          "item-reference", "mcp-list-tools", "mcp-approval-request", "mcp-approval-response",
          "tool-approval-request", "tool-approval-response", "compaction", "text-citations",
          "non-standard", "input-json-delta", "usage", "error", "finish", "start", "fallback",
          "compaction-trigger", "additional-tools", "program", "program-output")
"""Types that hold nothing to read: marks, sources, approvals."""
SERVER_RESULTS = ("web-search-tool-result", "web-fetch-tool-result", "code-execution-tool-result",
                  "bash-code-execution-tool-result", "text-editor-code-execution-tool-result",
                  "tool-search-tool-result", "mcp-tool-result", "advisor-tool-result")
# fmt: on
NAMING = (*TAGS, "role")
"""Keys that may name a form."""


def read_block(block: Any) -> list[Atom] | None:
    """Return what a block says, in order; an empty list: nothing to read; `None`: not known."""
    if isinstance(block, str):
        return [Part(kind="text", text=block)]
    if not isinstance(block, Mapping):
        return None
    tag = tag_of(block)
    if tag is not None:
        reader = BY_TYPE.get(tag)
        if reader is not None:
            return reader(block) or ([] if tag in SILENT else None)
        if tag.startswith("tool-") and "toolCallId" in block:
            return ui_tool(block, str(block.get("type"))[5:])
        if tag.startswith("data-"):
            return []
    for key, read in BY_KEY.items():
        if block.get(key) is not None:
            return read(block[key], block)
    return None


def block_name(block: Any) -> str:
    """Return the name of a form that is not read: its type, else its keys."""
    if not isinstance(block, (dict, Mapping)):
        return f"{type(block).__name__} in a list of messages"
    for key in NAMING:
        if isinstance(block.get(key), str):
            return repr(block[key][:60])
    return f"keys {', '.join(sorted(map(str, block))[:6])[:80] or 'none'}"


def _text(block: Block) -> list[Atom]:
    if block.get("thought") is True:
        return _reasoning(block)
    return [Part(kind="text", text=words(first(block, ("text", "content", "value", "data"))))]


def _reasoning(block: Block) -> list[Atom]:
    return [Part(kind="reasoning", text=words(first(block, WORDS)))]


def _refusal(block: Block) -> list[Atom]:
    return [Part(kind="refusal", text=words(first(block, ("refusal", "text", "content"))))]


def _media_reader(kind: PartKind) -> Callable[[Block], list[Atom]]:
    return lambda block: media(block, kind)


def _keyed_media(kind: PartKind) -> Callable[[Any, Block], list[Atom]]:
    def read(inner: Any, block: Block) -> list[Atom]:
        return media(inner if isinstance(inner, Mapping) else block, kind)

    return read


def _inner(reader: Callable[[Block], list[Atom]]) -> Callable[[Any, Block], list[Atom] | None]:
    """Make a reader of what stands under a key out of a reader of blocks."""
    return lambda inner, _: reader(inner) if isinstance(inner, Mapping) else None


def _said(inner: Any, block: Block) -> list[Atom] | None:
    if block.get("thought") is True:
        return [Part(kind="reasoning", text=words(inner))]
    return [Part(kind="text", text=words(inner))]


def _thought(inner: Any, _: Block) -> list[Atom]:
    return [Part(kind="reasoning", text=words(inner))]


def _nothing(_: Block) -> list[Atom]:
    return []


# fmt: off
BY_TYPE: dict[str, Callable[[Block], list[Atom]]] = {
    **dict.fromkeys(("text", "input-text", "output-text", "markdown", "system-prompt",
                     "user-prompt", "instructions", "text-plain", "plaintext"), _text),
    **dict.fromkeys(("reasoning", "thinking", "redacted-thinking", "redacted-reasoning",
                     "reasoning-text", "summary-text", "text-reasoning", "reasoning-content",
                     "thought"), _reasoning),
    "refusal": _refusal,
    **{tag: _media_reader(kind) for tag, kind in MEDIA.items()},
    **dict.fromkeys(("tool-use", "server-tool-use", "mcp-tool-use", "tool-call", "function-call",
                     "server-tool-call", "builtin-tool-call", "native-tool-call", "function",
                     "custom-tool-call", "invalid-tool-call", "tool-call-chunk", "custom",
                     "tool-calls"), read_call),
    **dict.fromkeys(("computer-call", "local-shell-call", "shell-call", "apply-patch-call"),
                    item_call),
    **dict.fromkeys(HOSTED, hosted),
    **dict.fromkeys(("tool-result", "tool-call-response", "server-tool-call-response",
                     "server-tool-result", "tool-return", "builtin-tool-return", "tool-response",
                     "native-tool-return", "function-result", "function-response",
                     "function-call-output", "custom-tool-call-output", "computer-call-output",
                     "local-shell-call-output", "shell-call-output", "apply-patch-call-output",
                     "tool-search-output", "tool-error", "tool-call-result", "tool-output",
                     *SERVER_RESULTS), read_answer),
    "retry-prompt": retry,
    "tool-invocation": ui_invocation,
    "dynamic-tool": dynamic_tool,
    **dict.fromkeys(SILENT, _nothing),
}
BY_KEY: dict[str, Callable[[Any, Block], list[Atom] | None]] = {
    "toolUse": _inner(read_call), "tool_use": _inner(read_call),
    "toolResult": _inner(read_answer), "tool_result": _inner(read_answer),
    "functionCall": _inner(read_call), "function_call": _inner(read_call),
    "toolCall": _inner(read_call), "tool_call": _inner(read_call),
    "functionResponse": gemini_answer,
    "function_response": gemini_answer,
    "tool_call_result": _inner(read_answer), "toolResponse": _inner(read_answer),
    "tool_response": _inner(read_answer),
    "executableCode": ran_code, "executable_code": ran_code,
    "codeExecutionResult": code_result, "code_execution_result": code_result,
    "inlineData": _keyed_media("file"), "inline_data": _keyed_media("file"),
    "fileData": _keyed_media("file"), "file_data": _keyed_media("file"),
    "image": _keyed_media("image"), "video": _keyed_media("video"),
    "audio": _keyed_media("audio"), "document": _keyed_media("file"),
    "file": _keyed_media("file"), "image_url": lambda _, block: media(block, "image"),
    "reasoningContent": _thought, "reasoning": _thought, "thinking": _thought,
    "citationsContent": lambda inner, _: [Part(kind="text", text=words(inner))],
    "guardContent": lambda inner, _: [Part(kind="text", text=words(inner))],
    "cachePoint": lambda _, __: [],
    "refusal": lambda inner, _: [Part(kind="refusal", text=words(inner))],
    "text": _said,
    "json": lambda _, __: [Part(kind="other")],
}
# fmt: on
"""How blocks are read that say no type, by the key under which they hold what they are."""
