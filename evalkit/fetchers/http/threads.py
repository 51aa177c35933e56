"""The threads of one source: work is done side by side and handed over in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Crew:
    """At most `size` threads, made when first needed and shared by everything that is mapped."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def map(self, fn: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
        """Yield `fn(item)` in order, never far ahead of the reader.

        The first error ends it; work that has not begun is dropped. `fn` must not map itself.
        """
        waiting: deque[Future[Answer]] = deque()
        try:
            for item in items:
                waiting.append(self._open().submit(fn, item))
                if len(waiting) >= 2 * self.size:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()

    def close(self) -> None:
        """Let the threads go; work that has not begun is dropped."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = None

    def _open(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.size, thread_name_prefix="evalkit-fetch")
            return self._pool
