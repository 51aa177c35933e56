"""Puts checkpoints together whose values and writes lie in tables of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.langgraph_checkpoints.databases.blobs import Blobs
from evalkit.fetchers.langgraph_checkpoints.databases.rows import Write


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


def with_values(
    document: Mapping[str, Any], namespace: str, blobs: Blobs
) -> tuple[dict[str, Any], int]:
    """Return a checkpoint's document with all its channel values, and the bytes these take."""
    versions = document.get("channel_versions") or {}
    stored, size = blobs.values(namespace, versions)
    return {
        **document,
        "channel_values": {**(document.get("channel_values") or {}), **stored},
    }, size
