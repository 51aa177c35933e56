"""What a span of a language-model application is, by the attributes tracers give it; pure.

Vocabularies: OpenTelemetry's GenAI conventions (`gen_ai.*`), OpenInference (`input.value`, `llm.*`,
`openinference.span.kind`), OpenLLMetry (`traceloop.*`) and the Vercel AI SDK (`ai.*`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from evalkit.fetchers.files.formats.otlp.names import (
    CALLS,
    DETAILED,
    INPUTS,
    MODELS,
    OPENINFERENCE,
    OPERATIONS,
    OUTPUTS,
    THREADS,
    TOOLS,
    TRACELOOP,
    USAGE_OBJECTS,
    USAGE_PREFIXES,
    VERCEL,
)
from evalkit.fetchers.files.mapping.traces import payload, tool_name
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.messages.read import read_messages
from evalkit.model.usage import Usage

Attributes = Mapping[str, Any]
Events = Iterable[tuple[str, Attributes]]
MESSAGE = re.compile(r"llm\.(input|output)_messages\.(\d+)\.message\.(.+)")
DOCUMENT = re.compile(r"retrieval\.documents\.(\d+)\.document\.(\w+)")


class Described(NamedTuple):
    """A span in the model's words."""

    kind: str
    name: str
    inputs: Any
    outputs: Any
    error: str | None
    usage: Usage | None
    metadata: dict[str, Any]


def describe(name: str, attributes: Attributes, events: Events = ()) -> Described:
    """Return what a span is and holds."""
    events = list(events)
    kind = kind_of(attributes)
    indexed = _indexed(attributes)
    inputs = _first(attributes, INPUTS)
    outputs = _first(attributes, OUTPUTS)
    if kind == "llm":
        inputs = indexed.get("input") or inputs or _said(events, outputs=False)
        outputs = indexed.get("output") or outputs or _said(events, outputs=True)
    elif kind == "retriever" and "documents" in indexed:
        outputs = {"documents": indexed["documents"]}
    if kind == "tool":
        name = tool_name(_first(attributes, TOOLS) or name)
    return Described(
        kind=kind,
        name=name,
        inputs=_messages(inputs),
        outputs=_messages(outputs),
        error=_exception(events) or _text(attributes.get("error.type")),
        usage=_usage(attributes),
        metadata=_metadata(attributes),
    )


def kind_of(attributes: Attributes) -> str:
    """Return the step kind that any of the vocabularies states; `other` when none does."""
    stated = (
        OPENINFERENCE.get(str(attributes.get("openinference.span.kind")).upper()),
        OPERATIONS.get(str(attributes.get("gen_ai.operation.name"))),
        VERCEL.get(str(attributes.get("ai.operationId"))),
        TRACELOOP.get(str(attributes.get("traceloop.span.kind"))),
    )
    return next((kind for kind in stated if kind), "other")


def thread_of(metadata: Attributes) -> str | None:
    """Return the conversation a trace belongs to."""
    return _text(_first(metadata, THREADS))


def _first(attributes: Attributes, names: Iterable[str]) -> Any:
    for name in names:
        if attributes.get(name) not in (None, ""):
            return payload(attributes[name])
    return None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _usage(attributes: Attributes) -> Usage | None:
    found = {name: value for name, value in attributes.items() if name.startswith(USAGE_PREFIXES)}
    for name in USAGE_OBJECTS:
        if isinstance(inner := payload(attributes.get(name)), Mapping):
            found["cost" if "cost" in name else "usage"] = inner
    return usage_or_note(found)


def _metadata(attributes: Attributes) -> dict[str, Any]:
    kept = {
        name: value
        for name, value in attributes.items()
        if name not in DETAILED
        and not name.startswith(USAGE_PREFIXES)
        and name not in USAGE_OBJECTS
        and not MESSAGE.match(name)
        and not DOCUMENT.match(name)
    }
    model, call = _first(attributes, MODELS), _first(attributes, CALLS)
    if model is not None:
        kept["model"] = str(model)
    if call is not None:
        kept["tool_call_id"] = str(call)
    return kept


def _messages(value: Any) -> Any:
    """Put a bare list of messages under the key where evaluators look for it, in one form.

    What is no message stays as it is, to be named as not read.
    """
    if not isinstance(value, list) or not all(_is_message(item) for item in value):
        return value
    groups = [(item, read_messages([item])) for item in value]
    return {
        "messages": [each for item, found in groups for each in map(dict, found) or [item]]
        if any("parts" in item for item in value)
        else value
    }


def _is_message(item: Any) -> bool:
    return isinstance(item, dict) and "role" in item


def _said(events: list[tuple[str, Attributes]], *, outputs: bool) -> list[dict[str, Any]] | None:
    """Return the messages older conventions put into events (`gen_ai.user.message`)."""
    found = []
    for name, attributes in events:
        if not name.startswith("gen_ai.") or (name == "gen_ai.choice") is not outputs:
            continue
        role = "assistant" if outputs else name.removeprefix("gen_ai.").removesuffix(".message")
        body = {key: payload(value) for key, value in attributes.items()}
        inner = body.get("message")
        found.append({"role": role, **(inner if isinstance(inner, dict) else body)})
    return found or None


def _exception(events: list[tuple[str, Attributes]]) -> str | None:
    for name, attributes in events:
        if name == "exception":
            kind = attributes.get("exception.type")
            message = attributes.get("exception.message") or ""
            return f"{kind}: {message}" if kind else str(message) or None
    return None


def _indexed(attributes: Attributes) -> dict[str, Any]:
    """Undo OpenInference's flattening: messages by number, documents by number."""
    messages: dict[str, dict[int, dict[str, Any]]] = {}
    documents: dict[int, dict[str, Any]] = {}
    for name, value in attributes.items():
        if (found := MESSAGE.match(name)) is not None:
            side = messages.setdefault(found[1], {})
            _put(side.setdefault(int(found[2]), {}), found[3], value)
        elif (found := DOCUMENT.match(name)) is not None:
            documents.setdefault(int(found[1]), {})[found[2]] = payload(value)
    sides: dict[str, Any] = {
        side: [numbered[at] for at in sorted(numbered)] for side, numbered in messages.items()
    }
    if documents:
        sides["documents"] = [documents[at] for at in sorted(documents)]
    return sides


def _put(message: dict[str, Any], path: str, value: Any) -> None:
    parts = path.split(".")
    if parts[0] == "tool_calls" and len(parts) > 3:
        calls = message.setdefault("tool_calls", [])
        while len(calls) <= int(parts[1]):
            calls.append({"id": None, "function": {"name": "", "arguments": "{}"}})
        if parts[3] == "id":
            calls[int(parts[1])]["id"] = value
        elif len(parts) > 4:
            calls[int(parts[1])]["function"][parts[4]] = value
    elif parts[0] == "contents" and parts[-1] == "text":
        message["content"] = (message.get("content") or "") + str(value)
    elif len(parts) == 1:
        message[path] = value
