"""Runs, steps and examples answer as LangSmith's objects do, as attributes and as items."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from evalkit import score_runs
from evalkit.model.example import Example
from evalkit.model.langsmith.attributes import answering
from evalkit.model.langsmith.names import RUN_NAMES
from evalkit.model.run import Run
from evalkit.model.schema.row_values import content_hash
from evalkit.model.step import Step
from evalkit.model.usage import Usage

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def a_run(**fields: Any) -> Run:
    """A run with a tool inside a node."""
    inner = Step(step_id="s2", parent_id="s1", kind="tool", name="search", outputs={"n": [1]},
                 started_at=START + timedelta(seconds=1), ended_at=START, tags=["a"])  # fmt: skip
    outer = Step(step_id="s1", kind="node", name="agent", started_at=START, error="E('x')")
    defaults: dict[str, Any] = {
        "run_id": "r1", "name": "Target", "outputs": {"answer": "Paris", "list": [1]},
        "metadata": {"k": 1}, "started_at": START, "steps": [outer, inner],
        "usage": Usage(input_tokens=3, details={"prompt_token_details": {"cache_read": 1}}),
        "extra": {"session_id": "x", "extra": {"runtime": {"sdk": "py"}},
                  "steps": {"s2": {"events": [{"name": "start"}]}}},
    }  # fmt: skip
    return Run(**(defaults | fields))


def test_the_tree_knows_its_place() -> None:
    run = a_run()
    outer, inner = run.steps
    assert (outer.parent_run_id, inner.parent_run_id) == ("r1", "s1")
    assert inner.parent_run_ids == ["r1", "s1"]
    assert (inner.trace_id, inner.session_id, run.trace_id) == ("r1", "x", "r1")
    assert inner.dotted_order == (
        "20260301T080000000000Zr1.20260301T080000000000Zs1.20260301T080001000000Zs2"
    )
    assert (outer.status, inner.status) == ("error", "success")
    assert inner.events == [{"name": "start"}]
    assert run.child_run_ids == ["s1", "s2"]
    assert Step(step_id="alone").trace_id is None


def test_items_and_attributes_are_the_same() -> None:
    run = a_run()
    example = Example(example_id="e", reference_outputs={"answer": "Paris"})
    assert run["outputs"]["answer"] == example["outputs"]["answer"] == "Paris"
    assert run.get("nothing") is None
    assert run.get("nothing", 3) == 3
    assert "outputs" in run
    assert set(dict(run)) == set(RUN_NAMES)
    for name in ("nothing", "_source", "find", 3):
        with pytest.raises(KeyError):
            run[name]
    assert run.model_dump()["child_runs"][0]["child_runs"][0]["name"] == "search"
    assert run.dict()["prompt_token_details"] == {"cache_read": 1}


def test_extra_is_both_what_is_stored_and_what_langsmith_has() -> None:
    extra = a_run().extra
    assert (extra["metadata"], extra["runtime"]) == ({"k": 1}, {"sdk": "py"})
    assert extra.get("metadata") == {"k": 1}
    assert extra.get("invocation_params") is None
    assert "metadata" in extra
    assert "metadata" not in orjson.loads(orjson.dumps(extra))
    assert a_run().steps[0].extra == {"metadata": {}}


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_copies_are_whole_and_apart(copied: Any) -> None:
    run = a_run()
    mine = copied(run)
    assert content_hash(mine) == content_hash(run)
    assert [step.trace_id for step in mine.steps] == ["r1", "r1"]
    step = copied(run.steps[1])
    assert (step.parent_run_id, step.trace_id, step.parent.name) == ("s1", "r1", "agent")
    assert step.outputs == {"n": [1]}


def test_a_deep_copy_shares_nothing() -> None:
    run = a_run()
    mine = copy.deepcopy(run)
    mine.outputs["list"].append(2)
    assert run.outputs["list"] == [1]


@pytest.mark.parametrize(
    ("message", "content", "calls"),
    [
        ({"type": "ai", "content": "hi", "tool_calls": [{"name": "f"}]}, "hi", [{"name": "f"}]),
        ({"type": "human", "content": "hi"}, "hi", []),
        ({"role": "assistant", "content": None}, None, []),
        ({"lc": 1, "type": "constructor", "id": ["x", "AIMessage"],
          "kwargs": {"content": "hi", "tool_calls": []}}, "hi", []),
    ],
)  # fmt: skip
def test_messages_answer_attributes(message: Any, content: Any, calls: Any) -> None:
    for place in ({"messages": [message]}, {"state": {"messages": [message]}}, [message]):
        found = answering(place)
        while not isinstance(found, list):
            found = next(iter(found.values()))
        assert found[-1].content == content
        assert found[-1].tool_calls == calls
        assert found[-1] == message
        assert copy.deepcopy(found[-1]) == pickle.loads(pickle.dumps(found[-1])) == message
        with pytest.raises(AttributeError, match="has no 'wrong'"):
            _ = found[-1].wrong


def test_documents_answer_attributes_and_other_values_are_left_alone() -> None:
    outputs = {"documents": [{"page_content": "text", "metadata": {"source": "a"}}]}
    (document,) = answering(outputs)["documents"]
    assert (document.page_content, document.metadata["source"]) == ("text", "a")
    plain = {"content": "no message", "rows": [{"a": 1}], "n": 3, "deep": {"x": [{"y": 1}]}}
    assert answering(plain) is plain


def test_evaluators_are_handed_messages_that_answer() -> None:
    message = {"type": "ai", "content": "Paris", "tool_calls": [{"name": "f"}]}

    def right(outputs, reference_outputs) -> bool:
        last = outputs["messages"][-1]
        return last.tool_calls[0]["name"] == "f" and reference_outputs["answer"] in last.content

    def by_run(run) -> bool:
        return run.outputs["messages"][-1].content == "Paris"

    runs = [Run(run_id="r", example_id="e", outputs={"messages": [message]})]
    examples = [Example(example_id="e", reference_outputs={"answer": "Paris"})]
    found = score_runs(runs, [right, by_run], examples=examples).feedback()
    assert {each.key: each.score for each in found} == {"right": True, "by_run": True}
