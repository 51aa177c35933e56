"""Batch: runs as values of columns, what a converter gives and a store takes.

Payloads are JSON text, `bytes` that `json_text` has made or a slice of them, or that orjson has
made of what is `parsed`; times are microseconds since 1970. A run that was made the long way has
the same rows: see `rows_of`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import orjson

from evalkit.errors import StoreError
from evalkit.model.messages.part import Unread
from evalkit.model.run import Run
from evalkit.model.schema.content import EPOCH, from_micros
from evalkit.model.schema.hashes import (
    CONTENT_HASH,
    REPETITION,
    RUN_NAMES,
    STEP_NAMES,
    UPDATED_AT,
    RowValues,
    body_hash,
    content_hash_of,
    first_hash,
    is_first,
)
from evalkit.model.schema.row_values import run_row
from evalkit.model.step import Step
from evalkit.model.views import unread_forms

OUTCOME = RUN_NAMES.index("outcome")
PAYLOADS = tuple(map(RUN_NAMES.index, ("inputs", "outputs", "extra")))
KIND = STEP_NAMES.index("kind")
_kind_of = itemgetter(KIND)
STEP_PAYLOADS = tuple(map(STEP_NAMES.index, ("name", "inputs", "outputs")))
REMEMBERED = 8192


class Odd(Exception):
    """This record needs the long way: a quick converter does not know its form."""


@dataclass(slots=True)
class RunRows:
    """One run: the values of `RUN_COLUMNS`, and of `STEP_COLUMNS` for each of its steps."""

    row: RowValues
    steps: list[RowValues]
    notes: Counter[str] = field(default_factory=Counter)
    """What could not be stored exactly, and how often."""
    unread: Unread = field(default_factory=Counter)
    """Forms of messages that are not read, where calls of tools come from messages."""
    body: bytes = b""
    """Hash of all that evaluators can see but the repetition, where copies are told by it."""

    @property
    def run_id(self) -> str:
        """The run."""
        run_id: str = self.row[0]
        return run_id

    @property
    def outcome(self) -> str:
        """How it ended."""
        outcome: str = self.row[OUTCOME]
        return outcome

    def is_stored_as(self, revision: str | None) -> bool:
        """Tell whether a store that knows the run by this revision has it as it is here."""
        if not revision:
            return False
        updated_at = self.row[UPDATED_AT]
        if updated_at is not None:
            time = from_micros(updated_at)
            return time is not None and revision == time.isoformat()
        if is_first(revision):
            return revision == first_hash(self.row, self.steps)
        return bool(revision == self.row[CONTENT_HASH])


@dataclass(slots=True)
class ExampleRow:
    """One example: the values of its columns and its hash."""

    row: RowValues


def made_rows(
    row: RowValues, steps: list[RowValues], notes: Counter[str], unread: Unread | None = None
) -> RunRows:
    """Return a run of rows whose hash is still to be made; without `unread` it is looked for."""
    body = body_hash(row, steps)
    content = content_hash_of(body, row[REPETITION])
    whole = (*row[:CONTENT_HASH], content, *row[CONTENT_HASH + 1 :])
    return RunRows(whole, steps, notes, unread_in(whole, steps) if unread is None else unread, body)


def rows_of(run: Run) -> RunRows:
    """Return the rows of a run that was made the long way.

    One with a field of the wrong type raises `StoreError`.
    """
    notes: Counter[str] = Counter()
    try:
        row, steps = run_row(run, notes)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StoreError(
            f"run {run.run_id!r}: cannot be stored ({error}). Correct the field at its source."
        ) from None
    return RunRows(row, steps, notes=notes)


UNSEEN: Any = object()
"""What stands for a time that was not read yet, where `Times.seen` is asked."""


class Times:
    """Reads times as microseconds; the end of one step is often the start of the next."""

    def __init__(self) -> None:
        self.seen: dict[str | None, int | None] = {None: None}

    def micros(self, text: str | None) -> int | None:
        """Return microseconds since 1970; a time without a zone is UTC. Other text is `Odd`."""
        try:
            return self.seen[text]
        except KeyError:
            pass
        if len(self.seen) > REMEMBERED:
            self.seen.clear()
            self.seen[None] = None
        try:
            time = datetime.fromisoformat(text or "")
            since = (time if time.tzinfo is not None else time.replace(tzinfo=UTC)) - EPOCH
        except (ValueError, OverflowError):
            raise Odd("no time in ISO 8601") from None
        micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        self.seen[text] = micros
        return micros


NONE_UNREAD: Unread = Counter()
"""Shared by all runs in which nothing is unread; never added to."""


def unread_in(row: RowValues, steps: list[RowValues]) -> Unread:
    """Count the forms of messages that are not read, as `unread_forms` does for a run."""
    inputs, outputs, extra = (row[place] for place in PAYLOADS)
    talks = extra is not None and b'"messages"' in extra
    if not talks and "tool" in map(_kind_of, steps):
        return NONE_UNREAD  # as there: calls that are steps need no messages
    models = [
        Step(step_id=str(place), kind="llm", name=step[name], inputs=_value(step[given]),
             outputs=_value(step[taken]))
        for name, given, taken in (STEP_PAYLOADS,)
        for place, step in enumerate(steps)
        if step[KIND] == "llm"
    ]  # fmt: skip
    run = Run(run_id=row[0], inputs=_value(inputs), outputs=_value(outputs), steps=models,
              extra=_value(extra))  # fmt: skip
    return unread_forms(run)


def _value(text: bytes | None) -> Any:
    return None if text is None else orjson.loads(text)


def parsed(line: bytes) -> Any:
    """Return what JSON text holds; each value in it, written by orjson, is text of this store.

    What orjson refuses (NaN, lone surrogates, numbers without end, bad UTF-8) raises `Odd`.
    """
    try:
        return orjson.loads(line)
    except ValueError:
        raise Odd("not plain JSON") from None


def text_of(value: Any) -> bytes:
    """Return the text of what was `parsed`, or a part of it, in a piece of memory of its size.

    orjson writes into a kilobyte and gives back what is left of it, in pieces that hold no next
    text: runs held as it leaves them take a fifth more. What is nested too deeply is refused.
    """
    return orjson.dumps([value])[1:-1]


def json_text(line: bytes) -> bytes:
    """Return JSON as this store writes it, of which every slice that is a value is written so too.

    What orjson refuses raises `Odd`, as in `parsed`.
    """
    try:
        return orjson.dumps(orjson.loads(line))
    except (ValueError, TypeError, RecursionError):
        raise Odd("not plain JSON") from None
