"""Graphs whose behaviour is known, to hold against what evalkit says they did."""

import asyncio
import operator
from itertools import pairwise
from typing import Annotated, Literal

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict


def chain(state, nodes, **schemas):
    """Return a graph that visits the nodes one after the other."""
    builder = StateGraph(state, **schemas)
    names = [START, *nodes, END]
    for name, node in nodes.items():
        builder.add_node(name, node)
    for before, after in pairwise(names):
        builder.add_edge(before, after)
    return builder


# --- chat: messages, one tool, many turns on a thread
class Chat(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]


def reply(state: Chat):
    messages = state["messages"]
    text, turn = str(messages[-1].content), sum(m.type == "human" for m in messages)
    usage = {"input_tokens": len(messages), "output_tokens": 2, "total_tokens": len(messages) + 2}
    about = {"model_name": "echo-1"}
    if messages[-1].type == "human" and text.startswith("halve"):
        call = {"name": "halve", "args": {"number": int(text.split()[1])}, "id": f"call-{turn}"}
        made = AIMessage("", tool_calls=[call], usage_metadata=usage, response_metadata=about)
    else:
        made = AIMessage(f"turn {turn}: {text}", usage_metadata=usage, response_metadata=about)
    return {"messages": [made]}


def halve(state: Chat):
    call = state["messages"][-1].tool_calls[0]
    number = call["args"]["number"]
    status = "error" if number % 2 else "success"
    said = f"{number} is odd" if number % 2 else str(number // 2)
    return {"messages": [ToolMessage(said, name="halve", tool_call_id=call["id"], status=status)]}


builder = StateGraph(Chat)
builder.add_node("reply", reply)
builder.add_node("tools", halve)
builder.add_edge(START, "reply")
builder.add_conditional_edges(
    "reply", lambda s: "tools" if s["messages"][-1].tool_calls else END, ["tools", END]
)
builder.add_edge("tools", "reply")
chat = builder.compile(name="chat")


# --- nested: outer -> middle -> inner, each a subgraph of the one before
class Trail(TypedDict, total=False):
    text: str
    trail: Annotated[list[str], operator.add]


def mark(name):
    async def node(state: Trail):
        await asyncio.sleep(0.01)
        if state.get("text") == f"fail {name}":
            raise ValueError(f"{name} will not")
        if state.get("text") == f"ask {name}":
            return {"trail": [f"{name} heard {interrupt({'from': name})}"]}
        return {"trail": [name]}

    return node


inner = chain(Trail, {"dig": mark("dig"), "fill": mark("fill")}).compile(name="inner")
middle = chain(Trail, {"walk": mark("walk"), "inner": inner, "rest": mark("rest")}).compile()
nested = chain(Trail, {"begin": mark("begin"), "middle": middle, "end": mark("end")}).compile()


# --- fan: Send to as many workers as the input says, no messages, a narrow output
class FanIn(TypedDict):
    numbers: list[int]


class FanOut(TypedDict):
    total: int


class Fan(TypedDict, total=False):
    numbers: list[int]
    squares: Annotated[list[int], operator.add]
    total: int


async def square(task):
    await asyncio.sleep(0.005 * task["number"])
    if task["number"] < 0:
        raise ArithmeticError("negative number")
    return {"squares": [task["number"] ** 2]}


def add_up(state: Fan):
    return {"total": sum(state["squares"])}


builder = StateGraph(Fan, input_schema=FanIn, output_schema=FanOut)
builder.add_node("square", square)
builder.add_node("add_up", add_up)
builder.add_conditional_edges(
    START, lambda s: [Send("square", {"number": n}) for n in s["numbers"]], ["square"]
)
builder.add_edge("square", "add_up")
builder.add_edge("add_up", END)
fan = builder.compile(name="fan")


# --- moody: every way to end
class Mood(TypedDict, total=False):
    mood: str
    seconds: float
    log: Annotated[list[str], operator.add]
    verdict: str


class TooMoodyError(Exception):
    """A class the server has never heard of."""


async def prepare(state: Mood):
    return {"log": ["prepared"]}


async def work(state: Mood):
    if state["mood"] == "raise":
        raise TooMoodyError("not today: 13")
    if state["mood"] == "slow":
        await asyncio.sleep(state.get("seconds", 60))
    return {"log": ["worked"]}


async def judge(state: Mood) -> Command[Literal["finish", "drop"]]:
    if state["mood"] != "ask":
        return Command(goto="finish", update={"log": ["judged"]})
    answer = interrupt({"question": "go on?"})
    return Command(goto="finish" if answer else "drop", update={"log": ["asked"]})


def finish(state: Mood):
    return {"verdict": f"done {state['mood']}", "log": ["finished"]}


def drop(state: Mood):
    return {"verdict": "dropped", "log": ["dropped"]}


builder = StateGraph(Mood)
for name, node in {
    "prepare": prepare,
    "work": work,
    "judge": judge,
    "finish": finish,
    "drop": drop,
}.items():
    builder.add_node(name, node)
builder.add_edge(START, "prepare")
builder.add_edge("prepare", "work")
builder.add_conditional_edges(
    "work", lambda s: "work" if s["mood"] == "loop" else "judge", ["work", "judge"]
)
builder.add_edge("finish", END)
builder.add_edge("drop", END)
moody = builder.compile(name="moody")


# --- long: as many supersteps as asked, each making the state larger
class Long(TypedDict, total=False):
    laps: int
    size: int
    rows: Annotated[list[str], operator.add]


def lap(state: Long):
    return {"rows": ["x" * state.get("size", 100)]}


builder = StateGraph(Long)
builder.add_node("lap", lap)
builder.add_edge(START, "lap")
builder.add_conditional_edges(
    "lap", lambda s: "lap" if len(s["rows"]) < s["laps"] else END, ["lap", END]
)
long = builder.compile(name="long")


# --- spans: keeps what it did in its own state
class Traced(TypedDict, total=False):
    question: str
    answer: str
    spans: Annotated[list[dict], operator.add]


def look_up(state: Traced):
    times = {"started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:01Z"}
    found = {"documents": [{"id": "d1", "page_content": "yes"}]}
    return {
        "spans": [{"step_id": "1", "kind": "retriever", "name": "index", "outputs": found, **times}]
    }


def speak(state: Traced):
    span = {
        "step_id": "1",
        "kind": "llm",
        "name": "model",
        "started_at": "2026-01-01T00:00:01Z",
        "first_token_at": "2026-01-01T00:00:02Z",
        "ended_at": "2026-01-01T00:00:03Z",
        "usage": {"input_tokens": 3, "output_tokens": 4, "total_cost": 0.5},
    }
    return {"answer": "yes", "spans": [span, {"step_id": "2", "kind": "llm", "no such field": 1}]}


traced = chain(Traced, {"look_up": look_up, "speak": speak}).compile(name="traced")

GRAPHS = ("chat", "nested", "fan", "moody", "long", "traced")
