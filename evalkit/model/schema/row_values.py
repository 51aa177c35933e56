"""Values: a run and its steps as rows of column values, and the hash of what evaluators can see.

A row holds the values of `RUN_COLUMNS` or `STEP_COLUMNS` in that order; JSON text is `bytes`.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import orjson

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.schema.columns import USAGE
from evalkit.model.schema.content import dumps, micros, text
from evalkit.model.schema.hashes import (
    CONTENT_HASH,
    REPETITION,
    RowValues,
    body_hash,
    content_hash_of,
    joined_hash,
    take,
)
from evalkit.model.score import Feedback
from evalkit.model.step import Step, model_name
from evalkit.model.timing import seconds_between
from evalkit.model.usage import Usage

EXAMPLE_HEADS = tuple(
    f"{name} %d ".encode() for name in ("inputs", "reference_outputs", "metadata", "attachments")
)
NO_USAGE = (None,) * len(USAGE)
NOT_USED = (NO_USAGE, None)
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
        as_int(run.repetition, notes),
        micros(run.created_at),
        micros(run.updated_at),
        micros(run.started_at),
        micros(run.ended_at),
        micros(run.first_token_at),
        as_float(run.duration_s, notes),
        as_float(run.first_token_s, notes),
        as_float(run.latency, notes),
        as_float(run.time_to_first_token, notes),
        as_float(run.queue_time, notes),
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
    counts, details = NOT_USED if run.usage is None else usage_values(run.usage, notes)
    steps = [_step_row(step, notes) for step in run.steps]
    row = (*small, *counts, *more, None, details, *payloads)
    content = content_hash_of(body_hash(row, steps), row[REPETITION])
    return (*row[:CONTENT_HASH], content, *row[CONTENT_HASH + 1 :]), steps


def _step_row(step: Step, notes: Counter[str]) -> RowValues:
    """Return the values of a step."""
    started_at, ended_at, first_token_at = step.started_at, step.ended_at, step.first_token_at
    inputs, outputs, metadata, usage = step.inputs, step.outputs, step.metadata, step.usage
    model, stated = model_name(metadata), step.duration_s
    small = (
        *_texts((step.step_id, step.parent_id, step.kind, step.name, model, step.error), notes),
        micros(started_at),
        micros(ended_at),
        micros(first_token_at),
        as_float(stated, notes),
        as_float(seconds_between(started_at, ended_at, stated), notes),
        as_float(seconds_between(started_at, first_token_at, None), notes),
    )
    tags = [text(tag, notes) for tag in step.tags] if step.tags else []
    payloads = (
        None if inputs is None else dumps(inputs, notes),
        None if outputs is None else dumps(outputs, notes),
        dumps(metadata, notes) if metadata else None,
    )
    counts, details = NOT_USED if usage is None else usage_values(usage, notes)
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
    extra = dumps(example.extra, notes) if example.extra else None
    return example_values(example_id, splits, payloads, extra)


def example_values(
    example_id: str | None,
    splits: list[str | None],
    payloads: tuple[bytes | None, ...],
    extra: bytes | None,
) -> RowValues:
    """Return the values of an example whose payloads are texts, its hash at the end."""
    pieces: list[bytes] = []
    seen = [example_id, splits]
    take(pieces, seen, EXAMPLE_HEADS, payloads)
    pieces.append(orjson.dumps(seen))
    return (example_id, splits, *payloads, extra, joined_hash(pieces))


def content_hash(run: Run) -> str:
    """Return the hash of what evaluators can see of a run; `updated_at` does not change it."""
    return str(run_row(run, Counter())[0][CONTENT_HASH])


def usage_values(usage: Usage, notes: Counter[str]) -> tuple[RowValues, bytes | None]:
    """Return the values of the columns `USAGE`, and of `usage_details`."""
    counts = (
        as_int(usage.input_tokens, notes),
        as_int(usage.output_tokens, notes),
        as_int(usage.total_tokens, notes),
        as_float(usage.input_cost, notes),
        as_float(usage.output_cost, notes),
        as_float(usage.total_cost, notes),
        as_int(usage.cache_read_tokens, notes),
        as_int(usage.reasoning_tokens, notes),
        as_int(usage.cache_write_tokens, notes),
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


def as_int(value: Any, notes: Counter[str]) -> int | None:
    """Return a whole number of 64 bits; one that is larger is missing."""
    if value is None or (type(value) is int and -(2**63) <= value < 2**63):
        return value
    number = as_float(value, notes)
    return None if number is None or abs(number) >= 2**63 else int(number)


def as_float(value: Any, notes: Counter[str]) -> float | None:
    """Return a finite number; any other is missing, and noted."""
    if value is None:
        return None
    number = float(value)
    if math.isfinite(number):
        return number
    notes["numbers that were not finite left out"] += 1
    return None
