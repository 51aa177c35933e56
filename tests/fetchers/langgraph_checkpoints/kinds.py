"""Writes checkpoints of every kind that a saver can be given; used with savers of two databases."""

import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

from langgraph.func import entrypoint, task
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Overwrite, interrupt
from typing_extensions import TypedDict


class Log(TypedDict):
    log: Annotated[list, operator.add]
    n: int


class Colour(Enum):
    RED = "red"


class Types(TypedDict):
    day: date
    at: time
    moment: datetime
    wait: timedelta
    uid: UUID
    price: Decimal
    tags: set
    colour: Colour


def line(state: Any, nodes: dict[str, Callable[[Any], Any]]) -> StateGraph:
    builder = StateGraph(state)
    names = [START, *nodes, END]
    for name, node in nodes.items():
        builder.add_node(name, node)
    for before, after in zip(names, names[1:], strict=False):  # noqa: RUF007
        builder.add_edge(before, after)
    return builder


def note(name: str) -> Callable[[Any], Any]:
    return lambda state: {"log": [name]}


def make_types(state: Any) -> Any:
    return {
        "day": date(2026, 1, 2),
        "at": time(3, 4, 5),
        "moment": datetime(2026, 1, 2, 3, 4, 5),
        "wait": timedelta(minutes=3),
        "uid": UUID(int=7),
        "price": Decimal("1.50"),
        "tags": {"x"},
        "colour": Colour.RED,
    }


TYPES = {
    "day": "2026-01-02",
    "at": "03:04:05",
    "moment": "2026-01-02T03:04:05",
    "wait": 180.0,
    "uid": "00000000-0000-0000-0000-000000000007",
    "price": 1.5,
    "tags": ["x"],
    "colour": "red",
}


@task
def shout(word: str) -> str:
    return word.upper()


@task
def ask(word: str) -> str:
    return f"{word} {interrupt({'q': word})}"


@entrypoint()
def calls(given: dict) -> list:
    first = shout(given["word"]).result()
    return [first, ask("sure?").result()]


@entrypoint()
def keeps(given: int, *, previous: Any = None) -> Any:
    return entrypoint.final(value=given + (previous or 0), save=given)


own = line(Log, {"leaf": note("leaf"), "leaf2": note("leaf2")}).compile(checkpointer=True)


def play(saver: Any) -> None:
    """Write one thread for each kind."""

    def compiled(graph: Any) -> Any:
        return graph.compile(checkpointer=saver) if isinstance(graph, StateGraph) else with_(graph)

    def with_(graph: Any) -> Any:
        graph.checkpointer = saver
        return graph

    def config(thread: str, **more: Any) -> dict[str, Any]:
        return {"configurable": {"thread_id": thread, **more}, "metadata": {"example_id": thread}}

    def invoke(graph: Any, thread: str, *given: Any) -> Any:
        for each in given:
            graph.invoke(each, config(thread))
        return graph

    start = {"n": 1, "log": []}
    invoke(compiled(line(Types, {"make": make_types})), "types", {})
    invoke(with_(calls), "calls", {"word": "a"}, Command(resume="yes"))
    invoke(with_(calls), "calls open", {"word": "a"})
    invoke(with_(keeps), "keeps", 1, 2)
    root = compiled(line(Annotated[list, operator.add], {"one": lambda s: ["one"]}))
    invoke(root, "root", ["in"])
    steps = {"a": note("a"), "b": lambda s: {"log": ["b"], "n": s["n"] + 1}}
    edited = invoke(compiled(line(Log, steps)), "edited", start)
    edited.update_state(config("edited"), {"n": 99, "log": ["by hand"]})
    branched = invoke(compiled(line(Log, steps)), "branched", start)
    old = next(s for s in branched.get_state_history(config("branched")) if s.next == ("b",))
    changed = branched.update_state(old.config, {"n": 50})
    branched.invoke(None, {**changed, "metadata": {"example_id": "branch"}})
    over = compiled(line(Log, {"a": note("a"), "over": lambda s: {"log": Overwrite(["new"])}}))
    invoke(over, "overwritten", start)
    builder = StateGraph(Log)
    for name in ("a", "b", "b2"):
        builder.add_node(name, note(name))
    builder.add_node("late", note("late"), defer=True)
    builder.add_edge(START, "a")
    builder.add_edge(START, "b")
    builder.add_edge("b", "b2")
    builder.add_edge("a", "late")
    builder.add_edge("b2", "late")
    invoke(compiled(builder), "deferred", start)
    inner = line(Log, {"first": note("first"), "inner": own, "last": note("last")})
    invoke(compiled(inner), "own checkpointer", start, {"n": 2, "log": ["again"]})


# thread -> runs: (outcome, inputs, outputs, nodes)
START_LOG = {"n": 1, "log": []}
OWN_NODES = ["first", "inner", "-leaf", "-leaf2", "last"]
FIRST = ["first", "first", "leaf", "leaf2", "last"]
KINDS: dict[str, list[tuple[str, Any, Any, list[str]]]] = {
    "types": [("success", {}, TYPES, ["make"])],
    "calls": [("success", {"word": "a"}, ["A", "sure? yes"], ["calls", "-task", "-task"])],
    "calls open": [("paused", {"word": "a"}, {}, ["calls", "-task", "-task"])],
    "keeps": [("success", 1, 1, ["keeps"]), ("success", 2, 3, ["keeps"])],
    "root": [("success", ["in"], ["in", "one"], ["one"])],
    "edited": [("success", START_LOG, {"n": 2, "log": ["a", "b"]}, ["a", "b"])],
    "branched": [
        ("success", START_LOG, {"n": 2, "log": ["a", "b"]}, ["a", "b"]),
        ("success", None, {"n": 51, "log": ["a", "b"]}, ["b"]),
    ],
    "overwritten": [("success", START_LOG, {"n": 1, "log": ["new"]}, ["a", "over"])],
    "deferred": [
        ("success", START_LOG, {"n": 1, "log": ["a", "b", "b2", "late"]}, ["a", "b", "b2", "late"])
    ],
    "own checkpointer": [
        (
            "success",
            START_LOG,
            {"n": 1, "log": FIRST},
            ["first", "inner", "-leaf", "-leaf2", "last"],
        )
    ],
}
