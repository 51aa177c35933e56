"""How often LangSmith lets run queries through, and a limiter that stays below."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from evalkit.fetchers.http.limit import RateLimit

WEEK = timedelta(days=7)
PERIOD = 10.0
SHORT_WINDOW = 10
"""v1 run queries a tenant may make in `PERIOD` seconds over a window of at most 7 days."""
LONG_WINDOW = 3
"""... over a longer window, or one without a start (documented limits, 2026)."""
V2_QUERIES = 300
SLACK = 0.5
"""Seconds by which requests may bunch up on their way to the server."""


class WindowLimit(RateLimit):
    """Let `most` requests pass in any `seconds`; the first ones at once.

    A token bucket would let a burst and its refill share one window; this never does.
    """

    def __init__(
        self,
        most: int,
        seconds: float = PERIOD,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(clock=clock)
        self._span = seconds + SLACK
        self._starts: deque[float] = deque(maxlen=most)

    def reserve(self) -> float:
        """Take the next place and return how many seconds to wait for it."""
        with self._lock:
            now = self._clock()
            start = max(now, self._closed_until)
            if len(self._starts) == self._starts.maxlen:
                start = max(start, self._starts[0] + self._span)
            self._starts.append(start)
            return start - now


def v1_queries(start: datetime | None, end: datetime | None, now: datetime) -> int:
    """Return how many v1 run queries over a window of run start times may be made in `PERIOD`."""
    if start is None or (end or now) - start > WEEK:
        return LONG_WINDOW
    return SHORT_WINDOW
