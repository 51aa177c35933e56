"""The attribute names tracers use for the same things, in the order in which they are trusted."""

from __future__ import annotations

OPERATIONS = {
    "chat": "llm",
    "generate_content": "llm",
    "text_completion": "llm",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "embeddings": "other",
}
OPENINFERENCE = {
    "LLM": "llm",
    "TOOL": "tool",
    "RETRIEVER": "retriever",
    "RERANKER": "retriever",
    "AGENT": "agent",
    "CHAIN": "chain",
    "GUARDRAIL": "guardrail",
}
TRACELOOP = {"tool": "tool", "agent": "agent", "workflow": "chain", "task": "chain"}
VERCEL = {
    "ai.toolCall": "tool",
    "ai.generateText.doGenerate": "llm",
    "ai.streamText.doStream": "llm",
    "ai.generateObject.doGenerate": "llm",
    "ai.streamObject.doStream": "llm",
    "ai.generateText": "chain",
    "ai.streamText": "chain",
    "ai.generateObject": "chain",
    "ai.streamObject": "chain",
}
INPUTS = (
    "gen_ai.tool.call.arguments",
    "gcp.vertex.agent.tool_call_args",
    "ai.toolCall.args",
    "tool.parameters",
    "gen_ai.input.messages",
    "ai.prompt.messages",
    "input.value",
    "ai.prompt",
    "traceloop.entity.input",
    "pydantic_ai.all_messages",
    "gcp.vertex.agent.llm_request",
)
OUTPUTS = (
    "gen_ai.tool.call.result",
    "gcp.vertex.agent.tool_response",
    "ai.toolCall.result",
    "gen_ai.output.messages",
    "output.value",
    "ai.response.text",
    "ai.response.object",
    "ai.response.toolCalls",
    "traceloop.entity.output",
    "final_result",
    "gcp.vertex.agent.llm_response",
)
USAGE_PREFIXES = (
    "gen_ai.usage.",
    "llm.token_count.",
    "llm.usage.",
    "llm.cost.",
    "ai.usage.",
    "operation.cost",
)
"""Attributes under these are counts and costs."""
USAGE_OBJECTS = (
    "langfuse.observation.usage_details",
    "langfuse.observation.cost_details",
    "mlflow.chat.tokenUsage",
    "braintrust.metrics",
)
"""Attributes that hold counts or costs as JSON text."""
MODELS = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.model.id")
TOOLS = ("gen_ai.tool.name", "ai.toolCall.name", "tool.name", "traceloop.entity.name")
CALLS = ("gen_ai.tool.call.id", "ai.toolCall.id", "tool.id")
THREADS = ("gen_ai.conversation.id", "session.id", "ai.telemetry.metadata.sessionId")
DETAILED = (*INPUTS, *OUTPUTS, "gen_ai.tool.definitions", "logfire.json_schema")
"""Attributes that are payloads: they go to inputs and outputs and are not repeated as metadata."""
