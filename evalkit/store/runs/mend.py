"""Mend: damaged files of runs and examples are set aside, and what the source owes is counted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from evalkit.store.disk import state as states
from evalkit.store.disk.files import Files, LocalFiles
from evalkit.store.disk.journal import Journal, current
from evalkit.store.disk.parts import Part, is_intact
from evalkit.store.disk.state import DAMAGED, State

ACCEPT = "`--refresh` takes what the source has now for all there is"


@dataclass(frozen=True, slots=True)
class Mended:
    """One damaged file."""

    name: str
    rows: int
    """How many runs or examples it stood for."""
    lost: int
    """How many of them cannot be read any more."""


def mend(files: Files, *, forget: bool) -> list[Mended]:
    """Set damaged files aside for the next writer; the caller holds the lock.

    What can still be read of them goes to new parts. The state without them becomes the journal:
    until a fetch ends, the manifest and so every reader stays with the damaged files, and nothing
    is deleted. `forget` no longer asks for runs that an earlier fetch did not get back, and reads
    what lies behind a URL too.
    """
    state = current(files)
    if state is None:
        return []
    old = replace(state, owed=0, damaged=()) if forget else state
    new, found = _mended(files, old, thorough=forget or isinstance(files, LocalFiles))
    if new != state:
        Journal(files).begin(replace(new, after=states.manifest_hash(files)))
    return found


def owed_by(state: State) -> str:
    """Say what a fetch that was whole by itself did not give back; empty when it gave all."""
    what = [f"{state.owed:,} runs"] if state.owed else []
    if state.examples is None and any(each.startswith("examples/") for each in state.damaged):
        what.append("the examples")
    if not what:
        return ""
    return f"{' and '.join(what)} of damaged files did not come again ({ACCEPT})"


def _mended(files: Files, state: State, *, thorough: bool) -> tuple[State, list[Mended]]:
    number = max((part.number for part in state.parts), default=0)
    parts: list[Part] = []
    found: list[Mended] = []
    dead = dict(state.dead)
    for part in state.parts:
        if _is_whole(files, part, thorough):
            parts.append(part)
            continue
        from evalkit.store.runs.rescue import rescued  # Arrow: nearly no store is damaged

        gone = frozenset(dead.pop(part.name, ()))
        number += 1
        kept = rescued(files, part, gone, number)
        parts += [kept] if kept else []
        rows = part.rows - len(gone)
        found.append(Mended(part.name, rows, rows - (kept.rows if kept else 0)))
    owed = state.owed + sum(each.lost for each in found)
    examples = state.examples
    if examples is not None and not _is_whole(files, examples, thorough):
        found.append(Mended(examples.name, examples.rows, examples.rows))
        examples = None
    for each in found:
        _copy_aside(files, each.name)
    damaged = (*state.damaged, *(each.name for each in found))
    changed = replace(
        state, parts=tuple(parts), dead=dead, examples=examples, owed=owed, damaged=damaged
    )
    return changed, found


def _is_whole(files: Files, part: Part, thorough: bool) -> bool:
    """Tell whether every byte is there as it was written; a disk that fails to read says no.

    Not `thorough` looks at the size alone: behind a URL the rest means to download all that is
    stored, which every fetch of a few new runs would have to wait for.
    """
    try:
        if files.size(part.name) != part.size:
            return False
        return not thorough or is_intact(part.name, files.read(part.name))
    except OSError:
        return False


def _copy_aside(files: Files, name: str) -> None:
    """Keep what is left of a damaged file, out of the way of whoever reads the folder."""
    with suppress(OSError):
        files.write(f"{DAMAGED}/{name.replace('/', '-')}", files.read(name))
