"""Concurrent: async evaluators, many calls under way at once, each watched while it computes."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from functools import partial
from time import perf_counter_ns
from typing import Any

from evalkit.errors import LeftMissing
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.scoring.calls.batch import Batch, Blames
from evalkit.scoring.calls.collect import Collector, StepValues, settle
from evalkit.scoring.calls.failure import StopScoring, failure_of, overran
from evalkit.scoring.calls.guard import forked
from evalkit.scoring.calls.retry import retrying_async
from evalkit.scoring.calls.task import RUN_FAILED, Task
from evalkit.scoring.calls.watch import Watch
from evalkit.scoring.definition.awaiting import apart
from evalkit.scoring.definition.own import places_of

FLUSH_S = 10.0
GIVE_UP_S = 5.0
LEFT = object()
"""Said by an evaluator in place of a score: the cell stays missing."""


class Watched(Coroutine[Any, Any, Any]):
    """A coroutine that says whose turn it is while it computes, so that one that hangs is known."""

    def __init__(self, inner: Coroutine[Any, Any, Any], row: int, task: int, watch: Watch) -> None:
        self._inner, self._row, self._task, self._watch = inner, row, task, watch

    def send(self, value: Any) -> Any:
        """Let it compute until it waits again."""
        self._watch.enter(self._row, self._task)
        try:
            return self._inner.send(value)
        finally:
            if forked:
                os._exit(0)
            self._watch.leave()

    def throw(self, *error: Any) -> Any:
        """Raise something where it waits."""
        self._watch.enter(self._row, self._task)
        try:
            return self._inner.throw(*error)
        finally:
            if forked:
                os._exit(0)
            self._watch.leave()

    def close(self) -> None:
        """End it."""
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield from self._inner.__await__())


class AsyncCalls:
    """The async calls of one unit; `batches` runs the loop and hands over what is finished."""

    def __init__(
        self,
        due: Sequence[tuple[Task, bytes]],
        rows: Iterator[tuple[Run, Example | None]],
        watch: Watch,
        blames: Blames,
        concurrency: int,
    ) -> None:
        self._watch, self._blames, self._concurrency = watch, blames, concurrency
        self._collectors = {task.number: Collector(task) for task, _ in due}
        self._feed = self._calls(due, rows)
        self._pending: dict[asyncio.Task[Any], tuple[Task, int, int]] = {}
        self._left: list[tuple[int, int, int]] = []

    def batches(self, loop: asyncio.AbstractEventLoop) -> Iterator[Batch]:
        """Yield what is finished about every ten seconds, then the rest."""
        more = True
        while more:
            more = _completed(loop, self._go_on())
            yield self._batch()
            if more and self._watch.stopping:
                _completed(loop, self._give_up())
                yield self._batch()
                return

    def _calls(
        self, due: Sequence[tuple[Task, bytes]], rows: Iterator[tuple[Run, Example | None]]
    ) -> Iterator[tuple[Task, int, Run, Example | None]]:
        for row, (run, example) in enumerate(rows):
            for task, mask in due:
                if mask[row]:
                    yield task, row, run, example

    async def _go_on(self) -> bool:
        """Keep the bound of calls under way; tell whether there are more when time is up."""
        ends = perf_counter_ns() + int(FLUSH_S * 1e9)
        while True:
            self._start()
            if not self._pending:
                return False
            done, _ = await asyncio.wait(
                self._pending, timeout=0.2, return_when=asyncio.FIRST_COMPLETED
            )
            for each in done:
                self._collect(each)
            if perf_counter_ns() > ends or self._watch.stopping:
                return True

    def _collect(self, done: asyncio.Task[Any]) -> None:
        task, row, began = self._pending.pop(done)
        took = (perf_counter_ns() - began) / 1e6
        if (said := done.result()) is LEFT:
            self._left.append((task.number, row, row + 1))
        else:
            self._collectors[task.number].add(row, said, took)

    def _start(self) -> None:
        while len(self._pending) < self._concurrency:
            call = next(self._feed, None)
            if call is None:
                return
            task, row, run, example = call
            coroutine = Watched(self._one(task, row, run, example), row, task.number, self._watch)
            made = asyncio.get_running_loop().create_task(coroutine)
            self._pending[made] = (task, row, perf_counter_ns())

    async def _one(self, task: Task, row: int, run: Run, example: Example | None) -> Any:
        if (row, task.number) in self._blames:
            return self._blames[row, task.number]
        if task.step_call is None:
            return await self._guarded(task, lambda: task.call(run, example))
        if task.skips(run):
            return RUN_FAILED
        said, ask = StepValues(), task.step_call
        for step, place in zip(run.steps, places_of(run), strict=True):
            began = perf_counter_ns()
            value = await self._guarded(task, partial(ask, place, run, example))
            if value is LEFT:
                return LEFT
            said.append((step.step_id, value, (perf_counter_ns() - began) / 1e6))
        return said or None

    async def _guarded(self, task: Task, make: Callable[[], Any]) -> Any:
        """Return what the evaluator says, or the `Failure` it ended in."""
        limit = asyncio.timeout(task.timeout)
        try:
            async with limit:
                return settle(task, await _asked(task, make))
        except StopScoring:
            raise
        except LeftMissing:
            return LEFT
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError) and self._watch.stopping:
                raise
            return overran(task.timeout) if limit.expired() else failure_of(error)

    async def _give_up(self) -> None:
        """Cancel what is under way; what a judge is asked already may arrive, for it is paid."""
        for each in self._pending:
            each.cancel()
        judged = [made for made, (task, *_) in self._pending.items() if _is_paid(task)]
        await asyncio.wait(self._pending, timeout=GIVE_UP_S)
        if judged:
            await asyncio.wait(judged)
        for each in [made for made in self._pending if made.done() and not made.cancelled()]:
            self._collect(each)

    def _batch(self) -> Batch:
        done = [
            (number, row, row + 1) for number, each in self._collectors.items() for row in each.rows
        ]
        done += self._left
        self._left = []
        blocks = [block for each in self._collectors.values() if (block := each.block())]
        for each in self._collectors.values():
            each.clear()
        return Batch(blocks, done)


def _is_paid(task: Task) -> bool:
    return task.evaluator.kind == "judge"


def _completed(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end, also when an evaluator stops the loop meanwhile."""
    made = loop.create_task(coroutine)
    with apart():
        while True:
            try:
                return loop.run_until_complete(made)
            except RuntimeError:
                if made.done():
                    raise


async def _asked(task: Task, make: Callable[[], Any]) -> Any:
    """Call and await; an evaluator that skips a run answers without waiting."""

    async def once() -> Any:
        said = make()
        return await said if inspect.isawaitable(said) else said

    if not task.evaluator.retries:
        return await once()
    return await retrying_async(once, task.evaluator.retries, task.evaluator.retry_on)
