"""Crew: one worker as the pool sees it: its process, its job, and whether it has got stuck."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any

from evalkit.scoring.calls.failure import Failure, overran
from evalkit.scoring.calls.task import Facts
from evalkit.scoring.calls.watch import InHand
from evalkit.scoring.workers.channel import Closed, Garbled
from evalkit.scoring.workers.job import Job
from evalkit.scoring.workers.pace import Pace
from evalkit.scoring.workers.process import WorkerProcess, end

STALL_S = 0.15
"""A call this long, and far slower than others, is taken to hang: the rest goes on elsewhere."""


class Worker:
    """One worker and the job it has."""

    def __init__(self, process: WorkerProcess, tasks: Sequence[Facts], pace: Pace) -> None:
        self.process, self._tasks, self._pace = process, tasks, pace
        self.job: Job | None = None
        self.stalled = False
        self.garbled = False
        self._began = 0.0
        self._ended = False

    def give(self, job: Job) -> None:
        """Give it a job; raises `Closed` when it is dead."""
        self.process.watch.clear()
        self.job, self.stalled, self._began = job, False, monotonic()
        self.process.channel.send(job)

    def heard(self, done: Sequence[tuple[int, int, int]]) -> None:
        """Take note of the calls it made: (task, first row, row after the last)."""
        job, now = self.job, monotonic()
        if job is None:
            return
        if not self.stalled and job.unit is not None:
            for task, first, last in done:
                calls = (job.unit.todo[task] or b"").count(1, first, last)
                self._pace.note(task, calls, now - self._began)
        self.job, self._began = job.without(done), now

    def in_hand(self) -> InHand | None:
        """Return the call it is in."""
        return self.process.watch.in_hand()

    def is_overdue(self, call: InHand) -> bool:
        """Tell whether the call takes longer than its evaluator may."""
        limit = self._tasks[call.task].timeout
        return limit is not None and call.seconds > limit

    def seems_stuck(self, call: InHand) -> bool:
        """Tell whether the call takes far longer than runs did until now."""
        if call.seconds < STALL_S or self.job is None or self.job.unit is None:
            return False
        before = (self.job.unit.todo[call.task] or b"").count(1, 0, call.row)
        took = monotonic() - self._began - call.seconds
        return self._pace.is_exceeded(call.task, call.seconds, before=before, took=took)

    def messages(self) -> Iterator[Any]:
        """Yield what it sent, whether or not it still lives."""
        try:
            yield from self.process.channel.arrived()
        except Garbled:
            self.garbled = True
        except Closed:
            pass

    def last_words(self) -> Iterator[Any]:
        """Yield what it had still sent when it died."""
        yield from self.process.channel.rest()

    def end(self) -> None:
        """Let it go: it is told first, then killed with everything it started."""
        if self._ended:
            return
        self._ended = True
        end(self.process)

    @property
    def is_sound(self) -> bool:
        """Whether it waits for a job, and could be given one."""
        idle = self.job is None and not self.stalled and not self.garbled
        return idle and not self._ended and self.process.exit_code() is None


def died(code: int) -> Failure:
    """Describe a call whose process ended."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return Failure(error_type="WorkerDied", message=f"the call ended its process ({name})")
    return Failure(error_type="WorkerDied", message=f"the call ended its process (exit {code})")


def garbled() -> Failure:
    """Describe a call that wrote into handles that are not its own."""
    return Failure(error_type="WorkerDied", message="the call wrote into the pipe of its process")


def timed_out(task: Facts) -> Failure:
    """Describe a call that was killed."""
    return overran(task.timeout)
