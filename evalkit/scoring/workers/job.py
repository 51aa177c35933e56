"""Job: what a worker is asked to do, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from evalkit.model.units import Unit
from evalkit.scoring.calls.failure import Failure
from evalkit.scoring.session.tally import Tally


@dataclass(frozen=True, slots=True)
class Job:
    """Some calls of one unit, or (without a unit) the one call of an evaluator of everything."""

    unit: Unit | None
    task: int = -1
    """The evaluator to call, when there is no unit."""
    blames: dict[tuple[int, int], Failure] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """How many calls it holds."""
        if self.unit is None:
            return 1
        return sum(mask.count(1) for mask in self.unit.todo if mask)

    def without(self, done: Sequence[tuple[int, int, int]]) -> Job:
        """Return what is left when some calls are done: (task, first row, row after the last)."""
        if self.unit is None:
            return self
        masks = [None if mask is None else bytearray(mask) for mask in self.unit.todo]
        for task, first, last in done:
            mask = masks[task]
            if mask is not None:
                mask[first:last] = bytes(last - first)
        return self._with(masks)

    def split(self, row: int) -> tuple[Job, Job]:
        """Return the calls up to and including a row, and those after it."""
        assert self.unit is not None
        rows, tasks = self.unit.rows, range(len(self.unit.todo))
        upto = self.without([(task, row + 1, rows) for task in tasks])
        return upto, self.without([(task, 0, row + 1) for task in tasks])

    def blaming(self, row: int, task: int, failure: Failure) -> Job:
        """Return the same calls, one of which is known to fail."""
        return replace(self, blames={**self.blames, (row, task): failure})

    def dropping(self, tasks: set[int]) -> Job:
        """Return what is left without some evaluators, but for what they are known to have done."""
        if self.unit is None or not tasks:
            return self
        masks = [None if mask is None else bytearray(mask) for mask in self.unit.todo]
        for task in tasks:
            mask = masks[task]
            if mask is not None:
                kept = [row for row, blamed in self.blames if blamed == task and mask[row]]
                masks[task] = bytearray(self.unit.rows)
                for row in kept:
                    masks[task][row] = 1  # type: ignore[index]
        return self._with(masks)

    def pieces(self) -> list[Job]:
        """Return the same calls in smaller jobs: by evaluator, then by runs, down to one."""
        if self.unit is None:
            return [self]
        rows, tasks = self.unit.rows, [n for n, mask in enumerate(self.unit.todo) if mask]
        if len(tasks) > 1:
            others = [[(t, 0, rows) for t in tasks if t != task] for task in tasks]
            return [self.without(each) for each in others]
        mask = self.unit.todo[tasks[0]]
        due = [row for row in range(rows) if mask and mask[row]]
        return list(self.split(due[len(due) // 2 - 1])) if len(due) > 1 else [self]

    def only_call(self) -> tuple[int, int]:
        """Return the row and the evaluator of the first call."""
        assert self.unit is not None
        return next((m.index(1), task) for task, m in enumerate(self.unit.todo) if m)

    def _with(self, masks: list[bytearray | None]) -> Job:
        assert self.unit is not None
        todo = tuple(bytes(mask) if mask and mask.count(1) else None for mask in masks)
        return replace(self, unit=replace(self.unit, todo=todo))


@dataclass(frozen=True, slots=True)
class Look:
    """A question: can evaluators be called here, and these runs be read?"""

    unit: Unit | None


@dataclass(frozen=True, slots=True)
class Done:
    """Some calls are made and their cells are in a part."""

    part: bytes
    tallies: dict[str, Tally]
    done: list[tuple[int, int, int]]
    calls: int


@dataclass(frozen=True, slots=True)
class Idle:
    """The job is ended; with what user code printed."""

    printed: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """The worker itself failed: not user code, ours or the store."""

    message: str
    kind: Literal["store", "evaluators", "bug"]


def unreadable(error: Exception) -> Broken:
    """Say that the store cannot be read where evaluators are called."""
    return Broken(f"cannot read the store: {error}", kind="store")
