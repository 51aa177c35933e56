"""The store's door for a fetch: what is known already, and the writer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.model.outcome import STATUSES, SUCCEEDED, status_of
from evalkit.store.disk import journal
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.state import State
from evalkit.store.experiment import StoredExperiment
from evalkit.store.runs.known import Known
from evalkit.store.runs.writer import RunWriter


def known_runs(stored: StoredExperiment) -> Known:
    """Return the revision of every run stored: `updated_at`, else the content's hash."""
    state = journal.current(stored.files)
    return Known(dict(_revisions(stored.files, state)) if state else {})


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
