"""Crew: one worker as the pool sees it: its process, its job, and whether it has got stuck."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from time import perf_counter_ns
from typing import Any

from evalkit.scoring.channel import Closed
from evalkit.scoring.failure import Failure, overran
from evalkit.scoring.job import Job
from evalkit.scoring.process import WorkerProcess
from evalkit.scoring.task import Task
from evalkit.scoring.watch import CALLS, InHand

STALL_S = 0.25
STALL_FACTOR = 50
"""A call this many times slower than those before it is taken to hang: others go on elsewhere."""


class Worker:
    """One worker and the job it has."""

    def __init__(self, process: WorkerProcess, tasks: Sequence[Task]) -> None:
        self.process, self._tasks = process, tasks
        self.job: Job | None = None
        self.stalled = False
        self._began = 0
        self._ended = False

    def give(self, job: Job) -> None:
        """Give it a job; raises `Closed` when it is dead."""
        self.process.watch.clear()
        self.job, self.stalled, self._began = job, False, perf_counter_ns()
        self.process.channel.send(job)

    def in_hand(self) -> InHand | None:
        """Return the call it is in."""
        return self.process.watch.in_hand(perf_counter_ns())

    def overdue(self) -> InHand | None:
        """Return the call it has been in for longer than the evaluator may take."""
        call = self.in_hand()
        if call is None:
            return None
        limit = self._tasks[call.task].timeout
        return call if limit is not None and call.seconds > limit else None

    def seems_stuck(self) -> bool:
        """Tell whether the call in hand takes far longer than the calls before it."""
        call = self.in_hand()
        if call is None or call.seconds < STALL_S:
            return False
        calls = self.process.watch.slots[CALLS] - 1
        before = (perf_counter_ns() - self._began) / 1e9 - call.seconds
        return bool(calls >= 20) and call.seconds > STALL_FACTOR * before / calls

    def messages(self) -> Iterator[Any]:
        """Yield what it sent, whether or not it still lives."""
        with suppress(Closed):
            yield from self.process.channel.arrived()

    def last_words(self) -> Iterator[Any]:
        """Yield what it had still sent when it died."""
        yield from self.process.channel.rest()

    def end(self) -> None:
        """Let it go: it is told first, then killed with everything it started."""
        if self._ended:
            return
        self._ended = True
        with suppress(Closed):
            self.process.channel.send(None)
        self.process.kill()
        self.process.close()


def died(code: int) -> Failure:
    """Describe a call whose process ended."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return Failure(error_type="WorkerDied", message=f"the call ended its process ({name})")
    return Failure(error_type="WorkerDied", message=f"the call ended its process (exit {code})")


def timed_out(task: Task) -> Failure:
    """Describe a call that was killed."""
    return overran(task.timeout)
