"""Outcome: what scoring did, and how far it has come while it does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from evalkit.model.score import EvaluatorInfo
from evalkit.model.units import CellBlock


@dataclass(slots=True, kw_only=True)
class EvaluatorWork:
    """What one evaluator had to do, and what came of it."""

    name: str
    missing: int = 0
    """Runs it was due to be called for."""
    reused: int = 0
    """Runs whose cells were current."""
    why: str | None = None
    """Why there was something to do."""
    done: int = 0
    """Cells written."""
    errors: int = 0
    timeouts: int = 0
    given_up: str | None = None
    """Why it was not called any more, where its calls kept killing workers."""


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far scoring has come."""

    total: int
    """Calls to make, an evaluator of steps counted once a run."""
    done: int = 0
    errors: int = 0
    began: float = field(default_factory=monotonic)

    @property
    def per_second(self) -> float | None:
        """Calls a second so far."""
        passed = monotonic() - self.began
        return self.done / passed if passed > 0 and self.done else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end at this speed."""
        speed = self.per_second
        return None if speed is None else max(self.total - self.done, 0) / speed


Listener = Callable[[Progress], None]


@dataclass(slots=True, kw_only=True)
class ScoreOutcome:
    """What scoring did."""

    evaluators: dict[str, EvaluatorWork]
    infos: list[EvaluatorInfo] = field(default_factory=list)
    runs: int = 0
    seconds: float = 0.0
    printed: str = ""
    """The beginning of what evaluators printed."""

    @property
    def done(self) -> int:
        """Cells written."""
        return sum(each.done for each in self.evaluators.values())

    @property
    def errors(self) -> int:
        """Cells that ended in an evaluator error, of those written now."""
        return sum(each.errors for each in self.evaluators.values())

    def explain(self) -> list[str]:
        """Say for each evaluator why it was called or not."""
        return [_explained(each) for each in self.evaluators.values()]


def _explained(work: EvaluatorWork) -> str:
    if not work.missing:
        return f"{work.name}: all {work.reused} reused"
    parts = [f"{work.missing} to do ({work.why})" if work.why else f"{work.missing} to do"]
    if work.reused:
        parts.append(f"{work.reused} reused")
    if work.given_up:
        parts.append(work.given_up)
    return f"{work.name}: {', '.join(parts)}"


@dataclass(slots=True)
class Tally:
    """Counts of one batch, small enough to send from a worker with its part."""

    cells: int = 0
    errors: int = 0
    timeouts: int = 0
    keys: tuple[str, ...] = ()


def tally(block: CellBlock) -> Tally:
    """Count the cells of a block."""
    outcomes, timed = block.outcome, block.timed_out
    return Tally(
        cells=block.size,
        errors=_count(outcomes, "evaluator_error", block.size),
        timeouts=_count(timed, True, block.size),
        keys=tuple(dict.fromkeys(block.key if isinstance(block.key, list) else [block.key])),
    )


def tallies(blocks: Sequence[CellBlock]) -> dict[str, Tally]:
    """Count the cells of blocks by evaluator."""
    return {block.wanted.name: tally(block) for block in blocks}


def _count(column: object, value: object, size: int) -> int:
    if isinstance(column, list):
        return column.count(value)
    return size if column == value else 0
