"""The support agent that is evaluated: retrieve -> agent <-> tools -> respond, with approvals."""

import asyncio
import operator
import random
from contextvars import ContextVar
from typing import Annotated

from langchain_core.documents import Document
from langchain_core.messages import AnyMessage, SystemMessage, ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import ToolException, tool
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import interrupt
from model import SupportModel, meant, words
from shop import APPROVAL_LIMIT, DOCUMENTS, ORDERS, RATES, STOCK
from spans import SpanRecorder
from typing_extensions import TypedDict


class Input(TypedDict):
    question: str


class Output(TypedDict):
    answer: str
    sources: list[str]


class State(TypedDict, total=False):
    question: str
    messages: Annotated[list[AnyMessage], add_messages]
    documents: list[Document]
    answer: str
    sources: list[str]
    spans: Annotated[list[dict], operator.add]


class GatewayDown(Exception):
    """The payment provider does not answer: nothing a retry in the same minute would mend."""


class KeywordSearch(BaseRetriever):
    """Passages that share most words with the question."""

    top: int
    expand: bool
    pause: float

    async def _aget_relevant_documents(self, query, *, run_manager):
        await asyncio.sleep(self.pause)
        asked = words(query)
        if self.expand:
            asked |= meant(query)
        scored = sorted(
            ((len(asked & words(f"{i} {t}")), i) for i, t in DOCUMENTS.items()), reverse=True
        )
        return [
            Document(id=i, page_content=DOCUMENTS[i], metadata={"score": float(n)})
            for n, i in scored[: self.top]
            if n
        ]

    def _get_relevant_documents(self, query, *, run_manager):
        raise NotImplementedError("the graph is async")


PAUSE: ContextVar[float] = ContextVar("PAUSE")
"""How long the shop's systems take to answer, in seconds."""


@tool
async def order_status(order_id: str) -> str:
    """Look an order up."""
    await asyncio.sleep(PAUSE.get())
    if order_id not in ORDERS:
        raise ToolException(f"unknown order {order_id!r}, ids look like FO-1234")
    order = ORDERS[order_id]
    return f"order {order_id} is {order['status']}, total {order['total']:.2f} euros, carrier {order['carrier']}"


@tool
async def check_stock(sku: str) -> str:
    """Say how many pieces are in stock."""
    await asyncio.sleep(PAUSE.get())
    return f"{sku}: {STOCK[sku]} in stock"


@tool
async def postage(country: str, kilograms: float) -> str:
    """Work out the price of a parcel."""
    await asyncio.sleep(PAUSE.get())
    base, per_kilogram = RATES[country]
    return f"{base + per_kilogram * kilograms:.2f} euros"


@tool
async def refund(order_id: str, amount: float) -> str:
    """Pay an amount back."""
    await asyncio.sleep(PAUSE.get())
    return f"refunded {amount:.2f} euros for {order_id}"


@tool
async def track(carrier: str) -> str:
    """Ask the carrier where the parcel is."""
    await asyncio.sleep(PAUSE.get())
    return f"{carrier} says: the parcel is at the depot"


TOOLS = {t.name: t for t in (order_status, check_stock, postage, refund, track)}


def setting(config):
    """Return the version and the dice of this run: the same again for the same example and repetition."""
    chosen = config["configurable"]
    version, metadata = chosen.get("version", "baseline"), config["metadata"]
    seed = f"{version}/{metadata.get('example_id')}/{metadata.get('repetition')}"
    return version, metadata, seed


async def retrieve(state: State, config):
    version, _, seed = setting(config)
    better = version == "candidate"
    search = KeywordSearch(
        top=4 if better else 3,
        expand=better,
        pause=0.05 * random.Random(seed).lognormvariate(0, 0.3),
    )
    recorder = SpanRecorder()
    documents = await search.ainvoke(state["question"], {"callbacks": [recorder]})
    context = SystemMessage(
        "Answer from these passages only:\n" + "\n".join(d.page_content for d in documents),
        id=f"context-{seed}",
    )
    return {
        "documents": documents,
        "messages": [context, {"role": "user", "content": state["question"]}],
        "spans": recorder.spans,
    }


async def agent(state: State, config):
    version, metadata, seed = setting(config)
    model = SupportModel(
        version=version, seed=seed, difficulty=metadata.get("difficulty", "medium")
    )
    recorder = SpanRecorder()
    reply = None
    async for chunk in model.astream(state["messages"], {"callbacks": [recorder]}):
        reply = chunk if reply is None else reply + chunk
    return {"messages": [reply], "spans": recorder.spans}


async def tools(state: State, config):
    version, _, seed = setting(config)
    recorder, answers = SpanRecorder(), []
    for call in state["messages"][-1].tool_calls:
        dice = random.Random(f"{seed}/{call['name']}")
        if call["name"] == "refund":
            if call["args"]["amount"] > APPROVAL_LIMIT:
                interrupt({"question": "May I refund this?", **call["args"]})
            if dice.random() < (0.1 if version == "candidate" else 0.4):
                raise GatewayDown("payment provider answered 503")
        hangs = call["name"] == "track" and dice.random() < (
            0.5 if version == "candidate" else 0.25
        )
        PAUSE.set(60 if hangs else 0.08 * dice.lognormvariate(0, 0.4))
        try:
            answers.append(
                await TOOLS[call["name"]].ainvoke(
                    {**call, "type": "tool_call"}, {"callbacks": [recorder]}
                )
            )
        except ToolException as error:
            answers.append(
                ToolMessage(str(error), name=call["name"], tool_call_id=call["id"], status="error")
            )
    return {"messages": answers, "spans": recorder.spans}


async def respond(state: State):
    return {
        "answer": str(state["messages"][-1].content),
        "sources": [d.id for d in state.get("documents") or []],
    }


def next_node(state: State):
    return "tools" if state["messages"][-1].tool_calls else "respond"


builder = StateGraph(State, input_schema=Input, output_schema=Output)
builder.add_node("retrieve", retrieve)
builder.add_node("agent", agent)
builder.add_node("tools", tools)
builder.add_node("respond", respond)
builder.add_edge(START, "retrieve")
builder.add_edge("retrieve", "agent")
builder.add_conditional_edges("agent", next_node, ["tools", "respond"])
builder.add_edge("tools", "agent")
builder.add_edge("respond", END)
graph = builder.compile(name="support")
