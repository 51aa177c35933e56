"""A run answers what evaluators ask, whatever its source."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.model.parents import parents_of
from evalkit.model.run import RUN_FIELDS, Run
from evalkit.model.step import Step
from evalkit.model.usage import Usage, total_usage

START = datetime(2026, 1, 1, tzinfo=UTC)


def after(seconds):
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, "success"),
        ({"status": "success", "interrupts": [{"value": "ok?"}]}, "paused"),
        ({"status": "success", "stopped": "paused"}, "paused"),
        ({"status": "interrupted"}, "cancelled"),
        ({"status": "interrupted", "stopped": "paused"}, "paused"),
        ({"status": "error", "error": "E('x')"}, "error"),
        ({"status": "error", "stopped": "timeout"}, "timeout"),
        ({"status": "error", "stopped": "cancelled"}, "cancelled"),
        ({"status": "timeout"}, "timeout"),
        ({"status": "pending"}, "running"),
        ({"status": "running"}, "running"),
        ({"status": "a word of tomorrow"}, "unknown"),
        ({"status": "a word of tomorrow", "stopped": "timeout"}, "timeout"),
        ({"status": "500"}, "error"),
        ({"status": ""}, "unknown"),
        ({"status": "Completed"}, "success"),
        ({"status": "timed out"}, "timeout"),
        ({"status": "error_max_rounds"}, "error"),
        ({"status": "RateLimitError"}, "error"),
        ({"status": "asyncio.TimeoutError"}, "timeout"),
        ({"status": "CancelledError"}, "cancelled"),
        ({"status": "terror"}, "unknown"),
        ({"status": "a word of tomorrow", "error": "boom"}, "error"),
    ],
)
def test_outcome(fields, outcome):
    assert Run(run_id="r", **fields).outcome == outcome


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("ValueError('bad')", "ValueError"),
        ("app.errors.ToolError: no such order", "ToolError"),
        ("TimeoutError", "TimeoutError"),
        (
            'Traceback (most recent call last):\n  File "a.py", line 1\n'
            "KeyError: 'x'\n\nDuring it:\n\nRuntimeError: outer\n",
            "RuntimeError",
        ),
        ("the model refused to answer", None),
        ("https://host failed", None),
        ("", None),
        (None, None),
    ],
)
def test_error_type(error, name):
    assert Run(run_id="r", error=error).error_type == name


def test_latency_is_of_the_clock_or_of_what_the_source_stated():
    timed = Run(run_id="r", started_at=START, ended_at=after(2.5), duration_s=9)
    stated = Run(run_id="r", duration_s=9.0, first_token_s=0.5)
    assert (timed.latency, stated.latency, Run(run_id="r").latency) == (2.5, 9.0, None)
    assert stated.time_to_first_token == 0.5


def test_queue_time_is_apart_from_execution():
    run = Run(run_id="r", created_at=START, started_at=after(1), ended_at=after(3))
    assert (run.queue_time, run.latency) == (1.0, 2.0)


def test_a_run_is_read_only():
    run = Run(run_id="r")
    with pytest.raises(AttributeError, match="read-only"):
        run.outputs = {}
    with pytest.raises(AttributeError, match="read-only"):
        del run.outputs


def test_an_unknown_attribute_offers_the_closest():
    with pytest.raises(AttributeError, match="Did you mean 'outputs'"):
        _ = Run(run_id="r").output


class Source:
    """Stands for a store's batch: counts what is loaded."""

    def __init__(self, **values):
        self.values, self.loaded = values, []

    def __getitem__(self, name):
        def get(row, *more):
            self.loaded.append((row, name))
            return self.values[name]

        return get


def test_a_lazy_run_loads_a_field_once():
    source = Source(outputs={"a": 1}, latency=2.0, outcome="error", steps=range(1))
    source.values["make"] = [Step(step_id="s")]
    run = Run._lazy(source, 7, run_id="r")
    assert run.outputs == run.outputs == {"a": 1}
    assert source.loaded == [(7, "outputs")]
    assert (run.run_id, run.latency, run.outcome) == ("r", 2.0, "error")
    assert run.steps[0].children == ()


def test_every_field_is_a_slot():
    assert not hasattr(Run(run_id="r"), "__dict__")
    assert set(RUN_FIELDS) <= set(Run._setters)


TREE = [
    Step(step_id="1", kind="node", name="plan"),
    Step(step_id="2", parent_id="1", kind="llm", name="ask model"),
    Step(step_id="3", parent_id="1", kind="tool", name="search", inputs={"q": "x"}, outputs="y"),
    Step(step_id="4", parent_id="gone", kind="retriever", name="retrieve"),
]


@pytest.mark.parametrize(
    ("parents", "depths"),
    [
        ({"1": "1"}, [0]),
        ({"2": "1", "1": "2"}, [0, 1]),
        ({"3": "2", "2": "1", "1": "2"}, [1, 0, 1]),
        ({"1": None, "2": "1", "3": "5", "4": "3", "5": "4", "6": "6"}, [0, 1, 0, 1, 2, 0]),
    ],
)
def test_steps_that_lie_in_each_other_begin_somewhere(parents, depths):
    steps = [Step(step_id=name, parent_id=parent, name=name) for name, parent in parents.items()]
    run = Run(run_id="r", steps=steps)
    assert [step.depth for step in run.steps] == depths
    tops = [step for step in run.steps if step.parent is None]
    below = [each.step_id for top in tops for each in (top, *top.descendants)]
    assert sorted(below) == sorted(parents)


@given(st.lists(st.integers(-1, 7), min_size=1, max_size=8))
def test_every_walk_up_ends_and_only_circles_are_opened(places):
    ids = [str(place) for place in range(len(places))]
    said = [None if each < 0 else str(each) for each in places]
    there = [each if each < len(places) else -1 for each in places]
    found = parents_of(ids, said)
    for place, parent in enumerate(found):
        walk = [place]
        while walk[-1] >= 0:
            assert len(walk) <= len(places)
            walk.append(found[walk[-1]])
        if parent != there[place]:
            around, here = set(), there[place]
            while here != place:  # it was on a circle
                assert here >= 0
                assert here not in around
                around.add(here)
                here = there[here]
            assert all(found[each] == there[each] for each in around)


def test_a_long_chain_written_backwards_is_walked_once():
    ids = [str(place) for place in range(200_000)]
    assert parents_of(ids, [*ids[1:], None])[-2:] == [199_999, -1]


def test_the_tree_is_a_view_of_the_flat_steps():
    run = Run(run_id="r", steps=TREE)
    plan, ask, _, orphan = run.steps
    assert [step.name for step in plan.children] == ["ask model", "search"]
    assert (ask.parent, ask.path, ask.depth) == (plan, ("plan", "ask model"), 1)
    assert (orphan.parent, plan.parent) == (None, None)
    assert [step.name for step in run.child_runs] == ["plan", "retrieve"]
    assert plan.descendants == plan.children


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "llm"}, ["2"]),
        ({"name": "search"}, ["3"]),
        ({"name": "*ar*"}, ["3"]),
        ({"name": "plan", "kind": "tool"}, []),
        ({"where": lambda step: step.parent_id is None}, ["1"]),
    ],
)
def test_find(query, found):
    assert [step.step_id for step in Run(run_id="r", steps=TREE).find(**query)] == found


def test_tool_calls_come_from_steps_before_messages():
    messages = [{"role": "assistant", "content": "", "tool_calls": [{"name": "other", "args": {}}]}]
    run = Run(run_id="r", steps=TREE, outputs={"messages": messages})
    (call,) = run.tool_calls
    assert (call.name, call.arguments, call.result, call.step_id) == (
        "search",
        {"q": "x"},
        "y",
        "3",
    )


def test_trajectory_is_the_tool_names_and_knows_the_nodes():
    run = Run(run_id="r", steps=TREE)
    assert list(run.trajectory) == ["search"]
    assert run.trajectory.nodes == ("plan",)


def test_langsmith_names_answer():
    run = Run(
        run_id="r",
        example_id="e",
        started_at=START,
        ended_at=after(1),
        usage=Usage(input_tokens=2, output_tokens=3, total_cost=0.5),
    )
    assert (run.id, run.reference_example_id, run.run_type) == ("r", "e", "chain")
    assert (run.start_time, run.end_time) == (START, after(1))
    assert (run.prompt_tokens, run.completion_tokens, run.total_tokens) == (2, 3, 5)
    assert run.total_cost == 0.5


def test_usage_adds_what_is_known_and_invents_nothing():
    total = total_usage([Usage(input_tokens=1), None, Usage(input_tokens=2, output_tokens=5)])
    assert (total.input_tokens, total.output_tokens, total.total_cost) == (3, 5, None)
    assert total_usage([None]) is None
