"""Captured payloads of a real server (0.16.7), replayed: slow or destructive cases among them."""

import re
from typing import Any, NamedTuple

import pytest
from fetchers.langgraph.helpers import drain, make_fetcher, outline
from fetchers.langgraph.world import CAPTURES, captured

from evalkit.errors import IncompleteExperiment
from evalkit.model.run import Run

pytestmark = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="the captured payloads are not beside this checkout"
)


class Told(NamedTuple):
    """What evalkit should say of one run."""

    outcome: str
    steps: list[str]
    error: str | None = None
    recorded: bool = True


FAULTY = ["prepare", "work", "finish"]
RAISED = Told("error", ["prepare", "work:error!"], "DomainError('work failed: unlucky input 13')")
WORKERS = ["worker x4", "worker x4", "worker x4", "side x4"]
FAN = ["plan", *WORKERS, "critic", "-critic_read", "-critic_judge", "merge"]
BELOW = ["critic:error!", "-critic_read", "-critic_judge:error!"]
BROKEN_BELOW = ["plan", "worker x2", "side x2", *BELOW]
RAG = ["retrieve", "-retrieve", "grade", "answer"]


def tools(*names: str) -> list[str]:
    turns = [line for name in names for line in ("agent", "-scripted-1", "tools", f"-{name}")]
    return [*turns, "agent", "-scripted-1"]


CASES = {
    "agent_plain": [Told("success", ["agent", "-scripted-1"])],
    "agent_tools": [Told("success", tools("get_weather", "add"))],
    "agent_tool_error": [Told("success", tools("add!"))],
    "agent_parallel_tools": [
        Told(
            "success",
            ["agent", "-scripted-1", "tools", "-get_weather", "-add", "agent", "-scripted-1"],
        )
    ],
    "rag_direct": [Told("success", RAG)],
    "rag_rewrite": [Told("success", ["retrieve", "-retrieve", "grade", "rewrite", *RAG])],
    "durability_sync": [Told("success", tools("get_weather", "add"))],
    "durability_exit": [Told("success", [], recorded=False)],
    "faulty_ok": [Told("success", FAULTY)],
    "error": [RAISED],
    "error_retry_ok": [Told("success", FAULTY)],
    "error_timeout_exc": [
        Told("error", ["prepare", "work:error!"], "TimeoutError('upstream model timed out')")
    ],
    "error_recursion": [
        Told(
            "error",
            ["prepare", "work", "work", "work", "work"],
            "GraphRecursionError: Recursion limit of 5 reached",
        )
    ],
    "timeout_server": [Told("timeout", ["prepare", "work:cut_off"], "TimeoutError")],
    "empty_input_error": [Told("error", [], "EmptyInputError: Received no input", recorded=False)],
    "interrupted": [Told("paused", ["draft", "approve:paused"])],
    "interrupt_before": [Told("paused", ["retrieve", "-retrieve", "grade"])],
    "resumed": [Told("paused", ["draft", "approve:paused"]), Told("success", ["approve", "send"])],
    "error_then_ok": [RAISED, Told("success", ["work", "finish"])],
    "error_then_new_input": [RAISED, Told("success", FAULTY)],
    "failed_twice_same_checkpoint": [
        RAISED,
        Told("error", [], "DomainError('work failed: unlucky input 13')", recorded=False),
    ],
    "cancelled": [Told("cancelled", [])],
    "multi_run": [
        Told("success", ["agent", "-scripted-1"]),
        Told("success", tools("get_weather")),
        Told("success", tools("add")),
    ],
    "replay_from_checkpoint": [Told("success", RAG), Told("success", ["grade", "answer"])],
    "double_interrupt": [Told("cancelled", []), Told("success", FAULTY)],
    "double_rollback": [Told("success", FAULTY)],
    "double_enqueue": [Told("success", FAULTY)] * 2,
    "double_reject": [Told("success", FAULTY)],
    "parallel_ok": [
        Told(
            "success",
            FAN,
        )
    ],
    "parallel_partial_error": [
        Told(
            "error",
            ["plan", "worker:uncommitted x3", "worker:error! x3", "side:uncommitted x3"],
            "ValueError(\"worker cannot handle 'bad'\")",
        )
    ],
    "subgraph_error": [
        Told(
            "error",
            BROKEN_BELOW,
            "RuntimeError('critic choked on poison')",
        )
    ],
}


def replay(name: str, **options: Any) -> list[Run]:
    server = captured(name)
    fetcher = make_fetcher(transport=server.transport(), **options)
    runs = list(fetcher.runs())
    counts = fetcher.counts()
    assert (counts.expected, counts.received) == (len(server.runs), len(server.runs))
    return runs


@pytest.mark.parametrize("name", CASES)
def test_a_captured_case(name: str) -> None:
    runs = replay(name)
    told = CASES[name]
    assert [r.outcome for r in runs] == [t.outcome for t in told]
    assert [outline(r) for r in runs] == [t.steps for t in told]
    assert [r.steps_recorded for r in runs] == [t.recorded for t in told]
    for run, expected in zip(runs, told, strict=True):
        assert (run.error or "").startswith(expected.error or "")
        assert (run.error is None) == (expected.error is None)


def test_the_eight_attributes_of_a_run() -> None:
    server = captured("agent_tools")
    (run,) = make_fetcher(transport=server.transport()).runs()
    raw = server.runs[0]
    for name in ("run_id", "thread_id", "assistant_id", "status", "metadata", "multitask_strategy"):
        assert getattr(run, name) == raw[name]
    assert run.created_at
    assert run.created_at.isoformat() == raw["created_at"]
    assert run.updated_at
    assert run.updated_at.isoformat() == raw["updated_at"]


def test_waiting_is_told_from_working() -> None:
    """The server's own difference of times holds half a second of queue polling."""
    (run,) = replay("agent_tools")
    assert run.latency == pytest.approx(0.100406)
    assert run.queue_time == pytest.approx(0.541346)


def test_a_run_of_a_long_thread_has_its_own_output_messages_and_usage() -> None:
    """`join`, the thread's values and its state all say the same for every run: the latest."""
    first, second, third = replay("multi_run")
    assert [len(r.outputs["messages"]) for r in (first, second, third)] == [2, 6, 10]
    assert [len(r.messages) for r in (first, second, third)] == [2, 4, 4]
    assert [r.messages[0].text for r in (second, third)] == ["what is the weather", "add 20 22"]
    assert [list(r.trajectory) for r in (first, second, third)] == [[], ["get_weather"], ["add"]]
    assert [r.usage and r.usage.total_tokens for r in (first, second, third)] == [17, 94, 174]


def test_tool_calls_are_paired_with_their_answers() -> None:
    (run,) = replay("agent_tool_error")
    (call,) = run.tool_calls
    assert (call.name, call.arguments) == ("add", {"numbers": []})
    assert call.error == "ValueError: no numbers given"


def test_documents_of_a_node_that_retrieves() -> None:
    (run,) = replay("rag_rewrite")
    assert [d.id for d in run.documents] == ["capital"]
    assert [len(s.outputs["documents"]) for s in run.find(kind="retriever")] == [0, 1]
    (run,) = replay("rag_rewrite", retrievers=["grade"])
    assert run.documents == []


def test_parallel_nodes_share_one_timing() -> None:
    (run,) = replay("parallel_ok")
    four = [s for s in run.steps if s.metadata.get("parallel") == 4]
    assert len({s.latency for s in four}) == 1
    assert all(s.metadata["shared_timing"] for s in four)
    sent = [s.inputs for s in four if "send" in s.metadata]
    assert sent == [None] * 3  # the server does not keep what Send carried


def test_the_interrupt_and_its_resumption() -> None:
    paused, resumed = replay("resumed")
    assert [i["value"]["question"] for i in paused.interrupts] == ["Send this draft?"]
    assert paused.steps[-1].outputs is None  # what stands there is the second run's work
    assert resumed.inputs == {"resume": {"approve": True}}
    assert resumed.steps[0].metadata["resumed"]
    assert resumed.latency is None  # when it began is not recorded


def test_durability_exit_keeps_the_answer_and_the_calls() -> None:
    server = captured("durability_exit")
    fetcher = make_fetcher(transport=server.transport())
    (run,) = fetcher.runs()
    assert list(run.trajectory) == ["get_weather", "add"]
    assert run.usage
    assert run.usage.total_tokens == 111
    assert "steps the server did not keep" in fetcher.counts().notes[0]


def test_two_graphs_on_one_thread_are_named() -> None:
    """The earlier graph's state comes back through the later one's channels, without an error."""
    server = captured("multi_run")
    (thread,) = server.threads.values()
    thread.thread["metadata"]["graph_id"] = "rag"
    fetcher = make_fetcher(transport=server.transport())
    runs = list(fetcher.runs())
    assert [(r.outputs, r.steps_recorded) for r in runs] == [(None, False)] * 3
    assert runs[0].latency is not None
    assert "thread used with two graphs" in fetcher.counts().notes[0]


@pytest.mark.parametrize("field", ["created_at", "metadata", "kwargs"])
def test_a_run_that_does_not_fit_is_named_and_the_others_arrive(field: str) -> None:
    server = captured("multi_run")
    server.runs[1][field] = "what is this"
    fetcher = make_fetcher(transport=server.transport())
    arrived, error = drain(fetcher)
    assert isinstance(error, IncompleteExperiment)
    assert re.search(rf"fetched 2 of 3 runs: .*{field}", str(error))
    assert [r.inputs["messages"][0]["content"] for r in arrived] == ["hello", "add 20 22"]
