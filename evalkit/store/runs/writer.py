"""Writer: runs go into parts as they arrive; the manifest follows when all have come."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from evalkit.errors import IncompleteExperiment
from evalkit.model.example import Example
from evalkit.model.experiment import Manifest
from evalkit.model.outcome import unknown_said
from evalkit.model.run import Run
from evalkit.model.schema.batch import ExampleRow, RunRows, rows_of
from evalkit.model.schema.hashes import CONTENT_HASH, first_hash, is_first
from evalkit.model.schema.made import MadePart, MadeRow
from evalkit.store.disk import state as states
from evalkit.store.disk.encode import PartBuilder, examples_part
from evalkit.store.disk.files import Files
from evalkit.store.disk.journal import Journal, Step, current
from evalkit.store.disk.lock import locked
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.parts import PART_ROWS, Part, part_of
from evalkit.store.disk.state import MANIFEST, State
from evalkit.store.runs.compact import compacted
from evalkit.store.runs.endings import unknown_words
from evalkit.store.runs.known import Known
from evalkit.store.runs.mend import owed_by
from evalkit.store.runs.places import Places
from evalkit.store.runs.repeats import Repeat, repeats_in
from evalkit.store.runs.tidy import tidy

PART_SECONDS = 20.0
"""A slow source closes a part this often, so that a kill loses little."""
COUNTS = (
    *("expected", "unchanged", "pending", "duplicates", "orphans", "problems", "dataset_version"),
    *("source_stats", "notes", "inferred", "scores", "source_digest"),
)


class RunWriter:
    """Adds runs to a stored experiment; a run that is there already is replaced.

    A context manager. `finish` makes what was added the experiment's new state. Leaving without it
    keeps every finished part for the next fetch to go on from; what readers see stays as it was.
    """

    def __init__(
        self, files: Files, name: str, *, source: str, query: Mapping[str, Any], known: Known | None
    ) -> None:
        self._files, self._name, self._known = files, name, known
        self._source, self._query = source, dict(query)
        self._stack = ExitStack()
        self._notes: Counter[str] = Counter()
        self._added: set[str] = set()
        """Of the runs that were known before, those that came again."""
        self._first_hashes: dict[str, str] = {}
        """Of stored runs that were hashed in the first way: they keep it, and their scores."""
        self._finished = False

    def __enter__(self) -> Self:
        self._stack.enter_context(locked(self._files, self._name))
        fresh = State(manifest=Manifest(experiment=self._name))
        old = current(self._files) or fresh
        after = states.manifest_hash(self._files)
        self._state = replace(old, manifest=self._manifest(), after=after)
        self._parts: list[Part | None] = [*old.parts, None]  # the last one is in hand
        self._dead = [set(old.dead.get(part.name, ())) for part in old.parts] + [set[int]()]
        self._places = self._stored_places()
        self._replaced: list[tuple[int, int]] = []
        """Rows that runs of the part in hand have taken the place of."""
        self._rows, self._journal = old.rows, Journal(self._files)
        self._last = max((part.number for part in old.parts), default=0)
        self._owed, self._new = old.owed, 0
        self._builder, self._began = PartBuilder(), time.monotonic()
        self._made: tuple[MadePart, dict[int, str]] | None = None
        """The part in hand that others made, and by row the runs of it that count."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stack:
            if self._finished:
                return
            if isinstance(error, IncompleteExperiment):
                self.finish({"problems": [str(error)]})
            else:
                self._close_part()

    @property
    def keeps_hashes(self) -> bool:
        """Whether runs are stored that keep a hash of the first kind when they come again."""
        return bool(self._first_hashes)

    def add(self, run: Run | RunRows | MadeRow) -> None:
        """Add one run; one with a field of the wrong type raises `StoreError`."""
        if isinstance(run, MadeRow):
            self._add_made(run)
            return
        made = rows_of(run) if isinstance(run, Run) else run
        if made.notes:
            self._notes.update(made.notes)
        row, run_id = made.row, made.run_id
        first = self._first_hashes.get(run_id)
        if first is not None and first == first_hash(row, made.steps):
            row = (*row[:CONTENT_HASH], first, *row[CONTENT_HASH + 1 :])
        self._close_made()
        self._builder.add(row, made.steps)
        self._put(run_id, self._builder.rows - 1)
        if self._builder.rows >= PART_ROWS or time.monotonic() - self._began > PART_SECONDS:
            self._close_part()

    def _put(self, run_id: str, row: int) -> None:
        """Take down that a run is in this row of the part in hand, in place of an earlier one."""
        before = self._places.put(run_id, len(self._parts) - 1, row)
        if before is not None:
            self._dead[before[0]].add(before[1])
            self._replaced.append(before)
        else:
            self._new += 1
        if self._known is not None and run_id in self._known.revisions:
            self._added.add(run_id)

    def _add_made(self, run: MadeRow) -> None:
        """Add a run of a part that others made; the part is written when its last one is there."""
        if self._made is None or self._made[0] is not run.part:
            self._close_part()
            self._made = (run.part, {})
        self._made[1][run.place] = run.run_id
        self._notes.update(run.notes)

    def _close_made(self) -> None:
        """Write a part that others made; rows of it that do not count are as if replaced."""
        if self._made is None:
            return
        (made, kept), self._made = self._made, None
        for row, run_id in kept.items():
            self._put(run_id, row)
        number = len(self._parts) - 1
        left = [row for row in range(made.rows) if row not in kept]
        self._dead[number].update(left)
        self._replaced += [(number, row) for row in left]
        self._last += 1
        part = part_of("runs", self._last, made.data, made.rows, made.recorded)
        self._store(part, made.data)

    def add_examples(self, examples: Iterable[Example | ExampleRow]) -> None:
        """Replace the examples; none at all leaves those that are stored."""
        data, rows = examples_part(examples, self._notes)
        if rows:
            part = part_of("examples", 0, data, rows)
            self._files.write(part.name, data)
            self._state = replace(self._state, examples=part)

    def repeats(self) -> list[Repeat]:
        """Return the examples and repetitions that have several runs, the first one first."""
        self._close_part()
        asked = self._known.asked if self._known is not None else {}
        order = {run_id: place for place, run_id in enumerate(asked)}
        return repeats_in(self._files, self._parts, self._dead, order)

    def drop(self, places: Iterable[tuple[int, int]]) -> None:
        """Leave out rows of the new state, as `repeats` gives their places."""
        for number, row in places:
            self._dead[number].add(row)

    def finish(self, counts: Mapping[str, Any] | None = None) -> Manifest:
        """Make what was added the experiment's state; `counts` are what the fetcher counted.

        The experiment is complete when the counts name no problem.
        """
        given = dict(counts or {})
        self._close_part()
        complete = bool(given.get("complete", not given.get("problems")))
        self._state = self._marked()
        if complete and (owed := owed_by(self._state)):
            given["problems"], complete = [*given.get("problems", ()), owed], False
        gone = self._drop_vanished() if complete else 0
        self._state = compacted(self._files, self._marked())
        words = unknown_said(self._name, unknown_words(self._files, self._state))
        counted = [f"{what}: {n}" for what, n in self._notes.items()]
        notes = [*given.get("notes", ()), *words, *counted]
        if complete and self._state.damaged:
            notes.append(f"damaged files replaced: {len(self._state.damaged)}")
            self._state = replace(self._state, owed=0, damaged=())
        if gone:
            notes.append(f"runs the source no longer has, dropped: {gone}")
        values = {name: given[name] for name in COUNTS if given.get(name) is not None}
        values |= {name: tuple(values.get(name, ())) for name in ("problems", "inferred")}
        values |= {"notes": tuple(notes), "complete": complete, "received": self._state.rows}
        self._state = self._state.with_manifest(**values, fetched_at=_now())
        self._state = replace(self._state, after="")
        states.save(self._files, MANIFEST, self._state)
        self._finished = True
        tidy(self._files, self._state)
        return self._state.manifest

    def _manifest(self) -> Manifest:
        return Manifest(
            experiment=self._name, source=self._source, query=self._query, complete=False
        )

    def _stored_places(self) -> Places:
        places = Places()
        for number, (part, dead) in enumerate(zip(self._parts, self._dead, strict=True)):
            if part is None:
                continue
            table = PartFile(self._files, part).read(["run_id", "content_hash"])
            ids, hashes = (column.to_pylist() for column in table.columns)
            for row, run_id in enumerate(ids):
                if row not in dead:
                    places.put(run_id, number, row)
            self._first_hashes |= {i: h for i, h in zip(ids, hashes, strict=True) if is_first(h)}
        return places

    def _close_part(self) -> None:
        self._close_made()
        if not self._builder.rows:
            return
        self._last += 1
        part, data = self._builder.finish(self._last)
        self._store(part, data)
        self._builder, self._began = PartBuilder(), time.monotonic()

    def _store(self, part: Part, data: bytes) -> None:
        """Write the part in hand, and take down what it changed."""
        self._files.write(part.name, data)
        self._parts[-1:] = [part, None]
        self._dead.append(set())
        self._rows += part.rows - len(self._replaced)
        self._note(part)
        self._replaced.clear()

    def _note(self, part: Part) -> None:
        """Write down that a part is there: whole the first time, then what it changed."""
        if not self._journal.begun:
            self._state = self._marked().with_manifest(received=self._rows)
            self._journal.begin(self._state)
            return
        replaced: dict[str, list[int]] = {}
        for number, row in self._replaced:
            before = self._parts[number]
            assert before is not None
            replaced.setdefault(before.name, []).append(row)
        examples, owed = self._state.examples, max(0, self._owed - self._new)
        step = Step(part=part, replaced=replaced, received=self._rows, owed=owed, examples=examples)
        self._journal.add(step)

    def _marked(self) -> State:
        parts = tuple(part for part in self._parts if part is not None)
        dead = {
            part.name: tuple(sorted(rows))
            for part, rows in zip(parts, self._dead, strict=False)
            if rows
        }
        owed = max(0, self._owed - self._new)
        return replace(self._state, parts=parts, dead=dead, owed=owed)

    def _drop_vanished(self) -> int:
        """Mark the runs that a complete fetch neither brought nor asked about; return how many."""
        known = self._known
        if known is None or known.listed:
            return 0
        gone = self._places.of(set(known.revisions) - set(known.asked) - self._added)
        for number, row in gone:
            self._dead[number].add(row)
        return len(gone)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
