"""evalkit's own JSON Lines made rows at once; what is not plain goes the long way."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

from evalkit.fetchers.files.formats.own_usage import usage_of
from evalkit.model.outcome import OUTCOMES, outcome_of
from evalkit.model.schema.batch import Odd, RunRows, Times, made_rows
from evalkit.model.schema.quick import FALSY, NULL
from evalkit.model.schema.row_values import NOT_USED
from evalkit.model.step import KINDS
from evalkit.model.views import error_type

KNOWN = frozenset(KINDS)
ENDINGS = frozenset(OUTCOMES)
REMEMBERED, SHORT = 4096, 4096
"""How many texts of metadata are remembered, and of how many bytes at most."""
_of_step = attrgetter("started_at", "ended_at", "first_token_at")


class StepRecord(Struct, forbid_unknown_fields=True, gc=False):
    """A step as evalkit writes it."""

    step_id: str
    parent_id: str | None = None
    kind: str = "other"
    name: str = ""
    inputs: Raw = NULL
    outputs: Raw = NULL
    error: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    first_token_at: str | None = None
    duration_s: float | None = None
    usage: Raw = NULL
    metadata: Raw = Raw(b"{}")
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
    metadata: Raw = NULL
    multitask_strategy: str | None = None
    name: str | None = None
    inputs: Raw = NULL
    outputs: Raw = NULL
    error: str | None = None
    steps: list[StepRecord] | None = None
    example_id: str | None = None
    repetition: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    first_token_at: str | None = None
    duration_s: float | None = None
    first_token_s: float | None = None
    usage: Raw = NULL
    tags: list[str] = []
    interrupts: Raw = Raw(b"[]")
    attachments: Raw = Raw(b"{}")
    feedback: list[Raw] = []
    url: str | None = None
    extra: Raw = Raw(b"{}")
    steps_recorded: bool | None = None
    stopped: str | None = None


_decode = msgspec.json.Decoder(RunRecord).decode


class Reader:
    """Reads records; remembers the times it has seen."""

    def __init__(self) -> None:
        self._times = Times()
        self._metadata: dict[bytes, tuple[bytes | None, str | None]] = {}

    def run(self, text: bytes) -> RunRecord:
        """Return the record of a run, from text that `json_text` made."""
        try:
            record = _decode(text)
        except msgspec.ValidationError as error:
            raise Odd(str(error)) from None
        objects = (record.metadata, record.attachments, record.extra)
        kinds = (b"{", b"{", b"{", b"[")
        for raw, kind in zip((*objects, record.interrupts), kinds, strict=True):
            if bytes(raw)[:1] != kind and raw is not record.metadata:
                raise Odd("a field of another type")
        metadata = bytes(record.metadata)
        if not record.run_id or record.feedback or (metadata != b"null" and metadata[:1] != b"{"):
            raise Odd("scores, or a field of another type")
        if record.stopped is not None and record.stopped not in ENDINGS:
            raise Odd("an ending nobody knows")
        return record

    def rows(self, record: RunRecord, repetition: int | None) -> RunRows:
        """Return the rows of a run."""
        notes: Counter[str] = Counter()
        steps = [self._step(step, notes) for step in record.steps or ()]
        counts, details = usage_of(record.usage, notes)
        micros = self._times.micros
        created, updated, started, ended, first = map(
            micros, (record.created_at, record.updated_at, record.started_at, record.ended_at,
                     record.first_token_at),
        )  # fmt: skip
        recorded = record.steps is not None
        if record.steps_recorded is not None:
            recorded = record.steps_recorded
        interrupts, attachments = _unless(record.interrupts), _unless(record.attachments)
        outcome = outcome_of(record.status, record.error, record.stopped, bool(interrupts))
        row = (
            record.run_id, record.thread_id, record.assistant_id, record.name, record.status,
            outcome, record.stopped, record.multitask_strategy, record.example_id, repetition,
            created, updated, started, ended, first, record.duration_s, record.first_token_s,
            _seconds(started, ended, record.duration_s),
            _seconds(started, first, record.first_token_s), _seconds(created, started, None),
            record.error, error_type(record.error), *counts, record.tags, record.url, recorded,
            len(steps), None, details, _body(record.inputs), _body(record.outputs),
            _body(record.metadata), interrupts, attachments, None, _unless(record.extra),
        )  # fmt: skip
        return made_rows(row, steps, notes)

    def _step(self, step: StepRecord, notes: Counter[str]) -> tuple[Any, ...]:
        if not step.step_id:
            raise Odd("a step without an id")
        times = self._times.seen
        try:
            started, ended = times[step.started_at], times[step.ended_at]
            first = times[step.first_token_at]
        except KeyError:
            started, ended, first = map(self._times.micros, _of_step(step))
        counts, details = NOT_USED if step.usage is NULL else usage_of(step.usage, notes)
        metadata, model = self._about(bytes(step.metadata))
        inputs, outputs, stated = bytes(step.inputs), bytes(step.outputs), step.duration_s
        return (
            step.step_id, step.parent_id, step.kind if step.kind in KNOWN else "other", step.name,
            model, step.error, started, ended, first, stated,
            stated if started is None or ended is None else (ended - started) / 1_000_000,
            None if started is None or first is None else (first - started) / 1_000_000,
            *counts, step.tags, details,
            None if inputs == b"null" else inputs, None if outputs == b"null" else outputs,
            metadata,
        )  # fmt: skip

    def _about(self, text: bytes) -> tuple[bytes | None, str | None]:
        """Return the metadata of a step and the model it names: most steps repeat them."""
        found = self._metadata.get(text)
        if found is None:
            if text[:1] != b"{":
                raise Odd("metadata that is no object")
            kept = None if text in FALSY else text
            found = (kept, _model(kept))
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


def _model(metadata: bytes | None) -> str | None:
    if metadata is None or b"model" not in metadata:
        return None
    try:
        found = _decode_meta(metadata)
    except msgspec.ValidationError:
        raise Odd("a model that is no text") from None
    names = (found.model, found.ls_model_name, found.model_name, found.gen_ai, found.llm)
    return next(filter(None, names), None)


def _body(raw: Raw) -> bytes | None:
    text = bytes(raw)
    return None if text == b"null" else text


def _unless(raw: Raw) -> bytes | None:
    """Return the text of what is not empty."""
    text = bytes(raw)
    return None if text in FALSY else text


def _seconds(start: int | None, end: int | None, stated: float | None) -> float | None:
    return stated if start is None or end is None else (end - start) / 1_000_000
