"""Evaluators in every shape LangSmith takes, and an experiment in which everything odd happens."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from .generated import generated_world
from .world import World

SIGNATURES = {
    "run": "(run)",
    "run_example": "(run, example)",
    "by_place": "(r, e)",
    "positional_only": "(run, example, /)",
    "outputs": "(outputs)",
    "outputs_reference": "(outputs, reference_outputs)",
    "keywords": "(*, reference_outputs, outputs)",
    "inputs": "(inputs)",
    "default": "(outputs, limit=3)",
    "rest": "(inputs, outputs, **kwargs)",
    "example": "(example, outputs)",
    "awaited": "(outputs, inputs)",
}
FIRST = {"run": "run.outputs", "run_example": "run.outputs", "by_place": "r.outputs",
         "positional_only": "run.outputs", "inputs": "inputs"}  # fmt: skip
RETURNS = {
    "bool": "size > 40",
    "int": "size",
    "float": "size / 7",
    "text": "'long' if size > 40 else 'short'",
    "score": "{'score': size / 3}",
    "key_score": "{'key': KEY, 'score': size % 2 == 0}",
    "value": "{'key': KEY, 'value': 'v' + str(size % 3)}",
    "comment": "{'key': KEY, 'score': size, 'comment': 'n' + str(size)}",
    "reasoning": "{'key': KEY, 'score': 0.5, 'reasoning': 'because ' + str(size)}",
    "results": "{'results': [{'key': KEY, 'score': size}, {'key': KEY + '_b', 'score': 1}]}",
    "results_beside": "{'results': [{'key': KEY, 'score': 0}], 'comment': 'of all'}",
    "list": "[{'key': KEY, 'score': size}, {'key': KEY + '_b', 'value': 'x'}]",
    "object": "EvaluationResult(key=KEY, score=size / 9, comment='o')",
    "raises": "1 / (size % 2)",
}


def row_shapes() -> list[Callable[..., Any]]:
    """Every signature with every return."""
    return [_shape(s, r) for s in SIGNATURES for r in RETURNS]


def _shape(signature: str, returned: str) -> Callable[..., Any]:
    from langsmith.evaluation import EvaluationResult

    name = f"{signature}__{returned}"
    head = "async def" if signature == "awaited" else "def"
    first = FIRST.get(signature, "outputs")
    source = (
        f"{head} {name}{SIGNATURES[signature]}:\n"
        f"    size = len(str({first} or {{}}))\n"
        f"    return {RETURNS[returned]}\n"
    )
    place: dict[str, Any] = {"KEY": name, "EvaluationResult": EvaluationResult}
    exec(compile(source, f"<{name}>", "exec"), place)
    made: Callable[..., Any] = place[name]
    return made


def _every(run: Any) -> list[Any]:
    found = [run]
    for child in run.child_runs or []:
        found.extend(_every(child))
    return found


ATTRIBUTES = (
    "id", "name", "run_type", "error", "inputs", "outputs", "trace_id", "dotted_order",
    "session_id", "parent_run_id", "parent_run_ids", "status", "serialized", "events", "tags",
    "prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens",
    "reference_example_id", "latency", "first_token_time", "revision_id",
)  # fmt: skip
"""What is asked of the run and of everything inside it."""


def asking(name: str) -> Callable[..., Any]:
    """Return an evaluator that says what one attribute is, down the whole tree."""

    def ask(run: Any) -> dict[str, Any]:
        runs = [run] if "token" in name else _every(run)
        return {"key": f"attribute_{name}", "value": _text([getattr(each, name) for each in runs])}

    ask.__name__ = f"attribute_{name}"
    return ask


def _text(value: Any) -> str:
    """Write values so that ids and text, naive and zoned times, None and nothing look the same."""
    if isinstance(value, list | tuple) and value:
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{k}: {_text(v)}" for k, v in sorted(value.items()) if v is not None)
            + "}"
        )
    if hasattr(value, "isoformat"):
        return str(value.replace(tzinfo=None).isoformat())
    if isinstance(value, float):
        return f"{value:.6f}"
    if isinstance(value, str) and value[:4].isdigit() and value.endswith("Z"):
        return value[:-1]  # a time inside an event: v1 and v2 write them otherwise
    return "-" if value in (None, "", 0, [], ()) else str(value)


def metadata_the_long_way(run: Any) -> dict[str, Any]:
    said = [each.extra.get("metadata", {}).get("ls_method") for each in _every(run)]
    return {"key": "metadata_the_long_way", "value": _text(said)}


def dumped(run: Any) -> dict[str, Any]:
    whole = run.model_dump()
    inside = [each["name"] for each in whole["child_runs"] or []]
    return {"key": "dumped", "value": _text([whole["name"], whole["inputs"], inside])}


def copied(run: Any) -> dict[str, Any]:
    import copy

    mine = copy.deepcopy(run)
    tree = [(each.name, str(each.trace_id)) for each in _every(mine)]
    return {"key": "copied", "value": _text([str(each) for each in tree])}


def of_example(run: Any, example: Any) -> dict[str, Any]:
    known = [example.id, example.dataset_id, example.inputs, example.outputs, example.created_at,
             example.modified_at, example.source_run_id, sorted(example.metadata)]  # fmt: skip
    return {"key": "of_example", "value": _text(known)}


def all_shapes() -> list[Callable[..., Any]]:
    """Row shapes, attributes, and whole objects."""
    return [*row_shapes(), *map(asking, ATTRIBUTES), metadata_the_long_way, dumped, copied,
            of_example]  # fmt: skip


def odd_world(n: int) -> World:
    """An experiment with repetitions, deep trees, retried children, errors at every level,
    children without an end, streams, and outputs that are no object of answers."""
    world = generated_world(n, examples=max(1, n // 2))
    session = next(iter(world.sessions.values()))["id"]
    for number, root in enumerate(world.roots(session)):
        dice = random.Random(number)
        kind = number % 8
        if kind == 0:
            _deep(world, root, 30, dice)
        elif kind == 1:
            _retried(world, root, dice)
        elif kind == 2:
            root["outputs"] = {"output": [1, "two", None]}
        elif kind == 3:
            root["outputs"] = None
        elif kind == 4:
            root["error"], root["status"] = "ValueError('late')\n\nTraceback ...", "error"
        elif kind == 5:
            _child(world, root, "never_ended", dice)["end_time"] = None
        elif kind == 6:
            _child(world, root, "failed", dice, error="TimeoutError('t')")["tags"] = ["a", "b"]
    world.changed()
    return world


def _child(world: World, parent: Any, name: str, dice: random.Random, **fields: Any) -> Any:
    start = parent["start_time"] + timedelta(microseconds=dice.randint(1, 900))
    run_id = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    segment = start.strftime("%Y%m%dT%H%M%S%fZ") + run_id
    world.add_runs([{
        "id": run_id, "name": name, "run_type": "tool", "start_time": start,
        "end_time": start + timedelta(microseconds=50), "inputs": {"n": name},
        "outputs": {"output": name}, "dotted_order": f"{parent['dotted_order']}.{segment}",
        "session_id": parent["session_id"], "events": [], "tags": [],
        "extra": {"metadata": {"ls_method": "traceable"}}, **fields,
    }])  # fmt: skip
    return world.runs[run_id]


def _deep(world: World, root: Any, levels: int, dice: random.Random) -> None:
    parent = root
    for level in range(levels):
        parent = _child(world, parent, f"level{level}", dice)


def _retried(world: World, root: Any, dice: random.Random) -> None:
    for attempt in range(3):
        error = None if attempt == 2 else f"ConnectionError('try {attempt}')"
        _child(world, root, "fetch_page", dice, error=error)
