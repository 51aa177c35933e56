"""evalkit's own JSON Lines made rows at once; what is not plain goes the long way.

A line is parsed once. Its payloads are written from what was parsed, each by itself: writing the
whole line anew and reading it again, to cut payloads out of that, took half as long again.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import msgspec
from msgspec import Struct
from orjson import JSONEncodeError, dumps

from evalkit.fetchers.files.formats.own_usage import usage_of
from evalkit.model.outcome import OUTCOMES, outcome_of
from evalkit.model.schema.batch import UNSEEN, Odd, RunRows, Times, made_rows, text_of
from evalkit.model.schema.row_values import NOT_USED
from evalkit.model.step import KINDS
from evalkit.model.views import error_type

KNOWN = frozenset(KINDS)
ENDINGS = frozenset(OUTCOMES)
NO_METADATA = None, None
REMEMBERED, SHORT = 4096, 4096
"""How many texts of metadata are remembered, and of how many bytes at most."""


class StepRecord(Struct, forbid_unknown_fields=True, gc=False):
    """A step as evalkit writes it."""

    step_id: str
    parent_id: str | None = None
    kind: str = "other"
    name: str = ""
    inputs: Any = None
    outputs: Any = None
    error: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    first_token_at: str | None = None
    duration_s: float | None = None
    usage: Any = None
    metadata: Any = {}
    tags: list[str] = []


class RunRecord(Struct, forbid_unknown_fields=True, gc=False):
    """A run as evalkit writes it."""

    run_id: str
    kind: Literal["run"] = "run"
    thread_id: str | None = None
    assistant_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    status: str = "success"
    metadata: Any = None
    multitask_strategy: str | None = None
    name: str | None = None
    inputs: Any = None
    outputs: Any = None
    error: str | None = None
    steps: list[StepRecord] | None = None
    example_id: str | None = None
    repetition: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    first_token_at: str | None = None
    duration_s: float | None = None
    first_token_s: float | None = None
    usage: Any = None
    tags: list[str] = []
    interrupts: Any = []
    attachments: Any = {}
    feedback: list[Any] = []
    url: str | None = None
    extra: Any = {}
    steps_recorded: bool | None = None
    stopped: str | None = None


class Reader:
    """Reads records; remembers the times it has seen."""

    def __init__(self) -> None:
        self._times = Times()
        self._metadata: dict[bytes, tuple[bytes | None, str | None]] = {}

    def run(self, value: Any) -> RunRecord:
        """Return the record of a run, of what `parsed` made of its text."""
        try:
            record = msgspec.convert(value, RunRecord)
        except msgspec.ValidationError as error:
            raise Odd(str(error)) from None
        if type(record.attachments) is not dict or type(record.extra) is not dict:
            raise Odd("a field of another type")
        if type(record.interrupts) is not list or not _is_object(record.metadata):
            raise Odd("a field of another type")
        if not record.run_id or record.feedback:
            raise Odd("no id, or scores")
        if record.stopped is not None and record.stopped not in ENDINGS:
            raise Odd("an ending nobody knows")
        return record

    def rows(self, record: RunRecord, repetition: int | None) -> RunRows:
        """Return the rows of a run."""
        try:
            return self._rows(record, repetition)
        except JSONEncodeError:
            raise Odd("nested deeper than text is written") from None

    def _rows(self, record: RunRecord, repetition: int | None) -> RunRows:
        notes: Counter[str] = Counter()
        steps = [self._step(step, notes) for step in record.steps or ()]
        counts, details = NOT_USED if record.usage is None else usage_of(record.usage, notes)
        micros = self._times.micros
        created, updated, started, ended, first = map(
            micros, (record.created_at, record.updated_at, record.started_at, record.ended_at,
                     record.first_token_at),
        )  # fmt: skip
        recorded = record.steps is not None
        if record.steps_recorded is not None:
            recorded = record.steps_recorded
        outcome = outcome_of(record.status, record.error, record.stopped, bool(record.interrupts))
        row = (
            record.run_id, record.thread_id, record.assistant_id, record.name, record.status,
            outcome, record.stopped, record.multitask_strategy, record.example_id, repetition,
            created, updated, started, ended, first, record.duration_s, record.first_token_s,
            _seconds(started, ended, record.duration_s),
            _seconds(started, first, record.first_token_s), _seconds(created, started, None),
            record.error, error_type(record.error), *counts, record.tags, record.url, recorded,
            len(steps), None, details, _body(record.inputs), _body(record.outputs),
            _body(record.metadata), _unless(record.interrupts), _unless(record.attachments), None,
            _unless(record.extra),
        )  # fmt: skip
        return made_rows(row, steps, notes)

    def _step(self, step: StepRecord, notes: Counter[str]) -> tuple[Any, ...]:
        if not step.step_id:
            raise Odd("a step without an id")
        seen, micros = self._times.seen.get, self._times.micros
        started, ended = seen(step.started_at, UNSEEN), seen(step.ended_at, UNSEEN)
        if started is UNSEEN:
            started = micros(step.started_at)
        if ended is UNSEEN:
            ended = micros(step.ended_at)
        first = None if step.first_token_at is None else micros(step.first_token_at)
        counts, details = NOT_USED if step.usage is None else usage_of(step.usage, notes)
        metadata, model = self._about(step.metadata)
        inputs, outputs, stated = step.inputs, step.outputs, step.duration_s
        return (
            step.step_id, step.parent_id, step.kind if step.kind in KNOWN else "other", step.name,
            model, step.error, started, ended, first, stated,
            stated if started is None or ended is None else (ended - started) / 1_000_000,
            None if started is None or first is None else (first - started) / 1_000_000,
            *counts, step.tags, details,
            None if inputs is None else text_of(inputs),
            None if outputs is None else text_of(outputs), metadata,
        )  # fmt: skip

    def _about(self, metadata: Any) -> tuple[bytes | None, str | None]:
        """Return the text of a step's metadata and the model it names: most steps repeat them."""
        if type(metadata) is not dict:
            raise Odd("metadata that is no object")
        if not metadata:
            return NO_METADATA
        text = dumps(metadata)
        found = self._metadata.get(text)
        if found is None:
            found = (text, _model(text))
            if len(text) <= SHORT:
                if len(self._metadata) >= REMEMBERED:
                    self._metadata.clear()
                self._metadata[text] = found
        return found


class _Meta(Struct, gc=False, rename={"gen_ai": "gen_ai.request.model", "llm": "llm.model_name"}):
    model: str | None = None
    ls_model_name: str | None = None
    model_name: str | None = None
    gen_ai: str | None = None
    llm: str | None = None


_decode_meta = msgspec.json.Decoder(_Meta).decode


def _model(metadata: bytes) -> str | None:
    if b"model" not in metadata:
        return None
    try:
        found = _decode_meta(metadata)
    except msgspec.ValidationError:
        raise Odd("a model that is no text") from None
    names = (found.model, found.ls_model_name, found.model_name, found.gen_ai, found.llm)
    return next(filter(None, names), None)


def _is_object(value: Any) -> bool:
    return value is None or type(value) is dict


def _body(value: Any) -> bytes | None:
    return None if value is None else text_of(value)


def _unless(value: Any) -> bytes | None:
    """Return the text of what is not empty."""
    return text_of(value) if value else None


def _seconds(start: int | None, end: int | None, stated: float | None) -> float | None:
    return stated if start is None or end is None else (end - start) / 1_000_000
