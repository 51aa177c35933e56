"""Snapshot and Task: a graph's checkpoint and the work planned at it, as any source tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from evalkit.errors import RecordError
from evalkit.model.timing import parse_time

START_TASK = "__start__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One node's turn, planned at a snapshot; `result` is the update it made, once it has ended."""

    task_id: str
    name: str
    path: tuple[Any, ...] = ()
    result: Any = None
    error: str | None = None
    interrupts: tuple[Any, ...] = ()
    namespace: str | None = None
    """Where the checkpoints of the subgraph are, when the node is one."""
    inputs: Any = None
    """The argument of a `Send`, where the source keeps it."""
    calls: tuple[Task, ...] = ()
    """Tasks that an entrypoint called, in the order of the calls, where the source keeps them."""

    @property
    def cancelled(self) -> bool:
        """Whether it was stopped because a task beside it failed."""
        return self.error is not None and self.error.startswith("CancelledError(")

    @property
    def sent(self) -> bool:
        """Whether `Send` started it, with an argument of its own instead of the state."""
        return bool(self.path) and self.path[0] == "__pregel_push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of a graph between two supersteps; ids are UUIDv6: their order is that of time."""

    checkpoint_id: str
    parent_id: str | None
    source: str
    step: int
    run_id: str | None
    graph_id: str | None
    created_at: datetime | None
    next: tuple[str, ...]
    values: Any
    tasks: tuple[Task, ...]
    namespace: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    values_kept: bool = True
    incomplete: bool = False
    """Whether the source holds work of this snapshot that could not be given to a task."""

    @property
    def work(self) -> list[Task]:
        """The tasks that are nodes of the graph."""
        return [task for task in self.tasks if task.name != START_TASK]

    @property
    def error(self) -> str | None:
        """The error of the task that failed, rather than of those stopped because of it."""
        failed = [task for task in self.work if task.error is not None]
        failed.sort(key=lambda task: task.cancelled)
        return failed[0].error if failed else None

    @property
    def stopped(self) -> bool:
        """Whether the work planned here failed or waits for somebody."""
        return any(task.error is not None or task.interrupts for task in self.work)

    def without_values(self) -> Snapshot:
        """Return this snapshot without the state, which is the large part."""
        return replace(self, values=None, values_kept=False)


def in_order(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Return snapshots oldest first, each once."""
    return sorted({s.checkpoint_id: s for s in snapshots}.values(), key=lambda s: s.checkpoint_id)


def below(namespace: str, task: Task) -> str:
    """Return the namespace of the subgraph that a task is, or calls first."""
    return f"{namespace}|{task.name}:{task.task_id}" if namespace else f"{task.name}:{task.task_id}"


def next_call(namespace: str) -> str:
    """Return the namespace of the next call of a subgraph by the same task."""
    before, _, number = namespace.rpartition("|")
    return f"{before}|{int(number) + 1}" if number.isdigit() and before else f"{namespace}|1"


def read_snapshot(raw: Mapping[str, Any], where: str, *, named: bool = True) -> Snapshot:
    """Read one item of a server's history; `where` names it in the `RecordError` of a bad one.

    Where tasks are not `named` as subgraphs, each is given the namespace that its subgraph has.
    """
    try:
        metadata = raw.get("metadata") or {}
        checkpoint = raw["checkpoint"]
        parent = raw.get("parent_checkpoint") or {}
        namespace = checkpoint.get("checkpoint_ns") or ""
        tasks = tuple(_read_task(task) for task in raw.get("tasks") or ())
        if not named:
            tasks = tuple(replace(t, namespace=below(namespace, t)) for t in tasks)
        return Snapshot(
            checkpoint_id=str(checkpoint["checkpoint_id"]),
            parent_id=parent.get("checkpoint_id"),
            namespace=namespace,
            source=str(metadata.get("source", "")),
            step=int(metadata.get("step") or 0),
            run_id=metadata.get("run_id"),
            graph_id=metadata.get("graph_id"),
            created_at=parse_time(raw.get("created_at")),
            next=tuple(raw.get("next") or ()),
            values=raw.get("values"),
            tasks=tasks,
            metadata=metadata,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(
            f"{where}, checkpoint: {error!r}. The server's answer is no checkpoint evalkit knows."
        ) from None


def _read_task(raw: Mapping[str, Any]) -> Task:
    checkpoint = raw.get("checkpoint") or {}
    return Task(
        task_id=str(raw["id"]),
        name=str(raw["name"]),
        path=tuple(raw.get("path") or ()),
        result=raw.get("result"),
        error=None if raw.get("error") is None else str(raw["error"]),
        interrupts=tuple(raw.get("interrupts") or ()),
        namespace=checkpoint.get("checkpoint_ns"),
    )
