"""There: what runs inside a Dask worker; user code only ever runs in a child of it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from evalkit.scoring.shares.executor import Work
from evalkit.scoring.shares.kept import Kept, OfScoring
from evalkit.scoring.shares.packages import differing
from evalkit.scoring.shares.place import Place

MARK = "evalkit_stopped"
"""Attribute of a worker, as `travelling.stop_scoring` sets it: scorings that were asked to stop."""
PART = 0.75
"""Of a worker's memory, what evaluators may take."""
KEPT = Kept()
"""The worker processes of this machine that stay for the next share."""


def called(kind: str, scoring: str, errand: bytes, share: bytes, worker: Any) -> dict[str, Any]:
    """Do a share, or look whether shares can be done; never raises."""
    try:
        what: Work = pickle.loads(errand)
        stopped = _stopped(worker, scoring)
        place = Place(stopped=stopped, memory=_memory(worker), agency=OfScoring(KEPT, scoring))
        try:
            if kind == "look":
                lacks = differing(dict(what.packages))
                return {"refused": "; ".join(lacks) or what.refusal(place)}
            report = what.do(pickle.loads(share), place)
        finally:
            if stopped():  # nobody will tell when it has ended
                KEPT.end(scoring)
    except BaseException as error:
        return {"refused": f"cannot take its work: {type(error).__name__}: {error}"}
    return {"report": pickle.dumps(report, pickle.HIGHEST_PROTOCOL)}


def end_scoring(scoring: str) -> None:
    """End the worker processes that stayed for a scoring."""
    KEPT.end(scoring)


def _stopped(worker: Any, scoring: str) -> Callable[[], bool]:
    """Return what tells whether a share is no longer wanted.

    Its driver asked so, or is gone: then the scheduler has the worker forget the task.
    """
    key = worker.get_current_task()

    def stopped() -> bool:
        if scoring in getattr(worker, MARK, ()):
            return True
        task = worker.state.tasks.get(key)
        return task is None or task.state != "executing"

    return stopped


def _memory(worker: Any) -> int | None:
    """Return the bytes evaluators may take of a worker's memory, where it has a limit."""
    limit = worker.memory_manager.memory_limit
    return int(limit / worker.state.nthreads * PART) if limit else None
