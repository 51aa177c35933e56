"""Answers: which part of a run's outputs is the answer, and which of an example's the reference."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.model.messages.message import text_of
from evalkit.model.messages.read import read_messages
from evalkit.model.score import Score

KEYS = (
    "answer",
    "final_answer",
    "output",
    "response",
    "result",
    "text",
    "content",
    "prediction",
    "completion",
)
REFERENCE_KEYS = ("answer", "expected", "reference", "ground_truth", "target", "label", *KEYS)


def at(payload: Any, path: str) -> Any:
    """Return what the JMESPath `path` finds in `payload`; an empty path is the payload itself."""
    if not path:
        return payload
    import jmespath

    return jmespath.search(path, payload)


def answer_of(outputs: Any, path: str = "") -> Any:
    """Return the answer in `outputs`, or `None` when there is none.

    With a JMESPath `path` that is what it finds. Otherwise: `outputs` itself when it is no table;
    the first of the usual names (`answer`, `output`, `text` ...); the last assistant message's
    text, unless it asks for a tool; the value of an only key; else the whole table.
    """
    return _find(outputs, path, KEYS)


def reference_of(reference_outputs: Any, path: str = "") -> Any:
    """Return the reference answer, found as `answer_of` does, also under `expected` ..."""
    return _find(reference_outputs, path, REFERENCE_KEYS)


def _find(payload: Any, path: str, names: tuple[str, ...]) -> Any:
    if path:
        return at(payload, path)
    if not isinstance(payload, Mapping):
        return payload
    for name in names:
        if payload.get(name) is not None:
            return payload[name]
    if isinstance(payload.get("messages"), list):
        said = [m for m in read_messages(payload["messages"]) if m.role == "assistant"]
        return (said[-1].text or said[-1].refusal) if said and not said[-1].tool_calls else None
    if len(payload) == 1:
        return next(iter(payload.values()))
    return payload or None


def as_text(value: Any) -> str | None:
    """Return text as it is, message content as its text, anything else as JSON; `None` stays."""
    if value is None or isinstance(value, str):
        return value
    if (
        isinstance(value, list)
        and value
        and all(isinstance(b, Mapping) and "type" in b for b in value)
    ):
        return text_of(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def is_blank(text: str) -> bool:
    """Say whether a text holds nothing: it would stand in every answer."""
    return not text or text.isspace()


def no_reference() -> Score:
    """Say that the example has nothing to compare with: the evaluator does not apply."""
    return Score(comment="the example has no reference for this")


def not_read(tool_calls: Sequence[Any]) -> Score | None:
    """Say that the run may have called more tools than are known; `None`: all are known."""
    unread = getattr(tool_calls, "unread", ())
    if not unread:
        known = tool_calls or getattr(tool_calls, "recorded", True)
        return None if known else Score(comment="the source recorded neither steps nor messages")
    return Score(comment=f"messages hold what is not read: {', '.join(unread[:3])}")


def no_answer() -> Score:
    """Say that the run gave nothing to measure: the evaluator does not apply."""
    return Score(comment="the run gave no answer")
