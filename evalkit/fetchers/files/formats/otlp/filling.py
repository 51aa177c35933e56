"""Filling: what one span leaves out and another one of the same trace says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import NoneType
from typing import Any

from evalkit.fetchers.files.formats.otlp.forms.raw import RawSpan
from evalkit.fetchers.files.formats.otlp.vocabularies.openinference import KIND
from evalkit.fetchers.files.formats.otlp.vocabularies.semconv import CONVERSATION
from evalkit.fetchers.files.formats.otlp.vocabularies.vercel import ROOTS
from evalkit.fetchers.files.mapping.traces import Span
from evalkit.model.messages.message import ToolCall, parse_arguments
from evalkit.model.messages.places import answer_in, conversation_in


def fill(spans: list[Span], raws: list[RawSpan]) -> list[Span]:
    """Return the spans, each with what those around it say of it."""
    attributes = {raw.id: raw.attributes for raw in raws}
    by_id = {span.id: span for span in spans}
    calls = sorted((span for span in spans if span.kind == "llm"), key=_start)
    asked = list(_asked(calls))
    counted = any(call.usage is not None for call in calls)
    for place, span in enumerate(spans):
        stated = attributes[span.id]
        parent = by_id.get(span.parent_id or "")
        if span.kind == "tool" and (KIND in stated or "tool_call_id" not in span.metadata):
            spans[place] = _with_arguments(span, parent, asked, bare=KIND in stated)
        elif span.kind == "llm" and "mastra.span.type" in stated and parent is not None:
            spans[place] = _of_step(span, parent)
        elif CONVERSATION in stated and "gen_ai.input.messages" not in stated:
            inputs = next((c.inputs for c in calls if _is_inside(c, span, by_id)), span.inputs)
            spans[place] = replace(span, inputs=inputs)
        elif counted and stated.get("ai.operationId") in ROOTS:
            spans[place] = replace(span, usage=None)  # version 5 states the last step's alone
    for place, span in enumerate(spans):
        if span.parent_id not in by_id and not isinstance(span.inputs, Mapping | list | NoneType):
            inside = [each for each in spans if each.parent_id == span.id]
            spans[place] = _of_graph(span, inside)
    return spans


def _of_graph(graph: Span, inside: list[Span]) -> Span:
    """Return a graph with its state, of which LangGraph.js writes the bare value of an only key.

    A graph is never given a bare value; the key is the one that still has it at the end.
    """
    if not isinstance(graph.outputs, Mapping) or not any(each.kind == "node" for each in inside):
        return graph
    keys = [key for key, value in graph.outputs.items() if value == graph.inputs]
    return replace(graph, inputs={keys[0]: graph.inputs}) if len(keys) == 1 else graph


def _start(span: Span) -> float:
    return span.started_at.timestamp() if span.started_at else 0.0


def _is_inside(span: Span, around: Span, by_id: Mapping[str, Span]) -> bool:
    seen = set()
    at: Span | None = span
    while at is not None and at.id not in seen:
        if at.id == around.id:
            return True
        seen.add(at.id)
        at = by_id.get(at.parent_id or "")
    return False


def _of_step(call: Span, step: Span) -> Span:
    """Return a model call of Mastra with what its step was asked and answered."""
    said = step.outputs if isinstance(step.outputs, Mapping) else None
    return replace(
        call,
        inputs=step.inputs if call.inputs is None else call.inputs,
        outputs=said if said is not None and "messages" in said else call.outputs,
    )


def _asked(calls: list[Span]) -> Iterator[ToolCall]:
    """Yield the tool calls that models asked for, in order."""
    for call in calls:
        for message in conversation_in(call.outputs) or answer_in(call.outputs):
            yield from message.tool_calls


def _with_arguments(span: Span, parent: Span | None, asked: list[ToolCall], *, bare: bool) -> Span:
    """Return a tool with the id of its call, and with its arguments by name.

    `bare`: the tracer writes the bare value of an only argument. Its name stands in what the parent
    was given, or in what a model asked for; each thing asked for is one call.
    """
    key = span.metadata.get("tool_call_id")
    given = [*_given(parent.inputs if parent is not None else None), *asked]
    named = [call for call in given if call.name == span.name]
    found = next((call for call in named if key is not None and call.id == key), None)
    if found is None:
        found = next((call for call in named if _fits(call, span.inputs)), None)
    if found is None or not isinstance(found.arguments, Mapping):
        bare = bare and span.inputs is not None and not isinstance(span.inputs, Mapping)
        return replace(span, inputs={"input": span.inputs}) if bare else span
    asked[:] = [call for call in asked if call is not found]
    metadata = dict(span.metadata)
    if found.id is not None:
        metadata.setdefault("tool_call_id", found.id)
    keep = isinstance(span.inputs, Mapping) or not bare
    inputs = span.inputs if keep else found.arguments
    return replace(span, inputs=inputs, metadata=metadata)


def _fits(call: ToolCall, value: Any) -> bool:
    arguments = call.arguments
    if isinstance(value, Mapping):
        return bool(arguments == value)
    return isinstance(arguments, Mapping) and len(arguments) == 1 and (
        str(next(iter(arguments.values()))) == str(value)
    )  # fmt: skip


def _given(inputs: Any) -> Iterator[ToolCall]:
    """Yield the calls that LangGraph gives to a node of tools: a list, or one in an object."""
    if isinstance(inputs, Mapping):
        inner = inputs.get("tool_call", inputs.get("lg_tool_call"))
        inputs = [inner] if isinstance(inner, Mapping) else [inputs] if "args" in inputs else []
    for each in inputs if isinstance(inputs, list) else ():
        if isinstance(each, Mapping) and isinstance(each.get("name"), str) and "args" in each:
            key = each.get("id")
            yield ToolCall(
                name=each["name"],
                arguments=parse_arguments(each["args"]),
                id=None if key is None else str(key),
            )
