"""Pool: hands jobs to workers, keeps what comes back, and ends a worker that hangs."""

from __future__ import annotations

import selectors
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from evalkit.errors import EvaluatorError, StoreError
from evalkit.model.units import Plan, UnitReader
from evalkit.scoring.calls.collect import Collector
from evalkit.scoring.calls.failure import Failure, StopScoring
from evalkit.scoring.calls.task import Facts, Task
from evalkit.scoring.session.interrupt import Asked, interruptible
from evalkit.scoring.session.ledger import Keeper
from evalkit.scoring.session.settings import Settings
from evalkit.scoring.session.tally import tallies
from evalkit.scoring.workers.channel import Closed
from evalkit.scoring.workers.handle import Worker, died, garbled, timed_out
from evalkit.scoring.workers.job import Broken, Done, Idle, Job
from evalkit.scoring.workers.orphans import adopting
from evalkit.scoring.workers.pace import Pace
from evalkit.scoring.workers.packed import Packed
from evalkit.scoring.workers.process import Agency, start

TICK_S = 0.05
ERRORS = {"store": StoreError, "evaluators": EvaluatorError, "bug": RuntimeError}
GIVE_UP_AFTER = 25
"""Workers one evaluator may take along before it is not called any more."""


def jobs_of(plan: Plan, tasks: Sequence[Facts]) -> list[Job]:
    """Return all there is to do, evaluators of the whole experiment last."""
    whole = [Job(None, task.number) for task in tasks if task.name in plan.whole]
    return [*(Job(unit) for unit in plan.units), *whole]


class Pool:
    """Some workers, the jobs they have and the jobs that wait."""

    def __init__(
        self,
        reader: UnitReader | Packed,
        tasks: Sequence[Facts],
        jobs: Sequence[Job],
        settings: Settings,
        ledger: Keeper,
        workers: int,
        *,
        until: Callable[[], bool] = lambda: False,
        deaths: Mapping[int, int] | None = None,
        agency: Agency | None = None,
    ) -> None:
        """Take jobs for some workers.

        `until` is asked all the time whether to stop; `deaths` says by evaluator how many workers
        it took along elsewhere; `agency` is where workers come from, and go when they are done.
        """
        self._reader, self._tasks, self._settings = reader, tasks, settings
        self._ledger, self._size, self._until = ledger, workers, until
        self._agency = agency
        self._jobs = deque(job for job in jobs if job.unit is not None)
        self._later = deque(job for job in jobs if job.unit is None)
        self._crew: list[Worker] = []
        self._pace = Pace()
        self._selector = selectors.DefaultSelector()
        self.deaths: Counter[int] = Counter(deaths or {})
        self._given_up: set[int] = set()
        self._stillborn = 0

    def work(self) -> bool:
        """Do all jobs; return whether somebody interrupted it."""
        with adopting():
            return self._work()

    def _work(self) -> bool:
        try:
            with interruptible(self._ask_to_stop, lambda: None) as asked:
                while self._busy() or (self._open() and not asked):
                    self._assign(asked)
                    self._listen()
                    self._look_after()
                    self._ledger.tell()
                    if not asked and self._until():
                        asked.times += 1
                        self._ask_to_stop()
                return bool(asked)
        except StopScoring:
            return True
        finally:
            for worker in list(self._crew):
                self._let_go(worker)
            self._selector.close()

    @property
    def left(self) -> tuple[Job, ...]:
        """What was not done."""
        return (*self._jobs, *self._later)

    def _open(self) -> bool:
        return bool(self._jobs or self._later)

    def _busy(self) -> list[Worker]:
        return [worker for worker in self._crew if worker.job is not None]

    def _ask_to_stop(self) -> None:
        for worker in self._crew:
            worker.process.watch.stop()

    def _assign(self, asked: Asked) -> None:
        """Give every free worker a job; a worker that is stuck does not count as one."""
        while self._open() and not asked:
            free = next((each for each in self._crew if each.job is None), None)
            stuck = sum(worker.stalled for worker in self._crew)
            if free is None and len(self._crew) - min(stuck, self._size) >= self._size:
                return
            if not self._jobs and self._busy():
                return  # evaluators of the whole experiment come last, and one at a time
            worker = free or self._hire()
            job = (self._jobs or self._later).popleft()
            try:
                worker.give(job)
            except Closed:
                self._bury(worker)

    def _hire(self) -> Worker:
        begin = partial(start, self._tasks, self._reader, self._settings)
        process = begin() if self._agency is None else self._agency.take(begin)
        worker = Worker(process, self._tasks, self._pace)
        self._crew.append(worker)
        self._selector.register(worker.process.channel.reads, selectors.EVENT_READ, worker)
        return worker

    def _let_go(self, worker: Worker) -> None:
        if self._agency is None or not worker.is_sound:
            self._dismiss(worker)
            return
        self._forget(worker)
        self._agency.give_back(worker.process)

    def _dismiss(self, worker: Worker) -> None:
        self._forget(worker)
        worker.end()

    def _forget(self, worker: Worker) -> None:
        if worker in self._crew:
            self._crew.remove(worker)
            with suppress(KeyError, ValueError):
                self._selector.unregister(worker.process.channel.reads)

    def _listen(self) -> None:
        for key, _ in self._selector.select(timeout=TICK_S):
            worker: Worker = key.data
            if worker not in self._crew:
                continue  # ended meanwhile; its handles may belong to another one already
            for message in worker.messages():
                self._hear(worker, message)
            if worker in self._crew and (worker.garbled or worker.process.exit_code() is not None):
                self._bury(worker)

    def _hear(self, worker: Worker, message: object) -> None:
        if isinstance(message, Done):
            worker.heard(message.done)
            self._stillborn = 0
            self._ledger.commit(message.part, message.tallies, message.calls)
        elif isinstance(message, Idle):
            left, worker.job, worker.stalled = worker.job, None, False
            if left is not None and left.calls and left.unit is not None:
                self._put_back(left.dropping(self._given_up))  # it was asked to stop
            self._ledger.printed(message.printed)
            surplus = len(self._crew) - sum(each.stalled for each in self._crew) - self._size
            if surplus > 0:
                self._dismiss(worker)
        elif isinstance(message, Broken):
            raise ERRORS[message.kind](message.message)

    def _look_after(self) -> None:
        for worker in self._busy():
            call = worker.in_hand()
            if worker.process.exit_code() is not None:
                self._bury(worker)
            elif call is not None and worker.is_overdue(call):
                self._kill(worker, call.row, call.task)
            elif call is not None and not worker.stalled and worker.seems_stuck(call):
                self._relieve(worker)

    def _relieve(self, worker: Worker) -> None:
        """Let another worker go on with the runs after the one that takes so long."""
        worker.stalled = True
        call, job = worker.in_hand(), worker.job
        if call is None or job is None or job.unit is None or self._tasks[call.task].is_async:
            return
        worker.process.watch.stop()
        now = worker.in_hand()
        if now is None or (now.row, now.task) != (call.row, call.task):
            return  # it came back: it stops after this run, and what is left is given out again
        worker.job, rest = job.split(call.row)
        self._put_back(rest)

    def _kill(self, worker: Worker, row: int, task: int) -> None:
        job = self._end(worker)
        if job is not None:
            self._blame(job, row, task, timed_out(self._tasks[task]))

    def _bury(self, worker: Worker) -> None:
        """A worker died by itself, or cannot be understood any more: find the call that did it."""
        code = worker.process.exit_code()
        call = worker.in_hand()
        began = worker.process.watch.began
        job = self._end(worker)
        if job is None:
            return
        why = garbled() if worker.garbled else died(1 if code is None else code)
        if call is not None and not worker.garbled:
            self._blame(job, call.row, call.task, why)
        elif not began:
            self._never_began(job, why)
        elif job.calls == 1:
            self._blame(job, *(job.only_call() if job.unit else (0, job.task)), why)
        else:  # it was none, or one before the one in hand: find out which
            self._jobs.extendleft(job.pieces())

    def _end(self, worker: Worker) -> Job | None:
        """End a worker, hear its last words, and return what is left of its job."""
        worker.process.kill()
        for message in worker.last_words():
            self._hear(worker, message)
        job = worker.job
        self._dismiss(worker)
        return job if job is not None and job.calls else None

    def _never_began(self, job: Job, why: Failure) -> None:
        self._stillborn += 1
        if self._stillborn > 3:
            raise EvaluatorError(
                f"workers end before they call anything: {why.message}. "
                "Check the memory limit, or run with --workers 0 to see the error."
            )
        self._put_back(job)

    def _put_back(self, job: Job) -> None:
        if job.calls:
            (self._later if job.unit is None else self._jobs).appendleft(job)

    def _blame(self, job: Job, row: int, task: int, why: Failure) -> None:
        """Note that one call fails, and go on with the rest of the job."""
        self.deaths[task] += 1
        if job.unit is None:
            self._fail_whole(job.task, why)
            return
        if self.deaths[task] >= GIVE_UP_AFTER:
            self._give_up(task, why)
        self._put_back(job.blaming(row, task, why).dropping(self._given_up))

    def _fail_whole(self, number: int, why: Failure) -> None:
        task = self._tasks[number]
        assert isinstance(task, Task)  # evaluators of everything are called where they are loaded
        collector = Collector(task)
        collector.add(0, why, 0.0)
        block = collector.block()
        assert block is not None
        assert not isinstance(self._reader, Packed)
        self._ledger.commit(self._reader.encode(None, [block]), tallies([block]), 1)

    def _give_up(self, task: int, why: Failure) -> None:
        name, times = self._tasks[task].name, self.deaths[task]
        self._ledger.give_up(
            name, f"not called any more after {times} calls that ended so: {why.message}"
        )
        self._given_up.add(task)
        self._jobs = deque(job for each in self._jobs if (job := each.dropping({task})).calls)
        for worker in self._left(task):
            worker.process.watch.stop()

    def _left(self, task: int) -> Iterator[Worker]:
        """Yield the workers whose job still has calls of an evaluator; they get the rest back."""
        for worker in self._busy():
            job = worker.job
            if job is not None and job.unit is not None and job.unit.todo[task]:
                yield worker
