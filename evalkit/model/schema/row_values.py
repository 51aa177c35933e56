"""Values: a run and its steps as rows of column values, and the hash of what evaluators can see.

A row holds the values of `RUN_COLUMNS` or `STEP_COLUMNS` in that order; JSON text is `bytes`. Of
each row the hash takes the payloads, each after its name and length, then all else as one JSON
list. That order is its own and stays: a stored run is known by the hash it once got.
"""

from __future__ import annotations

import math
from collections import Counter
from hashlib import blake2b
from typing import Any

import orjson

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.schema.columns import RUN_COLUMNS, USAGE
from evalkit.model.schema.content import dumps, micros, text
from evalkit.model.score import Feedback
from evalkit.model.step import Step, model_name
from evalkit.model.timing import seconds_between
from evalkit.model.usage import Usage

RowValues = tuple[Any, ...]
RUN_NAMES = [column.name for column in RUN_COLUMNS]
CONTENT_HASH = RUN_NAMES.index("content_hash")
UPDATED_AT = RUN_NAMES.index("updated_at")
"""Where a run's `updated_at` stands: no evaluator should run again because of it."""
RUN_HEADS = tuple(
    f"{name} %d ".encode()
    for name in ("inputs", "outputs", "metadata", "interrupts", "attachments", "feedback", "extra")
)
STEP_HEADS = RUN_HEADS[:3]
DETAILS_HEAD = (b"usage_details %d ",)
EXAMPLE_HEADS = tuple(
    f"{name} %d ".encode() for name in ("inputs", "reference_outputs", "metadata", "attachments")
)
NO_USAGE = (None,) * len(USAGE)
NOT_USED = (NO_USAGE, None)
OF_OLD = 8
"""Columns of usage that a hash always has."""
FEEDBACK = ("key", "score", "value", "comment", "step_id", "evaluator", "outcome", "metadata")


def run_row(run: Run, notes: Counter[str]) -> tuple[RowValues, list[RowValues]]:
    """Return the values of a run, `content_hash` included, and of its steps."""
    small = (
        text(run.run_id, notes),
        text(run.thread_id, notes),
        text(run.assistant_id, notes),
        text(run.name, notes),
        text(run.status, notes),
        run.outcome,
        text(run.stopped, notes),
        text(run.multitask_strategy, notes),
        text(run.example_id, notes),
        _int(run.repetition, notes),
        micros(run.created_at),
        micros(run.updated_at),
        micros(run.started_at),
        micros(run.ended_at),
        micros(run.first_token_at),
        _float(run.duration_s, notes),
        _float(run.first_token_s, notes),
        _float(run.latency, notes),
        _float(run.time_to_first_token, notes),
        _float(run.queue_time, notes),
        text(run.error, notes),
        text(run.error_type, notes),
    )
    more = (
        [text(tag, notes) for tag in run.tags],
        text(run.url, notes),
        bool(run.steps_recorded),
        len(run.steps),
    )
    payloads = (
        _json(run.inputs, notes),
        _json(run.outputs, notes),
        _json(run.metadata, notes),
        dumps(run.interrupts, notes) if run.interrupts else None,
        dumps(run.attachments, notes) if run.attachments else None,
        _feedback(run.feedback, notes),
        dumps(run.extra, notes) if run.extra else None,
    )
    counts, details = NOT_USED if run.usage is None else _usage(run.usage, notes)
    pieces: list[bytes] = []  # hashed in one go: a run has hundreds
    seen = [*small[:UPDATED_AT], *small[UPDATED_AT + 1 :], *more]
    _feed(pieces, seen, RUN_HEADS, payloads, counts, details)
    steps = [_step_row(step, notes, pieces) for step in run.steps]
    return (*small, *counts, *more, _digest(pieces), details, *payloads), steps


def _step_row(step: Step, notes: Counter[str], pieces: list[bytes]) -> RowValues:
    """Return the values of a step; what is hashed of it goes to `pieces`."""
    started_at, ended_at, first_token_at = step.started_at, step.ended_at, step.first_token_at
    inputs, outputs, metadata, usage = step.inputs, step.outputs, step.metadata, step.usage
    model, stated = model_name(metadata), step.duration_s
    small = (
        *_texts((step.step_id, step.parent_id, step.kind, step.name, model, step.error), notes),
        micros(started_at),
        micros(ended_at),
        micros(first_token_at),
        _float(stated, notes),
        _float(seconds_between(started_at, ended_at, stated), notes),
        _float(seconds_between(started_at, first_token_at, None), notes),
    )
    tags = [text(tag, notes) for tag in step.tags] if step.tags else []
    payloads = (
        None if inputs is None else dumps(inputs, notes),
        None if outputs is None else dumps(outputs, notes),
        dumps(metadata, notes) if metadata else None,
    )
    counts, details = NOT_USED if usage is None else _usage(usage, notes)
    _feed(pieces, [*small, tags], STEP_HEADS, payloads, counts, details)
    return (*small, *counts, tags, details, *payloads)


def _texts(values: RowValues, notes: Counter[str]) -> RowValues:
    """Return texts that UTF-8 can hold; that all are plain ASCII shows in one look."""
    try:
        if "".join([value for value in values if value is not None]).isascii():
            return values
    except TypeError:
        pass  # one is no text yet
    return tuple([text(value, notes) for value in values])


def example_row(example: Example, notes: Counter[str]) -> RowValues:
    """Return the values of an example, `example_hash` at the end; `extra` is no part of it."""
    split = example.split
    names = [] if split is None else [split] if isinstance(split, str) else list(split)
    example_id, splits = text(example.example_id, notes), [text(name, notes) for name in names]
    payloads = (
        _json(example.inputs, notes),
        _json(example.reference_outputs, notes),
        dumps(example.metadata, notes) if example.metadata else None,
        dumps(example.attachments, notes) if example.attachments else None,
    )
    pieces: list[bytes] = []
    seen = [example_id, splits]
    _take(pieces, seen, EXAMPLE_HEADS, payloads)
    pieces.append(orjson.dumps(seen))
    extra = dumps(example.extra, notes) if example.extra else None
    return (example_id, splits, *payloads, extra, _digest(pieces))


def content_hash(run: Run) -> str:
    """Return the hash of what evaluators can see of a run; `updated_at` does not change it."""
    return str(run_row(run, Counter())[0][CONTENT_HASH])


def _feed(
    pieces: list[bytes],
    seen: list[Any],
    heads: tuple[bytes, ...],
    payloads: RowValues,
    counts: RowValues,
    details: bytes | None,
) -> None:
    """Add a row to what is hashed: `seen` and the usage as JSON, after the payloads."""
    _take(pieces, seen, heads, payloads)
    if counts is NO_USAGE:
        seen += (*NO_USAGE, None)
    else:
        first, second, total, *costs, cached, reasoning = counts[:OF_OLD]
        seen += (first, second, total, cached, reasoning, *costs)
        later = counts[OF_OLD:-1]  # not what a cost was computed from: its name is no change
        if any(value is not None for value in later):  # hashes of before stay
            seen += later
        _take(pieces, seen, DETAILS_HEAD, (details,))
    pieces.append(orjson.dumps(seen))


def _take(
    pieces: list[bytes], seen: list[Any], heads: tuple[bytes, ...], payloads: RowValues
) -> None:
    for head, data in zip(heads, payloads, strict=True):
        if data is None:
            seen.append(None)
        else:
            pieces += (head % len(data), data)


def _digest(pieces: list[bytes]) -> str:
    return blake2b(b"".join(pieces), digest_size=16).hexdigest()


def _usage(usage: Usage, notes: Counter[str]) -> tuple[RowValues, bytes | None]:
    """Return the values of the columns `USAGE`, and of `usage_details`."""
    counts = (
        _int(usage.input_tokens, notes),
        _int(usage.output_tokens, notes),
        _int(usage.total_tokens, notes),
        _float(usage.input_cost, notes),
        _float(usage.output_cost, notes),
        _float(usage.total_cost, notes),
        _int(usage.cache_read_tokens, notes),
        _int(usage.reasoning_tokens, notes),
        _int(usage.cache_write_tokens, notes),
        usage.currency,
        usage.cost_source,
    )
    for note in usage.notes:
        notes[note] += 1
    return counts, dumps(usage.details, notes) if usage.details else None


def _feedback(items: tuple[Feedback, ...], notes: Counter[str]) -> bytes | None:
    if not items:
        return None
    return dumps([{name: getattr(item, name) for name in FEEDBACK} for item in items], notes)


def _json(value: Any, notes: Counter[str]) -> bytes | None:
    return None if value is None else dumps(value, notes)


def _int(value: Any, notes: Counter[str]) -> int | None:
    if value is None or (type(value) is int and -(2**63) <= value < 2**63):
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
