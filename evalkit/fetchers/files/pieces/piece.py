"""Piece: some neighbouring files, or groups of rows of one, and what whoever read them tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import Counts
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.numbers import Numbers
from evalkit.model.messages.part import Unread
from evalkit.model.schema.made import MadePart


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one worker reads at once."""

    number: int
    """Its place among the pieces, from 1."""
    files: tuple[SourceFile, ...]
    before: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By kind of number and name, how often a name came in the pieces before."""

    def lost(self, why: str) -> Pieced:
        """Return what is told when nobody could read it."""
        return Pieced(number=self.number, lost=why)

    def undone(self) -> Pieced:
        """Return what is told when somebody else has to read it."""
        return Pieced(number=self.number, undone=True)


@dataclass(slots=True, kw_only=True)
class Told:
    """What reading a piece left behind beside runs."""

    findings: Findings
    examples: list[tuple[str, bytes, bool]]
    """Id and record of each, and whether it only counts where there is none of this id."""
    numbers: dict[str, Numbers]
    more: Any
    tally: Counts


@dataclass(slots=True, kw_only=True)
class Facts:
    """What decides whether a run counts, by column, one entry a run."""

    run_ids: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    revisions: list[str] = field(default_factory=list)
    fingerprints: list[str | bytes] = field(default_factory=list)
    wheres: list[str] = field(default_factory=list)
    notes: dict[int, Counter[str]] = field(default_factory=dict)
    """Of the few runs that have some."""
    unread: dict[int, Unread] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Pieced:
    """What came of a piece."""

    number: int
    parts: list[MadePart] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    told: Told | None = None
    unforeseen: str = ""
    """What nobody foresaw, after the last of these runs: nothing after it is read."""
    error: EvalkitError | None = None
    """What reading raised, after the last of these runs."""
    undone: bool = False
    """Nobody wants it any more, or the worker could not do it."""
    lost: str = ""
    """Why the worker did not answer, time and again; filled in by the executor."""
    refused: str = ""
    """Why this worker should get no more."""
