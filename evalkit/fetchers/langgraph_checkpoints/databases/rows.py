"""CheckpointRow and Write: what every database of a checkpointer holds, as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from evalkit.errors import RecordError, SourceUnavailable

NULL_TASK = "00000000-0000-0000-0000-000000000000"
"""Writes of no task: answers to a pause, and commands given as input."""
VERSIONS = frozenset({1, 2, 3, 4})
"""Versions of a checkpoint's document that have been seen and read."""


@dataclass(frozen=True, slots=True)
class Write:
    """What a task wrote to a channel; `path` is empty in databases that do not keep it."""

    task_id: str
    path: str
    idx: int
    channel: str
    value: Any


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """One checkpoint with the writes of the tasks that were planned at it."""

    namespace: str
    checkpoint_id: str
    parent_id: str | None
    document: Mapping[str, Any]
    """`v`, `ts`, `channel_values`, `channel_versions`, `versions_seen`, perhaps `pending_sends`."""
    metadata: Mapping[str, Any]
    writes: list[Write] = field(default_factory=list)
    size: int = 0
    """Bytes it takes in the database."""


class Database(Protocol):
    """A checkpointer's database, open for reading in one transaction."""

    name: str
    """How messages call it; holds no password."""

    def threads(self) -> list[str]:
        """Return the ids of all threads."""
        ...

    def rows(self, thread_id: str) -> Iterator[CheckpointRow]:
        """Yield a thread's checkpoints in the order of their ids, in bounded memory."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def checked(document: Any, where: str) -> Mapping[str, Any]:
    """Return a checkpoint's document; one of a version nobody has seen is refused."""
    if not isinstance(document, Mapping):
        raise RecordError(f"{where}: is no checkpoint.")
    if (version := document.get("v")) not in VERSIONS:
        raise SourceUnavailable(
            f"{where}: its format has version {version!r}; known are 1 to 4. It was written by a "
            "LangGraph that this evalkit does not know: update evalkit."
        )
    return document


def json_object(raw: Any, where: str) -> dict[str, Any]:
    """Return the JSON object of a column."""
    try:
        found = json.loads(raw) if isinstance(raw, str | bytes | bytearray) and raw else raw or {}
    except ValueError as error:
        raise RecordError(f"{where}: {error}.") from None
    if not isinstance(found, dict):
        raise RecordError(f"{where}: is no object.")
    return found


def shown(place: str) -> str:
    """Return a path, or an address without user, password and options, as messages may show it."""
    scheme, separator, rest = place.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if separator else place
