"""Counts what talking to a source took."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class HttpStats:
    """What talking to the source took."""

    requests: int = 0
    retries: int = 0
    size: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, requests: int = 0, retries: int = 0, size: int = 0) -> None:
        """Count, from any thread."""
        with self._lock:
            self.requests += requests
            self.retries += retries
            self.size += size
