"""Tidy: deletes files nothing refers to any more."""

from __future__ import annotations

import os

from evalkit.store.disk.files import TEMPORARY, Files, is_alive, writer_of
from evalkit.store.disk.journal import JOURNAL, current, step_names
from evalkit.store.disk.state import DAMAGED, MANIFEST, State, load

FOLDERS = ("runs", "examples", "scores", "traces", DAMAGED)


def tidy(files: Files, state: State) -> list[str]:
    """Delete run and example parts outside the manifest, half-written files and the journal.

    Damaged files lie aside until what they held has come again. The caller holds the lock. Returns
    the names of what was deleted.
    """
    kept = {part.name for part in state.parts}
    if state.examples:
        kept.add(state.examples.name)
    unused = [JOURNAL] if JOURNAL in files.names() else []
    unused += step_names(files)
    unused += [
        f"{folder}/{name}"
        for folder in ("runs", "examples")
        for name in files.names(folder)
        if f"{folder}/{name}" not in kept
    ]
    if not state.damaged:
        unused += [f"{DAMAGED}/{name}" for name in files.names(DAMAGED)]
    unused += leftovers(files)
    for name in dict.fromkeys(unused):
        files.remove(name)
    return unused


def sweep(files: Files) -> None:
    """Clear out what a fetch left that was killed when all it brought was in place already.

    The caller holds the lock. A fetch that another can go on from is left alone.
    """
    if JOURNAL not in files.names() and not step_names(files) and not leftovers(files):
        return
    state = load(files, MANIFEST)
    if state is not None and current(files) == state:
        tidy(files, state)


def leftovers(files: Files) -> list[str]:
    """Return the temporary files of writers that are gone."""
    return [
        f"{folder}/{name}" if folder else name
        for folder in ("", *FOLDERS)
        for name in files.names(folder)
        if name.startswith(TEMPORARY) and not _alive(name)
    ]


def _alive(name: str) -> bool:
    """Tell whether the process that was writing the file still runs, so that it may go on."""
    pid = writer_of(name)
    return pid is not None and pid != os.getpid() and is_alive(pid)
