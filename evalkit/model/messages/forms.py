"""The forms of messages that are read, by whose they are: the table of the documentation."""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """One form: how a message of it is known, and where calls and their answers stand in it."""

    whose: str
    message: str
    calls: str
    answers: str


FORMS = (
    Form(
        "OpenAI chat (Mistral, vLLM, Ollama and others alike)",
        "`role`, `content`",
        "`tool_calls`; `function_call`",
        "`role: tool` with `tool_call_id`; `role: function`",
    ),
    Form(
        "OpenAI Responses, Agents SDK",
        "`type: message`",
        "`function_call`, `custom_tool_call`, `mcp_call`, `web_search_call`, `file_search_call`, "
        "`code_interpreter_call`, `image_generation_call`, `computer_call`, `local_shell_call`",
        "`function_call_output` and its like; `output`, `results` of hosted tools",
    ),
    Form(
        "Anthropic",
        "`role`, blocks in `content`",
        "`tool_use`, `server_tool_use`, `mcp_tool_use`",
        "`tool_result`, `web_search_tool_result` and its like, `mcp_tool_result`",
    ),
    Form("Amazon Bedrock, Strands", "`role`, `content`", "`toolUse`", "`toolResult`"),
    Form(
        "Gemini, Google ADK (both spellings)",
        "`role`, `parts`",
        "`functionCall`, `executableCode`",
        "`functionResponse`, `codeExecutionResult`",
    ),
    Form(
        "OpenTelemetry GenAI",
        "`role`, `parts` with `type`",
        "`tool_call`, `server_tool_call`",
        "`tool_call_response`, `server_tool_call_response`",
    ),
    Form(
        "pydantic-ai",
        "`kind: request` or `response`, `parts` with `part_kind`",
        "`tool-call`, `builtin-tool-call`",
        "`tool-return`, `builtin-tool-return`, `retry-prompt`",
    ),
    Form(
        "Vercel AI SDK, model messages",
        "`role`, `content`",
        "`tool-call`",
        "`tool-result`, `tool-error`",
    ),
    Form(
        "Vercel AI SDK, UI messages",
        "`role`, `parts`",
        "`tool-NAME`, `dynamic-tool`, `tool-invocation`; `toolInvocations`",
        "in the same part, by its `state`",
    ),
    Form(
        "LangChain (flat, `type` and `data`, constructors)",
        "`type: human`, `ai`, `tool`; `lc`",
        "`tool_calls`, `invalid_tool_calls`, `additional_kwargs`",
        "`type: tool` with `tool_call_id`",
    ),
    Form("Inspect, AgentDojo", "`role`, `content`", "`function` is the name", "`role: tool`"),
    Form("Haystack", "`role`, `content`", "`tool_call`", "`tool_call_result`"),
    Form("LlamaIndex", "`role`, `blocks`", "`tool_call`", "`role: tool`"),
    Form(
        "AutoGen",
        "`source`, `type`",
        "`ToolCallRequestEvent`, `AssistantMessage`",
        "`ToolCallExecutionEvent`, `FunctionExecutionResultMessage`",
    ),
    Form(
        "Microsoft Agent Framework",
        "`role`, `contents`",
        "`function_call`",
        "`function_result`",
    ),
    Form(
        "Spring AI, LangChain4j",
        "`messageType` or `type`",
        "`toolCalls`, `toolExecutionRequests`",
        "`responses`; `TOOL_EXECUTION_RESULT`",
    ),
    Form("OpenInference", "`message.role`", "`message.tool_calls`", "`message.tool_call_id`"),
    Form("ShareGPT", "`from`, `value`", "none", "none"),
)
