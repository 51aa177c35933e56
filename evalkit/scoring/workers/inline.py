"""Inline: evaluators are called in this process; simple, and as fragile as they are."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.model.units import Plan, Unit, UnitReader
from evalkit.scoring.calls.batch import Batch
from evalkit.scoring.calls.capture import captured
from evalkit.scoring.calls.failure import StopScoring
from evalkit.scoring.calls.loop import close_loop
from evalkit.scoring.calls.task import Task
from evalkit.scoring.calls.unit import UnitRun, UnitSettings, call_whole
from evalkit.scoring.calls.watch import Watch
from evalkit.scoring.session.interrupt import interruptible
from evalkit.scoring.session.ledger import Ledger
from evalkit.scoring.session.settings import Settings
from evalkit.scoring.session.tally import tallies


def score_inline(
    reader: UnitReader, tasks: Sequence[Task], plan: Plan, settings: Settings, ledger: Ledger
) -> bool:
    """Work on all units here; return whether it was interrupted.

    A call that overruns its `timeout` cannot be stopped from inside its own process: async
    evaluators are, plain functions are not.
    """
    watch = Watch(len(tasks))
    try:
        with captured() as printed, interruptible(watch.stop, lambda: None) as asked:
            for unit in plan.units:
                _unit(reader, tasks, unit, settings, watch, ledger)
                if asked:
                    return True
            for task in tasks:
                if task.name in plan.whole and not asked:
                    block = call_whole(task, reader, watch)
                    ledger.commit(reader.encode(None, [block]), tallies([block]), 1)
            return bool(asked)
    except StopScoring:
        return True
    finally:
        ledger.printed(printed.take())
        close_loop()
        watch.close()


def _unit(
    reader: UnitReader,
    tasks: Sequence[Task],
    unit: Unit,
    settings: Settings,
    watch: Watch,
    ledger: Ledger,
) -> None:
    how = UnitSettings(concurrency=settings.concurrency)
    for batch in UnitRun(tasks, reader, unit, watch, settings=how):
        part = reader.encode(unit, batch.blocks) if batch.blocks else b""
        ledger.commit(part, tallies(batch.blocks), calls_in(batch, unit))


def calls_in(batch: Batch, unit: Unit) -> int:
    """Count the calls a batch stands for."""
    masks = unit.todo
    return sum(
        mask[first:last].count(1) for task, first, last in batch.done if (mask := masks[task])
    )
