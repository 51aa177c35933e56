"""What one vocabulary says of a span."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

Attributes = Mapping[str, Any]
UNANSWERED = "unanswered"
"""Status of a run in which the model was asked and nothing tells that it answered: aborted, say."""
NOTHING: Mapping[str, Any] = {}


class Said(NamedTuple):
    """The parts of a span that a vocabulary names; `None` is what it does not say."""

    kind: str | None = None
    name: str | None = None
    inputs: Any = None
    outputs: Any = None
    usage: Mapping[str, Any] = NOTHING
    """Counts and costs beyond the attributes that are named as such."""
    repeats: bool = False
    """Whether its counts only repeat those of the calls inside it, all or some."""
    first_token_s: float | None = None
    first_token_at: datetime | None = None
    ended: str | None = None
    """How it ended where the status does not say: `error` or `unanswered`."""
    thread: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = NOTHING
    payloads: frozenset[str] = frozenset()
    """Attributes that were read and are not repeated as metadata."""


def first(attributes: Attributes, names: Iterable[str]) -> Any:
    """Return the first attribute that is there and not empty."""
    for name in names:
        value = attributes.get(name)
        if value is not None and value != "":
            return value
    return None


def text(value: Any) -> str | None:
    """Return an id or a name as text."""
    return None if value is None or value == "" else str(value)


def seconds(value: Any) -> float | None:
    """Return a duration, which some exporters write as text."""
    try:
        return float(value) if value is not None and not isinstance(value, bool) else None
    except (TypeError, ValueError):
        return None
