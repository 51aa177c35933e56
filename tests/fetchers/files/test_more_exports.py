"""Exports of the OpenAI Agents SDK and evalite, what APIs put around traces, glued calls."""

import io
import json

import pandas as pd
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from shared import SHARED, needs_shared

from evalkit.fetchers.files.formats.otlp.vocabularies.gluing import unglued

SAMPLES = SHARED / "reference" / "js-trace-samples"
TRACE = {
    "object": "trace",
    "id": "trace_1",
    "workflow_name": "triage",
    "group_id": "g",
    "metadata": {"example_id": "e1"},
}


def agent_span(key, parent, error=None, **data):
    return {
        "object": "trace.span", "id": key, "trace_id": "trace_1", "parent_id": parent,
        "started_at": f"2026-11-01T12:00:0{len(key)}Z", "ended_at": "2026-11-01T12:00:09Z",
        "span_data": data, "error": error,
    }  # fmt: skip


def test_openai_agents_with_generations(write, fetch):
    asked, said = [{"role": "user", "content": "2+2"}], [{"role": "assistant", "content": "4"}]
    usage = {"input_tokens": 5, "output_tokens": 2}
    write(
        "a.jsonl",
        [
            TRACE,
            agent_span("s", None, type="agent", name="helper"),
            agent_span("ss", "s", type="generation", input=asked, output=said, usage=usage),
            agent_span("sss", "s", type="function", name="add", input='{"a": 2}', output="4"),
            agent_span("ssss", "s", type="handoff", from_agent="helper", to_agent="clerk"),
            agent_span("sssss", "s", {"message": "boom", "data": {}}, type="guardrail", name="g"),
        ],
    )
    (run,) = fetch(path="a.jsonl").runs
    assert (run.name, run.thread_id, run.example_id, run.outcome) == (
        *("triage", "g", "e1"),
        "success",
    )
    assert (run.inputs, run.outputs) == (asked, said)
    assert (run.usage.input_tokens, run.usage.total_tokens) == (5, 7)
    assert [(step.kind, step.name) for step in run.steps] == [
        ("agent", "helper"),
        ("llm", "generation"),
        ("tool", "add"),
        ("other", "handoff to clerk"),
        ("guardrail", "g"),
    ]
    assert run.tool_calls[0].arguments == {"a": 2}
    assert run.steps[-1].error == "boom"


def test_openai_agents_say_what_they_lack(write, fetch):
    write("a.jsonl", [TRACE, agent_span("ss", "s", type="response", response_id="r1")])
    found = fetch(path="a.jsonl")
    assert (found.runs[0].outcome, found.counts.orphans) == ("unknown", 1)
    assert any("neither input nor output" in note for note in found.counts.notes)
    write("b.jsonl", [TRACE, agent_span("s", None, {"message": "no"}, type="agent", name="x")])
    assert fetch(path="b.jsonl").runs[0].error == "no"


def evalite(*results):
    return {"run": {"id": 1}, "evals": [{"name": "Capitals", "results": list(results)}]}


def test_evalite(write, fetch):
    good = {
        "input": "France?", "output": "Paris", "expected": "Paris", "status": "success",
        "duration": 1500, "scores": [{"name": "exact", "score": 1, "description": "same"}],
        "traces": [{"id": 3, "input": "q", "output": "Paris", "startTime": 1795889180439,
                    "endTime": 1795889180479, "inputTokens": 12, "outputTokens": 3}],
    }  # fmt: skip
    thrown = {"name": "TypeError", "message": "bad", "stack": "at /home/x"}
    bad = {
        "input": "Spain?",
        "output": thrown,
        "expected": "Madrid",
        "status": "fail",
        "scores": [],
    }
    write("out.json", evalite(good, bad, good))
    found = fetch(path="out.json")
    first, failed, again = found.runs
    assert (first.outputs, first.duration_s, first.usage.input_tokens) == (
        {"output": "Paris"},
        *(1.5, 12),
    )
    assert [(each.key, each.score, each.comment) for each in first.feedback] == [
        ("exact", 1, "same")
    ]
    assert (failed.outcome, failed.error, failed.outputs) == ("error", "TypeError: bad", None)
    assert (again.example_id, again.repetition) == (first.example_id, 1)
    assert found.examples[first.example_id].reference_outputs == {"expected": "Paris"}
    assert (first.steps[0].ended_at - first.steps[0].started_at).total_seconds() == 0.04


@needs_shared
@pytest.mark.parametrize(
    ("file", "tokens", "tools"),
    [
        ("openai-agents-loop.jsonl", (230, 23, 253), ["weather", "weather", "add"]),
        ("evalite.json", (12, 3, 15), []),
        ("openai-openinference-stream-tools.json", None, ["weather", "weather"]),
    ],
)
def test_samples_of_the_packages(fetch, file, tokens, tools):
    run = fetch(path=str(SAMPLES / file)).runs[0]
    usage = run.usage
    counted = usage and (usage.input_tokens, usage.output_tokens, usage.total_tokens)
    assert (counted, [call.name for call in run.tool_calls]) == (tokens, tools)


@pytest.fixture(scope="module")
def recorded():
    """What the SDK of OpenTelemetry made of two runs: its console's text, and protobuf's JSON."""
    json_format = pytest.importorskip("google.protobuf.json_format")
    text, memory = io.StringIO(), InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=text)))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("app")
    for n in range(2):
        with (
            tracer.start_as_current_span("agent", attributes={"input.value": f"q{n}"}),
            tracer.start_as_current_span("ask"),
        ):
            pass
    request = encode_spans(memory.get_finished_spans())
    plain = json_format.MessageToDict(request)
    snake = json_format.MessageToDict(request, preserving_proto_field_name=True)
    return text.getvalue(), plain, snake


@pytest.mark.parametrize(
    "form",
    [
        lambda text, plain, snake: text,
        lambda text, plain, snake: plain,
        lambda text, plain, snake: snake,
        lambda text, plain, snake: {"batches": plain["resourceSpans"]},
        lambda text, plain, snake: {"batches": snake["resource_spans"]},
        lambda text, plain, snake: {"trace": plain},
        lambda text, plain, snake: {"result": snake},
        lambda text, plain, snake: [plain, plain],
    ],
    ids=["console", "otlp", "snake", "tempo-v1", "tempo-snake", "tempo-v2", "jaeger-v3", "twice"],
)
def test_what_apis_and_consoles_put_around_spans(write, fetch, recorded, form):
    write("spans.json", form(*recorded))
    found = fetch(path="spans.json")
    assert found.error is None
    assert [(run.inputs, len(run.steps), run.name) for run in found.runs] == [
        ("q0", 1, "agent"),
        ("q1", 1, "agent"),
    ]
    assert found.runs[0].started_at.year >= 2026


def test_frames_of_mlflow(tmp_path, fetch):
    spans = [
        {
            "trace_id": "tr-1", "span_id": "01", "parent_span_id": None, "name": "app",
            "start_time_unix_nano": 1_700_000_000_000_000_000,
            "end_time_unix_nano": 1_700_000_001_000_000_000,
            "status": {"code": "STATUS_CODE_OK"},
            "attributes": {
                "mlflow.spanInputs": '{"q": 1}', "mlflow.spanOutputs": '{"a": 2}',
                "mlflow.traceRequestId": '"tr-1"', "mlflow.spanType": '"CHAIN"',
            },
        }
    ]  # fmt: skip
    trace = {"info": {"trace_id": "tr-1", "state": "OK"}, "data": {"spans": spans}}
    frame = pd.DataFrame([{"trace_id": "tr-1", "trace": json.dumps(trace), "state": "OK"}])
    frame.to_parquet(tmp_path / "traces.parquet")
    frame.to_csv(tmp_path / "traces.csv", index=False)
    for name in ("traces.parquet", "traces.csv"):
        (run,) = fetch(path=name).runs
        assert (run.run_id, run.inputs, run.outputs) == ("tr-1", {"q": 1}, {"a": 2})


def call(name, arguments, key):
    return {"id": key, "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("given", "calls"),
    [
        (call("addadd", '{"a": 1}{"a": 2}', "c1c2"), [("add", "c1"), ("add", "c2")]),
        (call("aaa", '{}{} {"b": "}{"}', "c1c2c3"), [("a", "c1"), ("a", "c2"), ("a", "c3")]),
        (call("addadd", "{}{}", "c1c"), [("add", None), ("add", None)]),
        (call("addsub", "{}{}", "c1c2"), [("addsub", "c1c2")]),
        (call("add", '{"a": "}{"}', "c1"), [("add", "c1")]),
        (call("addadd", '{"a": 1}{"a', "c1c2"), [("addadd", "c1c2")]),
        (call("aa", "[1][2]", "c1"), [("aa", "c1")]),
        (call("aa", None, None), [("aa", None)]),
        ({"id": "x"}, [(None, "x")]),
    ],
)
def test_calls_that_were_glued(given, calls):
    found = unglued(given)
    assert [(each.get("function", {}).get("name"), each["id"]) for each in found] == calls


@pytest.mark.parametrize(
    ("name", "offered", "names"),
    [
        ("weatheradd", {"weather", "add"}, ["weather", "add"]),
        ("addadd", {"add", "weather"}, ["add", "add"]),
        ("addadd", {"addadd"}, ["addadd"]),  # the tool is called so
        ("abab", {"a", "ba", "bab", "aba", "b"}, ["abab"]),  # a+bab, aba+b: not one way only
        ("weatheradd", {"weather"}, ["weatheradd"]),
        ("xyxy", set(), ["xy", "xy"]),
    ],
)
def test_names_of_offered_tools_tell_calls_apart(name, offered, names):
    found = unglued(call(name, '{"a": 1}{"b": 2}', "c1c2"), offered)
    assert [each["function"]["name"] for each in found] == names


def test_a_long_glued_name_takes_no_time():
    glued = call("a" * 60, "{}" * 30, None)
    assert len(unglued(glued, {"a", "aa", "aaa"})) in (1, 30)


def test_an_agent_of_openais_sdk_that_failed_below_its_task_is_an_error(write, fetch):
    span = {"object": "trace.span", "trace_id": "t", "started_at": "2026-01-01T00:00:00Z",
            "ended_at": "2026-01-01T00:00:01Z"}  # fmt: skip
    lines = [
        {**span, "id": "s1", "parent_id": None, "span_data": {"type": "task", "name": "task"}},
        {**span, "id": "s2", "parent_id": "s1", "span_data": {"type": "agent", "name": "Geo"},
         "error": {"message": "Error in agent run", "data": {"error": "400"}}},
    ]  # fmt: skip
    (run,) = fetch(path=str(write("t.jsonl", lines))).runs
    assert (run.outcome, run.error) == ("error", "Error in agent run")
