"""The store's door for scoring: holds an experiment while the engine makes its missing cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalkit.model.experiment import Manifest
from evalkit.model.units import Unit
from evalkit.store.cells.parts import part_names
from evalkit.store.cells.score_source import StoredReader, StoredWork
from evalkit.store.disk.files import LocalFiles
from evalkit.store.disk.parts import GROUP_ROWS
from evalkit.store.disk.state import State
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


def reader_of(stored: StoredExperiment | None) -> StoredReader:
    """Return what reads units of an experiment; without one, what reads none."""
    if stored is None:
        return StoredReader(LocalFiles(Path()), State(manifest=Manifest(experiment="")))
    return StoredReader(stored.files, stored.state()).for_units()


def first_unit(stored: StoredExperiment) -> Unit | None:
    """Return the first runs of an experiment as a unit in which nothing is to do."""
    for part in stored.state().parts:
        return Unit(number=0, where=(part, 0), rows=min(part.rows, GROUP_ROWS), todo=())
    return None
