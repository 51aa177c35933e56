"""Payloads of every kind become the same runs; what does not fit names its run and field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from shared import SHARED

from evalkit.errors import RecordError
from evalkit.fetchers.langsmith.convert.feedback import from_stats, is_ours, to_feedback
from evalkit.fetchers.langsmith.convert.run import convert, to_example, to_run
from evalkit.fetchers.langsmith.convert.traces import flatten, group
from evalkit.model.run import Run

SAMPLES = SHARED / "reference" / "langsmith-samples"
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the recorded samples are not beside this checkout"
)
ROOT = "00000000-0000-0000-0000-00000000000a"
START = "2026-11-22T10:00:00"


def root(**fields: Any) -> dict[str, Any]:
    return {
        "id": ROOT, "name": "Target", "run_type": "chain", "start_time": f"{START}.5",
        "end_time": f"{START}.750000", "status": "success", "trace_id": ROOT, **fields,
    }  # fmt: skip


def child(number: int, *, parents: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"c{number}", "name": f"step {number}", "run_type": "chain", "trace_id": ROOT,
        "start_time": f"{START}.{500 + number}", "end_time": f"{START}.{600 + number}",
        "parent_run_ids": parents or [ROOT], **fields,
    }  # fmt: skip


def records(name: str) -> list[dict[str, Any]]:
    loaded = json.loads((SAMPLES / name).read_text("utf-8"))
    rows = loaded if isinstance(loaded, list) else loaded.get("runs") or loaded["items"]
    return [row for row in rows if row.get("session_name") != "evaluators"]


def seen(run: Run) -> dict[str, Any]:
    """What must not depend on the form the run was sent in."""
    return {
        "run": (run.run_id, run.name, run.status, run.outcome, run.inputs, run.outputs, run.error),
        "times": (run.started_at, run.ended_at, run.latency, run.time_to_first_token),
        "usage": (run.total_tokens, run.prompt_tokens, run.completion_tokens, run.total_cost),
        "example": run.example_id,
        "metadata": run.metadata,
        "steps": [
            (s.step_id, s.parent_id, s.kind, s.name, s.inputs, s.outputs, s.error, s.total_tokens)
            for s in run.steps
        ],
        "trajectory": list(run.trajectory),
        "documents": [document.text for document in run.documents],
    }


@needs_samples
@pytest.mark.parametrize("sample", ["rag-evaluate", "langgraph-trace"])
def test_every_form_of_a_trace_gives_the_same_run(sample: str) -> None:
    forms = ("ingest", "v1-runs-query", "v2-runs-query")
    found = []
    for form in forms:
        grouped = group(records(f"{sample}.{form}.json"))
        assert not grouped.rootless
        runs = [convert(trace.root, trace.children) for trace in grouped.traces]
        assert not any(each.orphans for each in runs)
        found.append({each.run.run_id: seen(each.run) for each in runs})
    assert found[0] == found[1] == found[2]
    assert found[0]


@needs_samples
def test_a_recorded_graph() -> None:
    trace = group(records("langgraph-trace.v1-runs-query.json")).traces[0]
    run = to_run(trace.root, trace.children)
    assert [(step.kind, step.name, step.depth) for step in run.steps][:4] == [
        ("node", "agent", 0),
        ("retriever", "R", 1),
        ("llm", "GenericFakeChatModel", 1),
        ("chain", "RunnableCallable", 1),
    ]
    assert list(run.trajectory) == ["search"]
    assert run.trajectory.nodes == ("agent", "tools", "agent")
    assert run.tool_calls[0].arguments == {"query": "sf"}
    assert run.total_tokens == 5
    assert sum(step.total_tokens or 0 for step in run.steps) == 5


def test_times_are_utc_whatever_zone_was_written() -> None:
    naive, zoned, offset = (
        to_run(root(start_time=text, end_time=None), []).started_at
        for text in (START, f"{START}Z", "2026-11-22T12:00:00+02:00")
    )
    assert naive == zoned == offset == datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "status", "outcome"),
    [
        ({}, "success", "success"),
        ({"status": "SUCCESS"}, "success", "success"),
        ({"status": "error", "error": "ValueError('x')"}, "error", "error"),
        ({"status": "pending", "end_time": None}, "pending", "running"),
        ({"status": None}, "success", "success"),
        ({"status": None, "error": "boom"}, "error", "error"),
        ({"status": None, "end_time": None}, "pending", "running"),
        ({"status": "error", "error": "CancelledError()"}, "error", "cancelled"),
        ({"status": "error", "error": "GraphInterrupt(())"}, "error", "paused"),
        ({"outputs": {"__interrupt__": [{"value": "sure?"}]}}, "success", "paused"),
        ({"status": "resting"}, "resting", "unknown"),
    ],
)
def test_status(fields: dict[str, Any], status: str, outcome: str) -> None:
    run = to_run(root(**fields), [])
    assert (run.status, run.outcome) == (status, outcome)


def test_usage_counts_each_token_once() -> None:
    """v1 parents carry their subtree's figures; only the innermost steps keep theirs."""
    run = to_run(
        root(total_tokens=60, prompt_tokens=40, completion_tokens=20, total_cost="0.000360"),
        [
            child(1, total_tokens=50, prompt_tokens=33, completion_tokens=17),
            child(2, parents=[ROOT, "c1"], run_type="llm", total_tokens=50, prompt_tokens=33,
                  completion_tokens=17, total_cost="0.0003",
                  prompt_token_details={"cache_read": 9}),
            child(3, run_type="llm", total_tokens=10, prompt_tokens=7, completion_tokens=3,
                  total_cost="0.00006", completion_token_details={"raw": {"reasoning": 2}}),
        ],
    )  # fmt: skip
    assert [step.total_tokens for step in run.steps] == [None, 50, 10]
    assert run.total_tokens == 60
    assert run.total_cost == 0.00036
    assert run.steps[1].usage is not None
    assert run.steps[1].usage.cache_read_tokens == 9
    assert run.steps[2].usage is not None
    assert run.steps[2].usage.reasoning_tokens == 2


def test_v2_roots_without_figures_add_up_their_steps() -> None:
    llm = {"run_type": "LLM", "total_tokens": 5, "prompt_tokens": 3, "completion_tokens": 2}
    run = to_run(root(total_tokens=0), [child(1, **llm), child(2, parents=[ROOT, "c1"], **llm)])
    assert run.total_tokens == 5  # the outer call counts the inner one's tokens again


@pytest.mark.parametrize(
    "place",
    [
        {"outputs": {"usage_metadata": {"input_tokens": 3, "output_tokens": 2}}},
        {"extra": {"metadata": {"usage_metadata": {"input_tokens": 3, "output_tokens": 2}}}},
        {"outputs": {"generations": [[{"message": {"kwargs": {
            "usage_metadata": {"input_tokens": 3, "output_tokens": 2}}}}]]}},
    ],
)  # fmt: skip
def test_usage_a_model_call_carries_itself(place: dict[str, Any]) -> None:
    run = to_run(root(), [child(1, run_type="llm", **place)])
    assert run.total_tokens == 5


def test_no_tokens_recorded_is_not_zero() -> None:
    run = to_run(root(total_tokens=0, prompt_tokens=0), [child(1, run_type="llm", total_tokens=0)])
    assert run.total_tokens is None
    assert run.steps[0].usage is None


def test_first_token_from_field_or_event_anywhere_inside() -> None:
    run = to_run(
        root(),
        [
            child(1, run_type="llm", events=[{"name": "new_token", "time": f"{START}.625+00:00"}]),
            child(2, run_type="llm", first_token_time=f"{START}.700"),
        ],
    )
    assert run.time_to_first_token == pytest.approx(0.125)
    assert run.steps[0].time_to_first_token == pytest.approx(0.124)
    assert to_run(root(), [child(1, events=[])]).time_to_first_token is None


def test_orphans_hang_on_the_nearest_known_ancestor() -> None:
    found = convert(
        root(), [child(1), child(3, parents=[ROOT, "c1", "gone"]), child(4, parents=["?"])]
    )
    assert found.orphans == ["c3", "c4"]
    assert [(s.step_id, s.parent_id) for s in found.run.steps] == [
        ("c1", None), ("c3", "c1"), ("c4", None),
    ]  # fmt: skip


def test_a_parent_known_only_from_the_dotted_order() -> None:
    one, two = "1" * 36, "2" * 36
    stamps = [f"20261122T1000005{n}0000Z" for n in range(3)]
    dotted = [f"{stamps[0]}{ROOT}", f"{stamps[1]}{one}", f"{stamps[2]}{two}"]
    rows = [
        {**child(9), "id": two, "parent_run_ids": None, "dotted_order": ".".join(dotted)},
        {**child(9), "id": one, "parent_run_ids": None, "dotted_order": ".".join(dotted[:2])},
        root(dotted_order=dotted[0]),
    ]
    (trace,) = group(rows).traces
    assert [(s.step_id, s.parent_id) for s in to_run(trace.root, trace.children).steps] == [
        (one, None), (two, one),
    ]  # fmt: skip


def test_nothing_the_source_said_is_thrown_away() -> None:
    run = to_run(
        root(manifest_id="m", extra={"metadata": {"a": 1}, "runtime": {"sdk": "py"}}, novelty=[1]),
        [child(1, extra={"invocation_params": {"model": "m"}}, events=[{"name": "start"}])],
    )
    assert run.metadata == {"a": 1}
    assert run.extra["manifest_id"] == "m"
    assert run.extra["novelty"] == [1]
    assert run.extra["extra"] == {"runtime": {"sdk": "py"}}
    assert run.extra["steps"]["c1"]["extra"] == {"invocation_params": {"model": "m"}}
    assert run.extra["steps"]["c1"]["events"] == [{"name": "start"}]


def test_run_types_without_a_kind_keep_their_name() -> None:
    run = to_run(root(), [child(1, run_type="parser")])
    assert run.steps[0].kind == "other"
    assert run.steps[0].run_type == "parser"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"start_time": "yesterday"}, "start_time"),
        ({"end_time": []}, "end_time"),
        ({"error": {"message": "x"}}, "error"),
        ({"name": 3}, "name"),
        ({"tags": "one"}, "tags"),
        ({"extra": "text"}, "extra"),
        ({"extra": {"metadata": [1]}}, "extra.metadata"),
        ({"total_tokens": "many"}, "total_tokens"),
        ({"total_cost": "NaN", "total_tokens": 1}, "total_cost"),
        ({"total_cost": "Infinity"}, "total_cost"),
        ({"events": [{"name": "new_token", "time": "soon"}]}, "events"),
        ({"s3_urls": [1]}, "s3_urls"),
    ],
)
def test_what_does_not_fit_names_run_and_field(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(RecordError) as caught:
        to_run(root(**fields), [])
    assert f"run {ROOT}, field {path}: " in str(caught.value)


def test_a_child_that_does_not_fit_names_itself() -> None:
    with pytest.raises(RecordError, match="run c1, field start_time"):
        to_run(root(), [child(1, start_time="?")])
    with pytest.raises(RecordError, match="field id: is missing"):
        to_run(root(), [{**child(1), "id": None}])


def test_attachments_are_places_not_bytes() -> None:
    v1 = to_run(
        root(s3_urls={"attachment.a": {"presigned_url": "http://x/a", "mime_type": "text/plain"}}),
        [],
    )
    v2 = to_run(root(attachments={"a": "http://x/a"}), [])
    assert v1.attachments == {"a": {"url": "http://x/a", "mime_type": "text/plain"}}
    assert v2.attachments == {"a": {"url": "http://x/a"}}
    own = {"s3_urls": {"attachment.a": {"presigned_url": "/public/download?jwt=x"}}}
    found = convert(root(**own), [], base="https://host/api/v1").run
    assert found.attachments == {"a": {"url": "https://host/api/v1/public/download?jwt=x"}}


def test_duplicates_keep_the_one_that_ended() -> None:
    grouped = group([root(), root(end_time=None, status="pending"), child(1), child(1)])
    assert grouped.duplicates == 2
    assert grouped.traces[0].root["status"] == "success"
    assert len(grouped.traces[0].children) == 1


def test_records_without_their_root_are_told_apart() -> None:
    grouped = group([root(), {**child(1), "trace_id": "lost"}])
    assert list(grouped.rootless) == ["lost"]


def test_traces_without_trace_ids_follow_their_parents() -> None:
    rows = [
        {**root(), "trace_id": None},
        {"id": "a", "parent_run_id": ROOT, "start_time": START},
        {"id": "b", "parent_run_id": "a", "start_time": START},
    ]
    (trace,) = group(rows).traces
    assert len(trace.children) == 2


def test_nested_dumps() -> None:
    nested = root(child_runs=[{**child(1), "parent_run_ids": None, "child_runs": [
        {**child(2), "parent_run_ids": None, "child_runs": []}]}])  # fmt: skip
    trace = flatten(nested)
    assert [(s.step_id, s.parent_id) for s in to_run(trace.root, trace.children).steps] == [
        ("c1", None), ("c2", "c1"),
    ]  # fmt: skip


def test_examples() -> None:
    example = to_example(
        {"id": "e", "inputs": {"q": 1}, "outputs": None, "metadata": {"dataset_split": ["test"]},
         "attachment_urls": {"attachment.pic": {"presigned_url": "http://x/p"}}}
    )  # fmt: skip
    assert (example.example_id, example.inputs, example.reference_outputs) == ("e", {"q": 1}, None)
    assert example.split == "test"
    assert example.attachments == {"pic": {"url": "http://x/p"}}
    assert to_example({"id": "e", "metadata": {"dataset_split": ["a", "b"]}}).split == ("a", "b")


@pytest.mark.parametrize(
    ("payload", "outcome", "score", "value"),
    [
        ({"score": 1}, "scored", 1, None),
        ({"score": True}, "scored", True, None),
        ({"value": "red"}, "scored", None, "red"),
        ({"comment": "does not apply"}, "not_applicable", None, None),
        (
            {"error": True, "comment": "ValueError('x')", "score": None},
            "evaluator_error",
            None,
            None,
        ),
        ({"extra": {"error": True}}, "evaluator_error", None, None),
    ],
)
def test_recorded_feedback(payload: dict[str, Any], outcome: str, score: Any, value: Any) -> None:
    found = to_feedback({"id": "f", "key": "k", **payload}, run_id="r", step_id="s")
    assert (found.key, found.outcome, found.score, found.value) == ("k", outcome, score, value)
    assert (found.source, found.evaluator, found.step_id) == ("recorded", "langsmith", "s")


def test_feedback_statistics_of_a_run() -> None:
    stats = {
        "exact": {"n": 1, "avg": 0.5, "comments": ["half"], "values": {}},
        "colour": {"n": 1, "avg": None, "values": {"red": 1}},
        "broken": {"n": 1, "avg": None, "errors": 1, "values": {}},
    }
    found = {item.key: item for item in from_stats(stats, run_id="r")}
    assert (found["exact"].score, found["exact"].comment) == (0.5, "half")
    assert found["colour"].value == "red"
    assert found["broken"].outcome == "evaluator_error"


def test_our_own_feedback_is_recognised() -> None:
    assert is_ours({"feedback_source": {"type": "api", "metadata": {"evalkit": "0.1"}}})
    assert not is_ours({"feedback_source": {"type": "model", "metadata": None}})
    assert not is_ours({})
