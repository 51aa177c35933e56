"""The door before a fetch, without Arrow: what damage the store mends, whether it has all."""

from __future__ import annotations

from evalkit.store.disk import journal
from evalkit.store.disk import state as states
from evalkit.store.experiment import StoredExperiment
from evalkit.store.runs.mend import Mended, mend
from evalkit.store.runs.tidy import sweep


def is_settled(stored: StoredExperiment) -> bool:
    """Tell whether all that was asked for is stored: no fetch was broken off, nothing is owed."""
    state = states.load(stored.files, states.MANIFEST)
    if state is None or journal.current(stored.files) != state:
        return False
    manifest = state.manifest
    return manifest.complete and not (manifest.problems or state.owed or state.damaged)


def mend_runs(stored: StoredExperiment, *, forget: bool = False) -> list[Mended]:
    """Set damaged files of runs and examples aside, so that the next fetch brings them again.

    What can be read of them is kept, and what a killed fetch left is cleared out. See
    `evalkit.store.runs.mend`.
    """
    with stored.lock():
        found = mend(stored.files, forget=forget)
        sweep(stored.files)
        return found
