"""Mastra (`mastra.*`), which puts what went in and out of its steps under names of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.messages import asked_for, conversation
from evalkit.fetchers.files.formats.otlp.forms.payloads import structure
from evalkit.fetchers.files.formats.otlp.vocabularies.said import Attributes, Said, first, text
from evalkit.fetchers.files.mapping.convert import moment_or_note

KINDS = {
    "agent_run": "agent",
    "workflow_run": "chain",
    "workflow_step": "chain",
    "model_generation": "chain",
    "model_step": "chain",
    "model_inference": "llm",
    "model_chunk": "other",
    "tool_call": "tool",
    "mcp_tool_call": "tool",
}
GIVEN = "mastra.metadata."


def read(attributes: Attributes) -> Said | None:
    """Return what Mastra's names say; nothing where the span is not its own."""
    span = attributes.get("mastra.span.type")
    if not isinstance(span, str):
        return None
    given = {
        name.removeprefix(GIVEN): structure(value)
        for name, value in attributes.items()
        if name.startswith(GIVEN)
    }
    asked, said = f"mastra.{span}.input", f"mastra.{span}.output"
    began = attributes.get("mastra.completion_start_time")
    return Said(
        kind=KINDS.get(span),
        name=text(first(attributes, ("gen_ai.agent.name",))) if span == "agent_run" else None,
        inputs=_asked(structure(attributes.get(asked))),
        outputs=_said(structure(attributes.get(said)), span),
        first_token_at=moment_or_note(began) if began else None,
        thread=text(first(attributes, ("gen_ai.conversation.id",)))
        or text(first(given, ("threadId", "sessionId"))),
        metadata=given,
        payloads=frozenset({asked, said, "gen_ai.system_instructions", "gen_ai.tool.definitions"}),
    )


def _asked(value: Any) -> Any:
    return conversation(value)


def _said(value: Any, span: str) -> Any:
    """Return an answer; of an agent's run its text, where there is nothing else."""
    if not isinstance(value, Mapping) or "text" not in value:
        return value
    if span == "model_step":
        return asked_for(value["text"], structure(value.get("toolCalls")))
    return value
