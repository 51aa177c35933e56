"""The store's door for looking after it: read everything, and clear out what nobody needs."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.store.experiment import StoredExperiment
from evalkit.store.upkeep.gc import Collected, collect
from evalkit.store.upkeep.verify import Finding, verify


def verify_stored(stored: StoredExperiment) -> Iterator[Finding]:
    """Read everything and yield what was found, good and bad."""
    return verify(stored.files, stored.settled())


def collect_stale(stored: StoredExperiment) -> Collected:
    """Drop stale cells and files nothing refers to; return how many."""
    with stored.lock():
        return collect(stored.files, stored.settled())
