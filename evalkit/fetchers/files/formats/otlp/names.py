"""The attribute names that all tracers share: usage, models, tools."""

from __future__ import annotations

USAGE_PREFIXES = (
    "gen_ai.usage.",
    "llm.token_count.",
    "llm.usage.",
    "llm.cost.",
    "ai.usage.",
    "operation.cost",
    "gen_ai.aggregated_usage.",
)
"""Attributes under these are counts and costs."""
USAGE_OBJECTS = (
    "langfuse.observation.usage_details",
    "langfuse.observation.cost_details",
    "mlflow.chat.tokenUsage",
    "mlflow.llm.cost",
    "braintrust.metrics",
)
"""Attributes that hold counts or costs as JSON text."""
MODELS = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "ai.model.id",
    "mlflow.llm.model",
)
TOOLS = ("gen_ai.tool.name", "ai.toolCall.name", "tool.name", "traceloop.entity.name")
CALLS = ("gen_ai.tool.call.id", "ai.toolCall.id", "tool.id", "tool_call.id")
