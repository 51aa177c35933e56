"""OpenAI Agents SDK: traces and spans as its processors export them, in Python and JavaScript.

The spans of model calls that went through the Responses API hold neither input nor output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import moment_or_note, to_identity
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.mapping.traces import Span, payload, roots_of, steps_of
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import read_rows
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.fetchers.files.reading.selection import Selection
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.example import Example
from evalkit.model.outcome import ROOTLESS
from evalkit.model.run import Run

KINDS = {
    "agent": "agent",
    "function": "tool",
    "generation": "llm",
    "guardrail": "guardrail",
    "mcp_tools": "other",
    "response": "llm",
}
EMPTY = "run whose model calls hold neither input nor output (the SDK exports ids of responses)"
Line = Mapping[str, Any]


def fits(sample: Sample) -> bool:
    """Tell whether the first object is a trace or a span of the SDK."""
    return str(sample.first.get("object")) in ("trace", "trace.span") and "id" in sample.first


@dataclass(slots=True)
class Trace:
    """What came of one trace."""

    said: Line = field(default_factory=dict)
    spans: dict[str, Line] = field(default_factory=dict)


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a trace; its spans may be spread over lines and files."""
    traces: dict[str, Trace] = {}
    for file in files:
        for row in read_rows(file, Selection(None), reading.findings):
            if not _keep(row.value, traces, reading):
                reading.findings.break_at(row.where, "neither a trace nor a span of openai-agents")
    counted: dict[str, int] = {}
    for trace_id, trace in traces.items():
        yield _item(trace_id, trace, reading, counted)


def _keep(value: Any, traces: dict[str, Trace], reading: Reading) -> bool:
    kind = value.get("object") if isinstance(value, Mapping) else None
    if kind == "trace" and "id" in value:
        traces.setdefault(str(value["id"]), Trace()).said = value
        return True
    if kind == "trace.span" and {"id", "trace_id"} <= value.keys():
        spans = traces.setdefault(str(value["trace_id"]), Trace()).spans
        reading.tally.duplicates += str(value["id"]) in spans
        spans[str(value["id"])] = value
        return True
    return False


def _item(trace_id: str, trace: Trace, reading: Reading, counted: dict[str, int]) -> Item:
    spans = [_span(each) for each in trace.spans.values()]
    roots = roots_of(spans)
    lone = len(roots) == 1 and roots[0].kind == "chain" and roots[0].parent_id is None
    below = [each for each in spans if not lone or each is not roots[0]]
    root, stated = (roots[0].id, roots[0].usage) if lone else ("", None)
    steps, usage, _ = steps_of(below, root, stated)
    calls = [step for step in steps if step.kind == "llm"]
    inputs = next((each.inputs for each in calls if each.inputs is not None), None)
    outputs = next((each.outputs for each in reversed(calls) if each.outputs is not None), None)
    if calls and inputs is None and outputs is None:
        reading.findings.note(EMPTY, trace_id)
    metadata = dict(trace.said.get("metadata") or {})
    stated_id = metadata.get("example_id")
    example_id = str(stated_id) if stated_id else digest(inputs) if inputs is not None else None
    repetition = None if example_id is None else counted.get(example_id, 0)
    if example_id is not None:
        counted[example_id] = (repetition or 0) + 1
        reading.book.add(Example(example_id=example_id, inputs=inputs))
    orphans = [each for each in roots if each.parent_id is not None]
    reading.tally.orphans += len(orphans)
    top = {"", *(each.id for each in roots)}
    ends = [*roots, *(each for each in spans if each.kind == "agent" and each.parent_id in top)]
    error = next((each.error for each in ends if each.error), None)  # the task around says nothing
    rootless = bool(spans) and len(orphans) == len(roots)
    run = Run(
        run_id=trace_id,
        thread_id=to_identity(trace.said.get("group_id")),
        name=trace.said.get("workflow_name"),
        example_id=example_id,
        repetition=repetition,
        inputs=inputs,
        outputs=outputs,
        error=error,
        status="error" if error else ROOTLESS if rootless else "success" if spans else "unknown",
        started_at=roots[0].started_at if roots else None,
        ended_at=max((each.ended_at for each in spans if each.ended_at), default=None),
        usage=usage,
        metadata=metadata,
        steps=steps,
        steps_recorded=bool(spans),
    )
    return Item(run, digest([trace.said, list(trace.spans.values())]), trace_id)


def _span(raw: Line) -> Span:
    data = raw.get("span_data") or {}
    inner = data.get("data") or {}
    kind = str(data.get("type"))
    name = data.get("name") or inner.get("agent_name") or kind
    if kind == "handoff":
        name = f"handoff to {data.get('to_agent')}"
    known = ("model", "response_id", "from_agent", "to_agent", "triggered", "tools", "turn")
    every = {**inner, **data}
    failure = raw.get("error")
    message = failure.get("message") if isinstance(failure, Mapping) else failure
    return Span(
        id=str(raw["id"]),
        trace_id=str(raw["trace_id"]),
        parent_id=to_identity(raw.get("parent_id")),
        name=str(name),
        kind=KINDS.get(kind, "chain" if kind in ("custom", "task", "turn") else "other"),
        inputs=payload(data.get("input")) if kind == "function" else data.get("input"),
        outputs=data.get("output"),
        error=str(message) if message else None,
        started_at=moment_or_note(raw.get("started_at")),
        ended_at=moment_or_note(raw.get("ended_at")),
        usage=usage_or_note(every.get("usage")),
        metadata={key: every[key] for key in known if every.get(key) is not None},
    )
