"""A real server with graphs that wait for people: each run has its own end and its own question."""

from typing import Any

import pytest
from fetchers.langgraph.helpers import make_fetcher, outline
from fetchers.langgraph.live import Application, needs_server

from evalkit.model.run import Run

pytestmark = needs_server
HUMAN = {"messages": [{"role": "user", "content": "q"}]}
LOG: dict[str, Any] = {"log": []}


@pytest.fixture
def played(server: str, app: Application, request: pytest.FixtureRequest) -> Any:
    """Return what plays a graph with answers, one run each, and fetches its runs in order."""
    name = request.node.name

    def play(graph: str, given: Any, *answers: Any, **more: Any) -> list[Run]:
        thread = app.thread(name)
        app.play(thread, graph, given, **more)
        for answer in answers:
            if callable(answer):
                waiting = app.ask("GET", f"/threads/{thread}")["interrupts"].values()
                answer = answer({i["value"]["q"]: i["id"] for items in waiting for i in items})
            sent = {} if answer is None else {"command": {"resume": answer}}
            app.play(thread, graph, **sent)
        fetcher = make_fetcher(server, thread_metadata={"experiment": name})
        runs = sorted(fetcher.runs(), key=lambda run: str(run.created_at))
        assert fetcher.counts().problems == []
        return runs

    return play


def told(runs: list[Run]) -> list[tuple[str, list[str], list[Any]]]:
    return [(r.outcome, outline(r), [i["value"] for i in r.interrupts]) for r in runs]


def test_the_functional_api_asks_twice(played: Any) -> None:
    runs = played("asks_twice", {"a": 1}, "x", "y")
    assert told(runs) == [
        ("paused", ["asks_twice:paused"], [None]),
        ("paused", ["asks_twice:paused"], [{"q": "two"}]),
        ("success", ["asks_twice"], []),
    ]
    assert runs[2].outputs == [1, "x", "y"]


def test_a_subgraph_asks_twice_in_one_node(played: Any) -> None:
    runs = played("inside", LOG, "x", "y")
    assert told(runs) == [
        ("paused", ["inner:paused", "-pre", "-both:paused"], [None]),
        ("paused", ["inner:paused", "-both:paused"], [{"q": "two"}]),
        ("success", ["inner", "-both", "end"], []),
    ]
    assert [run.outputs for run in runs] == [LOG, LOG, {"log": ["pre", "x/y", "end"]}]


def test_subgraphs_side_by_side_are_answered_one_by_one(played: Any) -> None:
    def only(side: str) -> Any:
        return lambda ids: {ids[side]: side.upper()}

    runs = played("side_by_side", LOG, only("right"), only("left"))
    assert told(runs) == [
        (
            "paused",
            [
                "left:paused x3", "-ask_left:paused", "right:paused x3", "-ask_right:paused",
                "free:uncommitted x3",
            ],
            [{"q": "left"}, {"q": "right"}],
        ),
        (
            "paused",
            ["left:paused x3", "-ask_left:paused", "right:uncommitted x3", "-ask_right"],
            [{"q": "left"}],
        ),
        ("success", ["left x3", "-ask_left"], []),
    ]  # fmt: skip
    assert sorted(runs[2].outputs["log"]) == ["LEFT", "RIGHT", "free"]


def test_a_pause_before_a_node_that_waits_for_others(played: Any) -> None:
    runs = played("joined", LOG, None, interrupt_before=["late"])
    assert told(runs) == [("paused", ["a x2", "b x2"], []), ("success", ["late"], [])]
    assert runs[1].steps[0].outputs == {"log": ["late"]}
    assert all(run.steps_recorded for run in runs)


@pytest.mark.parametrize(
    ("decision", "arguments", "answer"),
    [
        ({"type": "approve"}, {"city": "Oslo"}, "Oslo: 3 degrees"),
        (
            {"type": "edit", "edited_action": {"name": "weather", "args": {"city": "Bergen"}}},
            {"city": "Bergen"},
            "Bergen: 3 degrees",
        ),
        ({"type": "reject", "message": "not now"}, {"city": "Oslo"}, "not now"),
    ],
)
def test_an_agent_that_is_supervised(
    played: Any, decision: dict[str, Any], arguments: dict[str, Any], answer: str
) -> None:
    asked, run = played("supervised", HUMAN, {"decisions": [decision]})
    assert (asked.outcome, run.outcome) == ("paused", "success")
    (call,) = run.tool_calls
    assert (call.name, call.arguments) == ("weather", arguments)
    assert answer in call.result
    assert (call.error is not None) == (decision["type"] == "reject")
    assert (asked.usage.total_tokens, run.usage.total_tokens) == (15, 23)
    assert [c.arguments for c in asked.tool_calls] == [{"city": "Oslo"}]


def test_a_message_that_takes_anothers_place(played: Any) -> None:
    (run,) = played("same_id", HUMAN)
    assert outline(run) == ["draft", "-draft", "better", "-better", "again"]
    assert run.usage.total_tokens == 15
    assert [m.text for m in run.messages] == ["q", "better"]


def test_pictures_in_messages(played: Any) -> None:
    (run,) = played("pictures", HUMAN)
    assert [m.text for m in run.messages] == ["q", "a cat"]
    assert run.usage.total_tokens == 4
    assert outline(run) == ["look", "-look"]
