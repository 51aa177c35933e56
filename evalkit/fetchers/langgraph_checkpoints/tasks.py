"""Makes the tasks that were planned at a checkpoint: those that wrote, and those that never did.

A write says whose it is by its path, by the id of its task, or, in old files, not at all: then the
metadata of the next checkpoint has what each node returned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalkit.fetchers.langgraph.snapshots import Task
from evalkit.fetchers.langgraph_checkpoints.databases.rows import NULL_TASK, CheckpointRow, Write
from evalkit.fetchers.langgraph_checkpoints.owners import EDIT, PULL, PUSH, Owner, owners
from evalkit.fetchers.langgraph_checkpoints.writes import (
    CALL,
    Writes,
    error_of,
    is_call,
    result_of,
    with_calls,
)

PLANNED = re.compile(r"^(?:branch:to:|start:|branch:.*:)(?P<node>[^:]+)$")
PATH = re.compile(r"^~?(?P<how>__\w+), (?P<rest>.*)$")
STARTS = "__start__"
Sends = Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Planned:
    """The tasks of a checkpoint, and whether something was written that nobody could be given."""

    tasks: tuple[Task, ...]
    unknown: bool = False


def planned(
    row: CheckpointRow, names: frozenset[str], sends: Sends, after: CheckpointRow | None
) -> Planned:
    """Return the tasks planned at a checkpoint.

    `names` are the nodes of the thread, `sends` what was sent to nodes at this checkpoint, `after`
    the checkpoint that committed it, where there is one.
    """
    waiting = _waiting_nodes(row, after)
    groups = _groups(row, names | set(waiting), sends)
    calls = [g for g in groups if is_call(g)]
    strangers = [g for g in groups if g.owner is None and g not in calls]
    mine = [(g, g.owner) for g in groups if g.owner is not None and g.owner.how != EDIT]
    made = [_task(group, owner, sends) for group, owner in mine]
    made += _returned(made, sends, after)
    idle = [node for node in waiting if node not in {t.name for t in made if not t.sent}]
    if len(strangers) == 1 and len(idle) == 1 and after is None:
        made.append(_task(strangers.pop(), Owner(PULL, idle.pop()), sends))
    made += [_idle(row, node) for node in idle]
    made += _idle_sends(row, made, sends)
    made.sort(key=lambda task: (task.sent, str(task.path[1:]).rjust(20)))
    tasks, lost = with_calls([_entered(t, row) for t in made], calls, after)
    told = after is not None and isinstance(after.metadata.get("writes"), Mapping)
    return Planned(tuple(tasks), unknown=lost or (bool(strangers) and not told))


def sends_of(values: Mapping[str, Any], document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what was sent to nodes at a checkpoint: `(node, argument)` each."""
    raw = values.get("__pregel_tasks") or document.get("pending_sends") or []
    return [send for each in raw if (send := as_send(each)) is not None]


def as_send(raw: Any) -> tuple[str, Any] | None:
    """Read a `Send`: Python packs a pair, JavaScript an object."""
    if isinstance(raw, Mapping) and "node" in raw:
        return str(raw["node"]), raw.get("args", raw.get("arg"))
    if isinstance(raw, list | tuple) and len(raw) > 1:
        return str(raw[0]), raw[1]
    return None


def _groups(row: CheckpointRow, names: Iterable[str], sends: Sends) -> list[Writes]:
    """Return the writes by task, in the order in which tasks wrote."""
    told = owners(row, names, sends)
    found: dict[str, Writes] = {}
    for write in sorted(row.writes, key=_place):
        if write.task_id != NULL_TASK:
            group = found.setdefault(write.task_id, Writes(write.task_id, write.path))
            group.channels.append((write.channel, write.value))
    for group in found.values():
        group.owner = _by_path(group.path) if group.path else told.get(group.task_id)
    return list(found.values())


def _place(write: Write) -> tuple[str, int]:
    return (write.path, write.idx) if write.path else ("", 0)


def _by_path(path: str) -> Owner | None:
    if path.startswith(CALL):
        return None
    match = PATH.match(path)
    how, rest = (match["how"], match["rest"]) if match else (PULL, path)
    first = rest.split(",")[0].strip()
    if how == PUSH:
        return Owner(PUSH, rest, int(first) if first.isdigit() else -1)
    return Owner(EDIT, EDIT) if how == EDIT or path.startswith(f"~{EDIT}") else Owner(how, first)


def _task(group: Writes, owner: Owner, sends: Sends) -> Task:
    common: dict[str, Any] = {
        "task_id": group.task_id,
        "result": result_of(group, owner.name if owner.how != PUSH else _sent_to(owner, sends)),
        "error": error_of(group.values("__error__")),
        "interrupts": tuple(i for found in group.values("__interrupt__") for i in found or ()),
    }
    if owner.how != PUSH:
        return Task(name=owner.name, path=(owner.how, owner.name), **common)
    place = owner.place if owner.place is not None else -1
    name = _sent_to(owner, sends)
    argument = sends[place][1] if 0 <= place < len(sends) else None
    return Task(name=name, path=(PUSH, place), inputs=argument, **common)


def _sent_to(owner: Owner, sends: Sends) -> str:
    place = owner.place if owner.place is not None else -1
    return sends[place][0] if 0 <= place < len(sends) else owner.name


def _waiting_nodes(row: CheckpointRow, after: CheckpointRow | None) -> list[str]:
    """Return the nodes whose trigger stands in the state and does not stand there afterwards.

    A deferred node's trigger stays where it is until everything else has run.
    """
    values = _values(row)
    later = _values(after) if after is not None else {}
    found = []
    for name, value in values.items():
        if name.startswith("join:"):  # an edge from several nodes: join:a+b:c holds who came
            sources, _, node = name.removeprefix("join:").rpartition(":")
            ready = _arrived(value, set(sources.split("+"))) and name not in later
        elif match := PLANNED.match(name):
            node, deferred = match["node"], isinstance(value, list) and value[1:] == [False]
            ready = not deferred and (after is None or name not in later)
        else:
            continue
        if ready:
            found.append(node)
    return list(dict.fromkeys(found))


def _arrived(seen: Any, sources: set[str]) -> bool:
    if isinstance(seen, list) and len(seen) == 2 and isinstance(seen[0], list):
        seen = seen[0] if seen[1] else []  # of a deferred node: who came, and whether all is done
    return isinstance(seen, list) and {str(each) for each in seen} == sources


def _values(row: CheckpointRow) -> Mapping[str, Any]:
    return row.document.get("channel_values") or {}


def _returned(made: Sequence[Task], sends: Sends, after: CheckpointRow | None) -> list[Task]:
    """Return tasks that only the metadata of the next checkpoint tells of (before saver 2.0.7)."""
    told = after.metadata.get("writes") if after is not None else None
    if after is None or not isinstance(told, Mapping) or after.metadata.get("source") != "loop":
        return []
    found = []
    for node, update in told.items():
        have = [task for task in made if task.name == node]
        sent = [(n, argument) for n, (name, argument) in enumerate(sends) if name == node]
        many = isinstance(update, list) and len(sent) == len(update)
        if not many and not have and node != STARTS:
            task_id = f"{after.checkpoint_id}:{node}"
            found.append(Task(task_id=task_id, name=node, path=(PULL, node), result=update or {}))
        known = {task.path[1] for task in have}
        for (place, argument), one in zip(sent, update if many else (), strict=False):
            if place not in known:
                task_id = f"{after.checkpoint_id}:{node}:{place}"
                path = (PUSH, place)
                found.append(
                    Task(task_id=task_id, name=node, path=path, result=one, inputs=argument)
                )
    return found


def _entered(task: Task, row: CheckpointRow) -> Task:
    """Give an entrypoint, which begins at the input itself, that input."""
    given = _values(row).get(STARTS)
    if row.metadata.get("source") != "input" or task.name == STARTS or task.sent or given is None:
        return task
    return replace(task, inputs=given)


def _idle(row: CheckpointRow, node: str) -> Task:
    return Task(task_id=f"{row.checkpoint_id}:{node}", name=node, path=(PULL, node))


def _idle_sends(row: CheckpointRow, made: Sequence[Task], sends: Sends) -> list[Task]:
    """Return the sends nobody wrote for."""
    done = {task.path[1] for task in made if task.sent}
    return [
        Task(
            task_id=f"{row.checkpoint_id}:{node}:{place}",
            name=node,
            path=(PUSH, place),
            inputs=argument,
        )
        for place, (node, argument) in enumerate(sends)
        if place not in done
    ]
