"""Watch: shared memory in which a worker says which call it is in, and reads when to stop."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from time import monotonic
from typing import Any

CALL, STEP, STOP, BEGAN = range(4)
SIZE = 8 * 8


@dataclass(frozen=True, slots=True)
class InHand:
    """The call a worker was seen in."""

    row: int
    task: int
    seconds: float


class Watch:
    """A few numbers both processes see; without a file, for this process and its forks.

    The worker writes one number a call, which is all it can afford: `CALL` is
    `row * tasks + task + 1`, and 0 between calls; `STEP` counts the steps a step evaluator has
    seen. How long a call takes is measured by whoever looks, from when it first saw it.
    """

    def __init__(self, tasks: int, path: str | None = None) -> None:
        self._tasks = max(tasks, 1)
        if path is None:
            self._memory = mmap.mmap(-1, SIZE)
        else:
            handle = os.open(path, os.O_RDWR)
            try:
                self._memory = mmap.mmap(handle, SIZE)
            finally:
                os.close(handle)
        self.slots: Any = memoryview(self._memory).cast("q")
        self._seen, self._since = (0, 0), 0.0

    def clear(self) -> None:
        """Forget what was said."""
        for slot in (CALL, STEP, STOP, BEGAN):
            self.slots[slot] = 0
        self._seen = (0, 0)

    def in_hand(self) -> InHand | None:
        """Return the call that is going on; look often, or `seconds` is too small."""
        seen = (self.slots[CALL], self.slots[STEP])
        if not seen[0]:
            return None
        if seen != self._seen:
            self._seen, self._since = seen, monotonic()
        row, task = divmod(seen[0] - 1, self._tasks)
        return InHand(row, task, monotonic() - self._since)

    @property
    def began(self) -> bool:
        """Whether the worker has begun with what it was given."""
        return bool(self.slots[BEGAN])

    def stop(self) -> None:
        """Ask the worker to stop after the run in hand."""
        self.slots[STOP] = 1

    @property
    def stopping(self) -> bool:
        """Whether the worker was asked to stop."""
        return bool(self.slots[STOP])

    def enter(self, row: int, task: int) -> None:
        """Say that a call begins."""
        self.slots[CALL] = row * self._tasks + task + 1

    def leave(self) -> None:
        """Say that no call is going on."""
        self.slots[CALL] = 0

    def close(self) -> None:
        """Give the memory back."""
        self.slots.release()
        self._memory.close()
