"""Works out the values of delta channels, which a database keeps as what was written to them.

Such a channel stands among the values of a checkpoint only where a snapshot was due. Elsewhere its
value is that of the parent, and what the parent's tasks wrote, in the order of their paths. The
reducer is code that no database has: lists and messages are put together as LangGraph does; of
other channels the value is not known, and that is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.fetchers.langgraph.inner import message_id
from evalkit.fetchers.langgraph.updates import is_overwrite
from evalkit.fetchers.langgraph_checkpoints.databases.rows import CheckpointRow, Write
from evalkit.fetchers.langgraph_checkpoints.decoding.objects import DELTA
from evalkit.model.messages.read import read_message

COUNTERS = "counters_since_delta_snapshot"
UNKNOWN = object()


@dataclass(slots=True)
class DeltaChannels:
    """Follows the delta channels of one thread from checkpoint to checkpoint."""

    unknown: set[str] = field(default_factory=set)
    """Channels whose reducer only the graph knows."""
    _names: set[tuple[str, str]] = field(default_factory=set)
    _values: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _writes: dict[tuple[str, str], list[Write]] = field(default_factory=dict)

    def complete(self, row: CheckpointRow) -> dict[str, Any]:
        """Return the channel values of a checkpoint with those of its delta channels."""
        values = dict(row.document.get("channel_values") or {})
        for name, value in values.items():
            if isinstance(value, Mapping) and value.keys() == {DELTA}:
                values[name] = value[DELTA]
                self._names.add((row.namespace, name))
        counted = row.metadata.get(COUNTERS)
        for name in counted if isinstance(counted, Mapping) else ():
            self._names.add((row.namespace, name))
        own = {name for namespace, name in self._names if namespace == row.namespace}
        if own:
            self._follow(row, values, own)
        return values

    def _follow(self, row: CheckpointRow, values: dict[str, Any], names: set[str]) -> None:
        before = (row.namespace, row.parent_id or "")
        held = self._values.get(before, {})
        now: dict[str, Any] = {}
        for name in names:
            if name in values:
                now[name] = values[name]
                continue
            wrote = [w.value for w in self._writes.get(before, ()) if w.channel == name]
            value = reduced(held.get(name), wrote)
            if value is UNKNOWN:
                self.unknown.add(name)
            elif value is not None:
                values[name] = now[name] = value
        here = (row.namespace, row.checkpoint_id)
        self._values[here] = now
        self._writes[here] = sorted(
            (w for w in row.writes if w.channel in names), key=lambda w: (w.path, w.idx)
        )


def reduced(value: Any, writes: list[Any]) -> Any:
    """Return what a list, or a list of messages, becomes by writes; `UNKNOWN` for other values."""
    for write in writes:
        if is_overwrite(write):
            value = write.get("value", write.get("__overwrite__"))
            continue
        if value is None and not isinstance(write, list):
            return UNKNOWN
        if value is not None and not isinstance(value, list):
            return UNKNOWN
        new = write if isinstance(write, list) else [write]
        value = _joined(value or [], new)
    return value


def _joined(held: list[Any], new: list[Any]) -> list[Any]:
    """Append, but let a message take the place of the one with its id, or remove it."""
    result = list(held)
    for item in new:
        name = message_id(item) if isinstance(item, Mapping) and read_message(item) else None
        place = next((n for n, old in enumerate(result) if name and message_id(old) == name), None)
        if isinstance(item, Mapping) and item.get("type") == "remove":
            result = [old for old in result if message_id(old) != item.get("id")]
        elif place is None:
            result.append(item)
        else:
            result[place] = item
    return result
