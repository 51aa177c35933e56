"""Objects that look like steps become steps, whatever their keys are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from evalkit.fetchers.assemble import Flat, assemble
from evalkit.fetchers.files.mapping.convert import (
    to_duration,
    to_error,
    to_identity,
    to_moment,
    to_names,
    to_object,
    to_text,
)
from evalkit.fetchers.files.mapping.stepkeys import fields_of
from evalkit.fetchers.files.reading.quantities import seconds_of
from evalkit.model.accounting.reader import read_usage
from evalkit.model.step import KINDS, Step
from evalkit.model.usage import Usage

KIND_WORDS: dict[str, str] = {
    **dict(zip(KINDS, KINDS, strict=True)),
    "model": "llm",
    "generation": "llm",
    "completion": "llm",
    "chat": "llm",
    "tool_call": "tool",
    "function": "tool",
    "function_call": "tool",
    "action": "tool",
    "retrieval": "retriever",
    "search": "retriever",
    "span": "chain",
    "task": "node",
}


NAMED_KINDS = {"tool": "tool", "tool_name": "tool", "function": "tool", "node": "node"}
"""What a step is that says no kind but gives its name under one of these keys."""
Draft = dict[str, Any]


def read_steps(raw: Any, said: Counter[str] | None = None) -> list[Step]:
    """Return the steps a list of objects describes; raises `ValueError` saying which does not.

    Unknown keys are kept in the step's metadata; `said` counts those that speak of times or
    tokens. With `parent_id`, steps come out in the order one walks them.
    """
    if not isinstance(raw, list):
        raise ValueError(f"steps are a {type(raw).__name__}, not a list")
    steps = _distinct([_step(item, number, Counter() if said is None else said)
                       for number, item in enumerate(raw)])  # fmt: skip
    if not any(step.parent_id for step in steps):
        return steps
    flats = [
        Flat(step.step_id, [step.parent_id] if step.parent_id else [], number, raw[number])
        for number, step in enumerate(steps)
    ]
    numbers = {id(flat.record): flat.order for flat in flats}
    tree = assemble("", flats)
    return [steps[numbers[id(placed.record)]] for placed in tree.placed]


def _step(raw: Any, number: int, said: Counter[str]) -> Draft:
    if isinstance(raw, str):
        return {"step_id": str(number), "name": f"step {number}", "outputs": raw}
    if not isinstance(raw, Mapping):
        raise ValueError(f"step {number} is a {type(raw).__name__}, not an object")
    try:
        found, rest = fields_of(raw, said)
        if (kind := NAMED_KINDS.get(found.get("named", ""))) is not None:
            found.setdefault("kind", kind)
        return _built(found, rest, number)
    except ValueError as error:
        raise ValueError(f"step {number}: {error}") from None


def _built(found: Mapping[str, Any], rest: Mapping[str, Any], number: int) -> Draft:
    kind, name = str(found.get("kind", "")).lower(), found.get("name")
    if isinstance(name, Mapping):
        name = name.get("name")
    return {
        "step_id": to_identity(found.get("step_id")) or str(number),
        "parent_id": to_identity(found.get("parent_id")),
        "kind": KIND_WORDS.get(kind, "other"),
        "name": to_text(name) or kind or f"step {number}",
        "inputs": found.get("inputs"),
        "outputs": found.get("outputs"),
        "error": to_error(found.get("error")),
        "started_at": to_moment(found.get("started_at")),
        "ended_at": to_moment(found.get("ended_at")),
        "first_token_at": to_moment(found.get("first_token_at")),
        "duration_s": to_duration(seconds_of(found.get("duration_s"))),
        "usage": _usage(found.get("usage")),
        "metadata": {**(to_object(found.get("metadata")) or {}), **rest},
        "tags": to_names(found.get("tags")),
    }


def _usage(raw: Any) -> Usage | None:
    return read_usage(raw) if isinstance(raw, Mapping) else None


def _distinct(drafts: list[Draft]) -> list[Step]:
    """Make the steps; an id that came before gets the step's number behind it."""
    seen: set[str] = set()
    for number, draft in enumerate(drafts):
        if draft["step_id"] in seen:
            draft["step_id"] = f"{draft['step_id']}~{number}"
        seen.add(draft["step_id"])
    return [Step(**draft) for draft in drafts]
