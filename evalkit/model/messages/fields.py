"""Fields of a block, by any of the names that forms give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Block = Mapping[str, Any]
# fmt: off
TAGS = ("type", "part_kind", "block_type", "content_type", "$type", "kind")
"""Keys under which forms write the type of a block, the first that holds text counts."""
WORDS = ("text", "thinking", "reasoning", "reasoning_text", "thought", "summary", "content",
         "reasoningText", "refusal", "value", "markdown")
# fmt: on


def tag_of(block: Block) -> str | None:
    """Return a block's type in one spelling: lower case, hyphens."""
    for key in TAGS:
        value = block.get(key)
        if isinstance(value, str):
            return _hyphened(value)
    return None


def _hyphened(word: str) -> str:
    if "." in word:  # Microsoft.Extensions.AI.TextReasoningContent
        word = word.rpartition(".")[2].removesuffix("Content") or word
    if not word.islower():  # functionCall, ToolUse
        word = "".join(f"-{c.lower()}" if c.isupper() else c for c in word).lstrip("-")
    return word.replace("_", "-").replace("--", "-")


def first(block: Block, names: Sequence[str]) -> Any:
    """Return the first value under any of the names that is not null."""
    for name in names:
        value = block.get(name)
        if value is not None:
            return value
    return None


def as_id(value: Any) -> str | None:
    """Return an id as text."""
    return str(value) if isinstance(value, str | int) and value != "" else None


def words(value: Any) -> str:
    """Return the words of a text or reasoning block, wherever they stand in it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return words(first(value, WORDS))
    if isinstance(value, list | tuple):
        return "\n".join(filter(None, map(words, value)))
    return ""
