"""A span as it was recorded, whatever form the file had, before anybody says what it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

Attributes = Mapping[str, Any]


class Event(NamedTuple):
    """Something that happened while a span was open."""

    name: str
    attributes: Attributes
    at: datetime | None = None


class RawSpan(NamedTuple):
    """One span: ids as text, attributes as a plain object."""

    id: str
    trace_id: str
    parent_id: str | None
    name: str
    attributes: Attributes
    events: list[Event]
    failed: bool
    message: str | None
    """What its status says beside the code."""
    started_at: datetime | None
    ended_at: datetime | None
    from_elsewhere: bool = False
    """Whether its parent is another process's, which may well record somewhere else."""
