"""Lines with one key are one run, field by field by a rule."""

from typing import Any

import pytest

from evalkit.fetchers.files.formats.records import RecordsFetcher


def call(number, session, messages, answer, tokens, ms, **more):
    """One line of a log of calls to a chat API."""
    return {
        "id": f"call-{number}",
        "session": session,
        "at": f"2026-01-01T10:00:0{number}Z",
        "ms": ms,
        "request": {"model": "small-1", "messages": messages},
        "response": {
            "message": {"role": "assistant", "content": answer},
            "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]},
        },
        **more,
    }


ASKED = {"role": "user", "content": "What is the capital of Peru?"}
LOOKED = {"role": "assistant", "content": "I look it up."}
CALLS = [
    call(1, "s1", [ASKED], "I look it up.", (50, 10), 500),
    call(2, "s2", [ASKED], "Lima", (20, 2), 300),
    call(3, "s1", [ASKED, LOOKED], "Lima", (92, 12), 800),
]
FIELDS = {
    "inputs": "{messages: request.messages}",
    "outputs": "{answer: response.message.content}",
    "usage": "response.usage",
    "duration_s": "divide(ms, `1000`)",
    "metadata.model": "request.model",
}


@pytest.fixture
def grouped(write, fetch):
    def run(lines=CALLS, fields=FIELDS, **options):
        write("log.jsonl", lines)
        options.setdefault("group_by", "session")
        return fetch(RecordsFetcher, path="log.jsonl", fields=fields, **options)

    return run


def test_a_log_of_calls_is_as_many_runs_as_sessions(grouped):
    fetched = grouped()
    assert fetched.error is None
    first, second = fetched.runs
    assert (first.run_id, second.run_id) == ("s1", "s2")
    assert first.usage.total_tokens == 164
    assert (first.usage.input_tokens, first.usage.output_tokens) == (142, 22)
    assert first.latency == pytest.approx(1.3)
    assert first.inputs == {"messages": [ASKED]}
    assert first.outputs == {"answer": "Lima"}
    assert [(s.kind, s.name, s.usage.total_tokens, s.latency) for s in first.steps] == [
        ("llm", "small-1", 60, 0.5), ("llm", "small-1", 104, 0.8),
    ]  # fmt: skip
    assert first.example_id == second.example_id
    assert (first.repetition, second.repetition) == (0, 1)
    assert "run_id: the value of group_by" in fetched.counts.inferred


@pytest.mark.parametrize(
    ("combine", "field", "value"),
    [
        ({}, "latency", 1.3),
        ({"duration_s": "max"}, "latency", 0.8),
        ({"duration_s": "min"}, "latency", 0.5),
        ({"duration_s": "last"}, "latency", 0.8),
        ({"outputs": "first"}, "outputs", {"answer": "I look it up."}),
        ({"outputs": "list"}, "outputs", [{"answer": "I look it up."}, {"answer": "Lima"}]),
        ({"metadata": "last"}, "metadata", {"model": "small-1"}),
        ({"usage": "last"}, "total_tokens", 164),  # never less than the steps state
    ],
)
def test_rules(grouped, combine, field, value):
    run = grouped(combine=combine).runs[0]
    assert getattr(run, field) == pytest.approx(value) if field == "latency" else value


def test_times_span_the_lines(grouped):
    fields = {**FIELDS, "started_at": "at", "ended_at": "at"}
    run = grouped(fields={k: v for k, v in fields.items() if k != "duration_s"}).runs[0]
    assert run.latency == pytest.approx(2.0)


def test_the_last_line_of_an_id_counts(grouped):
    again = call(3, "s1", [ASKED, LOOKED], "Lima!", (92, 13), 900)
    fetched = grouped([*CALLS, again], line_id="id")
    run = fetched.runs[0]
    assert (run.outputs, run.usage.total_tokens) == ({"answer": "Lima!"}, 165)
    assert [step.step_id for step in run.steps] == ["call-1", "call-3"]
    assert any("1 records came again" in note for note in fetched.counts.notes)
    assert len(grouped([*CALLS, again]).runs[0].steps) == 3


def test_messages_that_every_line_repeats_are_read_once(grouped):
    said = {"role": "assistant", "content": "Lima"}
    lines = [
        {"session": "s", "said": [ASKED, LOOKED]},
        {"session": "s", "said": [ASKED, LOOKED, ASKED, said]},
        {"session": "s", "said": [said]},
    ]
    run = grouped(lines, {"messages": "said"}).runs[0]
    assert [m.text for m in run.messages] == [
        ASKED["content"], LOOKED["content"], ASKED["content"], "Lima", "Lima",
    ]  # fmt: skip


def test_lines_without_the_key_are_left_out_and_counted(grouped):
    fetched = grouped([{"title": "a log"}, *CALLS, {"report": {"total": 3}}])
    assert len(fetched.runs) == 2
    assert any("2 x record without 'session', left out" in n for n in fetched.counts.notes)


def test_a_file_is_a_run(write, fetch):
    for name in ("a", "b"):
        write(f"logs/{name}.jsonl", [{"t": 1, "x": name}, {"t": 2, "x": name}])
    fields = {"outputs": "x", "usage.total_tokens": "t"}
    fetched = fetch(RecordsFetcher, path="logs", group_by="_filename", fields=fields)
    assert {r.run_id: (r.outputs, r.usage.total_tokens) for r in fetched.runs} == {
        "a.jsonl": ("a", 3), "b.jsonl": ("b", 3),
    }  # fmt: skip


def test_an_event_that_failed_is_the_runs_error(grouped):
    lines = [
        {"session": "s", "type": "sample", "usage": {"total_tokens": 3}},
        {"session": "s", "type": "error", "message": "rate limit"},
        {"session": "t", "type": "match", "correct": True},
    ]
    fields = {
        "usage": "usage",
        "error": "when(type == 'error', message, `null`)",
        "feedback.correct": "correct",
        "example_id": "session",
    }
    failed, good = grouped(lines, fields).runs
    assert (failed.outcome, failed.error, failed.usage.total_tokens) == ("error", "rate limit", 3)
    assert (good.outcome, [f.score for f in good.feedback]) == ("success", [True])


def test_a_run_whose_lines_changed_is_fetched_again(grouped):
    first = grouped().runs[0]
    other = grouped([*CALLS[:2], call(3, "s1", [ASKED], "Quito", (92, 12), 800)]).runs[0]
    assert (first.run_id, first.outputs) == (other.run_id, {"answer": "Lima"})
    assert other.outputs == {"answer": "Quito"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"combine": {"output": "last"}}, "no field is called 'output'"),
        ({"combine": {"outputs": "latest"}}, "Input should be 'first', 'last'"),
        ({"combine": {"duration_s": "list"}}, "duration_s cannot be a list"),
        ({"combine": {"usage.total_tokens": "list"}}, "usage.total_tokens cannot be a list"),
        ({"group_by": None, "line_id": "id"}, "Write group_by = 'id'"),
        ({"group_by": None, "combine": {"outputs": "last"}}, "has no meaning without group_by"),
        ({"group_by": "a["}, "not a JMESPath expression"),
    ],
)
def test_what_cannot_be_meant_is_refused(grouped, options, said):
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        grouped(**options)


@pytest.mark.parametrize(
    ("rule", "score"), [("sum", 21.0), ("min", 2), ("max", 10), ("first", 10), ("last", 9)]
)
def test_cells_of_a_table_are_combined_as_numbers(
    write: Any, fetch: Any, rule: str, score: float
) -> None:
    write("log.csv", "session,points\ns,10\ns,2\ns,9\n")
    fields = {"feedback.points": "points"}
    options = {"group_by": "session", "combine": {"feedback.points": rule}, "fields": fields}
    (run,) = fetch(RecordsFetcher, path="log.csv", **options).runs
    assert [item.score for item in run.feedback] == [score]


@pytest.mark.parametrize("rule", ["sum", "min", "max"])
def test_what_cannot_be_reckoned_with_is_said(grouped: Any, rule: str) -> None:
    lines = [{"session": "s", "response": {"message": {"content": each}}} for each in (1, "b")]
    fetched = grouped(lines, {"outputs": "response.message.content"}, combine={"outputs": rule})
    assert f"outputs = {rule!r} needs numbers or times, and a record has 'b'" in str(fetched.error)


def test_lines_with_one_id_show_the_line_that_works(mapped: Any) -> None:
    rows = [{"session": "s", "say": "a"}, {"session": "s", "say": "b"}]
    fetched = mapped(rows, {"run_id": "session", "outputs": "{a: say}"})
    assert "group_by = 'session'" in str(fetched.error)


def test_a_known_format_that_was_mapped_is_said(mapped: Any) -> None:
    rows = [{"doc_id": 0, "doc": {}, "target": "4", "filter": name, "metrics": ["acc"], "acc": 1,
             "arguments": {}, "resps": [["4"]], "filtered_resps": [name]}
            for name in ("first", "strict")]  # fmt: skip
    fields = {"example_id": "to_string(doc_id)", "outputs": "{a: filtered_resps[0]}"}
    fetched = mapped(rows, fields, "samples_x.jsonl")
    assert any("the format is known: lm-eval" in note for note in fetched.counts.notes)


@pytest.mark.parametrize(
    ("errors", "ends"),
    [
        (["overloaded", None], "success"),
        ([None, "overloaded"], "error"),
        (["overloaded", None, "overloaded"], "error"),
        (["overloaded", "overloaded", None], "success"),
    ],
)
def test_a_call_that_was_tried_again_did_not_fail_the_run(grouped, errors, ends):
    rows = [{"session": "s", "err": error, "reply": None if error else "yes"} for error in errors]
    fields = {"outputs": "{answer: reply}", "error": "err"}
    (run,) = grouped(rows, fields, group_by="session").runs
    assert (run.outcome, run.error) == (ends, "overloaded" if ends == "error" else None)
    assert [step.error for step in run.steps] == errors
    (run,) = grouped(rows, fields, group_by="session", combine={"error": "last"}).runs
    assert run.outcome == "error"
