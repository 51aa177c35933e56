"""Results of other harnesses: the runs, examples, repetitions and scores they stand for."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from evalkit.fetchers.files.formats.inspect.archive import Archive


def scores(run: Any) -> dict[str, Any]:
    return {f.key: f.score if f.score is not None else f.value for f in run.feedback}


def by_example(fetched: Any) -> dict[Any, Any]:
    return {(run.example_id, run.repetition): run for run in fetched.runs}


def lm_line(doc: int, name: str, value: float) -> dict[str, Any]:
    return {
        "doc_id": doc, "doc": {"q": doc}, "target": "4", "filter": name, "metrics": ["acc"],
        "arguments": {"gen_args_0": {"arg_0": f"Q{doc}"}}, "resps": [["4"]],
        "filtered_resps": [name], "acc": value,
    }  # fmt: skip


def test_filters_of_lm_eval_are_scores_and_no_repetitions(write: Any, fetch: Any) -> None:
    lines = [lm_line(doc, name, doc) for name in ("first", "strict") for doc in (0, 1)]
    write("out/results_2026-05-01T10-00-00.json", {"results": {}})
    write("out/samples_sums_2026-05-01T10-00-00.123.jsonl", lines)
    fetched = fetch(path="out")
    assert fetched.error is None
    runs = by_example(fetched)
    assert set(runs) == {("sums/0", 0), ("sums/1", 0)}
    assert scores(runs["sums/1", 0]) == {"acc,first": 1, "acc,strict": 1}
    assert fetched.examples["sums/1"].reference_outputs == {"target": "4"}


def foo_row(test: int, reason: int, word: str, column: int = 0) -> dict[str, Any]:
    return {
        "id": f"r{test}-{column}", "testIdx": test, "promptIdx": column, "vars": {"x": word},
        "testCase": {}, "provider": {"id": "mine", "label": ""}, "failureReason": reason,
        "success": reason == 0, "score": 1.0 if reason == 0 else 0, "namedScores": {"len": 0.5},
        "error": None if reason == 0 else "Expected more", "latencyMs": 20, "cost": 0.1,
        "gradingResult": {"reason": "r"},
        "response": {"output": word, "tokenUsage": {"prompt": 4, "completion": 2, "total": 6}},
    }  # fmt: skip


def test_promptfoo_tells_failures_from_errors_and_columns_from_repetitions(
    write: Any, fetch: Any
) -> None:
    rows = [foo_row(0, 0, "cat"), foo_row(1, 1, "cat"), foo_row(2, 2, "dog"),
            foo_row(0, 0, "cat", column=1)]  # fmt: skip
    fetched = fetch(path=str(write("out.jsonl", rows)))
    assert fetched.error is None
    assert [run.outcome for run in fetched.runs] == ["success", "success", "error", "success"]
    assert [run.repetition for run in fetched.runs] == [0, 1, 0, 0]
    assert scores(fetched.runs[1]) == {"pass": False, "score": 0, "len": 0.5}
    assert fetched.runs[0].usage.total_tokens == 6
    assert fetched.runs[0].latency == 0.02


def test_promptfoo_rows_that_are_counted_and_missing_are_said(write: Any, fetch: Any) -> None:
    stats = {"successes": 2, "failures": 0, "errors": 0}
    inner = {"version": 3, "stats": stats, "results": [foo_row(0, 0, "cat")], "prompts": []}
    fetched = fetch(path=str(write("out.json", {"evalId": "e", "results": inner})))
    assert "counts 2 results and wrote 1" in str(fetched.error)
    assert len(fetched.runs) == 1


def test_promptfoo_columns_of_a_table(write: Any, fetch: Any) -> None:
    block = "Status,Score,Named Scores,Metric: len,Grader Reason,Comment"
    text = (
        f"Description,x,[a] Say {{{{x}}}},{block},[b] Say {{{{x}}}},{block}\n"
        "one,cat,miau,PASS,0.50,{},0.5,ok,,wuff,FAIL,0.00,{},,no,\n"
        ",dog,,ERROR,0.00,,,broke,,wuff,PASS,1.00,{},1,ok,\n"
    )
    fetched = fetch(path=str(write("out.csv", text)))
    assert fetched.error is None
    assert [(r.metadata["provider"], r.outcome) for r in fetched.runs] == [
        ("a", "success"), ("b", "success"), ("a", "error"), ("b", "success"),
    ]  # fmt: skip
    assert scores(fetched.runs[0]) == {"pass": True, "score": 0.5, "len": 0.5}
    assert scores(fetched.runs[1]) == {"pass": False, "score": 0.0}


def test_deepeval(write: Any, fetch: Any) -> None:
    metric = {"name": "Rel", "threshold": 0.5}
    case = {"input": "q", "actualOutput": "a", "completionTime": 1.5, "tokenCost": 0.25}
    cases = [
        {**case, "success": True, "metricsData": [{**metric, "score": 1.0}],
         "toolsCalled": [{"name": "f", "inputParameters": {"x": 1}, "output": 2}]},
        {**case, "success": False, "metricsData": [{**metric, "error": "broke"}]},
    ]  # fmt: skip
    fetched = fetch(path=str(write("run.json", {"testRunData": {"testCases": cases}})))
    first, second = fetched.runs
    assert (scores(first), scores(second)) == ({"success": True, "Rel": 1.0}, {"success": False})
    assert (first.latency, first.usage.total_cost, first.repetition) == (1.5, 0.25, 0)
    assert second.repetition == 1
    assert first.tool_calls[0].arguments == {"x": 1}
    assert any("broke" in note for note in fetched.counts.notes)


def test_pydantic_evals_keeps_tasks_that_raised(write: Any, fetch: Any) -> None:
    said = {"right": {"value": True, "reason": "r"}}
    report = {
        "name": "t", "report_evaluator_failures": [],
        "cases": [{"name": f"a [{n}/2]", "source_case_name": "a", "inputs": "x", "output": "y",
                   "expected_output": "y", "assertions": said, "scores": {}, "labels": {},
                   "metrics": {"input_tokens": 5}, "task_duration": 0.5, "evaluator_failures": []}
                  for n in (1, 2)],
        "failures": [{"name": "b", "inputs": "z", "error_message": "RuntimeError: no"}],
    }  # fmt: skip
    fetched = fetch(path=str(write("report.json", report)))
    runs = by_example(fetched)
    assert set(runs) == {("a", 0), ("a", 1), ("b", 0)}
    assert (runs["b", 0].outcome, runs["b", 0].error_type) == ("error", "RuntimeError")
    assert scores(runs["a", 1]) == {"right": True, "metric.input_tokens": 5}
    assert runs["a", 0].usage.input_tokens == 5


def trial(name: str, start: int, crashed: bool = False) -> dict[str, Any]:
    return {
        "id": f"{name}{start}", "trial_name": f"{name}__{start}", "task_name": name,
        "started_at": f"2026-05-01T10:00:0{start}Z",
        "verifier_result": {"rewards": {"reward": 0.5}},
        "agent_execution": {"started_at": "2026-05-01T10:00:00Z",
                            "finished_at": "2026-05-01T10:00:03Z"},
        "agent_result": {"n_input_tokens": 40, "n_cache_tokens": 10, "n_output_tokens": 5},
        "exception_info": {"exception_type": "AgentTimeoutError"} if crashed else None,
    }  # fmt: skip


def test_a_harbor_job(write: Any, fetch: Any) -> None:
    write("job/result.json", {"n_total_trials": 3, "stats": {}})
    for n, (name, crashed) in enumerate([("a", False), ("a", False), ("b", True)]):
        write(f"job/{name}{n}/result.json", trial(name, n, crashed))
        write(f"job/{name}{n}/config.json", {"any": "thing"})
    steps = [{"step_id": 1, "source": "user", "message": "Do it"}]
    write("job/a0/agent/trajectory.json", {"schema_version": "ATIF-v1.7", "steps": steps})
    fetched = fetch(path="job")
    assert fetched.error is None
    runs = by_example(fetched)
    assert set(runs) == {("a", 0), ("a", 1), ("b", 0)}
    assert runs["a", 0].inputs == {"task": "a", "prompt": "Do it"}
    assert (runs["b", 0].outcome, scores(runs["b", 0])) == ("timeout", {"reward": 0.5})
    assert (runs["a", 1].latency, runs["a", 1].usage.total_tokens) == (3.0, 45)


def test_adk(write: Any, fetch: Any) -> None:
    def turn(text: str, answer: str) -> dict[str, Any]:
        said = {
            "user_content": {"parts": [{"text": text}]},
            "final_response": {"parts": [{"text": "hm", "thought": True}, {"text": answer}]},
        }
        return {"actual_invocation": {**said, "duration": 0.5}, "expected_invocation": said}

    case = {
        "eval_id": "c", "session_id": "s", "final_eval_status": 2,
        "overall_eval_metric_results": [{"metric_name": "m", "score": 0.5, "eval_status": 4}],
        "eval_metric_result_per_invocation": [turn("a", "b"), turn("c", "d")],
        "session_details": {"events": [
            {"usage_metadata": {"prompt_token_count": 10, "candidates_token_count": 2,
             "thoughts_token_count": 1, "total_token_count": 13}, "content": {"parts": [
                 {"function_call": {"id": "t", "name": "f", "args": {}}}]}},
            {"content": {"parts": [{"function_response": {"id": "t", "response": {"r": 1}}}]}}]},
    }  # fmt: skip
    document = {"eval_set_result_id": "r", "eval_set_id": "e", "eval_case_results": [case]}
    (run,) = fetch(path=str(write("r.evalset_result.json", document))).runs
    assert run.outputs == {"turns": ["b", "d"]}
    assert (scores(run), run.latency) == ({"passed": False, "m": 0.5}, 1.0)
    assert (run.usage.output_tokens, run.usage.total_tokens) == (3, 13)
    assert run.tool_calls[0].result == {"r": 1}


def test_dspy_and_strands_errors_are_no_zeros(write: Any, fetch: Any) -> None:
    rows = [
        {"q": "a", "example_x": "1", "pred_x": "1", "right": True},
        {"q": "b", "x": "2", "right": 0.0},
    ]
    fetched = fetch(path=str(write("dspy.json", rows)))
    assert [(run.outcome, scores(run)) for run in fetched.runs] == [
        ("success", {"right": True}), ("error", {}),
    ]  # fmt: skip
    report = {
        "overall_score": 0.25, "scores": [1.0, 0.0, 0.0], "test_passes": [True, False, False],
        "cases": [{"input": c, "evaluator": "Ok", "actual_output": c} for c in "abc"],
        "reasons": ["r", "An error occurred: boom", "Evaluator error: broke"],
    }  # fmt: skip
    fetched = fetch(path=str(write("strands.json", report)))
    assert [(run.outcome, scores(run)) for run in fetched.runs] == [
        ("success", {"Ok": 1.0, "pass": True}), ("error", {}), ("success", {}),
    ]  # fmt: skip


def test_evalplus_and_swebench(write: Any, fetch: Any) -> None:
    tasks = {"T/0": [{"base_status": "pass", "plus_status": "fail"}, {"base_status": "fail"}]}
    document = {"date": "d", "hash": "h", "eval": tasks}
    fetched = fetch(path=str(write("e_eval_results.json", document)))
    assert [scores(run) for run in fetched.runs] == [{"base": True, "plus": False}, {"base": False}]
    report = {
        "total_instances": 4, "resolved_ids": ["a"], "unresolved_ids": ["b"],
        "error_ids": ["c"], "incomplete_ids": ["d"], "submitted_ids": ["a", "b", "c"],
    }  # fmt: skip
    fetched = fetch(path=str(write("swe.json", report)))
    assert fetched.error is None
    assert {run.run_id: (run.outcome, scores(run)) for run in fetched.runs} == {
        "a": ("success", {"resolved": True}), "b": ("success", {"resolved": False}),
        "c": ("error", {}), "d": ("error", {}),
    }  # fmt: skip


def test_batches(write: Any, fetch: Any) -> None:
    body = {"model": "m", "choices": [{"message": {"role": "assistant", "content": "4"}}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}}  # fmt: skip
    write("b-input.jsonl", [{"custom_id": f"q{n}", "method": "POST", "url": "/v1",
                             "body": {"messages": [{"role": "user", "content": str(n)}]}}
                            for n in range(4)])  # fmt: skip
    write("b-output.jsonl", [{"id": "r0", "custom_id": "q0", "error": None,
                              "response": {"status_code": 200, "body": body}}])  # fmt: skip
    write("b-errors.jsonl", [
        {"id": "r1", "custom_id": "q1", "error": None,
         "response": {"status_code": 400, "body": {"error": {"message": "no"}}}},
        {"id": "r2", "custom_id": "q2", "response": None, "error": {"code": "batch_expired"}},
    ])  # fmt: skip
    fetched = fetch(path="b-*.jsonl")
    assert {run.example_id: run.outcome for run in fetched.runs} == {
        "q0": "success", "q1": "error", "q2": "timeout",
    }  # fmt: skip
    assert "promises 4 runs and 3 are there" in str(fetched.error)
    answered = next(run for run in fetched.runs if run.example_id == "q0")
    assert (answered.usage.total_tokens, answered.messages[-1].content) == (6, "4")

    message = {"model": "m", "content": [{"type": "thinking", "thinking": "x"},
               {"type": "text", "text": "4"}], "usage": {"input_tokens": 3, "output_tokens": 1,
               "cache_read_input_tokens": 2, "cache_creation_input_tokens": 0}}  # fmt: skip
    lines = [{"custom_id": "q0", "result": {"type": "succeeded", "message": message}}]
    lines += [{"custom_id": kind, "result": {"type": kind}} for kind in ("expired", "canceled")]
    fetched = fetch(path=str(write("claude.jsonl", lines)))
    assert [run.outcome for run in fetched.runs] == ["success", "timeout", "cancelled"]
    assert fetched.runs[0].outputs["answer"] == "4"
    assert fetched.runs[0].usage.input_tokens == 5


def inspect_log(task: str, created: str, samples: list[Any], **header: Any) -> dict[str, Any]:
    about = {"task": "t", "task_id": task, "model": "m", "created": created, "run_id": created}
    return {"version": 2, "status": "success", "eval": about, "samples": samples, **header}


def sample(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "epoch": 1,
        "input": "q",
        "target": "x",
        "messages": [],
        "output": {"completion": "a"},
        "uuid": f"{name}-{fields.get('uuid', 'u')}",
        **fields,
    }


def zipped(path: Path, log: dict[str, Any]) -> Path:
    """Write a log as an .eval whose members are zstd, as newer releases do."""
    members = {"header.json": {k: v for k, v in log.items() if k != "samples"}}
    members |= {f"samples/{s['id']}_epoch_1.json": s for s in log["samples"]}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            data = json.dumps(content).encode()
            archive.writestr(name, zstandard.ZstdCompressor().compress(data))
    raw = bytearray(path.read_bytes())
    for mark, method, size in ((b"PK\x03\x04", 8, 22), (b"PK\x01\x02", 10, 24)):
        at = raw.find(mark)
        while at >= 0:  # say what the bytes are: zstd, with the size they unpack to
            name_at = at + (30 if mark == b"PK\x03\x04" else 46)
            length = struct.unpack_from("<H", raw, at + (26 if name_at == at + 30 else 28))[0]
            name = raw[name_at : name_at + length].decode()
            struct.pack_into("<H", raw, at + method, 93)
            struct.pack_into("<I", raw, at + size, len(json.dumps(members[name]).encode()))
            at = raw.find(mark, at + 4)
    path.write_bytes(raw)
    return path


def test_zstd_members_of_inspect(fetch: Any, tmp_path: Path) -> None:
    path = zipped(tmp_path / "log.eval", inspect_log("k", "1", [sample("a"), sample("b")]))
    fetched = fetch(path=str(path))
    assert fetched.error is None
    assert {run.example_id for run in fetched.runs} == {"a", "b"}


def test_a_cut_off_log_gives_what_is_whole(fetch: Any, tmp_path: Path) -> None:
    path = zipped(tmp_path / "log.eval", inspect_log("k", "1", [sample("a"), sample("b")]))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"PK\x01\x02") - 10])
    with path.open("rb") as raw:
        archive = Archive(raw)
        assert archive.cut_off
        assert archive.names == ["header.json", "samples/a_epoch_1.json"]
    fetched = fetch(path=str(path), format="inspect")
    assert [run.example_id for run in fetched.runs] == ["a"]
    assert "the log was cut off" in str(fetched.error)


def test_pools_words_retries_and_limits_of_inspect(write: Any, fetch: Any) -> None:
    event = {"event": "model", "model": "m", "input": [], "input_refs": [[0, 1], [2, 3]]}
    pooled = {"events": [event], "events_data": {"messages": ["a", "b", "c"], "calls": []}}
    words = {"yes": 1.0, "no": 0.0, "0.7": 0.7, "weird": 0.0, "P": 0.5}
    samples = [sample(str(n), scores={"s": {"value": w}, "kind": {"value": w}}, **pooled)
               for n, w in enumerate(words)]  # fmt: skip
    samples[0] |= {
        "error_retries": [{"message": "x"}],
        "limit": {"type": "time"},
        "model_usage": {"m": {"input_tokens": 5, "output_tokens": 1, "total_tokens": 6}},
    }
    samples[1] |= {"limit": {"type": "message"}, "invalidation": {"reason": "r"}}
    header = {
        "results": {"total_samples": 5, "scores": [{"name": "s", "metrics": {"accuracy": {}}}]},
        "stats": {
            "model_usage": {"m": {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10}}
        },
    }
    fetched = fetch(path=str(write("log.json", inspect_log("k", "1", samples, **header))))
    assert fetched.error is None
    assert [scores(run)["s"] for run in fetched.runs] == list(words.values())
    assert scores(fetched.runs[3])["kind"] == "weird"
    assert fetched.runs[0].steps[0].inputs == {"messages": ["a", "c"]}
    assert [run.outcome for run in fetched.runs[:2]] == ["timeout", "success"]
    said = " ".join(fetched.counts.notes)
    assert "6 of 10" in said
    assert "invalidated" in said
    assert "message limit" in said


def test_of_a_task_tried_again_the_newest_log_counts(write: Any, fetch: Any) -> None:
    write("logs/1.json", inspect_log("k", "2026-01-01", [sample("a", uuid="old")]))
    write("logs/2.json", inspect_log("k", "2026-01-02", [sample("a", uuid="new")]))
    write("logs/3.json", inspect_log("other", "2026-01-01", [sample("b")]))
    write("logs/eval-set.json", {"eval_set_id": "x"})
    fetched = fetch(path="logs")
    assert fetched.error is None
    assert {run.run_id for run in fetched.runs} == {"new", "b-u"}
    assert any("older log" in note for note in fetched.counts.notes)


@pytest.mark.parametrize("damage", ["size", "frame"])
def test_a_member_that_lies_is_said(fetch: Any, tmp_path: Path, damage: str) -> None:
    path = zipped(tmp_path / "log.eval", inspect_log("k", "1", [sample("a"), sample("b")]))
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
    if damage == "size":
        struct.pack_into("<I", raw, at + 24, 3)
    else:
        local = raw.index(b"PK\x03\x04", 4)
        raw[local + 60 : local + 64] = b"\0\0\0\0"
    path.write_bytes(raw)
    fetched = fetch(path=str(path))
    assert [run.example_id for run in fetched.runs] == ["b"]
    assert "samples/a_epoch_1.json: cannot be read" in str(fetched.error)


def test_what_only_a_prediction_of_dspy_has_is_no_input(write: Any, fetch: Any) -> None:
    row = {"question": "2+2", "example_answer": "4", "reasoning": "r", "pred_answer": "4",
           "why": "w", "right": True}  # fmt: skip
    (run,) = fetch(path=str(write("a.json", [row]))).runs
    assert run.inputs == {"question": "2+2"}
    assert run.outputs == {"reasoning": "r", "answer": "4", "why": "w"}
    titled = {"question": "2+2", "example_answer": "4", "titles": ["t"], "pred_answer": "4",
              "right": True}  # fmt: skip
    failed = {"question": "9", "answer": "x", "titles": [], "right": 0.0}
    first, second = fetch(path=str(write("b.json", [titled, failed]))).runs
    assert first.inputs == {"question": "2+2", "titles": ["t"]}
    assert second.outcome == "error"


def test_a_member_larger_than_a_record_may_be_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples/a_epoch_1.json", b"[" + b" " * 3_000_000 + b"]")
    with path.open("rb") as raw, pytest.raises(ValueError, match="larger than 1 MB"):
        Archive(raw, 1_000_000, "larger than 1 MB").read("samples/a_epoch_1.json")


def test_parts_of_a_perplexity_are_no_scores(write: Any, fetch: Any) -> None:
    line = {**lm_line(0, "none", 1), "metrics": ["acc", "word_perplexity"],
            "word_perplexity": [-3.5, 2]}  # fmt: skip
    fetched = fetch(path=str(write("samples_a_2026-05-01T10-00-00.123.jsonl", [line])))
    assert [item.key for item in fetched.runs[0].feedback] == ["acc,none"]
    assert any("word_perplexity is a figure of all" in note for note in fetched.counts.notes)


def strands(evaluator: str, *rows: tuple[str, str | None, float, str]) -> dict[str, Any]:
    return {
        "overall_score": 0.5,
        "cases": [{"input": given, "actual_output": said, "name": given, "evaluator": evaluator,
                   "evaluator_type": evaluator} for given, said, _, _ in rows],
        "scores": [number for *_, number, _ in rows],
        "test_passes": [number > 0.5 for *_, number, _ in rows],
        "reasons": [reason for *_, reason in rows],
    }  # fmt: skip


def test_reports_of_several_evaluators_are_of_the_same_runs(write: Any, fetch: Any) -> None:
    broke = "An error occurred: no"
    write("r/a.json", strands("A", ("q", "x", 1.0, ""), ("q", "x", 0.0, ""), ("z", None, 0, broke)))
    write("r/b.json", strands("B", ("q", "x", 0.25, ""), ("q", "x", 0.75, "Evaluator error: e"),
                              ("z", None, 0, broke)))  # fmt: skip
    fetched = fetch(path="r")
    assert [(run.outcome, run.repetition) for run in fetched.runs] == [
        ("success", 0), ("success", 1), ("error", 0),
    ]  # fmt: skip
    assert [{f.key: f.score for f in run.feedback} for run in fetched.runs] == [
        {"A": 1.0, "A/pass": True, "B": 0.25, "B/pass": False}, {"A": 0.0, "A/pass": False}, {},
    ]  # fmt: skip


def test_reports_of_several_models_are_runs_of_the_same_instances(write: Any, fetch: Any) -> None:
    for model, right in (("a", ["i1"]), ("b", ["i1", "i2"])):
        wrong = [each for each in ("i1", "i2") if each not in right]
        write(f"s/{model}.r.json", {"total_instances": 2, "resolved_ids": right,
                                    "unresolved_ids": wrong})  # fmt: skip
    fetched = fetch(path="s")
    assert fetched.error is None
    assert sorted((run.example_id, run.repetition, run.feedback[0].score)
                  for run in fetched.runs) == [
        ("i1", 0, True), ("i1", 1, True), ("i2", 0, False), ("i2", 1, True),
    ]  # fmt: skip


def answered(name: str, code: int = 200) -> dict[str, Any]:
    body = {"model": "m", "choices": [{"message": {"role": "assistant", "content": name}}]}
    return {"id": f"{name}{code}", "custom_id": name, "error": None,
            "response": {"status_code": code, "body": body if code == 200 else {}}}  # fmt: skip


def test_requests_that_were_sent_again(write: Any, fetch: Any) -> None:
    write("b/1.jsonl", [answered("q1"), answered("q2", 500), answered("q3", 500)])
    write("b/2.jsonl", [answered("q3", 429), answered("q2")])
    fetched = fetch(path="b")
    assert [(run.example_id, run.outcome, run.repetition) for run in fetched.runs] == [
        ("q1", "success", 0), ("q3", "error", 0), ("q2", "success", 0),
    ]  # fmt: skip
    said = "2 x failure of a request that was sent again, left out"
    assert any(note.startswith(said) for note in fetched.counts.notes)
    kinds = [("q1", "expired"), ("q1", "succeeded"), ("q2", "errored"), ("q2", "expired")]
    write("c.jsonl", [{"custom_id": name, "result": {"type": kind}} for name, kind in kinds])
    assert [run.outcome for run in fetch(path="c.jsonl").runs] == ["success", "timeout"]
