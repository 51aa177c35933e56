"""Material: any value of a run as text that a model can read, with words where images stand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from evalkit.evaluators.judge.images.held import Images
from evalkit.evaluators.judge.images.reading import SIGNATURES
from evalkit.model.document import Document
from evalkit.model.messages.blocks import read_block
from evalkit.model.messages.message import Message, ToolCall, text_of
from evalkit.model.messages.part import Part
from evalkit.model.step import Step

NOT_TEXT = ("image", "audio", "video", "file")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
HINTS = ("image", *SIGNATURES)
"""Without any of these, JSON text holds no image."""


def as_data(value: Any, images: Images) -> str:
    """Return any value of a run as text a model can read."""
    if value is None:
        return "(none)"
    if isinstance(value, str):
        return images.bare(value)
    if isinstance(value, Message):
        calls = "".join(f"\n  calls {c.name}({_json(c.arguments)})" for c in value.tool_calls)
        return f"{value.role}: {value.text}{_not_text(value, images)}{calls}"
    if isinstance(value, ToolCall):
        result = f"failed: {value.error}" if value.error else f"-> {text_of(value.result)}"
        return f"{value.name}({_json(value.arguments)}) {result}"
    if isinstance(value, Document):
        return f"[{value.id or value.rank}] {value.text}"
    if isinstance(value, Step):
        inputs, outputs = (as_json(each, images) for each in (value.inputs, value.outputs))
        return f"{value.kind} {value.name}: {inputs} -> {outputs}"
    if isinstance(value, Part):
        return _part(value, images)
    if isinstance(value, list | tuple) and value and not isinstance(value[0], str | int | float):
        return "\n".join(as_data(each, images) for each in value)
    return as_json(value, images)


def as_json(value: Any, images: Images, indent: int | None = None) -> str:
    """Return a value as JSON text; where it holds images, with words for them."""
    text = _json(value, indent)
    if not any(hint in text for hint in HINTS):
        return text
    return _json(_with_words(value, images), indent)


def _with_words(value: Any, images: Images) -> Any:
    """Return a value with words in the place of pictures; the rest of it stays as it is."""
    if isinstance(value, str):
        return images.bare(value)
    if isinstance(value, Mapping):
        url = _address(value)
        if url is not None:
            value = _replaced(value, url, images.put(Part(kind="image", url=url)))
        return {key: _with_words(each, images) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_words(each, images) for each in value]
    return value


def _address(block: Mapping[str, Any]) -> str | None:
    """Return the address in a block that is an image; data URLs are found wherever they stand."""
    if not isinstance(block.get("type", ""), str):
        return None
    read = read_block(block)
    if not read or len(read) != 1 or not isinstance(read[0], Part) or read[0].kind != "image":
        return None
    url = read[0].url
    return url if url is not None and url.startswith(("https:", "http:")) else None


def _replaced(value: Any, url: str, words: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(each, url, words) for key, each in value.items()}
    return words if value == url else value


def _not_text(message: Message, images: Images) -> str:
    """Say what a message holds that no text shows: a judge shall know what it does not see."""
    held = [part for part in message.parts if part.kind in NOT_TEXT]
    return "".join(f"\n  {_part(each, images)}" for each in held)


def _part(part: Part, images: Images) -> str:
    if part.kind == "image":
        return images.put(part)
    if part.kind not in NOT_TEXT:
        return part.text or f"[{part.kind}]"
    named = " ".join(filter(None, (part.kind, part.name, part.mime_type)))
    return f"[{named}: not shown]"


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, default=str, indent=indent)


def clean(text: str) -> str:
    """Return text without what no endpoint takes: lone surrogates and control characters.

    Joiners and marks of direction stay: words of Persian and emoji are not themselves without.
    """
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return CONTROLS.sub("", whole)
