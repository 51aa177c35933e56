"""OpenInference (`openinference.span.kind`, `input.value`, `llm.*`, `retrieval.*`), flattened."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.messages import conversation
from evalkit.fetchers.files.formats.otlp.forms.payloads import nested, structure, typed
from evalkit.fetchers.files.formats.otlp.vocabularies.envelopes import tool_message
from evalkit.fetchers.files.formats.otlp.vocabularies.gluing import unglued
from evalkit.fetchers.files.formats.otlp.vocabularies.said import Attributes, Said, first, text
from evalkit.fetchers.files.mapping.traces import payload
from evalkit.model.messages.places import answer_in, messages_in

KINDS = {
    "LLM": "llm",
    "TOOL": "tool",
    "RETRIEVER": "retriever",
    "RERANKER": "retriever",
    "AGENT": "agent",
    "CHAIN": "chain",
    "PROMPT": "chain",
    "GUARDRAIL": "guardrail",
}
KIND = "openinference.span.kind"
INPUT, OUTPUT, PARAMETERS = "input.value", "output.value", "tool.parameters"
MESSAGE = re.compile(r"llm\.(input|output)_messages\.(\d+)\.message\.(.+)")
DOCUMENT = re.compile(r"(retrieval|reranker)\.(?:output_)?documents\.(\d+)\.document\.(.+)")
OFFERED = re.compile(r"llm\.tools\.\d+\.tool\.json_schema")
CONTENT = re.compile(r"contents\.(\d+)\.message_content\.(.+)")
FLAT = re.compile(
    r"llm\.(?:input|output)_messages\.\d|(?:retrieval|reranker)\.\w*documents\.\d|llm\.tools\.\d"
    r"|metadata\.|tool\.parameters|llm\.prompt_template\.variables\."
)
"""Names that were put together again, or describe what a tool would take."""
READ = frozenset(
    {INPUT, OUTPUT, PARAMETERS, "input.mime_type", "output.mime_type", "metadata", "tag.tags"}
)
SCHEMA = frozenset({"properties", "type", "required", "additionalProperties", "$schema", "title"})


def read(attributes: Attributes) -> Said | None:
    """Return what OpenInference's names say; nothing where there is none of them."""
    if attributes.keys().isdisjoint((KIND, INPUT, OUTPUT)) and not any(
        name.startswith("llm.") for name in attributes
    ):
        return None
    kind = KINDS.get(str(attributes.get(KIND)).upper())
    stated = "input.mime_type" in attributes or "output.mime_type" in attributes
    inputs = typed(attributes.get(INPUT), attributes.get("input.mime_type"), stated=stated)
    outputs = typed(attributes.get(OUTPUT), attributes.get("output.mime_type"), stated=stated)
    metadata = _metadata(attributes)
    if kind == "llm":
        sides = _indexed(attributes)
        inputs = _asked(sides.get("input"), inputs)
        outputs = _answered(sides.get("output"), outputs)
    elif kind == "retriever" and (documents := _documents(attributes, outputs)):
        outputs = {"documents": documents}
    elif kind == "tool":
        if inputs is None:
            inputs = _arguments(attributes)
        if (found := tool_message(outputs)) is not None:
            outputs = found.content
            metadata |= {"tool_call_id": found.call_id} if found.call_id else {}
    tags = attributes.get("tag.tags")
    return Said(
        kind=kind,
        name=text(first(attributes, ("agent.name",))) if kind == "agent" else None,
        inputs=conversation(inputs),
        outputs=conversation(outputs),
        thread=text(first(attributes, ("session.id",))) or text(metadata.get("session_id"))
        or text(metadata.get("thread_id")),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        metadata=metadata,
        payloads=READ,
    )  # fmt: skip


def is_flattened(name: str) -> bool:
    """Tell whether an attribute is a part of something that is read as a whole."""
    return FLAT.match(name) is not None


def _arguments(attributes: Attributes) -> Any:
    """Return `tool.parameters` where they are arguments, and not the schema of a tool."""
    stated = structure(attributes.get(PARAMETERS))
    stated = stated if stated is not None else nested(attributes, f"{PARAMETERS}.") or None
    if isinstance(stated, Mapping) and "type" in stated and stated.keys() & {"properties"}:
        return None
    return stated


def _metadata(attributes: Attributes) -> dict[str, Any]:
    """Return the metadata that was written as one JSON text, or flattened by Phoenix."""
    found = structure(attributes.get("metadata"))
    held = dict(found) if isinstance(found, Mapping) else {}
    if found is not None and not held and found != {}:
        held["metadata"] = found
    return {**held, **nested(attributes, "metadata.")}


def _asked(messages: list[dict[str, Any]] | None, inputs: Any) -> Any:
    """Return the messages a model was sent; where one has lost its content, those of the request.

    Instrumentations drop content that is a list of blocks, and keep it in `input.value`.
    """
    if not messages:
        return inputs
    if all("content" in each or "tool_calls" in each for each in messages):
        return messages
    whole = messages_in(inputs) if isinstance(inputs, Mapping) else []
    return list(map(dict, whole)) if len(whole) == len(messages) else messages


def _answered(messages: list[dict[str, Any]] | None, outputs: Any) -> Any:
    """Return the messages a model answered with; an answer of which nothing came is none."""
    if messages:
        return messages
    whole = answer_in(outputs)
    if messages is None and not whole:
        return outputs
    said = [dict(each) for each in whole if each.text or each.tool_calls or each.refusal]
    return said or None


def _indexed(attributes: Attributes) -> dict[str, list[dict[str, Any]]]:
    """Undo the flattening of messages, by number."""
    messages: dict[str, dict[int, dict[str, Any]]] = {}
    for name, value in attributes.items():
        if (found := MESSAGE.match(name)) is not None:
            side = messages.setdefault(found[1], {})
            _put(side.setdefault(int(found[2]), {}), found[3], value)
    sides = {side: [numbered[at] for at in sorted(numbered)] for side, numbered in messages.items()}
    offered = _offered(attributes)
    for listed in sides.values():
        for message in listed:
            _settle(message, offered)
    said = sides.get("output")
    if said is not None and not any(each.keys() - {"role"} for each in said):
        sides["output"] = []  # a call that failed has the role of an answer and nothing else
    return sides


def _offered(attributes: Attributes) -> set[str]:
    """Return the names of the tools that the model was offered."""
    found = set()
    for name, value in attributes.items():
        if OFFERED.fullmatch(name):
            schema = payload(value)
            inner = schema.get("function", schema) if isinstance(schema, Mapping) else {}
            if isinstance(inner, Mapping) and isinstance(inner.get("name"), str):
                found.add(inner["name"])
    return found


def _put(message: dict[str, Any], path: str, value: Any) -> None:
    parts = path.split(".")
    if parts[0] == "tool_calls" and len(parts) > 3:
        calls = message.setdefault("tool_calls", {})
        call = calls.setdefault(int(parts[1]), _call())
        if parts[3] == "id":
            call["id"] = value
        elif len(parts) > 4:
            call["function"][parts[4]] = value
    elif (found := CONTENT.match(path)) is not None:
        block = message.setdefault("contents", {}).setdefault(int(found[1]), {})
        block[found[2]] = value
    elif len(parts) == 1:
        message[path] = value


def _call() -> dict[str, Any]:
    return {"id": None, "function": {"name": "", "arguments": "{}"}}


def _settle(message: dict[str, Any], offered: Collection[str]) -> None:
    """Put calls and parts of the content in the order of their numbers."""
    if isinstance(calls := message.get("tool_calls"), dict):
        message["tool_calls"] = [
            each for at in sorted(calls) for each in unglued(calls[at], offered)
        ]
    parts = message.pop("contents", None)
    if isinstance(parts, dict) and message.get("content") is None:
        blocks = [_block(parts[at]) for at in sorted(parts)]
        plain = all(block.get("type") == "text" for block in blocks)
        message["content"] = "".join(block["text"] for block in blocks) if plain else blocks


def _block(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a message: text, or a picture, a sound or a file with its address."""
    kind = str(flat.get("type") or "text")
    url = first(flat, (f"{kind}.{kind}.url", "image.image.url", "audio.audio.url", "file.file.url"))
    if url is not None and kind in ("image", "image_url"):
        return {"type": "image_url", "image_url": {"url": url}}
    if url is not None:
        return {"type": kind, "url": url}
    if flat.get("text") is not None:
        return {"type": "text" if kind == "text" else kind, "text": str(flat["text"])}
    return {"type": kind, **{name: each for name, each in flat.items() if name != "type"}}


def _documents(attributes: Attributes, outputs: Any) -> list[dict[str, Any]]:
    """Undo the flattening of documents; ids that only the payload has are taken from there."""
    flat: dict[int, dict[str, Any]] = {}
    for name, value in attributes.items():
        if (found := DOCUMENT.match(name)) is not None and ".input_documents" not in name:
            flat.setdefault(int(found[2]), {})[found[3]] = value
    listed = outputs.get("documents") if isinstance(outputs, Mapping) else outputs
    beside = listed if isinstance(listed, list) and len(listed) == len(flat) else []
    return [_document(flat[at], beside[n] if beside else None) for n, at in enumerate(sorted(flat))]


def _document(flat: Mapping[str, Any], beside: Any) -> dict[str, Any]:
    document = {name: value for name, value in flat.items() if "." not in name}
    document["metadata"] = structure(document.get("metadata"))
    if inside := nested(flat, "metadata."):
        document["metadata"] = inside
    if document["metadata"] is None:
        del document["metadata"]
    held = beside.get("kwargs", beside) if isinstance(beside, Mapping) else {}
    if document.get("id") is None and isinstance(held, Mapping) and held.get("id") is not None:
        document["id"] = held["id"]
    return document
