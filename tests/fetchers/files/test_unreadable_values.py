"""A time, duration or number that cannot be read costs itself alone, in any format; it is said."""

import json
from typing import Any

import pytest

START, END = "2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z"


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def span(number: int, **odd: Any) -> dict[str, Any]:
    nanoseconds = 1_767_225_600_000_000_000
    parent = {"parentSpanId": f"{1:016x}"} if number > 1 else {}
    times = {"startTimeUnixNano": str(nanoseconds), "endTimeUnixNano": str(nanoseconds + 10**9)}
    return {"traceId": f"{7:032x}", "spanId": f"{number:016x}", "name": f"s{number}", "kind": 1,
            "attributes": [], **parent, **times, **odd}  # fmt: skip


def spans(*listed: dict[str, Any]) -> str:
    return json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": listed}]}]})


def claude(kind: str, **said: Any) -> dict[str, Any]:
    return {"type": kind, "sessionId": "s", "uuid": str(said), "timestamp": START, **said}


MODEL = {"id": "m1", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "a"}],
         "usage": {"input_tokens": 10, "output_tokens": 5}}  # fmt: skip
LANGFUSE = {"id": "t", "timestamp": START, "name": "chat", "input": "q", "output": "a",
            "latency": 2, "scores": [], "projectId": "p"}  # fmt: skip
CASE = {"name": "c", "input": "q", "actualOutput": "a", "success": True, "metricsData": []}
FILES: dict[str, tuple[str, str, int, int, str]] = {
    "spans.json": (
        "otlp", spans(span(1), span(2, endTimeUnixNano="soon"), span(3)), 1, 2, "time"),
    "session.jsonl": (
        "claude-code",
        lines(claude("user", message={"role": "user", "content": "q"}, timestamp="soon"),
              claude("assistant", message=MODEL),
              claude("user", message={"role": "user", "content": "q2"})), 1, 1, "time"),
    "langfuse.json": (
        "langfuse",
        json.dumps([{**LANGFUSE, "observations": [
            {"id": "o", "traceId": "t", "type": "GENERATION", "name": "g", "startTime": "soon",
             "endTime": END}]}]), 1, 1, "time"),
    "deepeval.json": (
        "deepeval",
        json.dumps({"testRunData": {"testCases": [{**CASE, "completionTime": "soon"}, CASE]}}),
        2, 0, "duration"),
    "tau2.json": (
        "tau2",
        json.dumps({"info": {}, "tasks": [{"id": "1"}], "simulations": [
            {"id": f"s{n}", "task_id": "1", "trial": n, "start_time": START, "end_time": END,
             "agent_cost": "soon" if n else 1, "messages": [{"role": "assistant", "content": "a"}]}
            for n in range(2)]}), 2, 2, "number"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_it_costs_itself_alone(name: str, write: Any, fetch: Any) -> None:
    form, text, runs, steps, what = FILES[name]
    write(name, text)
    fetched = fetch(path=name, format=form)
    assert fetched.error is None
    assert len(fetched.runs) == runs
    assert sum(len(run.steps) for run in fetched.runs) == steps
    said = f"{what} that cannot be read, taken as missing (first: 'soon' is no "
    assert [note for note in fetched.counts.notes if note.startswith(said)]


def test_many_are_one_note(write: Any, fetch: Any) -> None:
    write("spans.json", spans(*(span(n, endTimeUnixNano=f"x{n}") for n in range(1, 9))))
    notes = fetch(path="spans.json").counts.notes
    assert "8 x time that cannot be read, taken as missing (first: 'x1' is no time)" in notes
