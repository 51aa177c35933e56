"""Journal: the state an unfinished fetch has reached, for the next one to go on from.

The whole state is written once, with the first part a fetch finishes. Each part after it adds a
small file with what that part changed: written whole each time, the journal of a fetch of many
parts would cost the square of their number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Any

from evalkit.errors import StoreError
from evalkit.model.kept.seal import refuse_broken, sealed
from evalkit.store.disk.files import Files
from evalkit.store.disk.parts import Part, digest, experiment_of, name_of
from evalkit.store.disk.state import MANIFEST, State, load, manifest_hash, save

JOURNAL = "fetching.json"
"""The state a fetch has reached; it becomes the manifest when the fetch ends."""
STEP = "fetching-"
"""What the names of the files begin with that follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one finished part changed."""

    part: Part
    replaced: Mapping[str, Sequence[int]]
    """By part, the rows that no longer count since this part was written."""
    received: int
    owed: int
    examples: Part | None


class Journal:
    """What a fetch writes as it goes on; the caller holds the experiment's lock."""

    def __init__(self, files: Files) -> None:
        self._files, self._base, self._steps = files, "", 0

    @property
    def begun(self) -> bool:
        """Whether this fetch has written its state; until then there is nothing to add to."""
        return bool(self._base)

    def begin(self, state: State) -> None:
        """Write the whole state, in place of what fetches before have left."""
        save(self._files, JOURNAL, state)
        self._base, self._steps = digest(self._files.read(JOURNAL)), 0
        for name in step_names(self._files):
            self._files.remove(name)

    def add(self, step: Step) -> None:
        """Write what one more part changed."""
        self._steps += 1
        said = {"experiment": name_of(self._files), "base": self._base, **asdict(step)}
        data = json.dumps(sealed(said)).encode()
        self._files.write(_name(self._steps), data)


def step_names(files: Files) -> list[str]:
    """Return the names of the files that follow the journal."""
    return [name for name in files.names() if name.startswith(STEP)]


def load_journal(files: Files) -> State | None:
    """Return the state a fetch has reached; `None` when none is unfinished."""
    state = load(files, JOURNAL)
    if state is None:
        return None
    parts, dead = list(state.parts), {part: list(rows) for part, rows in state.dead.items()}
    for step in _steps(files, digest(files.read(JOURNAL))):
        parts.append(step.part)
        for part, rows in step.replaced.items():
            dead.setdefault(part, []).extend(rows)
        state = replace(state, owed=step.owed, examples=step.examples)
        state = state.with_manifest(received=step.received)
    gone = {part: tuple(sorted(rows)) for part, rows in dead.items()}
    return replace(state, parts=tuple(parts), dead=gone)


def _steps(files: Files, base: str) -> Iterator[Step]:
    """Yield what was added to the journal, up to the first that is missing or of another one."""
    for number in count(1):
        try:
            data = files.read(_name(number))
        except FileNotFoundError:
            return
        try:
            raw = json.loads(data)
            refuse_broken(raw, sealed_with="base")
            if raw["experiment"] != name_of(files):
                raise ValueError(f"it is that of experiment {raw['experiment']!r}")
            if raw["base"] != base:
                return
            yield _read(raw)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"{files}/{_name(number)}: is damaged ({error}). Delete this file, then run "
                f"`evalkit fetch {experiment_of(files)}`: what it stood for is fetched again."
            ) from None


def _read(raw: Mapping[str, Any]) -> Step:
    return Step(
        part=Part(**raw["part"]),
        replaced={part: list(rows) for part, rows in raw["replaced"].items()},
        received=raw["received"],
        owed=raw["owed"],
        examples=Part(**raw["examples"]) if raw["examples"] else None,
    )


def _name(number: int) -> str:
    return f"{STEP}{number:06d}.json"


def current(files: Files) -> State | None:
    """Return what writers go on from: the state of an unfinished fetch, else the manifest's."""
    journal = load_journal(files)
    if journal is not None and journal.after == manifest_hash(files):
        return journal
    return load(files, MANIFEST)


def mark_scored(files: Files) -> None:
    """Write down that there are scores; an unfinished fetch goes on from the new manifest."""
    state = load(files, MANIFEST)
    if state is None or state.scored:
        return
    journal = load_journal(files)
    goes_on = journal is not None and journal.after == manifest_hash(files)
    save(files, MANIFEST, replace(state, scored=True))
    if journal is not None and goes_on:
        after = manifest_hash(files)
        Journal(files).begin(replace(journal, scored=True, after=after))
