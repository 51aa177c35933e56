"""Writes down what happens inside a node, so that the graph can keep it in its own state.

A LangGraph server keeps what a node returned and when the superstep ended, but not the model calls,
tools and retrievals inside it, nor when the first token came. An application that wants these in
its evaluations records them with LangChain's callbacks and returns them as part of the update.
"""

from datetime import UTC, datetime

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import messages_to_dict

PRICES = {"larch-large": (3.0, 15.0), "larch-small": (0.8, 4.0)}
"""US dollars for a million tokens, in and out."""


def now():
    return datetime.now(UTC).isoformat()


def usage_of(message, model):
    counts = dict(message.usage_metadata or {})
    price_in, price_out = PRICES[model]
    counts["input_cost"] = round(counts["input_tokens"] * price_in / 1e6, 8)
    counts["output_cost"] = round(counts["output_tokens"] * price_out / 1e6, 8)
    return counts


class SpanRecorder(AsyncCallbackHandler):
    """Collects one span (in the shape of evalkit's step records) for every call in a node."""

    def __init__(self):
        self.spans = []
        self._open = {}

    def _start(self, run_id, kind, name, inputs, **more):
        span = {
            "step_id": str(run_id),
            "kind": kind,
            "name": name,
            "inputs": inputs,
            "started_at": now(),
            **more,
        }
        self._open[run_id] = span
        self.spans.append(span)

    def _end(self, run_id, **more):
        self._open.pop(run_id).update(ended_at=now(), **more)

    async def on_chat_model_start(self, serialized, messages, *, run_id, metadata=None, **_):
        model = (metadata or {}).get("ls_model_name", "unknown")
        self._start(
            run_id,
            "llm",
            "SupportModel",
            {"messages": [m["data"] for m in messages_to_dict(messages[0][-2:])]},
            metadata={"ls_model_name": model},
        )

    async def on_llm_new_token(self, token, *, run_id, **_):
        self._open[run_id].setdefault("first_token_at", now())

    async def on_llm_end(self, response, *, run_id, **_):
        message = response.generations[0][0].message
        model = self._open[run_id]["metadata"]["ls_model_name"]
        self._end(
            run_id,
            outputs={"messages": [messages_to_dict([message])[0]["data"]]},
            usage=usage_of(message, model),
        )

    async def on_retriever_start(self, serialized, query, *, run_id, **_):
        self._start(run_id, "retriever", "keyword_search", {"query": query})

    async def on_retriever_end(self, documents, *, run_id, **_):
        found = [
            {"id": d.id, "page_content": d.page_content, "metadata": d.metadata} for d in documents
        ]
        self._end(run_id, outputs={"documents": found})

    async def on_tool_start(
        self, serialized, input_str, *, run_id, inputs=None, tool_call_id=None, **_
    ):
        self._start(
            run_id, "tool", serialized["name"], inputs, metadata={"tool_call_id": tool_call_id}
        )

    async def on_tool_end(self, output, *, run_id, **_):
        self._end(run_id, outputs=getattr(output, "content", output))

    async def on_tool_error(self, error, *, run_id, **_):
        self._end(run_id, error=repr(error))
