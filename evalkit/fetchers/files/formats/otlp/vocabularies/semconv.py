"""OpenTelemetry's GenAI conventions (`gen_ai.*`), as of 2024 to 2026, and pydantic-ai's additions.

Names: the conventions' own repository; what pydantic-ai and the AI SDK 7 write was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.messages import conversation
from evalkit.fetchers.files.formats.otlp.forms.payloads import once, structure
from evalkit.fetchers.files.formats.otlp.vocabularies.said import (
    Attributes,
    Said,
    first,
    seconds,
    text,
)

OPERATIONS = {
    "chat": "llm",
    "generate_content": "llm",
    "text_completion": "llm",
    "execute_tool": "tool",
    "retrieval": "retriever",
    "rerank": "retriever",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "invoke_workflow": "chain",
    "agent_step": "chain",
    "embeddings": "other",
}
FIRST_CHUNK = ("gen_ai.response.time_to_first_chunk", "gen_ai.client.operation.time_to_first_chunk")
"""Seconds; the second name is the AI SDK's."""
THREADS = ("gen_ai.conversation.id",)
AGENTS = ("gen_ai.agent.name", "gen_ai.workflow.name")
FINISHED = "gen_ai.response.finish_reasons"
INPUT, OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
CONVERSATION, RESULT = "pydantic_ai.all_messages", "final_result"
DOCUMENTS, QUERY = "gen_ai.retrieval.documents", "gen_ai.retrieval.query.text"
ARGUMENTS, RETURNED = "gen_ai.tool.call.arguments", "gen_ai.tool.call.result"
INSTRUCTIONS = "gen_ai.system_instructions"
CONTEXT = "ai.settings.context."
"""Where the AI SDK 7 puts what the caller said of a run."""
AGGREGATED = "gen_ai.aggregated_usage."
READ = frozenset(
    {
        *(INPUT, OUTPUT, CONVERSATION, RESULT, DOCUMENTS, QUERY, ARGUMENTS, RETURNED, INSTRUCTIONS),
        *("gen_ai.tool.definitions", "logfire.json_schema"),
    }
)


def read(attributes: Attributes) -> Said | None:
    """Return what the conventions' names say."""
    if not any(name.startswith("gen_ai.") or name == CONVERSATION for name in attributes):
        return None
    kind = OPERATIONS.get(str(attributes.get("gen_ai.operation.name")))
    inputs, outputs = _payloads(attributes, kind)
    return Said(
        kind=kind,
        name=text(first(attributes, AGENTS)) if kind in ("agent", "chain") else None,
        inputs=inputs,
        outputs=outputs,
        usage=_usage(attributes),
        repeats=kind == "agent",
        first_token_s=seconds(first(attributes, FIRST_CHUNK)),
        ended="error" if "error" in _reasons(attributes) else None,
        thread=text(first(attributes, (*THREADS, f"{CONTEXT}sessionId"))),
        metadata=_metadata(attributes),
        payloads=READ,
    )


def _payloads(attributes: Attributes, kind: str | None) -> tuple[Any, Any]:
    if kind == "tool":
        return once(attributes.get(ARGUMENTS)), once(attributes.get(RETURNED))
    asked, said = structure(attributes.get(INPUT)), structure(attributes.get(OUTPUT))
    whole = structure(attributes.get(CONVERSATION))
    if asked is None and isinstance(whole, list):
        asked, said = _split(whole) if said is None else (_split(whole)[0], said)
    if kind == "retriever":
        found = structure(attributes.get(DOCUMENTS))
        if asked is None:
            asked = attributes.get(QUERY)
        if found is not None:
            return asked, {"documents": found}
    system = structure(attributes.get(INSTRUCTIONS))
    outputs = conversation(_answer(said) if kind != "llm" else said)
    if outputs is None or RESULT in attributes:
        outputs = structure(attributes.get(RESULT)) if RESULT in attributes else None
    return conversation(asked, system), outputs


def _split(whole: list[Any]) -> tuple[list[Any], list[Any]]:
    """Part a conversation where the model first answers what it was last asked.

    The history of earlier turns belongs to what was asked; only the last turn is answered.
    """
    turns = [at for at, item in enumerate(whole) if _asks(item)]
    last = turns[-1] if turns else -1
    return whole[: last + 1], whole[last + 1 :]


def _asks(item: Any) -> bool:
    """Tell whether a message is a person's, rather than one that brings results of tools."""
    if not isinstance(item, Mapping) or item.get("role") != "user":
        return False
    parts = item.get("parts")
    if not isinstance(parts, list):
        return True
    return not any(
        isinstance(part, Mapping) and part.get("type") == "tool_call_response" for part in parts
    )


def _answer(said: Any) -> Any:
    """Return what was said at the end where one message holds all that happened before, too.

    The root of an agent in the AI SDK 7 has one message: the last text, then the calls of every
    step, then their results.
    """
    if not isinstance(said, list) or len(said) != 1 or not isinstance(said[0], Mapping):
        return said
    parts = said[0].get("parts")
    if not isinstance(parts, list) or said[0].get("finish_reason") in ("tool_call", "tool-calls"):
        return said
    types = [part.get("type") for part in parts if isinstance(part, Mapping)]
    if "tool_call" not in types or "text" not in types[: types.index("tool_call")]:
        return said
    kept = [
        part
        for part in parts
        if not str(part.get("type")).startswith("tool_call")
        or (part.get("type") == "tool_call" and not _answered(parts, part.get("id")))
    ]
    answered = any(each == "tool_call_response" for each in types)
    return [{**said[0], "parts": kept if answered else parts}]


def _answered(parts: list[Any], key: Any) -> bool:
    return any(
        isinstance(part, Mapping) and part.get("type") == "tool_call_response"
        and part.get("id") == key
        for part in parts
    )  # fmt: skip


def _reasons(attributes: Attributes) -> list[str]:
    """Return why a model stopped; some tracers write the list as JSON text."""
    found = structure(attributes.get(FINISHED))
    return [str(each) for each in found] if isinstance(found, list) else [str(found)]


def _usage(attributes: Attributes) -> dict[str, Any]:
    """Return counts that stand under names of their own."""
    found = {
        f"gen_ai.usage.{name.removeprefix(AGGREGATED)}": value
        for name, value in attributes.items()
        if name.startswith(AGGREGATED)
    }
    if attributes.get("gen_ai.operation.name") == "embeddings":
        count = attributes.get("gen_ai.usage.input_tokens")
        if count is not None and "gen_ai.usage.total_tokens" not in attributes:
            found["gen_ai.usage.total_tokens"] = count  # an embedding generates nothing
    return found


def _metadata(attributes: Attributes) -> dict[str, Any]:
    return {
        name.removeprefix(CONTEXT): value
        for name, value in attributes.items()
        if name.startswith(CONTEXT)
    }


def said_in(events: Iterable[tuple[str, Attributes]], *, outputs: bool) -> Any:
    """Return the messages older conventions put into events (`gen_ai.user.message`)."""
    found = []
    for name, attributes in events:
        details = first(attributes, (OUTPUT if outputs else INPUT,))
        if name.startswith("gen_ai.client.inference") and details is not None:
            return structure(details)
        if not name.startswith("gen_ai.") or (name == "gen_ai.choice") is not outputs:
            continue
        if name != "gen_ai.choice" and not name.endswith(".message"):
            continue
        role = "assistant" if outputs else name.removeprefix("gen_ai.").removesuffix(".message")
        body = {key: structure(value) for key, value in attributes.items()}
        inner = body.get("message")
        found.append({"role": role, **(inner if isinstance(inner, dict) else body)})
    return found or None
