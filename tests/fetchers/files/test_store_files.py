"""Files of trace stores: Phoenix and MLflow."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from evalkit.fetchers.files.formats.records import RecordsFetcher

AT = "2026-03-01T10:00:00.000001+00:00"
LATER = "2026-03-01T10:00:02.000001+00:00"


def phoenix(key: str, parent: str | None, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "U3Bhbjox",
        "name": more.pop("name", key),
        "context": {"trace_id": "f0" * 16, "span_id": key},
        "span_kind": kind,
        "parent_id": parent,
        "start_time": AT,
        "end_time": LATER,
        "status_code": more.pop("status_code", "OK"),
        "status_message": more.pop("status_message", ""),
        "attributes": more,
        "events": [],
    }


def rag(**root: Any) -> list[dict[str, Any]]:
    documents = "retrieval.documents"
    return [
        phoenix("a", None, "CHAIN", **{"input.value": "who?"}, **root),
        phoenix(
            "b",
            "a",
            "RETRIEVER",
            **{
                f"{documents}.0.document.content": "It was Ada.",
                f"{documents}.0.document.metadata.source": "x.md",
                f"{documents}.0.document.metadata.page": 4,
                f"{documents}.1.document.content": "It was Bob.",
            },
        ),
        phoenix(
            "c",
            "a",
            "LLM",
            **{
                "llm.model_name": "m-1",
                "llm.token_count.prompt": 7,
                "llm.token_count.completion": 2,
                "llm.output_messages.0.message.role": "assistant",
                "llm.output_messages.0.message.content": "Ada",
                "metadata.example_id": "e1",
            },
        ),
    ]


def frame(span: dict[str, Any]) -> dict[str, Any]:
    """A row of the data frame of spans: first levels of attributes as columns."""
    row = {k: v for k, v in span.items() if k not in ("attributes", "context")}
    row |= {f"context.{name}": value for name, value in span["context"].items()}
    return row | {f"attributes.{name}": value for name, value in span["attributes"].items()}


@pytest.mark.parametrize("shape", ["list", "page", "lines", "frame"])
def test_spans_of_phoenix(fetch, write, shape: str) -> None:
    spans = rag()
    if shape == "page":
        write("t.json", {"data": spans, "next_cursor": None})
    elif shape == "frame":
        write("t.json", [frame(each) for each in spans])
    else:
        write("t.json" if shape == "list" else "t.jsonl", spans)
    found = fetch(path="t.jsonl" if shape == "lines" else "t.json")
    (run,) = found.runs
    assert (run.outcome, run.inputs, run.latency) == ("success", "who?", 2.0)
    assert [step.kind for step in run.steps] == ["retriever", "llm"]
    assert [(each.text, dict(each.metadata)) for each in run.documents] == [
        ("It was Ada.", {"source": "x.md", "page": 4}),
        ("It was Bob.", {}),
    ]
    assert (run.usage.total_tokens, run.steps[1].model) == (9, "m-1")
    assert run.steps[1].metadata["example_id"] == "e1"


def test_failures_of_phoenix_are_errors_and_cut_pages_are_said(fetch, write) -> None:
    spans = rag(status_code="ERROR", status_message="TypeError: no")
    write("t.json", {"data": spans, "next_cursor": "U3Bhbjo5"})
    found = fetch(path="t.json")
    assert [(run.outcome, run.error) for run in found.runs] == [("error", "TypeError: no")]
    assert any("next_cursor" in note for note in found.counts.notes)


ANNOTATIONS = [
    {"name": "label", "annotator_kind": "HUMAN", "label": "fine", "score": None, "error": None},
    {"name": "exact", "annotator_kind": "CODE", "label": "True", "score": 1.0, "error": None},
    {"name": "crash", "annotator_kind": "CODE", "label": None, "score": None,
     "error": "KeyError('k')"},
]  # fmt: skip
ROW = {
    "example_id": "RX==",
    "repetition_number": 2,
    "input": {"q": 1},
    "reference_output": {"a": 2},
    "output": {"a": 3},
    "error": None,
    "latency_ms": 12.0,
    "start_time": AT,
    "end_time": LATER,
    "trace_id": "t",
    "prompt_token_count": None,
    "completion_token_count": None,
    "annotations": ANNOTATIONS,
}


@pytest.mark.parametrize("mapped", [False, True])
def test_an_experiment_of_phoenix(fetch, write, mapped: bool) -> None:
    write("x.json", [ROW, {**ROW, "repetition_number": 3, "error": "ValueError('v')"}])
    fields = {"example_id": "example_id", "repetition": "repetition_number", "inputs": "input",
              "reference_outputs": "reference_output", "error": "error || `null`",
              "feedback": "annotations"}  # fmt: skip
    found = fetch(RecordsFetcher, path="x.json", fields=fields) if mapped else fetch(path="x.json")
    assert [(run.repetition, run.outcome) for run in found.runs] == [(2, "success"), (3, "error")]
    assert found.examples["RX=="].reference_outputs == {"a": 2}
    said = {each.key: each for each in found.runs[0].feedback}
    assert (said["label"].value, said["label"].outcome) == ("fine", "scored")
    assert said["exact"].score == 1.0
    assert (said["crash"].outcome, said["crash"].error_type) == ("evaluator_error", "KeyError")


def mlflow(key: str, parent: str | None, kind: str, asked: Any, said: Any) -> dict[str, Any]:
    def bytes_of(text: str, size: int) -> str:
        return base64.b64encode(text.encode().ljust(size, b"\0")).decode()

    return {
        "trace_id": bytes_of("trace", 16),
        "span_id": bytes_of(key, 8),
        "parent_span_id": bytes_of(parent, 8) if parent else None,
        "name": key,
        "start_time_unix_nano": 1_700_000_000_000_000_000,
        "end_time_unix_nano": 1_700_000_001_000_000_000,
        "events": [],
        "status": {"code": "STATUS_CODE_OK", "message": ""},
        "attributes": {
            "mlflow.traceRequestId": '"tr-77"',
            "mlflow.spanType": json.dumps(kind),
            "mlflow.spanInputs": json.dumps(asked),
            "mlflow.spanOutputs": json.dumps(said),
            "mlflow.llm.cost": '{"total_cost": 0.5}' if kind == "CHAT_MODEL" else "null",
            "mlflow.chat.tokenUsage": '{"input_tokens": 4, "output_tokens": 1}'
            if kind == "CHAT_MODEL"
            else "null",
        },
    }


SPANS = [
    mlflow("root", None, "AGENT", "17", "[1]"),
    mlflow("find", "root", "RETRIEVER", {"q": 1}, [{"page_content": "P", "id": "d1"}]),
    mlflow("ask", "root", "CHAT_MODEL", {"messages": [{"role": "user", "content": "x"}]},
           {"choices": [{"message": {"role": "assistant", "content": "y"}}]}),
]  # fmt: skip
INFO = {
    "trace_id": "tr-77",
    "state": "OK",
    "request_time": "2026-03-01T10:00:00Z",
    "trace_metadata": {"mlflow.trace.session": "s1"},
    "tags": {"variant": "b"},
    "assessments": [
        {"assessment_name": "nice", "source": {"source_type": "HUMAN", "source_id": "p"},
         "feedback": {"value": True}, "valid": True},
        {"assessment_name": "old", "feedback": {"value": 1}, "valid": False},
        {"assessment_name": "broke", "feedback": {"value": None, "error": {
            "error_code": "SCORER_ERROR", "error_message": "no"}}},
        {"assessment_name": "wanted", "expectation": {"value": "z"}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("shape", ["artifact", "trace", "lines", "answer"])
def test_traces_of_mlflow(fetch, write, shape: str) -> None:
    whole = {"info": INFO, "data": {"spans": SPANS}}
    answer = {"traces": [{"trace_info": INFO, "spans": SPANS}]}
    content: Any = {"artifact": {"spans": SPANS}, "trace": whole, "lines": [whole],
                    "answer": answer}[shape]  # fmt: skip
    name = "t.jsonl" if shape == "lines" else "t.json"
    write(name, content)
    found = fetch(path=name)
    (run,) = found.runs
    assert (run.run_id, run.outcome, run.latency) == ("tr-77", "success", 1.0)
    assert (run.inputs, run.outputs) == ("17", "[1]")  # texts stay texts
    assert [step.kind for step in run.steps] == ["retriever", "llm"]
    assert [each.id for each in run.documents] == ["d1"]
    assert (run.usage.total_tokens, run.usage.total_cost) == (5, 0.5)
    if shape == "artifact":
        return
    assert (run.thread_id, run.metadata["variant"]) == ("s1", "b")
    assert [(each.key, each.score, each.outcome) for each in run.feedback] == [
        ("nice", True, "scored"),
        ("broke", None, "evaluator_error"),
    ]
    assert found.examples[run.example_id].reference_outputs == {"wanted": "z"}


def test_the_state_of_an_mlflow_trace_tells_what_its_spans_leave_out(fetch, write) -> None:
    write("t.json", {"info": {**INFO, "state": "ERROR"}, "data": {"spans": SPANS}})
    assert [run.outcome for run in fetch(path="t.json").runs] == ["error"]
    write("u.json", {"info": {**INFO, "state": "IN_PROGRESS"}, "data": {"spans": []}})
    found = fetch(path="u.json")
    assert (found.runs, found.counts.pending) == ([], 1)  # it may still go on
