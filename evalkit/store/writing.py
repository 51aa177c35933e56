"""The store's door for a fetch: what is known already, the writer, and what damage it mends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.model.outcome import STATUSES, SUCCEEDED, status_of
from evalkit.store.disk import journal
from evalkit.store.disk import state as states
from evalkit.store.disk.files import Files
from evalkit.store.disk.parts import PartFile
from evalkit.store.disk.state import State
from evalkit.store.experiment import StoredExperiment
from evalkit.store.runs.known import Known
from evalkit.store.runs.mend import Mended, mend
from evalkit.store.runs.tidy import sweep
from evalkit.store.runs.writer import RunWriter


def known_runs(stored: StoredExperiment) -> Known:
    """Return the revision of every run stored: `updated_at`, else the content's hash."""
    state = journal.current(stored.files)
    return Known(dict(_revisions(stored.files, state)) if state else {})


def is_settled(stored: StoredExperiment) -> bool:
    """Tell whether all that was asked for is stored: no fetch was broken off, nothing is owed."""
    state = states.load(stored.files, states.MANIFEST)
    if state is None or journal.current(stored.files) != state:
        return False
    manifest = state.manifest
    return manifest.complete and not (manifest.problems or state.owed or state.damaged)


def open_writer(
    stored: StoredExperiment,
    *,
    source: str = "",
    query: Mapping[str, Any] | None = None,
    known: Known | None = None,
) -> RunWriter:
    """Return a context manager that adds runs; see `RunWriter`.

    `known` is what the fetch was told: runs it neither brought nor asked about are dropped, as no
    longer there at the source. Without it, what is stored already stays.
    """
    return RunWriter(stored.files, stored.name, source=source, query=query or {}, known=known)


def mend_runs(stored: StoredExperiment, *, forget: bool = False) -> list[Mended]:
    """Set damaged files of runs and examples aside, so that the next fetch brings them again.

    What can be read of them is kept, and what a killed fetch left is cleared out. See
    `evalkit.store.runs.mend`.
    """
    with stored.lock():
        found = mend(stored.files, forget=forget)
        sweep(stored.files)
        return found


def _revisions(files: Files, state: State) -> Iterator[tuple[str, str]]:
    for part in state.parts:
        dead = set(state.dead.get(part.name, ()))
        names = ["run_id", "updated_at", "content_hash", "status", "stopped", "outcome"]
        columns = [column.to_pylist() for column in PartFile(files, part).read(names).columns]
        for row, (run_id, updated, content, *end) in enumerate(zip(*columns, strict=True)):
            if row not in dead:
                current = content if updated is None else updated.isoformat()
                yield run_id, "" if _was_taken_for_success(*end) else current


def _was_taken_for_success(status: str | None, stopped: str | None, outcome: str) -> bool:
    """Tell whether an earlier evalkit counted a status nobody knows as a success."""
    if status in STATUSES or stopped is not None or outcome not in SUCCEEDED:
        return False
    return status_of(status or "") is None
