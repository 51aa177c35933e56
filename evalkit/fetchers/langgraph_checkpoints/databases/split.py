"""Puts checkpoints together whose values and writes lie in tables of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from evalkit.fetchers.langgraph_checkpoints.databases.blobs import Blobs
from evalkit.fetchers.langgraph_checkpoints.databases.rows import CheckpointRow, Write, checked


class Writes:
    """Walks along the writes of a thread, which come in the order of its checkpoints."""

    def __init__(self, rows: Iterator[tuple[tuple[str, str], Write]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def of(self, checkpoint_id: str, namespace: str) -> list[Write]:
        """Return the writes of a checkpoint; those of checkpoints that are gone are passed by."""
        here, found = (checkpoint_id, namespace), []
        while self._next is not None and self._next[0] <= here:
            if self._next[0] == here:
                found.append(self._next[1])
            self._next = next(self._rows, None)
        return found


def complete(
    row: Sequence[Any], writes: list[Write], blobs: Blobs, database: str, thread_id: str
) -> CheckpointRow:
    """Return the checkpoint of a row: namespace, id, parent, document and metadata as JSON."""
    namespace, name, parent, text, metadata = row
    where = f"{database}: thread {thread_id}, checkpoint {name}"
    document = checked(orjson.loads(text), where)
    stored, size = blobs.values(namespace, document.get("channel_versions") or {})
    values = {**(document.get("channel_values") or {}), **stored}
    return CheckpointRow(
        namespace,
        name,
        parent,
        {**document, "channel_values": values},
        orjson.loads(metadata),
        writes,
        size + len(text),
    )
