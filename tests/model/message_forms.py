"""One conversation in every form of message: a picture, a thought, a call, its result, an answer.

The shapes are those that the packages themselves write (looked up with pydantic-ai-slim 2.68,
langchain-core 1.8, google-genai 3.6, haystack-ai 3.4, llama-index-core 0.14, autogen-agentchat 0.7)
or that their providers document.
"""

from typing import Any

PNG = "iVBORw0KGgo="
ARGUMENTS = {"city": "Rome"}
AS_TEXT = '{"city": "Rome"}'
ASK, THOUGHT, RESULT, ANSWER = "Weather here?", "It shows Rome.", "sunny", "It is sunny."
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": AS_TEXT}}
DATA_URL = f"data:image/png;base64,{PNG}"


def _lc(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "messages", kind], "kwargs": kwargs}


LC_ASK = [
    {"type": "text", "text": ASK},
    {"type": "image", "base64": PNG, "mime_type": "image/png"},
]
LC_SAID = [{"type": "reasoning", "reasoning": THOUGHT}]
LC_CALL = [{"name": "weather", "args": ARGUMENTS, "id": "c1", "type": "tool_call"}]

FORMS: dict[str, list[Any]] = {
    "openai-chat": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": ASK},
                {"type": "image_url", "image_url": {"url": DATA_URL}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": THOUGHT,
            "tool_calls": [CALL],
        },
        {"role": "tool", "tool_call_id": "c1", "content": RESULT},
        {"role": "assistant", "content": ANSWER, "refusal": None},
    ],
    "openai-responses": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": ASK},
                {"type": "input_image", "image_url": DATA_URL, "detail": "auto"},
            ],
        },
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": THOUGHT}]},
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "c1",
            "name": "weather",
            "arguments": AS_TEXT,
            "status": "completed",
        },
        {"type": "function_call_output", "call_id": "c1", "output": RESULT},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": ANSWER, "annotations": []}],
        },
    ],
    "anthropic": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": ASK},
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": THOUGHT, "signature": "x"},
                {"type": "tool_use", "id": "c1", "name": "weather", "input": ARGUMENTS},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "c1",
                    "content": [{"type": "text", "text": RESULT}],
                }
            ],
        },
        {"role": "assistant", "content": [{"type": "text", "text": ANSWER}]},
    ],
    "anthropic-server-tools": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": ASK},
                {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": THOUGHT},
                {"type": "mcp_tool_use", "id": "c1", "name": "weather", "server_name": "w",
                 "input": ARGUMENTS},
                {"type": "mcp_tool_result", "tool_use_id": "c1", "is_error": False,
                 "content": [{"type": "text", "text": RESULT}]},
                {"type": "text", "text": ANSWER},
            ],
        },
    ],
    "bedrock": [
        {
            "role": "user",
            "content": [{"text": ASK}, {"image": {"format": "png", "source": {"bytes": PNG}}}],
        },
        {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": THOUGHT, "signature": "x"}}},
                {"toolUse": {"toolUseId": "c1", "name": "weather", "input": ARGUMENTS}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "toolResult": {
                        "toolUseId": "c1",
                        "content": [{"text": RESULT}],
                        "status": "success",
                    }
                }
            ],
        },
        {"role": "assistant", "content": [{"text": ANSWER}]},
    ],
    "gemini": [
        {
            "role": "user",
            "parts": [{"text": ASK}, {"inlineData": {"mimeType": "image/png", "data": PNG}}],
        },
        {
            "role": "model",
            "parts": [
                {"text": THOUGHT, "thought": True},
                {"functionCall": {"name": "weather", "args": ARGUMENTS}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "weather", "response": {"result": RESULT}}},
            ],
        },
        {"role": "model", "parts": [{"text": ANSWER}]},
    ],
    "gemini-python": [
        {
            "role": "user",
            "parts": [
                {"text": ASK, "thought": None, "inline_data": None, "function_call": None},
                {"text": None, "inline_data": {"data": PNG, "mime_type": "image/png"}},
            ],
        },
        {
            "role": "model",
            "parts": [
                {"text": THOUGHT, "thought": True, "function_call": None},
                {
                    "text": None,
                    "function_call": {"id": None, "name": "weather", "args": ARGUMENTS},
                },
            ],
        },
        {
            "role": "user",
            "parts": [
                {
                    "text": None,
                    "function_response": {
                        "id": None,
                        "name": "weather",
                        "response": {"output": RESULT},
                    },
                },
            ],
        },
        {"role": "model", "parts": [{"text": ANSWER, "thought": None}]},
    ],
    "otel-genai": [
        {
            "role": "user",
            "parts": [
                {"type": "text", "content": ASK},
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": PNG},
            ],
        },
        {
            "role": "assistant",
            "finish_reason": "tool_call",
            "parts": [
                {"type": "reasoning", "content": THOUGHT},
                {"type": "tool_call", "id": "c1", "name": "weather", "arguments": ARGUMENTS},
            ],
        },
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "c1", "response": RESULT}],
        },
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": ANSWER}],
            "finish_reason": "stop",
        },
    ],
    "pydantic-ai": [
        {
            "kind": "request",
            "parts": [
                {
                    "part_kind": "user-prompt",
                    "content": [ASK, {"kind": "binary", "data": PNG, "media_type": "image/png"}],
                },
            ],
        },
        {
            "kind": "response",
            "model_name": "m",
            "parts": [
                {"part_kind": "thinking", "content": THOUGHT},
                {
                    "part_kind": "tool-call",
                    "tool_name": "weather",
                    "args": AS_TEXT,
                    "tool_call_id": "c1",
                },
            ],
        },
        {
            "kind": "request",
            "parts": [
                {
                    "part_kind": "tool-return",
                    "tool_name": "weather",
                    "content": RESULT,
                    "tool_call_id": "c1",
                },
            ],
        },
        {"kind": "response", "parts": [{"part_kind": "text", "content": ANSWER}]},
    ],
    "vercel-model": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": ASK},
                {"type": "image", "image": PNG, "mediaType": "image/png"},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "text": THOUGHT},
                {
                    "type": "tool-call",
                    "toolCallId": "c1",
                    "toolName": "weather",
                    "input": ARGUMENTS,
                },
            ],
        },
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "c1",
                    "toolName": "weather",
                    "output": {"type": "text", "value": RESULT},
                },
            ],
        },
        {"role": "assistant", "content": [{"type": "text", "text": ANSWER}]},
    ],
    "vercel-ui": [
        {
            "id": "m1",
            "role": "user",
            "parts": [
                {"type": "text", "text": ASK},
                {"type": "file", "mediaType": "image/png", "url": DATA_URL},
            ],
        },
        {
            "id": "m2",
            "role": "assistant",
            "parts": [
                {"type": "step-start"},
                {"type": "reasoning", "text": THOUGHT, "state": "done"},
                {
                    "type": "tool-weather",
                    "toolCallId": "c1",
                    "state": "output-available",
                    "input": ARGUMENTS,
                    "output": RESULT,
                },
                {"type": "step-start"},
                {"type": "text", "text": ANSWER},
            ],
        },
    ],
    "vercel-ui-4": [
        {
            "role": "user",
            "content": ASK,
            "experimental_attachments": [
                {"name": "a.png", "contentType": "image/png", "url": DATA_URL}
            ],
        },
        {
            "role": "assistant",
            "content": ANSWER,
            "parts": [
                {"type": "reasoning", "reasoning": THOUGHT, "details": []},
                {
                    "type": "tool-invocation",
                    "toolInvocation": {
                        "state": "result",
                        "toolCallId": "c1",
                        "toolName": "weather",
                        "args": ARGUMENTS,
                        "result": RESULT,
                    },
                },
                {"type": "text", "text": ANSWER},
            ],
        },
    ],
    "langchain": [
        {"type": "human", "content": LC_ASK, "id": None, "additional_kwargs": {}},
        {
            "type": "ai",
            "content": LC_SAID,
            "tool_calls": LC_CALL,
            "invalid_tool_calls": [],
            "usage_metadata": None,
        },
        {"type": "tool", "content": RESULT, "tool_call_id": "c1", "status": "success"},
        {"type": "ai", "content": ANSWER, "tool_calls": []},
    ],
    "langchain-constructor": [
        _lc("HumanMessage", content=LC_ASK),
        _lc("AIMessage", content=LC_SAID, tool_calls=LC_CALL),
        _lc("ToolMessage", content=RESULT, tool_call_id="c1"),
        _lc("AIMessage", content=ANSWER),
    ],
    "langchain-data": [
        {"type": "human", "data": {"content": LC_ASK, "type": "human"}},
        {"type": "ai", "data": {"content": LC_SAID, "type": "ai", "tool_calls": LC_CALL}},
        {"type": "tool", "data": {"content": RESULT, "tool_call_id": "c1", "type": "tool"}},
        {"type": "ai", "data": {"content": ANSWER, "type": "ai"}},
    ],
    "legacy-function-call": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": ASK},
                {"type": "image_url", "image_url": DATA_URL},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "reasoning": THOUGHT,
            "function_call": {"name": "weather", "arguments": AS_TEXT},
        },
        {"role": "function", "name": "weather", "content": RESULT},
        {"role": "assistant", "content": ANSWER},
    ],
    "ollama": [
        {"role": "user", "content": ASK, "images": [PNG]},
        {
            "role": "assistant",
            "content": "",
            "thinking": THOUGHT,
            "tool_calls": [{"function": {"name": "weather", "arguments": ARGUMENTS}}],
        },
        {"role": "tool", "tool_name": "weather", "content": RESULT},
        {"role": "assistant", "content": ANSWER},
    ],
    "mistral": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": ASK},
                {"type": "image_url", "image_url": DATA_URL},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}],
            "tool_calls": [CALL],
        },
        {"role": "tool", "tool_call_id": "c1", "name": "weather", "content": RESULT},
        {"role": "assistant", "content": ANSWER},
    ],
    "inspect": [
        {
            "role": "user",
            "content": [{"type": "text", "text": ASK}, {"type": "image", "image": DATA_URL}],
        },
        {
            "role": "assistant",
            "source": "generate",
            "content": [{"type": "reasoning", "reasoning": THOUGHT}],
            "tool_calls": [
                {"id": "c1", "function": "weather", "arguments": ARGUMENTS, "type": "function"}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "function": "weather", "content": RESULT},
        {"role": "assistant", "content": ANSWER},
    ],
    "haystack": [
        {
            "role": "user",
            "content": [
                {"text": ASK},
                {"image": {"base64_image": PNG, "mime_type": "image/png", "detail": None}},
            ],
            "meta": {},
            "name": None,
        },
        {
            "role": "assistant",
            "content": [
                {"reasoning": {"reasoning_text": THOUGHT, "extra": {}}},
                {"tool_call": {"tool_name": "weather", "arguments": ARGUMENTS, "id": "c1"}},
            ],
        },
        {
            "role": "tool",
            "content": [
                {
                    "tool_call_result": {
                        "result": RESULT,
                        "origin": {"tool_name": "weather", "arguments": ARGUMENTS, "id": "c1"},
                        "error": False,
                    }
                }
            ],
        },
        {"role": "assistant", "content": [{"text": ANSWER}]},
    ],
    "llama-index": [
        {
            "role": "user",
            "blocks": [
                {"block_type": "text", "text": ASK},
                {"block_type": "image", "url": "https://x.example/a.png", "image": None},
            ],
        },
        {
            "role": "assistant",
            "blocks": [
                {"block_type": "thinking", "content": THOUGHT},
                {
                    "block_type": "tool_call",
                    "tool_call_id": "c1",
                    "tool_name": "weather",
                    "tool_kwargs": ARGUMENTS,
                },
            ],
        },
        {
            "role": "tool",
            "blocks": [{"block_type": "text", "text": RESULT}],
            "additional_kwargs": {"tool_call_id": "c1"},
        },
        {"role": "assistant", "blocks": [{"block_type": "text", "text": ANSWER}]},
    ],
    "autogen": [
        {
            "source": "user",
            "type": "MultiModalMessage",
            "content": [ASK, {"data": PNG, "type": "image"}],
        },
        {"source": "a", "type": "ThoughtEvent", "content": THOUGHT},
        {
            "source": "a",
            "type": "ToolCallRequestEvent",
            "content": [{"id": "c1", "name": "weather", "arguments": AS_TEXT}],
        },
        {
            "source": "a",
            "type": "ToolCallExecutionEvent",
            "content": [
                {"call_id": "c1", "name": "weather", "content": RESULT, "is_error": False}
            ],
        },
        {"source": "a", "type": "TextMessage", "content": ANSWER},
    ],
    "agent-framework": [
        {
            "role": "user",
            "contents": [
                {"type": "text", "text": ASK},
                {"type": "uri", "uri": "https://x.example/a.png", "media_type": "image/png"},
            ],
        },
        {
            "role": "assistant",
            "contents": [
                {"type": "text_reasoning", "text": THOUGHT},
                {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "weather",
                    "arguments": AS_TEXT,
                },
            ],
        },
        {
            "role": "tool",
            "contents": [{"type": "function_result", "call_id": "c1", "result": RESULT}],
        },
        {"role": "assistant", "contents": [{"type": "text", "text": ANSWER}]},
    ],
}  # fmt: skip
