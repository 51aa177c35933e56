"""Unit: calls every evaluator that has something to do on every run of a unit."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.work import CellBlock, Unit, UnitReader
from evalkit.scoring.batch import Batch, Blames
from evalkit.scoring.collect import PLAIN, Collector, StepValues, settle
from evalkit.scoring.failure import StopScoring, failure_of
from evalkit.scoring.guard import disturbed, restore
from evalkit.scoring.loop import event_loop
from evalkit.scoring.task import RUN_FAILED, Task
from evalkit.scoring.watch import CALLS, INSIDE, ROW, SINCE, STOP, TASK, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSettings:
    """How a unit is worked on."""

    flush_ns: int = 10_000_000_000
    """What was said is handed over at least this often, so that a kill loses little."""
    concurrency: int = 16
    """Async calls under way at once."""


UNIT_SETTINGS = UnitSettings()


class UnitRun:
    """One pass over a unit; iterate it for the cells, a batch at a time."""

    def __init__(
        self,
        tasks: Sequence[Task],
        reader: UnitReader,
        unit: Unit,
        watch: Watch,
        blames: Blames | None = None,
        settings: UnitSettings = UNIT_SETTINGS,
    ) -> None:
        self._reader, self._unit, self._watch = reader, unit, watch
        self._blames, self._settings = blames or {}, settings
        due = [(task, mask) for task, mask in zip(tasks, unit.todo, strict=True) if mask]
        self._sync = [(task, mask) for task, mask in due if not task.is_async]
        self._async = [(task, mask) for task, mask in due if task.is_async]

    def __iter__(self) -> Iterator[Batch]:
        if self._sync:
            yield from self._call_all()
        if self._async and not self._watch.stopping:
            yield from self._await_all()

    def _await_all(self) -> Iterator[Batch]:
        from evalkit.scoring.concurrent import AsyncCalls

        rows, bound = self._reader.rows(self._unit), self._settings.concurrency
        calls = AsyncCalls(self._async, rows, self._watch, self._blames, bound)
        yield from calls.batches(event_loop())

    def _call_all(self) -> Iterator[Batch]:
        collectors = [Collector(task) for task, _ in self._sync]
        first, began, row = 0, perf_counter_ns(), -1
        stopping, flush_ns = self._watch.slots, self._settings.flush_ns
        step = self._row_caller(collectors)
        for row, (run, example) in enumerate(self._reader.rows(self._unit)):
            now = step(row, run, example)
            if stopping[STOP] or now - began > flush_ns:
                yield self._batch(collectors, first, row + 1)
                first, began = row + 1, now
                if stopping[STOP]:
                    return
        yield self._batch(collectors, first, row + 1)

    def _batch(self, collectors: Sequence[Collector], first: int, last: int) -> Batch:
        blocks = [block for each in collectors if (block := each.block()) is not None]
        for each in collectors:
            each.clear()
        return Batch(blocks, [(each.task.number, first, last) for each in collectors])

    def _row_caller(self, collectors: Sequence[Collector]) -> Any:
        """Return what calls all evaluators on one row: the inner loop, bound once."""
        slots, clock, blames, me = self._watch.slots, perf_counter_ns, self._blames, os.getpid()
        plan = [
            (mask, task.number, self._caller(task), task, each)
            for (task, mask), each in zip(self._sync, collectors, strict=True)
        ]

        def call(row: int, run: Run, example: Example | None) -> int:
            now = clock()
            slots[ROW] = row
            for mask, number, ask, task, collector in plan:
                if not mask[row]:
                    continue
                slots[TASK], slots[SINCE] = number, now
                slots[INSIDE] = 1
                slots[CALLS] += 1
                if blames and (row, number) in blames:
                    value: Any = blames[row, number]
                else:
                    try:
                        value = ask(run, example)
                        if type(value) not in PLAIN:
                            value = settle(task, value)
                    except StopScoring:
                        raise
                    except BaseException as error:  # SystemExit too: it is only a cell
                        value = failure_of(error)
                then = clock()
                slots[INSIDE] = 0
                if disturbed():
                    restore()
                collector.rows.append(row)
                collector.values.append(value)
                collector.milliseconds.append((then - now) / 1e6)
                now = then
            if os.getpid() != me:  # a fork that user code let go on: it must not
                os._exit(0)
            return now

        return call

    def _caller(self, task: Task) -> Any:
        return task.call if task.step_call is None else self._step_caller(task)

    def _step_caller(self, task: Task) -> Any:
        slots, clock, ask = self._watch.slots, perf_counter_ns, task.step_call
        assert ask is not None

        def call(run: Run, example: Example | None) -> Any:
            said = StepValues()
            now = clock()
            if task.skips(run):
                return RUN_FAILED
            for step in run.steps:
                slots[SINCE] = now
                slots[CALLS] += 1
                try:
                    value = settle(task, ask(step, run, example))
                except StopScoring:
                    raise
                except BaseException as error:
                    value = failure_of(error)
                then = clock()
                said.append((step.step_id, value, (then - now) / 1e6))
                now = then
            return said or None

        return call


def call_whole(task: Task, reader: UnitReader, watch: Watch) -> CellBlock:
    """Call an evaluator of the whole experiment once."""
    collector = Collector(task)
    began = perf_counter_ns()
    watch.slots[TASK], watch.slots[SINCE], watch.slots[INSIDE] = task.number, began, 1
    watch.slots[CALLS] += 1
    try:
        runs, examples = reader.everything()
        value = settle(task, task.evaluator.invoke(runs, examples))
    except StopScoring:
        raise
    except BaseException as error:
        value = failure_of(error)
    watch.slots[INSIDE] = 0
    collector.add(0, value, (perf_counter_ns() - began) / 1e6)
    block = collector.block()
    assert block is not None
    return block
