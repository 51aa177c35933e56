"""Kept: worker processes that stay for the next share of the same scoring.

A new one loads Python, evalkit and the evaluators, a third of a second each time. One that stays
has checked its code against the fingerprints of its scoring, and keeps that code until it ends.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import NamedTuple

from evalkit.scoring.workers.process import WorkerProcess, end

IDLE_S = 60.0
LOOK_S = 1.0
ENDED = 100
"""Scorings that are remembered to have ended: a share of one may still come to its end."""

Begin = Callable[[], WorkerProcess]


class _Idle(NamedTuple):
    scoring: str
    process: WorkerProcess
    since: float


@dataclass(frozen=True, slots=True)
class OfScoring:
    """Where the workers of one scoring come from: an `Agency`."""

    kept: Kept
    scoring: str

    def take(self, begin: Begin) -> WorkerProcess:
        """Return a worker that waits for a job."""
        return self.kept.take(self.scoring, begin)

    def give_back(self, process: WorkerProcess) -> None:
        """Keep a worker for the next share."""
        self.kept.give_back(self.scoring, process)


class Kept:
    """The idle worker processes of one machine's worker."""

    def __init__(self, idle: float = IDLE_S) -> None:
        self._idle_s, self._idle = idle, list[_Idle]()
        self._ended: deque[str] = deque(maxlen=ENDED)
        self._lock = threading.Lock()
        self._asked: SimpleQueue[tuple[Begin, Future[WorkerProcess]]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def take(self, scoring: str, begin: Begin) -> WorkerProcess:
        """Return an idle process of a scoring, or begin one."""
        while (found := self._found(scoring)) is not None:
            if found.exit_code() is None:
                return found
            end(found)
        return self._begun(begin)

    def give_back(self, scoring: str, process: WorkerProcess) -> None:
        """Keep a process that waits for a job, unless its scoring has ended."""
        with self._lock:
            if scoring not in self._ended:
                self._idle.append(_Idle(scoring, process, monotonic()))
                return
        end(process)

    def end(self, scoring: str) -> None:
        """End the processes of a scoring: those that are idle now, others when they come back."""
        with self._lock:
            self._ended.append(scoring)
        self._drop(lambda each: each.scoring == scoring)

    def _found(self, scoring: str) -> WorkerProcess | None:
        with self._lock:
            for each in reversed(self._idle):
                if each.scoring == scoring:
                    self._idle.remove(each)
                    return each.process
        return None

    def _begun(self, begin: Begin) -> WorkerProcess:
        """Begin one in a thread that stays: on Linux it dies with the thread that began it."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="evalkit", daemon=True)
                self._thread.start()
        future: Future[WorkerProcess] = Future()
        self._asked.put((begin, future))
        return future.result()

    def _serve(self) -> None:
        while True:
            with suppress(Empty):
                begin, future = self._asked.get(timeout=LOOK_S)
                try:
                    future.set_result(begin())
                except BaseException as error:
                    future.set_exception(error)
            self._drop_old()

    def _drop_old(self) -> None:
        before = monotonic() - self._idle_s
        self._drop(lambda each: each.since < before)

    def _drop(self, unwanted: Callable[[_Idle], bool]) -> None:
        with self._lock:
            gone = [each for each in self._idle if unwanted(each)]
            self._idle = [each for each in self._idle if each not in gone]
        for each in gone:
            end(each.process)
