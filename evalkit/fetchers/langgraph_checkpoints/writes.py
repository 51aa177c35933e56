"""What one task wrote at a checkpoint: its update, its error, its questions, and its calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evalkit.fetchers.langgraph.snapshots import Task
from evalkit.fetchers.langgraph.updates import WRITES
from evalkit.fetchers.langgraph_checkpoints.databases.rows import CheckpointRow
from evalkit.fetchers.langgraph_checkpoints.owners import PULL, PUSH, Owner

HIDDEN_CHANNEL = re.compile(r"^(__|branch:|join:|start:)")
CALL = f"~{PUSH}, ~"
"""How the path of a task begins that an entrypoint called: the caller's path stands inside."""
RETURNED = "__return__"


@dataclass(slots=True)
class Writes:
    """What one task wrote at one checkpoint, in order."""

    task_id: str
    path: str = ""
    owner: Owner | None = None
    channels: list[tuple[str, Any]] = field(default_factory=list)

    def values(self, channel: str) -> list[Any]:
        """Return everything it wrote to a channel."""
        return [value for name, value in self.channels if name == channel]


def error_of(written: list[Any]) -> str | None:
    """Return an error as text, from what was written to the channel of errors."""
    if not written:
        return None
    said = written[0]
    if isinstance(said, Mapping) and "message" in said:  # JavaScript keeps an error's parts
        return f"{said.get('name') or 'Error'}: {said['message']}"
    return str(said)


def result_of(group: Writes, node: str = "") -> Any:
    """Return the update a task made, or None when it never ended."""
    update: dict[str, list[Any]] = {}
    for channel, value in group.channels:
        if channel in ("__root__", "__end__", RETURNED):
            update.setdefault("", []).append(value)
        elif not HIDDEN_CHANNEL.match(channel) and not (channel == value == node):
            update.setdefault(channel, []).append(value)  # node: before 0.3 it wrote its own name
    if "" in update:
        return _once(update[""])
    if update:
        return {channel: _once(values) for channel, values in update.items()}
    ended = any(
        name.startswith("branch:") or name in ("__no_writes__", "__pregel_tasks")
        for name, _ in group.channels
    )
    return {} if ended else None


def _once(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else {WRITES: values}


def is_call(group: Writes) -> bool:
    """Whether an entrypoint called the task that wrote this."""
    if group.path:
        return group.path.startswith(CALL)
    return group.owner is None and any(name == RETURNED for name, _ in group.channels)


def with_calls(
    made: list[Task],
    calls: Sequence[Writes],
    after: CheckpointRow | None,
) -> tuple[list[Task], bool]:
    """Return the tasks with those that entrypoints called, and whether a caller was not found.

    The database has a call's number and result, but its name only among all names of the thread.
    """
    if not calls:
        return made, False
    seen = set(after.document.get("versions_seen") or {}) if after is not None else set()
    others = sorted(n for n in seen - {t.name for t in made} if not n.startswith("__"))
    name = others[0] if len(others) == 1 else "task"
    inner: dict[str, list[tuple[int, Task]]] = {}
    for order, call in enumerate(calls):
        caller, number = _caller(call.path, order)
        task = Task(
            task_id=call.task_id,
            name=name,
            path=(PUSH, number),
            result=result_of(call),
            error=error_of(call.values("__error__")),
            interrupts=tuple(i for f in call.values("__interrupt__") for i in f or ()),
        )
        inner.setdefault(caller, []).append((number, task))
    entry = [t for t in made if not t.sent]
    found = []
    for task in made:
        own = inner.pop(f"~{PULL}, {task.name}", [])
        if len(entry) == 1 and task is entry[0]:
            own += inner.pop("", [])
        own.sort(key=lambda each: each[0])
        found.append(replace(task, calls=tuple(t for _, t in own)) if own else task)
    return found, bool(inner)


def _caller(path: str, order: int) -> tuple[str, int]:
    """Return the path of the task that made a call, and the number of the call."""
    if not path:
        return "", order
    inside, _, _ = path.removeprefix(f"~{PUSH}, ").rpartition(", ")
    caller, _, number = inside.rpartition(", ")
    return caller, int(number) if number.isdigit() else order
