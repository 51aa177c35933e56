"""Finds whose write it is, in databases that keep the id of a task but not its path.

An id is a hash of what the task was: its checkpoint, namespace, step, name, and what set it off.
So the names and channels of a thread are tried until one gives the id. Python hashes the parts one
after the other (SHA-1 for checkpoints of version 1, xxh3 later), JavaScript a compact JSON list of
them. Formats and candidates: measured on databases of langgraph 0.2 to 1.2 and langgraph.js 1.7.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from evalkit.fetchers.langgraph_checkpoints.databases.rows import NULL_TASK, CheckpointRow

PULL, PUSH, EDIT = "__pregel_pull", "__pregel_push", "__interrupt__"


@dataclass(frozen=True, slots=True)
class Owner:
    """The task behind an id: a node set off by a channel, a `Send`, or an edit by hand."""

    how: str
    name: str
    place: int | None = None
    """Of a `Send`: its number among those of the checkpoint."""


Hash = Callable[[Sequence[str]], str]


def owners(
    row: CheckpointRow, names: Iterable[str], sends: Sequence[tuple[str, Any]]
) -> dict[str, Owner]:
    """Return the owner of each task id of the row's writes that can be told."""
    wanted = {write.task_id for write in row.writes if not write.path} - {NULL_TASK}
    if not wanted:
        return {}
    found: dict[str, Owner] = {}
    for owner, parts in _candidates(row, sorted(names), sends):
        for make in _hashes(row):
            if (name := make(parts)) in wanted:
                found[name] = owner
                if len(found) == len(wanted):
                    return found
    edits = {str(uuid5(UUID(row.checkpoint_id), EDIT)): Owner(EDIT, EDIT)}
    return {**{name: owner for name, owner in edits.items() if name in wanted}, **found}


def _candidates(
    row: CheckpointRow, names: Sequence[str], sends: Sequence[tuple[str, Any]]
) -> Iterator[tuple[Owner, list[str]]]:
    step = row.metadata.get("step")
    now = str(step + 1 if isinstance(step, int) else 0)
    for place, (name, _) in enumerate(sends):
        yield Owner(PUSH, name, place), [_below(row, name), now, name, PUSH, str(place)]
    for name in names:
        for channels in _triggers(row, name):
            yield Owner(PULL, name), [_below(row, name), now, name, PULL, *channels]


def _triggers(row: CheckpointRow, name: str) -> Iterator[tuple[str, ...]]:
    """Yield the channels that may have set a node off, the likeliest first."""
    versions: Mapping[str, Any] = row.document.get("channel_versions") or {}
    own = [c for c in versions if c.rpartition(":")[2] == name or c == "__start__"]
    others = [c for c in versions if c not in own]
    yield from ((channel,) for channel in (*own, *others))
    if len(own) > 1:
        yield tuple(sorted(own))
    values = row.document.get("channel_values") or {}
    ready = sorted(c for c in own if c in values)
    if len(ready) > 1:
        yield tuple(ready)


def _below(row: CheckpointRow, name: str) -> str:
    return f"{row.namespace}|{name}" if row.namespace else name


def _hashes(row: CheckpointRow) -> list[Hash]:
    """Return the ways in which a task of this checkpoint may have been named."""
    space = UUID(row.checkpoint_id)

    def javascript(parts: Sequence[str]) -> str:
        namespace, step, name, how, *rest = parts
        last: Any = rest if how == PULL else rest[0]
        text = json.dumps(
            [namespace, step, name, how, last], separators=(",", ":"), ensure_ascii=False
        )
        return str(uuid5(space, text))

    def sha(parts: Sequence[str]) -> str:
        data = space.bytes + "".join(parts).encode()
        return _as_uuid(hashlib.sha1(data, usedforsecurity=False).hexdigest())

    if isinstance(row.document.get("v"), int) and row.document["v"] < 2:
        return [sha, javascript]
    try:
        import xxhash
    except ImportError:
        return [javascript]

    def xxh3(parts: Sequence[str]) -> str:
        return _as_uuid(xxhash.xxh3_128_hexdigest(space.bytes + "".join(parts).encode()))

    return [javascript, xxh3]


def _as_uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
