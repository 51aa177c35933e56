"""The store's door for looking after it: read everything, and clear out what nobody needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evalkit.errors import StoreError
from evalkit.store.disk.state import MANIFEST
from evalkit.store.experiment import StoredExperiment
from evalkit.store.upkeep.gc import Collected, collect
from evalkit.store.upkeep.kept import forget_blocks
from evalkit.store.upkeep.verify import Finding, hashed, verify


def verify_stored(stored: StoredExperiment) -> Iterator[Finding]:
    """Read everything and yield what was found, good and bad."""
    try:
        state = stored.settled()
    except StoreError as error:
        yield Finding(MANIFEST, False, str(error))
        return
    yield from verify(stored.files, state)


def altered(stored: StoredExperiment) -> Iterator[Finding]:
    """Yield for every file whether its bytes are those evalkit wrote; nothing is decoded."""
    try:
        state = stored.state()
    except StoreError as error:
        yield Finding(MANIFEST, False, str(error))
        return
    yield from hashed(stored.files, state)


def collect_stale(stored: StoredExperiment) -> Collected:
    """Drop stale cells and files nothing refers to; return how many."""
    with stored.lock():
        found = collect(stored.files, stored.settled())
        return replace(found, files=found.files + len(forget_blocks(stored.files)))
