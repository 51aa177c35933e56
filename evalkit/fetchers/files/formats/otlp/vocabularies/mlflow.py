"""MLflow (`mlflow.*`), on its own spans and on those it exports as OTLP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.messages import conversation
from evalkit.fetchers.files.formats.otlp.forms.payloads import once, structure
from evalkit.fetchers.files.formats.otlp.vocabularies.envelopes import tool_message
from evalkit.fetchers.files.formats.otlp.vocabularies.said import Attributes, Said, text
from evalkit.model.messages.places import answer_in

KINDS = {
    "CHAT_MODEL": "llm",
    "LLM": "llm",
    "TOOL": "tool",
    "RETRIEVER": "retriever",
    "RERANKER": "retriever",
    "AGENT": "agent",
    "CHAIN": "chain",
    "WORKFLOW": "chain",
    "TASK": "chain",
    "PARSER": "chain",
    "GUARDRAIL": "guardrail",
}
KIND, INPUT, OUTPUT = "mlflow.spanType", "mlflow.spanInputs", "mlflow.spanOutputs"
SESSION = "mlflow.trace.session"
READ = frozenset(
    {*(INPUT, OUTPUT), "mlflow.chat.tools", "mlflow.spanLogLevel", "mlflow.spanFunctionName"}
)


def read(attributes: Attributes) -> Said | None:
    """Return what MLflow's names say; nothing where the span is not its own."""
    if KIND not in attributes and INPUT not in attributes and OUTPUT not in attributes:
        return None
    kind = KINDS.get(str(once(attributes.get(KIND))).upper())
    inputs, outputs = once(attributes.get(INPUT)), once(attributes.get(OUTPUT))
    metadata: dict[str, Any] = {}
    if kind == "tool" and (found := tool_message(outputs)) is not None:
        outputs = found.content
        if found.call_id is not None:
            metadata["tool_call_id"] = found.call_id
    if kind == "llm" and not isinstance(outputs, str) and (answer := answer_in(outputs)):
        outputs = [dict(each) for each in answer]
    if kind == "retriever" and isinstance(outputs, list):
        outputs = {"documents": outputs}
    given = structure(attributes.get("metadata"))
    if isinstance(given, Mapping):
        metadata = {**given, **metadata}
    return Said(
        kind=kind,
        inputs=conversation(inputs),
        outputs=conversation(outputs),
        thread=text(once(attributes.get(SESSION))),
        metadata=metadata,
        payloads=READ | {"metadata"} if isinstance(given, Mapping) else READ,
    )
