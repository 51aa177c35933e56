"""Spread: hands shares of the work to an executor and keeps what comes back, each share once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from evalkit.errors import ExecutorError, StoreError
from evalkit.scoring.calls.failure import StopScoring
from evalkit.scoring.session.interrupt import interruptible
from evalkit.scoring.session.ledger import Ledger
from evalkit.scoring.shares.executor import Executor
from evalkit.scoring.shares.share import Errand, Report, Share
from evalkit.scoring.workers.job import Job
from evalkit.scoring.workers.pool import GIVE_UP_AFTER

TICK_S = 0.1
SHARES = 4
"""Shares for each worker, at least: so that they end at about the same time."""
MOST_DEADLY = 3
"""Units that end every worker before the rest is left for another time."""
PATIENCE_S = 10.0
"""After Ctrl-C, how long to wait for what is done until then."""


class Spread:
    """The shares that wait, those in hand, and what is known of evaluators that kill workers."""

    def __init__(
        self, errand: Errand, jobs: Sequence[Job], executor: Executor[Share, Report], ledger: Ledger
    ) -> None:
        self._errand, self._executor, self._ledger = errand, executor, ledger
        self._jobs = deque(jobs)
        self._in_hand: dict[int, Share] = {}
        self._again: deque[tuple[Job, ...]] = deque()
        """Pieces of shares whose workers were lost."""
        self._deadly: list[str] = []
        """The runs that end every worker, and are left out."""
        self._deaths: Counter[int] = Counter()
        self._given_up: set[int] = set()
        self._number = 0

    def work(self) -> bool:
        """Do all jobs; return whether somebody interrupted it."""
        errand = replace(self._errand, look_at=self._jobs[0] if self._jobs else None)
        try:
            with interruptible(lambda: None, lambda: None) as asked:
                self._executor.begin(errand)
                while self._in_hand or (self._open() and not asked):
                    self._give(asked.times)
                    self._listen()
                    if asked:
                        break
                if asked:
                    self._wind_up()
                elif self._deadly:
                    raise self._missing()
                return bool(asked)
        except StopScoring:
            return True
        except ExecutorError as error:
            raise ExecutorError(f"{error} {self._kept()}") from None
        finally:
            self._executor.close()

    def _kept(self) -> str:
        done, total = self._ledger.progress.done, self._ledger.progress.total
        return f"{done:,} of {total:,} calls are kept: run the same command again to go on."

    def _open(self) -> bool:
        return bool(self._jobs or self._again)

    def _give(self, stopping: int) -> None:
        while self._open() and not stopping and self._executor.room > 0:
            jobs = [job.dropping(self._given_up) for job in self._next()]
            if not (due := tuple(job for job in jobs if job.calls)):
                continue
            self._number += 1
            share = Share(number=self._number, jobs=due, deaths=dict(self._deaths))
            self._in_hand[share.number] = share
            self._executor.give(share)

    def _next(self) -> tuple[Job, ...]:
        """Return the jobs of the next share: fewer runs towards the end, so that nobody waits."""
        if self._again:
            return self._again.popleft()
        left = sum(job.unit.rows for job in self._jobs if job.unit is not None)
        most = min(self._executor.runs, left // (SHARES * max(self._executor.width, 1)))
        chosen: list[Job] = []
        rows = 0
        while self._jobs:
            unit = self._jobs[0].unit
            rows += unit.rows if unit is not None else 0
            if chosen and rows > most:
                break
            chosen.append(self._jobs.popleft())
        return tuple(chosen)

    def _listen(self) -> None:
        for report in self._executor.reports(TICK_S):
            self._take(report)
        self._ledger.tell()

    def _wind_up(self) -> None:
        """Keep what is done until now; a second Ctrl-C leaves at once."""
        self._executor.stop()
        until = monotonic() + PATIENCE_S
        while self._in_hand and monotonic() < until:
            self._listen()

    def _take(self, report: Report) -> None:
        """Keep a report; of two for one share, as a lost worker may leave behind, the first."""
        share = self._in_hand.pop(report.number, None)
        if share is None:
            return
        if report.lost:
            self._halve(share, report.lost)
            return
        if report.broken is not None and report.broken.kind != "evaluators":
            error = StoreError if report.broken.kind == "store" else RuntimeError
            raise error(report.broken.message)
        self._ledger.printed(report.output)
        self._deaths.update(report.deaths)
        for made in report.made:
            self._ledger.commit(made.part, made.tallies, made.calls)
        self._give_up(report)
        left = [job.dropping(self._given_up) for job in report.left]
        self._jobs.extendleft(job for job in reversed(left) if job.calls)

    def _give_up(self, report: Report) -> None:
        for task in self._errand.tasks:
            times = self._deaths[task.number]
            if times < GIVE_UP_AFTER or task.number in self._given_up:
                continue
            why = report.given_up.get(task.name) or f"not called any more after {times} calls"
            self._ledger.give_up(task.name, why)
            self._given_up.add(task.number)
            kept = (job.dropping({task.number}) for job in self._jobs)
            self._jobs = deque(job for job in kept if job.calls)

    def _halve(self, share: Share, why: str) -> None:
        """Find out what ends the worker itself: one unit costs its own cells, and is named.

        Where most do, nobody goes on to the last of them: each takes a few workers along.
        """
        if len(share.jobs) > 1:
            middle = len(share.jobs) // 2
            self._again.extend([share.jobs[:middle], share.jobs[middle:]])
            return
        unit = share.jobs[0].unit
        assert unit is not None
        self._deadly.append(f"runs {unit.number + 1:,} to {unit.number + unit.rows:,}: {why}")
        if len(self._deadly) >= MOST_DEADLY:
            raise self._missing()

    def _missing(self) -> ExecutorError:
        return ExecutorError(f"{'; '.join(self._deadly)}. Score them here: `--executor local`.")
