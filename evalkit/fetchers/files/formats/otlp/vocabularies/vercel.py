"""The Vercel AI SDK, versions 4 to 6 and the legacy names of 7 (`ai.*`).

The names of version 7 are OpenTelemetry's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.messages import asked_for, conversation
from evalkit.fetchers.files.formats.otlp.forms.payloads import once, structure
from evalkit.fetchers.files.formats.otlp.vocabularies.said import (
    UNANSWERED,
    Attributes,
    Said,
    first,
    seconds,
    text,
)

CALLS = (".doGenerate", ".doStream")
EMBEDS = ("ai.embed", "ai.embedMany", "ai.embed.doEmbed", "ai.embedMany.doEmbed")
ROOTS = ("ai.generateText", "ai.streamText", "ai.generateObject", "ai.streamObject")
GIVEN = "ai.telemetry.metadata."
"""What the caller said of the call."""
FUNCTION = "ai.telemetry.functionId"
MESSAGES, PROMPT = "ai.prompt.messages", "ai.prompt"
TEXT, CALLED, OBJECT = "ai.response.text", "ai.response.toolCalls", "ai.response.object"
THOUGHT, REASON = "ai.response.reasoning", "ai.response.finishReason"
READ = frozenset(
    {
        *(MESSAGES, PROMPT, TEXT, CALLED, OBJECT, THOUGHT, FUNCTION, "ai.prompt.tools"),
        *("ai.toolCall.args", "ai.toolCall.result", "ai.value", "ai.values", "ai.embedding"),
        *("ai.embeddings", "ai.documents", "ai.ranking"),
    }
)


def read(attributes: Attributes) -> Said | None:
    """Return what the SDK's names say; nothing where the span is not its own."""
    operation = attributes.get("ai.operationId")
    if not isinstance(operation, str):
        return None
    kind = _kind(operation)
    inputs, outputs = _payloads(attributes, operation, kind)
    waited = seconds(attributes.get("ai.response.msToFirstChunk"))
    reason = str(attributes.get(REASON))
    root = operation in ROOTS
    given = {
        name.removeprefix(GIVEN): value
        for name, value in attributes.items()
        if name.startswith(GIVEN)
    }
    return Said(
        kind=kind,
        name=text(attributes.get(FUNCTION)) if root else None,
        inputs=inputs,
        outputs=outputs,
        usage=_usage(attributes, operation),
        repeats=root,
        first_token_s=None if waited is None else waited / 1000,
        ended="error" if reason == "error" else _unfinished(attributes, operation),
        thread=text(first(given, ("sessionId", "session_id", "threadId", "thread_id"))),
        metadata=given,
        payloads=READ,
    )


def _kind(operation: str) -> str:
    if operation == "ai.toolCall":
        return "tool"
    if operation.endswith(CALLS):
        return "llm"
    if operation == "ai.rerank.doRerank":
        return "retriever"
    return "other" if operation in EMBEDS else "chain"


def _unfinished(attributes: Attributes, operation: str) -> str | None:
    """A stream that was aborted has a root without an answer and without a reason to end."""
    if operation not in ("ai.streamText", "ai.streamObject") or REASON in attributes:
        return None
    return None if first(attributes, (TEXT, OBJECT, CALLED)) is not None else UNANSWERED


def _payloads(attributes: Attributes, operation: str, kind: str) -> tuple[Any, Any]:
    if kind == "tool":
        return once(attributes.get("ai.toolCall.args")), once(attributes.get("ai.toolCall.result"))
    if operation in EMBEDS:
        return _embedded(attributes), None
    if operation.startswith("ai.rerank"):
        return _reranked(attributes)
    asked = attributes.get(MESSAGES)
    inputs = conversation(once(asked)) if asked is not None else once(attributes.get(PROMPT))
    return inputs, _answer(attributes, kind)


def _answer(attributes: Attributes, kind: str) -> Any:
    """Return the object, else the calls with the text, else the text exactly as it was said.

    Of a model call what it says is a message, so that the conversation can be told.
    """
    if attributes.get(OBJECT) is not None:
        return once(attributes[OBJECT])
    said, calls = attributes.get(TEXT), structure(attributes.get(CALLED))
    if said and kind != "llm" and attributes.get(REASON) == "stop":
        return said  # the calls beside it are those of earlier steps
    if (isinstance(calls, list) and calls) or (kind == "llm" and said is not None):
        return asked_for(said, calls)
    return said


def _embedded(attributes: Attributes) -> Any:
    values = attributes.get("ai.values")
    if isinstance(values, list):
        return {"values": [once(each) for each in values]}
    value = attributes.get("ai.value")
    return None if value is None else {"value": once(value)}


def _reranked(attributes: Attributes) -> tuple[Any, Any]:
    """Return what was ranked, and the documents in their new order with their scores."""
    listed, ranking = attributes.get("ai.documents"), attributes.get("ai.ranking")
    documents = [once(each) for each in listed] if isinstance(listed, list) else []
    ranks = [once(each) for each in ranking] if isinstance(ranking, list) else once(ranking)
    found = [
        _ranked(documents, rank) for rank in ranks or () if isinstance(rank, Mapping)
    ] if isinstance(ranks, list) else []  # fmt: skip
    return {"documents": documents} if documents else None, {"documents": found} if found else None


def _ranked(documents: list[Any], rank: Mapping[str, Any]) -> dict[str, Any]:
    at, score = rank.get("index"), first(rank, ("relevanceScore", "score"))
    document = documents[at] if isinstance(at, int) and 0 <= at < len(documents) else None
    held = dict(document) if isinstance(document, Mapping) else {"content": document}
    return {**held, "score": score}


def _usage(attributes: Attributes, operation: str) -> dict[str, Any]:
    """Return the counts of an embedding, which the SDK calls tokens and nothing more."""
    count = attributes.get("ai.usage.tokens")
    if operation not in EMBEDS or count is None:
        return {}
    return {"gen_ai.usage.input_tokens": count, "gen_ai.usage.total_tokens": count}
