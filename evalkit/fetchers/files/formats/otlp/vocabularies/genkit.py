"""Genkit (`genkit:*`): flows, models and tools, payloads as JSON text on every span."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.payloads import once
from evalkit.fetchers.files.formats.otlp.vocabularies.said import Attributes, Said, first, text
from evalkit.model.messages.build import openai_call

KINDS = {
    "model": "llm",
    "tool": "tool",
    "retriever": "retriever",
    "reranker": "retriever",
    "flow": "chain",
    "prompt": "chain",
    "embedder": "other",
    "evaluator": "other",
}
ROLES = {"model": "assistant"}
READ = frozenset({"genkit:input", "genkit:output", "genkit:sessionId"})


def read(attributes: Attributes) -> Said | None:
    """Return what Genkit's names say; nothing where the span is not its own."""
    if "genkit:type" not in attributes and "genkit:name" not in attributes:
        return None
    subtype = first(attributes, ("genkit:metadata:subtype", "genkit:subtype"))
    kind = KINDS.get(str(subtype), "chain" if attributes.get("genkit:type") == "util" else "other")
    inputs, outputs = once(attributes.get("genkit:input")), once(attributes.get("genkit:output"))
    usage: Mapping[str, Any] = {}
    if kind == "llm":
        usage = _usage(outputs)
        inputs, outputs = _asked(inputs), _answered(outputs)
    elif kind == "retriever" and isinstance(outputs, Mapping):
        outputs = {"documents": [_document(each) for each in outputs.get("documents") or ()]}
    return Said(
        kind=kind,
        name=text(attributes.get("genkit:name")),
        inputs=inputs,
        outputs=outputs,
        usage=usage,
        ended="error" if attributes.get("genkit:state") == "error" else None,
        thread=text(first(attributes, ("genkit:sessionId", "genkit:metadata:sessionId"))),
        metadata={"model": attributes["genkit:name"]} if kind == "llm" and "genkit:name" in
        attributes else {},
        payloads=READ,
    )  # fmt: skip


def _usage(outputs: Any) -> Mapping[str, Any]:
    """Return what a model call took; a `generate` around it repeats the same figures."""
    found = outputs.get("usage") if isinstance(outputs, Mapping) else None
    return {"usage": found} if isinstance(found, Mapping) else {}


def _asked(inputs: Any) -> Any:
    messages = inputs.get("messages") if isinstance(inputs, Mapping) else None
    if not isinstance(messages, list):
        return inputs
    return {"messages": [each for raw in messages for each in _read(raw)]}


def _answered(outputs: Any) -> Any:
    """Return a model's answer; older versions give a list of candidates."""
    if not isinstance(outputs, Mapping):
        return outputs
    message = outputs.get("message")
    candidates = outputs.get("candidates")
    if message is None and isinstance(candidates, list) and candidates:
        message = candidates[0].get("message") if isinstance(candidates[0], Mapping) else None
    return {"messages": _read(message)} if isinstance(message, Mapping) else outputs


def _read(raw: Any) -> list[dict[str, Any]]:
    """Return the messages of one of Genkit's, whose parts are text, media, calls and results."""
    if not isinstance(raw, Mapping):
        return []
    role = str(raw.get("role") or "user")
    parts = raw.get("content")
    said: list[Any] = []
    calls: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for part in parts if isinstance(parts, list) else [{"text": parts}]:
        _take(part, said, calls, results)
    if results and not said and not calls:
        return results
    plain = all(each.get("type") == "text" for each in said)
    content = "".join(each["text"] for each in said) if plain else said
    message: dict[str, Any] = {"role": ROLES.get(role, role), "content": content or None}
    if calls:
        message["tool_calls"] = calls
    return [message, *results]


def _take(part: Any, said: list[Any], calls: list[Any], results: list[Any]) -> None:
    if not isinstance(part, Mapping):
        return
    if isinstance(part.get("toolRequest"), Mapping):
        asked = part["toolRequest"]
        calls.append(openai_call(str(asked.get("name")), asked.get("input"), _id(asked)))
    elif isinstance(part.get("toolResponse"), Mapping):
        given = part["toolResponse"]
        key = {} if _id(given) is None else {"tool_call_id": _id(given)}
        results.append(
            {"role": "tool", "name": given.get("name"), "content": given.get("output"), **key}
        )
    elif isinstance(part.get("media"), Mapping):
        said.append({"type": "image_url", "image_url": {"url": part["media"].get("url")}})
    elif part.get("reasoning") is not None:
        said.append({"type": "reasoning", "text": str(part["reasoning"])})
    elif part.get("text") is not None:
        said.append({"type": "text", "text": str(part["text"])})


def _id(raw: Mapping[str, Any]) -> str | None:
    return text(raw.get("ref"))


def _document(raw: Any) -> Any:
    """Return a document, whose content is a list of parts."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("content"), list):
        return raw
    said = "".join(str(part.get("text") or "") for part in raw["content"] if
                   isinstance(part, Mapping))  # fmt: skip
    return {**raw, "content": said}
