"""Column: one score of one experiment as arrays, and what passes in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats, pieces
from evalkit.metrics.columns.deciding import WHOLE, Decision
from evalkit.metrics.columns.settled import settled
from evalkit.model.score import EvaluatorInfo


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """One score as arrays: what slices, reducers and comparisons start from."""

    name: str
    key: str
    evaluator: str
    source: str
    info: EvaluatorInfo | None
    scope: str
    scale: Decision
    """What the score is, the same in all experiments of a call."""
    run: Codes
    """Row of the run of each value; -1 outside runs."""
    cluster: Codes
    values: Floats
    """Numbers of the scored cells that can be read as this score."""
    outcomes: dict[str, int]
    worded: Codes
    """Rows of the scored cells that are in no value: categories, or what cannot be read."""
    unit: Codes | None = None
    """Independent unit of each value, when it is coarser than the example."""
    seconds: float | None = None
    """What all its calls took; None: nothing says so."""
    settled: bool = False
    """Whether entries are by their value, not in the order of the store."""

    @property
    def type(self) -> str:
        """rate, number, category or none."""
        return self.scale.type

    @property
    def units(self) -> Codes:
        """Independent unit of each value."""
        return self.cluster if self.unit is None else self.unit

    @property
    def direction(self) -> str | None:
        """Whether higher or lower is better."""
        return self.scale.direction

    @property
    def threshold(self) -> float | None:
        """What counts as a pass; a share passes when it is whole, unless there is one."""
        return self.scale.threshold

    @property
    def unread(self) -> int:
        """Scored cells that are neither a number of this score nor a category of it."""
        return 0 if self.type == "category" else len(self.worded)

    @property
    def yes_or_no(self) -> bool:
        """Whether values are only 0 and 1, in all experiments of the call."""
        return self.type == "rate" and not self.scale.graded

    @property
    def tells_passes(self) -> bool:
        """Whether each run visibly passes or fails: parts of a whole do so only by a threshold."""
        return self.yes_or_no or self.threshold is not None


def by_run(column: ScoreColumn) -> tuple[Floats, Floats | None, Codes]:
    """Return value, pass and example of each run: steps averaged, a pass when all of them pass."""
    passes = pass_values(column)
    if _once(column.run):
        return column.values, passes, column.cluster
    inside = column.run >= 0
    counts = np.bincount(column.run[inside], minlength=1)
    there = np.flatnonzero(counts)
    totals = np.bincount(column.run[inside], weights=column.values[inside])[there]
    cluster = np.zeros(len(counts), np.int64)
    cluster[column.run[inside]] = column.cluster[inside]
    if passes is not None:
        won = np.bincount(column.run[inside], weights=passes[inside])[there]
        passes = (won == counts[there]).astype(np.float64)
    found = (cluster[there], totals / counts[there], passes)
    cluster, means, passes = settled(*found, ties=False) if column.settled else found
    return means, passes, cluster


def _once(run: Codes) -> bool:
    """Tell whether no run has two values; places are counted a piece at a time: they take room."""
    if len(run) == 0:
        return True
    seen = np.zeros(int(run.max()) + 2, np.bool_)  # the last is that of cells of no run
    for here in pieces(len(run)):
        seen[run[here]] = True
    return int(np.count_nonzero(seen[:-1])) == int(np.count_nonzero(run >= 0))


def pass_values(column: ScoreColumn) -> Floats | None:
    """Return 1 for each passing cell and 0 for the others; None: passing is not defined.

    A share passes when it is whole (nil, where lower is better); a threshold comes before that.
    """
    lower, limit = column.direction == "lower", column.threshold
    if column.yes_or_no and limit is None:
        return 1.0 - column.values if lower else column.values
    if column.type not in ("rate", "number") or (limit is None and column.type == "number"):
        return None
    if limit is None:
        limit = WHOLE if lower else 1 - WHOLE
    hit = column.values <= limit if lower else column.values >= limit
    return hit.astype(np.float64)
