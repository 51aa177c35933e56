"""Replies: the body of a chat completion, in the forms servers send it, and what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evalkit.fetchers.http.answers import decoded
from evalkit.fetchers.http.attempts import Retryable, retry_after
from evalkit.fetchers.http.transport import httpx
from evalkit.model.messages.message import text_of

REASONING = ("reasoning_content", "reasoning", "thinking")
"""Where servers put what a model thought: vLLM and DeepSeek, OpenRouter and newer vLLM, others."""

MAYBE_BILLED = (408, 504, 524)


def decode(body: bytes | bytearray, headers: httpx.Headers) -> Any:
    """Parse a body: JSON, or the events of a stream nobody asked for."""
    start = bytes(body[:64]).lstrip()
    streamed = headers.get("content-type", "").startswith("text/event-stream")
    if streamed or start.startswith((b"data:", b"event:", b": ")):
        return _joined(bytes(body).decode("utf-8", "replace"))
    return decoded(body, headers)


def wait_of(headers: httpx.Headers) -> float | None:
    """Return the seconds to wait; litellm's proxy gives a provider's words another name."""
    named = {"retry-after": headers.get("llm_provider-retry-after", "")}
    own = retry_after(headers)
    return retry_after(named) if own is None else own


def _joined(text: str) -> dict[str, Any]:
    """Return the completion that a stream of chunks adds up to."""
    said: dict[str, Any] = {}
    content, thought, finish = "", "", None
    for line in text.splitlines():
        chunk = _event(line)
        if chunk is None:
            continue
        said |= {k: v for k, v in chunk.items() if k in ("model", "usage", "error") and v}
        choices = chunk.get("choices")
        choice = _record(choices[0] if isinstance(choices, list) and choices else None)
        delta = _record(choice.get("delta") or choice.get("message"))
        content += text_of(delta.get("content")) or ""
        thought += thought_in(delta)
        finish = choice.get("finish_reason") or finish
    if finish is None and not content:
        return said
    message = {"content": content or None, "reasoning_content": thought or None}
    return {**said, "choices": [{"message": message, "finish_reason": finish or "cut"}]}


def _event(line: str) -> dict[str, Any] | None:
    """Return the object in a line of a stream."""
    if not line.startswith("data:"):
        return None
    try:
        found = json.loads(line[5:])
    except (ValueError, RecursionError):
        return None  # [DONE], or a line that was cut
    return found if isinstance(found, dict) else None


def _record(value: Any) -> Mapping[str, Any]:
    """Return an object; what is none says nothing."""
    return value if isinstance(value, Mapping) else {}


def thought_in(message: Mapping[str, Any]) -> str:
    """Return what a model thought, from whichever field a server uses."""
    return next((v for k in REASONING if isinstance(v := message.get(k), str) and v), "")


def content_of(message: Mapping[str, Any]) -> str:
    """Return the answer; where a server's parser took all of it for thoughts, it is there."""
    text = text_of(message.get("content"))
    return text if text.strip() else thought_in(message)


def problem_of(choice: Mapping[str, Any], most: int) -> tuple[str, bool]:
    """Say why a choice holds no verdict, and whether the model refused; nothing where it may."""
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    finish, refusal = choice.get("finish_reason"), message.get("refusal")
    if refusal or finish in ("content_filter", "safety", "SAFETY"):
        why = refusal or "its filter took the answer away"
        return f"refused: {str(why)[:200]}", True
    if finish == "length":
        return f"the answer was cut at {most} tokens. Raise max_tokens.", False
    if finish == "cut":
        return "the stream ended before the answer did.", False
    if finish == "error" or choice.get("error"):
        return f"the endpoint broke off: {str(choice.get('error') or 'no reason')[:200]}", False
    return "", False


def may_be_billed(error: Retryable) -> bool:
    """Whether an endpoint may have answered, and billed, what was not heard."""
    return not error.unsent if error.status is None else error.status in MAYBE_BILLED
