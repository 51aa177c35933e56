"""Reads one thread of a database: checkpoints into snapshots, writes into tasks, then into runs.

What a checkpoint planned is told by its own rows and by the checkpoint that committed it, so tasks
are made when that one comes. States are let go as they pass; rows that wait are kept without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from evalkit.fetchers.langgraph.snapshots import Snapshot, Task, below
from evalkit.fetchers.langgraph_checkpoints.databases.rows import CheckpointRow
from evalkit.fetchers.langgraph_checkpoints.deltas import DeltaChannels
from evalkit.fetchers.langgraph_checkpoints.groups import Group, Grouping, Thread
from evalkit.fetchers.langgraph_checkpoints.tasks import (
    Planned,
    as_send,
    planned,
    sends_of,
)
from evalkit.fetchers.langgraph_checkpoints.writes import HIDDEN_CHANNEL
from evalkit.model.timing import parse_time

Key = tuple[str, str]
"""Namespace and id of a checkpoint."""


@dataclass(slots=True)
class _Reader:
    """What is known of a thread while its rows come."""

    deltas: DeltaChannels = field(default_factory=DeltaChannels)
    roots: Grouping = field(default_factory=Grouping)
    below: dict[str, Group] = field(default_factory=dict)
    waiting: dict[Key, CheckpointRow] = field(default_factory=dict)
    """Rows whose tasks are not made yet, without their states."""
    tasks: dict[Key, Planned] = field(default_factory=dict)
    sent: dict[Key, list[tuple[str, Any]]] = field(default_factory=dict)
    """What the tasks of a checkpoint sent to the next, for formats that keep it nowhere else."""

    def add(self, row: CheckpointRow) -> None:
        """Take the next row in."""
        values = self.deltas.complete(row)
        names = frozenset(row.document.get("versions_seen") or {})
        snapshot = _snapshot(row, values, names)
        given = values.get("__start__") if snapshot.source == "input" else None
        if row.namespace:
            self.below.setdefault(row.namespace, Group()).add(snapshot, row.size)
        else:
            self.roots.add(snapshot, given, row.size)
        before = (row.namespace, row.parent_id or "")
        slim = _without_state(row, values)
        if snapshot.source == "loop" and before in self.waiting:
            self._plan(before, slim)
        self.waiting[row.namespace, row.checkpoint_id] = slim
        sent = [s for w in row.writes if w.channel == "__pregel_tasks" and (s := as_send(w.value))]
        if sent:
            self.sent[row.namespace, row.checkpoint_id] = sent

    def _plan(self, key: Key, after: CheckpointRow | None) -> None:
        row = self.waiting.pop(key)
        names = set(row.document["versions_seen"])
        names |= set(after.document["versions_seen"]) if after is not None else set()
        values = row.document["channel_values"]
        sends = sends_of(values, row.document)
        if not sends and "__pregel_tasks" not in values:
            sends = self.sent.get((row.namespace, row.parent_id or ""), [])
        self.tasks[key] = planned(row, frozenset(names), sends, after)

    def end(self) -> Thread:
        """Return the thread, once all rows are in."""
        for key in list(self.waiting):
            self._plan(key, None)
        for group in self.roots.groups:
            group.snapshots = [self._with_tasks(s) for s in group.snapshots]
        thread = Thread(
            [g for g in self.roots.groups if g.own and any(s.source != "update" for s in g.own)],
            unknown=self.deltas.unknown,
        )
        for namespace, group in self.below.items():
            for snapshot in group.snapshots:
                where = self._called_from(namespace, snapshot.metadata.get("parents"))
                found = replace(self._with_tasks(snapshot), namespace=where)
                tasks = tuple(replace(t, namespace=below(where, t)) for t in found.tasks)
                thread.subgraphs.setdefault(where, []).append(replace(found, tasks=tasks))
        return thread

    def _with_tasks(self, snapshot: Snapshot) -> Snapshot:
        made = self.tasks[snapshot.namespace, snapshot.checkpoint_id]
        tasks = tuple(replace(t, namespace=below(snapshot.namespace, t)) for t in made.tasks)
        return replace(
            snapshot, tasks=tasks, next=tuple(t.name for t in tasks), incomplete=made.unknown
        )

    def _called_from(self, namespace: str, parents: Any) -> str:
        """Return the namespace with the task that called the graph.

        A subgraph with a checkpointer of its own has one namespace for all runs, its node's name:
        the parents in its metadata say at which checkpoint it was called.
        """
        known = parents if isinstance(parents, Mapping) else {}
        written, read = "", ""
        for part in namespace.split("|"):
            if ":" not in part and not part.isdigit():
                task = self._task(written, str(known.get(written, "")), part)
                part = f"{part}:{task.task_id}" if task else part
            read = f"{read}|{part}" if read else part
            plain = part.partition(":")[0] if ":" not in namespace else part
            written = f"{written}|{plain}" if written else plain
        return read

    def _task(self, namespace: str, checkpoint_id: str, name: str) -> Task | None:
        made = self.tasks.get((namespace, checkpoint_id))
        return next((t for t in made.tasks if t.name == name), None) if made else None


def read_thread(rows: Iterable[CheckpointRow]) -> Thread:
    """Read the rows of one thread, in the order of their ids."""
    reader = _Reader()
    for row in rows:
        reader.add(row)
    return reader.end()


def _snapshot(row: CheckpointRow, values: Mapping[str, Any], names: frozenset[str]) -> Snapshot:
    step = row.metadata.get("step")
    return Snapshot(
        checkpoint_id=row.checkpoint_id,
        parent_id=row.parent_id,
        namespace=row.namespace,
        source=str(row.metadata.get("source", "")),
        step=step if isinstance(step, int) else 0,
        run_id=None,
        graph_id=None,
        created_at=parse_time(row.document.get("ts")),
        next=(),
        values=_state(values, names),
        tasks=(),
        metadata=row.metadata,
    )


def _state(values: Mapping[str, Any], names: frozenset[str]) -> Any:
    """Return the state: channels that are the graph's own, or the one that is the whole state."""
    for whole in ("__root__", "__end__"):
        if whole in values:
            return values[whole]
    return {
        name: value
        for name, value in values.items()
        # Graphs before 0.3 kept a channel of its own name for each node.
        if not HIDDEN_CHANNEL.match(name) and not (name in names and value == name)
    }


def _without_state(row: CheckpointRow, values: Mapping[str, Any]) -> CheckpointRow:
    kept = {name: value for name, value in values.items() if HIDDEN_CHANNEL.match(name)}
    document = {
        "v": row.document.get("v"),
        "channel_values": kept,
        "channel_versions": row.document.get("channel_versions") or {},
        "versions_seen": row.document.get("versions_seen") or {},
        "pending_sends": row.document.get("pending_sends") or [],
    }
    return replace(row, document=document)
