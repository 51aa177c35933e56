"""Forms: a question, and its answer, as OpenAI's and Anthropic's batches have them, one a line.

OpenAI: `custom_id`, `method`, `url`, `body`, answered by `response` (`status_code`, `body`) or
`error`. Anthropic: `custom_id`, `params` (an element of `requests`), answered by `result`, which is
`succeeded` with a `message`, `errored`, `canceled` or `expired`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalkit.evaluators.judge.asking.refusals import refusal_of
from evalkit.evaluators.judge.images.parts import to_anthropic
from evalkit.evaluators.judge.settings import JudgeSettings

FINISH = {"max_tokens": "length", "refusal": "content_filter", "end_turn": "stop"}
"""Anthropic's reasons to stop, in the words of chat completions."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A line of a file of answers: a chat completion, or why there is none."""

    key: str
    reply: Mapping[str, Any] | None
    problem: str = ""


def openai_line(key: str, body: Mapping[str, Any], settings: JudgeSettings) -> dict[str, Any]:
    """Return a line of a file for OpenAI's batches, which vLLM and others read too."""
    return {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": dict(body)}


def anthropic_line(key: str, body: Mapping[str, Any], settings: JudgeSettings) -> dict[str, Any]:
    """Return an element of the `requests` of Anthropic's batches."""
    rules = [each["content"] for each in body["messages"] if each["role"] == "system"]
    params: dict[str, Any] = {
        "model": settings.model,
        "max_tokens": settings.max_tokens,
        "messages": to_anthropic([e for e in body["messages"] if e["role"] != "system"]),
    }
    if rules:
        params["system"] = "\n\n".join(rules)
    if settings.temperature is not None:
        params["temperature"] = settings.temperature
    return {"custom_id": key, "params": {**params, **settings.extra}}


FORMS = {"openai": openai_line, "anthropic": anthropic_line}


def read_answer(line: Mapping[str, Any]) -> Answered | None:
    """Read a line of answers in either form; None where it is neither."""
    key = line.get("custom_id")
    if not isinstance(key, str):
        return None
    result = line.get("result")
    if isinstance(result, Mapping):
        return _anthropic(key, result)
    if "response" in line or "error" in line:
        return _openai(key, line.get("response"), line.get("error"))
    return None


def _openai(key: str, response: Any, error: Any) -> Answered:
    response = response if isinstance(response, Mapping) else {}
    status, body = response.get("status_code", 200), response.get("body")
    if error or status != 200 or not isinstance(body, Mapping):
        return Answered(key, None, refusal_of(status, error or body or "no answer").words)
    return Answered(key, body)


def _anthropic(key: str, result: Mapping[str, Any]) -> Answered:
    message = result.get("message")
    if result.get("type") != "succeeded" or not isinstance(message, Mapping):
        error = result.get("error")
        said = refusal_of(400, error).words if error else str(result.get("type"))
        return Answered(key, None, said)
    finish = str(message.get("stop_reason"))
    choice = {
        "message": {"role": "assistant", "content": message.get("content")},
        "finish_reason": FINISH.get(finish, finish),
    }
    return Answered(
        key, {"model": message.get("model"), "choices": [choice], "usage": message.get("usage")}
    )
