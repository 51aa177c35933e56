"""Reads the tables of LangGraph's SQLite checkpointer: read-only, thread by thread.

Tables `checkpoints` and `writes`, as langgraph-checkpoint-sqlite 2 and 3 make them. A write belongs
to the checkpoint at which its task was planned; its path names the node.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evalkit.errors import RecordError, SourceUnavailable
from evalkit.fetchers.langgraph.snapshots import Snapshot, Task
from evalkit.fetchers.langgraph_checkpoints.decode import decode
from evalkit.model.timing import parse_time

COLUMNS = {"thread_id", "checkpoint_ns", "checkpoint_id", "parent_checkpoint_id", "metadata"}
HIDDEN_CHANNEL = re.compile(r"^(__|branch:|join:|start:)")
PLANNED = re.compile(r"^branch:(?:to:|.*:)(?P<node>[^:]+)$")
PATH = re.compile(r"^~?(?P<how>__pregel_\w+), (?P<rest>.*)$")


@dataclass(slots=True)
class _Writes:
    """What one task wrote at one checkpoint."""

    path: str
    channels: list[tuple[str, Any]] = field(default_factory=list)

    def values(self, channel: str) -> list[Any]:
        return [value for name, value in self.channels if name == channel]


class Database:
    """A checkpointer's file, open for reading in one transaction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            self._db.execute("BEGIN")  # one state of the file, whatever is written meanwhile
            found = {row[1] for row in self._db.execute("PRAGMA table_info(checkpoints)")}
            writes = self._db.execute("PRAGMA table_info(writes)").fetchall()
        except sqlite3.Error as error:
            raise SourceUnavailable(f"{path.name}: cannot be read ({error}).") from None
        self._path_column = "task_path" if any(w[1] == "task_path" for w in writes) else "''"
        if not found >= COLUMNS or not writes:
            self._db.close()
            raise SourceUnavailable(
                f"{path.name}: holds no LangGraph checkpoints (tables checkpoints and writes). "
                "Check `path`."
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def threads(self) -> list[str]:
        """Return the ids of all threads."""
        rows = self._ask("SELECT DISTINCT thread_id FROM checkpoints ORDER BY thread_id")
        return [str(row[0]) for row in rows]

    def snapshots(self, thread_id: str) -> Iterator[tuple[Snapshot, int]]:
        """Yield a thread's snapshots, oldest first, each with the bytes it takes."""
        rows = self._ask(
            "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata "
            "FROM checkpoints WHERE thread_id = ? ORDER BY checkpoint_id",
            thread_id,
        )
        namespaces = set(self._namespaces(thread_id))
        for namespace, name, parent, kind, blob, metadata in rows:
            where = f"{self.path.name}: thread {thread_id}, checkpoint {name}"
            writes = self._writes(thread_id, namespace, name, where)
            checkpoint = decode(kind, blob, where)
            if not isinstance(checkpoint, dict):
                raise RecordError(f"{where}: is no checkpoint.")
            values = checkpoint.get("channel_values") or {}
            yield (
                _snapshot(
                    name,
                    parent,
                    namespace,
                    checkpoint,
                    _metadata(metadata, where),
                    _tasks(name, namespace, namespaces, values, writes),
                ),
                len(blob or b""),
            )

    def _namespaces(self, thread_id: str) -> Iterator[str]:
        ask = "SELECT DISTINCT checkpoint_ns FROM checkpoints WHERE thread_id = ?"
        return (row[0] for row in self._ask(ask, thread_id))

    def _writes(self, *key: str) -> dict[str, _Writes]:
        *place, where = key
        rows = self._ask(
            f"SELECT task_id, {self._path_column}, channel, type, value FROM writes "
            "WHERE thread_id = ? AND checkpoint_ns = ? AND checkpoint_id = ? ORDER BY task_id, idx",
            *place,
        )
        found: dict[str, _Writes] = {}
        for task_id, path, channel, kind, blob in rows:
            written = found.setdefault(task_id, _Writes(path))
            written.channels.append((channel, decode(kind, blob, f"{where}, write {channel}")))
        return found

    def _ask(self, sql: str, *values: str) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise SourceUnavailable(f"{self.path.name}: cannot be read ({error}).") from None


def _metadata(raw: Any, where: str) -> dict[str, Any]:
    try:
        found = json.loads(raw) if raw else {}
    except ValueError as error:
        raise RecordError(f"{where}, metadata: {error}.") from None
    if not isinstance(found, dict):
        raise RecordError(f"{where}, metadata: is no object.")
    return found


def _snapshot(
    name: str,
    parent: str | None,
    namespace: str,
    checkpoint: dict[str, Any],
    metadata: dict[str, Any],
    tasks: tuple[Task, ...],
) -> Snapshot:
    values = checkpoint.get("channel_values") or {}
    step = metadata.get("step")
    state = {key: value for key, value in values.items() if not HIDDEN_CHANNEL.match(key)}
    return Snapshot(
        checkpoint_id=name,
        parent_id=parent,
        namespace=namespace,
        source=str(metadata.get("source", "")),
        step=step if isinstance(step, int) else 0,
        run_id=None,
        graph_id=None,
        created_at=parse_time(checkpoint.get("ts")),
        next=tuple(task.name for task in tasks),
        values=state.get("__root__", state),
        tasks=tasks,
        metadata=metadata,
    )


def _tasks(
    checkpoint: str,
    namespace: str,
    namespaces: set[str],
    values: dict[str, Any],
    writes: dict[str, _Writes],
) -> tuple[Task, ...]:
    """Return the tasks planned at a checkpoint: those that wrote, and those that never did."""
    sends = values.get("__pregel_tasks") or []
    made = [_task(name, each, sends) for name, each in writes.items() if each.path]
    done = {(task.name, task.path[1:2] if task.sent else ()) for task in made}
    for node in _planned_nodes(values):
        if (node, ()) not in done:
            made.append(
                Task(task_id=f"{checkpoint}:{node}", name=node, path=("__pregel_pull", node))
            )
    for place, send in enumerate(sends):
        if isinstance(send, list) and len(send) > 1 and (send[0], (place,)) not in done:
            path = ("__pregel_push", place)
            task_id = f"{checkpoint}:{send[0]}:{place}"
            made.append(Task(task_id=task_id, name=str(send[0]), path=path, inputs=send[1]))
    made.sort(key=lambda task: (task.sent, str(task.path[1:]).rjust(20)))
    return tuple(_with_namespace(task, namespace, namespaces) for task in made)


def _planned_nodes(values: dict[str, Any]) -> list[str]:
    """Return the nodes whose trigger stands in the state, because they have not run yet."""
    found = [match["node"] for name in values if (match := PLANNED.match(name))]
    for name, seen in values.items():
        if name.startswith("join:"):  # an edge from several nodes: join:a+b:c holds who came
            sources, _, node = name.removeprefix("join:").rpartition(":")
            if isinstance(seen, list) and set(seen) == set(sources.split("+")):
                found.append(node)
    return found


def _task(task_id: str, written: _Writes, sends: list[Any]) -> Task:
    match = PATH.match(written.path)
    how, rest = (match["how"], match["rest"]) if match else ("", written.path)
    errors = written.values("__error__")
    common: dict[str, Any] = {
        "task_id": task_id,
        "result": _result(written),
        "error": str(errors[0]) if errors else None,
        "interrupts": tuple(i for found in written.values("__interrupt__") for i in found or ()),
    }
    if how != "__pregel_push":
        return Task(name=rest.split(",")[0].strip(), path=(how, rest), **common)
    place = int(rest.split(",")[0]) if rest.split(",")[0].strip().isdigit() else -1
    send = sends[place] if 0 <= place < len(sends) else None
    name, argument = (
        (send[0], send[1]) if isinstance(send, list) and len(send) > 1 else (rest, None)
    )
    return Task(name=str(name), path=(how, place), inputs=argument, **common)


def _result(written: _Writes) -> Any:
    """Return the update a task made, or None when it never ended."""
    update: dict[str, Any] = {}
    for channel, value in written.channels:
        if channel == "__root__":
            return value
        if not HIDDEN_CHANNEL.match(channel):
            update[channel] = value
    ended = update or any(
        name.startswith("branch:") or name in ("__no_writes__", "__return__", "__pregel_tasks")
        for name, _ in written.channels
    )
    return update if ended else None


def _with_namespace(task: Task, namespace: str, namespaces: set[str]) -> Task:
    below = (
        f"{namespace}|{task.name}:{task.task_id}" if namespace else f"{task.name}:{task.task_id}"
    )
    return replace(task, namespace=below) if below in namespaces else task
