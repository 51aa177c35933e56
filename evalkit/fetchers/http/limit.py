"""How fast we may ask: a token bucket shared by the threads of one source."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimit:
    """Let `per_second` requests pass on average, up to `burst` at once; None: no limit.

    A server that says "later" (`pause`) stops every thread of the source, not only the one it told.
    """

    def __init__(
        self,
        per_second: float | None = None,
        *,
        burst: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if per_second is not None and not per_second > 0:
            raise ValueError("per_second is a positive number of requests, or None")
        self._interval = 1 / per_second if per_second else 0.0
        self._slack = self._interval * (max(burst, 1) - 1)
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0
        self._closed_until = 0.0

    def reserve(self) -> float:
        """Take the next place in the queue and return how many seconds to wait for it."""
        with self._lock:
            now = self._clock()
            start = max(self._next, now - self._slack)
            self._next = start + self._interval
            return max(start - now, self._closed_until - now, 0.0)

    def pause(self, seconds: float) -> None:
        """Hold back every request for the next `seconds`."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock() + seconds)
