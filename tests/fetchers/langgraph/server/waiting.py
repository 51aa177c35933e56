"""Graphs that wait for people, several times and in several places; agents that are corrected."""

import operator
from typing import Annotated

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.func import entrypoint
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import interrupt
from typing_extensions import TypedDict


class Log(TypedDict):
    log: Annotated[list, operator.add]


class Chat(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]


def line(state, nodes):
    builder = StateGraph(state)
    names = [START, *nodes, END]
    for name, node in nodes.items():
        builder.add_node(name, node)
    for place, name in enumerate(names[:-1]):
        builder.add_edge(name, names[place + 1])
    return builder


@entrypoint()
def asks_twice(given: dict) -> list:
    return [given["a"], interrupt({"q": "one"}), interrupt({"q": "two"})]


def both(state):
    return {"log": ["/".join([interrupt({"q": "one"}), interrupt({"q": "two"})])]}


inner = line(Log, {"pre": lambda s: {"log": ["pre"]}, "both": both}).compile()
inside = line(Log, {"inner": inner, "end": lambda s: {"log": ["end"]}}).compile()


def asker(name):
    return line(Log, {f"ask_{name}": lambda s: {"log": [interrupt({"q": name})]}}).compile()


builder = StateGraph(Log)
for name, node in (
    ("left", asker("left")), ("right", asker("right")), ("free", lambda s: {"log": ["free"]}),
):  # fmt: skip
    builder.add_node(name, node)
    builder.add_edge(START, name)
    builder.add_edge(name, END)
side_by_side = builder.compile()

builder = StateGraph(Log)
for name in ("a", "b", "late"):
    builder.add_node(name, lambda s, name=name: {"log": [name]})
builder.add_edge(START, "a")
builder.add_edge(START, "b")
builder.add_edge(["a", "b"], "late")
joined = builder.compile()


def said(text, read, wrote, **more):
    usage = {"input_tokens": read, "output_tokens": wrote, "total_tokens": read + wrote}
    return AIMessage(text, usage_metadata=usage, **more)


same_id = line(
    Chat,
    {
        "draft": lambda s: {"messages": [said("draft", 5, 1, id="same")]},
        "better": lambda s: {"messages": [said("better", 7, 2, id="same")]},
        "again": lambda s: {"messages": [s["messages"][-1]]},
    },
).compile()
pictures = line(
    Chat,
    {
        "look": lambda s: {
            "messages": [
                said(
                    [
                        {"type": "text", "text": "a cat"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    ],
                    3,
                    1,
                )
            ]
        }
    },
).compile()


class Scripted(BaseChatModel):
    @property
    def _llm_type(self):
        return "scripted"

    def bind_tools(self, tools, **more):
        return self

    def _generate(self, messages, stop=None, run_manager=None, **more):
        calls = [{"name": "weather", "args": {"city": "Oslo"}, "id": "c1"}]
        asked = messages[-1].type == "human"
        made = said("", 10, 5, tool_calls=calls) if asked else said("done", 20, 3)
        return ChatResult(generations=[ChatGeneration(message=made)])


@tool
def weather(city: str) -> str:
    """Say how the weather is."""
    return f"{city}: 3 degrees"


approve = HumanInTheLoopMiddleware(interrupt_on={"weather": True})
supervised = create_agent(Scripted(), [weather], middleware=[approve])

GRAPHS = (
    "asks_twice", "inside", "side_by_side", "joined", "same_id", "pictures", "supervised",
)  # fmt: skip
