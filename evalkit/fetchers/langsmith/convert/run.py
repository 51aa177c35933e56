"""LangSmith's run payloads (v1, v2 and SDK dumps) become a Run with its steps; pure.

A v1 record has lower-case enums, naive times, costs as decimal text and `parent_run_id`; a v2
record has upper-case enums, zoned times, costs as numbers, no keys for what is empty, and its
parent is the last of `parent_run_ids`. Token figures of v1 parents include their subtree's: a
step keeps what it has beyond the steps inside it, so that steps can be added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from evalkit.fetchers.langsmith.convert.attachments import attachments_of
from evalkit.fetchers.langsmith.convert.fields import (
    Payload,
    bad,
    first_token_of,
    identity,
    mapping_of,
    metadata_of,
    tags_of,
    text_of,
    time_of,
    usage_from_model,
    usage_of,
)
from evalkit.fetchers.langsmith.convert.order import Placed, in_order
from evalkit.model.accounting.rollup import Rolled, roll_up
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import Feedback
from evalkit.model.step import Step
from evalkit.model.usage import Usage
from evalkit.model.views import error_type

KINDS = {"llm": "llm", "tool": "tool", "retriever": "retriever", "chain": "chain"}
STATUSES = {"success": "success", "error": "error", "pending": "pending", "": "pending"}
STOPS = {
    "CancelledError": "cancelled",
    "KeyboardInterrupt": "cancelled",
    "GraphInterrupt": "paused",
    "NodeInterrupt": "paused",
}
THREAD_KEYS = ("thread_id", "session_id", "conversation_id")
# fmt: off
NORMALISED = frozenset(
    {
        "id", "name", "run_type", "start_time", "end_time", "status", "error", "inputs",
        "outputs", "tags", "trace_id", "dotted_order", "parent_run_id", "parent_run_ids",
        "session_id", "project_id", "reference_example_id", "total_tokens", "prompt_tokens",
        "completion_tokens", "total_cost", "prompt_cost", "completion_cost",
        "prompt_token_details", "completion_token_details", "prompt_cost_details",
        "completion_cost_details", "first_token_time", "app_path", "child_runs", "extra",
        "metadata", "attachments", "latency_seconds", "is_root", "thread_id",
    }
)
# fmt: on
"""Fields that have a home in the model or follow from those that have; the rest goes to `extra`."""


OF_EXAMPLES = ("dataset_id", "created_at", "modified_at", "source_run_id")
"""What LangSmith says of an example and evaluators written for it may ask."""


class Converted(NamedTuple):
    """A run, and what was wrong with its tree."""

    run: Run
    orphans: list[str]
    duplicates: list[str]


def to_run(root: Payload, children: Sequence[Payload]) -> Run:
    """Return the run of a root record and its descendants, in whatever order they came."""
    return convert(root, children).run


def convert(
    root: Payload,
    children: Sequence[Payload],
    *,
    ui: str = "",
    base: str = "",
    repetition: int | None = None,
    feedback: Iterable[Feedback] = (),
    steps_recorded: bool = True,
) -> Converted:
    """Return the run with its orphans counted; `ui` is the host that `app_path` is under.

    `base` is the address that relative attachments begin with.
    """
    run_id = identity(root)
    tree = in_order(run_id, root, children)
    rolled = _rolled(root, tree.placed)
    steps = [
        _step(payload, parent, usage)
        for (payload, parent), usage in zip(tree.placed, rolled.own, strict=True)
    ]
    feedback = tuple(feedback)
    ended_at = time_of(root, "end_time")
    outputs, error, metadata = root.get("outputs"), text_of(root, "error"), metadata_of(root)
    run = Run(
        run_id=run_id,
        thread_id=_thread(root, metadata),
        assistant_id=_text(metadata.get("assistant_id")),
        updated_at=updated_at(ended_at, feedback),
        status=_status(root, ended_at),
        metadata=metadata,
        name=text_of(root, "name"),
        inputs=root.get("inputs"),
        outputs=outputs,
        error=error,
        steps=steps,
        example_id=_text(root.get("reference_example_id")),
        repetition=repetition,
        started_at=time_of(root, "start_time"),
        ended_at=ended_at,
        first_token_at=min(
            (time for time in (first_token_of(root), *_first_tokens(steps)) if time), default=None
        ),
        usage=rolled.total,
        tags=tags_of(root),
        interrupts=_interrupts(outputs),
        attachments=attachments_of(root, base=base),
        feedback=feedback,
        url=_url(root, ui),
        extra=_rest(root, tree.placed),
        steps_recorded=steps_recorded,
        stopped=STOPS.get(error_type(error) or "") if error else None,
    )
    return Converted(run, tree.orphans, tree.duplicates)


def to_example(payload: Payload, base: str = "") -> Example:
    """Return the example of a dataset row; its `outputs` are the reference."""
    metadata = mapping_of(payload, "metadata")
    split = metadata.get("dataset_split")
    if isinstance(split, list):
        split = split[0] if len(split) == 1 else tuple(map(str, split)) or None
    return Example(
        example_id=identity(payload),
        inputs=payload.get("inputs"),
        reference_outputs=payload.get("outputs"),
        metadata=metadata,
        split=split if isinstance(split, str | tuple) else None,
        attachments=attachments_of(payload, "attachment_urls", base),
        extra={name: payload[name] for name in OF_EXAMPLES if payload.get(name)},
    )


def updated_at(ended_at: datetime | None, feedback: Iterable[Feedback]) -> datetime | None:
    """Return when the run last changed: its end, or the last score given to it afterwards."""
    if ended_at is None:
        return None
    given = (item.metadata.get("modified_at") for item in feedback if item.step_id is None)
    return max([ended_at, *(datetime.fromisoformat(time) for time in given if time)])


def _step(payload: Payload, parent_id: str | None, usage: Usage | None) -> Step:
    step_id = payload["id"]
    metadata = metadata_of(payload)
    run_type = text_of(payload, "run_type") or ""
    kind = KINDS.get(run_type) or KINDS.get(run_type := run_type.lower())
    if kind is None:
        kind = "other"
        metadata = {**metadata, "ls_run_type": run_type}
    elif kind == "chain" and metadata.get("langgraph_node") == payload.get("name"):
        kind = "node"
    return Step(
        step_id=step_id if type(step_id) is str else str(step_id),
        parent_id=parent_id,
        kind=kind,
        name=text_of(payload, "name") or "",
        inputs=payload.get("inputs"),
        outputs=payload.get("outputs"),
        error=text_of(payload, "error"),
        started_at=time_of(payload, "start_time"),
        ended_at=time_of(payload, "end_time"),
        first_token_at=first_token_of(payload),
        usage=usage,
        metadata=metadata,
        tags=tags_of(payload),
    )


def _usage(payload: Payload) -> Usage | None:
    """Return what a record states, or what its model call carries itself."""
    usage = usage_of(payload)
    if usage is None and (payload.get("run_type") or "").lower() == "llm":
        usage = usage_from_model(payload)
    return usage


def _rolled(root: Payload, placed: Sequence[Placed]) -> Rolled:
    """Return what each step took beyond those inside it, and what the run took.

    Servers differ: the figures of parents are those of their whole subtree (v1), or missing.
    """
    tree = [(payload["id"], parent, _usage(payload)) for payload, parent in placed]
    rolled = roll_up(tree, usage_of(root))
    return rolled if rolled.total else Rolled(usage_from_model(root), rolled.own)


def _first_tokens(steps: Iterable[Step]) -> Iterable[datetime | None]:
    return (step.first_token_at for step in steps)


def _status(root: Payload, ended_at: datetime | None) -> str:
    status = (text_of(root, "status") or "").lower()
    if not status and ended_at is not None:  # ingest dumps and old SDK dumps carry none
        return "error" if root.get("error") else "success"
    return STATUSES.get(status, status)


def _thread(root: Payload, metadata: Payload) -> str | None:
    """LangSmith groups runs to threads by any of three metadata keys."""
    stated = _text(root.get("thread_id"))
    return stated or next((text for k in THREAD_KEYS if (text := _text(metadata.get(k)))), None)


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _interrupts(outputs: Any) -> tuple[Any, ...]:
    """A LangGraph run that stopped to ask says so in its outputs."""
    found = outputs.get("__interrupt__") if isinstance(outputs, dict) else None
    return tuple(found) if isinstance(found, list | tuple) else ()


def _url(root: Payload, ui: str) -> str | None:
    path = root.get("app_path")
    return ui + path if ui and isinstance(path, str) and path.startswith("/") else None


def _rest(root: Payload, placed: Sequence[Placed]) -> dict[str, Any]:
    """Keep what LangSmith said and the model has no name for: of the root, and by step id."""
    rest = _leftover(root)
    session = root.get("session_id") or root.get("project_id")
    if session:
        rest["session_id"] = str(session)
    if root.get("app_path"):
        rest["app_path"] = root["app_path"]
    below = {record["id"]: left for record, _ in placed if (left := _leftover(record))}
    if below:
        rest["steps"] = below
    return rest


def _leftover(payload: Payload) -> dict[str, Any]:
    left = {name: payload[name] for name in _unnamed(tuple(payload)) if payload[name]}
    extra = payload.get("extra")
    if extra:
        if not isinstance(extra, dict):
            raise bad(payload, "extra", f"is {type(extra).__name__}, expected an object")
        beside = {k: v for k, v in extra.items() if v and k != "metadata"}
        if beside:
            left["extra"] = beside
    return left


@lru_cache(maxsize=512)
def _unnamed(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that have no home; the records of an experiment have few sets of names.

    Sorted, so that what is kept does not hang on the order in which a server wrote it.
    """
    return tuple(sorted(name for name in names if name not in NORMALISED))
