"""Content: a run as somebody who labels it sees it; nothing that names the version or a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from evalkit.model.example import Example
from evalkit.model.messages.message import Message
from evalkit.model.messages.read import read_messages
from evalkit.model.run import Run
from evalkit.report.runs import preview

LONGEST = 200_000
"""Characters of one text that are sent; a page with more is no longer read by anybody."""
EXPECTED = ("answer", "output", "expected", "reference", "target", "label")
MOST_CALLS = 50
MOST_TURNS = 100


def of_run(run: Run, example: Example | None, *, reference: bool = True) -> dict[str, Any]:
    """Return question, answer, calls and turns of a run, and what was expected where it is told."""
    turns = [*_messages(run.inputs), *_new(_messages(run.outputs), _messages(run.inputs))]
    shown: dict[str, Any] = {
        "question": text_of(run.inputs, preview.ASKED, "user"),
        "answer": text_of(run.outputs, preview.ANSWERED, "assistant"),
        "ended": None if run.outcome == "success" else run.outcome,
        "calls": [_call(each) for each in run.tool_calls[:MOST_CALLS]],
        "turns": [_turn(each) for each in turns[:MOST_TURNS]] if len(turns) > 2 else [],
    }
    if reference and example is not None and example.reference_outputs is not None:
        shown["expected"] = text_of(example.reference_outputs, EXPECTED, "assistant")
    return shown


def text_of(value: Any, names: Sequence[str], role: str) -> str:
    """Return the text people know a value by; where there is none, all of it, as JSON."""
    return _cut(_text(value, names, role))


def _text(value: Any, names: Sequence[str], role: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Mapping):
        for name in names:
            if value.get(name) not in (None, ""):
                return _plain(value[name])
        if len(value) == 1 and not _messages(value):
            return _plain(next(iter(value.values())))
    said = [each.text for each in _messages(value) if each.role == role and each.text]
    return said[-1] if said else _json(value)


def _messages(value: Any) -> list[Message]:
    held = value.get("messages") if isinstance(value, Mapping) else value
    return read_messages(held) if isinstance(held, list) else []


def _new(after: list[Message], before: list[Message]) -> list[Message]:
    """Return what the outputs add to the conversation of the inputs, which they often repeat."""
    same = [each.text for each in after[: len(before)]] == [each.text for each in before]
    return after[len(before) :] if same else after


def _turn(message: Message) -> dict[str, str]:
    called = [_brief(each) for each in message.tool_calls]
    return {"role": message.role, "text": _cut("\n".join(filter(None, [message.text, *called])))}


def _call(call: Any) -> dict[str, str]:
    result = "" if call.result is None else _plain(call.result)
    return {"call": _cut(_brief(call)), "gave": _cut(result)}


def _brief(call: Any) -> str:
    arguments = call.arguments
    if isinstance(arguments, Mapping):
        inside = ", ".join(f"{name}={_plain(value)}" for name, value in arguments.items())
    else:
        inside = _plain(arguments) if arguments is not None else ""
    return f"{call.name}({inside})"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode()
    except (TypeError, ValueError):
        return str(value)


def _cut(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    more = len(text) - LONGEST
    return text if more <= 0 else f"{text[:LONGEST]}\n… and {more:,} more characters"
