"""Unit: calls every evaluator that has something to do on every run of a unit."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import truediv
from time import perf_counter_ns
from typing import Any

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.units import CellBlock, Unit, UnitReader
from evalkit.scoring.calls.batch import Batch, Blames
from evalkit.scoring.calls.collect import PLAIN, Collector, StepValues, settle
from evalkit.scoring.calls.failure import Failure, StopScoring, failure_of
from evalkit.scoring.calls.guard import DUMPS, LOADS, forked, restore
from evalkit.scoring.calls.loop import event_loop
from evalkit.scoring.calls.task import RUN_FAILED, Task
from evalkit.scoring.calls.watch import BEGAN, CALL, STEP, STOP, Watch
from evalkit.scoring.definition.own import places_of


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
        forked.clear()
        self._watch.slots[BEGAN] = 1
        if self._sync:
            yield from self._call_all()
        if self._async and not self._watch.stopping:
            yield from self._await_all()

    def _await_all(self) -> Iterator[Batch]:
        from evalkit.scoring.calls.concurrent import AsyncCalls

        rows, bound = self._reader.rows(self._unit), self._settings.concurrency
        calls = AsyncCalls(self._async, rows, self._watch, self._blames, bound)
        yield from calls.batches(event_loop())

    def _call_all(self) -> Iterator[Batch]:
        """Call run by run: what the store read for one evaluator, the next finds read."""
        due = [self._due(task, mask) for task, mask in self._sync]
        plan = [
            (each.mask, each.task.number + 1, self._caller(each.task), each.task, *each.keepers)
            for each in due
        ]
        slots, clock = self._watch.slots, perf_counter_ns
        width, flush_ns = len(self._unit.todo), self._settings.flush_ns
        first, began, row = 0, clock(), -1
        for row, (run, example) in enumerate(self._reader.rows(self._unit)):
            now, base = clock(), row * width
            for mask, number, ask, task, keep, keep_ns in plan:
                if not mask[row]:
                    continue
                slots[CALL] = base + number
                try:
                    value = ask(run, example)
                    if type(value) not in PLAIN:
                        value = settle(task, value)
                except StopScoring:
                    raise
                except BaseException as error:  # SystemExit too: it is only a cell
                    value = failure_of(error)
                if forked:
                    os._exit(0)
                then = clock()
                keep(value)
                keep_ns(then - now)
                now = then
                if json.loads is not LOADS or json.dumps is not DUMPS:
                    restore()  # other evaluators use them too
            if slots[STOP] or now - began > flush_ns:
                slots[CALL] = 0
                yield _batch(due, first, row + 1)
                first, began = row + 1, now
                if slots[STOP]:
                    return
        slots[CALL] = 0
        yield _batch(due, first, row + 1)

    def _due(self, task: Task, mask: bytes) -> _Due:
        """Take out of a mask what is known to fail when it is called."""
        known = {r: why for (r, number), why in self._blames.items() if number == task.number}
        left = bytearray(mask)
        for row in known:
            left[row] = 0
        return _Due(task, mask, bytes(left), {r: known[r] for r in known if mask[r]})

    def _caller(self, task: Task) -> Any:
        return task.call if task.step_call is None else self._step_caller(task)

    def _step_caller(self, task: Task) -> Any:
        slots, clock, ask = self._watch.slots, perf_counter_ns, task.step_call
        assert ask is not None

        def call(run: Run, example: Example | None) -> Any:
            if task.skips(run):
                return RUN_FAILED
            said = StepValues()
            now = clock()
            for step, place in zip(run.steps, places_of(run), strict=True):
                slots[STEP] += 1
                try:
                    value = settle(task, ask(place, run, example))
                except StopScoring:
                    raise
                except BaseException as error:
                    value = failure_of(error)
                if forked:
                    os._exit(0)
                then = clock()
                said.append((step.step_id, value, (then - now) / 1e6))
                now = then
            return said or None

        return call


class _Due:
    """One evaluator's share of a unit: what to call, and what it said since the last flush."""

    def __init__(self, task: Task, mask: bytes, left: bytes, known: Mapping[int, Failure]) -> None:
        self.task, self.mask = task, left
        self._all, self._known = mask, known
        self._values: list[Any] = []
        self._nanoseconds: list[int] = []
        self.keepers = (self._values.append, self._nanoseconds.append)

    def block(self, first: int, last: int) -> CellBlock | None:
        """Return the cells of some rows, and forget them."""
        collector = Collector(self.task)
        every = self.mask.count(1, first, last) == last - first
        rows = range(first, last)
        collector.rows = rows if every else [row for row in rows if self.mask[row]]
        collector.values = self._values.copy()
        collector.milliseconds = list(map(truediv, self._nanoseconds, repeat(1e6)))
        self._values.clear()
        self._nanoseconds.clear()
        for row, why in self._known.items():
            if first <= row < last:
                collector.add(row, why, 0.0)
        return collector.block()


def _batch(due: Sequence[_Due], first: int, last: int) -> Batch:
    blocks = [block for each in due if (block := each.block(first, last)) is not None]
    return Batch(blocks, [(each.task.number, first, last) for each in due])


def call_whole(task: Task, reader: UnitReader, watch: Watch) -> CellBlock:
    """Call an evaluator of the whole experiment once."""
    collector = Collector(task)
    began = perf_counter_ns()
    forked.clear()
    watch.slots[BEGAN] = 1
    watch.enter(0, task.number)
    try:
        runs, examples = reader.everything()
        value = settle(task, task.evaluator.invoke(runs, examples))
    except StopScoring:
        raise
    except BaseException as error:
        value = failure_of(error)
    if forked:
        os._exit(0)
    watch.leave()
    collector.add(0, value, (perf_counter_ns() - began) / 1e6)
    block = collector.block()
    assert block is not None
    return block
