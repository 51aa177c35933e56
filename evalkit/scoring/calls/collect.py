"""Collect: what evaluators returned becomes columns of cells, a whole unit at a time."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson

from evalkit.model.schema.content import dumps, text
from evalkit.model.score import Score
from evalkit.model.units import CellBlock
from evalkit.scoring.calls.failure import Failure, failure_of, shorten
from evalkit.scoring.calls.loop import event_loop
from evalkit.scoring.calls.task import RunFailed, Task
from evalkit.scoring.definition.awaiting import apart

PLAIN = frozenset({float, bool, int, type(None)})
"""Returned values that are kept as they are until the block is made."""
NUMBERS: dict[type, str] = {float: "float", bool: "bool", int: "int"}
EXACT = 2**53
"""From here on a float does not hold every whole number."""
COMMENT_LENGTH = 20_000


class StepValues(list[tuple[str | None, Any, float]]):
    """What an evaluator of steps said of one run: step, value, milliseconds."""


class Collector:
    """The values one evaluator returned since the last flush."""

    __slots__ = ("milliseconds", "rows", "task", "values")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.rows: Any = []
        """A list, or the range it would be."""
        self.values: list[Any] = []
        self.milliseconds: list[float] = []

    def add(self, row: int, value: Any, milliseconds: float) -> None:
        """Keep what the evaluator said of one run."""
        self.rows.append(row)
        self.values.append(value)
        self.milliseconds.append(milliseconds)

    def block(self) -> CellBlock | None:
        """Return the cells, in the order of the rows; `None` when there are none."""
        if not self.values:
            return None
        if not isinstance(self.rows, range) and self.rows != sorted(self.rows):
            self._sort()
        return self._fast() or self._slow()

    def _sort(self) -> None:
        order = sorted(range(len(self.rows)), key=self.rows.__getitem__)
        self.rows = [self.rows[i] for i in order]
        self.values = [self.values[i] for i in order]
        self.milliseconds = [self.milliseconds[i] for i in order]

    def _fast(self) -> CellBlock | None:
        """Return the block when all values are numbers of one kind, the usual case."""
        kinds = set(map(type, self.values))
        kind = NUMBERS.get(kinds.pop()) if len(kinds) == 1 else None
        if kind is None or (kind == "int" and max(map(abs, self.values)) >= EXACT):
            return None
        scores = array("d", self.values)
        if not math.isfinite(sum(scores)) and not all(map(math.isfinite, scores)):
            return None
        return CellBlock(
            wanted=self.task.wanted,
            rows=self.rows,
            size=len(scores),
            key=self.task.name,
            score=scores,
            score_type=kind,
            duration_ms=array("d", self.milliseconds),
        )

    def _slow(self) -> CellBlock:
        cells = list(self._cells())
        columns = {name: [cell.get(name) for _, cell in cells] for name in COLUMNS}
        packed = {name: _packed(values) for name, values in columns.items()}
        rows = [row for row, _ in cells]
        return CellBlock(wanted=self.task.wanted, rows=rows, size=len(cells), **packed)

    def _cells(self) -> Iterator[tuple[int, dict[str, Any]]]:
        entries = zip(self.rows, self.values, self.milliseconds, strict=True)
        for row, value, milliseconds in entries:
            if isinstance(value, StepValues):
                for step_id, each, took in value:
                    for cell in cells_of(self.task, each, took):
                        yield row, {"step_id": step_id} | cell
            else:
                for cell in cells_of(self.task, value, milliseconds):
                    yield row, cell


COLUMNS = (
    *("key", "outcome", "score", "score_type", "duration_ms", "step_id", "value", "comment"),
    *("error_type", "error_message", "traceback", "timed_out", "metadata"),
)


def settle(task: Task, value: Any) -> Any:
    """Return scores for a returned value, now: user code might change it later."""
    if type(value) in PLAIN or isinstance(value, StepValues | RunFailed):
        return value
    if hasattr(value, "__await__"):  # a plain function that returns a coroutine
        with apart():
            value = event_loop().run_until_complete(_awaited(value))
    return [_kept(score) for score in task.evaluator.scores(value)]


def _kept(score: Score) -> Score:
    """Return a score that stays as it is when user code changes what it returned."""
    if not score.metadata and isinstance(score.value, str | None):
        return score
    value = score.value if score.value is None else orjson.loads(dumps(score.value))
    return replace(score, value=value, metadata=orjson.loads(dumps(score.metadata)))


async def _awaited(value: Any) -> Any:
    return await value


def cells_of(task: Task, value: Any, milliseconds: float) -> Iterator[dict[str, Any]]:
    """Yield the cells of one call."""
    base: dict[str, Any] = {"key": task.name, "timed_out": False, "duration_ms": milliseconds}
    if isinstance(value, RunFailed):
        yield base | {"outcome": "run_failed", "duration_ms": None}
        return
    if isinstance(value, Failure):
        yield base | _failed(value)
        return
    try:
        scores = value if isinstance(value, list) else task.evaluator.scores(value)
        cells = [_scored(base, each) for each in scores]
    except Exception as error:  # what it returned is no score
        yield base | _failed(failure_of(error))
        return
    yield from cells


def _failed(failure: Failure) -> dict[str, Any]:
    return {
        "outcome": "evaluator_error",
        "error_type": failure.error_type,
        "error_message": text(failure.message),
        "traceback": text(failure.traceback),
        "timed_out": failure.timed_out,
    }


def _scored(base: dict[str, Any], score: Score) -> dict[str, Any]:
    kind = score.type
    cell = base | {
        "key": text(score.key or base["key"]),
        "outcome": "scored" if kind else "not_applicable",
        "score": None if score.score is None else float(score.score),
        "score_type": kind,
        "value": None if score.value is None else dumps(score.value).decode(),
        "comment": _comment(score.comment),
        "metadata": dumps(score.metadata).decode() if score.metadata else None,
    }
    if score.step_id is not None:
        cell["step_id"] = text(score.step_id)
    return cell


def _packed(values: Sequence[Any]) -> Any:
    """Return one value where all are the same, else the list."""
    first = values[0] if values else None
    if all(value is first for value in values):
        return first
    return list(values)


def _comment(comment: Any) -> str | None:
    shown = text(comment)
    return None if shown is None else shorten(shown, COMMENT_LENGTH)
