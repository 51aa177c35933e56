"""What a content block says: a part to read, a call of a tool, or the answer to one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

PartKind = Literal["text", "reasoning", "refusal", "image", "audio", "video", "file", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of a message's content, whatever its form: text, reasoning, a picture, a file."""

    kind: PartKind
    text: str = ""
    """Of text, reasoning and refusals; of a file what of it was recorded as text."""
    url: str | None = None
    data: str | None = None
    """The content itself as it was recorded, usually base64."""
    mime_type: str | None = None
    name: str | None = None

    def to_block(self) -> dict[str, Any]:
        """Return the part as a content block; what is not known is left out."""
        said = {"text": self.text, "url": self.url, "data": self.data}
        said |= {"mime_type": self.mime_type, "name": self.name}
        return {"type": self.kind, **{name: value for name, value in said.items() if value}}


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as a block states it; `error` says why it was no valid one."""

    name: str
    arguments: Any
    id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool gave back; `error` is its text where the call failed."""

    content: Any
    id: str | None = None
    name: str | None = None
    failed: bool = False


Atom = Part | Call | Answer
Unread = Counter[str]
"""Forms that were not read, by name: a type of record, a type of content block."""
BLOCK = "content block "
"""Stands before the name of a block of a message that is read otherwise."""
