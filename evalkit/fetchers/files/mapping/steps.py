"""Objects that look like steps become steps, whatever their keys are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

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
from evalkit.fetchers.files.mapping.stepkeys import CLOCKS, fields_of
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
Value = TypeVar("Value")


def read_steps(raw: Any, said: Counter[str] | None = None) -> list[Step]:
    """Return the steps a list of objects describes; raises `ValueError` where none of them is one.

    Unknown keys are kept in the step's metadata; `said` counts those that speak of times or
    tokens, and what cannot be read: that costs one value of a step, or one thing that is no step.
    With `parent_id`, steps come out in the order one walks them.
    """
    if not isinstance(raw, list):
        raise ValueError(f"steps are a {type(raw).__name__}, not a list")
    odd = [item for item in raw if not isinstance(item, Mapping | str)]
    if odd and len(odd) == len(raw):
        raise ValueError(f"step 0 is a {type(raw[0]).__name__}, not an object")
    said = Counter() if said is None else said
    if odd:
        _say(said, "item that is no object, left out", f"a {type(odd[0]).__name__}", len(odd))
    items = [(number, item) for number, item in enumerate(raw) if isinstance(item, Mapping | str)]
    steps = _distinct([(number, _step(item, number, said)) for number, item in items])
    if not any(step.parent_id for step in steps):
        return steps
    flats = [
        Flat(step.step_id, [step.parent_id] if step.parent_id else [], number, items[number])
        for number, step in enumerate(steps)
    ]
    numbers = {id(flat.record): flat.order for flat in flats}
    tree = assemble("", flats)
    return [steps[numbers[id(placed.record)]] for placed in tree.placed]


def _step(raw: Any, number: int, said: Counter[str]) -> Draft:
    if isinstance(raw, str):
        return {"step_id": str(number), "name": f"step {number}", "outputs": raw}
    found, rest = fields_of(raw, said)
    if (kind := NAMED_KINDS.get(found.get("named", ""))) is not None:
        found.setdefault("kind", kind)
    kind, name = str(found.get("kind", "")).lower(), found.get("name")
    if isinstance(name, Mapping):
        name = name.get("name")

    def read(field: str, convert: Callable[[Any], Value]) -> Value | None:
        try:
            return convert(name if field == "name" else found.get(field))
        except ValueError as error:
            _say(said, f"{field} that cannot be read, taken as missing", str(error))
            return None

    return {
        "step_id": read("step_id", to_identity) or str(number),
        "parent_id": read("parent_id", to_identity),
        "kind": KIND_WORDS.get(kind, "other"),
        "name": read("name", to_text) or kind or f"step {number}",
        "inputs": found.get("inputs"),
        "outputs": found.get("outputs"),
        "error": to_error(found.get("error")),
        **{each: read(each, to_moment) for each in CLOCKS},
        "duration_s": read("duration_s", to_duration),
        "usage": read("usage", _usage),
        "metadata": (read("metadata", to_object) or {}) | rest,
        "tags": read("tags", to_names) or (),
    }


def _say(said: Counter[str], what: str, such: str, times: int = 1) -> None:
    """Count a kind of thing under the first that was met."""
    known = next((each for each in said if each.startswith(f"{what}, as ")), None)
    said[known or f"{what}, as {such}"] += times


def _usage(raw: Any) -> Usage | None:
    """Return what an object counts; text is no count, whatever else is none."""
    if isinstance(raw, str):
        raise ValueError(f"{raw!r:.60} is no count")
    return read_usage(raw) if isinstance(raw, Mapping) else None


def _distinct(drafts: list[tuple[int, Draft]]) -> list[Step]:
    """Make the steps; an id that came before gets the step's number behind it."""
    seen: set[str] = set()
    for number, draft in drafts:
        if draft["step_id"] in seen:
            draft["step_id"] = f"{draft['step_id']}~{number}"
        seen.add(draft["step_id"])
    return [Step(**draft) for _, draft in drafts]
