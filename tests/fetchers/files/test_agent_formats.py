"""Sessions of coding agents: one run each, calls counted once, tokens by one meaning."""

from __future__ import annotations

from typing import Any

import pytest

TIME = "2026-05-01T10:00:{:02d}.000Z"
SPENT = {"input_tokens": 10, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 2,
         "output_tokens": 5}  # fmt: skip


def claude(kind: str, second: int, **message: Any) -> dict[str, Any]:
    """A line of a Claude Code session."""
    line = {"type": kind, "sessionId": "s1", "timestamp": TIME.format(second)}
    return {**line, "message": {"role": kind, **message}} if message else line


def session() -> list[dict[str, Any]]:
    """Two model calls, the first in three lines; two tools, one of which fails; a new prompt."""
    call = {"id": "m1", "model": "opus", "usage": SPENT}
    return [
        {"type": "queue-operation", "sessionId": "s1", "operation": "enqueue"},
        claude("user", 0, content="Count the files"),
        claude("assistant", 1, **call, content=[{"type": "text", "text": "I look."}]),
        claude("assistant", 2, **call, content=[
            {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}]),
        claude("assistant", 2, **call, content=[
            {"type": "tool_use", "id": "t2", "name": "Bash", "input": {"command": "no"}}]),
        claude("user", 3, content=[{"type": "tool_result", "tool_use_id": "t1", "content": "a"}]),
        claude("user", 4, content=[
            {"type": "tool_result", "tool_use_id": "t2", "content": "no", "is_error": True}]),
        claude("assistant", 6, id="m2", model="opus", usage=SPENT, stop_reason="end_turn",
               content=[{"type": "text", "text": "One file."}]),
        {"type": "a-kind-of-tomorrow", "sessionId": "s1"},
        claude("user", 7, content=[{"type": "text", "text": "Thanks"}]),
    ]  # fmt: skip


def codex() -> list[dict[str, Any]]:
    """A rollout in which the conversation stands twice and counts are cumulative."""

    def line(kind: str, second: int, **payload: Any) -> dict[str, Any]:
        return {"timestamp": TIME.format(second), "type": kind, "payload": payload}

    def counted(second: int, calls: int) -> dict[str, Any]:
        last = {
            "input_tokens": 42,
            "cached_input_tokens": 30,
            "output_tokens": 5,
            "total_tokens": 47,
        }
        total = {name: n * calls for name, n in last.items()}
        info = {"total_token_usage": total, "last_token_usage": last}
        return line("event_msg", second, type="token_count", info=info)

    def text(role: str, kind: str, said: str, second: int) -> dict[str, Any]:
        content = [{"type": kind, "text": said}]
        return line("response_item", second, type="message", role=role, content=content)

    return [
        line("session_meta", 0, id="c1", cli_version="0.1"),
        line("turn_context", 0, model="gpt-x"),
        text("user", "input_text", "<environment_context>x</environment_context>", 0),
        text("user", "input_text", "Count the files", 1),
        line("event_msg", 1, type="item_completed", item={"type": "UserMessage"}),
        line("response_item", 2, type="function_call", name="exec", arguments='{"cmd": "ls"}',
             call_id="t1"),
        counted(2, 1),
        line("event_msg", 2, type="token_count", info=None),
        line("response_item", 3, type="function_call_output", call_id="t1",
             output="Process exited with code 2\nOutput:\nno"),
        text("assistant", "output_text", "One file.", 5),
        counted(5, 2),
        line("event_msg", 6, type="task_complete", last_agent_message="One file."),
    ]  # fmt: skip


def gemini() -> list[dict[str, Any]]:
    """A session in which a model's line is written again once its tool is done."""
    tokens = {"input": 42, "output": 3, "cached": 30, "thoughts": 2, "tool": 0, "total": 47}
    call = {"id": "g1", "timestamp": TIME.format(2), "type": "gemini", "content": "",
            "tokens": tokens, "model": "flash"}  # fmt: skip
    tool = {"id": "t1", "name": "ls", "args": {"path": "."}, "result": [], "status": "error"}
    return [
        {"sessionId": "g", "projectHash": "h", "startTime": TIME.format(0)},
        {"$set": {"messages": [{"id": "u0", "type": "user", "timestamp": TIME.format(0),
                                "content": [{"text": "<session_context> x"}]}]}},
        {"id": "u1", "type": "user", "timestamp": TIME.format(1),
         "content": [{"text": "Count the files"}]},
        call,
        {**call, "toolCalls": [tool]},
        {"id": "u2", "type": "user", "content": [{"functionResponse": {"name": "ls"}}]},
        {**call, "id": "g2", "timestamp": TIME.format(5), "content": "One file."},
    ]  # fmt: skip


def opencode() -> dict[str, Any]:
    """An exported session; its counts leave the cache out of input and reasoning out of output."""
    tokens = {"input": 12, "output": 3, "reasoning": 2, "cache": {"read": 30, "write": 0}}
    tool = {
        "type": "tool",
        "tool": "bash",
        "callID": "t1",
        "state": {
            "status": "completed",
            "input": {"command": "ls"},
            "output": "no",
            "metadata": {"exit": 2},
            "time": {"start": 1777629602000, "end": 1777629603000},
        },
    }

    def message(n: int, role: str, *parts: Any) -> dict[str, Any]:
        times = {"created": 1777629600000 + n * 1000, "completed": 1777629600500 + n * 1000}
        info = {"id": f"m{n}", "role": role, "time": times}
        if role == "assistant":
            info |= {"modelID": "m", "tokens": tokens, "cost": 0.5}
        return {"info": info, "parts": list(parts)}

    return {
        "info": {"id": "o1", "projectID": "p"},
        "messages": [
            message(0, "user", {"type": "text", "text": '"Count the files"'}),
            message(1, "assistant", tool),
            message(5, "assistant", {"type": "text", "text": "One file."}),
        ],
    }


def atif() -> dict[str, Any]:
    """A trajectory in which one tool failed."""
    spent = {"prompt_tokens": 42, "completion_tokens": 5, "cached_tokens": 30}
    call = {"tool_call_id": "t1", "function_name": "ls", "arguments": {}}
    result = {"source_call_id": "t1", "content": "no", "extra": {"tool_result_is_error": True}}
    return {
        "schema_version": "ATIF-v1.8", "session_id": "a1", "agent": {"name": "x"},
        "steps": [
            {"step_id": 1, "source": "user", "message": "Count the files",
             "timestamp": TIME.format(0)},
            {"step_id": 2, "source": "agent", "message": "", "tool_calls": [call],
             "observation": {"results": [result]}, "metrics": spent},
            {"step_id": 3, "source": "agent", "message": "One file.", "metrics": spent,
             "timestamp": TIME.format(5)},
        ],
    }  # fmt: skip


SESSIONS = {
    "claude-code": ("s.jsonl", session(), 84, 10, 60),
    "codex": ("s.jsonl", codex(), 84, 10, 60),
    "gemini-cli": ("s.jsonl", gemini(), 84, 10, 60),
    "opencode": ("s.json", opencode(), 84, 10, 60),
    "atif": ("s.json", atif(), 84, 10, 60),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_is_one_run(write: Any, fetch: Any, name: str) -> None:
    file, content, sent, said, cached = SESSIONS[name]
    fetched = fetch(path=str(write(file, content)))
    assert fetched.error is None
    (run,) = fetched.runs
    assert run.outcome == "success"
    assert run.inputs == {"prompt": "Count the files"}
    assert run.outputs == {"answer": "One file."}
    assert (len(run.find(kind="llm")), len(run.find(kind="tool"))) in ((2, 1), (2, 2))
    assert [bool(step.error) for step in run.find(kind="tool")][-1] is True
    usage = run.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (
        sent,
        said,
        cached,
    )
    assert usage.total_tokens == sent + said
    assert run.latency is not None
    assert len(run.tool_calls) == len(run.find(kind="tool"))


def test_a_streams_counts_are_those_of_its_result(write: Any, fetch: Any) -> None:
    call = {"id": "m1", "model": "opus", "usage": {**SPENT, "output_tokens": 1}}
    lines = [
        {"type": "system", "subtype": "init", "session_id": "s1", "tools": [], "model": "opus"},
        {"type": "assistant", "session_id": "s1", "message": {
            **call, "role": "assistant", "content": [{"type": "text", "text": "Done."}]}},
        {"type": "result", "subtype": "error_max_turns", "is_error": True, "session_id": "s1",
         "duration_ms": 1500, "num_turns": 2, "total_cost_usd": 0.25, "usage": SPENT},
    ]  # fmt: skip
    (run,) = fetch(path=str(write("s.jsonl", lines))).runs
    assert (run.outcome, run.error) == ("error", "error_max_turns")
    assert (run.usage.input_tokens, run.usage.output_tokens, run.usage.total_cost) == (42, 5, 0.25)
    assert run.latency == 1.5
    assert run.steps[0].usage is None


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("Submitted", "success"), ("LimitsExceeded", "timeout"), ("RuntimeError", "error")],
)
def test_mini_swe_agent(write: Any, fetch: Any, status: str, outcome: str) -> None:
    document = {
        "trajectory_format": "mini-swe-agent-1.1",
        "info": {"exit_status": status, "submission": "x", "model_stats": {"instance_cost": 0.5}},
        "messages": [
            {"role": "user", "content": "Fix it"},
            {"role": "assistant", "content": "", "extra": {"cost": 0.5}, "tool_calls": [
                {"id": "c1", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "no", "extra": {"returncode": 1}},
            {"role": "exit", "content": ""},
        ],
    }  # fmt: skip
    (run,) = fetch(path=str(write("a.traj.json", document))).runs
    assert (run.outcome, run.usage.total_cost) == (outcome, 0.5)
    assert [bool(step.error) for step in run.find(kind="tool")] == [True]


def test_events_of_codex_exec(write: Any, fetch: Any) -> None:
    command = {"id": "i1", "type": "command_execution", "command": "ls", "exit_code": 1}
    lines = [
        {"type": "thread.started", "thread_id": "c1"},
        {"type": "item.completed", "item": {"id": "i0", "type": "error", "message": "a warning"}},
        {"type": "item.completed", "item": command},
        {"type": "item.completed", "item": {"id": "i2", "type": "agent_message", "text": "Done."}},
        {"type": "turn.completed", "usage": {"input_tokens": 42, "output_tokens": 5}},
    ]
    (run,) = fetch(path=str(write("e.jsonl", lines))).runs
    assert (run.outcome, run.outputs, run.usage.total_tokens) == (
        "success",
        {"answer": "Done."},
        47,
    )
    failed = [{"type": "turn.failed", "error": {"message": "no key"}}]
    (broken,) = fetch(path=str(write("f.jsonl", lines[:1] + failed))).runs
    assert (broken.outcome, broken.error) == ("error", "no key")


def model(second: int, call: str, *blocks: Any, **more: Any) -> dict[str, Any]:
    line = claude("assistant", second, id=call, model="opus", usage=SPENT, content=list(blocks))
    return {**line, **more}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def used(call: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": "ls"}}


ASKED = claude("user", 0, content="Count the files")
RESULT = claude("user", 3, content=[{"type": "tool_result", "tool_use_id": "t1", "content": "a"}])
REFUSED = {
    **claude(
        "assistant",
        4,
        id="x",
        model="<synthetic>",
        usage={"output_tokens": 0},
        content=[words("API Error: 529 overloaded")],
    ),
    "isApiErrorMessage": True,
}
STOP = claude("user", 5, content=[words("[Request interrupted by user for tool use]")])
WARM = {"isSidechain": True}
ODD: dict[str, tuple[list[Any], tuple[Any, ...]]] = {
    "api error at the end": (
        [ASKED, model(1, "m1", used("t1")), RESULT, REFUSED],
        ("error", "API Error: 529 overloaded", None, 1)),
    "api error, tried again": (
        [ASKED, REFUSED, model(6, "m1", words("One."))], ("success", None, "One.", 1)),
    "interrupted": (
        [ASKED, model(1, "m1", words("I look."), used("t1")), STOP],
        ("cancelled", None, "I look.", 1)),
    "interrupted, then told on": (
        [ASKED, model(1, "m1", used("t1")), STOP, claude("user", 6, content="Go on"),
         model(7, "m2", words("One."))], ("success", None, "One.", 2)),
    "killed while a tool ran": (
        [ASKED, model(1, "m1", words("I look.")), model(2, "m1", used("t1"))],
        ("unknown", None, "I look.", 1)),
    "killed after a tool": (
        [ASKED, model(1, "m1", used("t1")), RESULT], ("unknown", None, None, 1)),
    "subagents in the file": (
        [{**claude("user", 0, content="Warmup"), **WARM}, model(0, "w1", words("Ready"), **WARM),
         ASKED, model(1, "m1", used("t1")), RESULT, model(5, "m2", words("One.")),
         model(6, "w2", words("aside"), **WARM)], ("success", None, "One.", 4)),
    "compacted": (
        [{**claude("user", 0, content="This session is being continued"),
          "isCompactSummary": True}, ASKED, model(1, "m1", words("One."))],
        ("success", None, "One.", 1)),
    "commands before the prompt": (
        [claude("user", 0, content="<command-name>/model</command-name>"),
         claude("user", 0, content="<local-command-stdout>ok</local-command-stdout>"),
         ASKED, model(1, "m1", words("One."))], ("success", None, "One.", 1)),
    "resumed without a word": (
        [ASKED, model(1, "m1", words("One.")),
         claude("assistant", 9, id="y", model="<synthetic>",
                content=[words("No response requested.")])], ("success", None, "One.", 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_sessions_as_people_have_them(write: Any, fetch: Any, name: str) -> None:
    lines, (outcome, error, answer, calls) = ODD[name]
    (run,) = fetch(path=str(write("s.jsonl", lines))).runs
    assert (run.outcome, run.error) == (outcome, error)
    assert run.inputs == {"prompt": "Count the files"}
    assert run.outputs == (None if answer is None else {"answer": answer})
    assert len(run.find(kind="llm")) == calls
    assert run.usage.total_tokens == 47 * calls


def test_files_of_subagents_are_of_their_session(write: Any, fetch: Any) -> None:
    write("p/s1.jsonl", [ASKED, model(1, "m1", used("t1")), RESULT, model(9, "m2", words("One."))])
    aside = [{**claude("user", 2, content="look"), **WARM}, model(3, "a1", words("seen"), **WARM)]
    write("p/agent-1.jsonl", aside)
    write("p/agent-2.jsonl", [{**each, "sessionId": "gone"} for each in aside])
    fetched = fetch(path="p")
    (run,) = fetched.runs
    assert (run.outputs, run.usage.total_tokens) == ({"answer": "One."}, 3 * 47)
    assert run.inputs == {"prompt": "Count the files"}
    assert [step.metadata.get("sidechain") for step in run.find(kind="llm")] == [None, None, True]
    assert any("subagent without its session" in note for note in fetched.counts.notes)


def test_a_session_that_repeats_another_is_said(write: Any, fetch: Any) -> None:
    lines = [ASKED, model(1, "m1", words("One."))]
    write("p/a.jsonl", lines)
    write(
        "p/b.jsonl",
        [
            {**each, "sessionId": "s2"}
            for each in [*lines, *lines[:1], model(8, "m2", words("Two."))]
        ],
    )
    fetched = fetch(path="p")
    assert [run.outputs for run in fetched.runs] == [{"answer": "One."}, {"answer": "Two."}]
    assert any("repeats model calls of an earlier one" in note for note in fetched.counts.notes)


def test_a_stream_that_broke_off_has_no_counts(write: Any, fetch: Any) -> None:
    first = {"type": "system", "subtype": "init", "session_id": "s1", "tools": [], "model": "opus"}
    said = {"id": "m1", "role": "assistant", "usage": {**SPENT, "output_tokens": 1},
            "content": [words("I look.")]}  # fmt: skip
    lines = [first, {"type": "assistant", "session_id": "s1", "message": said}]
    (run,) = fetch(path=str(write("s.jsonl", lines))).runs
    assert (run.outcome, run.usage, len(run.steps)) == ("unknown", None, 1)


def rollout(*last: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    lines = codex()[:-1]
    return [*lines, *({"timestamp": TIME.format(7), "type": "event_msg",
                       "payload": {"type": kind, **more}} for kind, more in last)]  # fmt: skip


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        ([("error", {"message": "quota"}), ("task_complete", {"last_agent_message": None})],
         "error"),
        ([("error", {"message": "quota"}), ("task_complete", {"last_agent_message": "Done"})],
         "success"),
        ([("turn_aborted", {"reason": "interrupted"})], "cancelled"),
        ([("turn_aborted", {}), ("task_complete", {"last_agent_message": "Done"})], "success"),
        ([("stream_error", {"message": "again"}), ("task_complete", {})], "success"),
    ],
)  # fmt: skip
def test_how_a_rollout_ended(write: Any, fetch: Any, last: Any, outcome: str) -> None:
    (run,) = fetch(path=str(write("r.jsonl", rollout(*last)))).runs
    assert run.outcome == outcome


def test_a_fork_keeps_its_own_name(write: Any, fetch: Any) -> None:
    lines = codex()
    own = {**lines[0], "payload": {**lines[0]["payload"], "id": "fork"}}
    (run,) = fetch(path=str(write("r.jsonl", [own, *lines]))).runs
    assert run.run_id == "fork"


def test_a_rollout_of_2025(write: Any, fetch: Any) -> None:
    lines = [
        {"id": "c1", "timestamp": TIME.format(0), "instructions": None, "git": {}},
        {"record_type": "state"},
        {"type": "message", "role": "user",
         "content": [{"type": "input_text", "text": "<environment_context>x"}]},
        {"type": "message", "role": "user",
         "content": [{"type": "input_text", "text": "Count the files"}]},
        {"type": "function_call", "name": "shell", "arguments": '{"cmd": ["ls"]}', "call_id": "t"},
        {"type": "function_call_output", "call_id": "t", "output": "a"},
        {"type": "message", "role": "assistant",
         "content": [{"type": "output_text", "text": "One file."}]},
    ]  # fmt: skip
    (run,) = fetch(path=str(write("r.jsonl", lines))).runs
    assert (run.run_id, run.inputs, run.outputs) == (
        "c1", {"prompt": "Count the files"}, {"answer": "One file."},
    )  # fmt: skip
    assert [step.kind for step in run.steps] == ["llm", "tool", "llm"]
    assert run.usage is None


def talk(number: int, kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": f"x{number}", "type": kind, "content": text, "timestamp": TIME.format(number),
            **more}  # fmt: skip


@pytest.mark.parametrize(
    ("last", "ended"),
    [
        ([talk(7, "error", "[API Error: quota]")], ("error", "[API Error: quota]")),
        ([talk(7, "error", "[API Error: quota]"), talk(8, "gemini", "Two.")], ("success", None)),
        ([talk(7, "info", "Request cancelled.")], ("cancelled", None)),
        ([talk(7, "info", "Update available")], ("success", None)),
        ([talk(7, "gemini", "", toolCalls=[{"id": "z", "name": "ls"}])], ("unknown", None)),
    ],
)
def test_how_a_gemini_session_ended(write: Any, fetch: Any, last: Any, ended: Any) -> None:
    (run,) = fetch(path=str(write("s.jsonl", [*gemini(), *last]))).runs
    assert (run.outcome, run.error) == ended


ABORT = {"name": "MessageAbortedError", "data": {"message": "aborted"}}
LIMIT = {"name": "APIError", "data": {"message": "quota", "statusCode": 429}}


@pytest.mark.parametrize(
    ("more", "ended", "answer"),
    [
        ({"error": LIMIT}, ("error", "APIError: quota"), "Later."),
        ({"error": ABORT}, ("cancelled", "MessageAbortedError: aborted"), "Later."),
        ({"time": {"created": 1777629609000}}, ("unknown", None), "Later."),
        ({"summary": True}, ("success", None), "One file."),
    ],
)
def test_how_a_session_of_opencode_ended(
    write: Any, fetch: Any, more: Any, ended: Any, answer: str
) -> None:
    document = opencode()
    times = {"created": 1777629609000, "completed": 1777629609500}
    info = {"id": "m9", "role": "assistant", "modelID": "m", "time": times, **more}
    parts = [{"type": "text", "text": "Later."},
             {"type": "text", "text": "<file>", "synthetic": True}]  # fmt: skip
    document["messages"].append({"info": info, "parts": parts})
    (run,) = fetch(path=str(write("s.json", document))).runs
    assert (run.outcome, run.error) == ended
    assert run.outputs == {"answer": answer}
