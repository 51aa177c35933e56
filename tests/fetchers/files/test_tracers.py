"""What tracers really put on spans, in small spans of our own."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from evalkit.evaluators.answers import answer_of
from evalkit.fetchers.base import Counts
from evalkit.fetchers.files.formats.otlp.describe import describe
from evalkit.fetchers.files.formats.otlp.forms.documents import hexed, raw_spans
from evalkit.fetchers.files.formats.otlp.forms.raw import Event
from evalkit.fetchers.files.formats.otlp.runs import Traces
from evalkit.fetchers.files.mapping.examples import ExampleBook
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.model.schema.written import run_to_record

START = 1_700_000_000_000_000_000


def value(raw: Any) -> dict[str, Any]:
    if isinstance(raw, bool):
        return {"boolValue": raw}
    if isinstance(raw, int):
        return {"intValue": str(raw)}
    if isinstance(raw, float):
        return {"doubleValue": raw}
    if isinstance(raw, list):
        return {"arrayValue": {"values": [value(each) for each in raw]}}
    return {"stringValue": raw}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": value(each)} for name, each in attributes.items()]


def span(
    key: str, parent: str | None, attributes: dict[str, Any], *, name: str = "", **more: Any
) -> dict[str, Any]:
    at = START + 1_000_000 * int(key, 16)
    events = more.pop("events", [])
    return {
        "traceId": "ab" * 16,
        "spanId": key,
        **({"parentSpanId": parent} if parent else {}),
        "name": name or key,
        "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(at + 50_000_000),
        "attributes": pairs(attributes),
        "events": [
            {"name": n, "timeUnixNano": str(at + after), "attributes": pairs(a)}
            for n, after, a in events
        ],
        **more,
    }


def document(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


@pytest.fixture
def run(fetch, write):
    def made(*spans: dict[str, Any]) -> Any:
        write("t.json", document(*spans))
        found = fetch(path="t.json")
        assert found.error is None
        (one,) = found.runs
        return one

    return made


def test_the_root_of_a_stepping_agent_answers_with_its_last_text(run) -> None:
    parts = [
        {"type": "text", "content": "It is blue."},
        {"type": "tool_call", "id": "k1", "name": "look", "arguments": {"at": "sky"}},
        {"type": "tool_call_response", "id": "k1", "response": "blue"},
    ]
    asked = [{"role": "user", "parts": [{"type": "text", "content": "Colour?"}]}]
    one = run(
        span(
            "1",
            None,
            {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": "painter",
                "gen_ai.input.messages": json.dumps(asked),
                "gen_ai.output.messages": json.dumps(
                    [{"role": "assistant", "parts": parts, "finish_reason": "stop"}]
                ),
                "ai.settings.context.sessionId": "s-4",
            },
        )
    )
    assert answer_of(one.outputs) == "It is blue."
    assert [message["role"] for message in one.messages] == ["user", "assistant"]
    assert (one.name, one.thread_id) == ("painter", "s-4")


def test_a_stepping_agent_that_nobody_answered_is_no_success(run) -> None:
    asked = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Well?"}]}])
    one = run(
        span("1", None, {"gen_ai.operation.name": "invoke_agent", "gen_ai.input.messages": asked}),
        span("2", "1", {"gen_ai.operation.name": "agent_step"}),
        span("3", "2", {"gen_ai.operation.name": "chat", "gen_ai.input.messages": asked}),
    )
    assert (one.status, one.outcome) == ("unanswered", "unknown")


@pytest.mark.parametrize(
    ("written", "held"),
    [("18", 18), ('"18"', "18"), ("true", True), ('"{\\"a\\": 1}"', '{"a": 1}'), ("wet", "wet")],
)
def test_results_of_tools_are_json_exactly_once(written: str, held: Any) -> None:
    stated = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.result": written}
    assert describe("x", stated).outputs == held


@pytest.mark.parametrize("said", ["[4, 5]", '"quoted"', '{"a": 1}', "7"])
def test_text_of_a_model_stays_text(run, said: str) -> None:
    call = {"ai.operationId": "ai.generateText.doGenerate", "ai.response.text": said}
    one = run(
        span("1", None, {"ai.operationId": "ai.generateText", "ai.response.text": said}),
        span("2", "1", call),
    )
    assert one.outputs == said
    assert one.messages[-1].text == said


def test_what_a_stream_says_of_its_end_counts(run) -> None:
    broken = {"ai.response.finishReason": "error", "ai.response.text": "Ha"}
    one = run(
        span("1", None, {"ai.operationId": "ai.streamText", **broken}),
        span(
            "2",
            "1",
            {
                "ai.operationId": "ai.streamText.doStream",
                "ai.response.msToFirstChunk": 12.5,
                **broken,
            },
        ),
    )
    assert one.outcome == "error"
    assert one.steps[0].time_to_first_token == pytest.approx(0.0125)


def test_embeddings_are_counted_once_and_sums_add_up(run) -> None:
    one = run(
        span("1", None, {}, name="rag"),
        span("2", "1", {"ai.operationId": "ai.embed", "ai.usage.tokens": 5, "ai.value": '"q"'}),
        span("3", "2", {"ai.operationId": "ai.embed.doEmbed", "ai.usage.tokens": 5}),
        span("4", "1", {"gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": 3}),
        span(
            "5",
            "1",
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.output_tokens": 2,
            },
        ),
    )
    usage = one.usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (18, 2, 20)


def test_a_bare_argument_gets_its_name_from_what_was_asked(run) -> None:
    call = "llm.output_messages.0.message.tool_calls.0.tool_call"
    envelope = {"type": "tool", "data": {"content": "cold", "tool_call_id": "z9"}}
    one = run(
        span("1", None, {"openinference.span.kind": "CHAIN", "input.value": "go"}, name="graph"),
        span(
            "2",
            "1",
            {
                "openinference.span.kind": "LLM",
                "llm.output_messages.0.message.role": "assistant",
                f"{call}.id": "z9",
                f"{call}.function.name": "weather",
                f"{call}.function.arguments": '{"place": "Bern"}',
            },
        ),
        span(
            "3",
            "1",
            {
                "openinference.span.kind": "TOOL",
                "tool.name": "weather",
                "tool.parameters": '{"type": "object", "properties": {"place": {}}}',
                "input.value": "Bern",
                "output.value": json.dumps(envelope),
                "output.mime_type": "application/json",
            },
        ),
    )
    (made,) = one.tool_calls
    assert (made.name, made.arguments, made.id, made.result) == (
        "weather",
        {"place": "Bern"},
        "z9",
        "cold",
    )


def test_errors_are_type_and_message_with_the_traceback_beside() -> None:
    trace = 'Traceback (most recent call last):\n  File "/x/y.py", line 3\nKeyError: gone'
    thrown = Event(
        "exception",
        {
            "exception.type": "KeyError",
            "exception.message": "gone",
            "exception.stacktrace": trace,
        },
    )
    failure = describe("x", {}, [thrown], f"KeyError('gone'){trace}").failure
    assert (failure.error, failure.traceback) == ("KeyError: gone", trace)
    assert describe("x", {}, [], f"KeyError('gone'){trace}").error == "KeyError: gone"
    assert describe("x", {}, [], "bad\n    at f (/a/b.js:1:2)\n    at g").error == "bad"
    assert describe("x", {}, [thrown], "gave up").error == "gave up"


def test_handoffs_and_pauses_are_no_errors(run) -> None:
    told = "\n\nParentCommand\n    at f (/a.js:1:2)"
    handed = run(
        span("1", None, {"openinference.span.kind": "CHAIN", "output.value": "done"}),
        span("2", "1", {"openinference.span.kind": "CHAIN"}, status={"code": 2, "message": told}),
    )
    assert (handed.outcome, handed.steps[0].error) == ("success", None)
    asked = '[{"id": "i1", "value": {"sure": "?"}}]'
    paused = run(
        span("1", None, {"openinference.span.kind": "CHAIN", "input.value": "x"}),
        span("2", "1", {"openinference.span.kind": "CHAIN"}, status={"code": 2, "message": asked}),
    )
    assert (paused.outcome, paused.interrupts) == ("paused", ({"sure": "?"},))


def test_pictures_make_different_examples(fetch, write) -> None:
    def pictured(data: str, trace: str) -> dict[str, Any]:
        prefix = "llm.input_messages.0.message"
        made = span(
            "1",
            None,
            {
                "openinference.span.kind": "LLM",
                f"{prefix}.role": "user",
                f"{prefix}.contents.0.message_content.type": "text",
                f"{prefix}.contents.0.message_content.text": "What?",
                f"{prefix}.contents.1.message_content.type": "image",
                f"{prefix}.contents.1.message_content.image.image.url": data,
            },
        )
        return {**made, "traceId": trace * 16}

    write(
        "t.jsonl",
        [document(pictured("data:a", "01")), document(pictured("data:b", "02"))],
    )
    first, second = fetch(path="t.jsonl").runs
    assert first.example_id != second.example_id
    assert first.messages[0].text == "What?"


def test_scores_documents_and_first_chunks_of_the_conventions(run) -> None:
    one = run(
        span(
            "1",
            None,
            {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "w"},
            events=[
                (
                    "gen_ai.evaluation.result",
                    5,
                    {"gen_ai.evaluation.name": "kind", "gen_ai.evaluation.score.label": "yes"},
                )
            ],
        ),
        span(
            "2",
            "1",
            {
                "gen_ai.operation.name": "retrieval",
                "gen_ai.retrieval.query.text": "q",
                "gen_ai.retrieval.documents": '[{"id": "k", "score": 0.5}]',
            },
        ),
        span(
            "3",
            "1",
            {"gen_ai.operation.name": "chat", "gen_ai.response.time_to_first_chunk": 0.25},
        ),
    )
    (scored,) = one.feedback
    assert (scored.key, scored.value, scored.step_id, scored.source) == (
        "kind",
        "yes",
        None,
        "recorded",
    )
    assert [(each.id, each.score) for each in one.documents] == [("k", 0.5)]
    assert one.find(kind="llm")[0].time_to_first_token == pytest.approx(0.25)


def test_genkit_and_mastra_are_read(run) -> None:
    asked = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    said = {
        "message": {"role": "model", "content": [{"toolRequest": {"name": "t", "ref": "r1",
                                                                  "input": {"x": 1}}}]},
        "usage": {"inputTokens": 4, "outputTokens": 2},
    }  # fmt: skip
    kind = "genkit:metadata:subtype"
    one = run(
        span("1", None, {"genkit:type": "action", kind: "flow", "genkit:input": '{"q": 1}',
                         "genkit:output": '{"a": 2}'}),
        span("2", "1", {"genkit:type": "action", kind: "model", "genkit:name": "m",
                        "genkit:input": json.dumps(asked), "genkit:output": json.dumps(said)}),
        span("3", "1", {"genkit:type": "action", kind: "tool", "genkit:name": "t",
                        "genkit:input": '{"x": 1}', "genkit:output": "9"}),
    )  # fmt: skip
    assert (one.inputs, one.outputs, one.usage.total_tokens) == ({"q": 1}, {"a": 2}, 6)
    assert [(c.name, c.arguments, c.id, c.result) for c in one.tool_calls] == [
        ("t", {"x": 1}, "r1", 9)
    ]
    began = "2023-11-14T22:13:20.001Z"  # before the second call
    step = {"toolCalls": [{"toolCallId": "c", "toolName": "t", "args": {}}], "text": ""}
    two = run(
        span("1", None, {"mastra.span.type": "agent_run", "mastra.agent_run.input": "hi",
                         "mastra.metadata.example_id": "e7"}),
        span("2", "1", {"mastra.span.type": "model_step",
                        "mastra.model_step.input": json.dumps(asked["messages"]),
                        "mastra.model_step.output": json.dumps(step)}),
        span("3", "2", {"mastra.span.type": "model_inference",
                        "mastra.completion_start_time": began}),
    )  # fmt: skip
    assert (two.inputs, two.example_id) == ("hi", "e7")
    (call,) = two.find(kind="llm")
    assert call.outputs["messages"][0]["tool_calls"][0]["id"] == "c"
    assert call.time_to_first_token is None


def test_an_agent_s_conversation_is_parted_at_its_answer(run) -> None:
    talk = [
        {"role": "user", "parts": [{"type": "text", "content": "Why?"}]},
        {"role": "assistant", "parts": [{"type": "text", "content": "So."}]},
    ]
    one = run(
        span(
            "1",
            None,
            {
                "gen_ai.operation.name": "invoke_agent",
                "pydantic_ai.all_messages": json.dumps(talk),
                "final_result": "So.",
            },
        )
    )
    assert one.inputs == {"messages": [{"role": "user", "content": "Why?"}]}
    assert one.outputs == "So."


def test_jaeger_tempo_and_packed_files(fetch, tmp_path: Path) -> None:
    jaeger = {
        "data": [
            {
                "traceID": "t1",
                "processes": {},
                "spans": [
                    {
                        "traceID": "t1",
                        "spanID": "a",
                        "operationName": "work",
                        "startTime": START // 1000,
                        "duration": 1500,
                        "references": [],
                        "tags": [
                            {"key": "otel.status_code", "type": "string", "value": "ERROR"},
                            {"key": "input.value", "type": "string", "value": "hi"},
                        ],
                        "logs": [],
                    }
                ],
            }
        ]
    }
    (tmp_path / "j.json").write_text(json.dumps(jaeger))
    (one,) = fetch(path="j.json").runs
    assert (one.outcome, one.inputs, one.latency) == ("error", "hi", pytest.approx(0.0015))
    lines = [{"resourceLogs": []}, document(span("1", None, {"input.value": "hi"}))]
    packed = gzip.compress("\n".join(map(json.dumps, lines[1:] + lines[:1])).encode())
    (tmp_path / "o.jsonl.gz").write_bytes(packed)
    found = fetch(path="o.jsonl.gz")
    assert found.error is None
    assert [each.inputs for each in found.runs] == ["hi"]
    assert hexed("q6urq6urq6urq6urq6urqw==") == "ab" * 16


def test_spans_that_wait_on_disk_make_the_same_runs(fetch, write) -> None:
    class Read:
        def __init__(self) -> None:
            self.tally, self.findings = Counts(), Findings()
            self.book, self.quick = ExampleBook(self.findings), False

    raws = [
        each
        for n in range(3)
        for each in raw_spans(document(
            span("1", None, {"input.value": f"q{n}"}, traceId=f"{n + 1:032x}", events=[
                ("exception", 3, {"exception.message": "broke"})]),
            span("2", "1", {"gen_ai.operation.name": "chat"}, traceId=f"{n + 1:032x}"),
        ))
    ]  # fmt: skip
    found = []
    for spill in (False, True):
        traces, reading = Traces(spill=spill), Read()
        assert [traces.add(each) for each in [*raws, raws[0]]] == [False] * 6 + [True]
        found.append([run_to_record(item.run) for item in traces.items(reading)])
    assert len(found[0]) == 3
    assert found[0] == found[1]
