"""Preview: the one line by which people recognise an input or an output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from evalkit.model.example import Example
from evalkit.model.messages.read import read_messages
from evalkit.model.run import Run

ASKED = ("question", "query", "input", "prompt", "instruction", "user_input", "text", "task")
ANSWERED = ("answer", "output", "response", "result", "final_answer", "text", "content")


def input_of(run: Run, example: Example | None) -> Any:
    """Return what was asked: the example's inputs, else the run's."""
    held = None if example is None else example.inputs
    return run.inputs if held is None else held


def of_inputs(inputs: Any, length: int = 200) -> str:
    """Return the start of what was asked."""
    return _cut(_line(inputs, ASKED, "user"), length)


def of_outputs(outputs: Any, length: int = 160) -> str:
    """Return the start of what was answered."""
    return _cut(_line(outputs, ANSWERED, "assistant"), length)


def asked(inputs: Any) -> str | None:
    """Return all of what was asked, where it stands among other things; None: it stands alone."""
    return _inside(inputs, ASKED, "user")


def answered(outputs: Any) -> str | None:
    """Return all of what was answered, where it stands among other things."""
    return _inside(outputs, ANSWERED, "assistant")


def has_answer(outputs: Any) -> bool:
    """Tell whether an answer stands in the outputs, and not only what else a run left."""
    if isinstance(outputs, str):
        return bool(outputs)
    if isinstance(outputs, Mapping) and len(outputs) == 1:
        return True
    return answered(outputs) is not None


def _inside(value: Any, names: Sequence[str], role: str) -> str | None:
    if isinstance(value, str) or not value or (isinstance(value, Mapping) and len(value) == 1):
        return None
    if isinstance(value, Mapping):
        for name in names:
            if isinstance(value.get(name), str) and value[name]:
                return str(value[name])
    return _said(value, role) or None


def _line(value: Any, names: Sequence[str], role: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        for name in names:
            if isinstance(value.get(name), str) and value[name]:
                return str(value[name])
        texts = [item for item in value.values() if isinstance(item, str)]
        if len(value) == 1 and texts:
            return texts[0]
    spoken = _said(value, role)
    return spoken or _json(value)


def _said(value: Any, role: str) -> str:
    """Return the last message of `role`, where `value` holds chat messages."""
    held = value.get("messages") if isinstance(value, Mapping) else value
    messages = read_messages(held) if isinstance(held, list) else []
    return next((m.text for m in reversed(messages) if m.role == role and m.text), "")


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:
        return str(value)


def _cut(text: str, length: int) -> str:
    line = " ".join(text[: length * 4].split())
    return line if len(line) <= length else line[: length - 1] + "…"
