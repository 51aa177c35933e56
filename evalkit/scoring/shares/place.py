"""Place: what a worker of a cluster gives to the work that is done there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evalkit.scoring.workers.process import Agency


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where work is done."""

    stopped: Callable[[], bool] = lambda: False
    """Tells whether somebody wants it to end with what it has."""
    memory: int | None = None
    """Bytes that user code may take, where nobody said."""
    agency: Agency | None = None
    """Where worker processes come from."""
