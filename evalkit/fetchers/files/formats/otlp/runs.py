"""Runs: the spans of a trace, described, become a run with its steps."""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import IO, Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.formats.otlp.describe import Described, describe
from evalkit.fetchers.files.formats.otlp.evaluations import evaluations
from evalkit.fetchers.files.formats.otlp.filling import fill
from evalkit.fetchers.files.formats.otlp.forms.raw import RawSpan
from evalkit.fetchers.files.formats.otlp.vocabularies.said import UNANSWERED
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.scores import feedback_of
from evalkit.fetchers.files.mapping.traces import Span, roots_of, steps_of
from evalkit.model.example import Example
from evalkit.model.outcome import ROOTLESS
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.model.step import Step

LEAVES = ("llm", "tool", "retriever")
"""Kinds that stay a step even when they are all there is of a trace."""
EXAMPLES = ("example_id", "exampleId", "example.id")
SILENT = ("model_chunk",)
"""Spans that only repeat a part of the answer of the call around them."""


@dataclass(slots=True)
class Told:
    """What a trace says beyond its spans."""

    threads: dict[str, str] = field(default_factory=dict)
    """By span, what it says of the conversation."""
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    interrupts: list[Any] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    entered: set[str] = field(default_factory=set)
    """Spans that another process called: whole without their parent."""
    stepped: bool = False
    """Whether an agent's steps were recorded as such."""


class Traces:
    """Spans by trace, as they come; with `spill` they wait on disk until all have come."""

    def __init__(self, *, spill: bool = False) -> None:
        self._spans: dict[str, dict[str, RawSpan | int]] = {}
        """By trace and span: the span, or where it begins in the file."""
        self._file = tempfile.TemporaryFile(prefix="evalkit-") if spill else None  # noqa: SIM115

    def add(self, span: RawSpan) -> bool:
        """Keep a span; tells whether it was there already."""
        spans = self._spans.setdefault(span.trace_id, {})
        known = span.id in spans
        spans[span.id] = span if self._file is None else self._put(self._file, span)
        return known

    def _put(self, file: IO[bytes], span: RawSpan) -> int:
        at = file.tell()
        pickle.dump(span, file, pickle.HIGHEST_PROTOCOL)
        return at

    def _taken(self, kept: RawSpan | int) -> RawSpan:
        """Return a span; what lies in the file was written there by this process alone."""
        if self._file is None or not isinstance(kept, int):
            assert isinstance(kept, RawSpan)
            return kept
        self._file.seek(kept)
        span: RawSpan = pickle.load(self._file)
        return span

    def items(self, reading: Reading) -> Iterator[Item]:
        """Yield the run of every trace."""
        repetitions: Counter[str] = Counter()
        for trace_id, spans in self._spans.items():
            whole = [self._taken(each) for each in spans.values()]
            run, example, orphans = to_run(trace_id, whole, repetitions)
            reading.tally.orphans += orphans
            if example is not None:
                reading.book.add(example)
            yield Item(run, trace_id, trace_id)
        if self._file is not None:
            self._file.close()


def to_span(raw: RawSpan, told: Told) -> Span:
    """Return a span in the model's words; what concerns the whole trace goes to `told`."""
    what = describe(raw.name, raw.attributes, raw.events, raw.message)
    failed = raw.failed or what.ended == "error"
    error = _error(raw, what) if failed else None
    if what.thread is not None:
        told.threads[raw.id] = what.thread
    if what.tags:
        told.tags[raw.id] = what.tags
    if what.ended is not None:
        told.ended[raw.id] = what.ended
    if raw.from_elsewhere:
        told.entered.add(raw.id)
    if raw.failed:
        told.interrupts += what.failure.interrupts
    told.scores += evaluations(raw)
    told.stepped |= raw.attributes.get("gen_ai.operation.name") == "agent_step"
    metadata = what.metadata
    if error and what.failure.traceback:
        metadata = {**metadata, "traceback": what.failure.traceback}
    return Span(
        id=raw.id,
        trace_id=raw.trace_id,
        parent_id=raw.parent_id,
        name=what.name,
        kind=what.kind,
        inputs=what.inputs,
        outputs=what.outputs,
        error=error,
        started_at=raw.started_at,
        ended_at=raw.ended_at,
        first_token_at=_first_token(raw, what),
        usage=what.usage,
        metadata=metadata,
    )


def _error(raw: RawSpan, what: Described) -> str | None:
    """Return the error; a handoff and a pause are none, though LangGraph raises both."""
    if what.failure.handoff or what.failure.interrupts:
        return None
    if what.failure.error:
        return what.failure.error
    return "error" if raw.failed else "the model's answer broke off with finish reason 'error'"


def _first_token(raw: RawSpan, what: Described) -> Any:
    """Return when the first token came; one before the span began was not its own."""
    if what.first_token_s is not None and raw.started_at is not None:
        return raw.started_at + timedelta(seconds=what.first_token_s)
    at = what.first_token_at
    if at is None or raw.started_at is None:
        return at
    return at if at >= raw.started_at else None


def to_run(
    trace_id: str, raws: list[RawSpan], repetitions: Counter[str]
) -> tuple[Run, Example | None, int]:
    """Return the run of a trace, its example, and the spans whose parent is missing.

    A lone root span is the run itself; several roots are steps beside each other. A run that says
    nothing of inputs or outputs has those of its first and its last model call.
    """
    told = Told()
    kept = [raw for raw in raws if raw.attributes.get("mastra.span.type") not in SILENT] or raws
    spans = fill([to_span(raw, told) for raw in kept], kept)
    roots = roots_of(spans)
    main = next((root for root in roots if root.inputs is not None), roots[0])
    lone = len(roots) == 1 and main.kind not in LEAVES
    below = [span for span in spans if not lone or span is not main]
    steps, usage, _ = steps_of(below, main.id if lone else "", main.usage if lone else None)
    calls = [step for step in steps if step.kind == "llm"]
    asked = (main.inputs, *(call.inputs for call in calls))
    inputs = next((each for each in asked if each is not None), None)
    ended = max(roots, key=_end)
    said = (main.outputs, ended.outputs, *(call.outputs for call in reversed(calls)))
    error = next((root.error for root in roots if root.error), None)
    outputs = next((each for each in said if each is not None), None)
    example_id = _example_id(main, inputs)
    repetition = None if example_id is None else repetitions[example_id]
    if example_id is not None:
        repetitions[example_id] += 1
    waited = [step.first_token_at for step in steps if step.first_token_at is not None]
    firsts = [main.first_token_at] if main.first_token_at is not None else waited
    run = Run(
        run_id=trace_id,
        thread_id=told.threads.get(main.id) or next(iter(told.threads.values()), None),
        name=main.name,
        example_id=example_id,
        repetition=repetition,
        inputs=inputs,
        outputs=outputs,
        error=error,
        started_at=roots[0].started_at,
        ended_at=ended.ended_at,
        first_token_at=min(firsts, default=None),
        usage=usage,
        metadata=dict(main.metadata),
        tags=told.tags.get(main.id, ()),
        interrupts=tuple(told.interrupts) if error is None else (),
        steps=steps,
        feedback=feedback_of(
            iter(_placed(told.scores, main.id if lone else None)),
            "otlp",
            run_id=trace_id,
            example_id=example_id,
            repetition=repetition,
        ),
        **_status(roots, error, told, outputs is not None or not _is_silent(calls)),
    )
    example = None if example_id is None else Example(example_id=example_id, inputs=inputs)
    return run, example, sum(not _is_whole(root, told) for root in roots)


def _is_whole(root: Span, told: Told) -> bool:
    """Tell whether nothing is missing above a span."""
    return root.parent_id is None or root.id in told.entered


def _is_silent(calls: list[Step]) -> bool:
    """Tell whether models were asked and nothing is known of an answer, a failure included."""
    return bool(calls) and all(
        call.outputs is None and call.usage is None and call.error is None for call in calls
    )


def _status(roots: list[Span], error: str | None, told: Told, answered: bool) -> dict[str, Any]:
    """Return how the run ended; agents that go step by step (AI SDK) always say what they got."""
    if error:
        return {"status": "error"}
    if not any(_is_whole(root, told) for root in roots):
        return {"status": ROOTLESS}
    if any(told.ended.get(root.id) == UNANSWERED for root in roots):
        return {"status": UNANSWERED}
    if told.stepped and not answered:
        return {"status": UNANSWERED}
    return {"status": "success"}


def _example_id(main: Span, inputs: Any) -> str | None:
    """Return the example that the caller named in the metadata, else a digest of the inputs."""
    stated = next((main.metadata.get(name) for name in EXAMPLES if main.metadata.get(name)), None)
    if isinstance(stated, str | int):
        return str(stated)
    return None if inputs is None else digest(inputs)


def _placed(scores: list[Score], root: str | None) -> list[Score]:
    """A score of the root span is one of the run."""
    return [replace(each, step_id=None) if each.step_id == root else each for each in scores]


def _end(span: Span) -> float:
    return span.ended_at.timestamp() if span.ended_at else 0.0
