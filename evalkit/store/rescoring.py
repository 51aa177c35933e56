"""The store's door for scoring: holds an experiment while the engine makes its missing cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from evalkit.store.cells.parts import part_names
from evalkit.store.cells.score_source import StoredWork
from evalkit.store.experiment import StoredExperiment
from evalkit.store.runs.tidy import leftovers
from evalkit.store.upkeep.gc import collect, drop_damaged

MANY_PARTS = 300
"""Parts of scores from which on they are gathered: slow evaluators leave many small ones."""


@contextmanager
def open_scoring(stored: StoredExperiment) -> Iterator[StoredWork]:
    """Hold the experiment for scoring: yields the engine's `ScoreSource`."""
    with stored.lock():
        for name in leftovers(stored.files):
            stored.files.remove(name)
        state = stored.settled()
        work = StoredWork(stored.files, state)
        yield work
        if work.damaged:
            drop_damaged(stored.files, state, work.damaged, work.made)
        if len(part_names(stored.files)) > MANY_PARTS:
            collect(stored.files, state)
