"""Reads the update a node returned as the values its channels took, however they were written down.

A task may write one channel several times (a node that returns a list of Commands, a ToolNode whose
tool returns a Command); a server shows that as `{"$writes": [first, second]}`. A value may come as
an `Overwrite`, which replaces the channel instead of being reduced into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

WRITES = "$writes"
OVERWRITE = "__overwrite__"


class Update(NamedTuple):
    """The update of one task as plain values, and how they had been written."""

    value: Any
    about: dict[str, Any]
    """`writes`: how often a channel was written, where more than once; `overwritten`: channels."""


def read_update(raw: Any) -> Update:
    """Return the update in `raw` with repeated and overwriting writes made plain."""
    if not isinstance(raw, Mapping):
        return Update(raw, {})
    if not _wrapped(raw) and not any(_wrapped(value) for value in raw.values()):
        return Update(raw, {})
    if _wrapped(raw):  # a graph whose whole state is one channel
        return Update(_value(raw), _about({"__root__": raw}))
    return Update({key: _value(value) for key, value in raw.items()}, _about(raw))


def merged(writes: Sequence[Any]) -> Any:
    """Return what several writes to one channel come to: their items, or the writes in order."""
    plain = [_value(write) for write in writes]
    if plain and all(isinstance(value, list) for value in plain):
        return [item for value in plain for item in value]
    return plain


def difference(before: Any, after: Any) -> Any:
    """Return what must have been written to come from one state to the next; None if not known.

    A list that grew was given its new items, by place, or by id where items have one.
    """
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return None if before is None or after is None else _grown(before, after)
    return {
        key: _grown(before.get(key), value)
        for key, value in after.items()
        if key not in before or before[key] != value
    }


def _grown(before: Any, after: Any) -> Any:
    if not isinstance(before, list) or not isinstance(after, list):
        return after
    if after[: len(before)] == before:
        return after[len(before) :]
    return [item for item in after if item not in before]


def is_overwrite(value: Any) -> bool:
    """Whether a value replaces its channel: Python's form, or that of JavaScript."""
    if not isinstance(value, Mapping):
        return False
    return (value.get("type") == OVERWRITE and "value" in value) or value.keys() == {OVERWRITE}


def _wrapped(value: Any) -> bool:
    return isinstance(value, Mapping) and (value.keys() == {WRITES} or is_overwrite(value))


def _value(raw: Any) -> Any:
    if not isinstance(raw, Mapping):
        return raw
    if raw.keys() == {WRITES} and isinstance(raw[WRITES], list):
        return merged(raw[WRITES])
    if is_overwrite(raw):
        return raw["value"] if "value" in raw else raw[OVERWRITE]
    return raw


def _about(update: Mapping[str, Any]) -> dict[str, Any]:
    twice = {
        key: len(value[WRITES])
        for key, value in update.items()
        if isinstance(value, Mapping) and isinstance(value.get(WRITES), list)
    }
    over = [key for key, value in update.items() if _overwrites(value)]
    return {**({"writes": twice} if twice else {}), **({"overwritten": over} if over else {})}


def _overwrites(value: Any) -> bool:
    if isinstance(value, Mapping) and isinstance(value.get(WRITES), list):
        return any(is_overwrite(write) for write in value[WRITES])
    return is_overwrite(value)
