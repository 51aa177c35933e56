"""Objects that look like steps become steps, whatever their keys are called."""

from __future__ import annotations

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
from evalkit.fetchers.files.reading.quantities import number_of, seconds_of
from evalkit.model.accounting.reader import read_usage
from evalkit.model.step import KINDS, Step
from evalkit.model.usage import Usage

MILLIS = ("took_ms", "duration_ms", "latency_ms", "elapsed_ms", "ms", "durationMs", "latencyMs")
"""Keys that say in their name that a duration is in milliseconds."""
KEYS = {
    "step_id": ("step_id", "id", "span_id"),
    "parent_id": ("parent_id", "parent_run_id", "parent"),
    "kind": ("kind", "run_type", "type"),
    "name": ("name", "tool", "tool_name", "function", "node"),
    "inputs": ("inputs", "input", "arguments", "args", "action"),
    "outputs": ("outputs", "output", "result", "observation", "response", "text", "content"),
    "error": ("error", "exception"),
    "started_at": (
        "started_at",
        "start_time",
        "startTime",
        "start",
        "at",
        "timestamp",
        "time",
        "ts",
    ),
    "ended_at": ("ended_at", "end_time", "endTime", "end"),
    "first_token_at": ("first_token_at", "first_token_time"),
    "duration_s": (
        "duration_s",
        "latency_s",
        "elapsed_s",
        "seconds",
        *MILLIS,
        "duration",
        "latency",
    ),
    "usage": ("usage", "usage_metadata", "token_usage", "tokens", "token_counts"),
    "metadata": ("metadata",),
    "tags": ("tags",),
}
"""Keys a step may use for each field; the first one present counts."""
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


def read_steps(raw: Any) -> list[Step]:
    """Return the steps a list of objects describes; raises `ValueError` saying which does not.

    Unknown keys are kept in the step's metadata. With `parent_id`, steps come out in the order
    one walks them.
    """
    if not isinstance(raw, list):
        raise ValueError(f"steps are a {type(raw).__name__}, not a list")
    steps = _distinct([_step(item, number) for number, item in enumerate(raw)])
    if not any(step.parent_id for step in steps):
        return steps
    flats = [
        Flat(step.step_id, [step.parent_id] if step.parent_id else [], number, raw[number])
        for number, step in enumerate(steps)
    ]
    numbers = {id(flat.record): flat.order for flat in flats}
    tree = assemble("", flats)
    return [steps[numbers[id(placed.record)]] for placed in tree.placed]


def _step(raw: Any, number: int) -> Draft:
    if isinstance(raw, str):
        return {"step_id": str(number), "name": f"step {number}", "outputs": raw}
    if not isinstance(raw, Mapping):
        raise ValueError(f"step {number} is a {type(raw).__name__}, not an object")
    found: dict[str, Any] = {}
    used = set()
    for field, names in KEYS.items():
        for name in names:
            if name in raw:
                used.add(name)
                if name in NAMED_KINDS:
                    found.setdefault("kind", NAMED_KINDS[name])
                if raw[name] is not None:
                    found[field] = _in_seconds(raw[name]) if name in MILLIS else raw[name]
                break
    rest = {name: value for name, value in raw.items() if name not in used}
    try:
        return _built(found, rest, number)
    except ValueError as error:
        raise ValueError(f"step {number}: {error}") from None


def _in_seconds(value: Any) -> float | None:
    number = number_of(value)
    return None if number is None else number / 1000


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
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = {"total_tokens": raw}
    return read_usage(raw) if isinstance(raw, Mapping) else None


def _distinct(drafts: list[Draft]) -> list[Step]:
    """Make the steps; an id that came before gets the step's number behind it."""
    seen: set[str] = set()
    for number, draft in enumerate(drafts):
        if draft["step_id"] in seen:
            draft["step_id"] = f"{draft['step_id']}~{number}"
        seen.add(draft["step_id"])
    return [Step(**draft) for draft in drafts]
