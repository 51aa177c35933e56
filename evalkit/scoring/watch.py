"""Watch: shared memory in which a worker says which call it is in, and reads when to stop."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from typing import Any

SLOTS = 8
CALLS, ROW, TASK, SINCE, STOP, INSIDE = range(6)
SIZE = SLOTS * 8


@dataclass(frozen=True, slots=True)
class InHand:
    """The call a worker was seen in."""

    row: int
    task: int
    seconds: float


class Watch:
    """A few numbers both processes see; without a file, for this process and its forks."""

    def __init__(self, path: str | None = None) -> None:
        self.path = path
        if path is None:
            self._memory = mmap.mmap(-1, SIZE)
        else:
            handle = os.open(path, os.O_RDWR)
            try:
                self._memory = mmap.mmap(handle, SIZE)
            finally:
                os.close(handle)
        self.slots: Any = memoryview(self._memory).cast("q")

    def clear(self) -> None:
        """Forget what was said."""
        for slot in range(SLOTS):
            self.slots[slot] = 0

    def in_hand(self, now: int) -> InHand | None:
        """Return the call that is going on; `now` is `time.perf_counter_ns()`."""
        slots = self.slots
        for _ in range(100):  # the worker may be writing: read until two readings agree
            calls = slots[CALLS]
            seen = (slots[ROW], slots[TASK], slots[SINCE], slots[INSIDE])
            if calls == slots[CALLS]:
                row, task, since, inside = seen
                return InHand(row, task, (now - since) / 1e9) if inside else None
        return None

    def last(self) -> InHand | None:
        """Return the call the worker was in last, whether or not it came back."""
        if not self.slots[CALLS]:
            return None
        return InHand(self.slots[ROW], self.slots[TASK], 0.0)

    def stop(self) -> None:
        """Ask the worker to stop after the call in hand."""
        self.slots[STOP] = 1

    @property
    def stopping(self) -> bool:
        """Whether the worker was asked to stop."""
        return bool(self.slots[STOP])

    def close(self) -> None:
        """Give the memory back."""
        self.slots.release()
        self._memory.close()
