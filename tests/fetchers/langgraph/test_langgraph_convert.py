"""Payloads no graph of ours makes: odd states, odd statuses, messages in every form."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import ConfigError, RecordError
from evalkit.fetchers.langgraph.client import request_headers
from evalkit.fetchers.langgraph.convert import Reading, convert
from evalkit.fetchers.langgraph.discover import contains
from evalkit.fetchers.langgraph.options import LangGraphOptions
from evalkit.fetchers.langgraph.snapshots import Snapshot, Task, read_snapshot
from evalkit.fetchers.langgraph.steps import Evidence
from evalkit.model.run import Run

TIMES = [datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC) for second in range(10)]


def snapshot(number: int, values: Any = None, *tasks: Task, **more: Any) -> Snapshot:
    fields = {
        "checkpoint_id": f"c{number}",
        "parent_id": f"c{number - 1}" if number else None,
        "source": "loop" if number else "input",
        "step": number - 1,
        "run_id": "r1",
        "graph_id": "g",
        "created_at": TIMES[number],
        "next": tuple(task.name for task in tasks),
        "values": values,
        "tasks": tasks,
    }
    return Snapshot(**{**fields, **more})


def task(name: str = "node", result: Any = None, **more: Any) -> Task:
    return Task(**{"task_id": f"id of {name}", "name": name, "result": result, **more})


def made(*own: Snapshot, reading: Reading | None = None, **raw: Any) -> Run:
    given_run = {"run_id": "r1", "status": "success", "kwargs": {"input": {}}, **raw}
    return convert(given_run, Evidence(own=own), reading or Reading()).run


def ai(name: str, text: str = "hi", **more: Any) -> dict[str, Any]:
    return {"type": "ai", "id": name, "content": text, **more}


@pytest.mark.parametrize("status", ["success", "error", "interrupted", "timeout", "paused", "??"])
def test_any_status_is_taken(status: str) -> None:
    assert made(snapshot(0), snapshot(1, {}), status=status).status == status


@pytest.mark.parametrize("empty", [{}, {"metadata": None}, {"kwargs": None}, {"created_at": None}])
def test_what_may_be_absent(empty: dict[str, Any]) -> None:
    run = made(**empty)
    assert (run.steps, run.outputs, run.latency) == ((), None, None)


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"run_id": None}, "run_id"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"metadata": "x"}, "metadata"),
        ({"kwargs": [1]}, "kwargs"),
        ({"kwargs": {"config": "x"}}, "kwargs.config"),
    ],
)
def test_what_does_not_fit_is_named(bad: dict[str, Any], field: str) -> None:
    with pytest.raises(RecordError, match=field):
        made(**bad)


@pytest.mark.parametrize(
    "raw", [{}, {"checkpoint": 1}, {"checkpoint": {"checkpoint_id": "c"}, "tasks": [{}]}]
)
def test_a_checkpoint_that_does_not_fit_is_named(raw: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match="thread 7, checkpoint"):
        read_snapshot(raw, "thread 7")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(json_values, json_values)
def test_any_state_and_any_update_are_taken(state: Any, update: Any) -> None:
    run = made(
        snapshot(0, state, task("__start__")),
        snapshot(1, state, task("node", update)),
        snapshot(2, state),
        reading=Reading(spans="spans"),
    )
    assert run.outputs == state or "spans" in state
    assert run.steps[0].name == "node"


def test_a_state_that_is_a_list_of_messages() -> None:
    message = ai("m1", tool_calls=[{"name": "t", "args": {"a": 1}, "id": "call"}])
    answer = {"type": "tool", "id": "m2", "tool_call_id": "call", "content": "1"}
    run = made(
        snapshot(0, []),
        snapshot(1, [], task("model", [message])),
        snapshot(2, [message], task("tools", [answer])),
        snapshot(3, [message, answer]),
    )
    assert [s.kind for s in run.steps] == ["node", "llm", "node", "tool"]
    assert run.steps[3].inputs == {"a": 1}
    assert [m.role for m in run.messages] == ["assistant", "tool"]


def test_a_message_that_comes_back_is_one_model_call() -> None:
    """A node may return the whole conversation, and a subgraph hands its messages up."""
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    first, second = (ai(name, usage_metadata=usage) for name in ("m1", "m2"))
    run = made(
        snapshot(0, {"messages": []}),
        snapshot(1, {}, task("one", {"messages": [first]})),
        snapshot(2, {}, task("two", {"messages": [first, second]})),
        snapshot(3, {"messages": [first, second]}),
    )
    assert [s.name for s in run.find(kind="llm")] == ["one", "two"]
    assert run.usage is not None
    assert run.usage.total_tokens == 6


def test_messages_removed_from_the_state() -> None:
    """A thread that was trimmed: what is new is not simply the end of the list."""
    old, new = ai("old"), ai("new")
    run = made(snapshot(0, {"messages": [old]}), snapshot(1, {"messages": [new, old]}))
    assert [m.get("id") for m in run.messages] == ["new"]
    run = made(snapshot(0, {"messages": [old]}), snapshot(1, {"messages": [new]}))
    assert [m.get("id") for m in run.messages] == ["new"]


def test_cached_and_reasoning_tokens() -> None:
    usage = {
        "input_tokens": 10,
        "output_tokens": 5,
        "input_token_details": {"cache_read": 4},
        "output_token_details": {"reasoning": 3},
    }
    update = {"messages": [ai("m", usage_metadata=usage)]}
    run = made(snapshot(0), snapshot(1, {}, task("model", update)), snapshot(2, {}))
    assert run.usage is not None
    assert (run.usage.total_tokens, run.usage.cache_read_tokens) == (15, 4)
    assert run.usage.reasoning_tokens == 3


def test_a_gap_in_the_chain_of_checkpoints_is_told() -> None:
    run = made(snapshot(0), snapshot(3, {}, parent_id="pruned"))
    assert run.steps_recorded is False


def test_secrets_of_the_configuration_are_left_out() -> None:
    settings = {"model": "m", "openai_api_key": "sk-1", "langgraph_x": 1, "__y": 2, "run_id": "r"}
    run = made(kwargs={"input": {}, "config": {"configurable": settings, "tags": ["t"]}})
    assert run.extra["configurable"] == {"model": "m"}
    assert list(run.tags) == ["t"]


@pytest.mark.parametrize(
    ("metadata", "example", "repetition"),
    [
        ({"example_id": 7, "repetition": "2"}, "7", 2),
        ({"example_id": None, "repetition": "x"}, None, None),
        ({"repetition": True}, None, None),
        (None, None, None),
    ],
)
def test_example_and_repetition(metadata: Any, example: str | None, repetition: int | None) -> None:
    run = made(metadata=metadata)
    assert (run.example_id, run.repetition) == (example, repetition)
    nested = Reading(example_id="ls.example")
    assert made(metadata={"ls": {"example": "e"}}, reading=nested).example_id == "e"


@pytest.mark.parametrize(
    ("value", "wanted", "held"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, False),
        ({"a": [1, 2]}, {"a": [2]}, True),
        ({"a": 1}, {"a": [1]}, False),
        ({}, {"a": None}, False),
        ({"a": None}, {"a": None}, True),
        ("text", {"a": 1}, False),
        ({"a": 1}, {}, True),
    ],
)
def test_metadata_contains(value: Any, wanted: Any, held: bool) -> None:
    assert contains(value, wanted) is held


def options(**more: Any) -> LangGraphOptions:
    return LangGraphOptions.model_validate({"url": "https://host/base/", **more})


@pytest.mark.parametrize(
    ("given_options", "environment", "headers"),
    [
        ({}, {}, {}),
        ({}, {"LANGSMITH_API_KEY": "b", "LANGGRAPH_API_KEY": ' "a" '}, {"x-api-key": "a"}),
        ({}, {"LANGCHAIN_API_KEY": "c"}, {"x-api-key": "c"}),
        ({"api_key_env": "MINE"}, {"MINE": "m", "LANGGRAPH_API_KEY": "a"}, {"x-api-key": "m"}),
        ({"headers": {"Authorization": "$T"}}, {"T": "Bearer t"}, {"Authorization": "Bearer t"}),
        ({"headers": {"x": "1"}}, {"LANGGRAPH_API_KEY": "a"}, {"x": "1", "x-api-key": "a"}),
    ],
)
def test_the_key(given_options: Any, environment: dict[str, str], headers: dict[str, str]) -> None:
    assert request_headers(options(**given_options), environment) == headers


@pytest.mark.parametrize("missing", [{"api_key_env": "NOPE"}, {"headers": {"a": "$NOPE"}}])
def test_a_missing_variable_is_named(missing: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="NOPE is not set"):
        request_headers(options(**missing), {})


@pytest.mark.parametrize(
    "bad",
    [
        {"url": "host:1"},
        {"typo": 1},
        {"since": "whenever"},
        {"status": "done"},
        {"limit": 0},
        {"concurrency": 99},
    ],
)
def test_options_that_do_not_fit(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        options(**bad)


def test_the_address_keeps_its_prefix() -> None:
    assert options().url == "https://host/base"
