"""Resources: how many workers, and how much memory each may add."""

from __future__ import annotations

import os
from collections.abc import Sequence

from evalkit.model.units import Plan
from evalkit.scoring.calls.task import Task
from evalkit.scoring.session.settings import Settings
from evalkit.scoring.workers.process import can_start

LARGE = 100_000
"""Calls from which on all processors are used: below, starting them costs more than it saves."""
SHARE = 0.75
LEAST = 1 << 30


def worker_count(plan: Plan, tasks: Sequence[Task], settings: Settings) -> int:
    """Return the number of workers: as set, else one for small work and all processors for large.

    Judges that block while they wait for a model make any work large.
    """
    if not can_start(settings):
        return 0
    if settings.workers is not None:
        return settings.workers
    waits = any(
        task.evaluator.kind == "judge" and not task.is_async and plan.missing[task.name]
        for task in tasks
    )
    return _processors() if waits or plan.cells >= LARGE else 1


def memory_for(workers: int, wanted: int | None) -> int | None:
    """Return the bytes each worker may add: as set, else a share of what is free."""
    if wanted is not None:
        return wanted
    free = _free()
    return None if free is None else max(LEAST, int(free * SHARE / workers))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free() -> int | None:
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None
