"""Logs of other tools: what they state of themselves comes out, on real files where we can."""

import io
import json
import statistics
import zipfile
from math import sqrt
from pathlib import Path

import pytest
from shared import SHARED, needs_shared

from evalkit.errors import IncompleteExperiment
from evalkit.fetchers.files.formats.known import detect
from evalkit.fetchers.files.formats.otlp.describe import describe, kind_of
from evalkit.fetchers.files.mapping.traces import Span, payload, steps_of, tool_name
from evalkit.fetchers.files.reading.paths import SourceFile, find_files
from evalkit.model.usage import Usage

DATA = SHARED / "data"


def files(pattern: str) -> list[Path]:
    return sorted(path for path in DATA.glob(pattern) if path.is_file())


WIRES = {
    "inspect": [*files("wire-inspect/*.json"), *files("wire-inspect/*.eval")],
    "langfuse": files("wire-langfuse/*.trace.json"),
    "otlp": [
        *files("wire-otel-genai/otlp-json/*.json"),
        *files("wire-otel-genai/*-spans/*.json"),
    ],
    "swe-agent": files("wire-swe-agent/*.traj"),
    "tau2": files("wire-tau2/experiment/**/*.json"),
}
EVERY = [(name, path) for name, paths in WIRES.items() for path in paths]


@needs_shared
@pytest.mark.parametrize(
    ("name", "path"), EVERY, ids=lambda each: each.name if isinstance(each, Path) else each
)
def test_every_real_file_is_recognised(name, path):
    assert detect(SourceFile(str(path), path.name), "trial").name == name


# --- Inspect ------------------------------------------------------------------------------------


def stored_metrics(path: Path) -> list[dict]:
    if path.suffix == ".json":
        log = json.loads(path.read_text())
    else:
        with zipfile.ZipFile(path) as archive:
            log = json.loads(archive.read("header.json"))
    return (log.get("results") or {}).get("scores") or []


@needs_shared
@pytest.mark.parametrize("path", WIRES["inspect"], ids=lambda path: path.name)
def test_inspect_metrics_are_recomputed_from_the_samples(fetch, path):
    """As stored: accuracy over samples, stderr over sample means after averaging epochs."""
    fetched = fetch(path=str(path))
    checked = 0
    for score in stored_metrics(path):
        by_example: dict[str, list[float]] = {}
        for run in fetched.runs:
            found = [item.score for item in run.feedback if item.key == score["name"]]
            by_example.setdefault(run.example_id, []).extend(found)
        means = [statistics.fmean(values) for values in by_example.values() if values]
        if not means:
            assert isinstance(fetched.error, IncompleteExperiment)
            continue
        stderr = statistics.stdev(means) / sqrt(len(means)) if len(means) > 1 else 0.0
        metrics = score["metrics"]
        assert statistics.fmean(means) == pytest.approx(metrics["accuracy"]["value"])
        assert stderr == pytest.approx(metrics["stderr"]["value"])
        checked += 1
    assert checked or fetched.error or not stored_metrics(path)


@needs_shared
@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [
        ("2025-05-12T20-28-13-04-00_popularity.json", "the evaluation is cancelled: 3 samples", 3),
        ("2025-05-12T20-28-13-04-00_no-samples.json", "0 of 3 samples are in the log", 0),
        ("log_tool_call_error.json", "1 of 4 samples are in the log", 1),
    ],
)
def test_an_inspect_log_that_is_not_whole_says_so(fetch, name, said, kept):
    fetched = fetch(path=str(DATA / "wire-inspect" / name))
    assert isinstance(fetched.error, IncompleteExperiment)
    assert said in str(fetched.error)
    assert len(fetched.runs) == kept


@needs_shared
def test_an_inspect_agent_has_its_calls_with_times(fetch):
    path = DATA / "wire-inspect" / "2025-05-12T20-27-36-04-00_browser.json"
    (run,) = fetch(path=str(path)).runs
    assert [step.kind for step in run.steps] == ["llm", "tool"] * 4 + ["llm"]
    assert run.tool_calls[0].arguments == {"url": "https://www.aisi.gov.uk/"}
    assert run.steps[1].latency == pytest.approx(4.317574, abs=1e-3)
    assert run.steps[0].inputs["messages"][0]["content"].startswith("Use the web browser tool")
    assert (run.latency, run.usage.total_tokens) == (18.517, 15516)
    assert sum(step.usage.total_tokens for step in run.find(kind="llm")) == 15516


@needs_shared
def test_inspect_epochs_are_repetitions(fetch):
    fetched = fetch(path=str(DATA / "wire-inspect" / "log_streaming.eval"))
    assert sorted((run.example_id, run.repetition) for run in fetched.runs) == [
        ("1", 0),
        ("1", 1),
        ("2", 0),
        ("2", 1),
    ]
    assert fetched.examples["2"].reference_outputs == {"target": " No"}


SAMPLE = {"id": "s", "epoch": 1, "input": "q", "target": "t", "messages": [], "output": {}}
HEADER = {"version": 2, "status": "success", "eval": {"task": "t", "model": "m"}}


@pytest.mark.parametrize(
    ("value", "score", "category"),
    [
        ("C", 1.0, "C"),
        ("I", 0.0, "I"),
        ("P", 0.5, "P"),
        ("N", 0.0, "N"),
        (0.25, 0.25, None),
        (True, True, None),
        ("maybe", None, "maybe"),
        ([1], None, [1]),
    ],
)
def test_an_inspect_score_keeps_its_grade_and_its_number(fetch, write, value, score, category):
    sample = {**SAMPLE, "scores": {"match": {"value": value, "explanation": "why"}}}
    write("log.json", {**HEADER, "samples": [sample]})
    (item,) = fetch(path="log.json").runs[0].feedback
    assert (item.key, item.score, item.value, item.comment) == ("match", score, category, "why")
    assert (item.evaluator, item.source) == ("inspect", "recorded")


def test_an_inspect_score_of_parts_is_a_score_each(fetch, write):
    sample = {**SAMPLE, "scores": {"judge": {"value": {"tone": 1, "facts": 0.5}}}}
    write("log.json", {**HEADER, "samples": [sample]})
    found = [(item.key, item.score) for item in fetch(path="log.json").runs[0].feedback]
    assert found == [("judge/tone", 1), ("judge/facts", 0.5)]


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"error": {"message": "boom", "traceback": "..."}}, "error"),
        ({"limit": {"type": "time", "limit": 3}}, "timeout"),
        ({"limit": {"type": "message", "limit": 3}}, "success"),
    ],
)
def test_how_an_inspect_sample_ended(fetch, write, more, outcome):
    write("log.json", {**HEADER, "samples": [{**SAMPLE, **more}]})
    assert fetch(path="log.json").runs[0].outcome == outcome


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["_journal/start.json", "samples/s_epoch_1.json"], "without an end: 1 samples"),
        (["header.json", "samples/s_epoch_1.json", "samples/bad_epoch_1.json"], "cannot be read"),
    ],
)
def test_an_eval_file_of_a_crash_keeps_its_samples(fetch, write, names, said):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            content = SAMPLE if "s_epoch" in name else {**HEADER, "results": None}
            if name.startswith("_"):
                content = {"eval": HEADER["eval"]}
            archive.writestr(name, "{oops" if "bad" in name else json.dumps(content))
    write("log.eval", packed.getvalue())
    fetched = fetch(path="log.eval")
    assert said in str(fetched.error)
    assert len(fetched.runs) == 1


def test_a_cut_off_eval_file_is_said(fetch, write):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("header.json", json.dumps(HEADER))
    write("log.eval", packed.getvalue()[:-30])
    assert "log.eval: the log was cut off" in str(fetch(path="log.eval", format="inspect").error)


# --- Langfuse -----------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize("path", WIRES["langfuse"], ids=lambda path: path.name)
def test_langfuse_traces_say_of_themselves_what_we_compute(fetch, path):
    raw = json.loads(path.read_text())
    (run,) = fetch(path=str(path)).runs
    assert run.latency == pytest.approx(raw["trace"]["latency"], abs=2e-3)
    assert len(run.steps) == len(raw["observations"])
    assert {s.step_id for s in run.steps} == {each["id"] for each in raw["observations"]}
    kinds = [each["type"] for each in raw["observations"]]
    assert len(run.find(kind="llm")) == kinds.count("GENERATION")
    assert len(run.find(kind="tool")) == kinds.count("TOOL")
    costs = {each["id"]: each["totalCost"] or 0 for each in raw["observations"]}
    inside = {each["id"]: each["parentObservationId"] for each in raw["observations"]}

    def cost_of(step):  # frameworks repeat a cost further up, and some state more there
        return max(
            costs.get(step, 0), sum(cost_of(each) for each in inside if inside[each] == step)
        )

    tops = [each for each in inside if inside[each] not in inside]
    assert (run.total_cost or 0) == pytest.approx(sum(map(cost_of, tops)))
    assert sum(step.usage.total_cost or 0 for step in run.steps if step.usage) == pytest.approx(
        run.total_cost or 0
    )
    stated = {score["name"]: score["value"] for score in raw["trace"].get("scores") or ()}
    assert {item.key: item.score for item in run.feedback} == stated


@needs_shared
def test_langfuse_keeps_langgraphs_nodes_and_messages(fetch):
    path = DATA / "wire-langfuse" / "langgraph-python-2025-08-22.trace.json"
    (run,) = fetch(path=str(path)).runs
    assert [step.name for step in run.find(kind="node")] == ["agent", "tools", "agent"]
    assert run.messages[0].text == "Search the web for 'example' and summarize."
    assert run.tool_calls[0].name == "Web-Search"


TRACE = {"id": "t1", "timestamp": "2026-01-02T03:04:05Z", "input": "q", "output": '{"a": 1}'}
OBSERVATION = {"id": "o1", "type": "SPAN", "name": "s", "startTime": "2026-01-02T03:04:05Z"}


@pytest.mark.parametrize("shape", ["beside", "inside", "page", "lines"])
def test_langfuse_shapes(fetch, write, shape):
    inside = {**TRACE, "observations": [OBSERVATION]}
    content = {
        "beside": {"trace": TRACE, "observations": [OBSERVATION]},
        "inside": inside,
        "page": {"data": [inside], "meta": {"page": 1}},
        "lines": [inside],
    }[shape]
    name = "log.jsonl" if shape == "lines" else "log.json"
    write(name, content)
    (run,) = fetch(path=name).runs
    assert (run.run_id, run.inputs, run.outputs) == ("t1", "q", {"a": 1})
    assert [step.name for step in run.steps] == ["s"]


def test_a_langfuse_error_scores_of_all_types_and_a_missing_parent(fetch, write):
    scores = [
        {"name": "good", "dataType": "BOOLEAN", "value": 1},
        {"name": "tone", "dataType": "CATEGORICAL", "value": None, "stringValue": "kind"},
        {"name": "rank", "dataType": "NUMERIC", "value": 0.5, "observationId": "o1"},
    ]
    failed = {**OBSERVATION, "level": "ERROR", "statusMessage": "E: x", "parentObservationId": "z"}
    write("log.json", {"trace": {**TRACE, "scores": scores}, "observations": [failed]})
    fetched = fetch(path="log.json")
    (run,) = fetched.runs
    assert (run.outcome, run.error_type) == ("error", "E")
    assert [(i.key, i.score, i.value, i.step_id) for i in run.feedback] == [
        ("good", True, None, None),
        ("tone", None, "kind", None),
        ("rank", 0.5, None, "o1"),
    ]
    assert fetched.counts.orphans == 1


# --- OpenTelemetry ------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    "path", files("wire-otel-genai/strands-spans/*.json"), ids=lambda path: path.stem
)
def test_flat_spans_and_their_otlp_form_give_the_same_runs(fetch, path):
    other = DATA / "wire-otel-genai" / "otlp-json" / f"{path.stem}.otlp.json"
    flat, otlp = fetch(path=str(path)), fetch(path=str(other))

    def facts(fetched):
        assert fetched.error is None
        return [
            (
                (run.run_id, run.name, run.latency, run.inputs, run.outputs, run.usage),
                [(s.step_id, s.parent_id, s.kind, s.name, s.inputs, s.outputs) for s in run.steps],
            )
            for run in fetched.runs
        ]

    assert facts(flat) == facts(otlp)


@needs_shared
@pytest.mark.parametrize(
    ("name", "tools", "tokens"),
    [
        ("adk_live_spans", ("calculator",), 463),
        ("pydantic_ai_live_spans", ("get_weather",), 1329),
        ("smolagents_live_spans", ("web_search", "final_answer"), 6419),
        ("claude_live_spans", ("Agent", "Bash") * 3, 982),
    ],
)
def test_real_agents_under_four_vocabularies(fetch, name, tools, tokens):
    path = DATA / "wire-otel-genai" / "otlp-json" / f"{name}.otlp.json"
    (run,) = fetch(path=str(path)).runs
    assert run.trajectory == tools
    assert run.usage.total_tokens == tokens


@needs_shared
def test_vercels_spans_with_seconds_and_nanoseconds(fetch):
    path = DATA / "wire-otel-genai" / "vercel-aisdk-v6-spans" / "all-spans.json"
    fetched = fetch(path=str(path))
    spans = json.loads(path.read_text())
    assert len(fetched.runs) == len({span["spanContext"]["traceId"] for span in spans})
    assert all(run.latency and run.latency > 0 for run in fetched.runs)
    assert {run.outputs is not None for run in fetched.runs if "embed" not in run.name} == {True}


def attribute(key, **value):
    return {"key": key, "value": value}


def otlp(*spans):
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": list(spans)}]}]}


def span(name, parent=None, *attributes, **more):
    return {
        "traceId": "t1",
        "spanId": name,
        "name": name,
        "startTimeUnixNano": "1767323045000000000",
        "endTimeUnixNano": "1767323046500000000",
        "attributes": list(attributes),
        **({"parentSpanId": parent} if parent else {}),
        **more,
    }


def test_a_trace_spread_over_lines_is_one_run(fetch, write):
    root = span("root", None, attribute("input.value", stringValue='{"q": 1}'))
    call = span(
        "call",
        "root",
        attribute("gen_ai.operation.name", stringValue="chat"),
        attribute("gen_ai.usage.input_tokens", intValue="12"),
        attribute("gen_ai.output.messages", stringValue='[{"role": "assistant", "content": "x"}]'),
    )
    write("log.jsonl", [otlp(call), otlp(root, call)])
    fetched = fetch(path="log.jsonl")
    (run,) = fetched.runs
    assert (run.name, run.inputs, run.latency) == ("root", {"q": 1}, 1.5)
    assert [(step.kind, step.name) for step in run.steps] == [("llm", "call")]
    assert run.usage.input_tokens == 12
    assert run.outputs == {"messages": [{"role": "assistant", "content": "x"}]}
    assert fetched.counts.duplicates == 1


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"status": {"code": 2, "message": "boom"}}, "boom"),
        (
            {
                "status": {"code": "STATUS_CODE_ERROR"},
                "events": [
                    {
                        "name": "exception",
                        "attributes": [
                            attribute("exception.type", stringValue="ValueError"),
                            attribute("exception.message", stringValue="x"),
                        ],
                    }
                ],
            },
            "ValueError: x",
        ),
        ({"status": {"code": 1}}, None),
    ],
)
def test_how_a_trace_ended(fetch, write, more, error):
    write("log.json", otlp(span("root", None, **more)))
    (run,) = fetch(path="log.json").runs
    assert run.error == error
    assert run.outcome == ("error" if error else "success")


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"openinference.span.kind": "RETRIEVER"}, "retriever"),
        ({"gen_ai.operation.name": "execute_tool"}, "tool"),
        ({"gen_ai.operation.name": "invoke_agent"}, "agent"),
        ({"traceloop.span.kind": "workflow"}, "chain"),
        ({"ai.operationId": "ai.toolCall"}, "tool"),
        ({"http.method": "POST"}, "other"),
    ],
)
def test_the_kind_of_a_span_by_any_vocabulary(attributes, kind):
    assert kind_of(attributes) == kind


def test_openinference_messages_and_documents_are_put_together_again():
    prefix = "llm.output_messages.0.message"
    call = f"{prefix}.tool_calls.0.tool_call"
    described = describe(
        "x",
        {
            "openinference.span.kind": "LLM",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "hi",
            f"{prefix}.role": "assistant",
            f"{call}.id": "c1",
            f"{call}.function.name": "look",
            f"{call}.function.arguments": '{"q": 1}',
            "llm.token_count.total": 7,
        },
    )
    assert described.inputs == {"messages": [{"role": "user", "content": "hi"}]}
    (message,) = described.outputs["messages"]
    assert message["tool_calls"] == [
        {"id": "c1", "function": {"name": "look", "arguments": '{"q": 1}'}}
    ]
    assert described.usage.total_tokens == 7
    assert not any(key.startswith("llm.") for key in described.metadata)
    found = describe(
        "r",
        {
            "openinference.span.kind": "RETRIEVER",
            "retrieval.documents.0.document.content": "text",
            "retrieval.documents.0.document.score": 0.5,
        },
    )
    assert found.outputs == {"documents": [{"content": "text", "score": 0.5}]}


def test_totals_of_parents_are_not_counted_twice():
    spans = [
        Span(id="root", usage=Usage(total_tokens=10)),
        Span(id="mid", parent_id="root"),
        Span(id="a", parent_id="mid", usage=Usage(total_tokens=4)),
        Span(id="b", parent_id="root", usage=Usage(total_tokens=6)),
    ]
    walked = steps_of(spans, "")
    assert {each.step_id: each.usage and each.usage.total_tokens for each in walked.steps} == {
        "root": None, "mid": None, "a": 4, "b": 6,
    }  # fmt: skip
    assert walked.usage.total_tokens == 10


@pytest.mark.parametrize(
    ("raw", "value"),
    [('"{\\"a\\": 1}"', {"a": 1}), ("{oops", "{oops"), ("text", "text"), ("[1]", [1]), (3, 3)],
)
def test_payloads_written_as_text_in_text(raw, value):
    assert payload(raw) == value


@pytest.mark.parametrize("name", ["execute_tool add", "running tool: add", "add.tool", "add"])
def test_a_tools_own_name(name):
    assert tool_name(name) == "add"


# --- SWE-agent, tau2 ----------------------------------------------------------------------------


@needs_shared
def test_swe_agent_turns_are_steps(fetch):
    fetched = fetch(path=str(DATA / "wire-swe-agent"))
    assert [run.outcome for run in fetched.runs] == ["success"] * 3
    run = next(run for run in fetched.runs if run.run_id.startswith("pydicom"))
    raw = json.loads((DATA / "wire-swe-agent" / f"{run.run_id}.traj").read_text())
    assert len(run.find(kind="llm")) == len(raw["trajectory"])
    assert run.outputs["submission"] == raw["info"]["submission"]
    assert run.total_cost == raw["info"]["model_stats"]["instance_cost"]
    assert run.inputs["task"].startswith("We're currently solving the following issue")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("submitted", "success"),
        ("exit_cost", "error"),
        ("exit_timeout", "timeout"),
        (None, "error"),
    ],
)
def test_how_a_swe_agent_ended(fetch, write, status, outcome):
    write("task.traj", {"trajectory": [], "history": [], "info": {"exit_status": status}})
    assert fetch(path="task.traj").runs[0].outcome == outcome


@needs_shared
def test_tau2_voice_simulations_keep_their_ticks(fetch):
    fetched = fetch(path=str(DATA / "wire-tau2" / "experiment"))
    assert fetched.error is None
    assert len(fetched.runs) == 3
    for run in fetched.runs:
        raw = DATA / "wire-tau2" / "experiment" / "simulations" / f"{run.run_id}.json"
        assert run.latency == pytest.approx(json.loads(raw.read_text())["duration"], abs=0.5)
        assert run.outputs["ticks"]
        assert run.steps_recorded is False


def test_tau2_results_in_one_file(fetch, write):
    simulation = {
        "id": "s1",
        "task_id": "7",
        "trial": 2,
        "duration": 3.5,
        "termination_reason": "max_steps",
        "agent_cost": 0.5,
        "user_cost": 0.25,
        "reward_info": {"reward": 0.0, "reward_breakdown": {"DB": 1.0}},
        "messages": [
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "name": "find", "arguments": {"q": 1}}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 10},
            },
            {"role": "tool", "id": "c", "content": "found", "error": False},
            {"role": "user", "content": "more", "usage": {"prompt_tokens": 7}},
        ],
    }
    task = {
        "id": "7",
        "user_scenario": {"instructions": "x"},
        "evaluation_criteria": {"actions": []},
    }
    write("results.json", {"info": {}, "tasks": [task], "simulations": [simulation]})
    fetched = fetch(path="results.json")
    assert fetched.error is None
    (run,) = fetched.runs
    assert (run.outcome, run.error, run.repetition, run.total_cost) == (
        "error",
        "max_steps",
        2,
        0.5,
    )
    assert run.total_tokens == 110  # the agent's; the simulated user's are not
    assert [(item.key, item.score) for item in run.feedback] == [("reward", 0.0), ("DB", 1.0)]
    assert [(c.name, c.arguments, c.result) for c in run.tool_calls] == [
        ("find", {"q": 1}, "found")
    ]
    assert fetched.examples["7"].reference_outputs == {"actions": []}


# --- references ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        [{"inputs": "q", "outputs": "gold"}, {"inputs": "other", "outputs": "x"}],
        [{"id": "d7", "inputs": "q", "outputs": "gold"}],
    ],
)
@pytest.mark.parametrize("subset", [True, False])
def test_references_of_a_dataset_reach_the_runs_by_their_inputs(fetch, write, rows, subset):
    write("log.json", {**TRACE, "observations": []})
    write("data.json", rows)
    fetched = fetch(path="log.json", dataset={"path": "data.json", "subset": subset})
    (run,) = fetched.runs
    assert fetched.examples[run.example_id].reference_outputs == "gold"
    assert len(fetched.examples) == (1 if subset else len(rows))


# --- what does not fit --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format_", "content"),
    [
        ("inspect", {**HEADER, "samples": [{"epoch": 1}]}),
        ("langfuse", [{"id": "t"}]),
        ("otlp", [{"name": "x"}]),
        ("swe-agent", {"trajectory": 3}),
        ("tau2", {"task_id": "1", "termination_reason": "x"}),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_crashes(fetch, write, format_, content):
    write("log.json", content)
    fetched = fetch(path="log.json", format=format_)
    assert isinstance(fetched.error, IncompleteExperiment)
    assert "log.json" in str(fetched.error)


def test_the_order_of_the_files_found_is_stable(tmp_path):
    for name in ("b.json", "a.json", "skip.md", ".hidden.json", "c/d.jsonl.gz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    found = find_files(".", tmp_path, "trial")
    assert [file.shown for file in found] == ["a.json", "b.json", "c/d.jsonl.gz"]
