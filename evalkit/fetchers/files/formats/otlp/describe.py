"""What a span of a language-model application is, by the attributes tracers give it; pure.

Every vocabulary says what it knows; the more particular one goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from evalkit.fetchers.files.formats.otlp.failures import Failure, failure_of
from evalkit.fetchers.files.formats.otlp.forms.messages import conversation
from evalkit.fetchers.files.formats.otlp.forms.payloads import once
from evalkit.fetchers.files.formats.otlp.forms.raw import Attributes, Event
from evalkit.fetchers.files.formats.otlp.names import (
    CALLS,
    MODELS,
    TOOLS,
    USAGE_OBJECTS,
    USAGE_PREFIXES,
)
from evalkit.fetchers.files.formats.otlp.vocabularies import (
    genkit,
    mastra,
    mlflow,
    openinference,
    openllmetry,
    semconv,
    vercel,
)
from evalkit.fetchers.files.formats.otlp.vocabularies.said import Said, first, text
from evalkit.fetchers.files.mapping.traces import payload, tool_name
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.usage import Usage

VOCABULARIES = (genkit, vercel, mastra, mlflow, openinference, semconv, openllmetry)
FIRST_TOKENS = ("First Token Stream Event", "ai.stream.firstChunk", "mlflow.chunk.item.0")
"""Events that mark the first token of a stream."""


class Described(NamedTuple):
    """A span in the model's words."""

    kind: str
    name: str
    inputs: Any
    outputs: Any
    failure: Failure
    usage: Usage | None
    metadata: dict[str, Any]
    thread: str | None = None
    tags: tuple[str, ...] = ()
    repeats: bool = False
    ended: str | None = None
    first_token_s: float | None = None
    first_token_at: datetime | None = None

    @property
    def error(self) -> str | None:
        """What went wrong, where something did."""
        return self.failure.error


def describe(
    name: str,
    attributes: Attributes,
    events: Iterable[tuple[Any, ...]] = (),
    message: str | None = None,
) -> Described:
    """Return what a span is and holds; `message` is what its status says of an error."""
    marked = [Event(*each) for each in events]
    said = [found for each in VOCABULARIES if (found := each.read(attributes)) is not None]
    kind = _of(said, "kind") or "other"
    inputs, outputs = _of(said, "inputs"), _of(said, "outputs")
    if kind == "llm":
        pairs = [(each.name, each.attributes) for each in marked]
        inputs = _or(inputs, conversation(semconv.said_in(pairs, outputs=False)))
        outputs = _or(outputs, conversation(semconv.said_in(pairs, outputs=True)))
    metadata = _metadata(attributes, said)
    if kind == "tool":
        name = tool_name(first(attributes, TOOLS) or _of(said, "name") or name)
    elif kind in ("chain", "agent") and metadata.get("langgraph_node") == name:
        kind = "node"
    else:
        name = _of(said, "name") or name
    return Described(
        kind=kind,
        name=name,
        inputs=inputs,
        outputs=outputs,
        failure=failure_of(marked, message, text(attributes.get("error.type"))),
        usage=_usage(attributes, said),
        metadata=metadata,
        thread=_of(said, "thread"),
        tags=next((each.tags for each in said if each.tags), ()),
        repeats=any(each.repeats for each in said),
        ended=_of(said, "ended"),
        first_token_s=_of(said, "first_token_s"),
        first_token_at=_of(said, "first_token_at") or _first_token(marked),
    )


def kind_of(attributes: Attributes) -> str:
    """Return the step kind that any of the vocabularies states; `other` when none does."""
    return describe("", attributes).kind


def _of(said: list[Said], field: str) -> Any:
    return next((each for one in said if (each := getattr(one, field)) is not None), None)


def _or(value: Any, other: Any) -> Any:
    return other if value is None else value


def _first_token(events: list[Event]) -> datetime | None:
    return next((each.at for each in events if each.name in FIRST_TOKENS), None)


def _usage(attributes: Attributes, said: list[Said]) -> Usage | None:
    found = {
        name: value
        for name, value in attributes.items()
        if name.startswith(USAGE_PREFIXES) and not name.startswith(semconv.AGGREGATED)
    }
    for name in USAGE_OBJECTS:
        if isinstance(inner := payload(attributes.get(name)), Mapping):
            found["cost" if "cost" in name else "usage"] = inner
    for each in said:
        found |= {name: value for name, value in each.usage.items() if name not in found}
    return usage_or_note(found) if found else None


def _metadata(attributes: Attributes, said: list[Said]) -> dict[str, Any]:
    """Return what is no payload and no count, and what the vocabularies make of it."""
    read = frozenset().union(*(each.payloads for each in said)) if said else frozenset()
    kept = {
        name: value
        for name, value in attributes.items()
        if name not in read
        and not name.startswith(USAGE_PREFIXES)
        and name not in USAGE_OBJECTS
        and not openinference.is_flattened(name)
    }
    for each in reversed(said):
        kept |= each.metadata
    model, call = first(attributes, MODELS), first(attributes, CALLS)
    if model is not None:
        kept["model"] = str(once(model)) if isinstance(once(model), str) else str(model)
    if call is not None:
        kept["tool_call_id"] = str(call)
    return kept
