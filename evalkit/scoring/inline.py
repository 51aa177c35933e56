"""Inline: evaluators are called in this process; simple, and as fragile as they are."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.model.work import Plan, Unit, UnitReader
from evalkit.scoring.batch import Batch
from evalkit.scoring.capture import captured
from evalkit.scoring.failure import StopScoring
from evalkit.scoring.interrupt import interruptible
from evalkit.scoring.ledger import Ledger
from evalkit.scoring.loop import close_loop
from evalkit.scoring.outcome import tallies
from evalkit.scoring.settings import Settings
from evalkit.scoring.task import Task
from evalkit.scoring.unit import UnitRun, UnitSettings, call_whole
from evalkit.scoring.watch import Watch


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
