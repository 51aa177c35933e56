"""Work: what a store hands to the scoring engine, and what it gets back.

The engine and the store never import each other. The engine says which columns of cells it wants
(`Wanted`), the source answers with the units in which some are missing (`Plan`), a `UnitReader`
(which also works in another process) reads a unit's runs and turns its cells into the bytes of a
part, and the source commits that part: it is there whole, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.score import EvaluatorInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The cells of one evaluator that should exist when the work is done."""

    name: str
    fingerprint: str
    sees_example: bool = True
    """Whether a change of the example makes its cells stale."""
    whole: bool = False
    """One call for the whole experiment instead of one a run."""
    retry_errors: bool = False
    """Count cells that ended in `evaluator_error` as missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Some hundred or thousand neighbouring runs, whose cells are kept or lost together."""

    number: int
    where: Any
    """For the reader only; can be pickled."""
    rows: int
    todo: tuple[bytes | None, ...]
    """For each evaluator wanted: one byte a run (1: to do), or `None` when nothing is missing."""
    examples: bool = True
    """Whether one of these evaluators sees the example; if none does, no example is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is missing."""

    units: Sequence[Unit]
    runs: int
    missing: Mapping[str, int]
    """By evaluator: runs it has to be called for (an evaluator of the experiment: 0 or 1)."""
    reused: Mapping[str, int]
    """By evaluator: runs whose cells are current."""
    why: Mapping[str, str]
    """By evaluator: why cells are missing; absent where none are."""
    whole: tuple[str, ...] = ()
    """Evaluators of the whole experiment that have to be called."""

    @property
    def cells(self) -> int:
        """How many calls there are to make, an evaluator of steps counted once a run."""
        return sum(self.missing.values())


@dataclass(slots=True, kw_only=True)
class CellBlock:
    """Cells of one evaluator in one unit, by column, in the order of the runs.

    A column is a list (or an `array` of numbers) with one entry a cell, or one value for all.
    """

    wanted: Wanted
    rows: Sequence[int]
    """The run of each cell, counted within the unit; empty for the whole experiment."""
    size: int
    key: Any
    outcome: Any = "scored"
    score: Any = None
    score_type: Any = None
    duration_ms: Any = None
    step_id: Any = None
    value: Any = None
    comment: Any = None
    error_type: Any = None
    error_message: Any = None
    traceback: Any = None
    timed_out: Any = False
    metadata: Any = None


class UnitReader(Protocol):
    """Reads units, here or in another process; can be pickled."""

    def rows(self, unit: Unit) -> Iterator[tuple[Run, Example | None]]:
        """Yield the runs of a unit in order, each with its example where the unit wants it."""

    def everything(self) -> tuple[list[Run], list[Example | None]]:
        """Return all runs with their examples, for evaluators of the whole experiment."""

    def for_units(self) -> UnitReader:
        """Return one that reads units and no more, small enough to be sent with each of many."""

    def moved(self, old: Path, new: Path) -> UnitReader:
        """Return one for a machine that has in folder `new` what is in `old` here."""

    def encode(self, unit: Unit | None, blocks: Iterable[CellBlock]) -> bytes:
        """Return the part that holds these cells; no unit: cells of the whole experiment."""


class ScoreSource(Protocol):
    """Where the engine reads runs from and keeps cells; a stored experiment is one."""

    def plan(self, wanted: Sequence[Wanted], *, fresh: bool = False, shares: int = 4) -> Plan:
        """Say which cells are missing; `fresh` takes all of them to be.

        The work comes in at least `shares` units where there are enough runs.
        """

    def reader(self) -> UnitReader:
        """Return what reads units."""

    def commit(self, part: bytes) -> None:
        """Keep a part of cells; when this returns, it survives a kill."""

    def causes(self) -> Mapping[str, Mapping[str, str]]:
        """Return, by evaluator, what the fingerprint it had last was made of."""

    def save_evaluators(
        self,
        infos: Sequence[EvaluatorInfo],
        causes: Mapping[str, Mapping[str, str]],
        *,
        keep_others: bool,
    ) -> None:
        """Remember the evaluators whose cells are current, with what their fingerprints are of."""
