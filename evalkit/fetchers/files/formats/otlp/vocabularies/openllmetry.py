"""OpenLLMetry (`traceloop.*`) and Google's ADK (`gcp.vertex.agent.*`)."""

from __future__ import annotations

from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.messages import conversation
from evalkit.fetchers.files.formats.otlp.vocabularies.said import Attributes, Said, first, text
from evalkit.fetchers.files.mapping.traces import payload

KINDS = {"tool": "tool", "agent": "agent", "workflow": "chain", "task": "chain"}
INPUTS = (
    "gcp.vertex.agent.tool_call_args",
    "traceloop.entity.input",
    "gcp.vertex.agent.llm_request",
)
OUTPUTS = (
    "gcp.vertex.agent.tool_response",
    "traceloop.entity.output",
    "gcp.vertex.agent.llm_response",
)
READ = frozenset((*INPUTS, *OUTPUTS))


def read(attributes: Attributes) -> Said | None:
    """Return what these names say."""
    if not any(name.startswith(("traceloop.", "gcp.vertex.")) for name in attributes):
        return None
    return Said(
        kind=KINDS.get(str(attributes.get("traceloop.span.kind"))),
        inputs=_payload(attributes, INPUTS),
        outputs=_payload(attributes, OUTPUTS),
        thread=text(
            first(attributes, ("traceloop.association.properties.session_id",
                               "gcp.vertex.agent.session_id"))
        ),
        payloads=READ,
    )  # fmt: skip


def _payload(attributes: Attributes, names: tuple[str, ...]) -> Any:
    return conversation(payload(first(attributes, names)))
