"""Langfuse's traces, as its API and its exports give them, become runs with their observations.

Shapes: a trace with `observations` inside or beside it (`{trace, observations}`), pages
(`{data: [...]}`), arrays and JSON Lines of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import moment_or_note, number_or_note, to_identity
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.scores import feedback_of
from evalkit.fetchers.files.mapping.traces import (
    Span,
    payload,
    roots_of,
    steps_of,
    tool_name,
)
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.model.usage import Usage

SOURCE = "langfuse"
CURRENCY, DOLLARS = "currency", "USD"
"""What Langfuse computes costs in."""
KINDS = {
    "GENERATION": "llm",
    "EMBEDDING": "llm",
    "TOOL": "tool",
    "AGENT": "agent",
    "RETRIEVER": "retriever",
    "GUARDRAIL": "guardrail",
    "CHAIN": "chain",
    "SPAN": "chain",
}
Payload = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether the first object is a trace or a page of traces."""
    first = sample.first
    if isinstance(first.get("data"), list) and first["data"]:
        first = first["data"][0]
    return isinstance(first, Mapping) and _trace_and_observations(first) is not None


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run for every trace."""
    repetitions: Counter[str] = Counter()
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            value = row.value
            page = value.get("data") if isinstance(value, Mapping) else None
            if isinstance(page, list):
                _note_total(value, reading)
            for each in page if isinstance(page, list) else [value]:
                found = _trace_and_observations(each) if isinstance(each, Mapping) else None
                if found is None:
                    reading.findings.break_at(row.where, "not a trace of Langfuse")
                    continue
                try:
                    run, example, orphans = to_run(*found, repetitions)
                except (ValueError, KeyError, TypeError) as error:
                    reading.findings.break_at(row.where, f"not a trace of Langfuse: {error!r}")
                    continue
                reading.tally.orphans += orphans
                if example is not None:
                    reading.book.add(example)
                yield Item(run, digest(each), row.where)


def _note_total(page: Payload, reading: Reading) -> None:
    """Keep how many traces the listing has of which this is a page."""
    meta = page.get("meta")
    total = meta.get("totalItems") if isinstance(meta, Mapping) else None
    if isinstance(total, int):
        reading.tally.expected = max(reading.tally.expected or 0, total)


def _trace_and_observations(value: Payload) -> tuple[Payload, list[Payload]] | None:
    trace = value.get("trace", value)
    observations = value.get("observations")
    if not isinstance(observations, list) or not isinstance(trace, Mapping) or "id" not in trace:
        return None
    objects = all(isinstance(each, Mapping) for each in observations)
    return (trace, observations) if objects and "timestamp" in trace else None


def to_run(
    trace: Payload, observations: list[Payload], repetitions: Counter[str]
) -> tuple[Run, Example | None, int]:
    """Return the run of a trace, its example, and the observations whose parent is missing."""
    run_id = str(trace["id"])
    spans = [_span(each) for each in observations]
    roots = roots_of(spans)
    known = {span.id for span in spans}
    for span in roots:
        if span.parent_id == run_id:
            span.parent_id = None
    orphans = sum(span.parent_id is not None and span.parent_id not in known for span in roots)
    steps, usage, _ = steps_of(spans, run_id, _stated(trace))
    inputs = _side(trace, "input", roots, "inputs")
    outputs = _side(trace, "output", roots, "outputs")
    example_id = None if inputs is None else digest(inputs)
    repetition = None if example_id is None else repetitions[example_id]
    if example_id is not None:
        repetitions[example_id] += 1
    errors = [span.error for span in roots if span.error]
    ends = [span.ended_at for span in spans if span.ended_at]
    run = Run(
        run_id=run_id,
        thread_id=to_identity(trace.get("sessionId")),
        name=trace.get("name"),
        example_id=example_id,
        repetition=repetition,
        inputs=inputs,
        outputs=outputs,
        error=errors[0] if errors else None,
        status="error" if errors else "success",
        created_at=moment_or_note(trace.get("timestamp")),
        updated_at=moment_or_note(trace.get("updatedAt")),
        started_at=roots[0].started_at if roots else moment_or_note(trace.get("timestamp")),
        ended_at=max(ends, default=None),
        duration_s=number_or_note(trace.get("latency")) if not ends else None,
        usage=usage,
        tags=tuple(map(str, trace.get("tags") or ())),
        metadata=_metadata(trace),
        steps=steps,
        steps_recorded=bool(observations),
        feedback=feedback_of(
            _scores(trace), SOURCE, run_id=run_id, example_id=example_id, repetition=repetition
        ),
    )
    example = None if example_id is None else Example(example_id=example_id, inputs=inputs)
    return run, example, orphans


def _side(trace: Payload, name: str, roots: list[Span], field: str) -> Any:
    """Return the trace's payload, or that of its outermost observation where it has none."""
    stated = payload(trace.get(name))
    return stated if stated is not None or not roots else getattr(roots[0], field)


def _metadata(raw: Payload) -> dict[str, Any]:
    found = payload(raw.get("metadata"))
    return found if isinstance(found, dict) else {} if found is None else {"metadata": found}


def _span(raw: Payload) -> Span:
    metadata = _metadata(raw)
    kind = KINDS.get(str(raw.get("type")).upper(), "other")
    if kind == "chain" and metadata.get("langgraph_node") == raw.get("name"):
        kind = "node"
    if raw.get("model"):
        metadata = {**metadata, "model": raw["model"]}
    failed = str(raw.get("level")).upper() == "ERROR"
    return Span(
        id=str(raw["id"]),
        parent_id=to_identity(raw.get("parentObservationId")),
        name=tool_name(raw.get("name")) if kind == "tool" else str(raw.get("name") or ""),
        kind=kind,
        inputs=payload(raw.get("input")),
        outputs=payload(raw.get("output")),
        error=(raw.get("statusMessage") or "error") if failed else None,
        started_at=moment_or_note(raw.get("startTime")),
        ended_at=moment_or_note(raw.get("endTime")),
        first_token_at=moment_or_note(raw.get("completionStartTime")),
        usage=_usage(raw),
        metadata=metadata,
    )


def _usage(raw: Payload) -> Usage | None:
    """Return tokens and money; zero throughout is how Langfuse says that nothing was recorded."""
    tokens = payload(raw.get("usageDetails")) or {}
    money = payload(raw.get("costDetails")) or {}
    parts = {f"{name}_cost": money[name] for name in ("input", "output", "total") if name in money}
    parts.setdefault("total_cost", raw.get("totalCost"))
    if not any(tokens.values()) and not any(parts.values()):
        return None
    stated = {name: cost for name, cost in parts.items() if cost is not None}
    return usage_or_note({**tokens, **stated, CURRENCY: DOLLARS})


def _stated(trace: Payload) -> Usage | None:
    cost = number_or_note(trace.get("totalCost"))
    return Usage(total_cost=cost, currency=DOLLARS) if cost else None


def _scores(trace: Payload) -> Iterator[Score]:
    for score in trace.get("scores") or ():
        value = score.get("value")
        truth = score.get("dataType") == "BOOLEAN" and value is not None
        numeric = isinstance(value, bool | int | float)
        yield Score(
            key=str(score.get("name")),
            score=bool(value) if truth else value if numeric else None,
            value=score.get("stringValue") if not truth and not numeric else None,
            comment=score.get("comment"),
            step_id=to_identity(score.get("observationId")),
            metadata={"source": score["source"]} if score.get("source") else {},
        )
