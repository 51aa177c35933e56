"""Finds what a node did inside: model calls, tools and retrievals told by its update of the state.

A server keeps what a node returned, not the calls it made. Three things tell of them: spans that
the application itself recorded (complete, with times), messages (model and tool calls, without
times), and documents in the update of a node that retrieves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.document import LISTS
from evalkit.model.messages.message import parse_arguments, text_of
from evalkit.model.messages.read import read_message
from evalkit.model.step import Step
from evalkit.model.usage import Usage

RETRIEVING = re.compile(r"retriev|search", re.IGNORECASE)
SPEAKERS = frozenset({"human", "ai", "tool", "system"})
MARKS = frozenset(
    {"type", "role", "lc", "data", "message", "message.role", "parts", "kind", "messageType"}
    | {"from", "content"}
)
"""Keys one of which every form of a message has."""
READ_FROM = "read_from"
"""Metadata key that says a step was read from the state, not recorded as it happened."""


@dataclass(slots=True)
class InnerReader:
    """Reads the inner steps of a run's nodes, each message once however often the state has it."""

    spans_key: str | None = None
    retrievers: frozenset[str] | None = None
    """Nodes whose update holds retrieved documents; None: those named like it."""
    problems: list[str] = field(default_factory=list)
    _seen: dict[str, Any] = field(default_factory=dict)
    """Message id -> the usage it came with."""
    _spans_seen: set[tuple[Any, ...]] = field(default_factory=set)
    _calls: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _edited: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Call id -> the name and arguments that a person gave instead."""

    def forget(self, messages: Iterable[Any]) -> None:
        """Take messages as known: they were there before the run, with the calls they ask for."""
        for message in messages:
            self._remember(message)

    def edit(self, asked: Iterable[Any], resume: Any) -> None:
        """Take the calls that a person edited as edited: the model's message keeps its own words.

        LangChain's HumanInTheLoopMiddleware asks with `action_requests`, and is answered with as
        many `decisions`.
        """
        decisions = resume.get("decisions") if isinstance(resume, Mapping) else None
        requests = [
            request
            for item in asked
            for request in _listed(item.get("value"), "action_requests")
            if isinstance(item, Mapping)
        ]
        for request, decision in zip(requests, decisions or (), strict=False):
            action = decision.get("edited_action") if isinstance(decision, Mapping) else None
            if not isinstance(action, Mapping) or not isinstance(request, Mapping):
                continue
            meant = (request.get("name"), request.get("args"))
            for call_id, call in self._calls.items():
                if (call.get("name"), call.get("args")) == meant:
                    self._edited[call_id] = action

    def _remember(self, message: Any) -> bool:
        """Take note of a message, and say whether it is new.

        A message that comes again under its id replaces the one before: its calls count now. It is
        another call of a model only if it brings a usage of its own.
        """
        if not isinstance(message, Mapping):
            return False
        body = body_of(message)
        for call in body.get("tool_calls") or ():
            if isinstance(call, Mapping) and call.get("id"):
                self._calls[str(call["id"])] = call
        name, usage = message_id(message), body.get("usage_metadata")
        if name is None:
            return True
        new = name not in self._seen or (usage is not None and usage != self._seen[name])
        self._seen[name] = usage if usage is not None else self._seen.get(name)
        return new

    def steps(self, node: Step, update: Any) -> list[Step]:
        """Return the steps inside `node`, told by its `update` (a dict, or a list of dicts)."""
        spans = [step for raw in self._spans(update) if (step := self._span(raw, node))]
        known = {step.kind for step in spans}
        told = [] if {"llm", "tool"} & known else self._from_messages(node, update)
        if "retriever" not in known and self._retrieves(node.name):
            told = self._from_documents(node, update) + told
        return spans + told

    def strip(self, state: Any) -> Any:
        """Return the state without the recorded spans, which have become steps."""
        if self.spans_key and isinstance(state, Mapping) and self.spans_key in state:
            return {key: value for key, value in state.items() if key != self.spans_key}
        return state

    def _spans(self, update: Any) -> list[Any]:
        found: list[Any] = []
        if self.spans_key is None:
            return found
        for part in parts_of(update):
            value = part.get(self.spans_key)
            found += value if isinstance(value, list) else []
        return found

    def _span(self, raw: Any, node: Step) -> Step | None:
        from evalkit.model.schema.records import StepRecord  # pydantic, which few graphs need

        try:
            record = StepRecord.model_validate(raw)
        except ValueError as error:
            if len(self.problems) < 3:
                first = str(error).splitlines()[1:3]
                self.problems.append(f"a span of node {node.name!r}: {' '.join(first)}")
            return None
        # A subgraph hands its spans up to the node that called it, which returns them once more.
        again = (record.step_id, record.name, record.started_at)
        if again in self._spans_seen:
            return None
        self._spans_seen.add(again)
        # Ids that the application chose need not be unique: the node's id makes them so.
        scope = f"{node.step_id}:"
        parent = f"{scope}{record.parent_id}" if record.parent_id else node.step_id
        return record.model_copy(
            update={"step_id": f"{scope}{record.step_id}", "parent_id": parent}
        ).to_model()

    def _from_messages(self, node: Step, update: Any) -> list[Step]:
        steps: list[Step] = []
        for message in messages_in(update):
            if not self._remember(message) or (flat := read_message(message)) is None:
                continue
            if flat.role == "assistant":
                steps.append(self._model_call(node, message, len(steps)))
            elif flat.role == "tool":
                steps.append(self._tool_call(node, flat, len(steps)))
        return steps

    def _model_call(self, node: Step, message: Mapping[str, Any], place: int) -> Step:
        body = body_of(message)
        about = body.get("response_metadata")
        about = about if isinstance(about, Mapping) else {}
        model = about.get("model_name") or about.get("model")
        return Step(
            step_id=f"{node.step_id}:{body.get('id') or f'message-{place}'}",
            parent_id=node.step_id,
            kind="llm",
            name=str(model or node.name),
            outputs={"messages": [message]},
            usage=message_usage(body),
            metadata={READ_FROM: "messages", **({"ls_model_name": model} if model else {})},
        )

    def _tool_call(self, node: Step, flat: Mapping[str, Any], place: int) -> Step:
        call_id = flat.get("tool_call_id")
        call = {**self._calls.get(str(call_id), {}), **self._edited.get(str(call_id), {})}
        call |= _sent_call(node.inputs, call_id)
        failed = flat.get("status") == "error"
        return Step(
            step_id=f"{node.step_id}:{call_id or f'message-{place}'}",
            parent_id=node.step_id,
            kind="tool",
            name=str(flat.get("name") or call.get("name") or "tool"),
            inputs=parse_arguments(call["args"]) if "args" in call else None,
            outputs=flat.get("content"),
            error=text_of(flat.get("content")) or "error" if failed else None,
            metadata={READ_FROM: "messages", **({"tool_call_id": call_id} if call_id else {})},
        )

    def _retrieves(self, name: str) -> bool:
        return bool(RETRIEVING.search(name)) if self.retrievers is None else name in self.retrievers

    def _from_documents(self, node: Step, update: Any) -> list[Step]:
        return [
            Step(
                step_id=f"{node.step_id}:{key}",
                parent_id=node.step_id,
                kind="retriever",
                name=node.name,
                outputs={"documents": value},
                metadata={READ_FROM: f"state key {key}"},
            )
            for part in parts_of(update)
            for key, value in part.items()
            if _are_documents(key, value)
        ]


def parts_of(update: Any) -> list[Mapping[str, Any]]:
    """Return an update as dicts: a node may return one, several, or something else altogether."""
    items = update if isinstance(update, list) else [update]
    return [item for item in items if isinstance(item, Mapping)]


def messages_in(state: Any) -> list[Any]:
    """Return the messages of a state or update, wherever they stand at its top level."""
    found: list[Any] = []
    for part in parts_of(state):
        if _is_message(part):
            found.append(part)  # a graph whose whole state is a list of messages
            continue
        for value in part.values():
            items = value if isinstance(value, list) else [value]
            found += [item for item in items if isinstance(item, Mapping) and _is_message(item)]
    return found


def new_messages(state: Any, seen: set[str]) -> list[Mapping[str, Any]]:
    """Return messages whose id is not in `seen`, and add them; those without id count as new."""
    fresh = []
    for message in messages_in(state):
        name = message_id(message)
        if name is None or name not in seen:
            fresh.append(message)
        if name is not None:
            seen.add(name)
    return fresh


def _sent_call(given: Any, call_id: Any) -> Mapping[str, Any]:
    """Return the call that a tool node was sent, which a person may have edited on the way."""
    items = given if isinstance(given, list) else [given]
    for item in items:
        call = item.get("tool_call", item) if isinstance(item, Mapping) else None
        if isinstance(call, Mapping) and call.get("id") == call_id and "args" in call:
            return {"name": call.get("name"), "args": call["args"]}
    return {}


def _listed(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []


def message_usage(message: Mapping[str, Any]) -> Usage | None:
    """Return what a model's message says it took: LangChain's field, or the provider's own."""
    body = body_of(message)
    about = body.get("response_metadata")
    about = about if isinstance(about, Mapping) else {}
    places = (body.get("usage_metadata"), body.get("usage"), about.get("token_usage"),
              about.get("usage"), about.get("usage_metadata"))  # fmt: skip
    return next((found for each in places if (found := usage_or_note(each))), None)


def message_id(message: Any) -> str | None:
    """Return the id of a message, however it is written down."""
    name = body_of(message).get("id") if isinstance(message, Mapping) else None
    return name if isinstance(name, str) else None


def body_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of a message, however it is written down."""
    body = message.get("kwargs") if "lc" in message else message
    return body if isinstance(body, Mapping) else message


def _is_message(item: Mapping[str, Any]) -> bool:
    """Whether a dict is a message: told by its keys where these leave no doubt, which is cheap."""
    if "page_content" in item or not (MARKS & item.keys()):
        return False
    if item.get("type") in SPEAKERS and "content" in item:
        return True
    return read_message(item) is not None


def _are_documents(key: str, value: Any) -> bool:
    if not isinstance(value, list):
        return False
    if not value:
        return key in LISTS  # a search that found nothing is a search
    return all(isinstance(item, Mapping) and "page_content" in item for item in value)
