"""Quick records: mapped values become rows at once, where no run is needed to make them."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from evalkit.errors import StoreError
from evalkit.fetchers.files.mapping.build import Builder
from evalkit.fetchers.files.mapping.examples import asked_text
from evalkit.fetchers.files.mapping.mapping import FieldMap
from evalkit.model.example import Example
from evalkit.model.outcome import outcome_of
from evalkit.model.schema.batch import RunRows, made_rows
from evalkit.model.schema.content import dumps, micros, text
from evalkit.model.schema.row_values import NOT_USED, as_float, as_int, usage_values
from evalkit.model.timing import seconds_between
from evalkit.model.views import error_type, unread_alone

Notes = Counter[str]
LONG = frozenset(("messages", "steps", "feedback", "interrupts", "attachments", "extra"))
"""Fields for which a run is made."""


class BuiltRows(NamedTuple):
    """A run as rows, and the example it answered."""

    run: RunRows
    example: Example | None
    of_dataset: bool
    example_text: bytes | None = None
    """The example's record, where only its inputs are known, which are the run's."""


def is_plain(fields: FieldMap) -> bool:
    """Tell whether a mapping names no field for which a run has to be made."""
    return not any(field.path[0] in LONG for field in fields.fields)


def build_rows(builder: Builder, values: dict[str, Any], made_id: str, where: str) -> BuiltRows:
    """Return what `Builder.build` makes of values without those of `LONG`, as rows."""
    notes: Notes = Counter()
    asked = builder.asked(values)
    outputs = builder.fields.whole(values, "outputs")
    usage = builder.stated(values, where)
    run_id = values.get("run_id") or made_id
    try:
        counts, details = NOT_USED if usage is None else usage_values(usage, notes)
        payloads = (
            _json(asked.inputs, notes),
            _json(outputs, notes),
            _json(builder.fields.whole(values, "metadata"), notes),
        )
        ids = (text(run_id, notes), text(asked.example_id, notes), as_int(asked.repetition, notes))
        head, tags = _head(values, builder.status(values), ids, notes), values.get("tags", ())
        more = ([text(tag, notes) for tag in tags], text(values.get("url"), notes), False, 0)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StoreError(
            f"run {run_id!r}: cannot be stored ({error}). Correct the field at its source."
        ) from None
    row = (*head, *counts, *more, None, details, *payloads, None, None, None, None)
    made = made_rows(row, [], notes, unread_alone(asked.inputs, outputs))
    example = asked.example
    known = None
    if example is not None and not notes and _says_inputs_alone(example):
        known = asked_text(example.example_id, payloads[0] or b"null")
    return BuiltRows(made, example, asked.of_dataset, known)


def _says_inputs_alone(example: Example) -> bool:
    more = (example.reference_outputs, example.split, example.metadata or None)
    return more == (None, None, None) and not (example.attachments or example.extra)


def _head(
    values: dict[str, Any], status: str, ids: tuple[Any, Any, Any], notes: Notes
) -> tuple[Any, ...]:
    """Return the values of the columns before those of usage."""
    get = values.get
    run_id, example_id, repetition = ids
    created, started, ended = get("created_at"), get("started_at"), get("ended_at")
    first, error, stopped = get("first_token_at"), get("error"), get("stopped")
    duration, token = get("duration_s"), get("first_token_s")
    return (
        run_id, text(get("thread_id"), notes), text(get("assistant_id"), notes),
        text(get("name"), notes), text(status, notes),
        outcome_of(status, error, stopped, False), text(stopped, notes), None,
        example_id, repetition, micros(created), micros(get("updated_at")), micros(started),
        micros(ended), micros(first), as_float(duration, notes), as_float(token, notes),
        as_float(seconds_between(started, ended, duration), notes),
        as_float(seconds_between(started, first, token), notes),
        as_float(seconds_between(created, started, None), notes),
        text(error, notes), text(error_type(error), notes),
    )  # fmt: skip


def _json(value: Any, notes: Notes) -> bytes | None:
    return None if value is None else dumps(value, notes)
