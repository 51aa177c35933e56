"""Content: a run as flat column values, its payloads as JSON text, and the hash of it all.

JSON text here is always valid: lone surrogates become U+FFFD, NaN and the infinities become the
strings `"NaN"`, `"Infinity"` and `"-Infinity"`, integers beyond 64 bits become text, and what JSON
cannot hold becomes the nearest thing it can. A `Counter` says how often.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import Feedback
from evalkit.model.step import Step
from evalkit.model.usage import USAGE_FIELDS, Usage

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SURROGATES = re.compile("[\ud800-\udfff]")
DEEPEST = 120
"""Payloads nested deeper are cut there and end in text; orjson reads back at most 1,024 levels."""
NO_USAGE = dict.fromkeys((*USAGE_FIELDS, "usage_details"))
UNSEEN = frozenset({"updated_at", "content_hash"})
"""Columns that are left out of the content hash: no evaluator should run again because of them."""

Values = dict[str, Any]


def dumps(value: Any, notes: Counter[str] | None = None) -> bytes:
    """Return the value as JSON text in UTF-8; whatever cannot be written exactly is counted."""
    try:
        text = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError, RecursionError):
        return orjson.dumps(_clean(value, Counter() if notes is None else notes, 0))
    if b"null" in text and _not_finite(value):  # orjson writes NaN as null
        return orjson.dumps(_clean(value, Counter() if notes is None else notes, 0))
    return text


def text(value: Any, notes: Counter[str] | None = None) -> str | None:
    """Return text that UTF-8 can hold, or `None`."""
    if value is None:
        return None
    value = value if isinstance(value, str) else str(value)
    if value.isascii() or not SURROGATES.search(value):
        return value if type(value) is str else str.__str__(value)
    if notes is not None:
        notes["lone surrogates replaced"] += 1
    return SURROGATES.sub("\ufffd", value)


def micros(value: datetime | None) -> int | None:
    """Return microseconds since 1970 in UTC."""
    if value is None:
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return (value - EPOCH) // MICROSECOND


def from_micros(value: int | None) -> datetime | None:
    """Return the UTC time of microseconds since 1970."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


def run_values(run: Run, notes: Counter[str]) -> tuple[Values, list[Values]]:
    """Return the values of a run's columns, `content_hash` included, and of its steps'."""
    steps = [step_values(step, notes) for step in run.steps]
    values: Values = {
        "run_id": text(run.run_id, notes),
        "thread_id": text(run.thread_id, notes),
        "assistant_id": text(run.assistant_id, notes),
        "name": text(run.name, notes),
        "status": text(run.status, notes),
        "outcome": run.outcome,
        "stopped": text(run.stopped, notes),
        "multitask_strategy": text(run.multitask_strategy, notes),
        "example_id": text(run.example_id, notes),
        "repetition": _int(run.repetition, notes),
        "created_at": micros(run.created_at),
        "updated_at": micros(run.updated_at),
        "started_at": micros(run.started_at),
        "ended_at": micros(run.ended_at),
        "first_token_at": micros(run.first_token_at),
        "duration_s": _float(run.duration_s, notes),
        "first_token_s": _float(run.first_token_s, notes),
        "latency_s": _float(run.latency, notes),
        "ttft_s": _float(run.time_to_first_token, notes),
        "queue_s": _float(run.queue_time, notes),
        "error": text(run.error, notes),
        "error_type": text(run.error_type, notes),
        "tags": [text(tag, notes) for tag in run.tags],
        "url": text(run.url, notes),
        "steps_recorded": bool(run.steps_recorded),
        "n_steps": len(steps),
        "inputs": _json(run.inputs, notes),
        "outputs": _json(run.outputs, notes),
        "metadata": _json(run.metadata, notes),
        "interrupts": dumps(run.interrupts, notes) if run.interrupts else None,
        "attachments": dumps(run.attachments, notes) if run.attachments else None,
        "feedback": _feedback_json(run.feedback, notes),
        "extra": dumps(run.extra, notes) if run.extra else None,
    }
    _usage(values, run.usage, notes)
    values["content_hash"] = _hash(values, steps)
    return values, steps


def step_values(step: Step, notes: Counter[str]) -> Values:
    """Return the values of a step's columns."""
    values: Values = {
        "step_id": text(step.step_id, notes),
        "parent_id": text(step.parent_id, notes),
        "kind": text(step.kind, notes),
        "name": text(step.name, notes),
        "model": text(step.model, notes),
        "error": text(step.error, notes),
        "started_at": micros(step.started_at),
        "ended_at": micros(step.ended_at),
        "first_token_at": micros(step.first_token_at),
        "duration_s": _float(step.duration_s, notes),
        "latency_s": _float(step.latency, notes),
        "ttft_s": _float(step.time_to_first_token, notes),
        "tags": [text(tag, notes) for tag in step.tags],
        "inputs": _json(step.inputs, notes),
        "outputs": _json(step.outputs, notes),
        "metadata": dumps(step.metadata, notes) if step.metadata else None,
    }
    _usage(values, step.usage, notes)
    return values


def example_values(example: Example, notes: Counter[str]) -> Values:
    """Return the values of an example's columns."""
    split = example.split
    names = [] if split is None else [split] if isinstance(split, str) else list(split)
    return {
        "example_id": text(example.example_id, notes),
        "split": [text(name, notes) for name in names],
        "inputs": _json(example.inputs, notes),
        "reference_outputs": _json(example.reference_outputs, notes),
        "metadata": dumps(example.metadata, notes) if example.metadata else None,
        "attachments": dumps(example.attachments, notes) if example.attachments else None,
    }


def content_hash(run: Run) -> str:
    """Return the hash of what evaluators can see of a run; `updated_at` does not change it."""
    return str(run_values(run, Counter())[0]["content_hash"])


def example_hash(values: Values) -> str:
    """Return the hash of an example's column values."""
    return _hash(values, [])


def _hash(values: Values, steps: list[Values]) -> str:
    pieces: list[bytes] = []  # joined once: a run has hundreds
    for row in (values, *steps):
        small = []
        for name, value in row.items():
            if type(value) is bytes:
                pieces += (b"%s %d " % (name.encode(), len(value)), value)
            elif name not in UNSEEN:
                small.append(value)
        pieces.append(orjson.dumps(small))
    return blake2b(b"".join(pieces), digest_size=16).hexdigest()


def _usage(values: Values, usage: Usage | None, notes: Counter[str]) -> None:
    if usage is None:
        values.update(NO_USAGE)
        return
    for name in USAGE_FIELDS:
        value = getattr(usage, name)
        convert = _int if name.endswith("tokens") else _float
        values[name] = None if value is None else convert(value, notes)
    values["usage_details"] = dumps(usage.details, notes) if usage.details else None


def _feedback_json(items: tuple[Feedback, ...], notes: Counter[str]) -> bytes | None:
    names = ("key", "score", "value", "comment", "step_id", "evaluator", "outcome", "metadata")
    if not items:
        return None
    return dumps([{name: getattr(item, name) for name in names} for item in items], notes)


def _json(value: Any, notes: Counter[str]) -> bytes | None:
    return None if value is None else dumps(value, notes)


def _int(value: Any, notes: Counter[str]) -> int | None:
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    number = _float(value, notes)
    return None if number is None or abs(number) >= 2**63 else int(number)


def _float(value: Any, notes: Counter[str]) -> float | None:
    if value is None:
        return None
    number = float(value)
    if math.isfinite(number):
        return number
    notes["numbers that were not finite left out"] += 1
    return None


def _plain(value: Any) -> Any:
    """Say what orjson should write for a value it does not know."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    for name in ("model_dump", "tolist", "to_dict"):  # pydantic, numpy, many others
        method = getattr(value, name, None)
        if callable(method):
            return method()
    return str(value)


def _not_finite(value: Any) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)  # exact types first: payloads are almost all plain JSON
        if kind is str or kind is int or kind is bool or item is None:
            continue
        if kind is dict or isinstance(item, Mapping):
            waiting.extend(item.values())
        elif kind is list or isinstance(item, list | tuple):
            waiting.extend(item)
        elif isinstance(item, float) and not math.isfinite(item):
            return True
    return False


def _clean(value: Any, notes: Counter[str], depth: int) -> Any:
    """Return the value with everything replaced that JSON text cannot hold."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, notes)
    if isinstance(value, int):
        if -(2**63) <= value < 2**64:
            return int(value)
        notes["integers beyond 64 bits written as text"] += 1
        return str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _name_of(value, notes)
    if depth > DEEPEST:
        notes["payloads nested too deeply cut"] += 1
        return "(nested too deeply)"
    if isinstance(value, Mapping):
        return {
            text(key, notes) or "": _clean(each, notes, depth + 1) for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_clean(each, notes, depth + 1) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return _clean(_plain(value), notes, depth + 1)


def _name_of(value: float, notes: Counter[str]) -> str:
    notes["NaN and infinities in payloads written as text"] += 1
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
