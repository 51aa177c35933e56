"""Turns what a server says about a run into a Run; pure, so a recorded payload tests it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from evalkit.fetchers.langgraph.facts import Facts, as_count, example_named, harmless, lookup
from evalkit.fetchers.langgraph.inner import InnerReader, message_usage, messages_in, new_messages
from evalkit.fetchers.langgraph.snapshots import Snapshot
from evalkit.fetchers.langgraph.steps import Evidence, StepReader
from evalkit.model.accounting.rollup import roll_up
from evalkit.model.run import Run
from evalkit.model.step import Step
from evalkit.model.usage import Usage, total_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the user wants runs read."""

    example_id: str = "example_id"
    """Key of the run's metadata that names the example; dots go down."""
    repetition: str = "repetition"
    spans: str | None = None
    retrievers: frozenset[str] | None = None
    output_keys: frozenset[str] | None = None
    """Keys of the state that are the output; None: all."""


@dataclass(slots=True)
class Converted:
    """A run with what a reader should know about how it was read."""

    run: Run
    problems: list[str]


def convert(
    raw: Mapping[str, Any],
    evidence: Evidence,
    reading: Reading,
    *,
    thread_error: Any = None,
    thread_metadata: Mapping[str, Any] | None = None,
    name: str | None = None,
    url: str | None = None,
    identify: Callable[[str | None, Any], str | None] = lambda example_id, inputs: example_id,
) -> Converted:
    """Return the run of a server's `raw` run and of its snapshots.

    `thread_error` is that of its thread, if the run is the last there. `thread_metadata` is the
    thread's: it stands for that of a run which has none, and its `graph_id` is the graph the server
    decoded the snapshots with, which is that of the thread's last run. `identify` gets
    the example id of the metadata and the inputs, and returns the id of the example.
    """
    facts = Facts(raw, thread_metadata)
    status, updated = facts.status, facts.time("updated_at")
    cut_off = status in ("timeout", "interrupted") and facts.asked is None
    evidence = replace(evidence, run_id=facts.run_id, ended_at=updated, cut_off=cut_off)
    thread_graph = lookup(thread_metadata or {}, "graph_id")
    mixed = _mixed(facts.metadata, evidence.own, thread_graph)
    if mixed:
        evidence = _only_times(evidence)
    reader = InnerReader(reading.spans, reading.retrievers)
    before = _messages_before(evidence)
    reader.forget(before)
    reader.edit(evidence.waited_for(), facts.command.get("resume"))
    steps = StepReader(evidence, reader)
    found = steps.read()
    last = evidence.last
    paused = facts.asked is not None or (status == "success" and evidence.paused)
    state = reader.strip(last.values if last else facts.output)
    inputs = _input(facts, evidence.own)
    run = Run(
        run_id=facts.run_id,
        thread_id=raw.get("thread_id"),
        assistant_id=raw.get("assistant_id"),
        created_at=facts.time("created_at"),
        updated_at=updated,
        status=status,
        metadata=facts.metadata,
        multitask_strategy=raw.get("multitask_strategy"),
        name=name or facts.metadata.get("graph_id"),
        inputs=inputs,
        outputs=_project(state, reading.output_keys),
        error=_error(facts, evidence, thread_error),
        steps=found,
        example_id=identify(example_named(facts.metadata, reading.example_id), inputs),
        repetition=as_count(lookup(facts.metadata, reading.repetition)),
        started_at=_start(evidence),
        ended_at=_end(status, last, updated, paused=paused),
        first_token_at=min((s.first_token_at for s in found if s.first_token_at), default=None),
        usage=_usage(found, state, before),
        tags=[str(tag) for tag in (facts.config.get("tags") or ())],
        interrupts=(facts.asked or evidence.asked()) if paused else (),
        url=url,
        extra=_extra(facts, evidence, mixed) | _own_messages(state, _ids(before)),
        steps_recorded=_recorded(evidence, steps, facts, mixed=bool(mixed)),
        stopped="paused" if paused else "cancelled" if status == "interrupted" else None,
    )
    return Converted(run, reader.problems)


def _mixed(metadata: Mapping[str, Any], own: Sequence[Snapshot], graph: str | None) -> str | None:
    """Return the graph that the snapshots were decoded with, if it is not the run's own."""
    graphs = {s.graph_id for s in own if s.graph_id} or {str(metadata.get("graph_id", graph))}
    return graph if graph and graph not in graphs else None


def _only_times(evidence: Evidence) -> Evidence:
    """Keep what another graph's decoding cannot have spoilt."""
    own = [replace(s, values=None, tasks=(), next=()) for s in evidence.own]
    return replace(evidence, own=own, parents={}, subgraphs={})


def _messages_before(evidence: Evidence) -> list[Any]:
    """Return the messages the thread had before the run."""
    if not evidence.own:
        return messages_in(evidence.base.values) if evidence.base else []
    first = evidence.own[0]
    if first.source in ("input", "fork"):
        return messages_in(first.values)  # the state as it was found: the input comes as a task
    parent = evidence.parents.get(first.parent_id or "")
    return messages_in(parent.values) if parent else []


def _input(facts: Facts, own: Sequence[Snapshot]) -> Any:
    if facts.given is not None:
        return facts.given
    if "resume" in facts.command:
        return {"resume": facts.command["resume"]}
    if own and own[0].source == "input":
        return next((t.result for t in own[0].tasks if t.name == "__start__"), None)
    return None


def _project(state: Any, keys: frozenset[str] | None) -> Any:
    if keys is None or not isinstance(state, Mapping):
        return state
    return {key: value for key, value in state.items() if key in keys}


def _start(evidence: Evidence) -> datetime | None:
    """Return when the work began; a resumed run leaves no trace of it."""
    own = evidence.own
    if evidence.resumed or not own or own[0].source not in ("input", "fork"):
        return None
    return own[0].created_at


def _end(
    status: str, last: Snapshot | None, updated: datetime | None, *, paused: bool
) -> datetime | None:
    if status == "success" and not paused:
        return last.created_at if last else updated
    return updated  # the last snapshot is older than the work that was cut off


def _error(facts: Facts, evidence: Evidence, thread_error: Any) -> str | None:
    """Return the failing task's own text; the thread's is masked for classes it does not know."""
    if facts.status not in ("error", "timeout", "interrupted") or facts.asked is not None:
        return None
    if evidence.own and evidence.own[-1].error:
        return evidence.own[-1].error
    said = facts.raw.get("error_message") or thread_error
    if isinstance(said, Mapping):
        parts = [str(said.get(k)) for k in ("error", "message") if said.get(k)]
        return ": ".join(parts) or None
    return str(said) if said else None


def _usage(steps: Sequence[Step], state: Any, before: Sequence[Any]) -> Usage | None:
    """Add up the model calls; without steps, the usage of the messages the run added."""
    from_steps = roll_up([(step.step_id, step.parent_id, step.usage) for step in steps]).total
    if from_steps is not None:
        return from_steps
    seen = _ids(before)
    return total_usage(message_usage(m) for m in new_messages(state, seen))


def _ids(messages: Sequence[Any]) -> set[str]:
    seen: set[str] = set()
    new_messages(list(messages), seen)
    return seen


def _recorded(evidence: Evidence, steps: StepReader, facts: Facts, *, mixed: bool) -> bool:
    """Whether the steps are all there: not with durability "exit", nor when none was kept."""
    if mixed or steps.gaps or evidence.unreadable or facts.kwargs.get("durability") == "exit":
        return False
    if facts.kwargs.get("checkpoint_during") is False:
        return False
    if evidence.own:
        first = evidence.own[0]
        # A run that was given an input begins with it, unless only its last snapshot was kept.
        return facts.resumes or first.source in ("input", "fork") or first.step <= 0
    if evidence.base:
        return True
    # A run that was given an input and made no snapshot never began, unless it succeeded: then they
    # were pruned. One that resumed and failed in its first node leaves none either.
    return facts.given is not None and facts.status != "success"


def _extra(facts: Facts, evidence: Evidence, mixed: str | None) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if facts.command:
        extra["command"] = dict(facts.command)
    if context := harmless(facts.context()):
        extra["context"] = context
    if configurable := harmless(facts.config.get("configurable")):
        extra["configurable"] = configurable
    if durability := facts.kwargs.get("durability"):
        extra["durability"] = durability
    if evidence.base:
        extra["committed"] = "nothing: it stopped again where the run before had stopped"
    if mixed:
        extra["mixed_graphs"] = f"decoded with graph {mixed!r}, so outputs and steps are lost"
    return extra


def _own_messages(state: Any, seen: set[str]) -> dict[str, Any]:
    """Say which messages of the state are this run's: a start in the list, or the list."""
    messages = state.get("messages") if isinstance(state, Mapping) else state
    if not isinstance(messages, list) or not seen:
        return {}
    own = new_messages(messages, set(seen))
    start = len(messages) - len(own)
    return {"messages_start": start} if messages[start:] == own else {"messages": own}
