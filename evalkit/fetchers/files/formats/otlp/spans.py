"""OpenTelemetry spans in files become runs, one a trace.

Shapes: OTLP/JSON (`resourceSpans`), as the collector's file exporter writes it line by line, and
flat spans (`trace_id`, `span_id`, `start_time` in ns), alone or in `{spans: [...]}`, as SDKs
print them. Spans of a trace may be spread over lines and files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.formats.otlp.genai import describe, thread_of
from evalkit.fetchers.files.mapping.convert import to_identity, to_moment
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.traces import Span, roots_of, steps_of
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.example import Example
from evalkit.model.outcome import ROOTLESS
from evalkit.model.run import Run

ERROR = (2, "2", "ERROR", "STATUS_CODE_ERROR")
LEAVES = ("llm", "tool", "retriever")
"""Kinds that stay a step even when they are all there is of a trace."""
Payload = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether the first object is an OTLP document or a flat span."""
    first = sample.first
    spans = first.get("spans")
    inner = spans[0] if isinstance(spans, list) and spans else None
    return "resourceSpans" in first or _is_flat(inner if isinstance(inner, Mapping) else first)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run for every trace, in the order in which traces began."""
    traces: dict[str, dict[str, Span]] = {}
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            try:
                for span in spans_of(row.value):
                    spans = traces.setdefault(span.trace_id, {})
                    reading.tally.duplicates += span.id in spans
                    spans[span.id] = span
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                reading.findings.break_at(row.where, f"not OpenTelemetry spans: {error!r}")
    repetitions: Counter[str] = Counter()
    for trace_id, spans in traces.items():
        run, example, orphans = to_run(trace_id, list(spans.values()), repetitions)
        reading.tally.orphans += orphans
        if example is not None:
            reading.book.add(example)
        yield Item(run, trace_id, trace_id)


def _is_flat(value: Payload) -> bool:
    context = value.get("spanContext") or value.get("context")
    named = {"trace_id", "span_id"} <= value.keys() or {"traceId", "spanId"} <= value.keys()
    return (named or isinstance(context, Mapping)) and "attributes" in value and "name" in value


def spans_of(value: Any) -> Iterator[Span]:
    """Yield the spans of an OTLP document, or the flat span that a value is."""
    if not isinstance(value, Mapping):
        raise ValueError("neither resourceSpans nor a span")
    if isinstance(value.get("spans"), list):
        for inner in value["spans"]:
            yield from spans_of(inner)
        return
    if "resourceSpans" not in value:
        if not _is_flat(value):
            raise ValueError("neither resourceSpans nor a span")
        yield _span(value, value.get("attributes") or {})
        return
    for resource in value["resourceSpans"]:
        for scope in resource.get("scopeSpans") or resource.get("instrumentationLibrarySpans", []):
            for raw in scope.get("spans", []):
                yield _span(raw, attributes_of(raw.get("attributes")))


def attributes_of(pairs: Any) -> dict[str, Any]:
    """Return OTLP's `[{key, value: {stringValue}}]` as a plain object."""
    return {pair["key"]: _value(pair.get("value") or {}) for pair in pairs or ()}


def _value(value: Payload) -> Any:
    for kind, inner in value.items():
        if kind == "intValue":
            return int(inner)  # 64-bit numbers are written as text
        if kind == "arrayValue":
            return [_value(each) for each in inner.get("values", [])]
        if kind == "kvlistValue":
            return attributes_of(inner.get("values"))
        return inner
    return None


def _span(raw: Payload, attributes: Payload) -> Span:
    context = raw.get("spanContext") or raw.get("context") or raw
    what = describe(str(raw.get("name") or ""), attributes, _events(raw))
    status = raw.get("status") or {}
    code = status.get("code", status.get("status_code")) if isinstance(status, Mapping) else None
    return Span(
        id=str(context.get("spanId") or context["span_id"]),
        trace_id=str(context.get("traceId") or context["trace_id"]),
        parent_id=_parent(raw),
        name=what.name,
        kind=what.kind,
        inputs=what.inputs,
        outputs=what.outputs,
        error=_error(status, what.error) if code in ERROR else None,
        started_at=_time(raw, "startTimeUnixNano", "start_time", "startTime"),
        ended_at=_time(raw, "endTimeUnixNano", "end_time", "endTime"),
        usage=what.usage,
        metadata=what.metadata,
    )


def _error(status: Payload, described: str | None) -> str:
    return str(status.get("message") or status.get("description") or described or "error")


def _events(raw: Payload) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for event in raw.get("events") or ():
        pairs = event.get("attributes")
        plain = dict(pairs) if isinstance(pairs, Mapping) else attributes_of(pairs)
        found.append((str(event.get("name")), plain))
    return found


def _parent(raw: Payload) -> str | None:
    parent = raw.get("parentSpanContext") or {}
    for value in (raw.get("parentSpanId"), raw.get("parent_span_id"), raw.get("parent_id")):
        if value:
            return to_identity(value)
    return to_identity(parent.get("spanId"))


def _time(raw: Payload, *names: str) -> Any:
    value = next((raw[name] for name in names if raw.get(name)), None)
    if isinstance(value, list) and len(value) == 2:  # JavaScript's [seconds, nanoseconds]
        value = value[0] + value[1] / 1e9
    return to_moment(int(value) if isinstance(value, str) and value.isdigit() else value)


def to_run(
    trace_id: str, spans: list[Span], repetitions: Counter[str]
) -> tuple[Run, Example | None, int]:
    """Return the run of a trace, its example, and the spans whose parent is missing.

    A lone root span is the run itself; several roots are steps beside each other. A run that says
    nothing of inputs or outputs has those of its first and its last model call.
    """
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
    example_id = None if inputs is None else digest(inputs)
    repetition = None if example_id is None else repetitions[example_id]
    if example_id is not None:
        repetitions[example_id] += 1
    error = next((root.error for root in roots if root.error), None)
    rootless = all(root.parent_id is not None for root in roots)
    run = Run(
        run_id=trace_id,
        thread_id=thread_of(main.metadata),
        name=main.name,
        example_id=example_id,
        repetition=repetition,
        inputs=inputs,
        outputs=next((each for each in said if each is not None), None),
        error=error,
        status="error" if error else ROOTLESS if rootless else "success",
        started_at=roots[0].started_at,
        ended_at=ended.ended_at,
        usage=usage,
        metadata=main.metadata,
        steps=steps,
    )
    example = None if example_id is None else Example(example_id=example_id, inputs=inputs)
    return run, example, sum(root.parent_id is not None for root in roots)


def _end(span: Span) -> float:
    return span.ended_at.timestamp() if span.ended_at else 0.0
