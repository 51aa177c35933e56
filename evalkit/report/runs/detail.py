"""Detail: one run as the JSON-ready document that the page opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson

from evalkit.model.document import read_passages
from evalkit.model.example import Example
from evalkit.model.messages.message import Message
from evalkit.model.messages.part import Part
from evalkit.model.messages.places import INSTRUCTIONS, messages_in
from evalkit.model.messages.read import PLAIN_ROLES
from evalkit.model.parents import parents_of
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.model.timing import seconds_between
from evalkit.model.usage import USAGE_FIELDS, Usage
from evalkit.report.runs import preview

RUN_FIELDS = (
    "run_id", "thread_id", "assistant_id", "name", "status", "outcome", "stopped", "error",
    "multitask_strategy", "example_id", "repetition", "created_at", "updated_at", "started_at",
    "ended_at", "first_token_at", "latency", "time_to_first_token", "queue_time", "url", "inputs",
    "outputs", "metadata", "tags", "interrupts", "attachments", "extra", "steps_recorded",
)  # fmt: skip
DERIVED = ("outcome", "latency", "time_to_first_token", "queue_time")
STORED = tuple(name for name in RUN_FIELDS if name not in DERIVED)
STEP_FIELDS = (
    "step_id", "kind", "name", "model", "started_at", "latency", "first_token_at",
    "error", "inputs", "outputs", "usage", "metadata", "tags",
)  # fmt: skip
_numbers = attrgetter(*USAGE_FIELDS)
CELL_FIELDS = (
    "outcome", "score", "value", "comment", "error_type", "error_message", "traceback",
    "timed_out", "source", "metadata",
)  # fmt: skip


def of_run(run: Run, example: Example | None, cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the document of `run`; `cells` are its rows of the cells table, each with a `name`.

    The values are as the run has them; `traces.plain` makes them JSON-ready.
    """
    document = head_of(run, example)
    document["feedback"] = of_cells(cells, [step.step_id for step in run.steps])
    document["steps"] = steps_of(run)
    return document


def head_of(run: Run, example: Example | None) -> dict[str, Any]:
    """Return what the document says before the feedback and the steps."""
    values = run._values(STORED)
    document = dict.fromkeys(RUN_FIELDS) | dict(zip(STORED, values, strict=True))
    document |= {name: getattr(run, name) for name in DERIVED}
    document["asked"] = preview.asked(document["inputs"])
    document["answered"] = preview.answered(document["outputs"])
    document["usage"] = of_usage(run.usage)
    document["reference"] = example.reference_outputs if example else None
    document["wanted"] = preview.answered(document["reference"])
    document["example_metadata"] = example.metadata if example else None
    return document


def steps_of(run: Run) -> list[dict[str, Any]]:
    """Return the steps of the document."""
    parents = parents_of([s.step_id for s in run.steps], [s.parent_id for s in run.steps])
    start = run.started_at or min((s.started_at for s in run.steps if s.started_at), default=None)
    return [_step(step, place, start) for step, place in zip(run.steps, parents, strict=True)]


def of_cells(cells: Sequence[Mapping[str, Any]], step_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the feedback of a run whose steps have these ids, in order."""
    stepped = any(cell.get("step_id") is not None for cell in cells)
    places = {step_id: at for at, step_id in enumerate(step_ids)} if stepped else {}
    return [_cell(cell, places) for cell in cells]


def _cell(cell: Mapping[str, Any], places: Mapping[str, int]) -> dict[str, Any]:
    get = cell.get
    out = {name: get(name) for name in CELL_FIELDS}
    for name in ("metadata", "value"):
        if out[name] is not None:
            out[name] = _decoded(out[name])
    if cell.get("score_type") == "bool" and out["score"] is not None:
        out["score"] = bool(out["score"])
    out["name"] = cell["name"]
    step_id = cell.get("step_id")
    out["step"] = None if step_id is None else places.get(step_id, -1)
    return out


def _decoded(text: Any) -> Any:
    """Return the value of a JSON column; what is decoded already comes back unchanged."""
    return orjson.loads(text) if isinstance(text, str | bytes) else text


def _step(step: Step, parent: int, start: datetime | None) -> dict[str, Any]:
    (
        step_id, kind, name, model, started_at, latency, first_token_at,
        error, inputs, outputs, usage, metadata, tags,
    ) = step._values(STEP_FIELDS)  # fmt: skip
    out: dict[str, Any] = {
        "id": step_id,
        "parent": parent,
        "kind": kind,
        "name": name,
        "model": model,
        "start": _offset(started_at, start),
        "dur": latency,
        "ttft": seconds_between(started_at, first_token_at, None),
        "error": error,
        "in": inputs,
        "out": outputs,
        "usage": of_usage(usage),
        "metadata": metadata,
        "tags": tags,
    }
    return out | reading(kind, inputs, outputs)


def reading(kind: str, inputs: Any, outputs: Any) -> dict[str, Any]:
    """Return what people read of a model call or a retrieval; nothing for other steps."""
    if kind == "llm":
        asked = _plainly(inputs) or [_message(m) for m in messages_in(inputs)]
        if asked:
            answer = [_message(m) for m in messages_in(outputs)]
            return {"msgs": asked, "answer": answer or None}
    if kind == "retriever":
        found = read_passages(outputs)
        return {"docs": [{"id": each, "text": text, "score": score} for each, text, score in found]}
    return {}


def _plainly(payload: Any) -> list[dict[str, Any]] | None:
    """Read the commonest conversation, of texts alone; None: it has to be read the long way."""
    held = payload.get("messages") if type(payload) is dict else None
    if type(held) is not list or (len(payload) > 1 and not INSTRUCTIONS.isdisjoint(payload)):
        return None
    if len(held) == 1 and type(held[0]) is list:
        held = held[0]
    found = []
    for each in held:
        if type(each) is not dict or len(each) != 2:
            return None
        role, content = each.get("role"), each.get("content")
        if type(content) is not str or type(role) is not str or role not in PLAIN_ROLES:
            return None
        found.append({"role": PLAIN_ROLES[role], "text": content})
    return found


def _message(message: Message) -> dict[str, Any]:
    """Return what people read of a message; what is no text is named in brackets."""
    if len(message) == 2 and type(message.get("content")) is str:  # as most are
        return {"role": message.role, "text": message["content"]}
    others = [_shown(p) for p in message.parts if p.kind not in ("text", "reasoning", "refusal")]
    text = "\n".join(filter(None, (message.text, message.refusal, *others)))
    out: dict[str, Any] = {"role": message.role, "text": text}
    if message.get("name"):
        out["name"] = str(message["name"])
    if message.reasoning:
        out["thought"] = message.reasoning
    calls = [{"name": c.name, "arguments": c.arguments} for c in message.tool_calls]
    return out | ({"calls": calls} if calls else {})


def _shown(part: Part) -> str:
    known = part.name or (part.url if part.url and len(part.url) < 200 else None) or part.mime_type
    return f"[{part.kind} {known}]" if known else f"[{part.kind}]"


def of_usage(usage: Usage | None) -> dict[str, Any] | None:
    """Return the tokens and costs that were recorded."""
    if usage is None:
        return None
    numbers = zip(USAGE_FIELDS, _numbers(usage), strict=True)
    return {name: value for name, value in numbers if value is not None}


def _offset(moment: datetime | None, start: datetime | None) -> float | None:
    if moment is None or start is None:
        return None
    return max(0.0, round((moment - start).total_seconds(), 6))
