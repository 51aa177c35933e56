"""The graphs of the matrix, in Python; `graphs.mjs` has the same in JavaScript.

What each does is known, and written down in `known.py`.
"""

import operator
from itertools import pairwise
from typing import Annotated

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict


class Log(TypedDict):
    log: Annotated[list, operator.add]
    n: int


class Chat(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]


def line(state, nodes):
    """Return a builder whose nodes follow each other."""
    builder = StateGraph(state)
    names = [START, *nodes, END]
    for name, node in nodes.items():
        builder.add_node(name, node)
    for before, after in pairwise(names):
        builder.add_edge(before, after)
    return builder


def note(name):
    return lambda state: {"log": [name]}


# --- answer: one call of a model
def said(text, read, wrote, **more):
    usage = {"input_tokens": read, "output_tokens": wrote, "total_tokens": read + wrote}
    return AIMessage(text, usage_metadata=usage, **more)


answer = line(Chat, {"model": lambda state: {"messages": [said("hello", 5, 2)]}}).compile()


# --- tools: two calls in one message, one of which fails
def agent(state):
    if state["messages"][-1].type == "human":
        calls = [
            {"name": "weather", "args": {"city": city}, "id": f"call-{city}"}
            for city in ("Oslo", "Nowhere")
        ]
        return {"messages": [said("", 11, 4, tool_calls=calls)]}
    return {"messages": [said("cold", 30, 8)]}


def call_tools(state):
    results = []
    for call in state["messages"][-1].tool_calls:
        known = call["args"]["city"] == "Oslo"
        text, status = ("3 degrees", "success") if known else ("no such city", "error")
        results.append(ToolMessage(text, tool_call_id=call["id"], name=call["name"], status=status))
    return {"messages": results}


builder = StateGraph(Chat)
builder.add_node("agent", agent)
builder.add_node("tools", call_tools)
builder.add_edge(START, "agent")
builder.add_conditional_edges(
    "agent", lambda s: "tools" if s["messages"][-1].tool_calls else END, ["tools", END]
)
builder.add_edge("tools", "agent")
tools = builder.compile()


# --- fan: three workers by Send
builder = StateGraph(Log)
builder.add_node("plan", lambda state: {"log": ["plan"]})
builder.add_node("work", lambda given: {"log": [f"w{given['i']}"]})
builder.add_node("total", lambda state: {"n": len(state["log"])})
builder.add_edge(START, "plan")
builder.add_conditional_edges(
    "plan", lambda s: [Send("work", {"i": i}) for i in range(3)], ["work"]
)
builder.add_edge("work", "total")
builder.add_edge("total", END)
fan = builder.compile()


# --- loop: goto by Command
def tick(state):
    n = state["n"] + 1
    return Command(update={"n": n, "log": [f"tick{n}"]}, goto="tock" if n < 3 else END)


builder = StateGraph(Log)
builder.add_node("tick", tick, destinations=("tock", END))
builder.add_node("tock", lambda state: {"log": ["tock"]})
builder.add_edge(START, "tick")
builder.add_edge("tock", "tick")
loop = builder.compile()


# --- boom: the second node raises
def burst(state):
    raise ValueError("boom")


boom = line(Log, {"fine": note("fine"), "burst": burst}).compile()


# --- ask: one pause
def ask_once(state):
    return {"log": [f"said {interrupt({'q': 'ok?'})}"]}


ask = line(Log, {"draft": note("draft"), "ask": ask_once, "done": note("done")}).compile()


# --- twice: two pauses in one node
def ask_both(state):
    return {"log": ["/".join([interrupt({"q": "one"}), interrupt({"q": "two"})])]}


twice = line(Log, {"both": ask_both}).compile()


# --- asks: two pauses inside a subgraph
def ask_for(name):
    return lambda state: {"log": [f"{name} {interrupt({'q': name})}"]}


asking = line(Log, {"first": ask_for("first"), "second": ask_for("second")}).compile()
asks = line(Log, {"inner": asking, "end": note("end")}).compile()


# --- nested: a subgraph in a subgraph
leaf = line(Log, {"leaf": lambda state: {"n": state["n"] * 2}}).compile()
middle = line(Log, {"pre": lambda state: {"n": state["n"] + 1}, "deep": leaf}).compile()
nested = line(Log, {"middle": middle, "last": lambda state: {"log": [f"n={state['n']}"]}}).compile()


# --- caller: a node that calls a subgraph twice
def call_twice(state):
    first = leaf.invoke({"n": state["n"], "log": []})
    return {"n": leaf.invoke({"n": first["n"], "log": []})["n"]}


caller = line(Log, {"calls": call_twice}).compile()


# --- joined: two side by side, then one that waits for both
builder = StateGraph(Log)
for name in ("a", "b", "late"):
    builder.add_node(name, note(name))
builder.add_edge(START, "a")
builder.add_edge(START, "b")
builder.add_edge(["a", "b"], "late")
builder.add_edge("late", END)
joined = builder.compile()


# --- commands: one node writes a channel twice
commands = line(
    Log, {"multi": lambda s: [Command(update={"log": ["m1"]}), Command(update={"log": ["m2"]})]}
).compile()


# --- parent: a node of a subgraph hands a Command to the graph above
def up(state):
    return Command(graph=Command.PARENT, update={"log": ["up"]}, goto="after")


below = StateGraph(Log)
below.add_node("up", up)
below.add_edge(START, "up")
builder = StateGraph(Log)
builder.add_node("below", below.compile(), destinations=("after",))
builder.add_node("after", note("after"))
builder.add_edge(START, "below")
builder.add_edge("after", END)
parent = builder.compile()


# --- functional: an entrypoint with two calls of a task
@task
def upper(word: str) -> str:
    return word.upper()


@entrypoint()
def functional(given: dict) -> list:
    return [upper(word).result() for word in given["words"]]


GRAPHS = (
    "answer", "tools", "fan", "loop", "boom", "ask", "twice", "asks", "nested", "caller", "joined",
    "commands", "parent", "functional",
)  # fmt: skip
