"""Parsed: the JSON inside an answer, also when a model wrapped it in prose or a code fence."""

from __future__ import annotations

import json
import re
from typing import Any

from evalkit.evaluators.answers import answer_of

FENCE = re.compile(r"```[\w-]*\s*\n(.*?)```", re.DOTALL)
ABSENT = object()


def parsed_answer(outputs: Any, answer_at: str = "", *, parse: bool = True) -> Any:
    """Return the JSON value of the answer; `ABSENT` when there is none.

    Without `answer_at` a table that is no wrapper of a text is the value itself. Text is parsed:
    whole, or the last fenced block in it.
    """
    value = answer_of(outputs, answer_at)
    if not answer_at and isinstance(outputs, dict) and not isinstance(value, str):
        value = outputs
    if value is None or (value == {} and outputs == {}):
        return ABSENT
    if not (parse and isinstance(value, str)):
        return value
    blocks = FENCE.findall(value)
    for text in (value, *reversed(blocks)):
        try:
            return json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            continue
    return ABSENT


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
